/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-engine.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

#include "ph-block.h"

#define SNAPSHOT_EVERY_MS 100
#define IDLE_EVERY_MS 1000
#define DRAIN_TURNS 1000

/* Two objects stand for a session: the PhEngineSession is its owner's, the Worker the transport
 * thread's. Neither thread touches the other's; what they send each other changes hands for good:
 * commands one way, batches of messages and snapshots the other. One batch is under way at a time,
 * so that a thread which stands still finds one batch, not a queue, and what may be lost is lost
 * here. */

typedef struct _Worker Worker;

struct _PhEngine
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GThread *owner;
  gint n_sessions;   /* atomic: not yet freed */
  guint n_workers;   /* this and what follows is the transport thread's */
  GHashTable *tests; /* of ServerTest: those under way */
  gboolean is_stopping;
};

struct _PhEngineSession
{
  gint refs; /* atomic: the owner's, which the last command takes, and each batch's under way */
  PhEngine *engine;
  Worker *worker; /* only to be named in commands */
  GThread *owner;
  GMainContext *context;
  const PhSessionEvents *events;
  gpointer user_data;
  void (*snapshot_func) (PhSnapshot *snapshot, gpointer user_data);
  PhSnapshot *snapshot;
  GQueue inbox; /* of Message */
  gboolean is_freed;
};

struct _Worker
{
  PhEngine *engine;
  PhEngineSession *session; /* where batches go; NULL once it was freed */
  PhSessionRole role;
  PhRecorder *recorder;

  /* What to begin with. */
  PhHostOptions host_options;
  PhJoinOptions join_options;
  PhIceServers *servers;
  PhCode *code;
  char *offer; /* without a server: what was pasted at once; else NULL */
  char *signal;
  char *name;
  char **texts; /* rules or mappings */
  PhKept *kept; /* or NULL */

  PhHost *host;
  PhJoin *join;
  gboolean has_ended; /* `ended` was heard */
  gboolean is_over;   /* … and what ended is gone */

  GSource *turn;
  GQueue outbox; /* of Message */
  guint n_warnings;
  PhSnapshot *snapshot; /* not yet sent */
  gint64 next_snapshot_us;
  guint pace_ms;
  gboolean is_under_way; /* a batch is */
};

/* A reader of this file and ThreadSanitizer see the same thing here: what the sender wrote before
 * hand_over is what the receiver reads after take_over, whatever queue lies between. */
static void
hand_over (gint *is_sent)
{
  g_atomic_int_set (is_sent, TRUE);
}

static void
take_over (gint *is_sent)
{
  g_assert (g_atomic_int_get (is_sent));
}

static void
assert_transport (PhEngine *engine)
{
  g_assert (g_main_context_is_owner (engine->context));
}

static void
assert_owner (PhEngineSession *session)
{
  g_assert (g_thread_self () == session->owner && !session->is_freed);
}

/* Once there is nothing left that the thread would have to do. */
static void
stop_if_idle (PhEngine *engine)
{
  if (engine->is_stopping && engine->n_workers == 0 && g_hash_table_size (engine->tests) == 0)
    g_main_loop_quit (engine->loop);
}

static void
session_unref (PhEngineSession *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  ph_snapshot_unref (self->snapshot);
  g_main_context_unref (self->context);
  g_free (self);
}

/* Messages: an event or a result, with all it says */

typedef enum
{
  MESSAGE_SESSION,
  MESSAGE_BLOCK,
  MESSAGE_JOIN_REQUEST,
  MESSAGE_VERIFY,
  MESSAGE_CONNECTED,
  MESSAGE_MAPPING,
  MESSAGE_SERVICES,
  MESSAGE_DISCONNECTED,
  MESSAGE_WARNING,
  MESSAGE_ENDED,
  MESSAGE_RESULT,
} MessageKind;

typedef struct
{
  MessageKind kind;
  char *texts[4]; /* in the order of the event's arguments */
  char **more_links;
  guint16 own_port;
  PhServices *services;
  gboolean is_verified;
  PhMappingState mapping_state;
  PhPath path;
  GError *error;
  PhEngineDone done;
  gpointer done_data;
} Message;

