/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "core/ph-memory.h"
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

/* Stands before the real one, too. */
static guint n_given_back;

void
ph_memory_give_back (void)
{
  n_given_back++;
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

#define N_FULL 200 /* frames: more than the channel waits for and the system takes together */

/* Who is read slowly before the Host has answered still has a minute for that. */
static void
test_slow_before_answer (void)
{
  g_autofree guint8 *message = g_malloc0 (PH_FRAME_MAX_SIZE);
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { .text = text, .wanted = PH_MUX_PLAIN_PAUSE_BYTES };
  PhFrame frame;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSION_OPENED);
  open_one (&rig);
  ph_rig_settle (&rig);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_CONNECT, 0, &frame));
  frame.event = PH_EVENT_DATA;
  frame.payload_size = PH_FRAME_MAX_PAYLOAD;
  for (frame.chunk_id = 0; frame.chunk_id < N_FULL; frame.chunk_id++)
    {
      ph_frame_encode_header (&frame, message);
      ph_rig_send_raw (&rig, message, PH_FRAME_MAX_SIZE);
    }
  ph_rig_settle (&rig);
  slow_us = 6 * G_USEC_PER_SEC;
  reading.rig = &rig;
  ph_test_wait (rig.context, ph_rig_has_read, &reading);
  slow_us = 0;
  ph_rig_settle (&rig);
  g_assert_cmpuint (rig.n_closed, ==, 0);
  ph_rig_clear (&rig);
}

#define CROWD 300 /* connections that are a load */

/* One frame for each of the names @first to @last. */
static void
send_to_all (PhRig *rig, PhEvent event, guint16 id, guint16 first, guint16 last)
{
  for (guint16 port = first; port <= last; port++)
    {
      PhFrame frame = {
        .event = event, .name = ph_rig_get_name (rig), .chunk_id = id, .total_chunks = 1
      };
      guint8 message[PH_FRAME_HEADER_SIZE + 2];

      frame.name.src.port = port;
      frame.payload_size = event == PH_EVENT_CLOSE ? 2 : 0;
      ph_frame_encode_header (&frame, message);
      ph_write_u16 (message + PH_FRAME_HEADER_SIZE, PH_CLOSE_RESET);
      ph_rig_send_raw (rig, message, PH_FRAME_HEADER_SIZE + (gsize)frame.payload_size);
    }
}

/* Memory is given back when most of a load has gone, once, and not before. */
static void
test_give_back (void)
{
  PhRig rig;

  n_given_back = 0;
  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_mux_set_held (rig.mux, TRUE);
  slow_us = 2 * G_USEC_PER_SEC;
  send_to_all (&rig, PH_EVENT_CONNECT, 0, 1, CROWD);
  ph_rig_settle (&rig);
  send_to_all (&rig, PH_EVENT_CLOSE, 1, 1, CROWD / 2);
  ph_rig_settle (&rig);
  slow_us = 0;
  ph_rig_settle (&rig);
  g_assert_cmpuint (rig.n_closed, ==, CROWD / 2);
  g_assert_cmpuint (n_given_back, ==, 0);
  slow_us = 2 * G_USEC_PER_SEC;
  send_to_all (&rig, PH_EVENT_CLOSE, 1, CROWD / 2 + 1, CROWD);
  ph_rig_settle (&rig);
  g_assert_cmpuint (rig.n_closed, ==, CROWD);
  g_assert_cmpuint (n_given_back, ==, 0);
  slow_us = 0;
  ph_rig_settle (&rig);
  g_assert_cmpuint (n_given_back, ==, 1);
  ph_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux-waits/no-answer", test_no_answer);
  g_test_add_data_func ("/mux-waits/held", GINT_TO_POINTER (TRUE), test_no_answer_awaited);
  g_test_add_data_func ("/mux-waits/plain", GINT_TO_POINTER (FALSE), test_no_answer_awaited);
  g_test_add_func ("/mux-waits/slow-before-answer", test_slow_before_answer);
  g_test_add_func ("/mux-waits/give-back", test_give_back);
  return g_test_run ();
}
