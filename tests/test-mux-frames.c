/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-mux-rig.h"
#include "tunnel/ph-reorder.h"

/* What other programs may send, and what nobody should. */

/* Order and fragments, at a Host */

typedef struct
{
  const char *name;
  const char *expected; /* what the service reads */
  PhLine lines[10];
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
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  for (gsize i = 0; i < G_N_ELEMENTS (order->lines); i++)
    {
      if (order->lines[i].event != DATA || order->lines[i].id != 0 ||
          order->lines[i].payload != NULL)
        ph_rig_send_line (&rig, &order->lines[i]);
    }
  ph_rig_assert_reads (&rig, order->expected);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  ph_rig_clear (&rig);
}

/* More messages than there are numbers. */
static void
test_wrap_around (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { NULL, text, 140000, FALSE, FALSE };
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  for (guint i = 1; i <= 140000; i += 2)
    {
      ph_rig_send (&rig, DATA, (guint16)(i + 1), "b");
      ph_rig_send (&rig, DATA, (guint16)i, "a");
    }
  reading.rig = &rig;
  ph_test_wait (rig.context, ph_rig_has_read, &reading);
  for (guint i = 0; i < 140000; i++)
    g_assert_cmpint (text->str[i], ==, i % 2 == 0 ? 'a' : 'b');
  ph_rig_clear (&rig);
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
make_malformed (const PhRig *rig, const Malformed *kind)
{
  GByteArray *message = g_byte_array_new ();
  const PhFrame frame = { .name = ph_rig_get_name (rig), .total_chunks = 1 };
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
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, kind->extensions);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  message = make_malformed (&rig, kind);
  ph_rig_send_raw (&rig, message->data, message->len);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  ph_rig_assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_PROTOCOL_ERROR);
  g_assert_null (rig.error);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 1);
  ph_rig_clear (&rig);
}

/* The same for what takes more than one frame. */
typedef struct
{
  const char *name;
  PhExtensions extensions;
  PhLine lines[4];
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
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, kind->extensions);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  ph_rig_send_line (&rig, &kind->lines[0]);
  ph_rig_send_line (&rig, &kind->lines[1]);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  ph_rig_clear (&rig);
}

static void
test_credit_overrun (void)
{
  g_autofree guint8 *payload = g_malloc0 (65000);
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT);
  ph_mux_set_held (rig.mux, TRUE); /* so that nothing is given back */
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send_bytes (&rig, &(PhLine){ DATA, 1 }, payload, 65000);
  ph_rig_send_bytes (&rig, &(PhLine){ DATA, 2 }, payload, 536); /* all there is */
  ph_rig_settle (&rig);
  g_assert_false (ph_rig_has_close (&rig));
  ph_rig_send_bytes (&rig, &(PhLine){ DATA, 3 }, payload, 1);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_PROTOCOL_ERROR);
  ph_rig_clear (&rig);
}

static void
test_hundred_malformed (void)
{
  PhMuxCounters counters;
  guint n_turns = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  for (guint i = 0; i < PH_MUX_MAX_MALFORMED - 1; i++)
    ph_rig_send_raw (&rig, (const guint8 *)"no frame", 8);
  ph_rig_settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, PH_MUX_MAX_MALFORMED - 1);
  g_assert_cmpuint (counters.connections, ==, 1);
  g_assert_null (rig.error);
  ph_rig_send_raw (&rig, (const guint8 *)"", 0);
  ph_test_wait (rig.context, ph_rig_has_failed, &rig);
  g_assert_error (rig.error, PH_ERROR, PH_ERROR_PROTOCOL);
  g_assert_cmpuint (rig.n_closed, ==, 1);
  ph_rig_assert_ends (&rig, TRUE);

  /* What still comes is taken and thrown away, or the channel would keep the loop busy. */
  ph_rig_send (&rig, CONNECT, 5, NULL);
  while (n_turns < 100 && g_main_context_iteration (rig.context, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, <, 100);
  ph_rig_clear (&rig);
}

/* Opening and closing, at a Host */

/* Its CLOSE is answered at once; what came before it is delivered first. */
static void
test_close_done (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, PH_EVENT_CLOSE, 2, NULL);
  ph_rig_send (&rig, DATA, 1, "all of it");
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_DONE);
  ph_rig_assert_reads (&rig, "all of it");
  ph_rig_assert_ends (&rig, FALSE);
  g_socket_close (rig.dialled, NULL);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  ph_rig_clear (&rig);
}