static Message *
message_new (MessageKind kind, const char *first, const char *second)
{
  Message *message = g_new0 (Message, 1);

  message->kind = kind;
  message->texts[0] = g_strdup (first);
  message->texts[1] = g_strdup (second);
  return message;
}

static void
message_free (gpointer data)
{
  Message *message = data;

  for (gsize i = 0; i < G_N_ELEMENTS (message->texts); i++)
    g_free (message->texts[i]);
  g_strfreev (message->more_links);
  g_clear_pointer (&message->services, ph_services_unref);
  g_clear_error (&message->error);
  g_free (message);
}

static void
tell_session (PhEngineSession *self, const Message *message)
{
  const PhSessionInfo info = { .id = message->texts[0],
                               .code = message->texts[1],
                               .link = message->texts[2],
                               .signal = message->texts[3],
                               .own_port = message->own_port,
                               .more_links = (const char *const *)message->more_links };

  self->events->session (&info, self->user_data);
}

static void
tell (PhEngineSession *self, const Message *message)
{
  const PhSessionEvents *events = self->events;
  gpointer user_data = self->user_data;
  char *const *texts = message->texts;

  switch (message->kind)
    {
    case MESSAGE_SESSION:
      tell_session (self, message);
      break;
    case MESSAGE_BLOCK:
      events->block (texts[0], user_data);
      break;
    case MESSAGE_JOIN_REQUEST:
      events->join_request (texts[0], message->is_verified, user_data);
      break;
    case MESSAGE_VERIFY:
      events->verify (texts[0], texts[1], user_data);
      break;
    case MESSAGE_CONNECTED:
      events->connected (texts[0], &message->path, user_data);
      break;
    case MESSAGE_MAPPING:
      events->mapping (texts[0], texts[1], message->mapping_state, texts[2], user_data);
      break;
    case MESSAGE_SERVICES:
      if (events->services != NULL)
        events->services (message->services, user_data);
      break;
    case MESSAGE_DISCONNECTED:
      events->disconnected (texts[0], texts[1], user_data);
      break;
    case MESSAGE_WARNING:
      events->warning (texts[0], texts[1], user_data);
      break;
    case MESSAGE_ENDED:
      events->ended (message->error, user_data);
      break;
    case MESSAGE_RESULT:
      message->done (message->error, message->done_data);
      break;
    }
}

/* Commands: on their way from an owner to the transport thread */

typedef struct _Command Command;

/* FALSE and an error are told to whoever gave the command. */
typedef gboolean (*CommandFunc) (Worker *worker, const Command *command, GError **error);

struct _Command
{
  gint is_sent;
  Worker *worker;
  CommandFunc func;
  char *text;
  PhServices *services;
  gboolean is_approved;
  gboolean is_change; /* a person's, that may change what there is to see */
  PhEngineDone done;
  gpointer done_data;
};

static void push (Worker *worker, Message *message);

static void
command_free (gpointer data)
{
  Command *command = data;

  g_free (command->text);
  g_clear_pointer (&command->services, ph_services_unref);
  g_free (command);
}

static gboolean
run_command (gpointer data)
{
  Command *command = data;
  Worker *worker;
  GError *error = NULL;
  Message *message;

  take_over (&command->is_sent);
  worker = command->worker;
  assert_transport (worker->engine);
  command->func (worker, command, &error);
  if (command->is_change)
    {
      ph_recorder_touch (worker->recorder);
      ph_timer_arm (worker->turn, 0);
    }
  if (command->done == NULL)
    {
      g_clear_error (&error);
      return G_SOURCE_REMOVE;
    }
  message = message_new (MESSAGE_RESULT, NULL, NULL);
  message->error = error;
  message->done = command->done;
  message->done_data = command->done_data;
  push (worker, message);
  return G_SOURCE_REMOVE;
}

static Command *
command_new (PhEngineSession *session, CommandFunc func, const char *text)
{
  Command *command = g_new0 (Command, 1);

  command->worker = session->worker;
  command->func = func;
  command->text = g_strdup (text);
  return command;
}

