/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"
#include "ph-test-loop.h"
#include "signaling/ph-signal-client.h"
#include "signaling/ph-signal-server.h"

#define ID "abcdefghijklmnopqrstu"

static void
drain (void)
{
  for (guint i = 0; i < 1000 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

/* ---- One call and its outcome ---- */

typedef struct
{
  PhSignalSession *session;
  GError *error;
  gboolean done;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->session, ph_signal_session_free);
  g_clear_error (&outcome->error);
  outcome->done = FALSE;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
on_session (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  g_assert_false (outcome->done);
  outcome->session = ph_signal_client_join_finish (result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;
  gboolean good = ph_signal_client_signal_finish (result, &outcome->error);

  g_assert_true (good == (outcome->error == NULL));
  outcome->done = TRUE;
}

/* ---- A real server ---- */

static PhSignalServer *
start_server (guint16 port)
{
  const PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  PhSignalServer *server = ph_signal_server_new (&options);
  g_autoptr (GError) error = NULL;
  PhEndpoint endpoint;

  g_assert_true (ph_endpoint_parse ("127.0.0.1:0", &endpoint, NULL));
  endpoint.port = port;
  ph_signal_server_listen (server, &endpoint, &error);
  g_assert_no_error (error);
  return server;
}

static PhSignalClient *
connect_to (PhSignalServer *server)
{
  g_autofree char *url = ph_signal_server_dup_url (server);
  g_autoptr (GError) error = NULL;
  PhSignalClient *client = ph_signal_client_new (url, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (ph_signal_client_get_url (client), ==, url);
  return client;
}

static PhSignalSession *
create (PhSignalClient *client, const char *token)
{
  g_auto (Outcome) outcome = { 0 };

  ph_signal_client_create_async (client, token, "anna", TRUE, NULL, on_session, &outcome);
  ph_test_wait_for (outcome.done);
  g_assert_no_error (outcome.error);
  return g_steal_pointer (&outcome.session);
}

static PhSignalSession *
join (PhSignalClient *client, const char *id, guint8 nonce)
{
  g_auto (Outcome) outcome = { 0 };
  PhSignalProof proof = { .has_nonce = TRUE };

  memset (proof.nonce, nonce, sizeof proof.nonce);
  ph_signal_client_join_async (client, id, "bob", &proof, NULL, on_session, &outcome);
  ph_test_wait_for (outcome.done);
  g_assert_no_error (outcome.error);
  return g_steal_pointer (&outcome.session);
}

static void
put (PhSignalClient *client, const char *id, const char *token, PhSignalType type, const char *sdp)
{
  g_auto (Outcome) outcome = { 0 };
  g_auto (PhSignalMessage) message = { .type = type };

  if (type != PH_SIGNAL_TYPE_REJECT)
    message.half = ph_signal_half_new (sdp, NULL);
  ph_signal_client_signal_async (client, id, token, &message, NULL, on_done, &outcome);
  ph_test_wait_for (outcome.done);
  g_assert_no_error (outcome.error);
}

/* ---- What a watch tells ---- */

typedef struct
{
  PhSignalWatch *watch;
  gboolean free_on_change;
  guint n_changed;
  guint n_trouble;
  guint n_recovered;
  gboolean changed;
  gboolean recovered;
  gboolean failed;
  guint n_joins;
  PhSignalStatus status;
  gboolean has_offer;
  gboolean has_answer;
  GError *error;
} Watched;

static void
on_watch_changed (const PhSignalSession *session, gpointer data)
{
  Watched *watched = data;

  g_assert_nonnull (watched->watch);
  watched->n_changed++;
  watched->changed = TRUE;
  watched->n_joins = session->joins->len;
  watched->status = session->status;
  watched->has_offer = session->offer != NULL;
  watched->has_answer = session->answer != NULL;
  if (watched->free_on_change)
    g_clear_pointer (&watched->watch, ph_signal_watch_free);
}

static void
on_watch_trouble (const GError *error, gpointer data)
{
  Watched *watched = data;

  g_assert_nonnull (watched->watch);
  if (error != NULL)
    watched->n_trouble++;
  else
    watched->n_recovered++;
  watched->recovered = error == NULL;
}

static void
on_watch_failed (const GError *error, gpointer data)
{
  Watched *watched = data;

  g_assert_nonnull (watched->watch);
  g_assert_false (watched->failed);
  watched->error = g_error_copy (error);
  watched->failed = TRUE;
}

static const PhSignalWatchEvents watch_events = {
  .changed = on_watch_changed,
  .trouble = on_watch_trouble,
  .failed = on_watch_failed,
};

static void
watch (Watched *watched, PhSignalClient *client, const char *id, const char *token, guint64 rev)
{
  *watched = (Watched){ 0 };
  watched->watch = ph_signal_watch_new (client, id, token, rev, &watch_events, watched);
}

static void
watched_clear (Watched *watched)
{
  g_clear_pointer (&watched->watch, ph_signal_watch_free);
  g_clear_error (&watched->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watched, watched_clear)

/* ---- With the real server ---- */

static void
test_exchange (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  g_autoptr (PhSignalClient) host = connect_to (server);
  g_autoptr (PhSignalClient) client = connect_to (server);
  g_autoptr (PhSignalSession) session = create (host, NULL);
  g_autoptr (PhSignalSession) child = NULL;
  g_autoptr (PhSignalSession) again = NULL;
  g_auto (Watched) parent_watch = { 0 };
  g_auto (Watched) host_watch = { 0 };
  g_auto (Watched) client_watch = { 0 };
  g_auto (Outcome) deleted = { 0 };

  watch (&parent_watch, host, session->id, session->token, session->rev);
  child = join (client, session->id, 1);
  again = join (client, session->id, 1);
  g_assert_cmpstr (child->id, !=, session->id);
  g_assert_cmpstr (child->id, ==, again->id);
  g_assert_cmpstr (child->token, ==, again->token);
  ph_test_wait_for (parent_watch.changed);
  g_assert_cmpuint (parent_watch.n_joins, ==, 1);

  watch (&client_watch, client, child->id, child->token, child->rev);
  watch (&host_watch, host, child->id, session->token, child->rev);
  put (host, child->id, session->token, PH_SIGNAL_TYPE_OFFER, "o");
  ph_test_wait_for (client_watch.changed);
  ph_test_wait_for (host_watch.changed);
  g_assert_true (client_watch.has_offer && host_watch.has_offer && !host_watch.has_answer);
  client_watch.changed = host_watch.changed = FALSE;
  put (client, child->id, child->token, PH_SIGNAL_TYPE_ANSWER, "a");
  ph_test_wait_for (client_watch.changed);
  ph_test_wait_for (host_watch.changed);
  g_assert_true (host_watch.has_answer);

  ph_signal_client_delete_async (host, session->id, session->token, NULL, on_done, &deleted);
  ph_test_wait_for (deleted.done);
  g_assert_no_error (deleted.error);
  ph_test_wait_for (client_watch.failed);
  ph_test_wait_for (parent_watch.failed);
  g_assert_error (client_watch.error, PH_ERROR, PH_ERROR_SESSION_UNKNOWN);
  g_assert_error (parent_watch.error, PH_ERROR, PH_ERROR_SESSION_UNKNOWN);
  outcome_clear (&deleted);
  ph_signal_client_delete_async (host, session->id, session->token, NULL, on_done, &deleted);
  ph_test_wait_for (deleted.done);
  g_assert_no_error (deleted.error); /* gone is gone */
}

static void
test_refusals (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  g_autoptr (PhSignalClient) client = connect_to (server);
  g_autoptr (PhSignalSession) session = create (client, NULL);
  g_auto (Watched) stranger = { 0 };
  g_auto (Watched) unknown = { 0 };
  g_auto (Outcome) joined = { 0 };
  g_auto (Outcome) put_done = { 0 };
  const PhSignalMessage message = { .type = PH_SIGNAL_TYPE_REJECT };

  watch (&stranger, client, session->id, NULL, 0);
  ph_test_wait_for (stranger.failed);
  g_assert_error (stranger.error, PH_ERROR, PH_ERROR_REFUSED);
  watch (&unknown, client, ID, NULL, 0);
  ph_test_wait_for (unknown.failed);
  g_assert_error (unknown.error, PH_ERROR, PH_ERROR_SESSION_UNKNOWN);
  ph_signal_client_join_async (client, ID, "bob", NULL, NULL, on_session, &joined);
  ph_test_wait_for (joined.done);
  g_assert_error (joined.error, PH_ERROR, PH_ERROR_SESSION_UNKNOWN);
  ph_signal_client_signal_async (client, session->id, session->token, &message, NULL, on_done,
                                 &put_done);
  ph_test_wait_for (put_done.done);
  g_assert_error (put_done.error, PH_ERROR, PH_ERROR_REFUSED);
}

/* The Host's way back after the server was started anew, and what a watch tells meanwhile. */
static void
test_server_restarts (void)
{
  PhSignalServer *server = start_server (0);
  guint16 port = ph_signal_server_get_port (server);
  g_autoptr (PhSignalClient) client = connect_to (server);
  g_autoptr (PhSignalSession) session = create (client, NULL);
  g_autoptr (PhSignalSession) again = NULL;
  g_auto (Watched) watched = { 0 };

  watch (&watched, client, session->id, session->token, session->rev);
  drain ();
  ph_signal_server_free (server);
  server = start_server (port);
  ph_test_wait_for (watched.failed);
  g_assert_error (watched.error, PH_ERROR, PH_ERROR_SESSION_UNKNOWN);
  g_assert_cmpuint (watched.n_changed, ==, 0);
  again = create (client, session->token);
  g_assert_cmpstr (again->id, ==, session->id);
  ph_signal_server_free (server);
}

static void
test_free_inside (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  g_autoptr (PhSignalClient) client = connect_to (server);
  g_autoptr (PhSignalSession) session = create (client, NULL);
  g_auto (Watched) watched = { 0 };

  watch (&watched, client, session->id, session->token, 0);
  watched.free_on_change = TRUE;
  ph_test_wait_for (watched.changed);
  drain ();
  g_assert_cmpuint (watched.n_changed, ==, 1);
  g_assert_null (watched.watch);
}

static void
test_free_before_answer (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  PhSignalClient *client = connect_to (server);
  g_autoptr (PhSignalSession) session = create (client, NULL);
  g_auto (Outcome) outcome = { 0 };
  Watched watched;

  watch (&watched, client, session->id, session->token, 0);
  ph_signal_client_create_async (client, NULL, "anna", TRUE, NULL, on_session, &outcome);
  watched_clear (&watched);
  ph_signal_client_free (client);
  g_assert_false (outcome.done);
  ph_test_wait_for (outcome.done);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (watched.n_changed, ==, 0);
}

/* ---- With servers that are none ---- */

/* Answers each connection with the next of its lines, the last one for ever; NULL: never. */
typedef struct
{
  GSocketService *service;
  guint16 port;
  const char *const *answers;
  gsize n_answers;
  GPtrArray *requests; /* what was asked */
  GPtrArray *silent;   /* connections kept open */
} Liar;

typedef struct
{
  Liar *liar;
  GSocketConnection *connection;
  char request[4096];
  gsize size;
} Visit;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Visit *visit = data;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  g_io_stream_close (G_IO_STREAM (visit->connection), NULL, NULL);
  g_object_unref (visit->connection);
  g_free (visit);
}

static void ask (Visit *visit);

/* Every body that is sent here is JSON. */
static gboolean
is_whole (const Visit *visit)
{
  return g_str_has_prefix (visit->request, "GET") ? g_str_has_suffix (visit->request, "\r\n\r\n")
                                                  : g_str_has_suffix (visit->request, "}");
}

static void
reply (Visit *visit)
{
  Liar *liar = visit->liar;
  const char *answer = liar->answers[MIN (liar->requests->len, liar->n_answers - 1)];

  g_ptr_array_add (liar->requests, g_strdup (visit->request));
  if (answer != NULL)
    {
      g_output_stream_write_all_async (
          g_io_stream_get_output_stream (G_IO_STREAM (visit->connection)), answer, strlen (answer),
          G_PRIORITY_DEFAULT, NULL, on_written, visit);
      return;
    }
  g_ptr_array_add (liar->silent, visit->connection);
  g_free (visit);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  Visit *visit = data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  visit->size += (gsize)MAX (n, 0);
  if (n > 0 && !is_whole (visit) && visit->size < sizeof visit->request - 1)
    ask (visit);
  else
    reply (visit);
}

static void
ask (Visit *visit)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (visit->connection)),
                             visit->request + visit->size, sizeof visit->request - 1 - visit->size,
                             G_PRIORITY_DEFAULT, NULL, on_asked, visit);
}

static gboolean
on_visit (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->liar = data;
  visit->connection = g_object_ref (connection);
  ask (visit);
  return TRUE;
}

static PhSignalClient *
liar_start (Liar *liar, const char *const *answers, gsize n_answers, guint patience_ms)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autofree char *url = NULL;
  PhSignalClient *client;

  liar->answers = answers;
  liar->n_answers = n_answers;
  liar->requests = g_ptr_array_new_with_free_func (g_free);
  liar->silent = g_ptr_array_new_with_free_func (g_object_unref);
  liar->service = g_socket_service_new ();
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (liar->service), address,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                                &bound, NULL));
  g_signal_connect (liar->service, "incoming", G_CALLBACK (on_visit), liar);
  liar->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  url = g_strdup_printf ("http://127.0.0.1:%u/", liar->port);
  client = ph_signal_client_new (url, NULL);
  ph_signal_client_set_patience (client, patience_ms);
  return client;
}

