/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-server.h"

#include <string.h>

#include <libsoup/soup.h>

#include "core/ph-timer.h"
#include "ph-signal-accept.h"
#include "ph-signal-callers.h"
#include "ph-signal-store.h"

/* libsoup parses HTTP and bounds a request's headers (64 KiB). What it does not do is done here and
 * in ph-signal-accept: bodies are counted as they arrive, each connection carries one request and
 * has a time by which it must be done, connections are counted, and a held poll watches its socket,
 * which libsoup leaves alone while a message is paused. */

#define HOLD_DEFAULT_S 5
#define HOLD_MAX_S 30
#define ANSWER_US (15 * G_USEC_PER_SEC)     /* for reading an answer to its last byte */
#define MAX_LOCAL 192                       /* connections from this computer to a Host's own */
#define BODY_DISCARD_MAX (16 * 1024 * 1024) /* read on so far, to be heard saying 413 */
#define MAX_HEADERS 100 /* more cost libsoup far more memory than they have bytes */
#define REQUEST_MS 20000
#define STOP_MS 500
#define TICK_MS 1000
#define RETRY_POLL_S 1
#define RETRY_FULL_S 5
#define STATUS_TOO_MANY_REQUESTS 429 /* RFC 6585: libsoup does not know it */
#define CALL_KEY "porthole-call"

typedef struct _Call Call;

struct _PhSignalServer
{
  PhSignalServerOptions options;
  GMainContext *context;
  SoupServer *soup;
  PhSignalAccept *accept;
  PhSignalCallers *callers;
  PhSignalStore *store;
  PhEndpoint bound; /* of the first listen */
  gboolean listening;
  GHashTable *calls;  /* set of Call: requests that are not finished */
  GHashTable *owners; /* session id -> address that created it, both owned */
  guint n_local;      /* connections from this computer, where `only_id` is set */
  GHashTable *held;   /* session id -> GPtrArray of Call, owned: held polls */
  GHashTable *dirty;  /* set of session ids that changed: their polls are to be looked at */
  GSource *dirty_timer;
  GSource *tick;
  gboolean stopping;
  void (*stopped) (gpointer user_data); /* NULL again once it was called */
  gpointer stopped_data;
  GSource *stop_timer;
  guint64 answers[6]; /* by hundreds of the status */
  guint64 created;
  guint64 joined;
  guint64 limited;
  guint n_held;
};

/* One request. It lives as long as libsoup's message. */
struct _Call
{
  PhSignalServer *server; /* NULL once the server is freed */
  SoupServerMessage *message;
  GByteArray *body; /* the request's, as it arrives; never more than PH_SIGNAL_MAX_BODY */
  gsize received_bytes;
  guint8 address[16]; /* who asks, for limits */
  gboolean is_own;    /* the Host whose own server this is */

  /* A held poll; hold_timer is NULL for everything else. */
  char id[PH_ID_SIZE];
  char *token;
  PhStoreWait wait;
  guint64 since;
  gboolean keeps;      /* keeps the session from expiring */
  gboolean is_counted; /* is one of its address's polls */
  GSource *hold_timer;
  GSource *hangup;
};

/* ---- Answers ---- */

static void
answer (Call *call, guint status, const char *type, char *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (call->message);

  soup_message_headers_replace (headers, "Connection", "close");
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_server_message_set_status (call->message, status,
                                  status == STATUS_TOO_MANY_REQUESTS ? "Too Many Requests" : NULL);
  if (body != NULL)
    soup_server_message_set_response (call->message, type, SOUP_MEMORY_TAKE, body, strlen (body));
  call->server->answers[MIN (status / 100, 5)]++;
}

static void
answer_error (Call *call, guint status, const char *code, const char *message)
{
  answer (call, status, "application/json", ph_signal_error_to_json (code, message));
}

static void
answer_retry (Call *call, guint status, const char *code, const char *message, guint retry_s)
{
  g_autofree char *seconds = g_strdup_printf ("%u", retry_s);

  soup_message_headers_replace (soup_server_message_get_response_headers (call->message),
                                "Retry-After", seconds);
  call->server->limited++;
  answer_error (call, status, code, message);
}

