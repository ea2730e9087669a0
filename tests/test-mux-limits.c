/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-mux-rig.h"
#include "tunnel/ph-reorder.h"

/* A mux at its limits: no room in the channel or in memory, and the end while bytes are on their
 * way. */

#define CONNECT PH_EVENT_CONNECT
#define DATA PH_EVENT_DATA
#define CLOSE PH_EVENT_CLOSE

/* Sends under the name with this source port. */
static void
send_as (PhRig *rig, guint32 port, PhEvent event, guint16 id, const void *payload, gsize size)
{
  g_autofree guint8 *message = g_malloc (PH_FRAME_HEADER_SIZE + size);
  PhFrame frame = { .event = event,
                    .name = ph_rig_get_name (rig),
                    .chunk_id = id,
                    .total_chunks = 1,
                    .payload_size = (guint16)size };

  frame.name.src.port = (guint16)port;
  frame.name.src.addr[0] = (guint8)(port >> 16);
  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, payload, size);
  ph_rig_send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

static guint
count_frames (const PhRig *rig, PhEvent event)
{
  guint n = 0;

  for (guint i = 0; i < rig->received->len; i++)
    {
      const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (rig->received, i), NULL);

      n += bytes[0] == event;
    }
  return n;
}

static PhMuxCounters
get_counters (const PhRig *rig)
{
  PhMuxCounters counters;

  ph_mux_get_counters (rig->mux, &counters);
  return counters;
}

/* The end of the session */

typedef enum
{
  END_SHUTDOWN,
  END_CHANNEL,
} End;

static void
set_true (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static gboolean
is_true (gpointer user_data)
{
  return *(gboolean *)user_data;
}

/* Carries @n frames of @size bytes to a service that sleeps, and closes as done. */
static void
send_and_close (PhRig *rig, guint16 n, gsize size)
{
  g_autofree guint8 *bytes = g_malloc0 (size);

  ph_rig_send (rig, CONNECT, 0, NULL);
  ph_test_wait (rig->context, ph_rig_is_dialled, rig);
  for (guint16 id = 1; id <= n; id++)
    ph_rig_send_bytes (rig, &(PhLine){ DATA, id }, bytes, size);
  ph_rig_send (rig, CLOSE, (guint16)(n + 1), NULL);
  ph_test_wait (rig->context, ph_rig_has_close, rig);
}

/* What was closed as done is delivered, although its session ends while the service sleeps. */
static void
test_end_keeps_what_is_done (gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { .text = text };
  gboolean done = FALSE;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send_and_close (&rig, 16, 16384);
  if (GPOINTER_TO_INT (data) == END_SHUTDOWN)
    {
      ph_mux_shutdown (rig.mux, PH_CLOSE_SESSION_ENDING, set_true, &done);
      ph_test_wait (rig.context, is_true, &done);
    }
  else
    {
      ph_pipe_close (rig.pipe);
      ph_test_wait (rig.context, ph_rig_has_failed, &rig);
    }
  reading.rig = &rig;
  ph_test_wait (rig.context, ph_rig_has_read, &reading);
  g_assert_false (reading.was_reset);
  g_assert_cmpuint (text->len, ==, 16 * 16384);
  ph_rig_clear (&rig);
}

/* More than the system's buffers take: the end waits until it is written. */
static void
test_end_waits_for_the_tail (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { .text = text };
  gboolean done = FALSE;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send_and_close (&rig, 120, 65000);
  g_assert_cmpuint (get_counters (&rig).held_bytes, >, 0);
  ph_mux_shutdown (rig.mux, PH_CLOSE_SESSION_ENDING, set_true, &done);
  reading.rig = &rig;
  ph_test_wait (rig.context, ph_rig_has_read, &reading);
  g_assert_false (reading.was_reset);
  g_assert_cmpuint (text->len, ==, 120 * 65000);
  ph_test_wait (rig.context, is_true, &done);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  ph_rig_clear (&rig);
}

/* The budget */

static gboolean
has_ten (gpointer user_data)
{
  return ((PhRig *)user_data)->n_opened == 10;
}

/* The peer is told, however late the channel has room. */
static void
test_budget_without_room (void)
{
  g_autofree guint8 *bytes = g_malloc0 (PH_FRAME_MAX_PAYLOAD);
  PhMuxCounters counters;
  guint n_closed;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  for (guint16 port = 1; port <= 10; port++)
    send_as (&rig, port, CONNECT, 0, NULL, 0);
  ph_test_wait (rig.context, has_ten, &rig);
  ph_pipe_set_full (rig.pipe, 0, TRUE);
  for (guint16 id = 2; id < 127; id++) /* the first never comes */
    {
      for (guint16 port = 1; port <= 10; port++)
        send_as (&rig, port, DATA, id, bytes, PH_FRAME_MAX_PAYLOAD);
      ph_rig_settle (&rig);
    }
  g_assert_cmpuint (get_counters (&rig).held_bytes, <=, PH_MUX_BUDGET_BYTES);
  n_closed = rig.n_closed;
  g_assert_cmpuint (n_closed, >, 0);
  g_assert_cmpuint (count_frames (&rig, CLOSE), ==, 0);
  ph_pipe_set_full (rig.pipe, 0, FALSE);
  ph_rig_settle (&rig);
  counters = get_counters (&rig);
  g_assert_cmpuint (count_frames (&rig, CLOSE), ==, n_closed);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_TOO_SLOW);
  g_assert_cmpuint (counters.malformed, ==, 0);
  ph_rig_clear (&rig);
}