static void
liar_stop (Liar *liar)
{
  g_socket_service_stop (liar->service);
  g_socket_listener_close (G_SOCKET_LISTENER (liar->service));
  drain ();
  g_object_unref (liar->service);
  g_ptr_array_unref (liar->requests);
  g_ptr_array_unref (liar->silent);
}

#define JSON_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"
#define SESSION_JSON                                                                               \
  "{\"id\":\"" ID "\",\"host\":\"a\",\"status\":\"waiting\",\"rev\":5,\"token\":\"t\"}"

typedef struct
{
  const char *answer;
  PhError code;
  const char *words;
} Lie;

static const Lie lies[] = {
  { "", PH_ERROR_SIGNAL_UNREACHABLE, "does not answer" },
  { "hello", PH_ERROR_SIGNAL_UNREACHABLE, "does not answer" },
  { "SSH-2.0-OpenSSH_9.2\r\n", PH_ERROR_SIGNAL_UNREACHABLE, "does not answer" },
  { "HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n",
    PH_ERROR_SIGNAL_UNREACHABLE, "“https://example.com/”" },
  { "HTTP/1.1 307 Again\r\nContent-Length: 0\r\n\r\n", PH_ERROR_SIGNAL_UNREACHABLE, "leads on" },
  { "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>", PH_ERROR_SIGNAL_UNREACHABLE,
    "404, but not as a signaling server" },
  { "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", PH_ERROR_SIGNAL_UNREACHABLE, "500" },
  { "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", PH_ERROR_SIGNAL_UNREACHABLE, "not JSON" },
  { "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", PH_ERROR_SIGNAL_UNREACHABLE, "" },
  { JSON_HEAD "[]", PH_ERROR_SIGNAL_UNREACHABLE, "object" },
  { JSON_HEAD "{\"id\":7}", PH_ERROR_SIGNAL_UNREACHABLE, "“id” must be a string" },
  { JSON_HEAD "{\"id\":\"" ID "\",\"host\":\"a\",\"status\":\"waiting\",\"rev\":1}",
    PH_ERROR_PROTOCOL, "no token" },
  { "HTTP/1.1 503 Full\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"full\",\"message\":\"No\\u001b[1m room\"}}",
    PH_ERROR_FULL, "No[1m room" },
  { "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"x\",\"message\":\"On fire\"}}",
    PH_ERROR_SIGNAL_UNREACHABLE, "On fire" },
  { JSON_HEAD "{\"id\":\"" ID "\",\"host\":\"a\",\"status\":\"waiting\",\"rev\":1,\"token\":"
              "\"AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEE\"}",
    PH_ERROR_SIGNAL_UNREACHABLE, "“token”" },
  { JSON_HEAD "{\"id\":\"" ID "\",\"host\":\" \",\"status\":\"waiting\",\"rev\":1}",
    PH_ERROR_SIGNAL_UNREACHABLE, "“host”" },
  { "HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"x\",\"message\":\"Wait\"}}",
    PH_ERROR_FULL, "Wait" },
  { "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"x\",\"message\":\"Bad token\"}}",
    PH_ERROR_REFUSED, "Bad token" },
  { "HTTP/1.1 404 Bad\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"x\",\"message\":\"y\"}}",
    PH_ERROR_SESSION_UNKNOWN, "" },
};