/* An application that does not end holds nothing up for longer than 5 s. */
static void
test_close_lingers (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send (&rig, PH_EVENT_CLOSE, 1, NULL);
  ph_rig_assert_ends (&rig, FALSE);
  g_assert_cmpint (g_socket_send (rig.dialled, "more", 4, NULL, NULL), ==, 4);
  g_assert_cmpuint (rig.n_closed, ==, 0);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  ph_rig_clear (&rig);
}

/* Credit that overtakes its CONNECT is not lost, and a late one harms nobody. */
static void
test_window_early_and_late (void)
{
  g_autofree char *text = g_strnfill (100000, 'x');
  PhMuxCounters counters;
  gsize sent = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT);
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\12", 4);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
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
  ph_rig_settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.bytes_out, ==, PH_MUX_START_WINDOW_BYTES + 10);
  ph_rig_send (&rig, PH_EVENT_CLOSE, 1, NULL);
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\1", 4);
  ph_rig_settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  ph_rig_clear (&rig);
}

/* Half-close: each end's EOF goes out as it comes, and CLOSE follows when both have passed. */
static void
test_eof (void)
{
  PhFrame frame;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_OURS);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send (&rig, DATA, 1, "ask");
  ph_rig_send (&rig, PH_EVENT_EOF, 2, NULL);
  ph_rig_assert_ends (&rig, FALSE);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_OPENED, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 0);
  g_assert_false (ph_rig_has_close (&rig));
  g_assert_cmpint (g_socket_send (rig.dialled, "told", 4, NULL, NULL), ==, 4);
  g_socket_close (rig.dialled, NULL);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_true (ph_rig_find_frame (&rig, DATA, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 1);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_EOF, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 2);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_CLOSE, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 3);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_DONE);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  ph_rig_clear (&rig);
}

static void
test_close_with_reason (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_CLOSE, 1 }, (const guint8 *)"\0\6gone\33[31m", 11);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  ph_rig_assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_RESET);
  ph_rig_clear (&rig);
}

/* A reason that a later version may have still means that it failed. */
static void
test_close_with_unknown_reason (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_CLOSE, 1 }, (const guint8 *)"\377\377", 2);
  ph_rig_assert_ends (&rig, TRUE);
  ph_rig_clear (&rig);
}

/* A plain peer's service ends: CLOSE done goes out though the other side has not ended. */
static void
test_plain_service_ends (void)
{
  PhRig rig;
  PhFrame frame;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 100, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  g_assert_cmpint (g_socket_send (rig.dialled, "bye", 3, NULL, NULL), ==, 3);
  g_socket_shutdown (rig.dialled, FALSE, TRUE, NULL);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_DONE);
  g_assert_true (ph_rig_find_frame (&rig, DATA, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 0);
  g_assert_cmpmem (frame.payload, frame.payload_size, "bye", 3);
  g_assert_true (ph_rig_find_frame (&rig, PH_EVENT_CLOSE, 0, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, 1);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);

  /* What still comes is dropped silently, its CLOSE is not answered again. */
  ph_rig_send (&rig, DATA, 101, "too late");
  ph_rig_send (&rig, PH_EVENT_CLOSE, 102, NULL);
  ph_rig_settle (&rig);
  g_assert_false (ph_rig_find_frame (&rig, PH_EVENT_CLOSE, 1, &frame));
  ph_rig_clear (&rig);
}

