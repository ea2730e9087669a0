/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-host.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"
#include "signaling/ph-signal-client.h"
#include "signaling/ph-signal-server.h"
#include "transport/ph-local-addresses.h"

#include "ph-host-client.h"

/* How long calls to the signaling server may hold up the end. */
#define END_LIMIT_MS 1000
#define LOOK_AGAIN_MS 20
#define CREATE_AGAIN_MS 10000

/* A nonce is remembered for as long as the session lives; only holders of the code can add one. */
#define MAX_NONCES 65536

/* Whoever knows the id can ask to join any number of times, and the server can make requests up: so
 * many that are turned away are told in a minute, one by one. */
#define MAX_TOLD 60
#define TOLD_WINDOW_US (60 * G_USEC_PER_SEC)

typedef enum
{
  STATE_STARTING, /* servers are looked up, the session is being created */
  STATE_SERVING,
  STATE_ENDING, /* clients say goodbye, the session is deleted */
  STATE_ENDED,
  N_STATES
} State;

static const gboolean legal_edges[N_STATES][N_STATES] = {
  [STATE_STARTING] = { [STATE_SERVING] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_SERVING] = { [STATE_ENDING] = TRUE },
  [STATE_ENDING] = { [STATE_ENDED] = TRUE },
};

struct _PhHost
{
  State state;
  GMainContext *context;
  PhPoll *poll;
  PhRules *rules;
  PhCert *cert;
  PhIceConfig *ice;       /* NULL until looked up */
  PhSignalServer *server; /* NULL where another one is used */
  PhSignalClient *signal;
  PhSignalWatch *watch;
  GCancellable *cancellable;
  GSource *create_timer; /* the session is gone and could not be created again */
  GSource *end_timer;    /* 0 ms: look whether all is over; END_LIMIT_MS: cut calls short */
  gint64 end_limit_us;
  gint64 create_us;       /* when the session was last created */
  gboolean is_creating;   /* … which is under way */
  gboolean has_withdrawn; /* a question went away since somebody was last asked */
  GError *end_error;
  char *name;
  char token[PH_TOKEN_SIZE];
  guint8 secret[PH_SECRET_SIZE];
  guint8 key[PH_KEY_SIZE];
  char id[PH_ID_SIZE];
  PhSignalSession *created; /* the server's answer, until the ICE servers are known too */
  guint max_clients;
  guint answer_limit_ms;
  guint n_told; /* requests that were turned away, since: */
  gint64 told_since_us;
  gboolean allow_unverified;
  gboolean approve_all;
  gboolean decline_all;
  gboolean is_deleting;
  gboolean is_deleted;
  gboolean is_server_stopping;
  GPtrArray *clients; /* of PhHostClient */
  GHashTable *seen;   /* ids of child sessions that are being dealt with */
  GHashTable *nonces; /* GBytes -> the id of the child it came with */
  const PhSessionEvents *events;
  gpointer user_data;
};

static void
set_state (PhHost *self, State state)
{
  g_assert (legal_edges[self->state][state]);
  self->state = state;
}

/* Clients */

static void look_whether_over (PhHost *self);

static void
on_client_gone (PhHostClient *client, gpointer user_data)
{
  PhHost *self = user_data;

  g_ptr_array_remove (self->clients, client);
  look_whether_over (self);
}

static void
on_client_asked (PhHostClient *client, gpointer user_data)
{
  PhHost *self = user_data;

  self->has_withdrawn = FALSE;
  if (self->approve_all || self->decline_all)
    ph_host_client_answer (client, self->approve_all);
}

static void
on_client_withdrawn (gpointer user_data)
{
  PhHost *self = user_data;

  self->has_withdrawn = TRUE;
}

static PhHostClient *
find_client (PhHost *self, const char *name)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);

      if (g_str_equal (ph_host_client_get_name (client), name))
        return client;
    }
  return NULL;
}

/* "anna", and while she is there "anna (2)". */
static char *
dup_unique_name (PhHost *self, const char *name)
{
  g_autofree char *clean = ph_text_clean (name, -1, PH_TEXT_MAX_NAME);
  const char *shown = *clean != '\0' ? clean : "somebody";
  g_autofree char *candidate = g_strdup (shown);

  for (guint n = 2; find_client (self, candidate) != NULL; n++)
    {
      g_free (candidate);
      candidate = g_strdup_printf ("%s (%u)", shown, n);
    }
  return g_steal_pointer (&candidate);
}

