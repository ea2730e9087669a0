/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session on the transport thread: begins its PhHost or PhJoin, hears its events, looks what
 * there is to be told, and clears it away. */
#include "ph-engine-private.h"

#include "core/ph-timer.h"

#define SNAPSHOT_EVERY_MS 100
#define IDLE_EVERY_MS 1000

PhEngineWorker *
ph_engine_worker_new (PhEngine *engine,
                      PhSessionRole role,
                      PhIceServers *servers,
                      const char *signal,
                      const char *name,
                      const char *const *texts)
{
  PhEngineWorker *self = g_new0 (PhEngineWorker, 1);

  self->engine = engine;
  self->role = role;
  self->recorder = ph_recorder_new (role);
  self->servers = ph_ice_servers_copy (servers);
  self->signal = g_strdup (signal);
  self->name = g_strdup (name);
  self->texts = g_strdupv ((char **)texts);
  self->pace_ms = SNAPSHOT_EVERY_MS;
  return self;
}

/* What it hears */

void
ph_engine_worker_push (PhEngineWorker *self, PhEngineMessage *message)
{
  g_queue_push_tail (&self->outbox, message);
  ph_timer_arm (self->turn, 0);
}

/* FALSE if none waits. */
static gboolean
drop_oldest (PhEngineWorker *self, PhEngineMessageKind kind)
{
  for (GList *l = self->outbox.head; l != NULL; l = l->next)
    if (((PhEngineMessage *)l->data)->kind == kind)
      {
        ph_engine_message_free (l->data);
        g_queue_delete_link (&self->outbox, l);
        return TRUE;
      }
  return FALSE;
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message =
      ph_engine_message_new (PH_ENGINE_MESSAGE_SESSION, info->id, info->code);

  message->texts[2] = g_strdup (info->link);
  message->texts[3] = g_strdup (info->signal);
  message->more_links = g_strdupv ((char **)info->more_links);
  message->own_port = info->own_port;
  ph_recorder_session (self->recorder, info);
  ph_engine_worker_push (self, message);
}

static void
on_block (const char *text, gpointer user_data)
{
  PhEngineWorker *self = user_data;

  ph_recorder_block (self->recorder, text);
  ph_engine_worker_push (self, ph_engine_message_new (PH_ENGINE_MESSAGE_BLOCK, text, NULL));
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message = ph_engine_message_new (PH_ENGINE_MESSAGE_JOIN_REQUEST, client, NULL);

  message->is_verified = is_verified;
  ph_recorder_touch (self->recorder);
  ph_engine_worker_push (self, message);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  PhEngineWorker *self = user_data;

  ph_recorder_touch (self->recorder);
  ph_engine_worker_push (self, ph_engine_message_new (PH_ENGINE_MESSAGE_VERIFY, peer, number));
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message = ph_engine_message_new (PH_ENGINE_MESSAGE_CONNECTED, peer, NULL);

  message->path = *path;
  ph_recorder_touch (self->recorder);
  ph_engine_worker_push (self, message);
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *words,
            gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message = ph_engine_message_new (PH_ENGINE_MESSAGE_MAPPING, local, remote);

  message->mapping_state = state;
  message->texts[2] = g_strdup (words);
  ph_recorder_mapping (self->recorder, local, remote, state, words);
  ph_engine_worker_push (self, message);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message = ph_engine_message_new (PH_ENGINE_MESSAGE_SERVICES, NULL, NULL);

  message->services = ph_services_ref (services);
  drop_oldest (self, PH_ENGINE_MESSAGE_SERVICES);
  ph_engine_worker_push (self, message);
}

/* Not passed on: there can be thousands a second. */
static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  PhEngineWorker *self = user_data;

  ph_recorder_connection (self->recorder, peer, info, is_open);
  ph_timer_arm (self->turn, 0);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  PhEngineWorker *self = user_data;

  ph_recorder_touch (self->recorder);
  ph_engine_worker_push (self,
                         ph_engine_message_new (PH_ENGINE_MESSAGE_DISCONNECTED, peer, reason));
}

static void
on_warning (const char *code, const char *words, gpointer user_data)
{
  PhEngineWorker *self = user_data;

  if (self->n_warnings == PH_ENGINE_MAX_WARNINGS && drop_oldest (self, PH_ENGINE_MESSAGE_WARNING))
    self->n_warnings--;
  self->n_warnings++;
  ph_engine_worker_push (self, ph_engine_message_new (PH_ENGINE_MESSAGE_WARNING, code, words));
}

static void
on_ended (const GError *error, gpointer user_data)
{
  PhEngineWorker *self = user_data;
  PhEngineMessage *message = ph_engine_message_new (PH_ENGINE_MESSAGE_ENDED, NULL, NULL);

  message->error = error != NULL ? g_error_copy (error) : NULL;
  self->has_ended = TRUE;
  ph_engine_worker_push (self, message);
}

static const PhSessionEvents worker_events = { .session = on_session,
                                               .block = on_block,
                                               .join_request = on_join_request,
                                               .verify = on_verify,
                                               .connected = on_connected,
                                               .mapping = on_mapping,
                                               .services = on_services,
                                               .connection = on_connection,
                                               .disconnected = on_disconnected,
                                               .warning = on_warning,
                                               .ended = on_ended };

/* Its turn: looks what is to be cleared away and what is to be sent */

static void
clear_outbox (PhEngineWorker *self)
{
  g_queue_clear_full (&self->outbox, ph_engine_message_free);
  self->n_warnings = 0;
}