static void
answer_not_found (Call *call)
{
  answer_error (call, SOUP_STATUS_NOT_FOUND, "not-found", "There is no such session.");
}

static void
answer_failure (Call *call, PhStoreStatus status)
{
  switch (status)
    {
    case PH_STORE_OK:
      answer (call, SOUP_STATUS_NO_CONTENT, NULL, NULL);
      return;
    case PH_STORE_NOT_FOUND:
      answer_not_found (call);
      return;
    case PH_STORE_FORBIDDEN:
      answer_error (call, SOUP_STATUS_FORBIDDEN, "forbidden",
                    "This needs the token of this side of the session.");
      return;
    case PH_STORE_CONFLICT:
      answer_error (call, SOUP_STATUS_CONFLICT, "conflict",
                    "This is already set, or its turn has not come.");
      return;
    case PH_STORE_FULL:
      answer_retry (call, SOUP_STATUS_SERVICE_UNAVAILABLE, "full",
                    "There is no room for another session.", RETRY_FULL_S);
      return;
    case PH_STORE_BAD_TOKEN:
      answer_error (call, SOUP_STATUS_BAD_REQUEST, "bad-token",
                    "The token must be 32 bytes in base64url and lead to an ID that begins with a "
                    "letter or digit; draw another one.");
      return;
    case PH_STORE_AUTH_REQUIRED:
      answer_error (call, SOUP_STATUS_FORBIDDEN, "auth-required",
                    "This server asks for “auth”: true.");
      return;
    }
}

/* @token may be NULL. */
static void
answer_session (Call *call, guint status, const PhSignalSession *session, const char *token)
{
  PhSignalSession shown = *session;

  shown.token = (char *)token;
  answer (call, status, "application/json", ph_signal_session_to_json (&shown));
}

static void
answer_bad_request (Call *call, const char *message)
{
  answer_error (call, SOUP_STATUS_BAD_REQUEST, "bad-request", message);
}

static void
answer_method (Call *call, const char *allowed)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (call->message), "Allow",
                                allowed);
  answer_error (call, SOUP_STATUS_METHOD_NOT_ALLOWED, "method-not-allowed",
                "This path does not know that method.");
}

/* ---- Held polls ---- */

/* Takes the call out of the table of held polls; it is an ordinary one again. */
static void
let_go (Call *call)
{
  PhSignalServer *self = call->server;
  GPtrArray *held = g_hash_table_lookup (self->held, call->id);

  ph_timer_clear (&call->hold_timer);
  ph_timer_clear (&call->hangup);
  g_clear_pointer (&call->token, g_free);
  g_ptr_array_remove_fast (held, call);
  if (held->len == 0)
    g_hash_table_remove (self->held, call->id);
  if (call->keeps)
    ph_signal_store_release (self->store, call->id, g_get_monotonic_time ());
  if (call->is_counted)
    ph_signal_callers_end_poll (self->callers, call->address);
  self->n_held--;
}

/* From here on its time runs. */
static void
allow_answer (Call *call)
{
  PhSignalConn *conn =
      ph_signal_conn_from_address (soup_server_message_get_remote_address (call->message));

  if (conn != NULL)
    ph_signal_conn_set_deadline (conn, g_get_monotonic_time () + ANSWER_US);
}

/* Answers a held poll if it is ready, or @now whatever there is. */
static void
look_again (Call *call, gboolean now)
{
  PhSignalServer *self = call->server;
  const PhSignalSession *session = NULL;
  gboolean ready = FALSE;
  PhStoreStatus status =
      ph_signal_store_poll (self->store, call->id, call->token, call->wait, call->since,
                            g_get_monotonic_time (), &session, &ready);

  if (status == PH_STORE_OK && !ready && !now)
    return;
  let_go (call);
  allow_answer (call);
  if (status == PH_STORE_OK)
    answer_session (call, SOUP_STATUS_OK, session, NULL);
  else
    answer_failure (call, status);
  soup_server_message_unpause (call->message);
}

static gboolean
on_hold_over (gpointer data)
{
  look_again (data, TRUE);
  return G_SOURCE_REMOVE;
}