/* A name that is used again, numbers going on where they stopped or from 0. */
static void
test_name_again (gconstpointer data)
{
  gboolean answers = GPOINTER_TO_INT (data) & 1;
  guint16 start = GPOINTER_TO_INT (data) & 2 ? 0 : 3;
  PhFrame frame;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send (&rig, DATA, 1, "first");
  ph_rig_assert_reads (&rig, "first");
  g_socket_close (rig.dialled, NULL);
  g_clear_object (&rig.dialled);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  if (answers)
    ph_rig_send (&rig, PH_EVENT_CLOSE, 2, NULL);
  ph_rig_settle (&rig);
  if (start > 0)
    ph_rig_send (&rig, DATA, (guint16)(start + 1), "second"); /* overtakes its CONNECT */
  ph_rig_send (&rig, CONNECT, start, NULL);
  if (start == 0)
    ph_rig_send (&rig, DATA, (guint16)(start + 1), "second");
  ph_rig_assert_reads (&rig, "second");
  g_assert_cmpint (g_socket_send (rig.dialled, "x", 1, NULL, NULL), ==, 1);
  g_socket_close (rig.dialled, NULL);
  while (!ph_rig_find_frame (&rig, DATA, 0, &frame))
    g_main_context_iteration (rig.context, TRUE);
  g_assert_cmpuint (frame.chunk_id, ==, 0); /* ours from 0 */
  ph_rig_clear (&rig);
}

/* The next connection of a name may overtake all that is left of the last one. */
static void
test_name_again_overtakes (void)
{
  PhMuxCounters counters;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  ph_rig_send (&rig, CONNECT, 2, NULL);
  ph_rig_send (&rig, DATA, 3, "second");
  ph_rig_send (&rig, CONNECT, 5, NULL);
  ph_rig_send (&rig, DATA, 6, "third");
  ph_rig_send (&rig, PH_EVENT_CLOSE, 1, NULL);
  ph_rig_assert_ends (&rig, FALSE);
  g_clear_object (&rig.dialled);
  ph_rig_assert_reads (&rig, "second");
  g_clear_object (&rig.dialled);
  ph_rig_send (&rig, PH_EVENT_CLOSE, 4, NULL);
  ph_rig_assert_reads (&rig, "third");
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  ph_rig_clear (&rig);
}

/* What the name's last connection left behind is no part of the next. */
static void
test_name_again_after_gap (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  g_socket_close (rig.dialled, NULL);
  g_clear_object (&rig.dialled);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  ph_rig_send (&rig, DATA, 3, "stale");
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send (&rig, DATA, 1, "a");
  ph_rig_send (&rig, DATA, 2, "b");
  ph_rig_send (&rig, DATA, 3, "c");
  ph_rig_assert_reads (&rig, "abc");
  ph_rig_clear (&rig);
}

/* A service that has ended while nobody reads it does not keep the loop busy. */
static void
test_hang_up_is_quiet (void)
{
  g_autofree char *text = g_strnfill (120000, 'x');
  PhMuxCounters counters = { 0 };
  guint n_turns = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSION_CREDIT | PH_EXTENSION_EOF);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_send (&rig, PH_EVENT_EOF, 1, NULL);
  ph_rig_assert_ends (&rig, FALSE);
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
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_WINDOW }, (const guint8 *)"\0\17\0\0", 4);
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.bytes_out, ==, 120000);
  ph_rig_clear (&rig);
}

/* CONNECT's payload */

typedef struct
{
  const char *name;
  const char *payload;
  const char *dst; /* NULL: all zero */
  PhExtensions extensions;
  PhCloseReason reason;
  gsize size; /* of the payload; 0: up to the NUL */
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
  { "nul-in-name", "name=localhost\0x", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_PROTOCOL_ERROR, 16 },
  { "unspecified", NULL, NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NOT_ALLOWED },
};

static void
test_connect (gconstpointer data)
{
  const Connect *connect = data;
  gsize size = connect->payload != NULL ? strlen (connect->payload) : 0;
  guint8 message[512];
  PhFrame frame = { .event = CONNECT, .total_chunks = 1 };
  PhRig rig;

  if (connect->size > 0)
    size = connect->size;
  frame.payload_size = (guint16)size;
  ph_rig_init (&rig, PH_MUX_HOST, connect->extensions);
  frame.name = ph_rig_get_name (&rig);
  memset (frame.name.dst.addr, 0, sizeof frame.name.dst.addr);
  if (connect->dst != NULL)
    g_assert_true (ph_address_parse (connect->dst, frame.name.dst.addr));
  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, connect->payload, size);
  ph_rig_send_raw (&rig, message, PH_FRAME_HEADER_SIZE + size);
  if (connect->reason == PH_CLOSE_DONE)
    ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  else
    {
      ph_test_wait (rig.context, ph_rig_has_close, &rig);
      g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, connect->reason);
    }
  g_assert_cmpint (rig.dialled != NULL, ==, connect->reason == PH_CLOSE_DONE);
  ph_rig_clear (&rig);
}

