/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "ph-mux-rig.h"

/* How long a mux waits, without waiting: the program's own clock stands before GLib's, and what is
 * set while it is slow is due as soon as it is right again. */

static gint64 slow_us;

gint64
g_get_monotonic_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 - slow_us;
}

static void
open_one (PhRig *rig)
{
  PhDestination destination = { NULL, ph_rig_get_name (rig).dst };
  g_autoptr (GSocket) accepted = NULL;

  rig->dialled = ph_stream_connect (rig->port);
  g_socket_set_blocking (rig->service, TRUE);
  accepted = g_socket_accept (rig->service, NULL, NULL);
  g_assert_nonnull (accepted);
  ph_mux_open (rig->mux, accepted, &destination, rig);
}

/* A Host that never answers a CONNECT does not hold its application up for ever. */
static void
test_no_answer (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  slow_us = 61 * G_USEC_PER_SEC;
  open_one (&rig);
  slow_us = 0;
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_TIMED_OUT);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_TIMED_OUT);
  ph_rig_clear (&rig);
}

/* While the person has not confirmed, or where the Host does not say, nobody waits. */
static void
test_no_answer_awaited (gconstpointer data)
{
  gboolean held = GPOINTER_TO_INT (data);
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, held ? PH_EXTENSIONS_OURS : PH_EXTENSIONS_NONE);
  ph_mux_set_held (rig.mux, held);
  slow_us = 61 * G_USEC_PER_SEC;
  open_one (&rig);
  slow_us = 0;
  ph_rig_settle (&rig);
  g_assert_cmpuint (rig.n_closed, ==, 0);
  ph_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux-waits/no-answer", test_no_answer);
  g_test_add_data_func ("/mux-waits/held", GINT_TO_POINTER (TRUE), test_no_answer_awaited);
  g_test_add_data_func ("/mux-waits/plain", GINT_TO_POINTER (FALSE), test_no_answer_awaited);
  return g_test_run ();
}
