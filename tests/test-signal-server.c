/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-test-loop.h"
#include "signaling/ph-signal-server.h"
#include "signaling/ph-signal.h"

#define DEADLINE_US (20 * G_TIME_SPAN_SECOND)

/* ---- A socket that is written and read by hand, in the server's own context ---- */

typedef struct
{
  GSocket *socket;
  GSource *source;
  GString *received;
  gboolean ended;
} Wire;

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Wire *wire = data;
  char buffer[4096];
  gssize n = g_socket_receive (socket, buffer, sizeof buffer, NULL, NULL);

  if (n > 0)
    g_string_append_len (wire->received, buffer, n);
  wire->ended = n <= 0;
  return n > 0;
}

static Wire *
wire_open (guint16 port)
{
  Wire *wire = g_new0 (Wire, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);

  wire->received = g_string_new (NULL);
  wire->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_connect (wire->socket, address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (wire->socket, FALSE);
  wire->source = g_socket_create_source (wire->socket, G_IO_IN, NULL);
  g_source_set_callback (wire->source, G_SOURCE_FUNC (on_readable), wire, NULL);
  g_source_attach (wire->source, NULL);
  return wire;
}

static void
wire_free (Wire *wire)
{
  g_source_destroy (wire->source);
  g_source_unref (wire->source);
  g_socket_close (wire->socket, NULL);
  g_object_unref (wire->socket);
  g_string_free (wire->received, TRUE);
  g_free (wire);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wire, wire_free)

/* All @size bytes, while the server reads; FALSE if it cuts us off. */
static gboolean
wire_send (Wire *wire, const char *bytes, gsize size)
{
  gint64 end_us = g_get_monotonic_time () + DEADLINE_US;
  gsize sent = 0;

  while (sent < size && !wire->ended && g_get_monotonic_time () < end_us)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (wire->socket, bytes + sent, size - sent, NULL, &error);

      if (n > 0)
        sent += (gsize)n;
      else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return FALSE;
      g_main_context_iteration (NULL, FALSE);
    }
  return sent == size;
}

/* What came back until the server closed. */
static const char *
wire_read (Wire *wire)
{
  ph_test_wait_for (wire->ended);
  return wire->received->str;
}

static guint
get_status (const char *answer)
{
  return g_str_has_prefix (answer, "HTTP/1.1 ") ? (guint)g_ascii_strtoull (answer + 9, NULL, 10)
                                                : 0;
}

/* ---- The server, and calls to it ---- */

typedef struct
{
  PhSignalServer *server;
  guint16 port;
} Fixture;

static void
set_up (Fixture *f, const PhSignalServerOptions *options)
{
  const PhSignalServerOptions usual = PH_SIGNAL_SERVER_OPTIONS_INIT;
  g_autoptr (GError) error = NULL;
  PhEndpoint endpoint;

  g_assert_true (ph_endpoint_parse ("127.0.0.1:0", &endpoint, NULL));
  f->server = ph_signal_server_new (options != NULL ? options : &usual);
  ph_signal_server_listen (f->server, &endpoint, &error);
  g_assert_no_error (error);
  f->port = ph_signal_server_get_port (f->server);
  g_assert_cmpuint (f->port, !=, 0);
}