/* The caller hung up, or says more before it was answered: libsoup finds out when it goes on. */
static gboolean
on_hangup (GSocket *socket, GIOCondition condition, gpointer data)
{
  look_again (data, TRUE);
  return G_SOURCE_REMOVE;
}

static void
hold (Call *call, PhSignalConn *conn, guint hold_s)
{
  PhSignalServer *self = call->server;
  GPtrArray *held = g_hash_table_lookup (self->held, call->id);

  if (held == NULL)
    {
      held = g_ptr_array_new ();
      g_hash_table_insert (self->held, g_strdup (call->id), held);
    }
  g_ptr_array_add (held, call);
  self->n_held++;
  call->keeps = ph_signal_store_hold (self->store, call->id, call->wait);
  call->hold_timer = ph_timer_new (self->context, "[porthole] poll", on_hold_over, call);
  ph_timer_arm (call->hold_timer, hold_s * 1000);
  ph_signal_conn_set_deadline (conn, g_get_monotonic_time () + hold_s * G_USEC_PER_SEC + ANSWER_US);
  call->hangup = ph_signal_conn_create_source (conn);
  g_source_set_callback (call->hangup, G_SOURCE_FUNC (on_hangup), call, NULL);
  g_source_attach (call->hangup, self->context);
  soup_server_message_pause (call->message);
}

static void
look_at_id (PhSignalServer *self, const char *id)
{
  GPtrArray *held = g_hash_table_lookup (self->held, id);
  g_autoptr (GPtrArray) calls = NULL;

  if (held == NULL)
    return;
  calls = g_ptr_array_copy (held, NULL, NULL);
  for (guint i = 0; i < calls->len; i++)
    look_again (calls->pdata[i], FALSE);
}

/* Looking may find a session expired and so change another one: that one gets its own turn. */
static gboolean
on_dirty (gpointer data)
{
  PhSignalServer *self = data;
  g_autoptr (GHashTable) dirty = g_steal_pointer (&self->dirty);
  GHashTableIter iter;
  gpointer id;

  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, dirty);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    look_at_id (self, id);
  return G_SOURCE_CONTINUE;
}

static void
forget_owner (PhSignalServer *self, const char *id)
{
  const guint8 *address = g_hash_table_lookup (self->owners, id);

  if (address == NULL)
    return;
  ph_signal_callers_end_session (self->callers, address);
  g_hash_table_remove (self->owners, id);
}

static void
on_changed (const char *id, gboolean is_gone, gpointer data)
{
  PhSignalServer *self = data;

  if (is_gone)
    forget_owner (self, id);
  if (!g_hash_table_contains (self->held, id))
    return;
  g_hash_table_add (self->dirty, g_strdup (id));
  ph_timer_arm (self->dirty_timer, 0);
}

/* ---- Calls of the API ---- */

/* The bearer token, borrowed from the request; NULL without one. */
static const char *
get_token (Call *call)
{
  const char *value = soup_message_headers_get_one (
      soup_server_message_get_request_headers (call->message), "Authorization");

  if (value == NULL || g_ascii_strncasecmp (value, "Bearer ", 7) != 0)
    return NULL;
  return value + 7 + strspn (value + 7, " ");
}

/* Whether @call comes from the Host whose own server this is: nobody else knows the token that the
 * session's id was made from. */
static gboolean
is_own (Call *call)
{
  const char *token = get_token (call);
  char id[PH_ID_SIZE];

  return call->server->options.only_id != NULL && token != NULL &&
         ph_code_id_from_token (token, id) && strcmp (id, call->server->options.only_id) == 0;
}

static GBytes *
dup_body (Call *call)
{
  return g_bytes_new (call->body->data, call->body->len);
}

/* FALSE after having answered. */
static gboolean
take_create (Call *call)
{
  guint retry_s = 0;

  if (call->is_own || ph_signal_callers_take_create (call->server->callers, call->address,
                                                     g_get_monotonic_time (), &retry_s))
    return TRUE;
  answer_retry (call, STATUS_TOO_MANY_REQUESTS, "too-many-requests",
                "Too many sessions from this address; wait a little.", retry_s);
  return FALSE;
}

