/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-reorder.h"

#include <string.h>

/* Sequence numbers are chunk_ids extended to 48 bits, so that positions never wrap. The first one
 * leaves room below, for frames that turn out to lie before the start. */
#define FIRST_SEQUENCE (G_GUINT64_CONSTANT (1) << 32)

typedef struct
{
  guint64 position;
  guint8 event;
  guint16 total;
  guint16 size;
  guint8 payload[];
} HeldFrame;

static int
compare_positions (gconstpointer a, gconstpointer b, gpointer user_data)
{
  guint64 left = ((const HeldFrame *)a)->position;
  guint64 right = ((const HeldFrame *)b)->position;

  return left < right ? -1 : left > right;
}

void
ph_reorder_init (PhReorder *self, gsize limit_bytes)
{
  *self = (PhReorder){ .limit_bytes = limit_bytes };
}

void
ph_reorder_clear (PhReorder *self)
{
  g_clear_pointer (&self->held, g_tree_unref);
  g_clear_pointer (&self->popped, g_free);
  self->held_bytes = 0;
}

static gsize
frame_charge (const HeldFrame *frame)
{
  return frame->size + PH_REORDER_FRAME_CHARGE_BYTES;
}

/* The position of a frame: of all sequence numbers with its chunk_id the one nearest to `next`. */
static guint64
frame_position (const PhReorder *self, guint16 chunk_id, guint16 chunk_index)
{
  guint64 sequence = self->next >> 16;
  gint16 distance = (gint16)(guint16)(chunk_id - (guint16)sequence);

  return (sequence + (guint64)(gint64)distance) << 16 | chunk_index;
}

static HeldFrame *
first_held (const PhReorder *self)
{
  GTreeNode *node = self->held != NULL ? g_tree_node_first (self->held) : NULL;

  return node != NULL ? g_tree_node_value (node) : NULL;
}

void
ph_reorder_start (PhReorder *self, guint16 chunk_id)
{
  HeldFrame *frame;

  g_return_if_fail (!self->started);

  if (self->next == 0)
    self->next = FIRST_SEQUENCE << 16;
  self->next = frame_position (self, chunk_id, 0);
  self->started = TRUE;
  while ((frame = first_held (self)) != NULL && frame->position < self->next)
    {
      self->held_bytes -= frame_charge (frame);
      g_tree_remove (self->held, frame);
    }
}

static gboolean
is_same_message (guint64 position, const PhFrame *frame, const HeldFrame *held)
{
  return position >> 16 != held->position >> 16 ||
         (held->total == frame->total_chunks && held->event == (guint8)frame->event);
}

/* All held fragments of a message agree, so comparing with the neighbours is enough. */
static gboolean
agrees_with_held (const PhReorder *self, guint64 position, const PhFrame *frame)
{
  const HeldFrame key = { .position = position };
  GTreeNode *above = self->held != NULL ? g_tree_lower_bound (self->held, &key) : NULL;
  GTreeNode *below;

  if (self->held == NULL)
    return TRUE;
  below = above != NULL ? g_tree_node_previous (above) : g_tree_node_last (self->held);
  return (above == NULL || is_same_message (position, frame, g_tree_node_value (above))) &&
         (below == NULL || is_same_message (position, frame, g_tree_node_value (below)));
}

static gboolean
agrees (const PhReorder *self, guint64 position, const PhFrame *frame)
{
  gboolean message_begun = self->started && (self->next & 0xffff) != 0;

  if (message_begun && position >> 16 == self->next >> 16 &&
      (self->total != frame->total_chunks || self->event != (guint8)frame->event))
    return FALSE;
  return agrees_with_held (self, position, frame);
}

static GTree *
new_tree (void)
{
  return g_tree_new_full (compare_positions, NULL, NULL, g_free);
}

void
ph_reorder_only_count (PhReorder *self)
{
  GTree *places = new_tree ();

  for (GTreeNode *node = self->held != NULL ? g_tree_node_first (self->held) : NULL; node != NULL;
       node = g_tree_node_next (node))
    {
      HeldFrame *place = g_memdup2 (g_tree_node_value (node), sizeof (HeldFrame));

      self->held_bytes -= place->size;
      place->size = 0;
      g_tree_insert (places, place, place);
    }
  g_clear_pointer (&self->held, g_tree_unref);
  self->held = places;
  self->only_counts = TRUE;
}

static PhReorderStatus
hold (PhReorder *self, guint64 position, const PhFrame *frame)
{
  const HeldFrame key = { .position = position,
                          .size = self->only_counts ? 0 : frame->payload_size };
  HeldFrame *held;

  if (self->held == NULL)
    self->held = new_tree ();
  if (g_tree_lookup (self->held, &key) != NULL)
    return PH_REORDER_OLD;
  if (frame_charge (&key) > self->limit_bytes - self->held_bytes)
    return PH_REORDER_FULL;
  held = g_malloc (sizeof *held + key.size);
  *held = key;
  held->event = (guint8)frame->event;
  held->total = frame->total_chunks;
  if (held->size > 0)
    memcpy (held->payload, frame->payload, held->size);
  g_tree_insert (self->held, held, held);
  self->held_bytes += frame_charge (held);
  return PH_REORDER_HELD;
}

/* The turn passes to the next fragment, or to the next message. */
static void
advance (PhReorder *self, guint8 event, guint16 total)
{
  guint16 index = (guint16)self->next;

  self->event = event;
  self->total = total;
  if (index + 1 < total)
    self->next++;
  else
    self->next = ((self->next >> 16) + 1) << 16;
}

PhReorderStatus
ph_reorder_push (PhReorder *self, const PhFrame *frame)
{
  guint64 position;

  g_clear_pointer (&self->popped, g_free);
  if (self->next == 0)
    self->next = (FIRST_SEQUENCE + frame->chunk_id) << 16;
  position = frame_position (self, frame->chunk_id, frame->chunk_index);
  if (self->started && position < self->next)
    return PH_REORDER_OLD;
  if (!agrees (self, position, frame))
    return PH_REORDER_MALFORMED;
  if (!self->started || position != self->next)
    return hold (self, position, frame);
  if (first_held (self) != NULL && first_held (self)->position == position)
    return PH_REORDER_OLD; /* it waits to be popped */
  advance (self, (guint8)frame->event, frame->total_chunks);
  return PH_REORDER_NEXT;
}

static gboolean
has_next (const PhReorder *self)
{
  const HeldFrame *frame = first_held (self);

  return self->started && frame != NULL && frame->position == self->next;
}

gboolean
ph_reorder_peek (const PhReorder *self, PhEvent *ret_event, guint16 *ret_chunk_id)
{
  if (!has_next (self))
    return FALSE;
  *ret_event = (PhEvent)first_held (self)->event;
  *ret_chunk_id = (guint16)(self->next >> 16);
  return TRUE;
}

gboolean
ph_reorder_pop (PhReorder *self, PhFrame *ret_frame)
{
  HeldFrame *frame;

  g_clear_pointer (&self->popped, g_free);
  if (!has_next (self))
    return FALSE;
  frame = first_held (self);
  *ret_frame = (PhFrame){
    .event = (PhEvent)frame->event,
    .chunk_id = (guint16)(frame->position >> 16),
    .chunk_index = (guint16)frame->position,
    .total_chunks = frame->total,
    .payload_size = frame->size,
    .payload = frame->payload,
  };
  g_tree_steal (self->held, frame);
  self->held_bytes -= frame_charge (frame);
  self->popped = frame;
  advance (self, frame->event, frame->total);
  return TRUE;
}