typedef struct
{
  const PhRig *rig;
  guint n_closes;
} Closes;

static gboolean
are_there (gpointer user_data)
{
  const Closes *closes = user_data;

  return count_frames (closes->rig, CLOSE) == closes->n_closes;
}

/* More names than are remembered, and more answers than are owed at once: all are answered. */
static void
test_all_are_answered (void)
{
  Closes closes = { NULL, 40000 };
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  g_assert_true (ph_rules_remove (rig.rules, "127.0.0.1:*", NULL));
  ph_pipe_set_full (rig.pipe, 0, TRUE);
  for (guint32 port = 1; port <= closes.n_closes; port++)
    send_as (&rig, port, CONNECT, 0, NULL, 0);
  for (guint i = 0; i < 300; i++)
    g_main_context_iteration (rig.context, FALSE);
  ph_pipe_set_full (rig.pipe, 0, FALSE);
  closes.rig = &rig;
  ph_test_wait (rig.context, are_there, &closes);
  g_assert_cmpuint (rig.n_closed, ==, closes.n_closes);
  ph_rig_clear (&rig);
}

/* Of what comes for a connection that is no more only the places are kept. */
static void
test_kept_holds_no_payload (void)
{
  g_autofree guint8 *bytes = g_malloc0 (20000);
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  for (guint16 id = 2; id < 5; id++) /* the first is late */
    ph_rig_send_bytes (&rig, &(PhLine){ DATA, id }, bytes, 20000);
  ph_rig_settle (&rig);
  g_assert_cmpuint (get_counters (&rig).held_bytes, >, 3 * 20000);
  g_assert_true (ph_rules_remove (rig.rules, "127.0.0.1:*", NULL));
  ph_mux_recheck_rules (rig.mux);
  g_assert_cmpuint (get_counters (&rig).held_bytes, ==, 3 * PH_REORDER_FRAME_CHARGE_BYTES);
  ph_rig_send_bytes (&rig, &(PhLine){ DATA, 5 }, bytes, 20000);
  ph_rig_send (&rig, CLOSE, 6, NULL);
  ph_rig_settle (&rig);
  g_assert_cmpuint (get_counters (&rig).held_bytes, ==, 5 * PH_REORDER_FRAME_CHARGE_BYTES);
  ph_rig_send_bytes (&rig, &(PhLine){ DATA, 1 }, bytes, 20000);
  ph_rig_settle (&rig);
  g_assert_cmpuint (get_counters (&rig).held_bytes, ==, 0);
  g_assert_cmpuint (get_counters (&rig).malformed, ==, 0);
  ph_rig_clear (&rig);
}

