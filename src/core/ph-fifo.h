/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A byte queue that never holds more than its limit, in memory that never passes the limit either.
 * It is a ring: it grows by doubling, shrinks when it is mostly unused and gives all back when it
 * runs empty, so that thousands of idle connections cost nothing. */
typedef struct
{
  guint8 *bytes;
  gsize allocated;
  gsize start;
  gsize size;
  gsize limit;
} PhFifo;

void ph_fifo_init (PhFifo *fifo, gsize limit_bytes);

/* Frees what is held and leaves an empty queue with the same limit. */
void ph_fifo_clear (PhFifo *fifo);

static inline gsize
ph_fifo_size (const PhFifo *fifo)
{
  return fifo->size;
}

/* What it costs: at most the limit, and for more than 64 KiB at most four times what is held. */
static inline gsize
ph_fifo_allocated (const PhFifo *fifo)
{
  return fifo->allocated;
}

/* Appends all @size bytes, or nothing and FALSE if that would pass the limit. */
gboolean ph_fifo_push (PhFifo *fifo, const guint8 *bytes, gsize size);

/* A run of bytes at the front, all or those up to where the ring turns; valid until the next call.
 * NULL and 0 when empty. */
const guint8 *ph_fifo_peek (const PhFifo *fifo, gsize *ret_size);

/* Drops the first @size bytes, which must be there. */
void ph_fifo_pop (PhFifo *fifo, gsize size);

G_END_DECLS
