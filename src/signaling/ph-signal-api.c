/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-api.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define HOLD_DEFAULT_S 5
#define HOLD_MAX_S 30
#define RETRY_FULL_S 5
#define MAX_SIGNAL_BYTES (256 * 1024 * 1024) /* offers and answers are some KiB each */

struct _PhSignalApi
{
  const char *only_id; /* NULL: any session may be created */
  PhSignalCallers *callers;
  PhSignalTally *tally;
  PhSignalStore *store;
  PhSignalPolls *polls;
  GHashTable *owners; /* session id -> address that created it, both owned */
};

/* ---- Create ---- */

gboolean
ph_signal_api_is_own (PhSignalApi *self, PhSignalCall *call)
{
  const char *token = ph_signal_call_get_token (call);
  char id[PH_ID_SIZE];

  return self->only_id != NULL && token != NULL && ph_code_id_from_token (token, id) &&
         strcmp (id, self->only_id) == 0;
}

/* FALSE after having answered. */
static gboolean
take_create (PhSignalApi *self, PhSignalCall *call)
{
  guint retry_s = 0;

  if (ph_signal_api_is_own (self, call) ||
      ph_signal_callers_take_create (self->callers, ph_signal_call_get_address (call),
                                     g_get_monotonic_time (), &retry_s))
    return TRUE;
  ph_signal_call_answer_too_many (call, N_ ("Too many sessions from this address; wait a little."),
                                  retry_s);
  return FALSE;
}

/* Whether this address may have one session more, or has this one already. */
static gboolean
has_room (PhSignalApi *self, PhSignalCall *call)
{
  const char *token = ph_signal_call_get_token (call);
  char id[PH_ID_SIZE];

  return (token != NULL && ph_code_id_from_token (token, id) &&
          g_hash_table_contains (self->owners, id)) ||
         ph_signal_callers_may_begin_session (self->callers, ph_signal_call_get_address (call));
}

/* Whether @call may create a session: FALSE after having answered. */
static gboolean
may_create (PhSignalApi *self, PhSignalCall *call)
{
  if (self->only_id != NULL && !ph_signal_api_is_own (self, call))
    {
      ph_signal_call_answer_error (call, SOUP_STATUS_FORBIDDEN, "forbidden",
                                   N_ ("This server is there for one Host and its session."));
      return FALSE;
    }
  if (!take_create (self, call))
    return FALSE;
  if (has_room (self, call))
    return TRUE;
  ph_signal_call_answer_too_many (call, N_ ("Too many sessions from this address; end some first."),
                                  RETRY_FULL_S);
  return FALSE;
}

static void
note_owner (PhSignalApi *self, PhSignalCall *call, const char *id)
{
  const guint8 *address = ph_signal_call_get_address (call);

  if (g_hash_table_contains (self->owners, id))
    return;
  g_hash_table_insert (self->owners, g_strdup (id), g_memdup2 (address, 16));
  ph_signal_callers_begin_session (self->callers, address);
}

static void
forget_owner (PhSignalApi *self, const char *id)
{
  const guint8 *address = g_hash_table_lookup (self->owners, id);

  if (address == NULL)
    return;
  ph_signal_callers_end_session (self->callers, address);
  g_hash_table_remove (self->owners, id);
}

static void
create_session (PhSignalApi *self, PhSignalCall *call)
{
  gsize size;
  const char *body = ph_signal_call_get_body (call, &size);
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalCreate) create = { 0 };
  const PhSignalSession *session = NULL;
  const char *token = NULL;
  PhStoreStatus status;

  if (!may_create (self, call))
    return;
  if (!ph_signal_create_parse (body, size, &create, &error))
    {
      ph_signal_call_answer_bad_request (call, error->message);
      return;
    }
  status = ph_signal_store_create (self->store, &create, ph_signal_call_get_token (call),
                                   g_get_monotonic_time (), &session, &token);
  if (status != PH_STORE_OK)
    {
      ph_signal_call_answer_status (call, status);
      return;
    }
  self->tally->created++;
  note_owner (self, call, session->id);
  ph_signal_call_answer_session (call, SOUP_STATUS_CREATED, session, token);
}

/* ---- Join ---- */