/* Whether @call may create a session: FALSE after having answered. */
static gboolean
may_create (Call *call)
{
  PhSignalServer *self = call->server;
  const char *token = get_token (call);
  char id[PH_ID_SIZE];
  gboolean is_there = token != NULL && ph_code_id_from_token (token, id) &&
                      g_hash_table_contains (self->owners, id);

  if (self->options.only_id != NULL && !call->is_own)
    {
      answer_error (call, SOUP_STATUS_FORBIDDEN, "forbidden",
                    "This server is there for one Host and its session.");
      return FALSE;
    }
  if (!take_create (call))
    return FALSE;
  if (is_there || ph_signal_callers_may_begin_session (self->callers, call->address))
    return TRUE;
  answer_retry (call, STATUS_TOO_MANY_REQUESTS, "too-many-requests",
                "Too many sessions from this address; end some first.", RETRY_FULL_S);
  return FALSE;
}

static void
note_owner (Call *call, const char *id)
{
  PhSignalServer *self = call->server;

  if (g_hash_table_contains (self->owners, id))
    return;
  g_hash_table_insert (self->owners, g_strdup (id), g_memdup2 (call->address, 16));
  ph_signal_callers_begin_session (self->callers, call->address);
}

static void
create_session (Call *call)
{
  PhSignalServer *self = call->server;
  g_autoptr (GBytes) body = dup_body (call);
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalCreate) create = { 0 };
  const PhSignalSession *session = NULL;
  const char *token = NULL;
  PhStoreStatus status;

  if (!may_create (call))
    return;
  if (!ph_signal_create_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &create,
                               &error))
    {
      answer_bad_request (call, error->message);
      return;
    }
  status = ph_signal_store_create (self->store, &create, get_token (call), g_get_monotonic_time (),
                                   &session, &token);
  if (status != PH_STORE_OK)
    {
      answer_failure (call, status);
      return;
    }
  self->created++;
  note_owner (call, session->id);
  answer_session (call, SOUP_STATUS_CREATED, session, token);
}

static void
join_session (Call *call, const char *id)
{
  PhSignalServer *self = call->server;
  g_autoptr (GBytes) body = dup_body (call);
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalJoinCall) join = { 0 };
  const PhSignalSession *session = NULL;
  const char *token = NULL;
  PhStoreStatus status;

  if (!take_create (call))
    return;
  if (!ph_signal_join_call_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &join,
                                  &error))
    {
      answer_bad_request (call, error->message);
      return;
    }
  status = ph_signal_store_join (self->store, id, &join, g_get_monotonic_time (), &session, &token);
  if (status != PH_STORE_OK)
    {
      answer_failure (call, status);
      return;
    }
  self->joined++;
  answer_session (call, SOUP_STATUS_OK, session, token);
}

/* Who may not signal anyway is told so before anything of the body is read. */
static void
put_signal (Call *call, const char *id)
{
  PhSignalStore *store = call->server->store;
  const char *token = get_token (call);
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalMessage) message = { 0 };
  PhStoreStatus status = ph_signal_store_may_signal (store, id, token, now_us);

  if (status != PH_STORE_OK)
    {
      answer_failure (call, status);
      return;
    }
  body = dup_body (call);
  if (!ph_signal_message_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), &message,
                                &error))
    answer_bad_request (call, error->message);
  else
    answer_failure (call, ph_signal_store_signal (store, id, token, &message, now_us));
}

static void
delete_session (Call *call, const char *id)
{
  answer_failure (call, ph_signal_store_delete (call->server->store, id, get_token (call),
                                                g_get_monotonic_time ()));
}

/* What a poll waits for, from its query; FALSE after having answered. */
static gboolean
read_wait (Call *call, GHashTable *query)
{
  const char *role = query != NULL ? g_hash_table_lookup (query, "for") : NULL;
  const char *since = query != NULL ? g_hash_table_lookup (query, "since") : NULL;

  call->wait = since != NULL ? PH_STORE_FOR_CHANGE : PH_STORE_FOR_NOTHING;
  if (since != NULL && !g_ascii_string_to_unsigned (since, 10, 0, G_MAXUINT64, &call->since, NULL))
    {
      answer_bad_request (call, "“since” must be a number");
      return FALSE;
    }
  if (role == NULL)
    return TRUE;
  if (strcmp (role, "join") == 0)
    call->wait = PH_STORE_FOR_JOIN;
  else if (strcmp (role, "offer") == 0)
    call->wait = PH_STORE_FOR_OFFER;
  else if (strcmp (role, "answer") == 0)
    call->wait = PH_STORE_FOR_ANSWER;
  else
    {
      answer_bad_request (call, "“for” must be join, offer or answer");
      return FALSE;
    }
  return TRUE;
}