static void
tear_down (Fixture *f)
{
  ph_signal_server_free (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Sends a request and leaves the answer to be read. @headers may be "". */
static Wire *
start (Fixture *f, const char *method, const char *path, const char *headers, const char *body)
{
  Wire *wire = wire_open (f->port);
  g_autofree char *request = g_strdup_printf (
      "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n%s\r\n%s", method, path,
      strlen (body), headers, body);

  g_assert_true (wire_send (wire, request, strlen (request)));
  return wire;
}

/* One whole call; the answer's body, owned. */
static char *
call (Fixture *f,
      const char *method,
      const char *path,
      const char *token,
      const char *body,
      guint *ret_status)
{
  g_autofree char *header =
      token != NULL ? g_strdup_printf ("Authorization: Bearer %s\r\n", token) : g_strdup ("");
  g_autoptr (Wire) wire = start (f, method, path, header, body);
  const char *answer = wire_read (wire);
  const char *content = strstr (answer, "\r\n\r\n");

  *ret_status = get_status (answer);
  return g_strdup (content != NULL ? content + 4 : "");
}

static guint
call_status (Fixture *f, const char *method, const char *path, const char *token, const char *body)
{
  guint status;

  g_free (call (f, method, path, token, body, &status));
  return status;
}

static PhSignalSession *
call_session (Fixture *f, const char *method, const char *path, const char *token, const char *body)
{
  guint status;
  g_autofree char *json = call (f, method, path, token, body, &status);
  g_autoptr (GError) error = NULL;
  PhSignalSession *session = ph_signal_session_parse (json, strlen (json), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (status / 100, ==, 2);
  return session;
}

static char *
path_of (const PhSignalSession *session, const char *rest)
{
  return g_strconcat ("/session/", session->id, rest, NULL);
}

/* ---- Tests ---- */

static void
test_exchange (void)
{
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autoptr (PhSignalSession) bob = NULL;
  g_autoptr (PhSignalSession) seen = NULL;
  g_autofree char *signal = NULL;
  g_autofree char *for_offer = NULL;
  g_autofree char *for_answer = NULL;
  g_autofree char *plain = NULL;

  set_up (&f, NULL);
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  signal = path_of (host, "/signal");
  for_offer = path_of (host, "?for=offer");
  for_answer = path_of (host, "?for=answer");
  plain = path_of (host, "");
  bob = call_session (&f, "POST", plain, NULL, "{\"client\":\"bob\"}");
  g_assert_cmpstr (bob->id, ==, host->id);
  g_assert_cmpint (bob->status, ==, PH_SIGNAL_JOINED);
  g_assert_cmpuint (call_status (&f, "POST", plain, NULL, "{\"client\":\"eve\"}"), ==, 404);
  g_assert_cmpuint (call_status (&f, "PUT", signal, NULL,
                                 "{\"type\":\"offer\",\"sdp\":\"o\",\"candidate\":[\"c\"]}"),
                    ==, 204);
  seen = call_session (&f, "GET", for_offer, NULL, "");
  g_assert_cmpstr (seen->offer->sdp, ==, "o");
  g_assert_cmpstr (seen->offer->candidates[0], ==, "c");
  g_assert_cmpuint (call_status (&f, "POST", signal, NULL, "{\"type\":\"answer\",\"sdp\":\"a\"}"),
                    ==, 204);
  g_assert_cmpuint (call_status (&f, "PUT", signal, NULL, "{\"type\":\"answer\",\"sdp\":\"b\"}"),
                    ==, 409);
  g_assert_cmpuint (call_status (&f, "GET", for_answer, NULL, ""), ==, 200);
  g_assert_cmpuint (call_status (&f, "DELETE", plain, NULL, ""), ==, 204);
  g_assert_cmpuint (call_status (&f, "GET", plain, NULL, ""), ==, 404);
  tear_down (&f);
}

typedef struct
{
  const char *method;
  const char *path;
  const char *body;
  guint status;
} Request;

static const Request requests[] = {
  { "GET", "/healthz", "", 200 },
  { "HEAD", "/healthz", "", 200 },
  { "GET", "/metrics", "", 200 },
  { "POST", "/metrics", "", 405 },
  { "GET", "/session", "", 405 },
  { "DELETE", "/healthz", "", 405 },
  { "OPTIONS", "/session", "", 405 },
  { "GET", "/", "", 404 },
  { "GET", "/session/", "", 404 },
  { "GET", "/session/short", "", 404 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa", "", 404 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa/signal/x", "", 404 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa/other", "", 404 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa/signal", "", 405 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa?for=nothing", "", 400 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa?since=-1", "", 400 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa?since=", "", 400 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa?wait=soon", "", 400 },
  { "GET", "/session/aaaaaaaaaaaaaaaaaaaaa?for=join&for=%ff%00", "", 400 },
  { "PATCH", "/session/aaaaaaaaaaaaaaaaaaaaa", "", 405 },
  { "DELETE", "/session/aaaaaaaaaaaaaaaaaaaaa", "", 404 },
  { "POST", "/session/aaaaaaaaaaaaaaaaaaaaa", "{\"client\":\"b\"}", 404 },
  { "POST", "/session", "", 400 },
  { "POST", "/session", "{}", 400 },
  { "POST", "/session", "host=anna", 400 },
  { "POST", "/session", "{\"host\":\"a\\u202e\"}", 400 },
  { "PUT", "/session/aaaaaaaaaaaaaaaaaaaaa/signal", "{\"type\":\"x\"}", 404 },
  { "GET", "/../../etc/passwd", "", 404 },
  { "GET", "/%2e%2e/%2e%2e/x", "", 404 },
};

static void
test_requests (void)
{
  Fixture f;

  set_up (&f, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      const Request *r = &requests[i];
      guint status = call_status (&f, r->method, r->path, NULL, r->body);

      if (status != r->status)
        g_error ("%s %s: %u", r->method, r->path, status);
    }
  tear_down (&f);
}

static void
test_error_body (void)
{
  Fixture f;
  guint status;
  g_autofree char *body = NULL;
  g_autofree char *message = NULL;

  set_up (&f, NULL);
  body = call (&f, "POST", "/session", NULL, "{\"host\":7}", &status);
  message = ph_signal_error_parse (body, strlen (body));
  g_assert_cmpstr (message, ==, "“host” must be a string");
  tear_down (&f);
}

/* Heads that libsoup must not see: it would refuse them and forget their path (LeakSanitizer
 * tells), or heads that could mean two things. */
static void
test_refused_heads (void)
{
  static const char *const fields[] = {
    "Host: x\r\nContent-Length: x",
    "Host: x\r\nContent-Length: -1",
    "Host: x\r\nContent-Length: 99999999999999999999",
    "Host: x\r\ncontent-length:",
    "Host: x\r\nContent-Length: 1\r\nContent-Length: 1",
    "Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
    "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Host: x\r\nTransfer-Encoding: gzip",
    "Host: x\r\nTransfer-Encoding:\r\n gzip",
    "Host: x/y",
    "Host: x\r\nX: y\r\n z",
    "Host: x\nTRANSFER-ENCODING:identity, chunked",
  };
  Fixture f;

  set_up (&f, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);
      g_autofree char *request = g_strdup_printf ("GET /healthz HTTP/1.1\r\n%s\r\n\r\n", fields[i]);

      g_assert_true (wire_send (wire, request, strlen (request)));
      g_assert_nonnull (strstr (wire_read (wire), " 400 "));
    }
  tear_down (&f);
}

/* However the head comes, its end is found, and a line may be long. */
static void
test_head_in_pieces (void)
{
  g_autofree char *much = g_strnfill (6000, 'x');
  g_autofree char *request = g_strdup_printf (
      "GET /healthz HTTP/1.1\r\nX: %s\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", much);
  gsize size = strlen (request);
  Fixture f;

  set_up (&f, NULL);
  for (gsize piece = 1; piece < 2 * size; piece *= 7)
    {
      g_autoptr (Wire) wire = wire_open (f.port);

      for (gsize i = 0; i < size; i += piece)
        g_assert_true (wire_send (wire, request + i, MIN (piece, size - i)));
      g_assert_cmpuint (get_status (wire_read (wire)), ==, 200);
    }
  tear_down (&f);
}

static void
test_range (void)
{
  Fixture f;
  g_autoptr (Wire) wire = NULL;

  set_up (&f, NULL);
  wire = start (&f, "GET", "/metrics", "Range: bytes=0-0,2-2,4-4,6-6\r\n", "");
  g_assert_cmpuint (get_status (wire_read (wire)), ==, 200);
  tear_down (&f);
}

/* Not HTTP, or barely. The server answers or closes, and goes on. */
static void
test_garbage (void)
{
  static const char *const garbage[] = {
    "\r\n\r\n\r\n",
    "GET\r\n\r\n",
    "GET / HTTP/9.9\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n", /* no Host */
    "GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* TLS */
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \xff\xfe\x01\r\n\r\n",
    "POST /session HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
  };
  Fixture f;

  set_up (&f, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (garbage); i++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);

      g_assert_true (wire_send (wire, garbage[i], strlen (garbage[i])));
      g_socket_shutdown (wire->socket, FALSE, TRUE, NULL);
      wire_read (wire);
    }
  g_assert_cmpuint (call_status (&f, "GET", "/healthz", NULL, ""), ==, 200);
  tear_down (&f);
}

/* A request that breaks off is not carried out, however much of it there is. */
static void
test_broken_off (void)
{
  static const char request[] = "DELETE /session/%s HTTP/1.1\r\nHost: x\r\n\r\n";
  Fixture f;
  g_autoptr (PhSignalSession) session = NULL;
  g_autofree char *text = NULL;

  set_up (&f, NULL);
  session = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  text = g_strdup_printf (request, session->id);
  for (gsize sent = 0; sent <= 4; sent++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);

      g_assert_true (wire_send (wire, text, strlen (text) - 4 + sent));
      g_socket_shutdown (wire->socket, FALSE, TRUE, NULL);
      g_assert_cmpuint (get_status (wire_read (wire)), ==, sent < 4 ? 400 : 204);
    }
  tear_down (&f);
}