/* Takes @command. */
static void
command_send (PhEngineSession *session, Command *command)
{
  hand_over (&command->is_sent);
  g_main_context_invoke_full (session->engine->context, G_PRIORITY_DEFAULT, run_command, command,
                              command_free);
}

/* Batches: on their way from the transport thread to an owner */

typedef struct
{
  gint is_sent;
  PhEngineSession *session; /* a reference */
  GQueue messages;
  PhSnapshot *snapshot; /* NULL: nothing new */
} Batch;

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  take_over (&batch->is_sent);
  g_queue_clear_full (&batch->messages, message_free);
  g_clear_pointer (&batch->snapshot, ph_snapshot_unref);
  session_unref (batch->session);
  g_free (batch);
}

static gboolean
do_next (Worker *worker, const Command *command, GError **error)
{
  worker->is_under_way = FALSE;
  ph_timer_arm (worker->turn, 0);
  return TRUE;
}

static void
take_snapshot (PhEngineSession *self, PhSnapshot *snapshot)
{
  ph_snapshot_unref (self->snapshot);
  self->snapshot = snapshot;
  if (self->snapshot_func != NULL)
    self->snapshot_func (snapshot, self->user_data);
}

/* The next batch is asked for first: whoever is told something may run the main loop, and goes on
 * hearing, in order, what comes meanwhile. */
static gboolean
deliver (gpointer data)
{
  Batch *batch = data;
  PhEngineSession *self;
  Message *message;

  take_over (&batch->is_sent);
  self = batch->session;
  if (self->is_freed)
    return G_SOURCE_REMOVE;
  command_send (self, command_new (self, do_next, NULL));
  while ((message = g_queue_pop_head (&batch->messages)) != NULL)
    g_queue_push_tail (&self->inbox, message);
  if (batch->snapshot != NULL)
    take_snapshot (self, g_steal_pointer (&batch->snapshot));
  while ((message = g_queue_pop_head (&self->inbox)) != NULL) /* empty once it was freed */
    {
      tell (self, message);
      message_free (message);
    }
  return G_SOURCE_REMOVE;
}

/* The worker: what it hears from its PhHost or PhJoin */

/* Takes @message. */
static void
push (Worker *self, Message *message)
{
  g_queue_push_tail (&self->outbox, message);
  ph_timer_arm (self->turn, 0);
}

/* FALSE if none waits. */
static gboolean
drop_oldest (Worker *self, MessageKind kind)
{
  for (GList *l = self->outbox.head; l != NULL; l = l->next)
    if (((Message *)l->data)->kind == kind)
      {
        message_free (l->data);
        g_queue_delete_link (&self->outbox, l);
        return TRUE;
      }
  return FALSE;
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_SESSION, info->id, info->code);

  message->texts[2] = g_strdup (info->link);
  message->texts[3] = g_strdup (info->signal);
  message->more_links = g_strdupv ((char **)info->more_links);
  message->own_port = info->own_port;
  ph_recorder_session (self->recorder, info);
  push (self, message);
}

static void
on_block (const char *text, gpointer user_data)
{
  Worker *self = user_data;

  ph_recorder_block (self->recorder, text);
  push (self, message_new (MESSAGE_BLOCK, text, NULL));
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_JOIN_REQUEST, client, NULL);

  message->is_verified = is_verified;
  ph_recorder_touch (self->recorder);
  push (self, message);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  Worker *self = user_data;

  ph_recorder_touch (self->recorder);
  push (self, message_new (MESSAGE_VERIFY, peer, number));
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_CONNECTED, peer, NULL);

  message->path = *path;
  ph_recorder_touch (self->recorder);
  push (self, message);
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *words,
            gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_MAPPING, local, remote);

  message->mapping_state = state;
  message->texts[2] = g_strdup (words);
  ph_recorder_mapping (self->recorder, local, remote, state, words);
  push (self, message);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_SERVICES, NULL, NULL);

  message->services = ph_services_ref (services);
  drop_oldest (self, MESSAGE_SERVICES);
  push (self, message);
}

