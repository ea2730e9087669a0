/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-fifo.h"

#include <string.h>

#define FIFO_MIN_BYTES 4096
#define FIFO_SHRINK_BYTES 65536 /* smaller ones are not worth the copy */

void
ph_fifo_init (PhFifo *fifo, gsize limit_bytes)
{
  *fifo = (PhFifo){ .limit = limit_bytes };
}

void
ph_fifo_clear (PhFifo *fifo)
{
  g_free (fifo->bytes);
  ph_fifo_init (fifo, fifo->limit);
}

/* Moves to other memory, the first byte in front. */
static void
fifo_resize (PhFifo *fifo, gsize allocated)
{
  guint8 *bytes = g_malloc (allocated);
  gsize run;
  const guint8 *front = ph_fifo_peek (fifo, &run);

  if (run > 0)
    memcpy (bytes, front, run);
  if (run < fifo->size)
    memcpy (bytes + run, fifo->bytes, fifo->size - run);
  g_free (fifo->bytes);
  fifo->bytes = bytes;
  fifo->allocated = allocated;
  fifo->start = 0;
}

static void
fifo_reserve (PhFifo *fifo, gsize wanted)
{
  gsize allocated = MAX (fifo->allocated, FIFO_MIN_BYTES);

  if (wanted <= fifo->allocated)
    return;
  while (allocated < wanted)
    allocated *= 2;
  fifo_resize (fifo, MIN (allocated, fifo->limit));
}

gboolean
ph_fifo_push (PhFifo *fifo, const guint8 *bytes, gsize size)
{
  gsize end;
  gsize run;

  if (size > fifo->limit - fifo->size)
    return FALSE;
  if (size == 0)
    return TRUE;
  fifo_reserve (fifo, fifo->size + size);
  end = (fifo->start + fifo->size) % fifo->allocated;
  run = MIN (size, fifo->allocated - end);
  memcpy (fifo->bytes + end, bytes, run);
  memcpy (fifo->bytes, bytes + run, size - run);
  fifo->size += size;
  return TRUE;
}

const guint8 *
ph_fifo_peek (const PhFifo *fifo, gsize *ret_size)
{
  *ret_size = MIN (fifo->size, fifo->allocated - fifo->start);
  return fifo->size > 0 ? fifo->bytes + fifo->start : NULL;
}

void
ph_fifo_pop (PhFifo *fifo, gsize size)
{
  g_return_if_fail (size <= fifo->size);

  fifo->size -= size;
  if (fifo->size == 0)
    {
      ph_fifo_clear (fifo);
      return;
    }
  fifo->start = (fifo->start + size) % fifo->allocated;
  if (fifo->allocated > FIFO_SHRINK_BYTES && fifo->size < fifo->allocated / 4)
    fifo_resize (fifo, MAX (2 * fifo->size, FIFO_MIN_BYTES));
}