/* How long to hold, in seconds; FALSE after having answered. */
static gboolean
read_hold (Call *call, GHashTable *query, guint *ret_s)
{
  const char *text = query != NULL ? g_hash_table_lookup (query, "wait") : NULL;
  guint64 value = HOLD_DEFAULT_S;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &value, NULL))
    {
      answer_bad_request (call, "“wait” must be a number of seconds");
      return FALSE;
    }
  *ret_s = (guint)MIN (value, HOLD_MAX_S);
  return TRUE;
}

static void
poll_session (Call *call, const char *id, GHashTable *query)
{
  PhSignalServer *self = call->server;
  PhSignalConn *conn =
      ph_signal_conn_from_address (soup_server_message_get_remote_address (call->message));
  const PhSignalSession *session = NULL;
  gboolean ready = FALSE;
  PhStoreStatus status;
  guint hold_s;

  if (!read_wait (call, query) || !read_hold (call, query, &hold_s))
    return;
  status = ph_signal_store_poll (self->store, id, get_token (call), call->wait, call->since,
                                 g_get_monotonic_time (), &session, &ready);
  if (status != PH_STORE_OK)
    answer_failure (call, status);
  else if (ready || hold_s == 0 || self->stopping || conn == NULL)
    answer_session (call, SOUP_STATUS_OK, session, NULL);
  else if (!call->is_own && !ph_signal_callers_begin_poll (self->callers, call->address))
    answer_retry (call, STATUS_TOO_MANY_REQUESTS, "too-many-requests",
                  "Too many polls from this address; wait a little.", RETRY_POLL_S);
  else
    {
      g_strlcpy (call->id, id, sizeof call->id);
      call->token = g_strdup (get_token (call));
      call->is_counted = !call->is_own;
      hold (call, conn, hold_s);
    }
}

/* ---- What operators look at ---- */

static void
add_metric (GString *text, const char *name, const char *type, const char *help, guint64 value)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n%s %" G_GUINT64_FORMAT "\n", name,
                          help, name, type, name, value);
}

static void
answer_metrics (Call *call)
{
  PhSignalServer *self = call->server;
  GString *text = g_string_new (NULL);

  add_metric (text, "porthole_sessions", "gauge", "Sessions held, children too.",
              ph_signal_store_count (self->store));
  add_metric (text, "porthole_held_polls", "gauge", "Polls waiting for a change.", self->n_held);
  add_metric (text, "porthole_connections", "gauge", "Open connections.",
              ph_signal_accept_count (self->accept));
  add_metric (text, "porthole_created_total", "counter", "Sessions created.", self->created);
  add_metric (text, "porthole_joined_total", "counter", "Joins accepted.", self->joined);
  add_metric (text, "porthole_limited_total", "counter", "Requests refused by a limit.",
              self->limited);
  g_string_append (text, "# HELP porthole_answers_total Answers by status.\n"
                         "# TYPE porthole_answers_total counter\n");
  for (guint i = 2; i < G_N_ELEMENTS (self->answers); i++)
    g_string_append_printf (text, "porthole_answers_total{status=\"%uxx\"} %" G_GUINT64_FORMAT "\n",
                            i, self->answers[i]);
  answer (call, SOUP_STATUS_OK, "text/plain; version=0.0.4", g_string_free (text, FALSE));
}

/* ---- Routes ---- */

static gboolean
is_method (Call *call, const char *method)
{
  return strcmp (soup_server_message_get_method (call->message), method) == 0;
}

static void
route_session (Call *call, const char *id, GHashTable *query)
{
  if (is_method (call, "GET"))
    poll_session (call, id, query);
  else if (is_method (call, "POST"))
    join_session (call, id);
  else if (is_method (call, "DELETE"))
    delete_session (call, id);
  else
    answer_method (call, "GET, POST, DELETE");
}