static void
test_lies (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      const char *const answers[] = { lies[i].answer };
      Liar liar;
      PhSignalClient *client = liar_start (&liar, answers, 1, 600);
      g_auto (Outcome) outcome = { 0 };

      ph_signal_client_create_async (client, NULL, "anna", TRUE, NULL, on_session, &outcome);
      ph_test_wait_for (outcome.done);
      g_assert_error (outcome.error, PH_ERROR, (int)lies[i].code);
      if (strstr (outcome.error->message, lies[i].words) == NULL)
        g_error ("“%s” does not say “%s”", outcome.error->message, lies[i].words);
      ph_signal_client_free (client);
      liar_stop (&liar);
    }
}

static void
test_huge_answer (void)
{
  g_autofree char *body = g_strnfill (4 * 1024 * 1024, ' ');
  g_autofree char *answer = g_strconcat (JSON_HEAD, body, NULL);
  const char *const answers[] = { answer };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, 1, 600);
  g_auto (Outcome) outcome = { 0 };

  ph_signal_client_create_async (client, NULL, "anna", TRUE, NULL, on_session, &outcome);
  ph_test_wait_for (outcome.done);
  g_assert_error (outcome.error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE);
  g_assert_nonnull (strstr (outcome.error->message, "too large"));
  ph_signal_client_free (client);
  liar_stop (&liar);
}