static void
test_random_garbage (void)
{
  static const char *const starts[] = { "", "GET ", "POST /session HTTP/1.1\r\nHost: x\r\n" };
  Fixture f;

  set_up (&f, NULL);
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);
      g_autoptr (GString) text = g_string_new (starts[round % 3]);

      for (int n = g_test_rand_int_range (1, 300); n > 0; n--)
        g_string_append_c (text, (char)g_test_rand_int_range (0, 256));
      wire_send (wire, text->str, text->len);
      g_socket_shutdown (wire->socket, FALSE, TRUE, NULL);
      wire_read (wire);
    }
  g_assert_cmpuint (call_status (&f, "GET", "/healthz", NULL, ""), ==, 200);
  tear_down (&f);
}

static void
test_large_body (void)
{
  Fixture f;
  g_autofree char *body = g_strnfill (PH_SIGNAL_MAX_BODY + 1, ' ');
  g_autofree char *more = g_strnfill (1024 * 1024, ' ');
  g_autofree char *huge = g_strnfill (20 * 1024 * 1024, ' ');
  g_autofree char *fitting = g_strnfill (PH_SIGNAL_MAX_BODY, ' ');
  g_autofree char *header = NULL;
  g_autoptr (Wire) wire = NULL;

  set_up (&f, NULL);
  memcpy (fitting, "{\"host\":\"a\"}", 12);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, fitting), ==, 201);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 413);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, more), ==, 413);

  wire = wire_open (f.port); /* what has no end is cut */
  header =
      g_strdup_printf ("POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "%x\r\n",
                       50 * 1024 * 1024);
  g_assert_true (wire_send (wire, header, strlen (header)));
  for (guint i = 0; i < 2; i++)
    wire_send (wire, huge, strlen (huge));
  wire_read (wire);
  g_assert_cmpuint (call_status (&f, "GET", "/healthz", NULL, ""), ==, 200);
  tear_down (&f);
}

