/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-mux-rig.h"
#include "ph-test-loop.h"

/* The Host's list of what it offers, on its way. What it says is nothing to the mux. */

#define TELL_EVERY_US (G_USEC_PER_SEC / 2)

static void
say (PhRig *rig, const char *text)
{
  g_autoptr (GBytes) list = g_bytes_new (text, strlen (text));

  ph_mux_send_services (rig->mux, list);
}

/* The @nth list that has gone out; NULL if there are fewer. */
static char *
dup_sent (PhRig *rig, guint nth)
{
  static const PhFrameName nobody = { 0 };
  PhFrame frame;

  ph_rig_settle (rig);
  if (!ph_rig_find_frame (rig, PH_EVENT_SERVICES, nth, &frame))
    return NULL;
  g_assert_true (ph_frame_name_equal (&frame.name, &nobody));
  g_assert_cmpuint (frame.chunk_id, >=, nth);
  g_assert_cmpuint (frame.chunk_index, ==, 0);
  g_assert_cmpuint (frame.total_chunks, ==, 1);
  return g_strndup ((const char *)frame.payload, frame.payload_size);
}

static void
assert_sent (PhRig *rig, guint nth, const char *expected)
{
  g_autofree char *sent = dup_sent (rig, nth);

  g_assert_cmpstr (sent, ==, expected);
}

/* At a Host */

static void
test_sent (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  say (&rig, "one");
  assert_sent (&rig, 0, "one");
  say (&rig, "two");
  assert_sent (&rig, 1, "two");
  ph_rig_clear (&rig);
}

static void
test_largest (void)
{
  g_autofree char *text = g_strnfill (PH_MUX_MAX_SERVICES_BYTES, 'x');
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_SERVICES);
  say (&rig, text);
  assert_sent (&rig, 0, text);
  ph_rig_clear (&rig);
}

/* A plain peer would not know what it is. */
static void
test_not_agreed (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, (PhExtensions)(PH_EXTENSIONS_OURS & ~PH_EXTENSION_SERVICES));
  say (&rig, "one");
  assert_sent (&rig, 0, NULL);
  ph_rig_clear (&rig);
}

/* While there is no room one list waits, the newest; and it holds up no connection. */
static void
test_no_room (void)
{
  PhFrame frame;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_pipe_set_full (rig.pipe, 0, TRUE);
  say (&rig, "one");
  say (&rig, "two");
  ph_rig_send (&rig, PH_EVENT_CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  say (&rig, "three");
  assert_sent (&rig, 0, NULL);
  ph_pipe_set_full (rig.pipe, 0, FALSE);
  assert_sent (&rig, 0, "three");
  assert_sent (&rig, 1, NULL);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_OPENED, 0, &frame));
  ph_rig_clear (&rig);
}

/* Before two people have compared their number, nothing is told to anybody. */
static void
test_held (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_mux_set_held (rig.mux, TRUE);
  say (&rig, "one");
  assert_sent (&rig, 0, NULL);
  ph_mux_set_held (rig.mux, FALSE);
  assert_sent (&rig, 0, "one");
  assert_sent (&rig, 1, NULL);
  ph_rig_clear (&rig);
}

static void
on_stopped (gpointer has_stopped)
{
  *(gboolean *)has_stopped = TRUE;
}

/* What still waits then is of no use to anybody. */
static void
test_shutdown (void)
{
  gboolean has_stopped = FALSE;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_pipe_set_full (rig.pipe, 0, TRUE);
  say (&rig, "one");
  ph_mux_shutdown (rig.mux, PH_CLOSE_SESSION_ENDING, on_stopped, &has_stopped);
  ph_rig_settle (&rig);
  g_assert_true (has_stopped);
  say (&rig, "two");
  ph_pipe_set_full (rig.pipe, 0, FALSE);
  assert_sent (&rig, 0, NULL);
  ph_rig_clear (&rig);
}

/* At a Client */

