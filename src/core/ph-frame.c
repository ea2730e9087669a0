/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-frame.h"

#include <string.h>

#define NAME_END 37 /* event and the four name fields */

guint16
ph_read_u16 (const guint8 *bytes)
{
  guint16 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT16_FROM_BE (value);
}

guint32
ph_read_u32 (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_BE (value);
}

void
ph_write_u16 (guint8 *bytes, guint16 value)
{
  value = GUINT16_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

void
ph_write_u32 (guint8 *bytes, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

static void
read_endpoint (const guint8 *bytes, PhEndpoint *ret_endpoint)
{
  memcpy (ret_endpoint->addr, bytes, 16);
  ret_endpoint->port = ph_read_u16 (bytes + 16);
}

static void
write_endpoint (guint8 *bytes, const PhEndpoint *endpoint)
{
  memcpy (bytes, endpoint->addr, 16);
  ph_write_u16 (bytes + 16, endpoint->port);
}

static gboolean
is_well_formed (const PhFrame *frame, guint8 event, gsize size)
{
  return event <= PH_EVENT_SERVICES && frame->total_chunks > 0 &&
         frame->chunk_index < frame->total_chunks && frame->payload_size <= PH_FRAME_MAX_PAYLOAD &&
         size == PH_FRAME_HEADER_SIZE + (gsize)frame->payload_size;
}

PhFrameStatus
ph_frame_decode (const guint8 *message, gsize size, PhFrame *ret_frame)
{
  PhFrame frame;

  if (size < NAME_END)
    return PH_FRAME_UNNAMED;
  read_endpoint (message + 1, &frame.name.src);
  read_endpoint (message + 19, &frame.name.dst);
  ret_frame->name = frame.name;
  if (size < PH_FRAME_HEADER_SIZE)
    return PH_FRAME_MALFORMED;

  frame.chunk_id = ph_read_u16 (message + 37);
  frame.chunk_index = ph_read_u16 (message + 39);
  frame.total_chunks = ph_read_u16 (message + 41);
  frame.payload_size = ph_read_u16 (message + 43);
  frame.payload = message + PH_FRAME_HEADER_SIZE;
  if (!is_well_formed (&frame, message[0], size))
    return PH_FRAME_MALFORMED;
  frame.event = (PhEvent)message[0];
  *ret_frame = frame;
  return PH_FRAME_OK;
}

void
ph_frame_encode_header (const PhFrame *frame, guint8 header[PH_FRAME_HEADER_SIZE])
{
  header[0] = (guint8)frame->event;
  write_endpoint (header + 1, &frame->name.src);
  write_endpoint (header + 19, &frame->name.dst);
  ph_write_u16 (header + 37, frame->chunk_id);
  ph_write_u16 (header + 39, frame->chunk_index);
  ph_write_u16 (header + 41, frame->total_chunks);
  ph_write_u16 (header + 43, frame->payload_size);
}

/* The name comes from the peer, so a fixed hash would let it choose collisions: each process draws
 * its own odd multiplier. */
guint
ph_frame_name_hash (gconstpointer name)
{
  static gsize multiplier = 0;
  const guint8 *bytes = name;
  guint64 hash = 0;

  if (g_once_init_enter (&multiplier))
    g_once_init_leave (&multiplier, ((gsize)g_random_int () << 1) | 1);
  for (gsize i = 0; i < sizeof (PhFrameName); i += 4)
    {
      hash =
          (hash ^ ph_read_u32 (bytes + i)) * (multiplier | G_GUINT64_CONSTANT (0x9e3779b900000000));
      hash ^= hash >> 29;
    }
  return (guint)(hash ^ (hash >> 32));
}

gboolean
ph_frame_name_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (PhFrameName)) == 0;
}