/* A body in chunks of one byte is the body, and is counted as one. */
static void
test_chunked_body (void)
{
  static const char *const heads[] = { "", "}" };
  Fixture f;

  set_up (&f, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);
      g_autofree char *body = g_strdup_printf ("{\"host\":\"anna\"%s}", heads[i]);
      g_autoptr (GString) request =
          g_string_new ("POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");

      for (const char *p = body; *p != '\0'; p++)
        g_string_append_printf (request, "1\r\n%c\r\n", *p);
      g_string_append (request, "0\r\n\r\n");
      g_assert_true (wire_send (wire, request->str, request->len));
      g_assert_cmpuint (get_status (wire_read (wire)), ==, i == 0 ? 201 : 400);
    }
  tear_down (&f);
}

/* Many small headers are many times their size in memory. */
static void
test_many_headers (void)
{
  static const guint counts[] = { 50, 101, 15000 };
  Fixture f;

  set_up (&f, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (Wire) wire = wire_open (f.port);
      g_autoptr (GString) request = g_string_new ("GET /healthz HTTP/1.1\r\nHost: x\r\n");
      guint status;

      for (guint j = 0; j < counts[i]; j++)
        g_string_append (request, "a:\r\n");
      g_string_append (request, "\r\n");
      wire_send (wire, request->str, request->len);
      status = get_status (wire_read (wire)); /* none where the server hung up on what still came */
      g_assert_true (i == 0 ? status == 200 : status == 431 || (i == 2 && status == 0));
    }
  tear_down (&f);
}