/* What came before there was a mux is not lost with the event that announced it. */
static void
test_message_before_mux (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_mux_free (rig.mux);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (rig.context, FALSE);
  rig.mux = ph_mux_new (PH_MUX_HOST, ph_pipe_get_channel (rig.pipe, 0), rig.poll, rig.rules,
                        PH_EXTENSIONS_NONE, &(PhMuxEvents){ 0 }, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  ph_rig_clear (&rig);
}

/* What an honest sender has on its way when its name is given up is nothing malformed. */
static void
test_overrun_of_nobody (void)
{
  g_autofree guint8 *bytes = g_malloc0 (40000);
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  for (guint port = 1; port <= 2 * PH_MUX_MAX_MALFORMED; port++)
    {
      send_as (&rig, port, DATA, 1, bytes, 40000);
      send_as (&rig, port, DATA, 2, bytes, 40000);
    }
  ph_rig_settle (&rig);
  g_assert_cmpuint (get_counters (&rig).malformed, ==, 0);
  g_assert_cmpuint (get_counters (&rig).held_bytes, ==, 0);
  g_assert_null (rig.error);
  ph_rig_clear (&rig);
}

/* What broke before its CONNECT came is answered when it comes, and never opened with a gap. */
static void
test_malformed_before_connect (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_rig_send_line (&rig, &(PhLine){ DATA, 1, 5, 3, "x" }); /* the sixth of three */
  ph_rig_send (&rig, DATA, 2, "y");
  ph_rig_settle (&rig);
  g_assert_cmpuint (get_counters (&rig).held_bytes, ==, 0);
  g_assert_false (ph_rig_has_close (&rig));
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  g_assert_cmpuint (get_counters (&rig).malformed, ==, 1);
  g_assert_false (ph_rig_is_dialled (&rig));
  ph_rig_clear (&rig);
}

/* Credit */

/* What the mux has granted under the name with this source port. */
static guint64
count_granted (const PhRig *rig, guint16 port)
{
  guint64 granted = PH_MUX_START_WINDOW_BYTES;
  PhFrame frame;

  for (guint i = 0; i < rig->received->len; i++)
    {
      gsize size;
      const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (rig->received, i), &size);

      g_assert_cmpint (ph_frame_decode (bytes, size, &frame), ==, PH_FRAME_OK);
      if (frame.event == PH_EVENT_WINDOW && frame.name.src.port == port)
        granted += ph_read_u32 (frame.payload);
    }
  return granted;
}

/* Accepts what the mux dials, and throws away what it writes. */
static void
serve (PhRig *rig, GPtrArray *services)
{
  char scratch[65536];
  GSocket *socket;

  while ((socket = g_socket_accept (rig->service, NULL, NULL)) != NULL)
    {
      g_socket_set_blocking (socket, FALSE);
      g_ptr_array_add (services, socket);
    }
  for (guint i = 0; i < services->len; i++)
    {
      while (g_socket_receive (g_ptr_array_index (services, i), scratch, sizeof scratch, NULL,
                               NULL) > 0)
        ;
    }
}

static void
open_many (PhRig *rig, GPtrArray *services, guint16 n)
{
  PhFrame frame;

  for (guint16 port = 1; port <= n; port++)
    send_as (rig, port, CONNECT, 0, NULL, 0);
  while (!ph_rig_find_frame (rig, PH_EVENT_OPENED, n - 1u, &frame))
    {
      g_main_context_iteration (rig->context, TRUE);
      serve (rig, services);
    }
}