static void
join_session (PhSignalApi *self, PhSignalCall *call, const char *id)
{
  gsize size;
  const char *body = ph_signal_call_get_body (call, &size);
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalJoinCall) join = { 0 };
  const PhSignalSession *session = NULL;
  const char *token = NULL;
  PhStoreStatus status;

  if (!take_create (self, call))
    return;
  if (!ph_signal_join_call_parse (body, size, &join, &error))
    {
      ph_signal_call_answer_bad_request (call, error->message);
      return;
    }
  status = ph_signal_store_join (self->store, id, &join, g_get_monotonic_time (), &session, &token);
  if (status != PH_STORE_OK)
    {
      ph_signal_call_answer_status (call, status);
      return;
    }
  self->tally->joined++;
  ph_signal_call_answer_session (call, SOUP_STATUS_OK, session, token);
}

/* ---- Signal and delete ---- */

/* Who may not signal anyway is told so before anything of the body is read. */
static void
put_signal (PhSignalApi *self, PhSignalCall *call, const char *id)
{
  gsize size;
  const char *body = ph_signal_call_get_body (call, &size);
  const char *token = ph_signal_call_get_token (call);
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_auto (PhSignalMessage) message = { 0 };
  PhStoreStatus status = ph_signal_store_may_signal (self->store, id, token, now_us);

  if (status != PH_STORE_OK)
    ph_signal_call_answer_status (call, status);
  else if (!ph_signal_message_parse (body, size, &message, &error))
    ph_signal_call_answer_bad_request (call, error->message);
  else
    ph_signal_call_answer_status (
        call, ph_signal_store_signal (self->store, id, token, &message, now_us));
}

static void
delete_session (PhSignalApi *self, PhSignalCall *call, const char *id)
{
  ph_signal_call_answer_status (call, ph_signal_store_delete (self->store, id,
                                                              ph_signal_call_get_token (call),
                                                              g_get_monotonic_time ()));
}

/* ---- Poll ---- */

/* What a poll waits for; FALSE after having answered. */
static gboolean
read_wait (PhSignalCall *call, GHashTable *query, PhSignalPollQuery *ret)
{
  const char *role = g_hash_table_lookup (query, "for");
  const char *since = g_hash_table_lookup (query, "since");

  ret->wait = since != NULL ? PH_STORE_FOR_CHANGE : PH_STORE_FOR_NOTHING;
  if (since != NULL && !g_ascii_string_to_unsigned (since, 10, 0, G_MAXUINT64, &ret->since, NULL))
    {
      ph_signal_call_answer_bad_request (call, "“since” must be a number");
      return FALSE;
    }
  if (role == NULL)
    return TRUE;
  if (strcmp (role, "join") == 0)
    ret->wait = PH_STORE_FOR_JOIN;
  else if (strcmp (role, "offer") == 0)
    ret->wait = PH_STORE_FOR_OFFER;
  else if (strcmp (role, "answer") == 0)
    ret->wait = PH_STORE_FOR_ANSWER;
  else
    {
      ph_signal_call_answer_bad_request (call, "“for” must be join, offer or answer");
      return FALSE;
    }
  return TRUE;
}

/* How long to hold; FALSE after having answered. */
static gboolean
read_hold (PhSignalCall *call, GHashTable *query, PhSignalPollQuery *ret)
{
  const char *text = g_hash_table_lookup (query, "wait");
  guint64 value = HOLD_DEFAULT_S;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &value, NULL))
    {
      ph_signal_call_answer_bad_request (call, "“wait” must be a number of seconds");
      return FALSE;
    }
  ret->hold_s = (guint)MIN (value, HOLD_MAX_S);
  return TRUE;
}

static void
poll_session (PhSignalApi *self, PhSignalCall *call, const char *id, GHashTable *query)
{
  PhSignalPollQuery poll = { .hold_s = HOLD_DEFAULT_S };

  g_strlcpy (poll.id, id, sizeof poll.id);
  if (query == NULL || (read_wait (call, query, &poll) && read_hold (call, query, &poll)))
    ph_signal_polls_answer (self->polls, call, &poll, !ph_signal_api_is_own (self, call));
}

/* ---- Routes ---- */

static void
answer_metrics (PhSignalApi *self, PhSignalCall *call)
{
  self->tally->sessions = ph_signal_store_count (self->store);
  ph_signal_call_answer_text (call, ph_signal_tally_to_text (self->tally));
}