static guint
count_staying (PhHost *self)
{
  guint n = 0;

  for (guint i = 0; i < self->clients->len; i++)
    n += ph_host_client_is_leaving (g_ptr_array_index (self->clients, i)) ? 0 : 1;
  return n;
}

static guint
count_questions (PhHost *self)
{
  guint n = 0;

  for (guint i = 0; i < self->clients->len; i++)
    n += ph_host_client_is_asking (g_ptr_array_index (self->clients, i)) ? 1 : 0;
  return n;
}

static void
on_rejected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ph_signal_client_signal_finish (result, NULL); /* the child session expires instead */
}

static void
reject (PhHost *self, const PhSignalJoin *join, PhSignalReason reason)
{
  PhSignalMessage message = { .type = PH_SIGNAL_TYPE_REJECT, .reason = reason };

  ph_signal_client_signal_async (self->signal, join->id, self->token, &message, self->cancellable,
                                 on_rejected, NULL);
}

static void
warn_about (PhHost *self, const char *code, const PhSignalJoin *join, const char *words)
{
  g_autofree char *name = ph_text_clean (join->client, -1, PH_TEXT_MAX_NAME);
  g_autofree char *message = g_strdup_printf ("%s %s", name, words);

  self->events->warning (code, message, self->user_data);
}

static void
turn_away (PhHost *self, const PhSignalJoin *join, PhSignalReason reason, const char *words)
{
  gint64 now_us = g_get_monotonic_time ();

  reject (self, join, reason);
  if (now_us - self->told_since_us > TOLD_WINDOW_US)
    {
      self->told_since_us = now_us;
      self->n_told = 0;
    }
  self->n_told++;
  if (self->n_told <= MAX_TOLD)
    warn_about (self, ph_signal_reason_name (reason), join, words);
  else if (self->n_told == MAX_TOLD + 1)
    self->events->warning ("many-requests",
                           "Many requests are being turned away; for a minute no more of them are "
                           "told one by one.",
                           self->user_data);
}

/* Whether the join was made by somebody who holds the share code. */
static gboolean
is_proven (PhHost *self, const PhSignalJoin *join)
{
  guint8 mac[PH_MAC_SIZE];

  if (!join->proof.has_mac || !join->proof.has_nonce)
    return FALSE;
  ph_code_mac_join (self->key, self->id, join->proof.nonce, join->client, mac);
  return ph_code_equal (mac, join->proof.mac, sizeof mac);
}

/* The id of the child that the join's nonce came with before; NULL if it is new, and now known. */
static const char *
look_up_nonce (PhHost *self, const PhSignalJoin *join)
{
  g_autoptr (GBytes) nonce = g_bytes_new (join->proof.nonce, PH_NONCE_SIZE);
  const char *id = g_hash_table_lookup (self->nonces, nonce);

  if (id == NULL && g_hash_table_size (self->nonces) >= MAX_NONCES)
    return "";
  if (id == NULL)
    g_hash_table_insert (self->nonces, g_steal_pointer (&nonce), g_strdup (join->id));
  return id;
}

static void
admit (PhHost *self, const PhSignalJoin *join, gboolean is_verified)
{
  PhHostClientEnv env = {
    .signal = self->signal,
    .parent_id = self->id,
    .token = self->token,
    .host_name = self->name,
    .key = self->key,
    .tunnel = { PH_MUX_HOST, self->cert, self->ice, self->poll, self->rules },
    .cancellable = self->cancellable,
    .answer_limit_ms = self->answer_limit_ms,
    .events = self->events,
    .events_data = self->user_data,
    .asked = on_client_asked,
    .withdrawn = on_client_withdrawn,
    .gone = on_client_gone,
    .host = self,
  };
  g_autofree char *name = dup_unique_name (self, join->client);
  g_autoptr (GError) error = NULL;
  PhHostClient *client = ph_host_client_new (&env, join, name, is_verified, &error);

  if (client == NULL)
    {
      warn_about (self, "failed", join, error->message);
      reject (self, join, PH_SIGNAL_REASON_FULL);
      return;
    }
  g_ptr_array_add (self->clients, client);
  ph_host_client_begin (client);
}

