/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-pipe-channel.h"
#include "ph-stream.h"
#include "tunnel/ph-mux.h"
#include "tunnel/ph-reorder.h"

/* One mux, and frames made by hand at the other end of its channel: what other programs may send,
 * and what nobody should. */

typedef struct
{
  GMainContext *context;
  PhPoll *poll;
  PhPipe *pipe;
  PhChannel *peer; /* our end */
  PhRules *rules;
  PhMux *mux;
  GSocket *service; /* listens; on the Host it is dialled, on a Client it stands for a listener */
  guint16 port;
  GSocket *dialled;    /* the connection that the Host made, or the application's end */
  GPtrArray *received; /* GBytes of frames */
  PhCloseReason reason;
  guint n_opened;
  guint n_closed;
  GError *error;
} Rig;

static void
on_opened (const PhConnectionInfo *info, gpointer user_data)
{
  ((Rig *)user_data)->n_opened++;
}

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  Rig *rig = user_data;

  rig->n_closed++;
  rig->reason = info->reason;
}

static void
on_failed (const GError *error, gpointer user_data)
{
  ((Rig *)user_data)->error = g_error_copy (error);
}

static const PhMuxEvents events = { on_opened, on_closed, on_failed };

static void
on_frames (gpointer user_data)
{
  Rig *rig = user_data;
  const guint8 *message;
  gsize size;

  while (ph_channel_receive (rig->peer, &message, &size) == PH_CHANNEL_OK)
    g_ptr_array_add (rig->received, g_bytes_new (message, size));
}

static void
on_nothing (gpointer user_data)
{
}

static const PhChannelEvents peer_events = { on_frames, on_nothing, on_nothing };

static void
free_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

static void
rig_init (Rig *rig, PhMuxRole role, PhExtensions extensions)
{
  const PhPipeOptions in_order = { 1, 1, 64 << 20, 0 };

  *rig = (Rig){ .context = g_main_context_default () };
  rig->poll = ph_poll_new (rig->context, NULL);
  rig->pipe = ph_pipe_new (rig->context, &in_order);
  rig->peer = ph_pipe_get_channel (rig->pipe, 1);
  rig->received = g_ptr_array_new_with_free_func (free_bytes);
  ph_channel_set_events (rig->peer, &peer_events, rig);
  if (role == PH_MUX_HOST)
    rig->rules = ph_rules_new ();
  if (role == PH_MUX_HOST)
    g_assert_true (ph_rules_add (rig->rules, "127.0.0.1:*", NULL));
  rig->mux = ph_mux_new (role, ph_pipe_get_channel (rig->pipe, 0), rig->poll, rig->rules,
                         extensions, &events, rig);
  rig->service = ph_stream_listen (&rig->port);
}

static void
rig_clear (Rig *rig)
{
  ph_mux_free (rig->mux);
  g_clear_pointer (&rig->rules, ph_rules_unref);
  g_clear_object (&rig->dialled);
  g_object_unref (rig->service);
  g_ptr_array_unref (rig->received);
  ph_pipe_free (rig->pipe);
  ph_poll_free (rig->poll);
  g_clear_error (&rig->error);
}

/* Sending */

static PhFrameName
get_name (const Rig *rig)
{
  PhFrameName name = { .src.port = 40000, .dst.port = rig->port };

  g_assert_true (ph_address_parse ("10.9.8.7", name.src.addr));
  g_assert_true (ph_address_parse ("127.0.0.1", name.dst.addr));
  return name;
}

typedef struct
{
  PhEvent event;
  guint16 id;
  guint16 index;
  guint16 total;       /* 0 stands for 1 */
  const char *payload; /* NULL: none */
} Line;

static void
send_raw (Rig *rig, const guint8 *bytes, gsize size)
{
  g_assert_cmpint (ph_channel_send (rig->peer, bytes, size), ==, PH_CHANNEL_OK);
}

static void
send_bytes (Rig *rig, const Line *line, const guint8 *payload, gsize size)
{
  g_autofree guint8 *message = g_malloc (PH_FRAME_HEADER_SIZE + size);
  const PhFrame frame = { .event = line->event,
                          .name = get_name (rig),
                          .chunk_id = line->id,
                          .chunk_index = line->index,
                          .total_chunks = line->total > 0 ? line->total : 1,
                          .payload_size = (guint16)size };

  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, payload, size);
  send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

static void
send_line (Rig *rig, const Line *line)
{
  gsize size = line->payload != NULL ? strlen (line->payload) : 0;

  send_bytes (rig, line, (const guint8 *)line->payload, size);
}

static void
send (Rig *rig, PhEvent event, guint16 id, const char *payload)
{
  send_line (rig, &(Line){ event, id, 0, 1, payload });
}

/* Seeing what came */