static void
route_signal (Call *call, const char *id)
{
  if (is_method (call, "PUT") || is_method (call, "POST"))
    put_signal (call, id);
  else
    answer_method (call, "PUT, POST");
}

static void
route_root (Call *call, const char *path)
{
  gboolean is_session = strcmp (path, "/session") == 0;
  gboolean is_health = strcmp (path, "/healthz") == 0;
  gboolean is_metrics = strcmp (path, "/metrics") == 0;
  gboolean reads = is_method (call, "GET") || is_method (call, "HEAD");

  if (is_session && is_method (call, "POST"))
    create_session (call);
  else if (is_session)
    answer_method (call, "POST");
  else if ((is_health || is_metrics) && !reads)
    answer_method (call, "GET, HEAD");
  else if (is_health)
    answer (call, SOUP_STATUS_OK, "text/plain", g_strdup ("ok\n"));
  else if (is_metrics)
    answer_metrics (call);
  else
    answer_error (call, SOUP_STATUS_NOT_FOUND, "not-found", "There is nothing at this path.");
}

static void
route (Call *call, const char *path, GHashTable *query)
{
  g_auto (GStrv) parts = NULL;

  if (!g_str_has_prefix (path, "/session/"))
    {
      route_root (call, path);
      return;
    }
  parts = g_strsplit (path + strlen ("/session/"), "/", 3);
  if (parts[0] == NULL || !ph_code_is_id (parts[0]) ||
      (parts[1] != NULL && strcmp (parts[1], "signal") != 0) || g_strv_length (parts) > 2)
    answer_not_found (call);
  else if (parts[1] != NULL)
    route_signal (call, parts[0]);
  else
    route_session (call, parts[0], query);
}

/* Behind a proxy the last address of X-Forwarded-For is the one that the proxy itself saw. */
static void
read_address (Call *call, PhSignalConn *conn)
{
  const char *list = NULL;
  g_auto (GStrv) parts = NULL;
  guint n;

  memcpy (call->address, ph_signal_conn_get_endpoint (conn)->addr, 16);
  if (call->server->options.trust_forwarded)
    list = soup_message_headers_get_list (soup_server_message_get_request_headers (call->message),
                                          "X-Forwarded-For");
  if (list == NULL)
    return;
  parts = g_strsplit (list, ",", 0);
  n = g_strv_length (parts);
  ph_address_parse (g_strstrip (parts[n - 1]), call->address);
}

static void
on_request (SoupServer *soup,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer data)
{
  Call *call = g_object_get_data (G_OBJECT (message), CALL_KEY);
  PhSignalConn *conn =
      ph_signal_conn_from_address (soup_server_message_get_remote_address (message));

  if (conn == NULL)
    {
      answer_error (call, SOUP_STATUS_BAD_REQUEST, "bad-request", "This connection is closed.");
      return;
    }
  allow_answer (call);
  read_address (call, conn);
  call->is_own = is_own (call);
  if (call->is_own)
    ph_signal_conn_keep (conn);
  if (call->received_bytes > PH_SIGNAL_MAX_BODY)
    answer_error (call, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "too-large",
                  "A request is at most 64 KiB.");
  else
    route (call, path, query);
}

/* ---- Requests as they arrive ---- */

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  Call *call = data;
  PhSignalConn *conn;

  call->received_bytes += g_bytes_get_size (chunk);
  if (call->received_bytes <= PH_SIGNAL_MAX_BODY)
    {
      g_byte_array_append (call->body, g_bytes_get_data (chunk, NULL),
                           (guint)g_bytes_get_size (chunk));
      return;
    }
  conn = ph_signal_conn_from_address (soup_server_message_get_remote_address (message));
  if (call->received_bytes > BODY_DISCARD_MAX && conn != NULL)
    ph_signal_conn_cut (conn);
}

static void
count_header (const char *name, const char *value, gpointer n_headers)
{
  ++*(guint *)n_headers;
}