/* A nonce that comes back under another child is somebody else's join, played again; under the same
 * one it is only a server that says things twice. */
static void
take_join (PhHost *self, const PhSignalJoin *join)
{
  gboolean is_verified = is_proven (self, join);
  const char *earlier_id = is_verified ? look_up_nonce (self, join) : NULL;

  if (g_strcmp0 (earlier_id, join->id) == 0)
    return;
  if (join->proof.has_mac && !is_verified)
    turn_away (self, join, PH_SIGNAL_REASON_NOT_VERIFIED,
               "was turned away: the share code is wrong");
  else if (earlier_id != NULL)
    turn_away (self, join, PH_SIGNAL_REASON_NOT_VERIFIED,
               "was turned away: an old request came again");
  else if (!is_verified && !self->allow_unverified)
    turn_away (self, join, PH_SIGNAL_REASON_NOT_VERIFIED,
               "was turned away: joined without the share code");
  else if (count_staying (self) >= self->max_clients ||
           count_questions (self) >= PH_HOST_MAX_QUESTIONS)
    turn_away (self, join, PH_SIGNAL_REASON_FULL, "was turned away: there is no room left");
  else
    {
      if (!is_verified && !join->proof.has_commit)
        warn_about (self, "unverified", join,
                    "has no number to compare: the signaling server could stand between you");
      if (self->state == STATE_SERVING) /* whoever heard the warning may have ended it */
        admit (self, join, is_verified);
    }
}

static gboolean
is_listed (const PhSignalSession *session, const char *id)
{
  for (guint i = 0; i < session->joins->len; i++)
    if (g_str_equal (((PhSignalJoin *)g_ptr_array_index (session->joins, i))->id, id))
      return TRUE;
  return FALSE;
}

static gboolean
is_decided (gpointer id, gpointer value, gpointer session)
{
  return !is_listed (session, id);
}

/* The server lists every child that has neither an offer nor a rejection; a decided one never comes
 * back, so it need not be remembered. */
static void
on_session_changed (const PhSignalSession *session, gpointer user_data)
{
  PhHost *self = user_data;

  g_hash_table_foreach_remove (self->seen, is_decided, (gpointer)session);
  for (guint i = 0; i < session->joins->len && self->state == STATE_SERVING; i++)
    {
      const PhSignalJoin *join = g_ptr_array_index (session->joins, i);

      if (g_hash_table_add (self->seen, g_strdup (join->id)))
        take_join (self, join);
    }
}

/* The session itself */

static void create (PhHost *self);

static void
on_session_trouble (const GError *error, gpointer user_data)
{
  PhHost *self = user_data;

  if (error != NULL)
    self->events->warning ("signal-unreachable",
                           "The signaling server does not answer; it is being tried again. Who is "
                           "connected stays connected.",
                           self->user_data);
  else
    self->events->warning ("signal-back", "The signaling server answers again.", self->user_data);
}

static void
on_session_failed (const GError *error, gpointer user_data)
{
  PhHost *self = user_data;

  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (ph_error_code (error) == PH_ERROR_SESSION_UNKNOWN &&
      g_get_monotonic_time () - self->create_us > CREATE_AGAIN_MS * 1000ll)
    {
      create (self);
      return;
    }
  /* What stands in the way may pass: a captive portal, a proxy that was set up wrongly. */
  ph_timer_arm (self->create_timer, CREATE_AGAIN_MS);
  self->events->warning (ph_error_name (ph_error_code (error)), error->message, self->user_data);
}

static const PhSignalWatchEvents watch_events = { .changed = on_session_changed,
                                                  .trouble = on_session_trouble,
                                                  .failed = on_session_failed };

/* With our own server, links carry the addresses others know this machine by. */
static char **
dup_server_urls (PhHost *self)
{
  g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();
  g_autoptr (GArray) addresses = NULL;
  char text[PH_ENDPOINT_TEXT_SIZE];

  if (self->server == NULL)
    {
      g_strv_builder_add (urls, ph_signal_client_get_url (self->signal));
      return g_strv_builder_end (urls);
    }
  addresses = ph_local_addresses_list ();
  for (guint i = 0; i < addresses->len || i == 0; i++)
    {
      PhEndpoint endpoint = { 0 };
      g_autofree char *url = NULL;

      if (addresses->len > 0)
        endpoint = g_array_index (addresses, PhEndpoint, i);
      else
        ph_address_parse ("127.0.0.1", endpoint.addr);
      endpoint.port = ph_signal_server_get_port (self->server);
      url = g_strconcat ("http://", ph_endpoint_format (&endpoint, text), NULL);
      g_strv_builder_add (urls, url);
    }
  return g_strv_builder_end (urls);
}