/* The @nth frame of an event; FALSE if there are fewer. */
static gboolean
find_frame (const Rig *rig, PhEvent event, guint nth, PhFrame *ret_frame)
{
  for (guint i = 0; i < rig->received->len; i++)
    {
      gsize size;
      const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (rig->received, i), &size);

      g_assert_cmpint (ph_frame_decode (bytes, size, ret_frame), ==, PH_FRAME_OK);
      if (ret_frame->event == event && nth-- == 0)
        return TRUE;
    }
  return FALSE;
}

static PhCloseReason
get_close_reason (const Rig *rig)
{
  PhFrame frame;

  g_assert_true (find_frame (rig, PH_EVENT_CLOSE, 0, &frame));
  return frame.payload_size >= 2 ? ph_read_u16 (frame.payload) : PH_CLOSE_DONE;
}

static gboolean
has_close (gpointer user_data)
{
  PhFrame frame;

  return find_frame (user_data, PH_EVENT_CLOSE, 0, &frame);
}

static gboolean
is_dialled (gpointer user_data)
{
  Rig *rig = user_data;

  if (rig->dialled == NULL)
    rig->dialled = g_socket_accept (rig->service, NULL, NULL);
  if (rig->dialled != NULL)
    g_socket_set_blocking (rig->dialled, FALSE);
  return rig->dialled != NULL;
}

static gboolean
has_closed (gpointer user_data)
{
  return ((Rig *)user_data)->n_closed > 0;
}

static gboolean
has_failed (gpointer user_data)
{
  return ((Rig *)user_data)->error != NULL;
}

/* Lets everything under way arrive. */
static void
settle (Rig *rig)
{
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (rig->context, FALSE);
}

/* Reads the socket's other end until @size bytes have come or it ends. */
typedef struct
{
  Rig *rig;
  GString *text;
  gsize wanted;
  gboolean ended;
  gboolean was_reset;
} Reading;

static gboolean
has_read (gpointer user_data)
{
  Reading *reading = user_data;
  g_autoptr (GError) error = NULL;
  char buffer[65536];
  gssize n;

  if (!is_dialled (reading->rig))
    return FALSE;
  n = g_socket_receive (reading->rig->dialled, buffer, sizeof buffer, NULL, &error);
  if (n > 0)
    g_string_append_len (reading->text, buffer, n);
  reading->ended = n == 0;
  reading->was_reset = n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  /* Something must wake the loop, whose next turn may be all that is missing. */
  g_main_context_wakeup (reading->rig->context);
  return reading->ended || reading->was_reset ||
         (reading->wanted > 0 && reading->text->len >= reading->wanted);
}

static void
assert_reads (Rig *rig, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Reading reading = { rig, text, strlen (expected), FALSE, FALSE };

  ph_test_wait (rig->context, has_read, &reading);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
assert_ends (Rig *rig, gboolean with_reset)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Reading reading = { rig, text, 0, FALSE, FALSE };

  ph_test_wait (rig->context, has_read, &reading);
  g_assert_cmpint (reading.was_reset, ==, with_reset);
}

/* Order and fragments, at a Host */

typedef struct
{
  const char *name;
  const char *expected; /* what the service reads */
  Line lines[10];
} Order;

#define CONNECT PH_EVENT_CONNECT
#define DATA PH_EVENT_DATA

static const Order orders[] = {
  { "in-order", "abc", { { CONNECT, 0 }, { DATA, 1, 0, 1, "a" }, { DATA, 2, 0, 1, "bc" } } },
  { "starts-anywhere", "ab", { { CONNECT, 7 }, { DATA, 8, 0, 1, "a" }, { DATA, 9, 0, 1, "b" } } },
  { "early", "ab", { { DATA, 2, 0, 1, "b" }, { DATA, 1, 0, 1, "a" }, { CONNECT, 0 } } },
  { "wrap",
    "abc",
    { { DATA, 0, 0, 1, "b" },
      { CONNECT, 65534 },
      { DATA, 1, 0, 1, "c" },
      { DATA, 65535, 0, 1, "a" } } },
  { "fragments",
    "abcdef",
    { { CONNECT, 0 },
      { DATA, 1, 2, 3, "c" },
      { DATA, 2, 0, 2, "de" },
      { DATA, 1, 0, 3, "a" },
      { DATA, 2, 1, 2, "f" },
      { DATA, 1, 1, 3, "b" } } },
  { "fragmented-connect",
    "a",
    { { CONNECT, 3, 1, 2, NULL }, { DATA, 4, 0, 1, "a" }, { CONNECT, 3, 0, 2, NULL } } },
  { "empty-fragments",
    "ab",
    { { CONNECT, 0 },
      { DATA, 1, 0, 3, NULL },
      { DATA, 1, 1, 3, "a" },
      { DATA, 1, 2, 3, NULL },
      { DATA, 2, 0, 1, NULL },
      { DATA, 3, 0, 1, "b" } } },
  { "twice",
    "abc",
    { { CONNECT, 0 },
      { DATA, 1, 0, 1, "a" },
      { DATA, 1, 0, 1, "x" },
      { DATA, 3, 0, 1, "c" },
      { DATA, 3, 0, 1, "x" },
      { DATA, 2, 0, 1, "b" } } },
  { "before-the-start", "a", { { DATA, 4, 0, 1, "x" }, { CONNECT, 5 }, { DATA, 6, 0, 1, "a" } } },
};

