/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-pipe-channel.h"

typedef struct
{
  PhChannel base;
  PhPipe *pipe;
  guint index;
  GSource *source;
  GQueue under_way; /* GBytes to this end */
  gsize under_way_bytes;
  GQueue arrived; /* GBytes to be received here */
  gsize arrived_bytes;
  GBytes *received;
  gboolean wants_room;
  gboolean full; /* takes nothing from here */
} End;

typedef struct
{
  GSource base;
  End *end;
} EndSource;

struct _PhPipe
{
  PhPipeOptions options;
  GRand *rand;
  End ends[2];
  gboolean closed;
  gboolean paused;
};

static End *
other_end (End *end)
{
  return &end->pipe->ends[1 - end->index];
}

static void
wake (End *end)
{
  if (!end->pipe->paused)
    g_source_set_ready_time (end->source, 0);
}

static PhChannelStatus
pipe_send (PhChannel *channel, const guint8 *message, gsize size)
{
  End *self = (End *)channel;
  End *other = other_end (self);

  if (self->pipe->closed)
    return PH_CHANNEL_CLOSED;
  if (self->full || (other->under_way_bytes + size > self->pipe->options.capacity_bytes &&
                     other->under_way.length > 0))
    {
      self->wants_room = TRUE;
      return PH_CHANNEL_AGAIN;
    }
  g_queue_push_tail (&other->under_way, g_bytes_new (message, size));
  other->under_way_bytes += size;
  wake (other);
  return PH_CHANNEL_OK;
}

static PhChannelStatus
pipe_receive (PhChannel *channel, const guint8 **ret_message, gsize *ret_size)
{
  End *self = (End *)channel;

  g_clear_pointer (&self->received, g_bytes_unref);
  if (self->pipe->closed)
    return PH_CHANNEL_CLOSED;
  if (self->arrived.length == 0)
    return PH_CHANNEL_AGAIN;
  self->received = g_queue_pop_head (&self->arrived);
  self->arrived_bytes -= g_bytes_get_size (self->received);
  *ret_message = g_bytes_get_data (self->received, ret_size);
  return PH_CHANNEL_OK;
}

static const PhChannelClass pipe_class = { pipe_send, pipe_receive };

/* Stops where the receiver's window is closed. */
static void
deliver (End *self)
{
  const PhPipeOptions *options = &self->pipe->options;
  guint n = options->messages_per_turn > 0 ? options->messages_per_turn : G_MAXUINT;

  for (guint i = 0; i < n && self->under_way.length > 0; i++)
    {
      guint choice = MIN (options->reorder, self->under_way.length);
      guint pick = choice > 1 ? (guint)g_rand_int_range (self->pipe->rand, 0, (gint32)choice) : 0;
      GBytes *message;

      if (self->arrived_bytes > options->capacity_bytes)
        return;
      message = g_queue_pop_nth (&self->under_way, pick);
      self->under_way_bytes -= g_bytes_get_size (message);
      self->arrived_bytes += g_bytes_get_size (message);
      g_queue_push_tail (&self->arrived, message);
    }
}

static gboolean
on_turn (GSource *source, GSourceFunc callback, gpointer user_data)
{
  End *self = ((EndSource *)source)->end;
  End *other = other_end (self);

  g_source_set_ready_time (source, -1);
  if (self->pipe->closed)
    {
      ph_channel_emit_closed (&self->base);
      return G_SOURCE_CONTINUE;
    }
  deliver (self);
  if (self->arrived.length > 0)
    ph_channel_emit_readable (&self->base);
  if (other->wants_room && !other->full)
    {
      other->wants_room = FALSE;
      ph_channel_emit_writable (&other->base);
    }
  if (self->under_way.length > 0 || self->arrived.length > 0)
    wake (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs end_funcs = { .dispatch = on_turn };

PhPipe *
ph_pipe_new (GMainContext *context, const PhPipeOptions *options)
{
  PhPipe *self = g_new0 (PhPipe, 1);

  self->options = *options;
  self->rand = g_rand_new_with_seed (options->seed);
  for (guint i = 0; i < 2; i++)
    {
      End *end = &self->ends[i];

      end->base.klass = &pipe_class;
      end->pipe = self;
      end->index = i;
      end->source = g_source_new (&end_funcs, sizeof (EndSource));
      ((EndSource *)end->source)->end = end;
      g_source_attach (end->source, context);
    }
  return self;
}

PhChannel *
ph_pipe_get_channel (PhPipe *self, guint end)
{
  return &self->ends[end].base;
}

void
ph_pipe_close (PhPipe *self)
{
  self->closed = TRUE;
  wake (&self->ends[0]);
  wake (&self->ends[1]);
}

void
ph_pipe_set_paused (PhPipe *self, gboolean paused)
{
  self->paused = paused;
  for (guint i = 0; i < 2; i++)
    g_source_set_ready_time (self->ends[i].source, paused ? -1 : 0);
}

void
ph_pipe_set_full (PhPipe *self, guint end, gboolean full)
{
  self->ends[end].full = full;
  wake (&self->ends[1 - end]);
}

static void
free_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

void
ph_pipe_free (PhPipe *self)
{
  for (guint i = 0; i < 2; i++)
    {
      End *end = &self->ends[i];

      g_source_destroy (end->source);
      g_source_unref (end->source);
      g_queue_clear_full (&end->under_way, free_bytes);
      g_queue_clear_full (&end->arrived, free_bytes);
      g_clear_pointer (&end->received, g_bytes_unref);
    }
  g_rand_free (self->rand);
  g_free (self);
}