static void
report_session (PhHost *self)
{
  g_auto (GStrv) urls = dup_server_urls (self);
  g_autoptr (GStrvBuilder) links = g_strv_builder_new ();
  g_auto (GStrv) all_links = NULL;
  g_autofree char *code_text = NULL;
  PhSessionInfo info = { .id = self->id, .signal = urls[0] };

  for (gsize i = 0; urls[i] != NULL; i++)
    {
      g_autoptr (PhCode) code = ph_code_new (self->id, self->secret, urls[i]);
      g_autofree char *link = ph_code_dup_link (code);

      if (code_text == NULL)
        code_text = ph_code_dup_code (code);
      g_strv_builder_add (links, link);
    }
  all_links = g_strv_builder_end (links);
  info.code = code_text;
  info.link = all_links[0];
  info.more_links = (const char *const *)all_links + 1;
  self->events->session (&info, self->user_data);
}

/* Once both are there: the session, and the servers that help Clients to connect. */
static void
serve_if_ready (PhHost *self)
{
  g_autoptr (PhSignalSession) created = NULL;
  gboolean is_known;

  if (self->state >= STATE_ENDING || self->created == NULL || self->ice == NULL)
    return;
  created = g_steal_pointer (&self->created);
  is_known = self->state == STATE_SERVING && g_str_equal (self->id, created->id);
  if (self->state == STATE_STARTING)
    set_state (self, STATE_SERVING);
  g_strlcpy (self->id, created->id, sizeof self->id);
  if (created->token != NULL)
    g_strlcpy (self->token, created->token, sizeof self->token);
  self->watch = ph_signal_watch_new (self->signal, self->id, self->token, 0, &watch_events, self);
  if (!is_known)
    report_session (self);
}

static void
end_with (PhHost *self, GError *error)
{
  if (self->end_error == NULL)
    self->end_error = error;
  else
    g_clear_error (&error);
  ph_host_end (self);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhHost *self = user_data;
  g_autoptr (GError) error = NULL;
  PhSignalSession *session = ph_signal_client_create_finish (result, &error);

  if (session == NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->is_creating = FALSE;
  if (session == NULL && self->state == STATE_STARTING)
    end_with (self, g_steal_pointer (&error));
  else if (session == NULL)
    {
      /* Who is connected stays so; a code that has stopped working is worth another try. */
      self->events->warning (ph_error_name (ph_error_code (error)), error->message,
                             self->user_data);
      ph_timer_arm (self->create_timer, CREATE_AGAIN_MS);
    }
  else
    {
      g_clear_pointer (&self->created, ph_signal_session_free);
      self->created = session;
      serve_if_ready (self);
    }
}

static gboolean
on_create_timer (gpointer user_data)
{
  PhHost *self = user_data;

  if (self->state == STATE_SERVING)
    create (self);
  return G_SOURCE_CONTINUE;
}

static void
create (PhHost *self)
{
  self->create_us = g_get_monotonic_time ();
  self->is_creating = TRUE;
  ph_signal_client_create_async (self->signal, self->token, self->name, TRUE, self->cancellable,
                                 on_created, self);
}

static void
on_servers_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhIceConfig) ice = ph_ice_servers_resolve_finish (result, NULL);
  PhHost *self = user_data;

  if (ice == NULL) /* cancelled: the Host is gone */
    return;
  self->ice = ph_ice_config_ref (ice);
  for (guint i = 0; i < ice->warnings->len && self->state < STATE_ENDING; i++)
    self->events->warning ("ice-server", g_ptr_array_index (ice->warnings, i), self->user_data);
  serve_if_ready (self);
}

/* Ending: who is not in yet is told through the session, which is then taken away, whatever the
 * tunnels of the others still have to say; our own server goes last. */

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhHost *self = user_data;
  g_autoptr (GError) error = NULL;

  ph_signal_client_delete_finish (result, &error); /* what stays there expires */
  if (self->state != STATE_ENDING)
    return;
  self->is_deleted = TRUE;
  look_whether_over (self);
}