static void
test_order (gconstpointer data)
{
  const Order *order = data;
  PhMuxCounters counters;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  for (gsize i = 0; i < G_N_ELEMENTS (order->lines); i++)
    {
      if (order->lines[i].event != DATA || order->lines[i].id != 0 ||
          order->lines[i].payload != NULL)
        send_line (&rig, &order->lines[i]);
    }
  assert_reads (&rig, order->expected);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  rig_clear (&rig);
}

/* More messages than there are numbers. */
static void
test_wrap_around (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Reading reading = { NULL, text, 140000, FALSE, FALSE };
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  for (guint i = 1; i <= 140000; i += 2)
    {
      send (&rig, DATA, (guint16)(i + 1), "b");
      send (&rig, DATA, (guint16)i, "a");
    }
  reading.rig = &rig;
  ph_test_wait (rig.context, has_read, &reading);
  for (guint i = 0; i < 140000; i++)
    g_assert_cmpint (text->str[i], ==, i % 2 == 0 ? 'a' : 'b');
  rig_clear (&rig);
}

/* What is malformed closes its connection, and only that */

typedef struct
{
  const char *name;
  PhExtensions extensions;
  const char *hex; /* after event .. dst_port, which are filled in; event separately */
  guint8 event;
} Malformed;

static const Malformed malformed[] = {
  { "short", PH_EXTENSIONS_NONE, "0001000000010", 0 },
  { "size-too-small", PH_EXTENSIONS_NONE, "0001000000010001", 0 },
  { "size-too-large", PH_EXTENSIONS_NONE, "000100000001000041", 0 },
  { "zero-total", PH_EXTENSIONS_NONE, "0001000000000000", 0 },
  { "index-past-total", PH_EXTENSIONS_NONE, "0001000200020000", 0 },
  { "unknown-event", PH_EXTENSIONS_OURS, "0001000000010000", 7 },
  { "event-255", PH_EXTENSIONS_OURS, "0001000000010000", 255 },
  { "eof-not-agreed", PH_EXTENSIONS_NONE, "0001000000010000", PH_EVENT_EOF },
  { "window-not-agreed", PH_EXTENSIONS_NONE, "000000000001000400000001", PH_EVENT_WINDOW },
  { "window-size", PH_EXTENSIONS_OURS, "0000000000010003000001", PH_EVENT_WINDOW },
  { "opened-from-client", PH_EXTENSIONS_OURS, "0001000000010000", PH_EVENT_OPENED },
  { "services-from-client", PH_EXTENSIONS_OURS, "0001000000010000", PH_EVENT_SERVICES },
  { "close-of-one-byte", PH_EXTENSIONS_NONE, "000100000001000101", PH_EVENT_CLOSE },
  { "second-connect", PH_EXTENSIONS_OURS, "0001000000010000", PH_EVENT_CONNECT },
};

static GByteArray *
make_malformed (const Rig *rig, const Malformed *kind)
{
  GByteArray *message = g_byte_array_new ();
  const PhFrame frame = { .name = get_name (rig), .total_chunks = 1 };
  guint8 header[PH_FRAME_HEADER_SIZE];

  ph_frame_encode_header (&frame, header);
  header[0] = kind->event;
  g_byte_array_append (message, header, 37);
  for (const char *c = kind->hex; c[0] != '\0' && c[1] != '\0'; c += 2)
    {
      guint8 byte = (guint8)(g_ascii_xdigit_value (c[0]) << 4 | g_ascii_xdigit_value (c[1]));

      g_byte_array_append (message, &byte, 1);
    }
  return message;
}

static void
test_malformed (gconstpointer data)
{
  const Malformed *kind = data;
  g_autoptr (GByteArray) message = NULL;
  PhMuxCounters counters;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, kind->extensions);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  message = make_malformed (&rig, kind);
  send_raw (&rig, message->data, message->len);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_PROTOCOL_ERROR);
  g_assert_null (rig.error);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 1);
  rig_clear (&rig);
}

/* The same for what takes more than one frame. */
typedef struct
{
  const char *name;
  PhExtensions extensions;
  Line lines[4];
} MalformedLines;

static const MalformedLines malformed_lines[] = {
  { "total-changes", PH_EXTENSIONS_NONE, { { DATA, 1, 0, 3, "a" }, { DATA, 1, 1, 4, "b" } } },
  { "total-changes-held", PH_EXTENSIONS_NONE, { { DATA, 1, 2, 3, "a" }, { DATA, 1, 1, 4, "b" } } },
  { "total-shrinks-held", PH_EXTENSIONS_NONE, { { DATA, 5, 3, 4, "a" }, { DATA, 5, 0, 1, "b" } } },
  { "event-changes", PH_EXTENSIONS_NONE, { { DATA, 1, 0, 2, "a" }, { PH_EVENT_CLOSE, 1, 1, 2 } } },
  { "data-after-eof", PH_EXTENSIONS_OURS, { { PH_EVENT_EOF, 1 }, { DATA, 2, 0, 1, "b" } } },
  { "eof-twice", PH_EXTENSIONS_OURS, { { PH_EVENT_EOF, 1 }, { PH_EVENT_EOF, 2 } } },
};