/* Nothing listens there; TLS where there is none; a name that does not exist. */
static void
test_unreachable (void)
{
  const char *const silent[] = { NULL };
  Liar liar;
  PhSignalClient *unused = liar_start (&liar, silent, 1, 0);
  g_autofree char *https = g_strdup_printf ("https://127.0.0.1:%u", liar.port);
  const char *const urls[] = { "http://127.0.0.1:1", https, "http://no-such-host.invalid" };

  ph_signal_client_free (unused);
  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      PhSignalClient *client = ph_signal_client_new (urls[i], NULL);
      g_auto (Outcome) outcome = { 0 };

      ph_signal_client_set_patience (client, 600);
      ph_signal_client_join_async (client, ID, "bob", NULL, NULL, on_session, &outcome);
      ph_test_wait_for (outcome.done);
      g_assert_error (outcome.error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE);
      g_assert_nonnull (strstr (outcome.error->message, urls[i]));
      ph_signal_client_free (client);
    }
  liar_stop (&liar);
}

static void
on_hello_read (GObject *stream, GAsyncResult *result, gpointer data)
{
  *(GBytes **)data = g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result, NULL);
}

static gboolean
on_hello (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  g_object_set_data_full (G_OBJECT (service), "connection", g_object_ref (connection),
                          g_object_unref);
  g_input_stream_read_bytes_async (stream, 4096, G_PRIORITY_DEFAULT, NULL, on_hello_read, data);
  return TRUE;
}