static void
on_server_stopped (gpointer user_data)
{
  PhHost *self = user_data;

  g_clear_pointer (&self->server, ph_signal_server_free);
  look_whether_over (self);
}

static void
look_whether_over (PhHost *self)
{
  if (self->state == STATE_ENDING)
    ph_timer_arm (self->end_timer, 0);
}

/* The session may be there before the servers that help to connect are known. */
static void
delete_session (PhHost *self)
{
  const char *id = self->created != NULL ? self->created->id : self->id;
  char own_id[PH_ID_SIZE];

  /* One that is just being created has the id that belongs to the token. */
  if (*id == '\0' && self->is_creating && ph_code_id_from_token (self->token, own_id))
    id = own_id;
  self->is_deleting = TRUE;
  self->is_deleted = *id == '\0';
  if (!self->is_deleted)
    ph_signal_client_delete_async (self->signal, id, self->token, self->cancellable, on_deleted,
                                   self);
}

static gboolean
is_anybody_rejecting (PhHost *self)
{
  for (guint i = 0; i < self->clients->len; i++)
    if (ph_host_client_is_rejecting (g_ptr_array_index (self->clients, i)))
      return TRUE;
  return FALSE;
}

/* Takes the next step towards the end that is due; TRUE when all are done. */
static gboolean
continue_ending (PhHost *self)
{
  if (!self->is_deleting && !is_anybody_rejecting (self))
    delete_session (self);
  if (self->clients->len > 0 || !self->is_deleted)
    return FALSE;
  if (self->server != NULL && !self->is_server_stopping)
    {
      self->is_server_stopping = TRUE;
      ph_signal_server_stop (self->server, on_server_stopped, self);
    }
  return self->server == NULL;
}

static gboolean
on_end_timer (gpointer user_data)
{
  PhHost *self = user_data;

  if (self->state != STATE_ENDING)
    return G_SOURCE_CONTINUE;
  if (g_get_monotonic_time () >= self->end_limit_us)
    g_cancellable_cancel (self->cancellable);
  if (!continue_ending (self))
    {
      if (!g_cancellable_is_cancelled (self->cancellable))
        ph_timer_arm (self->end_timer, LOOK_AGAIN_MS);
      return G_SOURCE_CONTINUE;
    }
  set_state (self, STATE_ENDED);
  g_cancellable_cancel (self->cancellable); /* nothing is heard after this */
  self->events->ended (self->end_error, self->user_data);
  return G_SOURCE_CONTINUE;
}

static gpointer
ref_client (gconstpointer client, gpointer user_data)
{
  return g_rc_box_acquire ((gpointer)client);
}

void
ph_host_end (PhHost *self)
{
  g_autoptr (GPtrArray) clients = NULL;

  if (self->state == STATE_ENDING || self->state == STATE_ENDED)
    return;
  set_state (self, STATE_ENDING);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  self->end_limit_us = g_get_monotonic_time () + END_LIMIT_MS * 1000ll;
  clients = g_ptr_array_copy (self->clients, ref_client, NULL);
  for (guint i = 0; i < clients->len; i++)
    ph_host_client_leave (g_ptr_array_index (clients, i), PH_CLOSE_SESSION_ENDING, "ended");
  look_whether_over (self);
}

/* What a person does */

gboolean
ph_host_allow (PhHost *self, const char *rule, GError **error)
{
  return ph_rules_add (self->rules, rule, error);
}

gboolean
ph_host_deny (PhHost *self, const char *rule, GError **error)
{
  if (!ph_rules_remove (self->rules, rule, error))
    return FALSE;
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhTunnel *tunnel = ph_host_client_get_tunnel (g_ptr_array_index (self->clients, i));
      PhMux *mux = tunnel != NULL ? ph_tunnel_get_mux (tunnel) : NULL;

      if (mux != NULL)
        ph_mux_recheck_rules (mux);
    }
  return TRUE;
}

gboolean
ph_host_take_withdrawn (PhHost *self)
{
  gboolean has_withdrawn = self->has_withdrawn;

  self->has_withdrawn = FALSE;
  return has_withdrawn && count_questions (self) > 0;
}