static void
test_large_headers (void)
{
  Fixture f;
  g_autofree char *value = g_strnfill (200 * 1024, 'x');
  g_autofree char *request =
      g_strdup_printf ("GET /healthz HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", value);
  g_autoptr (Wire) wire = NULL;

  set_up (&f, NULL);
  wire = wire_open (f.port);
  wire_send (wire, request, strlen (request));
  g_assert_cmpuint (get_status (wire_read (wire)), !=, 200);
  g_assert_cmpuint (call_status (&f, "GET", "/healthz", NULL, ""), ==, 200);
  tear_down (&f);
}

/* ---- Held polls ---- */

static gint64
get_metric (Fixture *f, const char *name)
{
  guint status;
  g_autofree char *text = call (f, "GET", "/metrics", NULL, "", &status);
  g_autofree char *line_start = g_strdup_printf ("\n%s ", name);
  const char *at = strstr (text, line_start);

  g_assert_nonnull (at);
  return g_ascii_strtoll (at + strlen (line_start), NULL, 10);
}

/* Each look at the metrics lets the server go on. */
static void
assert_held (Fixture *f, gint64 n)
{
  for (guint i = 0; i < 10000 && get_metric (f, "porthole_held_polls") != n; i++)
    ;
  g_assert_cmpint (get_metric (f, "porthole_held_polls"), ==, n);
}

static void
test_held_poll (void)
{
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autoptr (PhSignalSession) bob = NULL;
  g_autofree char *poll = NULL;
  g_autofree char *since = NULL;
  g_autofree char *join = NULL;
  g_autoptr (Wire) by_role = NULL;
  g_autoptr (Wire) by_rev = NULL;

  set_up (&f, NULL);
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  poll = path_of (host, "?for=join&wait=30");
  since = path_of (host, "?since=1&wait=30");
  join = path_of (host, "");
  by_role = start (&f, "GET", poll, "", "");
  by_rev = start (&f, "GET", since, "", "");
  assert_held (&f, 2);
  bob = call_session (&f, "POST", join, NULL, "{\"client\":\"bob\"}");
  g_assert_nonnull (strstr (wire_read (by_role), "\"joined\""));
  g_assert_nonnull (strstr (wire_read (by_rev), "\"rev\":2"));
  assert_held (&f, 0);
  tear_down (&f);
}

static void
test_hold_ends_unchanged (void)
{
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autoptr (PhSignalSession) seen = NULL;
  g_autofree char *poll = NULL;

  set_up (&f, NULL);
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  poll = path_of (host, "?for=join&wait=1");
  seen = call_session (&f, "GET", poll, NULL, "");
  g_assert_cmpuint (seen->rev, ==, 1);
  tear_down (&f);
}

static void
test_hangup_lets_go (void)
{
  const PhSignalServerOptions options = { .polls_per_address = 2 };
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autofree char *poll = NULL;
  Wire *polls[2];

  set_up (&f, &options);
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  poll = path_of (host, "?for=join&wait=30");
  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < 2; i++)
        polls[i] = start (&f, "GET", poll, "", "");
      assert_held (&f, 2);
      g_assert_cmpuint (call_status (&f, "GET", poll, NULL, ""), ==, 429);
      for (guint i = 0; i < 2; i++)
        wire_free (polls[i]);
      assert_held (&f, 0);
    }
  tear_down (&f);
}