static void
test_malformed_lines (gconstpointer data)
{
  const MalformedLines *kind = data;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, kind->extensions);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  send_line (&rig, &kind->lines[0]);
  send_line (&rig, &kind->lines[1]);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  rig_clear (&rig);
}

static void
test_credit_overrun (void)
{
  g_autofree guint8 *payload = g_malloc0 (65000);
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT);
  ph_mux_set_held (rig.mux, TRUE); /* so that nothing is given back */
  send (&rig, CONNECT, 0, NULL);
  send_bytes (&rig, &(Line){ DATA, 1 }, payload, 65000);
  send_bytes (&rig, &(Line){ DATA, 2 }, payload, 536); /* all there is */
  settle (&rig);
  g_assert_false (has_close (&rig));
  send_bytes (&rig, &(Line){ DATA, 3 }, payload, 1);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  rig_clear (&rig);
}

static void
test_hundred_malformed (void)
{
  PhMuxCounters counters;
  guint n_turns = 0;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  for (guint i = 0; i < PH_MUX_MAX_MALFORMED - 1; i++)
    send_raw (&rig, (const guint8 *)"no frame", 8);
  settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, PH_MUX_MAX_MALFORMED - 1);
  g_assert_cmpuint (counters.connections, ==, 1);
  g_assert_null (rig.error);
  send_raw (&rig, (const guint8 *)"", 0);
  ph_test_wait (rig.context, has_failed, &rig);
  g_assert_error (rig.error, PH_ERROR, PH_ERROR_PROTOCOL);
  g_assert_cmpuint (rig.n_closed, ==, 1);
  assert_ends (&rig, TRUE);

  /* What still comes is taken and thrown away, or the channel would keep the loop busy. */
  send (&rig, CONNECT, 5, NULL);
  while (n_turns < 100 && g_main_context_iteration (rig.context, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, <, 100);
  rig_clear (&rig);
}

/* Opening and closing, at a Host */

/* Its CLOSE is answered at once; what came before it is delivered first. */
static void
test_close_done (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, PH_EVENT_CLOSE, 2, NULL);
  send (&rig, DATA, 1, "all of it");
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_DONE);
  assert_reads (&rig, "all of it");
  assert_ends (&rig, FALSE);
  g_socket_close (rig.dialled, NULL);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  rig_clear (&rig);
}

/* An application that does not end holds nothing up for longer than 5 s. */
static void
test_close_lingers (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  send (&rig, CONNECT, 0, NULL);
  send (&rig, PH_EVENT_CLOSE, 1, NULL);
  assert_ends (&rig, FALSE);
  g_assert_cmpint (g_socket_send (rig.dialled, "more", 4, NULL, NULL), ==, 4);
  g_assert_cmpuint (rig.n_closed, ==, 0);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  rig_clear (&rig);
}