static PhHostClient *
find_oldest_question (PhHost *self)
{
  PhHostClient *oldest = NULL;

  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);

      if (ph_host_client_is_asking (client) &&
          (oldest == NULL ||
           ph_host_client_get_question (client) < ph_host_client_get_question (oldest)))
        oldest = client;
    }
  return oldest;
}

const char *
ph_host_get_question (PhHost *self, guint64 *ret_question, gboolean *ret_is_number)
{
  PhHostClient *oldest = find_oldest_question (self);

  if (oldest == NULL)
    return NULL;
  *ret_question = ph_host_client_get_question (oldest);
  *ret_is_number = ph_host_client_is_comparing (oldest);
  return ph_host_client_get_name (oldest);
}

gboolean
ph_host_answer (PhHost *self, gboolean is_approved)
{
  PhHostClient *oldest = find_oldest_question (self);

  if (oldest == NULL)
    return FALSE;
  ph_host_client_answer (oldest, is_approved);
  return TRUE;
}

gboolean
ph_host_answer_client (PhHost *self, const char *name, gboolean is_approved)
{
  PhHostClient *client = find_client (self, name);

  if (client == NULL || !ph_host_client_is_asking (client))
    return FALSE;
  ph_host_client_answer (client, is_approved);
  return TRUE;
}

void
ph_host_decline_all (PhHost *self)
{
  self->decline_all = TRUE;
  while (ph_host_answer (self, FALSE))
    ;
}

gboolean
ph_host_kick (PhHost *self, const char *name, GError **error)
{
  PhHostClient *client = find_client (self, name);

  if (client == NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "There is no Client “%s”; “clients” lists who is there", name);
      return FALSE;
    }
  ph_host_client_leave (client, PH_CLOSE_SESSION_ENDING, "kicked");
  return TRUE;
}

void
ph_host_foreach_client (PhHost *self,
                        void (*func) (const PhHostClientInfo *info, gpointer user_data),
                        gpointer user_data)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);
      PhTunnel *tunnel = ph_host_client_get_tunnel (client);
      PhHostClientInfo info = { .name = ph_host_client_get_name (client),
                                .is_leaving = ph_host_client_is_leaving (client),
                                .stage = ph_host_client_get_stage (client),
                                .is_connected = ph_host_client_is_connected (client),
                                .is_asking = ph_host_client_is_asking (client),
                                .is_verified = ph_host_client_is_verified (client) };

      if (info.is_connected)
        {
          info.path = ph_tunnel_get_path (tunnel);
          info.round_trip_us = ph_tunnel_get_round_trip_us (tunnel);
          ph_mux_get_counters (ph_tunnel_get_mux (tunnel), &info.counters);
        }
      func (&info, user_data);
    }
}

typedef struct
{
  const char *client;
  void (*func) (const char *client, const PhConnectionInfo *info, gpointer user_data);
  gpointer user_data;
} ForeachConnection;

static void
call_with_client (const PhConnectionInfo *info, gpointer user_data)
{
  const ForeachConnection *each = user_data;

  each->func (each->client, info, each->user_data);
}

void
ph_host_foreach_connection (PhHost *self,
                            void (*func) (const char *client,
                                          const PhConnectionInfo *info,
                                          gpointer user_data),
                            gpointer user_data)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);
      ForeachConnection each = { ph_host_client_get_name (client), func, user_data };

      if (ph_host_client_is_connected (client))
        ph_mux_foreach (ph_tunnel_get_mux (ph_host_client_get_tunnel (client)), call_with_client,
                        &each);
    }
}

/* Which of two Clients' stages says more about the session. */
static PhSessionState
state_of_stage (PhPeerStage stage)
{
  switch (stage)
    {
    case PH_STAGE_CONNECTING:
      return PH_SESSION_CONNECTING;
    case PH_STAGE_CONNECTED:
      return PH_SESSION_CONNECTED;
    case PH_STAGE_ASKING:
    case PH_STAGE_LEAVING:
      break;
    }
  return PH_SESSION_WAITING;
}

PhSessionState
ph_host_get_state (PhHost *self)
{
  PhSessionState state = PH_SESSION_WAITING;

  if (self->state == STATE_ENDED)
    return PH_SESSION_ENDED;
  if (self->id[0] == '\0')
    return PH_SESSION_STARTING;
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);

      state = MAX (state, state_of_stage (ph_host_client_get_stage (client)));
    }
  return state;
}