/* A busy connection finds room however many others there are that do nothing. */
static void
test_busy_among_idle (void)
{
  const guint16 n = 150;
  g_autofree guint8 *bytes = g_malloc0 (16384);
  g_autoptr (GPtrArray) services = g_ptr_array_new_with_free_func (g_object_unref);
  guint64 sent = 1;
  guint64 granted = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT | PH_EXTENSION_OPENED);
  for (guint32 port = 10000; port < 10800; port++) /* credit that nobody will use */
    send_as (&rig, port, PH_EVENT_WINDOW, 0, "\0\0\0\1", 4);
  open_many (&rig, services, n);
  ph_rig_settle (&rig);
  g_assert_cmpuint (count_frames (&rig, PH_EVENT_WINDOW), ==, 0);
  for (guint16 port = 1; port <= n; port++)
    send_as (&rig, port, DATA, 1, "x", 1);
  ph_rig_settle (&rig);
  for (guint16 port = 1; port <= n; port++)
    g_assert_cmpuint (count_granted (&rig, port), ==, 256 * 1024 + 1);
  for (guint16 id = 2; granted < sent + (1 << 20); id++) /* as much as it may, until it is enough */
    {
      while (count_granted (&rig, n) < sent + 16384)
        {
          g_main_context_iteration (rig.context, TRUE);
          serve (&rig, services);
        }
      send_as (&rig, n, DATA, id, bytes, 16384);
      sent += 16384;
      g_main_context_iteration (rig.context, FALSE);
      serve (&rig, services);
      granted = count_granted (&rig, n);
      g_assert_cmpuint (sent, <, 256 << 20);
    }
  g_assert_cmpuint (get_counters (&rig).malformed, ==, 0);
  ph_rig_clear (&rig);
}

/* Without credit 8 MiB are held for a connection, unsent tail and reordering together. */
static void
test_plain_limit_is_for_both (void)
{
  g_autofree guint8 *bytes = g_malloc0 (65000);
  gsize most = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  for (guint16 id = 1; id < 400 && rig.n_closed == 0; id++) /* every other one is for the socket */
    {
      guint16 place = id % 2 == 0 ? id / 2 : 1000 + id;

      ph_rig_send_bytes (&rig, &(PhLine){ DATA, place }, bytes, 65000);
      ph_rig_settle (&rig);
      most = MAX (most, get_counters (&rig).held_bytes);
    }
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_TOO_SLOW);
  g_assert_cmpuint (most, >, PH_MUX_PLAIN_LIMIT_BYTES / 2);
  g_assert_cmpuint (most, <,
                    PH_MUX_PLAIN_LIMIT_BYTES * 3 / 2); /* what a growing tail may round up */
  ph_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/mux-limits/end/shutdown-keeps-done", GINT_TO_POINTER (END_SHUTDOWN),
                        test_end_keeps_what_is_done);
  g_test_add_data_func ("/mux-limits/end/channel-keeps-done", GINT_TO_POINTER (END_CHANNEL),
                        test_end_keeps_what_is_done);
  g_test_add_func ("/mux-limits/end/waits-for-tail", test_end_waits_for_the_tail);
  g_test_add_func ("/mux-limits/budget/without-room", test_budget_without_room);
  g_test_add_func ("/mux-limits/all-are-answered", test_all_are_answered);
  g_test_add_func ("/mux-limits/kept-holds-no-payload", test_kept_holds_no_payload);
  g_test_add_func ("/mux-limits/message-before-mux", test_message_before_mux);
  g_test_add_func ("/mux-limits/overrun-of-nobody", test_overrun_of_nobody);
  g_test_add_func ("/mux-limits/malformed-before-connect", test_malformed_before_connect);
  g_test_add_func ("/mux-limits/credit/busy-among-idle", test_busy_among_idle);
  g_test_add_func ("/mux-limits/plain-limit-is-for-both", test_plain_limit_is_for_both);
  return g_test_run ();
}