static void
test_delete_ends_polls (void)
{
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autofree char *poll = NULL;
  g_autofree char *plain = NULL;
  g_autoptr (Wire) held = NULL;

  set_up (&f, NULL);
  host = call_session (&f, "POST", "/session", NULL,
                       "{\"host\":\"anna\",\"multi\":true,\"auth\":true}");
  poll = path_of (host, "?for=join&wait=30");
  plain = path_of (host, "");
  {
    g_autofree char *header = g_strdup_printf ("Authorization: bearer %s\r\n", host->token);

    held = start (&f, "GET", poll, header, "");
  }
  assert_held (&f, 1);
  g_assert_cmpuint (call_status (&f, "DELETE", plain, NULL, ""), ==, 403);
  g_assert_cmpuint (call_status (&f, "DELETE", plain, host->token, ""), ==, 204);
  g_assert_cmpuint (get_status (wire_read (held)), ==, 404);
  tear_down (&f);
}

static void
on_stopped (gpointer data)
{
  *(gboolean *)data = TRUE;
}

static void
test_stop (void)
{
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autofree char *poll = NULL;
  g_autoptr (Wire) held = NULL;
  g_autoptr (Wire) idle = NULL;
  gboolean stopped = FALSE;

  set_up (&f, NULL);
  idle = wire_open (f.port); /* one that never says anything does not stop it */
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  poll = path_of (host, "?for=join&wait=30");
  held = start (&f, "GET", poll, "", "");
  assert_held (&f, 1);
  ph_signal_server_stop (f.server, on_stopped, &stopped);
  g_assert_false (stopped);
  ph_test_wait_for (stopped);
  g_assert_cmpuint (get_status (wire_read (held)), ==, 200);
  tear_down (&f);
  wire_read (idle);
}

/* Freed in the middle of everything: sanitizers say whether anything was left or touched. */
static void
test_free_at_any_time (void)
{
  const char *request = "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{";
  Fixture f;
  g_autoptr (PhSignalSession) host = NULL;
  g_autofree char *poll = NULL;
  g_autoptr (Wire) held = NULL;
  g_autoptr (Wire) halfway = NULL;

  set_up (&f, NULL);
  host = call_session (&f, "POST", "/session", NULL, "{\"host\":\"anna\"}");
  poll = path_of (host, "?for=join&wait=30");
  held = start (&f, "GET", poll, "", "");
  halfway = wire_open (f.port);
  wire_send (halfway, request, strlen (request));
  assert_held (&f, 1);
  tear_down (&f);
  wire_read (held);
  wire_read (halfway);
}

/* ---- Limits ---- */

static void
test_create_rate (void)
{
  const PhSignalServerOptions options = { .create_per_minute = 3, .trust_forwarded = TRUE };
  Fixture f;
  const char *answer;
  g_autoptr (Wire) limited = NULL;
  g_autoptr (Wire) other = NULL;

  set_up (&f, &options);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, "{\"host\":\"a\"}"), ==, 201);
  limited = start (&f, "POST", "/session", "", "{\"host\":\"a\"}");
  answer = wire_read (limited);
  g_assert_cmpuint (get_status (answer), ==, 429);
  g_assert_nonnull (strstr (answer, "Retry-After: "));
  /* Only the last address is the proxy's word. */
  other = start (&f, "POST", "/session", "X-Forwarded-For: 127.0.0.1, 192.0.2.7\r\n",
                 "{\"host\":\"a\"}");
  g_assert_cmpuint (get_status (wire_read (other)), ==, 201);
  tear_down (&f);
}

/* An address may have so many sessions at a time; children and those made again do not count. */
static void
test_sessions_per_address (void)
{
  const PhSignalServerOptions options = { .polls_per_address = 1 };
  const char *body = "{\"host\":\"anna\"}";
  Fixture f;
  g_autoptr (PhSignalSession) first = NULL;
  g_autofree char *path = NULL;

  set_up (&f, &options);
  first = call_session (&f, "POST", "/session", NULL, body);
  path = path_of (first, "");
  for (guint i = 1; i < 4; i++)
    g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 201);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 429);
  g_assert_cmpuint (call_status (&f, "POST", "/session", first->token, body), ==, 201);
  g_assert_cmpuint (call_status (&f, "DELETE", path, first->token, ""), ==, 204);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 201);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 429);
  tear_down (&f);
}