static void
route_session (PhSignalApi *self, PhSignalCall *call, const char *id, GHashTable *query)
{
  if (ph_signal_call_is_method (call, "GET"))
    poll_session (self, call, id, query);
  else if (ph_signal_call_is_method (call, "POST"))
    join_session (self, call, id);
  else if (ph_signal_call_is_method (call, "DELETE"))
    delete_session (self, call, id);
  else
    ph_signal_call_answer_method (call, "GET, POST, DELETE");
}

static void
route_signal (PhSignalApi *self, PhSignalCall *call, const char *id)
{
  if (ph_signal_call_is_method (call, "PUT") || ph_signal_call_is_method (call, "POST"))
    put_signal (self, call, id);
  else
    ph_signal_call_answer_method (call, "PUT, POST");
}

static void
route_root (PhSignalApi *self, PhSignalCall *call, const char *path)
{
  gboolean is_session = strcmp (path, "/session") == 0;
  gboolean is_health = strcmp (path, "/healthz") == 0;
  gboolean is_metrics = strcmp (path, "/metrics") == 0;
  gboolean reads =
      ph_signal_call_is_method (call, "GET") || ph_signal_call_is_method (call, "HEAD");

  if (is_session && ph_signal_call_is_method (call, "POST"))
    create_session (self, call);
  else if (is_session)
    ph_signal_call_answer_method (call, "POST");
  else if ((is_health || is_metrics) && !reads)
    ph_signal_call_answer_method (call, "GET, HEAD");
  else if (is_health)
    ph_signal_call_answer_text (call, g_strdup ("ok\n"));
  else if (is_metrics)
    answer_metrics (self, call);
  else
    ph_signal_call_answer_error (call, SOUP_STATUS_NOT_FOUND, "not-found",
                                 N_ ("There is nothing at this path."));
}

static void
route (PhSignalApi *self, PhSignalCall *call, const char *path, GHashTable *query)
{
  g_auto (GStrv) parts = NULL;

  if (!g_str_has_prefix (path, "/session/"))
    {
      route_root (self, call, path);
      return;
    }
  parts = g_strsplit (path + strlen ("/session/"), "/", 3);
  if (parts[0] == NULL || !ph_code_is_id (parts[0]) ||
      (parts[1] != NULL && strcmp (parts[1], "signal") != 0) || g_strv_length (parts) > 2)
    ph_signal_call_answer_status (call, PH_STORE_NOT_FOUND);
  else if (parts[1] != NULL)
    route_signal (self, call, parts[0]);
  else
    route_session (self, call, parts[0], query);
}

void
ph_signal_api_answer (PhSignalApi *self, PhSignalCall *call, const char *path, GHashTable *query)
{
  if (ph_signal_call_is_too_large (call))
    ph_signal_call_answer_too_large (call);
  else
    route (self, call, path, query);
}

/* ---- Life ---- */

static void
on_changed (const char *id, gboolean is_gone, gpointer data)
{
  PhSignalApi *self = data;

  if (is_gone)
    forget_owner (self, id);
  ph_signal_polls_changed (self->polls, id);
}

PhSignalApi *
ph_signal_api_new (const PhSignalServerOptions *options,
                   PhSignalCallers *callers,
                   PhSignalTally *tally)
{
  const PhSignalStoreOptions store_options = {
    .waiting_ttl_s = options->waiting_ttl_s,
    .joined_ttl_s = options->joined_ttl_s,
    .max_sessions = options->max_sessions,
    .max_bytes = MAX_SIGNAL_BYTES,
    .keep_multi = options->keep_multi,
    .require_auth = options->require_auth,
  };
  PhSignalApi *self = g_new0 (PhSignalApi, 1);

  self->only_id = options->only_id;
  self->callers = callers;
  self->tally = tally;
  self->store = ph_signal_store_new (&store_options, on_changed, self);
  self->polls = ph_signal_polls_new (self->store, callers, tally);
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
ph_signal_api_free (PhSignalApi *self)
{
  if (self == NULL)
    return;
  ph_signal_polls_free (self->polls);
  ph_signal_store_free (self->store);
  g_hash_table_unref (self->owners);
  g_free (self);
}

void
ph_signal_api_forget (PhSignalApi *self, PhSignalCall *call)
{
  ph_signal_polls_forget (self->polls, call);
}

void
ph_signal_api_tick (PhSignalApi *self, gint64 now_us)
{
  ph_signal_store_sweep (self->store, now_us);
}

void
ph_signal_api_stop (PhSignalApi *self)
{
  ph_signal_polls_stop (self->polls);
}
