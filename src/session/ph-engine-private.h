/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-engine.h"

G_BEGIN_DECLS

/* What the parts of the engine share, and nobody else sees.
 *
 * Two objects stand for a session: the PhEngineSession is its owner's, the PhEngineWorker the
 * transport thread's. Neither thread touches the other's; what they send each other changes hands
 * for good: commands one way, batches of messages and snapshots the other. One batch is under way
 * at a time, so that a thread which stands still finds one batch, not a queue, and what may be lost
 * is lost with the worker. */

typedef struct _PhEngineWorker PhEngineWorker;
typedef struct _PhEngineCommand PhEngineCommand;

/* An event or a result, with all it says. */
typedef enum
{
  PH_ENGINE_MESSAGE_SESSION,
  PH_ENGINE_MESSAGE_BLOCK,
  PH_ENGINE_MESSAGE_JOIN_REQUEST,
  PH_ENGINE_MESSAGE_VERIFY,
  PH_ENGINE_MESSAGE_CONNECTED,
  PH_ENGINE_MESSAGE_MAPPING,
  PH_ENGINE_MESSAGE_SERVICES,
  PH_ENGINE_MESSAGE_DISCONNECTED,
  PH_ENGINE_MESSAGE_WARNING,
  PH_ENGINE_MESSAGE_ENDED,
  PH_ENGINE_MESSAGE_RESULT,
} PhEngineMessageKind;

typedef struct
{
  PhEngineMessageKind kind;
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
} PhEngineMessage;

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
  PhEngineWorker *worker; /* only to be named in commands */
  GThread *owner;
  GMainContext *context;
  const PhSessionEvents *events;
  gpointer user_data;
  void (*snapshot_func) (PhSnapshot *snapshot, gpointer user_data);
  PhSnapshot *snapshot;
  GQueue inbox; /* of PhEngineMessage */
  gboolean is_freed;
};

struct _PhEngineWorker
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
  GQueue outbox; /* of PhEngineMessage */
  guint n_warnings;
  PhSnapshot *snapshot; /* not yet sent */
  gint64 next_snapshot_us;
  guint pace_ms;
  gboolean is_under_way; /* a batch is */
};

/* Readers and ThreadSanitizer see the same thing here: what the sender wrote before it handed over
 * is what the receiver reads after it took over, whatever queue lies between. */
static inline void
ph_engine_hand_over (gint *is_sent)
{
  g_atomic_int_set (is_sent, TRUE);
}

static inline void
ph_engine_take_over (gint *is_sent)
{
  g_assert (g_atomic_int_get (is_sent));
}

static inline void
ph_engine_assert_transport (PhEngine *self)
{
  g_assert (g_main_context_is_owner (self->context));
}

static inline void
ph_engine_session_assert_owner (PhEngineSession *self)
{
  g_assert (g_thread_self () == self->owner && !self->is_freed);
}

/* ph-engine.c: the engine itself */

/* On the transport thread, when something it waits for before it stops may be over. */
void ph_engine_stop_if_idle (PhEngine *self);

/* ph-engine-session.c: a session on its owner's thread */

/* On any thread. */
void ph_engine_session_unref (PhEngineSession *self);

/* ph-engine-worker.c: the same on the transport thread */

/* On the owner's thread. Copies all it is given; what else is to be begun with is for the caller to
 * fill in. It is freed once it is over and its session was freed. */
PhEngineWorker *ph_engine_worker_new (PhEngine *engine,
                                      PhSessionRole role,
                                      PhIceServers *servers,
                                      const char *signal,
                                      const char *name,
                                      const char *const *texts);

/* Takes @message, which goes with the next batch. */
void ph_engine_worker_push (PhEngineWorker *self, PhEngineMessage *message);

/* Commands for ph_engine_command_give. The first one of a session: */
gboolean
ph_engine_worker_begin (PhEngineWorker *self, const PhEngineCommand *command, GError **error);

/* A batch has arrived, and the next one may come: */
gboolean
ph_engine_worker_next (PhEngineWorker *self, const PhEngineCommand *command, GError **error);

/* See ph_engine_session_end: */
gboolean
ph_engine_worker_end (PhEngineWorker *self, const PhEngineCommand *command, GError **error);

/* The last one, which takes the owner's reference to the session: */
gboolean
ph_engine_worker_forget (PhEngineWorker *self, const PhEngineCommand *command, GError **error);

/* ph-engine-message.c: what a worker tells: events and results, with all they say */

/* @first and @second are copied; the rest is for the caller to fill in. */
PhEngineMessage *
ph_engine_message_new (PhEngineMessageKind kind, const char *first, const char *second);
void ph_engine_message_free (gpointer message);

/* On its way to the owner it holds a reference to @session. Takes what is in @messages, which is
 * empty afterwards, and @snapshot, which may be NULL. */
void ph_engine_batch_send (PhEngineSession *session, GQueue *messages, PhSnapshot *snapshot);

/* ph-engine-command.c: what a session has its worker do */

/* On the transport thread. FALSE and an error are told to whoever gave the command. */
typedef gboolean (*PhEngineCommandFunc) (PhEngineWorker *worker,
                                         const PhEngineCommand *command,
                                         GError **error);

/* On the owner's thread; they are run in the order in which they were given. */
void ph_engine_command_give (PhEngineSession *session, PhEngineCommandFunc func);

G_END_DECLS
