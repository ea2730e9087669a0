/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session on its owner's thread: made of what was read and found right, shown by its latest
 * snapshot, freed. What it is told to do is in ph-engine-command.c. */
#include "ph-engine-private.h"

#include "ph-block.h"

/* Takes @worker. */
static PhEngineSession *
session_new (PhEngineWorker *worker, const PhSessionEvents *events, gpointer user_data)
{
  PhEngineSession *self = g_new0 (PhEngineSession, 1);

  self->refs = 1;
  self->engine = worker->engine;
  self->worker = worker;
  self->owner = g_thread_self ();
  self->context = g_main_context_ref_thread_default ();
  self->events = events;
  self->user_data = user_data;
  self->snapshot = ph_recorder_take (worker->recorder, NULL, NULL);
  worker->session = self;
  g_atomic_int_inc (&self->engine->n_sessions);
  ph_engine_command_give (self, ph_engine_worker_begin);
  return self;
}

PhEngineSession *
ph_engine_host (PhEngine *self,
                const PhHostOptions *options,
                const char *const *rules,
                const PhSessionEvents *events,
                gpointer user_data,
                GError **error)
{
  PhEngineWorker *worker;

  if (!ph_rules_check (rules, error) || !ph_ice_servers_check (options->servers, error))
    return NULL;
  worker = ph_engine_worker_new (self, PH_SESSION_HOST, options->servers, options->signal,
                                 options->name, rules);
  worker->host_options = *options;
  worker->host_options.servers = worker->servers;
  worker->host_options.signal = worker->signal;
  worker->host_options.name = worker->name;
  if (options->kept != NULL)
    worker->host_options.kept = worker->kept = g_memdup2 (options->kept, sizeof *options->kept);
  return session_new (worker, events, user_data);
}

/* What there is to be joined: a code, or an offer of a Host without a server. */
static gboolean
check_target (const char *text, gboolean is_manual, PhCode **ret_code, GError **error)
{
  g_autoptr (PhBlock) offer = NULL;

  if (!is_manual)
    {
      *ret_code = ph_code_parse (text, error);
      return *ret_code != NULL;
    }
  if (text == NULL)
    return TRUE;
  offer = ph_block_parse (text, PH_BLOCK_OFFER, error);
  return offer != NULL && ph_block_check_age (offer, g_get_real_time () / G_USEC_PER_SEC, error);
}

PhEngineSession *
ph_engine_join (PhEngine *self,
                const char *code_text,
                const PhJoinOptions *options,
                const char *const *mappings,
                const PhSessionEvents *events,
                gpointer user_data,
                GError **error)
{
  g_autoptr (PhCode) code = NULL;
  PhEngineWorker *worker;

  if (!check_target (code_text, options->is_manual, &code, error) ||
      !ph_mapping_check (mappings, error) || !ph_ice_servers_check (options->servers, error))
    return NULL;
  worker = ph_engine_worker_new (self, PH_SESSION_CLIENT, options->servers, options->signal,
                                 options->name, mappings);
  worker->code = g_steal_pointer (&code);
  worker->offer = options->is_manual ? g_strdup (code_text) : NULL;
  worker->join_options = *options;
  worker->join_options.code = worker->code;
  worker->join_options.servers = worker->servers;
  worker->join_options.signal = worker->signal;
  worker->join_options.name = worker->name;
  return session_new (worker, events, user_data);
}

void
ph_engine_session_set_snapshot_func (PhEngineSession *self,
                                     void (*func) (PhSnapshot *snapshot, gpointer user_data))
{
  ph_engine_session_assert_owner (self);
  self->snapshot_func = func;
}

PhSnapshot *
ph_engine_session_get_snapshot (PhEngineSession *self)
{
  ph_engine_session_assert_owner (self);
  return self->snapshot;
}

void
ph_engine_session_free (PhEngineSession *self)
{
  PhEngine *engine = self->engine;

  ph_engine_session_assert_owner (self);
  self->is_freed = TRUE;
  g_queue_clear_full (&self->inbox, ph_engine_message_free);
  ph_engine_command_give (self, ph_engine_worker_forget); /* which lets go of it */
  g_atomic_int_add (&engine->n_sessions, -1);
}

void
ph_engine_session_unref (PhEngineSession *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  ph_snapshot_unref (self->snapshot);
  g_main_context_unref (self->context);
  g_free (self);
}