static void
on_got_headers (SoupServerMessage *message, gpointer data)
{
  PhSignalConn *conn =
      ph_signal_conn_from_address (soup_server_message_get_remote_address (message));
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  guint n_headers = 0;

  soup_message_headers_foreach (headers, count_header, &n_headers);
  soup_message_headers_remove (headers, "Range"); /* libsoup would repeat answers for it */
  if (n_headers > MAX_HEADERS && conn != NULL)
    ph_signal_conn_cut (conn);
}

/* The message is done with, or its connection is: nobody waits for its answer any more. */
static void
on_call_over (SoupServerMessage *message, gpointer data)
{
  Call *call = data;

  if (call->server != NULL && call->hold_timer != NULL)
    let_go (call);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  on_call_over (call->message, call);
  if (call->server != NULL)
    g_hash_table_remove (call->server->calls, call);
  g_byte_array_unref (call->body);
  g_free (call);
}

static void
on_request_started (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  PhSignalServer *self = data;
  Call *call = g_new0 (Call, 1);

  call->server = self;
  call->message = message;
  call->body = g_byte_array_new ();
  /* libsoup would keep each chunk for itself, however small. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  g_hash_table_add (self->calls, call);
  g_object_set_data_full (G_OBJECT (message), CALL_KEY, call, call_free);
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), call);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), call);
  g_signal_connect (message, "finished", G_CALLBACK (on_call_over), call);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_call_over), call);
}

/* ---- Connections ---- */

/* A Host's own calls come from where those of every process on its computer come from. So nobody is
 * turned away there: whoever comes takes the place of the oldest that is not the Host. */
static gboolean
is_unlimited (PhSignalServer *self, const PhEndpoint *remote)
{
  return self->options.only_id != NULL && ph_signal_endpoint_is_local (remote);
}

static gboolean
on_opening (const PhEndpoint *remote, gpointer data)
{
  PhSignalServer *self = data;

  if (!is_unlimited (self, remote))
    return ph_signal_callers_begin_connection (self->callers, remote->addr);
  if (self->n_local >= MAX_LOCAL)
    ph_signal_accept_cut_oldest_local (self->accept);
  self->n_local++;
  return TRUE;
}

static void
on_opened (PhSignalConn *conn, GIOStream *stream, gpointer data)
{
  PhSignalServer *self = data;

  soup_server_accept_iostream (self->soup, stream, ph_signal_conn_get_local (conn),
                               ph_signal_conn_get_remote (conn), NULL);
}

static gboolean
on_stop_over (gpointer data)
{
  PhSignalServer *self = data;
  void (*stopped) (gpointer user_data) = g_steal_pointer (&self->stopped);

  if (stopped != NULL)
    stopped (self->stopped_data); /* may free self */
  return G_SOURCE_CONTINUE;
}

static void
on_closed (const PhEndpoint *remote, gpointer data)
{
  PhSignalServer *self = data;

  if (is_unlimited (self, remote))
    self->n_local--;
  else
    ph_signal_callers_end_connection (self->callers, remote->addr);
  if (self->stopping && ph_signal_accept_count (self->accept) == 0)
    ph_timer_arm (self->stop_timer, 0);
}

static const PhSignalAcceptEvents accept_events = {
  .opening = on_opening,
  .opened = on_opened,
  .closed = on_closed,
};

/* ---- Life ---- */

static gboolean
on_tick (gpointer data)
{
  PhSignalServer *self = data;
  gint64 now_us = g_get_monotonic_time ();

  ph_signal_accept_tick (self->accept, now_us);
  ph_signal_store_sweep (self->store, now_us);
  ph_signal_callers_sweep (self->callers, now_us);
  ph_timer_arm (self->tick, TICK_MS);
  return G_SOURCE_CONTINUE;
}

/* A proxy in front has all the connections, so there they are counted by nobody's address. */
static PhSignalCallers *
new_callers (const PhSignalServerOptions *options)
{
  PhSignalCallerLimits limits = {
    .create_per_minute = options->create_per_minute,
    .polls = options->polls_per_address,
    .sessions = 4 * options->polls_per_address,
  };

  if (options->polls_per_address > 0 && !options->trust_forwarded)
    limits.connections = 2 * options->polls_per_address + 64;
  return ph_signal_callers_new (&limits);
}

static PhSignalStore *
new_store (PhSignalServer *self)
{
  const PhSignalStoreOptions options = {
    .waiting_ttl_s = self->options.waiting_ttl_s,
    .joined_ttl_s = self->options.joined_ttl_s,
    .max_sessions = self->options.max_sessions,
    .keep_multi = self->options.keep_multi,
    .require_auth = self->options.require_auth,
  };

  return ph_signal_store_new (&options, on_changed, self);
}

PhSignalServer *
ph_signal_server_new (const PhSignalServerOptions *options)
{
  PhSignalServer *self = g_new0 (PhSignalServer, 1);

  self->options = *options;
  self->options.only_id = g_strdup (options->only_id);
  if (options->certificate != NULL)
    g_object_ref (options->certificate);
  self->context = g_main_context_ref_thread_default ();
  self->callers = new_callers (options);
  self->store = new_store (self);
  self->accept = ph_signal_accept_new (options->certificate,
                                       options->request_ms > 0 ? options->request_ms : REQUEST_MS,
                                       &accept_events, self);
  self->calls = g_hash_table_new (NULL, NULL);
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->held =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->soup = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->soup, NULL, on_request, NULL, NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (on_request_started), self);
  self->dirty_timer = ph_timer_new (self->context, "[porthole] polls", on_dirty, self);
  self->stop_timer = ph_timer_new (self->context, "[porthole] stop", on_stop_over, self);
  self->tick = ph_timer_new (self->context, "[porthole] tick", on_tick, self);
  ph_timer_arm (self->tick, TICK_MS);
  return self;
}