/* Credit that overtakes its CONNECT is not lost, and a late one harms nobody. */
static void
test_window_early_and_late (void)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  PhMuxCounters counters;
  gsize sent = 0;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT);
  send_bytes (&rig, &(Line){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\12", 4);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  while (sent < 100000)
    {
      gssize n = g_socket_send (rig.dialled, text, 100000 - sent, NULL, NULL);

      g_assert_cmpint (n, >, 0);
      sent += (gsize)n;
    }
  do
    {
      g_main_context_iteration (rig.context, TRUE);
      ph_mux_get_counters (rig.mux, &counters);
    }
  while (counters.bytes_out < PH_MUX_START_WINDOW_BYTES + 10);
  settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.bytes_out, ==, PH_MUX_START_WINDOW_BYTES + 10);
  send (&rig, PH_EVENT_CLOSE, 1, NULL);
  send_bytes (&rig, &(Line){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\1", 4);
  settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  rig_clear (&rig);
}

/* Half-close: each end's EOF goes out as it comes, and CLOSE follows when both have passed. */
static void
test_eof (void)
{
  PhFrame frame;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  send (&rig, CONNECT, 0, NULL);
  send (&rig, DATA, 1, "ask");
  send (&rig, PH_EVENT_EOF, 2, NULL);
  assert_ends (&rig, FALSE);
  g_assert_true (find_frame (&rig, PH_EVENT_OPENED, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 0);
  g_assert_false (has_close (&rig));
  g_assert_cmpint (g_socket_send (rig.dialled, "told", 4, NULL, NULL), ==, 4);
  g_socket_close (rig.dialled, NULL);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_true (find_frame (&rig, DATA, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 1);
  g_assert_true (find_frame (&rig, PH_EVENT_EOF, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 2);
  g_assert_true (find_frame (&rig, PH_EVENT_CLOSE, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 3);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_DONE);
  ph_test_wait (rig.context, has_closed, &rig);
  rig_clear (&rig);
}

/* A window is raised at once, and the sum of all stays within the budget. */
static void
test_windows_within_budget (void)
{
  guint64 promised = 0;
  PhFrame frame;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT | PH_EXTENSION_OPENED);
  for (guint i = 0; i < 300; i++)
    {
      guint8 message[PH_FRAME_HEADER_SIZE];
      PhFrame connect = { .event = CONNECT, .name = get_name (&rig), .total_chunks = 1 };

      connect.name.src.port = (guint16)i;
      ph_frame_encode_header (&connect, message);
      send_raw (&rig, message, sizeof message);
    }
  while (!find_frame (&rig, PH_EVENT_OPENED, 299, &frame))
    g_main_context_iteration (rig.context, TRUE);
  settle (&rig);
  for (guint i = 0; find_frame (&rig, PH_EVENT_WINDOW, i, &frame); i++)
    promised += ph_read_u32 (frame.payload);
  g_assert_cmpuint (promised, >, PH_MUX_BUDGET_BYTES / 4);
  g_assert_cmpuint (promised + 300 * PH_MUX_START_WINDOW_BYTES, <=, PH_MUX_BUDGET_BYTES);
  rig_clear (&rig);
}

static void
test_close_with_reason (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  send_bytes (&rig, &(Line){ PH_EVENT_CLOSE, 1 }, (const guint8 *)"\0\6gone\33[31m", 11);
  ph_test_wait (rig.context, has_close, &rig);
  assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_RESET);
  rig_clear (&rig);
}

/* A reason that a later version may have still means that it failed. */
static void
test_close_with_unknown_reason (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  send_bytes (&rig, &(Line){ PH_EVENT_CLOSE, 1 }, (const guint8 *)"\377\377", 2);
  assert_ends (&rig, TRUE);
  rig_clear (&rig);
}

/* A plain peer's service ends: CLOSE done goes out though the other side has not ended. */
static void
test_plain_service_ends (void)
{
  Rig rig;
  PhFrame frame;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 100, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  g_assert_cmpint (g_socket_send (rig.dialled, "bye", 3, NULL, NULL), ==, 3);
  g_socket_shutdown (rig.dialled, FALSE, TRUE, NULL);
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_DONE);
  g_assert_true (find_frame (&rig, DATA, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 0);
  g_assert_cmpmem (frame.payload, frame.payload_size, "bye", 3);
  g_assert_true (find_frame (&rig, PH_EVENT_CLOSE, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 1);
  ph_test_wait (rig.context, has_closed, &rig);

  /* What still comes is dropped silently, its CLOSE is not answered again. */
  send (&rig, DATA, 101, "too late");
  send (&rig, PH_EVENT_CLOSE, 102, NULL);
  settle (&rig);
  g_assert_false (find_frame (&rig, PH_EVENT_CLOSE, 1, &frame));
  rig_clear (&rig);
}

/* A name that is used again, numbers going on where they stopped or from 0. */
static void
test_name_again (gconstpointer data)
{
  gboolean answers = GPOINTER_TO_INT (data) & 1;
  guint16 start = GPOINTER_TO_INT (data) & 2 ? 0 : 3;
  PhFrame frame;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  send (&rig, DATA, 1, "first");
  assert_reads (&rig, "first");
  g_socket_close (rig.dialled, NULL);
  g_clear_object (&rig.dialled);
  ph_test_wait (rig.context, has_close, &rig);
  if (answers)
    send (&rig, PH_EVENT_CLOSE, 2, NULL);
  settle (&rig);
  if (start > 0)
    send (&rig, DATA, (guint16)(start + 1), "second"); /* overtakes its CONNECT */
  send (&rig, CONNECT, start, NULL);
  if (start == 0)
    send (&rig, DATA, (guint16)(start + 1), "second");
  assert_reads (&rig, "second");
  g_assert_cmpint (g_socket_send (rig.dialled, "x", 1, NULL, NULL), ==, 1);
  g_socket_close (rig.dialled, NULL);
  while (!find_frame (&rig, DATA, 0, &frame))
    g_main_context_iteration (rig.context, TRUE);
  g_assert_cmpuint (frame.chunk_id, ==, 0); /* ours from 0 */
  rig_clear (&rig);
}

/* What the name's last connection left behind is no part of the next. */
static void
test_name_again_after_gap (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  g_socket_close (rig.dialled, NULL);
  g_clear_object (&rig.dialled);
  ph_test_wait (rig.context, has_close, &rig);
  send (&rig, DATA, 3, "stale");
  send (&rig, CONNECT, 0, NULL);
  send (&rig, DATA, 1, "a");
  send (&rig, DATA, 2, "b");
  send (&rig, DATA, 3, "c");
  assert_reads (&rig, "abc");
  rig_clear (&rig);
}

/* A service that has ended while nobody reads it does not keep the loop busy. */
static void
test_hang_up_is_quiet (void)
{
  g_autofree char *text = g_strnfill (120000, 'x');
  PhMuxCounters counters = { 0 };
  guint n_turns = 0;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT | PH_EXTENSION_EOF);
  send (&rig, CONNECT, 0, NULL);
  send (&rig, PH_EVENT_EOF, 1, NULL);
  assert_ends (&rig, FALSE);
  g_socket_set_blocking (rig.dialled, TRUE);
  g_assert_cmpint (g_socket_send (rig.dialled, text, 120000, NULL, NULL), ==, 120000);
  g_socket_close (rig.dialled, NULL);
  while (counters.bytes_out < PH_MUX_START_WINDOW_BYTES)
    {
      g_main_context_iteration (rig.context, TRUE);
      ph_mux_get_counters (rig.mux, &counters);
    }
  while (n_turns < 100 && g_main_context_iteration (rig.context, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, <, 100);
  g_assert_cmpuint (rig.n_closed, ==, 0);
  send_bytes (&rig, &(Line){ PH_EVENT_WINDOW }, (const guint8 *)"\0\17\0\0", 4);
  ph_test_wait (rig.context, has_close, &rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.bytes_out, ==, 120000);
  rig_clear (&rig);
}

/* CONNECT's payload */

typedef struct
{
  const char *name;
  const char *payload;
  const char *dst; /* NULL: all zero */
  PhExtensions extensions;
  PhCloseReason reason;
} Connect;

static const Connect connects[] = {
  { "name", "name=localhost", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_DONE },
  { "name-not-agreed", "name=localhost", NULL, PH_EXTENSIONS_NONE, PH_CLOSE_PROTOCOL_ERROR },
  { "name-and-address", "name=localhost", "127.0.0.1", PH_EXTENSIONS_OURS,
    PH_CLOSE_PROTOCOL_ERROR },
  { "no-name", "name=", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_PROTOCOL_ERROR },
  { "other", "nam", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_PROTOCOL_ERROR },
  { "numeric-name", "name=127.0.0.1", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NAME_NOT_FOUND },
  { "hex-name", "name=0x7f000001", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NAME_NOT_FOUND },
  { "odd-name", "name=local host", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NAME_NOT_FOUND },
  { "unspecified", NULL, NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NOT_ALLOWED },
};

static void
test_connect (gconstpointer data)
{
  const Connect *connect = data;
  gsize size = connect->payload != NULL ? strlen (connect->payload) : 0;
  guint8 message[512];
  PhFrame frame = { .event = CONNECT, .total_chunks = 1, .payload_size = (guint16)size };
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, connect->extensions);
  frame.name = get_name (&rig);
  memset (frame.name.dst.addr, 0, sizeof frame.name.dst.addr);
  if (connect->dst != NULL)
    g_assert_true (ph_address_parse (connect->dst, frame.name.dst.addr));
  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, connect->payload, size);
  send_raw (&rig, message, PH_FRAME_HEADER_SIZE + size);
  if (connect->reason == PH_CLOSE_DONE)
    ph_test_wait (rig.context, is_dialled, &rig);
  else if (connect->reason == PH_CLOSE_PROTOCOL_ERROR)
    settle (&rig);
  else
    {
      ph_test_wait (rig.context, has_close, &rig);
      g_assert_cmpint (get_close_reason (&rig), ==, connect->reason);
    }
  g_assert_cmpint (rig.dialled != NULL, ==, connect->reason == PH_CLOSE_DONE);
  rig_clear (&rig);
}

/* Bounds */

/* Sends @n of the largest frames under the name with @port, which nobody has opened. */
static void
send_early (Rig *rig, guint16 port, guint16 n)
{
  g_autofree guint8 *message = g_malloc0 (PH_FRAME_MAX_SIZE);
  PhFrame frame = { .event = DATA, .total_chunks = 1, .payload_size = PH_FRAME_MAX_PAYLOAD };

  frame.name = get_name (rig);
  frame.name.src.port = port;
  for (guint16 i = 1; i <= n; i++)
    {
      frame.chunk_id = i;
      ph_frame_encode_header (&frame, message);
      send_raw (rig, message, PH_FRAME_MAX_SIZE);
    }
  settle (rig);
}

/* Frames of connections that nobody opens are counted against the budget; past it the fullest goes.
 */
static void
test_budget (void)
{
  const gsize frame_bytes = PH_FRAME_MAX_PAYLOAD + PH_REORDER_FRAME_CHARGE_BYTES;
  PhMuxCounters counters;
  gsize expected = 0;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send_early (&rig, 1, 50);
  send_early (&rig, 2, 110);
  expected = 160 * frame_bytes;
  for (guint16 port = 3; expected + 60 * frame_bytes <= PH_MUX_BUDGET_BYTES; port++)
    {
      send_early (&rig, port, 60);
      expected += 60 * frame_bytes;
      ph_mux_get_counters (rig.mux, &counters);
      g_assert_cmpuint (counters.held_bytes, ==, expected);
    }
  send_early (&rig, 1000, 60);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.held_bytes, ==, expected - 50 * frame_bytes);
  g_assert_cmpuint (counters.malformed, ==, 0);
  rig_clear (&rig);
}

/* One connection without credit holds 8 MiB, small frames with their charge. */
static void
test_plain_limit (void)
{
  PhMuxCounters counters;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, is_dialled, &rig);
  for (guint round = 0; round < 3; round++)
    {
      /* Fragments in no order of one message that is never whole. */
      for (guint i = 65000; i > 5; i--)
        send_line (&rig, &(Line){ DATA, (guint16)(2 + round), (guint16)i, 65535, "x" });
      settle (&rig);
    }
  ph_test_wait (rig.context, has_close, &rig);
  g_assert_cmpint (get_close_reason (&rig), ==, PH_CLOSE_TOO_SLOW);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.held_bytes, <=, PH_MUX_PLAIN_LIMIT_BYTES);
  rig_clear (&rig);
}