/* A Host's own server makes no session but the Host's, and no local process keeps the Host out. */
static void
test_only_one_host (void)
{
  char token[PH_TOKEN_SIZE];
  char id[PH_ID_SIZE];
  PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  const char *body = "{\"host\":\"anna\",\"multi\":true,\"auth\":true}";
  Fixture f;
  g_autoptr (GPtrArray) flood = g_ptr_array_new_with_free_func ((GDestroyNotify)wire_free);
  g_autoptr (PhSignalSession) host = NULL;
  g_autoptr (Wire) held = NULL;
  g_autofree char *poll = NULL;
  g_autofree char *header = NULL;

  ph_code_draw_token (token);
  g_assert_true (ph_code_id_from_token (token, id));
  options.only_id = id;
  options.create_per_minute = 1;
  set_up (&f, &options);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, body), ==, 403);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (call_status (&f, "POST", "/session", token, body), ==, 201);
  host = call_session (&f, "POST", "/session", token, body);
  g_assert_cmpstr (host->id, ==, id);
  poll = path_of (host, "?for=join&wait=30");
  header = g_strdup_printf ("Authorization: bearer %s\r\n", token);
  held = start (&f, "GET", poll, header, "");
  assert_held (&f, 1);
  for (guint i = 0; i < 200; i++)
    g_ptr_array_add (flood, wire_open (f.port));
  g_assert_cmpuint (call_status (&f, "POST", "/session", token, body), ==, 201);
  g_assert_false (held->ended);
  tear_down (&f);
  wire_read (held);
}

static void
test_forwarded_is_not_trusted (void)
{
  const PhSignalServerOptions options = { .create_per_minute = 1 };
  Fixture f;
  g_autoptr (Wire) other = NULL;

  set_up (&f, &options);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, "{\"host\":\"a\"}"), ==, 201);
  other = start (&f, "POST", "/session", "X-Forwarded-For: 192.0.2.7\r\n", "{\"host\":\"a\"}");
  g_assert_cmpuint (get_status (wire_read (other)), ==, 429);
  tear_down (&f);
}

static void
test_full (void)
{
  const PhSignalServerOptions options = { .max_sessions = 1 };
  Fixture f;

  set_up (&f, &options);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, "{\"host\":\"a\"}"), ==, 201);
  g_assert_cmpuint (call_status (&f, "POST", "/session", NULL, "{\"host\":\"a\"}"), ==, 503);
  tear_down (&f);
}

static gboolean
is_healthy (Fixture *f)
{
  return call_status (f, "GET", "/healthz", NULL, "") == 200;
}

/* Who does not come to the point, with the head or with the body, is cut. */
/* What follows from the largest limit there is is no small one. */
static void
test_largest_limit (void)
{
  const PhSignalServerOptions options = { .polls_per_address = G_MAXINT };
  g_autoptr (GPtrArray) idle = g_ptr_array_new_with_free_func ((GDestroyNotify)wire_free);
  Fixture f;

  set_up (&f, &options);
  for (guint i = 0; i < 64; i++)
    g_ptr_array_add (idle, wire_open (f.port));
  g_assert_cmpuint (call_status (&f, "GET", "/healthz", NULL, ""), ==, 200);
  tear_down (&f);
}

static void
test_slow_requests (void)
{
  static const char *const starts[] = {
    "", "GET /healthz HT", "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
  };
  const PhSignalServerOptions options = { .request_ms = 1 };
  Fixture f;
  Wire *wires[G_N_ELEMENTS (starts)];

  set_up (&f, &options);
  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      wires[i] = wire_open (f.port);
      g_assert_true (wire_send (wires[i], starts[i], strlen (starts[i])));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_assert_cmpuint (get_status (wire_read (wires[i])), !=, 200);
      wire_free (wires[i]);
    }
  tear_down (&f);
}

/* More connections than one address may have: the rest is closed, and there is room again later. */
static void
test_many_connections (void)
{
  const PhSignalServerOptions options = { .polls_per_address = 1 };
  g_autoptr (GPtrArray) wires = g_ptr_array_new_with_free_func ((GDestroyNotify)wire_free);
  Fixture f;
  guint ended = 0;

  set_up (&f, &options);
  for (guint i = 0; i < 200; i++)
    g_ptr_array_add (wires, wire_open (f.port));
  ph_test_wait_for (((Wire *)wires->pdata[199])->ended);
  for (guint i = 0; i < wires->len; i++)
    ended += ((Wire *)wires->pdata[i])->ended;
  g_assert_cmpuint (ended, >=, 100);
  g_assert_false (is_healthy (&f));
  g_ptr_array_set_size (wires, 0);
  for (guint i = 0; i < 10000 && !is_healthy (&f); i++)
    ;
  g_assert_true (is_healthy (&f));
  tear_down (&f);
}

