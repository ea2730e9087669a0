/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-writer.h"

#include <string.h>

#include "core/ph-stdio.h"

#define END_US (500 * G_TIME_SPAN_MILLISECOND)
#define END_ROUNDS 10 /* while it is our thread that is slow, and not the reader */

typedef struct
{
  PhWriterStream stream;
  char *text; /* NULL: the thread is to end */
  gsize size;
} Piece;

/* Held by its owner and by its thread, which may be stuck in a write when the owner goes. */
struct _PhWriter
{
  GAsyncQueue *pieces; /* Piece, owned */
  GMutex mutex;
  GCond changed;
  gsize queued; /* bytes, with those being written */
  gboolean has_ended;
};

static void
piece_free (gpointer data)
{
  Piece *piece = data;

  g_free (piece->text);
  g_free (piece);
}

static void
writer_clear (gpointer data)
{
  PhWriter *self = data;

  g_async_queue_unref (self->pieces);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
}

static void
writer_unref (PhWriter *self)
{
  g_atomic_rc_box_release_full (self, writer_clear);
}

static void
account (PhWriter *self, gsize written, gboolean has_ended)
{
  g_mutex_lock (&self->mutex);
  self->queued -= written;
  self->has_ended = has_ended;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->mutex);
}

/* A stream that takes nothing more is written to in vain: there is nobody to tell. */
static gpointer
run (gpointer data)
{
  PhWriter *self = data;
  gboolean has_ended = FALSE;

  while (!has_ended)
    {
      Piece *piece = g_async_queue_pop (self->pieces);

      has_ended = piece->text == NULL;
      if (!has_ended)
        ph_stdio_write ((int)piece->stream, piece->text, piece->size);
      account (self, piece->size, has_ended);
      piece_free (piece);
    }
  writer_unref (self);
  return NULL;
}

PhWriter *
ph_writer_new (void)
{
  PhWriter *self = g_atomic_rc_box_new0 (PhWriter);

  self->pieces = g_async_queue_new_full (piece_free);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_thread_unref (g_thread_new ("output", run, g_atomic_rc_box_acquire (self)));
  return self;
}

static void
push (PhWriter *self, PhWriterStream stream, char *text, gsize size)
{
  Piece *piece = g_new0 (Piece, 1);

  piece->stream = stream;
  piece->text = text;
  piece->size = size;
  g_async_queue_push (self->pieces, piece);
}

gboolean
ph_writer_put (PhWriter *self, PhWriterStream stream, char *text, gboolean matters)
{
  gsize size = strlen (text);
  gsize limit = PH_WRITER_MAX_QUEUE + (matters ? PH_WRITER_RESERVE : 0);
  gboolean fits;

  g_mutex_lock (&self->mutex);
  fits = self->queued + size <= limit;
  self->queued += fits ? size : 0;
  g_mutex_unlock (&self->mutex);
  if (fits)
    push (self, stream, text, size);
  else
    g_free (text);
  return fits;
}

static gboolean
wait_for_end (PhWriter *self)
{
  gint64 end_us = g_get_monotonic_time () + END_US;
  gboolean in_time = TRUE;
  gboolean has_ended;

  g_mutex_lock (&self->mutex);
  while (!self->has_ended && in_time)
    in_time = g_cond_wait_until (&self->changed, &self->mutex, end_us);
  has_ended = self->has_ended;
  g_mutex_unlock (&self->mutex);
  return has_ended;
}

/* On a machine that is very busy the thread may not have had its turn. */
void
ph_writer_free (PhWriter *self)
{
  gboolean is_worth_it = TRUE;

  push (self, PH_WRITER_OUT, NULL, 0);
  for (guint i = 0; i < END_ROUNDS && is_worth_it && !wait_for_end (self); i++)
    is_worth_it = ph_stdio_has_room (PH_WRITER_OUT) && ph_stdio_has_room (PH_WRITER_ERR);
  writer_unref (self);
}