/* What no limit of the client would hold for is not offered in the first place. */
static void
test_offers_http_1_1_only (void)
{
  static const guint8 list[] = { 0, 9, 8, 'h', 't', 't', 'p', '/', '1', '.', '1' };
  g_autoptr (GSocketService) service = g_socket_service_new ();
  guint16 port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, NULL);
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u", port);
  PhSignalClient *client = ph_signal_client_new (url, NULL);
  g_auto (Outcome) outcome = { 0 };
  g_autoptr (GBytes) hello = NULL;
  const guint8 *bytes;
  gsize size;
  gboolean is_there = FALSE;

  g_signal_connect (service, "incoming", G_CALLBACK (on_hello), &hello);
  ph_signal_client_join_async (client, ID, "bob", NULL, NULL, on_session, &outcome);
  ph_test_wait_for (hello != NULL);
  /* A list of 9 bytes, which is one name of 8 (RFC 7301, 3.1). */
  bytes = g_bytes_get_data (hello, &size);
  for (gsize at = 0; at + sizeof list <= size; at++)
    is_there = is_there || memcmp (bytes + at, list, sizeof list) == 0;
  g_assert_true (is_there);
  ph_signal_client_free (client);
  ph_test_wait_for (outcome.done);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The right server, by the wrong name of its protocol. */
static void
test_wrong_scheme (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  g_autofree char *url =
      g_strdup_printf ("https://127.0.0.1:%u", ph_signal_server_get_port (server));
  g_autoptr (PhSignalClient) client = ph_signal_client_new (url, NULL);
  g_auto (Outcome) outcome = { 0 };

  ph_signal_client_set_patience (client, 600);
  ph_signal_client_join_async (client, ID, "bob", NULL, NULL, on_session, &outcome);
  ph_test_wait_for (outcome.done);
  g_assert_error (outcome.error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE);
  g_assert_nonnull (strstr (outcome.error->message, "written with http://"));
}

