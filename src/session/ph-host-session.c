/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"
#include "transport/ph-local-addresses.h"

#include "ph-host-private.h"

#define CREATE_AGAIN_MS 10000

/* A nonce is remembered for as long as the session lives; only holders of the code can add one. */
#define MAX_NONCES 65536

/* Whoever knows the id can ask to join any number of times, and the server can make requests up: so
 * many that are turned away are told in a minute, one by one. */
#define MAX_TOLD 60
#define TOLD_WINDOW_US (60 * G_USEC_PER_SEC)

/* Who joins */

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
  /* Translators: a Client’s name, then what became of the request: “was turned away: …”. */
  g_autofree char *message = g_strdup_printf (_ ("%s %s"), name, words);

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
    self->events->warning (
        "many-requests",
        _ ("Many requests are being turned away; for a minute no more of them are "
           "told one by one."),
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
  PhHostClientEnv env = ph_host_get_env (self);
  g_autofree char *name = ph_host_dup_unique_name (self, join->client);
  g_autoptr (GError) error = NULL;
  PhHostClient *client = ph_host_client_new (&env, join, name, is_verified, &error);

  if (client == NULL)
    {
      g_autofree char *words = g_strdup_printf (_ ("could not be let in: %s"), error->message);

      warn_about (self, "failed", join, words);
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
               _ ("was turned away: the share code is wrong"));
  else if (earlier_id != NULL)
    turn_away (self, join, PH_SIGNAL_REASON_NOT_VERIFIED,
               _ ("was turned away: an old request came again"));
  else if (!is_verified && !self->allow_unverified)
    turn_away (self, join, PH_SIGNAL_REASON_NOT_VERIFIED,
               _ ("was turned away: joined without the share code"));
  else if (ph_host_count_staying (self) >= self->max_clients ||
           ph_host_count_questions (self) >= PH_HOST_MAX_QUESTIONS)
    turn_away (self, join, PH_SIGNAL_REASON_FULL, _ ("was turned away: there is no room left"));
  else
    {
      if (!is_verified && !join->proof.has_commit)
        warn_about (self, "unverified", join,
                    _ ("has no number to compare: the signaling server could stand between you"));
      if (self->state == PH_HOST_SERVING) /* whoever heard the warning may have ended it */
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
  for (guint i = 0; i < session->joins->len && self->state == PH_HOST_SERVING; i++)
    {
      const PhSignalJoin *join = g_ptr_array_index (session->joins, i);

      if (g_hash_table_add (self->seen, g_strdup (join->id)))
        take_join (self, join);
    }
}

/* The session itself */

static void
on_session_trouble (const GError *error, gpointer user_data)
{
  PhHost *self = user_data;

  if (error != NULL)
    self->events->warning (
        "signal-unreachable",
        _ ("The signaling server does not answer; it is being tried again. Who is "
           "connected stays connected."),
        self->user_data);
  else
    self->events->warning ("signal-back", _ ("The signaling server answers again."),
                           self->user_data);
}

static void
on_session_failed (const GError *error, gpointer user_data)
{
  PhHost *self = user_data;

  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (ph_error_code (error) == PH_ERROR_SESSION_UNKNOWN &&
      g_get_monotonic_time () - self->create_us > CREATE_AGAIN_MS * 1000ll)
    {
      ph_host_session_create (self);
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
warn_of_lost_port (PhHost *self)
{
  guint16 lost = self->lost_port;
  g_autofree char *words = NULL;

  self->lost_port = 0;
  if (lost == 0 || self->state != PH_HOST_SERVING) /* whoever heard of the session may end it */
    return;
  words = g_strdup_printf (_ ("Port %u, where links to this session lead, is taken by another "
                              "program, so the session is "
                              "served on port %u now. Links that were passed on before lead "
                              "nowhere: pass the new one on."),
                           lost, ph_host_get_own_port (self));
  self->events->warning ("port-taken", words, self->user_data);
}

static void
report_session (PhHost *self)
{
  g_auto (GStrv) urls = dup_server_urls (self);
  g_autoptr (GStrvBuilder) links = g_strv_builder_new ();
  g_auto (GStrv) all_links = NULL;
  g_autofree char *code_text = NULL;
  PhSessionInfo info = {
    .id = self->id,
    .signal = urls[0],
    .own_port = ph_host_get_own_port (self),
  };

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
  warn_of_lost_port (self);
}

/* Once both are there: the session, and the servers that help Clients to connect. */
void
ph_host_session_serve_if_ready (PhHost *self)
{
  g_autoptr (PhSignalSession) created = NULL;
  gboolean is_known;

  if (self->state >= PH_HOST_ENDING || self->created == NULL || self->ice == NULL)
    return;
  created = g_steal_pointer (&self->created);
  is_known = self->state == PH_HOST_SERVING && g_str_equal (self->id, created->id);
  ph_host_serve (self);
  g_strlcpy (self->id, created->id, sizeof self->id);
  if (created->token != NULL)
    g_strlcpy (self->token, created->token, sizeof self->token);
  self->watch = ph_signal_watch_new (self->signal, self->id, self->token, 0, &watch_events, self);
  if (!is_known)
    report_session (self);
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
  if (session == NULL && self->state == PH_HOST_STARTING)
    ph_host_end_with (self, g_steal_pointer (&error));
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
      ph_host_session_serve_if_ready (self);
    }
}

static gboolean
on_create_timer (gpointer user_data)
{
  PhHost *self = user_data;

  if (self->state == PH_HOST_SERVING)
    ph_host_session_create (self);
  return G_SOURCE_CONTINUE;
}

void
ph_host_session_create (PhHost *self)
{
  self->create_us = g_get_monotonic_time ();
  self->is_creating = TRUE;
  ph_signal_client_create_async (self->signal, self->token, self->name, TRUE, self->cancellable,
                                 on_created, self);
}

/* Its end */

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhHost *self = user_data;
  g_autoptr (GError) error = NULL;

  ph_signal_client_delete_finish (result, &error); /* what stays there expires */
  if (self->state != PH_HOST_ENDING)
    return;
  self->is_deleted = TRUE;
  ph_host_look_whether_over (self);
}

static void
on_server_stopped (gpointer user_data)
{
  PhHost *self = user_data;

  g_clear_pointer (&self->server, ph_signal_server_free);
  ph_host_look_whether_over (self);
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
gboolean
ph_host_session_continue_ending (PhHost *self)
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

/* Life */

/* "::" takes IPv4 too where the system does it so; elsewhere each has to be listened on. Port 0:
 * the system picks one. */
static gboolean
listen_on (PhHost *self, guint16 port, GError **error)
{
  PhEndpoint endpoint = { .port = port };
  gboolean has_ipv6 = ph_signal_server_listen (self->server, &endpoint, NULL);

  if (has_ipv6)
    endpoint.port = ph_host_get_own_port (self);
  ph_address_parse ("0.0.0.0", endpoint.addr);
  return ph_signal_server_listen (self->server, &endpoint, has_ipv6 ? NULL : error) || has_ipv6;
}

static gboolean
serve_signaling (PhHost *self, guint16 port, GError **error)
{
  PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  g_autofree char *url = NULL;
  char id[PH_ID_SIZE];

  ph_code_id_from_token (self->token, id); /* cannot fail: it was drawn so that there is one */
  options.keep_multi = TRUE;
  options.only_id = id;
  self->server = ph_signal_server_new (&options);
  if (port == 0 || !listen_on (self, port, NULL))
    {
      self->lost_port = port;
      if (!listen_on (self, 0, error))
        return FALSE;
    }
  url = g_strdup_printf ("http://127.0.0.1:%u", ph_host_get_own_port (self));
  self->signal = ph_signal_client_new (url, error);
  return self->signal != NULL;
}

gboolean
ph_host_session_open (PhHost *self, const char *url, const PhKept *kept, GError **error)
{
  PhKept drawn;

  self->create_timer =
      ph_timer_new (self->context, "[porthole] host create", on_create_timer, self);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->nonces =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
  if (kept == NULL)
    {
      ph_kept_draw (&drawn);
      kept = &drawn;
    }
  memcpy (self->token, kept->token, sizeof self->token);
  memcpy (self->secret, kept->secret, sizeof self->secret);
  ph_code_derive_key (self->secret, self->key);
  if (url == NULL)
    return serve_signaling (self, kept->port, error);
  self->signal = ph_signal_client_new (url, error);
  return self->signal != NULL;
}

void
ph_host_session_close (PhHost *self)
{
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  g_clear_pointer (&self->signal, ph_signal_client_free);
  g_clear_pointer (&self->server, ph_signal_server_free);
  g_clear_pointer (&self->created, ph_signal_session_free);
  g_clear_pointer (&self->seen, g_hash_table_unref);
  g_clear_pointer (&self->nonces, g_hash_table_unref);
  ph_timer_clear (&self->create_timer);
}
