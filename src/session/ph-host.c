/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"

#include "ph-host-private.h"

/* How long calls to the signaling server may hold up the end. */
#define END_LIMIT_MS 1000
#define LOOK_AGAIN_MS 20

static const char *const state_names[PH_HOST_N_STATES] = {
  [PH_HOST_STARTING] = "starting",
  [PH_HOST_SERVING] = "serving",
  [PH_HOST_ENDING] = "ending",
  [PH_HOST_ENDED] = "ended",
};

static const gboolean legal_edges[PH_HOST_N_STATES][PH_HOST_N_STATES] = {
  [PH_HOST_STARTING] = { [PH_HOST_SERVING] = TRUE, [PH_HOST_ENDING] = TRUE },
  [PH_HOST_SERVING] = { [PH_HOST_ENDING] = TRUE },
  [PH_HOST_ENDING] = { [PH_HOST_ENDED] = TRUE },
};

static void
set_state (PhHost *self, PhHostState state)
{
  g_assert (legal_edges[self->state][state]);
  g_debug ("host: %s", state_names[state]);
  self->state = state;
}

/* Clients */

static void
on_client_gone (PhHostClient *client, gpointer user_data)
{
  PhHost *self = user_data;

  g_ptr_array_remove (self->clients, client);
  ph_host_look_whether_over (self);
}

static void
on_client_connected (PhHostClient *client, gpointer user_data)
{
  ph_host_services_greet (user_data, client);
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

PhHostClientEnv
ph_host_get_env (PhHost *self)
{
  return (PhHostClientEnv){
    .signal = self->signal,
    .parent_id = self->id,
    .token = self->token,
    .host_name = self->name,
    .key = self->key,
    .tunnel = { PH_MUX_HOST, self->cert, self->ice, self->poll, self->rules,
                self->is_manual ? PH_BLOCK_WAIT_MS : 0 },
    .cancellable = self->cancellable,
    .answer_limit_ms = self->answer_limit_ms,
    .events = self->events,
    .events_data = self->user_data,
    .connected = on_client_connected,
    .asked = on_client_asked,
    .withdrawn = on_client_withdrawn,
    .offered = ph_host_manual_on_offered,
    .gone = on_client_gone,
    .host = self,
  };
}

static PhHostClient *
find_client (PhHost *self, const char *name)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);

      if (g_strcmp0 (ph_host_client_get_name (client), name) == 0)
        return client;
    }
  return NULL;
}

/* "anna", and while she is there "anna (2)". */
char *
ph_host_dup_unique_name (PhHost *self, const char *name)
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

guint
ph_host_count_staying (PhHost *self)
{
  guint n = 0;

  for (guint i = 0; i < self->clients->len; i++)
    n += ph_host_client_is_leaving (g_ptr_array_index (self->clients, i)) ? 0 : 1;
  return n;
}

guint
ph_host_count_questions (PhHost *self)
{
  guint n = 0;

  for (guint i = 0; i < self->clients->len; i++)
    n += ph_host_client_is_asking (g_ptr_array_index (self->clients, i)) ? 1 : 0;
  return n;
}

void
ph_host_serve (PhHost *self)
{
  if (self->state == PH_HOST_STARTING)
    set_state (self, PH_HOST_SERVING);
}

void
ph_host_end_with (PhHost *self, GError *error)
{
  if (self->end_error == NULL)
    self->end_error = error;
  else
    g_clear_error (&error);
  ph_host_end (self);
}

static void
on_servers_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhIceConfig) ice = ph_ice_servers_resolve_finish (result, NULL);
  PhHost *self = user_data;

  if (ice == NULL) /* cancelled: the Host is gone */
    return;
  self->ice = ph_ice_config_ref (ice);
  for (guint i = 0; i < ice->warnings->len && self->state < PH_HOST_ENDING; i++)
    self->events->warning ("ice-server", g_ptr_array_index (ice->warnings, i), self->user_data);
  if (self->is_manual)
    ph_host_manual_serve (self);
  else
    ph_host_session_serve_if_ready (self);
}

/* Ending: who is not in yet is told through the session, which is then taken away, whatever the
 * tunnels of the others still have to say; our own server goes last. */

void
ph_host_look_whether_over (PhHost *self)
{
  if (self->state == PH_HOST_ENDING)
    ph_timer_arm (self->end_timer, 0);
}

