/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-frame.h"
#include "tunnel/ph-reorder.h"

/* Any bytes as messages, each preceded by its length: what decodes is put in order. */

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

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
  guint16 id; /* whose turn it is */
  guint16 index;
} Order;

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

static void
feed (Order *order, const PhFrame *frame)
{
  PhFrame held;

  if (frame->event == PH_EVENT_CONNECT && !order->reorder.started)
    {
      ph_reorder_start (&order->reorder, frame->chunk_id);
      order->id = frame->chunk_id;
    }
  if (ph_reorder_push (&order->reorder, frame) == PH_REORDER_NEXT)
    take_turn (order, frame);
  while (ph_reorder_pop (&order->reorder, &held))
    {
      guint8 sum = 0;

      take_turn (order, &held);
      for (guint i = 0; i < held.payload_size; i++)
        sum ^= held.payload[i];
      g_assert_cmpuint (sum, <=, 255);
    }
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

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  Order order = { 0 };
  guint8 expanded[PH_FRAME_HEADER_SIZE + 256];

  ph_reorder_init (&order.reorder, LIMIT);
  while (size > 1)
    {
      gsize length = MIN (data[0], size - 1);
      const guint8 *message = data + 1;
      gsize message_size = length;
      PhFrame frame;

      if (length >= 4 && length < PH_FRAME_HEADER_SIZE)
        {
          message_size = expand (message, length, expanded);
          message = expanded;
        }
      if (ph_frame_decode (message, message_size, &frame) == PH_FRAME_OK)
        {
          check_codec (&frame, message);
          feed (&order, &frame);
        }
      data += 1 + length;
      size -= 1 + length;
    }
  ph_reorder_clear (&order.reorder);
  return 0;
}