/* Bounds */

/* Sends @n of the largest frames under the name with @port, which nobody has opened. */
static void
send_early (PhRig *rig, guint16 port, guint16 n)
{
  g_autofree guint8 *message = g_malloc0 (PH_FRAME_MAX_SIZE);
  PhFrame frame = { .event = DATA, .total_chunks = 1, .payload_size = PH_FRAME_MAX_PAYLOAD };

  frame.name = ph_rig_get_name (rig);
  frame.name.src.port = port;
  for (guint16 i = 1; i <= n; i++)
    {
      frame.chunk_id = i;
      ph_frame_encode_header (&frame, message);
      ph_rig_send_raw (rig, message, PH_FRAME_MAX_SIZE);
    }
  ph_rig_settle (rig);
}

/* Frames of connections that nobody opens are counted against the budget; past it the fullest goes.
 */
static void
test_budget (void)
{
  const gsize frame_bytes = PH_FRAME_MAX_PAYLOAD + PH_REORDER_FRAME_CHARGE_BYTES;
  PhMuxCounters counters;
  gsize expected = 0;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
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
  ph_rig_clear (&rig);
}

/* One connection without credit holds 8 MiB, small frames with their charge. */
static void
test_plain_limit (void)
{
  PhMuxCounters counters;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_test_wait (rig.context, ph_rig_is_dialled, &rig);
  for (guint round = 0; round < 3; round++)
    {
      /* Fragments in no order of one message that is never whole. */
      for (guint i = 65000; i > 5; i--)
        ph_rig_send_line (&rig, &(PhLine){ DATA, (guint16)(2 + round), (guint16)i, 65535, "x" });
      ph_rig_settle (&rig);
    }
  ph_test_wait (rig.context, ph_rig_has_close, &rig);
  g_assert_cmpint (ph_rig_get_close_reason (&rig), ==, PH_CLOSE_TOO_SLOW);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.held_bytes, <=, PH_MUX_PLAIN_LIMIT_BYTES);
  ph_rig_clear (&rig);
}

/* More names than may be remembered: the oldest go, and nothing else happens. */
static void
test_many_names (void)
{
  PhFrame frame = { .event = PH_EVENT_CLOSE, .total_chunks = 1 };
  guint8 message[PH_FRAME_HEADER_SIZE];
  PhMuxCounters counters;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_HOST, PH_EXTENSIONS_NONE);
  for (guint i = 0; i < 20000; i++)
    {
      frame.name = ph_rig_get_name (&rig);
      frame.name.src.port = (guint16)i;
      ph_frame_encode_header (&frame, message);
      ph_rig_send_raw (&rig, message, sizeof message);
    }
  for (guint i = 0; i < 200; i++)
    g_main_context_iteration (rig.context, FALSE);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.held_bytes, ==,
                    PH_MUX_MAX_CONNECTIONS * PH_REORDER_FRAME_CHARGE_BYTES);
  ph_rig_clear (&rig);
}

/* A Client */

static void
open_one (PhRig *rig)
{
  PhDestination destination = { NULL, ph_rig_get_name (rig).dst };
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

  return ph_rig_find_frame (user_data, CONNECT, 0, &frame);
}

static void
answer (PhRig *rig, PhEvent event, guint16 id, const guint8 *payload, gsize size)
{
  PhFrame frame;
  guint8 message[512];

  g_assert_true (ph_rig_find_frame (rig, CONNECT, 0, &frame));
  frame.event = event;
  frame.chunk_id = id;
  frame.payload_size = (guint16)size;
  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, payload, size);
  ph_rig_send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

static void
test_client_is_told_why (void)
{
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  open_one (&rig);
  ph_test_wait (rig.context, has_connect, &rig);
  answer (&rig, PH_EVENT_CLOSE, 0, (const guint8 *)"\0\2", 2);
  ph_rig_assert_ends (&rig, TRUE);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_REFUSED);
  g_assert_cmpuint (rig.n_opened, ==, 0);
  ph_test_wait (rig.context, ph_rig_has_close, &rig); /* one each way */
  ph_rig_clear (&rig);
}