static void
test_restart_keeps_id (void)
{
  const char *body = "{\"host\":\"anna\",\"multi\":true,\"auth\":true}";
  Fixture f;
  g_autoptr (PhSignalSession) first = NULL;
  g_autoptr (PhSignalSession) second = NULL;

  set_up (&f, NULL);
  first = call_session (&f, "POST", "/session", NULL, body);
  tear_down (&f);
  set_up (&f, NULL);
  g_assert_cmpuint (call_status (&f, "POST", "/session", "no-token", body), ==, 400);
  second = call_session (&f, "POST", "/session", first->token, body);
  g_assert_cmpstr (first->id, ==, second->id);
  g_assert_cmpstr (first->token, ==, second->token);
  tear_down (&f);
}

static void
test_port_in_use (void)
{
  const PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  Fixture f;
  PhSignalServer *second;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *url = NULL;
  PhEndpoint endpoint;

  set_up (&f, NULL);
  text = g_strdup_printf ("127.0.0.1:%u", f.port);
  g_assert_true (ph_endpoint_parse (text, &endpoint, NULL));
  second = ph_signal_server_new (&options);
  g_assert_false (ph_signal_server_listen (second, &endpoint, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_LISTEN);
  g_assert_nonnull (strstr (error->message, text));
  url = ph_signal_server_dup_url (f.server);
  g_assert_true (g_str_has_suffix (url, text));
  ph_signal_server_free (second);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-server/exchange", test_exchange);
  g_test_add_func ("/signal-server/requests", test_requests);
  g_test_add_func ("/signal-server/error-body", test_error_body);
  g_test_add_func ("/signal-server/garbage", test_garbage);
  g_test_add_func ("/signal-server/refused-heads", test_refused_heads);
  g_test_add_func ("/signal-server/head-in-pieces", test_head_in_pieces);
  g_test_add_func ("/signal-server/range", test_range);
  g_test_add_func ("/signal-server/broken-off", test_broken_off);
  g_test_add_func ("/signal-server/random-garbage", test_random_garbage);
  g_test_add_func ("/signal-server/large-body", test_large_body);
  g_test_add_func ("/signal-server/chunked-body", test_chunked_body);
  g_test_add_func ("/signal-server/many-headers", test_many_headers);
  g_test_add_func ("/signal-server/large-headers", test_large_headers);
  g_test_add_func ("/signal-server/held-poll", test_held_poll);
  g_test_add_func ("/signal-server/hold-ends-unchanged", test_hold_ends_unchanged);
  g_test_add_func ("/signal-server/hangup-lets-go", test_hangup_lets_go);
  g_test_add_func ("/signal-server/delete-ends-polls", test_delete_ends_polls);
  g_test_add_func ("/signal-server/stop", test_stop);
  g_test_add_func ("/signal-server/free-at-any-time", test_free_at_any_time);
  g_test_add_func ("/signal-server/create-rate", test_create_rate);
  g_test_add_func ("/signal-server/sessions-per-address", test_sessions_per_address);
  g_test_add_func ("/signal-server/only-one-host", test_only_one_host);
  g_test_add_func ("/signal-server/forwarded-is-not-trusted", test_forwarded_is_not_trusted);
  g_test_add_func ("/signal-server/full", test_full);
  g_test_add_func ("/signal-server/largest-limit", test_largest_limit);
  g_test_add_func ("/signal-server/slow-requests", test_slow_requests);
  g_test_add_func ("/signal-server/many-connections", test_many_connections);
  g_test_add_func ("/signal-server/restart-keeps-id", test_restart_keeps_id);
  g_test_add_func ("/signal-server/port-in-use", test_port_in_use);
  return g_test_run ();
}
