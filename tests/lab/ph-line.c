/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-line.h"

#include <string.h>

#define DEFAULT_QUEUE_BYTES (256 * 1024)
#define DEFAULT_LATE_US 5000
#define MAX_HELD_BYTES (512 * 1024 * 1024ull)
#define MILLION 1000000ull

typedef struct
{
  GList link; /* its data is the packet; first, so that a link is a packet */
  gint64 arrival_us;
  gsize size;
  guint8 bytes[];
} Packet;

/* What chance is asked about each packet. */
typedef enum
{
  CHANCE_LOSS,
  CHANCE_DUPLICATE,
  CHANCE_REORDER,
  N_CHANCES,
} Chance;

struct _PhLine
{
  guint64 seed;
  PhLineSettings settings;
  PhLineCounters counters;
  gint64 free_us;     /* when the bottleneck has sent what it has */
  GQueue under_way;   /* Packet, by arrival */
  guint64 held_bytes; /* in under_way */
  Packet *given;      /* lent to the caller */
};

/* SplitMix64, as a function of its counter: the n-th number without those before it. */
static guint64
mix (guint64 seed, guint64 n)
{
  guint64 z = seed + (n + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Whether it happens to the packet that was taken last. */
static gboolean
happens (PhLine *self, Chance chance, guint64 ppm)
{
  return mix (self->seed, self->counters.taken * N_CHANCES + chance) % MILLION < ppm;
}

/* Those held back are few, so the place is near the end. */
static void
insert (PhLine *self, Packet *packet)
{
  GList *before = self->under_way.tail;

  while (before != NULL && ((Packet *)before->data)->arrival_us > packet->arrival_us)
    before = before->prev;
  if (before == NULL)
    g_queue_push_head_link (&self->under_way, &packet->link);
  else
    g_queue_insert_after_link (&self->under_way, before, &packet->link);
  self->held_bytes += packet->size;
}

static void
send (PhLine *self, gint64 arrival_us, const guint8 *bytes, gsize size)
{
  Packet *packet;

  if (self->held_bytes + size > MAX_HELD_BYTES)
    {
      self->counters.overflowed++;
      return;
    }
  packet = g_malloc (sizeof *packet + size);
  packet->link = (GList){ .data = packet };
  packet->arrival_us = arrival_us;
  packet->size = size;
  memcpy (packet->bytes, bytes, size);
  insert (self, packet);
}

/* Passes the bottleneck; FALSE if there is no room before it. */
static gboolean
pass_bottleneck (PhLine *self, gint64 now_us, gsize size)
{
  const guint64 rate_bps = self->settings.rate_bps;
  guint64 waiting_us = (guint64)MAX (self->free_us - now_us, 0);

  self->free_us = MAX (self->free_us, now_us);
  if (rate_bps == 0)
    {
      self->free_us = now_us;
      return TRUE;
    }
  if (waiting_us * rate_bps / (8 * MILLION) + size > self->settings.queue_bytes)
    return FALSE;
  self->free_us += (gint64)(size * 8 * MILLION / rate_bps);
  return TRUE;
}

void
ph_line_take (PhLine *self, gint64 now_us, const guint8 *packet, gsize size)
{
  const PhLineSettings *settings = &self->settings;
  PhLineCounters *counters = &self->counters;
  gint64 arrival_us;

  counters->taken++;
  counters->taken_bytes += size;
  if (settings->is_down)
    counters->cut++;
  else if (!pass_bottleneck (self, now_us, size))
    counters->overflowed++;
  else if (happens (self, CHANCE_LOSS, settings->loss_ppm))
    counters->lost++;
  else
    {
      arrival_us = self->free_us + (gint64)settings->delay_us;
      if (happens (self, CHANCE_DUPLICATE, settings->duplicate_ppm))
        {
          counters->duplicated++;
          send (self, arrival_us + (gint64)settings->late_us, packet, size);
        }
      if (happens (self, CHANCE_REORDER, settings->reorder_ppm))
        {
          counters->reordered++;
          arrival_us += (gint64)settings->late_us;
        }
      send (self, arrival_us, packet, size);
    }
}

const guint8 *
ph_line_give (PhLine *self, gint64 now_us, gsize *ret_size)
{
  g_clear_pointer (&self->given, g_free);
  if (ph_line_next_us (self) > now_us)
    return NULL;
  self->given = g_queue_pop_head_link (&self->under_way)->data;
  self->held_bytes -= self->given->size;
  self->counters.given++;
  self->counters.given_bytes += self->given->size;
  *ret_size = self->given->size;
  return self->given->bytes;
}

gint64
ph_line_next_us (PhLine *self)
{
  const Packet *next = g_queue_peek_head (&self->under_way);

  return next != NULL ? next->arrival_us : G_MAXINT64;
}

PhLineSettings *
ph_line_get_settings (PhLine *self)
{
  return &self->settings;
}

const PhLineCounters *
ph_line_get_counters (PhLine *self)
{
  return &self->counters;
}

PhLine *
ph_line_new (guint64 seed)
{
  PhLine *self = g_new0 (PhLine, 1);

  self->seed = seed;
  self->settings.queue_bytes = DEFAULT_QUEUE_BYTES;
  self->settings.late_us = DEFAULT_LATE_US;
  return self;
}

void
ph_line_free (PhLine *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->under_way)) != NULL)
    g_free (link->data);
  g_free (self->given);
  g_free (self);
}