static void
worker_free (PhEngineWorker *self)
{
  PhEngine *engine = self->engine;

  ph_timer_clear (&self->turn);
  clear_outbox (self);
  g_clear_pointer (&self->snapshot, ph_snapshot_unref);
  ph_recorder_free (self->recorder);
  g_clear_pointer (&self->servers, ph_ice_servers_unref);
  g_clear_pointer (&self->code, ph_code_free);
  g_strfreev (self->texts);
  g_free (self->kept);
  g_free (self->offer);
  g_free (self->signal);
  g_free (self->name);
  g_free (self);
  engine->n_workers--;
  ph_engine_stop_if_idle (engine);
}

/* The last snapshot is taken while there is still something to be seen. */
static void
clear_away (PhEngineWorker *self)
{
  self->is_over = TRUE;
  ph_recorder_end (self->recorder);
  g_clear_pointer (&self->snapshot, ph_snapshot_unref);
  self->snapshot = ph_recorder_take (self->recorder, self->host, self->join);
  g_clear_pointer (&self->host, ph_host_free);
  g_clear_pointer (&self->join, ph_join_free);
}

/* Bytes are counted and some steps are taken without an event, so one has to look. */
static guint
get_pace_ms (const PhSnapshot *snapshot)
{
  gboolean is_moving = snapshot->n_connections > 0 || snapshot->state == PH_SESSION_STARTING ||
                       snapshot->state == PH_SESSION_CONNECTING;

  return is_moving ? SNAPSHOT_EVERY_MS : IDLE_EVERY_MS;
}

static void
take_snapshot_if_due (PhEngineWorker *self)
{
  gint64 now_us = g_get_monotonic_time ();

  if (self->is_over || self->is_under_way || now_us < self->next_snapshot_us ||
      !ph_recorder_has_news (self->recorder, self->host, self->join))
    return;
  self->snapshot = ph_recorder_take (self->recorder, self->host, self->join);
  self->next_snapshot_us = now_us + SNAPSHOT_EVERY_MS * 1000;
  self->pace_ms = get_pace_ms (self->snapshot);
}

static void
send_batch (PhEngineWorker *self)
{
  if (self->is_under_way || (self->outbox.length == 0 && self->snapshot == NULL))
    return;
  self->is_under_way = TRUE;
  self->n_warnings = 0;
  ph_engine_batch_send (self->session, &self->outbox, g_steal_pointer (&self->snapshot));
}

/* What has happened is looked at as soon as it may be shown; what merely goes on, now and then. */
static void
arm_turn (PhEngineWorker *self)
{
  if (self->is_over || self->is_under_way)
    ph_timer_disarm (self->turn); /* a command or the batch's end arms it */
  else if (ph_recorder_has_news (self->recorder, self->host, self->join))
    ph_timer_arm_at (self->turn, self->next_snapshot_us);
  else
    ph_timer_arm (self->turn, self->pace_ms);
}

static gboolean
on_turn (gpointer user_data)
{
  PhEngineWorker *self = user_data;

  ph_engine_assert_transport (self->engine);
  if (self->has_ended && !self->is_over)
    clear_away (self);
  if (self->session == NULL)
    {
      clear_outbox (self);
      if (self->is_over)
        worker_free (self);
      return G_SOURCE_CONTINUE;
    }
  take_snapshot_if_due (self);
  send_batch (self);
  arm_turn (self);
  return G_SOURCE_CONTINUE;
}

/* Beginning and ending */

static gboolean
begin_host (PhEngineWorker *self, GError **error)
{
  self->host = ph_host_new (&self->host_options, &worker_events, self, error);
  for (gsize i = 0; self->host != NULL && self->texts != NULL && self->texts[i] != NULL; i++)
    ph_host_allow (self->host, self->texts[i], NULL); /* read before, by whoever gave it */
  return self->host != NULL;
}

static gboolean
begin_join (PhEngineWorker *self, GError **error)
{
  self->join = ph_join_new (&self->join_options, &worker_events, self, error);
  if (self->join == NULL)
    return FALSE;
  for (gsize i = 0; self->texts != NULL && self->texts[i] != NULL; i++)
    ph_join_map (self->join, self->texts[i], NULL); /* what fails is told as an event */
  ph_join_start (self->join);
  if (self->offer != NULL)
    ph_join_paste (self->join, self->offer, NULL); /* read before, by whoever gave it */
  return TRUE;
}

gboolean
ph_engine_worker_begin (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  g_autoptr (GError) failure = NULL;

  self->engine->n_workers++;
  self->turn = ph_timer_new (self->engine->context, "[porthole] engine", on_turn, self);
  if (self->role == PH_SESSION_HOST ? !begin_host (self, &failure) : !begin_join (self, &failure))
    on_ended (failure, self);
  ph_timer_arm (self->turn, 0);
  return TRUE;
}

gboolean
ph_engine_worker_next (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  self->is_under_way = FALSE;
  ph_timer_arm (self->turn, 0);
  return TRUE;
}

gboolean
ph_engine_worker_end (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  if (self->host != NULL)
    ph_host_end (self->host);
  if (self->join != NULL)
    ph_join_end (self->join);
  return TRUE;
}

gboolean
ph_engine_worker_forget (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  g_clear_pointer (&self->session, ph_engine_session_unref);
  ph_engine_worker_end (self, command, error);
  ph_timer_arm (self->turn, 0);
  return TRUE;
}
