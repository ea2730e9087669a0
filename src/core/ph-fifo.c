/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-fifo.h"

#include <string.h>

#define FIFO_MIN_BYTES 4096

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

/* Makes room for @size more bytes behind the last one. Bytes are moved down only once at least as
 * many have been taken, so each byte is moved once on average; otherwise the queue grows. */
static void
fifo_reserve (PhFifo *fifo, gsize size)
{
  gsize wanted = fifo->size + size;

  if (fifo->start + wanted <= fifo->allocated)
    return;
  if (fifo->start >= fifo->size && wanted <= fifo->allocated)
    {
      memmove (fifo->bytes, fifo->bytes + fifo->start, fifo->size);
      fifo->start = 0;
      return;
    }
  fifo->allocated = MAX (fifo->allocated, FIFO_MIN_BYTES);
  while (fifo->allocated < fifo->start + wanted)
    fifo->allocated *= 2;
  fifo->bytes = g_realloc (fifo->bytes, fifo->allocated);
}

gboolean
ph_fifo_push (PhFifo *fifo, const guint8 *bytes, gsize size)
{
  if (size > fifo->limit - fifo->size)
    return FALSE;
  if (size == 0)
    return TRUE;
  fifo_reserve (fifo, size);
  memcpy (fifo->bytes + fifo->start + fifo->size, bytes, size);
  fifo->size += size;
  return TRUE;
}

const guint8 *
ph_fifo_peek (const PhFifo *fifo, gsize *ret_size)
{
  *ret_size = fifo->size;
  return fifo->size > 0 ? fifo->bytes + fifo->start : NULL;
}

void
ph_fifo_pop (PhFifo *fifo, gsize size)
{
  g_return_if_fail (size <= fifo->size);

  fifo->start += size;
  fifo->size -= size;
  if (fifo->size == 0)
    ph_fifo_clear (fifo);
}