/* More names than may be remembered: the oldest go, and nothing else happens. */
static void
test_many_names (void)
{
  PhFrame frame = { .event = PH_EVENT_CLOSE, .total_chunks = 1 };
  guint8 message[PH_FRAME_HEADER_SIZE];
  PhMuxCounters counters;
  Rig rig;

  rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  for (guint i = 0; i < 20000; i++)
    {
      frame.name = get_name (&rig);
      frame.name.src.port = (guint16)i;
      ph_frame_encode_header (&frame, message);
      send_raw (&rig, message, sizeof message);
    }
  for (guint i = 0; i < 200; i++)
    g_main_context_iteration (rig.context, FALSE);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.held_bytes, ==,
                    PH_MUX_MAX_CONNECTIONS * PH_REORDER_FRAME_CHARGE_BYTES);
  rig_clear (&rig);
}

/* A Client */

static void
open_one (Rig *rig)
{
  PhDestination destination = { NULL, get_name (rig).dst };
  g_autoptr (GSocket) accepted = NULL;

  rig->dialled = ph_stream_connect (rig->port);
  while ((accepted = g_socket_accept (rig->service, NULL, NULL)) == NULL)
    ;
  ph_mux_open (rig->mux, accepted, &destination, rig);
}

static gboolean
has_connect (gpointer user_data)
{
  PhFrame frame;

  return find_frame (user_data, CONNECT, 0, &frame);
}