typedef struct
{
  const char *name;
  PhFrame frame;
} Wrong;

static const Wrong wrong[] = {
  { "src-port", { .name.src.port = 1 } },
  { "dst-port", { .name.dst.port = 1 } },
  { "src-addr", { .name.src.addr = { 1 } } },
  { "dst-addr", { .name.dst.addr = { [15] = 1 } } },
  { "fragment", { .total_chunks = 2 } },
  { "too-large", { .payload_size = PH_MUX_MAX_SERVICES_BYTES + 1 } },
};

/* A list is sent as @like says, of @size bytes whose first ones are @serial. */
static void
hear_frame (PhRig *rig, const PhFrame *like, gsize size, guint32 serial)
{
  g_autofree guint8 *message = g_malloc0 (PH_FRAME_HEADER_SIZE + size);
  PhFrame frame = *like;

  frame.event = PH_EVENT_SERVICES;
  frame.total_chunks = MAX (frame.total_chunks, 1);
  frame.payload_size = (guint16)size;
  ph_frame_encode_header (&frame, message);
  if (size >= 4)
    ph_write_u32 (message + PH_FRAME_HEADER_SIZE, serial);
  ph_rig_send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

static void
hear (PhRig *rig, gsize size, guint32 serial)
{
  hear_frame (rig, &(PhFrame){ .chunk_id = (guint16)serial }, size, serial);
}

static guint
get_malformed (const PhRig *rig)
{
  PhMuxCounters counters;

  ph_mux_get_counters (rig->mux, &counters);
  return counters.malformed;
}

static guint32
get_serial (const PhRig *rig)
{
  return rig->list != NULL ? ph_read_u32 (g_bytes_get_data (rig->list, NULL)) : 0;
}

static void
test_told (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  hear (&rig, PH_MUX_MAX_SERVICES_BYTES, 1);
  ph_test_wait_for (rig.n_lists == 1);
  g_assert_cmpuint (g_bytes_get_size (rig.list), ==, PH_MUX_MAX_SERVICES_BYTES);
  g_assert_cmpuint (get_serial (&rig), ==, 1);
  hear (&rig, 0, 2); /* nothing is anything, too */
  ph_test_wait_for (rig.n_lists == 2);
  g_assert_cmpuint (g_bytes_get_size (rig.list), ==, 0);
  g_assert_cmpuint (get_malformed (&rig), ==, 0);
  ph_rig_clear (&rig);
}

/* Of a flood, the first is told and the last, and few of what is between. */
static void
test_flood (void)
{
  const guint n = 2000;
  gint64 begin_us = g_get_monotonic_time ();
  gint64 took_us;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  for (guint i = 1; i <= n; i++)
    {
      hear (&rig, PH_MUX_MAX_SERVICES_BYTES, i);
      g_main_context_iteration (rig.context, FALSE);
    }
  ph_test_wait_for (get_serial (&rig) == n);
  took_us = g_get_monotonic_time () - begin_us;
  g_assert_cmpuint (rig.n_lists, >=, 2);
  g_assert_cmpuint (rig.n_lists, <=, 2 + took_us / TELL_EVERY_US);
  g_assert_cmpuint (get_malformed (&rig), ==, 0);
  ph_rig_clear (&rig);
}

/* However they come, told or not yet, an old one takes no newer one's place. */
static void
test_overtaken (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  hear (&rig, 4, 5);
  hear (&rig, 4, 4);
  ph_test_wait_for (rig.n_lists == 1);
  g_assert_cmpuint (get_serial (&rig), ==, 5);
  hear (&rig, 4, 3);
  hear (&rig, 4, 30000); /* far ahead */
  hear (&rig, 4, 29999);
  hear (&rig, 4, 5);
  ph_test_wait_for (rig.n_lists == 2);
  g_assert_cmpuint (get_serial (&rig), ==, 30000);
  hear (&rig, 4, 60000);
  hear (&rig, 4, 65536 + 1); /* the numbers begin again */
  hear (&rig, 4, 65535);
  ph_test_wait_for (rig.n_lists == 3);
  g_assert_cmpuint (get_serial (&rig), ==, 65536 + 1);
  g_assert_cmpuint (get_malformed (&rig), ==, 0);
  ph_rig_clear (&rig);
}

static void
test_wrong (gconstpointer data)
{
  const Wrong *kind = data;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  hear_frame (&rig, &kind->frame, MAX (kind->frame.payload_size, 4), 1);
  ph_test_wait_for (get_malformed (&rig) == 1);
  hear (&rig, 4, 2);
  ph_test_wait_for (rig.n_lists == 1);
  g_assert_cmpuint (get_serial (&rig), ==, 2);
  g_assert_cmpuint (get_malformed (&rig), ==, 1);
  ph_rig_clear (&rig);
}

static void
test_unasked (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, (PhExtensions)(PH_EXTENSIONS_OURS & ~PH_EXTENSION_SERVICES));
  for (guint i = 0; i < PH_MUX_MAX_MALFORMED; i++)
    hear (&rig, 4, 1);
  ph_test_wait (rig.context, ph_rig_has_failed, &rig);
  g_assert_error (rig.error, PH_ERROR, PH_ERROR_PROTOCOL);
  g_assert_cmpuint (rig.n_lists, ==, 0);
  ph_rig_clear (&rig);
}