const PhRules *
ph_host_get_rules (PhHost *self)
{
  return self->rules;
}

/* Life */

static gboolean
serve_signaling (PhHost *self, GError **error)
{
  PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  PhEndpoint endpoint = { 0 }; /* "::", and a port the system picks */
  gboolean has_ipv6;
  g_autofree char *url = NULL;
  char id[PH_ID_SIZE];

  ph_code_id_from_token (self->token, id); /* cannot fail: it was drawn so that there is one */
  options.keep_multi = TRUE;
  options.only_id = id;
  self->server = ph_signal_server_new (&options);
  /* "::" takes IPv4 too where the system does it so; elsewhere each has to be listened on. */
  has_ipv6 = ph_signal_server_listen (self->server, &endpoint, NULL);
  endpoint.port = ph_signal_server_get_port (self->server);
  ph_address_parse ("0.0.0.0", endpoint.addr);
  if (!ph_signal_server_listen (self->server, &endpoint, has_ipv6 ? NULL : error) && !has_ipv6)
    return FALSE;
  endpoint.port = ph_signal_server_get_port (self->server);
  url = g_strdup_printf ("http://127.0.0.1:%u", endpoint.port);
  self->signal = ph_signal_client_new (url, error);
  return self->signal != NULL;
}

static gboolean
set_up (PhHost *self, const PhHostOptions *options, GError **error)
{
  self->poll = ph_poll_new (self->context, error);
  if (self->poll == NULL)
    return FALSE;
  self->cert = ph_cert_new (error);
  if (self->cert == NULL)
    return FALSE;
  if (options->signal == NULL)
    return serve_signaling (self, error);
  self->signal = ph_signal_client_new (options->signal, error);
  return self->signal != NULL;
}

PhHost *
ph_host_new (const PhHostOptions *options,
             const PhSessionEvents *events,
             gpointer user_data,
             GError **error)
{
  g_autoptr (PhHost) self = g_new0 (PhHost, 1);

  self->context = g_main_context_ref_thread_default ();
  self->events = events;
  self->user_data = user_data;
  self->name = ph_text_clean (options->name, -1, PH_TEXT_MAX_NAME);
  self->max_clients = options->max_clients != 0 ? options->max_clients : PH_HOST_MAX_CLIENTS;
  self->answer_limit_ms =
      options->answer_limit_ms != 0 ? options->answer_limit_ms : PH_HOST_ANSWER_LIMIT_MS;
  self->allow_unverified = options->allow_unverified;
  self->approve_all = options->approve_all;
  self->rules = ph_rules_new ();
  self->cancellable = g_cancellable_new ();
  self->end_timer = ph_timer_new (self->context, "[porthole] host end", on_end_timer, self);
  self->create_timer =
      ph_timer_new (self->context, "[porthole] host create", on_create_timer, self);
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify)ph_host_client_unref);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->nonces =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
  ph_code_draw_token (self->token);
  ph_code_draw (self->secret, sizeof self->secret);
  ph_code_derive_key (self->secret, self->key);
  if (!set_up (self, options, error))
    return NULL;
  ph_ice_servers_resolve_async (options->servers, self->cancellable, on_servers_resolved, self);
  create (self);
  return g_steal_pointer (&self);
}

void
ph_host_free (PhHost *self)
{
  g_return_if_fail (self->clients->len == 0);

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  g_clear_pointer (&self->signal, ph_signal_client_free);
  g_clear_pointer (&self->server, ph_signal_server_free);
  g_clear_pointer (&self->created, ph_signal_session_free);
  g_clear_pointer (&self->ice, ph_ice_config_unref);
  g_clear_pointer (&self->cert, ph_cert_unref);
  g_clear_pointer (&self->poll, ph_poll_free);
  ph_timer_clear (&self->create_timer);
  ph_timer_clear (&self->end_timer);
  g_clear_error (&self->end_error);
  g_ptr_array_unref (self->clients);
  g_hash_table_unref (self->seen);
  g_hash_table_unref (self->nonces);
  ph_rules_unref (self->rules);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_free (self->name);
  g_free (self);
}