static void
answer (Rig *rig, PhEvent event, guint16 id, const guint8 *payload, gsize size)
{
  PhFrame frame;
  guint8 message[512];

  g_assert_true (find_frame (rig, CONNECT, 0, &frame));
  frame.event = event;
  frame.chunk_id = id;
  frame.payload_size = (guint16)size;
  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, payload, size);
  send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

static void
test_client_is_told_why (void)
{
  Rig rig;

  rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  open_one (&rig);
  ph_test_wait (rig.context, has_connect, &rig);
  answer (&rig, PH_EVENT_CLOSE, 0, (const guint8 *)"\0\2", 2);
  assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_REFUSED);
  g_assert_cmpuint (rig.n_opened, ==, 0);
  ph_test_wait (rig.context, has_close, &rig); /* one each way */
  rig_clear (&rig);
}

/* A plain Host: open at once, and the application's half-close stays here. */
static void
test_client_of_plain_host (void)
{
  PhFrame frame;
  Rig rig;

  rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_NONE);
  open_one (&rig);
  ph_test_wait (rig.context, has_connect, &rig);
  g_assert_cmpuint (rig.n_opened, ==, 1);
  g_assert_cmpint (g_socket_send (rig.dialled, "ask", 3, NULL, NULL), ==, 3);
  g_socket_shutdown (rig.dialled, FALSE, TRUE, NULL);
  while (!find_frame (&rig, DATA, 0, &frame))
    g_main_context_iteration (rig.context, TRUE);
  settle (&rig);
  g_assert_false (has_close (&rig));
  answer (&rig, PH_EVENT_CLOSE, 1, NULL, 0);
  answer (&rig, DATA, 0, (const guint8 *)"told", 4);
  assert_reads (&rig, "told");
  assert_ends (&rig, FALSE);
  ph_test_wait (rig.context, has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  rig_clear (&rig);
}