gboolean
ph_signal_server_listen (PhSignalServer *self, const PhEndpoint *endpoint, GError **error)
{
  PhEndpoint bound;

  if (!ph_signal_accept_listen (self->accept, endpoint, &bound, error))
    return FALSE;
  if (!self->listening)
    self->bound = bound;
  self->listening = TRUE;
  return TRUE;
}

guint16
ph_signal_server_get_port (PhSignalServer *self)
{
  return self->bound.port;
}

char *
ph_signal_server_dup_url (PhSignalServer *self)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  return g_strdup_printf ("%s://%s", self->options.certificate != NULL ? "https" : "http",
                          ph_endpoint_format (&self->bound, text));
}

void
ph_signal_server_stop (PhSignalServer *self,
                       void (*stopped) (gpointer user_data),
                       gpointer user_data)
{
  g_autoptr (GList) calls = g_hash_table_get_keys (self->calls);

  g_return_if_fail (!self->stopping);
  self->stopping = TRUE;
  self->stopped = stopped;
  self->stopped_data = user_data;
  ph_signal_accept_stop_listening (self->accept);
  for (GList *l = calls; l != NULL; l = l->next)
    {
      Call *call = l->data;

      if (call->hold_timer != NULL)
        look_again (call, TRUE);
    }
  ph_timer_arm (self->stop_timer, ph_signal_accept_count (self->accept) == 0 ? 0 : STOP_MS);
}

/* Messages may outlive the server inside libsoup; they find no server then. */
static void
detach_calls (PhSignalServer *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Call *call = key;

      if (call->hold_timer != NULL)
        let_go (call);
      g_signal_handlers_disconnect_by_data (call->message, call);
      call->server = NULL;
    }
}

void
ph_signal_server_free (PhSignalServer *self)
{
  if (self == NULL)
    return;
  self->stopping = FALSE; /* what closes from here on is no news */
  ph_timer_clear (&self->tick);
  ph_timer_clear (&self->stop_timer);
  ph_timer_clear (&self->dirty_timer);
  detach_calls (self);
  g_signal_handlers_disconnect_by_data (self->soup, self);
  soup_server_remove_handler (self->soup, NULL);
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);
  ph_signal_accept_free (self->accept);
  ph_signal_store_free (self->store);
  ph_signal_callers_free (self->callers);
  g_hash_table_unref (self->owners);
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->held);
  g_hash_table_unref (self->dirty);
  g_clear_object (&self->options.certificate);
  g_free ((char *)self->options.only_id);
  g_main_context_unref (self->context);
  g_free (self);
}