/* Not passed on: there can be thousands a second. */
static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  Worker *self = user_data;

  ph_recorder_connection (self->recorder, peer, info, is_open);
  ph_timer_arm (self->turn, 0);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  Worker *self = user_data;

  ph_recorder_touch (self->recorder);
  push (self, message_new (MESSAGE_DISCONNECTED, peer, reason));
}

static void
on_warning (const char *code, const char *words, gpointer user_data)
{
  Worker *self = user_data;

  if (self->n_warnings == PH_ENGINE_MAX_WARNINGS && drop_oldest (self, MESSAGE_WARNING))
    self->n_warnings--;
  self->n_warnings++;
  push (self, message_new (MESSAGE_WARNING, code, words));
}

static void
on_ended (const GError *error, gpointer user_data)
{
  Worker *self = user_data;
  Message *message = message_new (MESSAGE_ENDED, NULL, NULL);

  message->error = error != NULL ? g_error_copy (error) : NULL;
  self->has_ended = TRUE;
  push (self, message);
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

/* The worker's turn: looks what is to be cleared away and what is to be sent */

static void
clear_outbox (Worker *self)
{
  g_queue_clear_full (&self->outbox, message_free);
  self->n_warnings = 0;
}

static void
worker_free (Worker *self)
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
  stop_if_idle (engine);
}

/* The last snapshot is taken while there is still something to be seen. */
static void
clear_away (Worker *self)
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
take_snapshot_if_due (Worker *self)
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
send_batch (Worker *self)
{
  Batch *batch;

  if (self->is_under_way || (self->outbox.length == 0 && self->snapshot == NULL))
    return;
  batch = g_new0 (Batch, 1);
  batch->session = self->session;
  g_atomic_int_inc (&self->session->refs);
  batch->messages = self->outbox;
  g_queue_init (&self->outbox);
  self->n_warnings = 0;
  batch->snapshot = g_steal_pointer (&self->snapshot);
  self->is_under_way = TRUE;
  hand_over (&batch->is_sent);
  g_main_context_invoke_full (self->session->context, G_PRIORITY_DEFAULT, deliver, batch,
                              batch_free);
}

/* What has happened is looked at as soon as it may be shown; what merely goes on, now and then. */
static void
arm_turn (Worker *self)
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
  Worker *self = user_data;

  assert_transport (self->engine);
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

/* Beginning and ending, on the transport thread */

static gboolean
begin_host (Worker *self, GError **error)
{
  self->host = ph_host_new (&self->host_options, &worker_events, self, error);
  for (gsize i = 0; self->host != NULL && self->texts != NULL && self->texts[i] != NULL; i++)
    ph_host_allow (self->host, self->texts[i], NULL); /* read before, by whoever gave it */
  return self->host != NULL;
}

static gboolean
begin_join (Worker *self, GError **error)
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

static gboolean
do_begin (Worker *self, const Command *command, GError **error)
{
  g_autoptr (GError) failure = NULL;

  self->engine->n_workers++;
  self->turn = ph_timer_new (self->engine->context, "[porthole] engine", on_turn, self);
  if (self->role == PH_SESSION_HOST ? !begin_host (self, &failure) : !begin_join (self, &failure))
    on_ended (failure, self);
  ph_timer_arm (self->turn, 0);
  return TRUE;
}

static gboolean
do_end (Worker *self, const Command *command, GError **error)
{
  if (self->host != NULL)
    ph_host_end (self->host);
  if (self->join != NULL)
    ph_join_end (self->join);
  return TRUE;
}

static gboolean
do_forget (Worker *self, const Command *command, GError **error)
{
  g_clear_pointer (&self->session, session_unref);
  do_end (self, command, error);
  ph_timer_arm (self->turn, 0);
  return TRUE;
}

/* Commands of people, on the transport thread */

static gboolean
check_host (Worker *self, GError **error)
{
  if (self->host != NULL && !self->has_ended)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       self->role == PH_SESSION_HOST
                           ? _ ("The session has ended")
                           : _ ("Only the Host of a session can do this"));
  return FALSE;
}