/* Frames for names that the Client did not open are nothing to it; a CONNECT is malformed. */
static void
test_client_and_strangers (void)
{
  PhMuxCounters counters;
  Rig rig;

  rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  send (&rig, DATA, 0, "x");
  send (&rig, PH_EVENT_CLOSE, 1, NULL);
  send_bytes (&rig, &(Line){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\1", 4);
  settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  send (&rig, CONNECT, 0, NULL);
  settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 1);
  g_assert_cmpuint (rig.received->len, ==, 0);
  rig_clear (&rig);
}

/* Connects from 127.0.0.1:@port, which another socket may use too; FALSE where the system minds. */
static gboolean
open_from (Rig *rig, guint16 *port, GSocket *listening, guint16 listening_port, GSocket **ret_app)
{
  const PhDestination destination = { NULL, get_name (rig).dst };
  PhEndpoint local = { .port = *port };
  PhEndpoint remote = { .port = listening_port };
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) local_address = NULL;
  g_autoptr (GSocketAddress) remote_address = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) accepted = NULL;

  ph_address_parse ("127.0.0.1", local.addr);
  ph_address_parse ("127.0.0.1", remote.addr);
  local_address = ph_endpoint_dup_socket_address (&local);
  remote_address = ph_endpoint_dup_socket_address (&remote);
  if (!g_socket_bind (socket, local_address, TRUE, NULL) ||
      !g_socket_connect (socket, remote_address, NULL, NULL))
    return FALSE;
  bound = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_socket_set_blocking (listening, TRUE);
  accepted = g_socket_accept (listening, NULL, NULL);
  g_assert_nonnull (accepted);
  ph_mux_open (rig->mux, accepted, &destination, rig);
  *ret_app = g_steal_pointer (&socket);
  return TRUE;
}

/* Two mappings to one service, reached from one port: the names differ all the same. */
static void
test_names_differ (void)
{
  PhFrame first;
  PhFrame second;
  Rig rig;
  guint16 other_port;
  guint16 port = 0;
  g_autoptr (GSocket) other = ph_stream_listen (&other_port);
  g_autoptr (GSocket) app = NULL;
  g_autoptr (GSocket) other_app = NULL;

  rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  g_assert_true (open_from (&rig, &port, rig.service, rig.port, &app));
  if (open_from (&rig, &port, other, other_port, &other_app))
    {
      settle (&rig);
      g_assert_true (find_frame (&rig, CONNECT, 0, &first));
      g_assert_true (find_frame (&rig, CONNECT, 1, &second));
      g_assert_cmpuint (first.name.src.port, ==, port);
      g_assert_true (ph_address_is_ipv4 (first.name.src.addr));
      g_assert_cmpuint (second.name.src.port, ==, port);
      g_assert_cmpuint (second.name.src.addr[0], ==, 0xfd);
    }
  else
    g_test_skip ("this system does not share a port between two connections");
  rig_clear (&rig);
}

static void
add_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux-frames/order/%s", orders[i].name);

      g_test_add_data_func (path, &orders[i], test_order);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux-frames/malformed/%s", malformed[i].name);

      g_test_add_data_func (path, &malformed[i], test_malformed);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (malformed_lines); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux-frames/malformed/%s", malformed_lines[i].name);

      g_test_add_data_func (path, &malformed_lines[i], test_malformed_lines);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (connects); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux-frames/connect/%s", connects[i].name);

      g_test_add_data_func (path, &connects[i], test_connect);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_tables ();
  g_test_add_func ("/mux-frames/wrap-around", test_wrap_around);
  g_test_add_func ("/mux-frames/credit-overrun", test_credit_overrun);
  g_test_add_func ("/mux-frames/hundred-malformed", test_hundred_malformed);
  g_test_add_func ("/mux-frames/close/done", test_close_done);
  g_test_add_func ("/mux-frames/close/lingers", test_close_lingers);
  g_test_add_func ("/mux-frames/window/early-and-late", test_window_early_and_late);
  g_test_add_func ("/mux-frames/window/within-budget", test_windows_within_budget);
  g_test_add_func ("/mux-frames/eof", test_eof);
  g_test_add_func ("/mux-frames/close/reason", test_close_with_reason);
  g_test_add_func ("/mux-frames/close/unknown-reason", test_close_with_unknown_reason);
  g_test_add_func ("/mux-frames/close/plain-service-ends", test_plain_service_ends);
  g_test_add_data_func ("/mux-frames/name-again/kept", GINT_TO_POINTER (0), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/forgotten", GINT_TO_POINTER (1), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/kept-from-0", GINT_TO_POINTER (2), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/forgotten-from-0", GINT_TO_POINTER (3),
                        test_name_again);
  g_test_add_func ("/mux-frames/name-again/after-gap", test_name_again_after_gap);
  g_test_add_func ("/mux-frames/hang-up-is-quiet", test_hang_up_is_quiet);
  g_test_add_func ("/mux-frames/budget", test_budget);
  g_test_add_func ("/mux-frames/plain-limit", test_plain_limit);
  g_test_add_func ("/mux-frames/many-names", test_many_names);
  g_test_add_func ("/mux-frames/client/told-why", test_client_is_told_why);
  g_test_add_func ("/mux-frames/client/plain-host", test_client_of_plain_host);
  g_test_add_func ("/mux-frames/client/strangers", test_client_and_strangers);
  g_test_add_func ("/mux-frames/client/names-differ", test_names_differ);
  return g_test_run ();
}