static void
test_told_when_released (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  ph_mux_set_held (rig.mux, TRUE);
  hear (&rig, 4, 1);
  hear (&rig, 4, 2);
  ph_rig_settle (&rig);
  g_assert_cmpuint (rig.n_lists, ==, 0);
  ph_mux_set_held (rig.mux, FALSE);
  ph_test_wait_for (rig.n_lists == 1);
  g_assert_cmpuint (get_serial (&rig), ==, 2);
  ph_rig_clear (&rig);
}

static void
free_mux (gpointer data)
{
  PhRig *rig = data;

  g_clear_pointer (&rig->mux, ph_mux_free);
}

static void
test_free_inside (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  rig.on_list = free_mux;
  hear (&rig, 4, 1);
  ph_test_wait_for (rig.n_lists == 1);
  ph_rig_settle (&rig);
  g_assert_null (rig.mux);
  ph_rig_clear (&rig);
}

/* One that is ending is told nothing more, and does not wait to. */
static void
test_shutdown_untold (void)
{
  gboolean has_stopped = FALSE;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  hear (&rig, 4, 1);
  ph_test_wait_for (rig.n_lists == 1);
  hear (&rig, 4, 2);
  ph_mux_shutdown (rig.mux, PH_CLOSE_SESSION_ENDING, on_stopped, &has_stopped);
  ph_test_wait_for (has_stopped);
  g_assert_cmpuint (rig.n_lists, ==, 1);
  ph_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/mux-services/sent", test_sent);
  g_test_add_func ("/mux-services/largest", test_largest);
  g_test_add_func ("/mux-services/not-agreed", test_not_agreed);
  g_test_add_func ("/mux-services/no-room", test_no_room);
  g_test_add_func ("/mux-services/held", test_held);
  g_test_add_func ("/mux-services/shutdown", test_shutdown);
  g_test_add_func ("/mux-services/told", test_told);
  g_test_add_func ("/mux-services/flood", test_flood);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strconcat ("/mux-services/wrong/", wrong[i].name, NULL);

      g_test_add_data_func (path, &wrong[i], test_wrong);
    }
  g_test_add_func ("/mux-services/overtaken", test_overtaken);
  g_test_add_func ("/mux-services/unasked", test_unasked);
  g_test_add_func ("/mux-services/told-when-released", test_told_when_released);
  g_test_add_func ("/mux-services/free-inside", test_free_inside);
  g_test_add_func ("/mux-services/shutdown-untold", test_shutdown_untold);

  return g_test_run ();
}