static gboolean
check_join (Worker *self, GError **error)
{
  if (self->join != NULL && !self->has_ended)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       self->role == PH_SESSION_CLIENT
                           ? _ ("The session has ended")
                           : _ ("Only a Client of a session can do this"));
  return FALSE;
}

static gboolean
do_allow (Worker *self, const Command *command, GError **error)
{
  return check_host (self, error) && ph_host_allow (self->host, command->text, error);
}

static gboolean
do_deny (Worker *self, const Command *command, GError **error)
{
  return check_host (self, error) && ph_host_deny (self->host, command->text, error);
}

static gboolean
do_set_services (Worker *self, const Command *command, GError **error)
{
  if (!check_host (self, error))
    return FALSE;
  ph_host_set_services (self->host, command->services);
  return TRUE;
}

static gboolean
do_kick (Worker *self, const Command *command, GError **error)
{
  return check_host (self, error) && ph_host_kick (self->host, command->text, error);
}

static gboolean
do_map (Worker *self, const Command *command, GError **error)
{
  return check_join (self, error) && ph_join_map (self->join, command->text, error);
}

/* What could not be listened on is only shown, and can be taken away all the same. */
static gboolean
do_unmap (Worker *self, const Command *command, GError **error)
{
  if (!check_join (self, error))
    return FALSE;
  if (ph_recorder_unmap (self->recorder, command->text))
    {
      ph_join_unmap (self->join, command->text, NULL);
      return TRUE;
    }
  return ph_join_unmap (self->join, command->text, error);
}

static gboolean
do_offer (Worker *self, const Command *command, GError **error)
{
  return check_host (self, error) && ph_host_offer (self->host, error);
}

static gboolean
do_paste (Worker *self, const Command *command, GError **error)
{
  if (self->role == PH_SESSION_HOST)
    return check_host (self, error) && ph_host_paste (self->host, command->text, error);
  return check_join (self, error) && ph_join_paste (self->join, command->text, error);
}

static gboolean
answer_host (Worker *self, const Command *command)
{
  if (command->text == NULL)
    return ph_host_answer (self->host, command->is_approved);
  return ph_host_answer_client (self->host, command->text, command->is_approved);
}

static gboolean
do_answer (Worker *self, const Command *command, GError **error)
{
  if (self->role == PH_SESSION_HOST ? !check_host (self, error) : !check_join (self, error))
    return FALSE;
  if (self->role == PH_SESSION_HOST ? answer_host (self, command)
                                    : ph_join_answer (self->join, command->is_approved))
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, _ ("Nobody is waiting for this answer"));
  return FALSE;
}

/* The owner's side */

static void
give_command (PhEngineSession *self,
              CommandFunc func,
              const char *text,
              PhEngineDone done,
              gpointer user_data)
{
  Command *command = command_new (self, func, text);

  assert_owner (self);
  command->is_change = TRUE;
  command->done = done;
  command->done_data = user_data;
  command_send (self, command);
}

void
ph_engine_session_allow (PhEngineSession *self,
                         const char *rule,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_allow, rule, done, user_data);
}

void
ph_engine_session_deny (PhEngineSession *self,
                        const char *rule,
                        PhEngineDone done,
                        gpointer user_data)
{
  give_command (self, do_deny, rule, done, user_data);
}

void
ph_engine_session_set_services (PhEngineSession *self,
                                PhServices *services,
                                PhEngineDone done,
                                gpointer user_data)
{
  Command *command = command_new (self, do_set_services, NULL);

  assert_owner (self);
  command->services = services != NULL ? ph_services_ref (services) : NULL;
  command->is_change = TRUE;
  command->done = done;
  command->done_data = user_data;
  command_send (self, command);
}

void
ph_engine_session_kick (PhEngineSession *self,
                        const char *client,
                        PhEngineDone done,
                        gpointer user_data)
{
  give_command (self, do_kick, client, done, user_data);
}

void
ph_engine_session_map (PhEngineSession *self,
                       const char *mapping,
                       PhEngineDone done,
                       gpointer user_data)
{
  give_command (self, do_map, mapping, done, user_data);
}

