/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "signaling/ph-signal-head.h"

#define POST "POST /session HTTP/1.1\r\nHost: x\r\n"
#define GET "GET /session/x?for=join&wait=30 HTTP/1.1\r\n"

typedef struct
{
  const char *head; /* up to its end and no further */
  PhSignalHeadState state;
} Case;

static const Case cases[] = {
  { GET "\r\n", PH_SIGNAL_HEAD_DONE },
  { GET "Host: x\r\nX-Forwarded-For: 192.0.2.1, 2001:db8::1\r\n\r\n", PH_SIGNAL_HEAD_DONE },
  { GET "Authorization: Bearer a-b_c\r\nAccept:\r\nUser-Agent: \t x/1 (\xc3\xbc) \t\r\n\r\n",
    PH_SIGNAL_HEAD_DONE },
  { POST "Content-Length: 0\r\n\r\n", PH_SIGNAL_HEAD_DONE },
  { POST "content-length:\t12 \r\n\r\n", PH_SIGNAL_HEAD_DONE },
  { POST "Transfer-Encoding: Chunked\r\n\r\n", PH_SIGNAL_HEAD_DONE },
  { "GET / HTTP/1.0\r\n\r\n", PH_SIGNAL_HEAD_DONE },
  { "PATCH * HTTP/1.1\r\n\r\n", PH_SIGNAL_HEAD_DONE },

  { "", PH_SIGNAL_HEAD_MORE },
  { "GET / HTTP/1.1\r\n", PH_SIGNAL_HEAD_MORE },
  { "GET / HTTP/1.1\r\nHost: x\r\n\r", PH_SIGNAL_HEAD_MORE },

  /* The request line. */
  { "\r\n", PH_SIGNAL_HEAD_BAD },
  { "\n", PH_SIGNAL_HEAD_BAD },
  { " GET / HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET \r\n", PH_SIGNAL_HEAD_BAD },
  { "GET /\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET  / HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/1.1 \r\n", PH_SIGNAL_HEAD_BAD },
  { "GET /a b HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET /\x01 HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET /\x7f HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET /\xc3\xbc HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "G@T / HTTP/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/1.2\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/1.10\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/2.0\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / http/1.1\r\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/1.1\n", PH_SIGNAL_HEAD_BAD },
  { "GET / HTTP/1.1\r\r\n", PH_SIGNAL_HEAD_BAD },

  /* Fields. */
  { GET "Host\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "Host: x/y\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "Host: x@y\r\n", PH_SIGNAL_HEAD_BAD },
  { GET ": x\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "Host : x\r\n", PH_SIGNAL_HEAD_BAD },
  { GET " Host: x\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "A: b\r\n c\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "A: b\n", PH_SIGNAL_HEAD_BAD },
  { GET "A: b\rc\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "A: \x1b\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "\xc3\xbc: a\r\n", PH_SIGNAL_HEAD_BAD },
  { GET "Host: x\r\nhost: y\r\n", PH_SIGNAL_HEAD_BAD },

  /* What two readers might take for bodies of two lengths. */
  { POST "Content-Length: 12\r\nContent-Length: 12\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: 12, 12\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length:\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: -1\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: +1\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: 0x1\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: 1 2\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: 9999999999999999999\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: gzip, chunked\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: chunked, identity\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: \x0b"
         "chunked\r\n",
    PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding: identity\r\n", PH_SIGNAL_HEAD_BAD },
  { POST "Transfer-Encoding:\r\n", PH_SIGNAL_HEAD_BAD },
  { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", PH_SIGNAL_HEAD_BAD },
};

/* Whole, and byte by byte: final at the last byte, and not before. */
static void
test_cases (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *text = cases[i].head;
      g_autoptr (PhSignalHead) whole = ph_signal_head_new ();
      g_autoptr (PhSignalHead) dripped = ph_signal_head_new ();

      if (ph_signal_head_take (whole, text, strlen (text)) != cases[i].state)
        g_error ("“%s”: %d", text, ph_signal_head_get_state (whole));
      for (gsize j = 0; j < strlen (text); j++)
        {
          g_assert_cmpint (ph_signal_head_get_state (dripped), ==, PH_SIGNAL_HEAD_MORE);
          ph_signal_head_take (dripped, text + j, 1);
        }
      g_assert_cmpint (ph_signal_head_get_state (dripped), ==, cases[i].state);
    }
}

/* No byte but what is allowed is let through, wherever it stands. */
static void
test_bytes (void)
{
  static const char good[] = GET "Host: x\r\n\r\n";

  for (gsize at = 0; at < strlen (good); at++)
    for (guint c = 0; c < 256; c++)
      {
        g_autoptr (PhSignalHead) head = ph_signal_head_new ();
        g_autofree char *bytes = g_memdup2 (good, sizeof good);

        bytes[at] = (char)c;
        ph_signal_head_take (head, bytes, strlen (good));
        if (c < 0x20 && c != '\t' && c != (guint8)good[at])
          g_assert_cmpint (ph_signal_head_get_state (head), !=, PH_SIGNAL_HEAD_DONE);
      }
}

/* What follows the head is not looked at, and what is refused stays refused. */
static void
test_final (void)
{
  static const char body[] = "\0\r\n\n:";
  g_autoptr (PhSignalHead) good = ph_signal_head_new ();
  g_autoptr (PhSignalHead) bad = ph_signal_head_new ();

  ph_signal_head_take (good,
                       GET "\r\n"
                           "\0\n",
                       strlen (GET "\r\n") + 2);
  g_assert_cmpint (ph_signal_head_take (good, body, sizeof body), ==, PH_SIGNAL_HEAD_DONE);
  ph_signal_head_take (bad, "\n", 1);
  g_assert_cmpint (ph_signal_head_take (bad, GET "\r\n", strlen (GET "\r\n")), ==,
                   PH_SIGNAL_HEAD_BAD);
}

/* One that breaks off is none; nobody asked where nothing came. */
static void
test_end (void)
{
  static const char whole[] = GET "Host: x\r\n\r\n";

  for (gsize size = 0; size <= strlen (whole); size++)
    {
      g_autoptr (PhSignalHead) head = ph_signal_head_new ();

      ph_signal_head_take (head, whole, size);
      g_assert_cmpint (ph_signal_head_end (head), ==,
                       size == 0                ? PH_SIGNAL_HEAD_MORE
                       : size == strlen (whole) ? PH_SIGNAL_HEAD_DONE
                                                : PH_SIGNAL_HEAD_BAD);
    }
}

static PhSignalHeadState
take_fields (guint n, gsize value_size)
{
  g_autoptr (PhSignalHead) head = ph_signal_head_new ();
  g_autoptr (GString) text = g_string_new (GET);
  g_autofree char *value = g_strnfill (value_size, 'v');

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "a:%s\r\n", value);
  g_string_append (text, "\r\n");
  return ph_signal_head_take (head, text->str, text->len);
}

static void
test_limits (void)
{
  const gsize room = PH_SIGNAL_HEAD_MAX - strlen (GET "a:\r\n\r\n");

  g_assert_cmpint (take_fields (PH_SIGNAL_HEAD_MAX_FIELDS, 0), ==, PH_SIGNAL_HEAD_DONE);
  g_assert_cmpint (take_fields (PH_SIGNAL_HEAD_MAX_FIELDS + 1, 0), ==, PH_SIGNAL_HEAD_TOO_LARGE);
  g_assert_cmpint (take_fields (1, room), ==, PH_SIGNAL_HEAD_DONE);
  g_assert_cmpint (take_fields (1, room + 1), ==, PH_SIGNAL_HEAD_TOO_LARGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-head/cases", test_cases);
  g_test_add_func ("/signal-head/bytes", test_bytes);
  g_test_add_func ("/signal-head/final", test_final);
  g_test_add_func ("/signal-head/end", test_end);
  g_test_add_func ("/signal-head/limits", test_limits);
  return g_test_run ();
}