static void
test_bad_url (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ph_signal_client_new ("ftp://example.com", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
}

/* A lost answer: the second try asks for exactly the same. */
static void
test_retry_is_the_same (void)
{
  const char *const answers[] = { "", "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n",
                                  JSON_HEAD SESSION_JSON };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, G_N_ELEMENTS (answers), 10000);
  g_autoptr (PhSignalSession) session = join (client, ID, 9);

  g_assert_cmpuint (session->rev, ==, 5);
  g_assert_cmpuint (liar.requests->len, >=, 3);
  for (guint i = 0; i < liar.requests->len; i++)
    g_assert_nonnull (strstr (liar.requests->pdata[i], "\"nonce\":\"CQkJCQkJCQkJCQkJCQkJCQ\""));
  ph_signal_client_free (client);
  liar_stop (&liar);
}

static void
test_watch_trouble (void)
{
  const char *const answers[] = { JSON_HEAD SESSION_JSON,
                                  "",
                                  "",
                                  "HTTP/1.1 500 Oops\r\n\r\n",
                                  JSON_HEAD "{\"id\":\"" ID "\",\"host\":\"a\",\"rev\":4,"
                                            "\"status\":\"waiting\"}",
                                  NULL };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, G_N_ELEMENTS (answers), 10000);
  g_auto (Watched) watched = { 0 };

  watch (&watched, client, ID, "t", 1);
  ph_test_wait_for (watched.changed);
  g_assert_nonnull (strstr (liar.requests->pdata[0], "?since=1&wait="));
  g_assert_nonnull (strstr (liar.requests->pdata[0], "Authorization: Bearer t\r\n"));
  watched.changed = FALSE;
  ph_test_wait_for (watched.changed); /* a lower rev is another one, too */
  g_assert_cmpuint (watched.n_trouble, ==, 1);
  g_assert_cmpuint (watched.n_recovered, ==, 1);
  g_assert_true (watched.recovered);
  watched_clear (&watched);
  ph_signal_client_free (client);
  liar_stop (&liar);
}

static void
test_watch_garbage (void)
{
  const char *const answers[] = { JSON_HEAD SESSION_JSON, JSON_HEAD "{\"id\":[]}" };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, G_N_ELEMENTS (answers), 10000);
  g_auto (Watched) watched = { 0 };

  watch (&watched, client, ID, NULL, 1);
  ph_test_wait_for (watched.failed);
  g_assert_cmpuint (watched.n_changed, ==, 1);
  g_assert_cmpuint (watched.n_trouble, ==, 1);
  g_assert_cmpuint (liar.requests->len, ==, 6); /* the good one, and five in a row */
  g_assert_error (watched.error, PH_ERROR, PH_ERROR_PROTOCOL);
  watched_clear (&watched);
  ph_signal_client_free (client);
  liar_stop (&liar);
}

/* A page that asks for a login, for a while, in the place of the server. */
static void
test_watch_portal (void)
{
  const char *const answers[] = { JSON_HEAD SESSION_JSON, "HTTP/1.1 200 OK\r\n\r\n<html>",
                                  JSON_HEAD "{\"id\":\"" ID "\",\"host\":\"a\",\"rev\":6,"
                                            "\"status\":\"waiting\"}",
                                  NULL };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, G_N_ELEMENTS (answers), 10000);
  g_auto (Watched) watched = { 0 };

  watch (&watched, client, ID, NULL, 1);
  ph_test_wait_for (watched.n_changed == 2);
  g_assert_cmpuint (watched.n_trouble, ==, 1);
  g_assert_cmpuint (watched.n_recovered, ==, 1);
  g_assert_false (watched.failed);
  watched_clear (&watched);
  ph_signal_client_free (client);
  liar_stop (&liar);
}

/* The token decides the id, so a server that answers with another has made another session. */
static void
test_token_is_kept (void)
{
  const char *const answers[] = { JSON_HEAD SESSION_JSON };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, answers, 1, 10000);
  g_auto (Outcome) same = { 0 };
  g_auto (Outcome) other = { 0 };

  ph_signal_client_create_async (client, "t", "anna", TRUE, NULL, on_session, &same);
  ph_test_wait_for (same.done);
  g_assert_no_error (same.error);
  ph_signal_client_create_async (client, "tt", "anna", TRUE, NULL, on_session, &other);
  ph_test_wait_for (other.done);
  g_assert_error (other.error, PH_ERROR, PH_ERROR_PROTOCOL);
  ph_signal_client_free (client);
  liar_stop (&liar);
}

