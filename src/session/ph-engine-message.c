/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker tells the owner of its session: messages, one for each event or result, that go
 * from the transport thread to the owner's in batches. */
#include "ph-engine-private.h"

PhEngineMessage *
ph_engine_message_new (PhEngineMessageKind kind, const char *first, const char *second)
{
  PhEngineMessage *message = g_new0 (PhEngineMessage, 1);

  message->kind = kind;
  message->texts[0] = g_strdup (first);
  message->texts[1] = g_strdup (second);
  return message;
}

void
ph_engine_message_free (gpointer data)
{
  PhEngineMessage *message = data;

  for (gsize i = 0; i < G_N_ELEMENTS (message->texts); i++)
    g_free (message->texts[i]);
  g_strfreev (message->more_links);
  g_clear_pointer (&message->services, ph_services_unref);
  g_clear_error (&message->error);
  g_free (message);
}

static void
tell_session (PhEngineSession *self, const PhEngineMessage *message)
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
tell (PhEngineSession *self, const PhEngineMessage *message)
{
  const PhSessionEvents *events = self->events;
  gpointer user_data = self->user_data;
  char *const *texts = message->texts;

  switch (message->kind)
    {
    case PH_ENGINE_MESSAGE_SESSION:
      tell_session (self, message);
      break;
    case PH_ENGINE_MESSAGE_BLOCK:
      events->block (texts[0], user_data);
      break;
    case PH_ENGINE_MESSAGE_JOIN_REQUEST:
      events->join_request (texts[0], message->is_verified, user_data);
      break;
    case PH_ENGINE_MESSAGE_VERIFY:
      events->verify (texts[0], texts[1], user_data);
      break;
    case PH_ENGINE_MESSAGE_CONNECTED:
      events->connected (texts[0], &message->path, user_data);
      break;
    case PH_ENGINE_MESSAGE_MAPPING:
      events->mapping (texts[0], texts[1], message->mapping_state, texts[2], user_data);
      break;
    case PH_ENGINE_MESSAGE_SERVICES:
      if (events->services != NULL)
        events->services (message->services, user_data);
      break;
    case PH_ENGINE_MESSAGE_DISCONNECTED:
      events->disconnected (texts[0], texts[1], user_data);
      break;
    case PH_ENGINE_MESSAGE_WARNING:
      events->warning (texts[0], texts[1], user_data);
      break;
    case PH_ENGINE_MESSAGE_ENDED:
      events->ended (message->error, user_data);
      break;
    case PH_ENGINE_MESSAGE_RESULT:
      message->done (message->error, message->done_data);
      break;
    }
}

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

  ph_engine_take_over (&batch->is_sent);
  g_queue_clear_full (&batch->messages, ph_engine_message_free);
  g_clear_pointer (&batch->snapshot, ph_snapshot_unref);
  ph_engine_session_unref (batch->session);
  g_free (batch);
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
  PhEngineMessage *message;

  ph_engine_take_over (&batch->is_sent);
  self = batch->session;
  if (self->is_freed)
    return G_SOURCE_REMOVE;
  ph_engine_command_give (self, ph_engine_worker_next);
  while ((message = g_queue_pop_head (&batch->messages)) != NULL)
    g_queue_push_tail (&self->inbox, message);
  if (batch->snapshot != NULL)
    take_snapshot (self, g_steal_pointer (&batch->snapshot));
  while ((message = g_queue_pop_head (&self->inbox)) != NULL) /* empty once it was freed */
    {
      tell (self, message);
      ph_engine_message_free (message);
    }
  return G_SOURCE_REMOVE;
}

void
ph_engine_batch_send (PhEngineSession *session, GQueue *messages, PhSnapshot *snapshot)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->session = session;
  g_atomic_int_inc (&session->refs);
  batch->messages = *messages;
  g_queue_init (messages);
  batch->snapshot = snapshot;
  ph_engine_hand_over (&batch->is_sent);
  g_main_context_invoke_full (session->context, G_PRIORITY_DEFAULT, deliver, batch, batch_free);
}