static gboolean
on_end_timer (gpointer user_data)
{
  PhHost *self = user_data;

  if (self->state != PH_HOST_ENDING)
    return G_SOURCE_CONTINUE;
  if (g_get_monotonic_time () >= self->end_limit_us)
    g_cancellable_cancel (self->cancellable);
  if (!ph_host_session_continue_ending (self))
    {
      if (!g_cancellable_is_cancelled (self->cancellable))
        ph_timer_arm (self->end_timer, LOOK_AGAIN_MS);
      return G_SOURCE_CONTINUE;
    }
  set_state (self, PH_HOST_ENDED);
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

  if (self->state == PH_HOST_ENDING || self->state == PH_HOST_ENDED)
    return;
  set_state (self, PH_HOST_ENDING);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  self->end_limit_us = g_get_monotonic_time () + END_LIMIT_MS * 1000ll;
  clients = g_ptr_array_copy (self->clients, ref_client, NULL);
  for (guint i = 0; i < clients->len; i++)
    ph_host_client_leave (g_ptr_array_index (clients, i), PH_CLOSE_SESSION_ENDING, "ended");
  ph_host_look_whether_over (self);
}

/* What a person does */

gboolean
ph_host_allow (PhHost *self, const char *rule, GError **error)
{
  if (!ph_rules_add (self->rules, rule, error))
    return FALSE;
  ph_host_services_changed (self);
  return TRUE;
}

gboolean
ph_host_deny (PhHost *self, const char *rule, GError **error)
{
  if (!ph_rules_remove (self->rules, rule, error))
    return FALSE;
  ph_host_services_changed (self);
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
  return has_withdrawn && ph_host_count_questions (self) > 0;
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
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("There is no Client “%s” in the session"),
                   name);
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

      if (info.name == NULL)
        continue;
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

  if (self->state == PH_HOST_ENDED)
    return PH_SESSION_ENDED;
  if (self->state == PH_HOST_STARTING)
    return PH_SESSION_STARTING;
  for (guint i = 0; i < self->clients->len; i++)
    {
      PhHostClient *client = g_ptr_array_index (self->clients, i);

      state = MAX (state, state_of_stage (ph_host_client_get_stage (client)));
    }
  return state;
}

guint16
ph_host_get_own_port (PhHost *self)
{
  return self->server != NULL ? ph_signal_server_get_port (self->server) : 0;
}

const PhRules *
ph_host_get_rules (PhHost *self)
{
  return self->rules;
}

/* Life */

static gboolean
set_up (PhHost *self, const PhHostOptions *options, GError **error)
{
  self->poll = ph_poll_new (self->context, error);
  if (self->poll == NULL)
    return FALSE;
  self->cert = ph_cert_new (error);
  if (self->cert == NULL)
    return FALSE;
  if (!options->is_manual)
    return ph_host_session_open (self, options->signal, options->kept, error);
  ph_host_manual_open (self, options->offer_life_s);
  return TRUE;
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
  self->is_manual = options->is_manual;
  self->rules = ph_rules_new ();
  self->cancellable = g_cancellable_new ();
  self->end_timer = ph_timer_new (self->context, "[porthole] host end", on_end_timer, self);
  self->clients = g_ptr_array_new_with_free_func ((GDestroyNotify)ph_host_client_unref);
  ph_host_services_open (self);
  if (!set_up (self, options, error))
    return NULL;
  ph_ice_servers_resolve_async (options->servers, self->cancellable, on_servers_resolved, self);
  if (!self->is_manual)
    ph_host_session_create (self);
  return g_steal_pointer (&self);
}

void
ph_host_free (PhHost *self)
{
  g_return_if_fail (self->clients->len == 0);

  g_cancellable_cancel (self->cancellable);
  ph_host_session_close (self);
  g_clear_pointer (&self->ice, ph_ice_config_unref);
  g_clear_pointer (&self->cert, ph_cert_unref);
  g_clear_pointer (&self->poll, ph_poll_free);
  ph_host_services_close (self);
  ph_timer_clear (&self->offer_life);
  ph_timer_clear (&self->end_timer);
  g_clear_error (&self->end_error);
  g_ptr_array_unref (self->clients);
  ph_rules_unref (self->rules);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_free (self->name);
  g_free (self);
}