/* A plain Host: open at once, and the application's half-close stays here. */
static void
test_client_of_plain_host (void)
{
  PhFrame frame;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_NONE);
  open_one (&rig);
  ph_test_wait (rig.context, has_connect, &rig);
  g_assert_cmpuint (rig.n_opened, ==, 1);
  g_assert_cmpint (g_socket_send (rig.dialled, "ask", 3, NULL, NULL), ==, 3);
  g_socket_shutdown (rig.dialled, FALSE, TRUE, NULL);
  while (!ph_rig_find_frame (&rig, DATA, 0, &frame))
    g_main_context_iteration (rig.context, TRUE);
  ph_rig_settle (&rig);
  g_assert_false (ph_rig_has_close (&rig));
  answer (&rig, PH_EVENT_CLOSE, 1, NULL, 0);
  answer (&rig, DATA, 0, (const guint8 *)"told", 4);
  ph_rig_assert_reads (&rig, "told");
  ph_rig_assert_ends (&rig, FALSE);
  ph_test_wait (rig.context, ph_rig_has_closed, &rig);
  g_assert_cmpint (rig.reason, ==, PH_CLOSE_DONE);
  ph_rig_clear (&rig);
}

/* Frames for names that the Client did not open are nothing to it; a CONNECT is malformed. */
static void
test_client_and_strangers (void)
{
  PhMuxCounters counters;
  PhRig rig;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  ph_rig_send (&rig, DATA, 0, "x");
  ph_rig_send (&rig, PH_EVENT_CLOSE, 1, NULL);
  ph_rig_send_bytes (&rig, &(PhLine){ PH_EVENT_WINDOW }, (const guint8 *)"\0\0\0\1", 4);
  ph_rig_settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  ph_rig_send (&rig, CONNECT, 0, NULL);
  ph_rig_settle (&rig);
  ph_mux_get_counters (rig.mux, &counters);
  g_assert_cmpuint (counters.malformed, ==, 1);
  g_assert_cmpuint (rig.received->len, ==, 0);
  ph_rig_clear (&rig);
}

/* Connects from 127.0.0.1:@port, which another socket may use too; FALSE where the system minds. */
static gboolean
open_from (PhRig *rig, guint16 *port, GSocket *listening, guint16 listening_port, GSocket **ret_app)
{
  const PhDestination destination = { NULL, ph_rig_get_name (rig).dst };
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
  PhRig rig;
  guint16 other_port;
  guint16 port = 0;
  g_autoptr (GSocket) other = ph_stream_listen (&other_port);
  g_autoptr (GSocket) app = NULL;
  g_autoptr (GSocket) other_app = NULL;

  ph_rig_init (&rig, PH_MUX_CLIENT, PH_EXTENSIONS_OURS);
  g_assert_true (open_from (&rig, &port, rig.service, rig.port, &app));
  if (open_from (&rig, &port, other, other_port, &other_app))
    {
      ph_rig_settle (&rig);
      g_assert_true (ph_rig_find_frame (&rig, CONNECT, 0, &first));
      g_assert_true (ph_rig_find_frame (&rig, CONNECT, 1, &second));
      g_assert_cmpuint (first.name.src.port, ==, port);
      g_assert_true (ph_address_is_ipv4 (first.name.src.addr));
      g_assert_cmpuint (second.name.src.port, ==, port);
      g_assert_cmpuint (second.name.src.addr[0], ==, 0xfd);
    }
  else
    g_test_skip ("this system does not share a port between two connections");
  ph_rig_clear (&rig);
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
  g_test_add_func ("/mux-frames/eof", test_eof);
  g_test_add_func ("/mux-frames/close/reason", test_close_with_reason);
  g_test_add_func ("/mux-frames/close/unknown-reason", test_close_with_unknown_reason);
  g_test_add_func ("/mux-frames/close/plain-service-ends", test_plain_service_ends);
  g_test_add_data_func ("/mux-frames/name-again/kept", GINT_TO_POINTER (0), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/forgotten", GINT_TO_POINTER (1), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/kept-from-0", GINT_TO_POINTER (2), test_name_again);
  g_test_add_data_func ("/mux-frames/name-again/forgotten-from-0", GINT_TO_POINTER (3),
                        test_name_again);
  g_test_add_func ("/mux-frames/name-again/overtakes", test_name_again_overtakes);
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