void
ph_engine_session_unmap (PhEngineSession *self,
                         const char *port,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_unmap, port, done, user_data);
}

void
ph_engine_session_offer (PhEngineSession *self, PhEngineDone done, gpointer user_data)
{
  give_command (self, do_offer, NULL, done, user_data);
}

void
ph_engine_session_paste (PhEngineSession *self,
                         const char *text,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_paste, text, done, user_data);
}

void
ph_engine_session_answer (PhEngineSession *self,
                          const char *peer,
                          gboolean is_approved,
                          PhEngineDone done,
                          gpointer user_data)
{
  Command *command = command_new (self, do_answer, peer);

  assert_owner (self);
  command->is_change = TRUE;
  command->is_approved = is_approved;
  command->done = done;
  command->done_data = user_data;
  command_send (self, command);
}

void
ph_engine_session_end (PhEngineSession *self)
{
  give_command (self, do_end, NULL, NULL, NULL);
}

void
ph_engine_session_set_snapshot_func (PhEngineSession *self,
                                     void (*func) (PhSnapshot *snapshot, gpointer user_data))
{
  assert_owner (self);
  self->snapshot_func = func;
}

PhSnapshot *
ph_engine_session_get_snapshot (PhEngineSession *self)
{
  assert_owner (self);
  return self->snapshot;
}

void
ph_engine_session_free (PhEngineSession *self)
{
  PhEngine *engine = self->engine;
  Command *command = command_new (self, do_forget, NULL);

  assert_owner (self);
  self->is_freed = TRUE;
  g_queue_clear_full (&self->inbox, message_free);
  command_send (self, command); /* from here on it is the transport thread's to let go */
  g_atomic_int_add (&engine->n_sessions, -1);
}

/* Making a session */

static Worker *
worker_new (PhEngine *engine,
            PhSessionRole role,
            PhIceServers *servers,
            const char *signal,
            const char *name,
            const char *const *texts)
{
  Worker *worker = g_new0 (Worker, 1);

  worker->engine = engine;
  worker->role = role;
  worker->recorder = ph_recorder_new (role);
  worker->servers = ph_ice_servers_copy (servers);
  worker->signal = g_strdup (signal);
  worker->name = g_strdup (name);
  worker->texts = g_strdupv ((char **)texts);
  worker->pace_ms = SNAPSHOT_EVERY_MS;
  return worker;
}

/* Takes @worker. */
static PhEngineSession *
session_new (Worker *worker, const PhSessionEvents *events, gpointer user_data)
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
  command_send (self, command_new (self, do_begin, NULL));
  return self;
}