static gboolean
on_cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* Cancelled while a server says nothing, and while waiting to try again; from inside the loop,
 * where what is cancelled might end at once. */
static void
test_cancel (void)
{
  static const char *const silent[] = { NULL };
  static const char *const broken[] = { "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" };
  const char *const *const kinds[] = { silent, broken };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      Liar liar;
      PhSignalClient *client = liar_start (&liar, kinds[i], 1, 15000);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      GSource *timer = ph_timer_new (NULL, "cancel", on_cancel, cancellable);
      g_auto (Outcome) outcome = { 0 };

      ph_signal_client_create_async (client, NULL, "anna", TRUE, cancellable, on_session, &outcome);
      ph_test_wait_for (liar.requests->len > 0);
      drain ();
      ph_timer_arm (timer, 0);
      ph_test_wait_for (outcome.done);
      ph_timer_clear (&timer);
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      ph_signal_client_free (client);
      liar_stop (&liar);
    }
}

static void
on_rejected (GObject *source, GAsyncResult *result, gpointer data)
{
  guint *n_full = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (ph_signal_client_signal_finish (result, &error));
  *n_full += g_error_matches (error, PH_ERROR, PH_ERROR_FULL) ? 1 : 0;
}

/* Rejections that are never answered do not pile up. */
static void
test_many_rejections (void)
{
  static const char *const silent[] = { NULL };
  const PhSignalMessage message = { .type = PH_SIGNAL_TYPE_REJECT };
  Liar liar;
  PhSignalClient *client = liar_start (&liar, silent, 1, 600);
  guint n_full = 0;

  for (guint i = 0; i < PH_SIGNAL_MAX_JOINS + 10; i++)
    ph_signal_client_signal_async (client, "AAAAAAAAAAAAAAAAAAAAA", NULL, &message, NULL,
                                   on_rejected, &n_full);
  ph_test_wait_for (n_full == 10);
  ph_signal_client_free (client);
  drain ();
  g_assert_cmpuint (n_full, ==, 10);
  liar_stop (&liar);
}

static void
test_cancelled_before (void)
{
  g_autoptr (PhSignalServer) server = start_server (0);
  g_autoptr (PhSignalClient) client = connect_to (server);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Outcome) outcome = { 0 };

  g_cancellable_cancel (cancellable);
  ph_signal_client_create_async (client, NULL, "anna", TRUE, cancellable, on_session, &outcome);
  g_assert_false (outcome.done);
  ph_test_wait_for (outcome.done);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-client/exchange", test_exchange);
  g_test_add_func ("/signal-client/refusals", test_refusals);
  g_test_add_func ("/signal-client/server-restarts", test_server_restarts);
  g_test_add_func ("/signal-client/free-inside", test_free_inside);
  g_test_add_func ("/signal-client/free-before-answer", test_free_before_answer);
  g_test_add_func ("/signal-client/lies", test_lies);
  g_test_add_func ("/signal-client/huge-answer", test_huge_answer);
  g_test_add_func ("/signal-client/unreachable", test_unreachable);
  g_test_add_func ("/signal-client/offers-http-1-1-only", test_offers_http_1_1_only);
  g_test_add_func ("/signal-client/wrong-scheme", test_wrong_scheme);
  g_test_add_func ("/signal-client/bad-url", test_bad_url);
  g_test_add_func ("/signal-client/retry-is-the-same", test_retry_is_the_same);
  g_test_add_func ("/signal-client/watch-trouble", test_watch_trouble);
  g_test_add_func ("/signal-client/watch-garbage", test_watch_garbage);
  g_test_add_func ("/signal-client/watch-portal", test_watch_portal);
  g_test_add_func ("/signal-client/token-is-kept", test_token_is_kept);
  g_test_add_func ("/signal-client/cancel", test_cancel);
  g_test_add_func ("/signal-client/many-rejections", test_many_rejections);
  g_test_add_func ("/signal-client/cancelled-before", test_cancelled_before);
  return g_test_run ();
}
