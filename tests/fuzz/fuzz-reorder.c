/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-frame.h"
#include "ph-fuzz.h"
#include "tunnel/ph-reorder.h"

/* Any bytes as messages, each preceded by its length: what decodes is put in order, and what was
 * held comes out as it went in. */

#define LIMIT 20000

/* What is decoded and encoded again is the same. */
static void
check_codec (const PhFrame *frame, const guint8 *message)
{
  guint8 header[PH_FRAME_HEADER_SIZE];

  ph_frame_encode_header (frame, header);
  g_assert_cmpmem (header, sizeof header, message, PH_FRAME_HEADER_SIZE);
}

typedef struct
{
  PhReorder reorder;
  GHashTable *held; /* place -> GBytes, owned */
  guint16 id;       /* whose turn it is */
  guint16 index;
  gboolean only_counts;
} Order;

static gpointer
get_place (const PhFrame *frame)
{
  return GUINT_TO_POINTER ((guint)frame->chunk_id << 16 | frame->chunk_index);
}

static void
take_turn (Order *order, const PhFrame *frame)
{
  g_assert_cmpuint (frame->chunk_id, ==, order->id);
  g_assert_cmpuint (frame->chunk_index, ==, order->index);
  order->index++;
  if (order->index == frame->total_chunks)
    {
      order->index = 0;
      order->id++;
    }
}

/* Once it only counts, places are kept and payloads are not. */
static void
take_held (Order *order, const PhFrame *frame)
{
  GBytes *pushed = g_hash_table_lookup (order->held, get_place (frame));

  take_turn (order, frame);
  g_assert_nonnull (pushed);
  if (!order->only_counts)
    g_assert_cmpmem (frame->payload, frame->payload_size, g_bytes_get_data (pushed, NULL),
                     (int)g_bytes_get_size (pushed));
  g_hash_table_remove (order->held, get_place (frame));
}

static void
push (Order *order, const PhFrame *frame)
{
  switch (ph_reorder_push (&order->reorder, frame))
    {
    case PH_REORDER_NEXT:
      take_turn (order, frame);
      break;
    case PH_REORDER_HELD:
      g_assert_true (g_hash_table_insert (order->held, get_place (frame),
                                          g_bytes_new (frame->payload, frame->payload_size)));
      break;
    case PH_REORDER_OLD:
    case PH_REORDER_MALFORMED:
    case PH_REORDER_FULL:
      break;
    }
}

static void
feed (Order *order, const PhFrame *frame)
{
  PhFrame held;

  if (frame->event == PH_EVENT_CONNECT && !order->reorder.started)
    {
      ph_reorder_start (&order->reorder, frame->chunk_id);
      order->id = frame->chunk_id;
    }
  push (order, frame);
  while (ph_reorder_pop (&order->reorder, &held))
    take_held (order, &held);
  g_assert_cmpuint (order->reorder.held_bytes, <=, LIMIT);
}

/* A header in few bytes, so that ids meet: most of it is always the same. */
static gsize
expand (const guint8 *data, gsize size, guint8 *message)
{
  const PhFrame frame = { .event = data[0] % 4 == 0 ? PH_EVENT_CONNECT : PH_EVENT_DATA,
                          .chunk_id = (guint16)(65530 + data[1] % 16),
                          .chunk_index = data[2] % 4,
                          .total_chunks = data[3] % 5,
                          .payload_size = (guint16)(size - 4) };

  ph_frame_encode_header (&frame, message);
  memcpy (message + PH_FRAME_HEADER_SIZE, data + 4, size - 4);
  return PH_FRAME_HEADER_SIZE + size - 4;
}

static void
feed_message (Order *order, const guint8 *message, gsize size)
{
  guint8 expanded[PH_FRAME_HEADER_SIZE + 256];
  PhFrame frame;

  if (size == 1 && order->reorder.started)
    {
      ph_reorder_only_count (&order->reorder);
      order->only_counts = TRUE;
    }
  if (size >= 4 && size < PH_FRAME_HEADER_SIZE)
    {
      size = expand (message, size, expanded);
      message = expanded;
    }
  if (ph_frame_decode (message, size, &frame) != PH_FRAME_OK)
    return;
  check_codec (&frame, message);
  feed (order, &frame);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PhFuzz input = { data, size };
  Order order = { 0 };

  ph_reorder_init (&order.reorder, LIMIT);
  order.held = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
  while (input.size > 0)
    {
      gsize length;
      const guint8 *message = ph_fuzz_take (&input, ph_fuzz_take_u8 (&input), &length);

      feed_message (&order, message, length);
    }
  ph_reorder_clear (&order.reorder);
  g_hash_table_unref (order.held);
  return 0;
}