static gboolean
check_rules (const char *const *texts, GError **error)
{
  g_autoptr (PhRules) rules = ph_rules_new ();

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    if (!ph_rules_add (rules, texts[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
check_mappings (const char *const *texts, GError **error)
{
  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      g_autoptr (PhMapping) mapping = ph_mapping_parse (texts[i], error);

      if (mapping == NULL)
        return FALSE;
    }
  return TRUE;
}

PhEngineSession *
ph_engine_host (PhEngine *self,
                const PhHostOptions *options,
                const char *const *rules,
                const PhSessionEvents *events,
                gpointer user_data,
                GError **error)
{
  Worker *worker;

  if (!check_rules (rules, error) || !ph_ice_servers_check (options->servers, error))
    return NULL;
  worker =
      worker_new (self, PH_SESSION_HOST, options->servers, options->signal, options->name, rules);
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
  Worker *worker;

  if (!check_target (code_text, options->is_manual, &code, error) ||
      !check_mappings (mappings, error) || !ph_ice_servers_check (options->servers, error))
    return NULL;
  worker = worker_new (self, PH_SESSION_CLIENT, options->servers, options->signal, options->name,
                       mappings);
  worker->code = g_steal_pointer (&code);
  worker->offer = options->is_manual ? g_strdup (code_text) : NULL;
  worker->join_options = *options;
  worker->join_options.code = worker->code;
  worker->join_options.servers = worker->servers;
  worker->join_options.signal = worker->signal;
  worker->join_options.name = worker->name;
  return session_new (worker, events, user_data);
}

/* Servers to be tried: the task is the owner's, and gets its result from the transport thread */

typedef struct
{
  gint is_sent; /* there, and back with the result */
  PhEngine *engine;
  PhServerKind kind;
  char *text;
  GCancellable *stop; /* the owner's cancellable and the engine's end both end in it */
  gulong cancelled_id;
} ServerTest;

static void
server_test_free (gpointer data)
{
  ServerTest *test = data;

  g_free (test->text);
  g_object_unref (test->stop);
  g_free (test);
}

static void
on_owner_cancelled (GCancellable *cancellable, gpointer stop)
{
  g_cancellable_cancel (stop);
}

static void
on_server_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ServerTest *test = g_task_get_task_data (task);
  GError *error = NULL;
  char *words = ph_server_test_finish (result, &error);

  if (test->cancelled_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), test->cancelled_id);
  g_hash_table_remove (test->engine->tests, test);
  stop_if_idle (test->engine);
  hand_over (&test->is_sent);
  if (words != NULL)
    g_task_return_pointer (task, words, g_free);
  else
    g_task_return_error (task, error);
}

static gboolean
begin_server_test (gpointer data)
{
  GTask *task = data;
  ServerTest *test = g_task_get_task_data (task);

  take_over (&test->is_sent);
  assert_transport (test->engine);
  g_atomic_int_set (&test->is_sent, FALSE);
  g_hash_table_add (test->engine->tests, test);
  if (g_task_get_cancellable (task) != NULL)
    test->cancelled_id = g_cancellable_connect (g_task_get_cancellable (task),
                                                G_CALLBACK (on_owner_cancelled), test->stop, NULL);
  ph_server_test_async (test->kind, test->text, test->stop, on_server_tested, task);
  return G_SOURCE_REMOVE;
}

static void
cancel_tests (PhEngine *self)
{
  g_autoptr (GList) tests = g_hash_table_get_keys (self->tests);

  for (GList *l = tests; l != NULL; l = l->next)
    g_cancellable_cancel (((ServerTest *)l->data)->stop);
}

void
ph_engine_test_server_async (PhEngine *self,
                             PhServerKind kind,
                             const char *text,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  ServerTest *test = g_new0 (ServerTest, 1);

  g_task_set_source_tag (task, ph_engine_test_server_async);
  test->engine = self;
  test->kind = kind;
  test->text = g_strdup (text);
  test->stop = g_cancellable_new ();
  g_task_set_task_data (task, test, server_test_free);
  hand_over (&test->is_sent);
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, begin_server_test, task, NULL);
}

char *
ph_engine_test_server_finish (GAsyncResult *result, GError **error)
{
  ServerTest *test = g_task_get_task_data (G_TASK (result));

  take_over (&test->is_sent);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The thread */

static gpointer
run (gpointer data)
{
  PhEngine *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  for (guint i = 0; i < DRAIN_TURNS && g_main_context_iteration (self->context, FALSE); i++)
    ; /* what was cancelled comes home */
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

PhEngine *
ph_engine_new (void)
{
  PhEngine *self = g_new0 (PhEngine, 1);

  (void)PH_ERROR; /* its number is drawn once, and now there is only one thread to do it */
  self->owner = g_thread_self ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->tests = g_hash_table_new (NULL, NULL);
  self->thread = g_thread_new ("porthole-net", run, self);
  return self;
}

static gboolean
on_stop (gpointer data)
{
  PhEngine *self = data;

  assert_transport (self);
  self->is_stopping = TRUE;
  cancel_tests (self);
  stop_if_idle (self);
  return G_SOURCE_REMOVE;
}

void
ph_engine_free (PhEngine *self)
{
  g_assert (g_thread_self () == self->owner);
  g_assert (g_atomic_int_get (&self->n_sessions) == 0);

  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, on_stop, self, NULL);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_hash_table_unref (self->tests);
  g_main_context_unref (self->context);
  g_free (self);
}
