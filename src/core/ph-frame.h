/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-endpoint.h"

G_BEGIN_DECLS

/* The frame on the data channel: a 45-byte header, all integers big-endian, and its payload.
 *
 *   offset size field
 *        0    1 event
 *        1   16 src_addr       the application's address on the Client
 *       17    2 src_port
 *       19   16 dst_addr       the service's address as seen from the Host
 *       35    2 dst_port
 *       37    2 chunk_id       sequence number of the message, per connection and direction
 *       39    2 chunk_index    this fragment's place in the message
 *       41    2 total_chunks   fragments in the message, at least 1
 *       43    2 payload_size   bytes that follow, exactly the rest of the message
 *
 * The codec is pure: it allocates nothing and keeps nothing. */
#define PH_FRAME_HEADER_SIZE 45
#define PH_FRAME_MAX_PAYLOAD 65490
#define PH_FRAME_MAX_SIZE (PH_FRAME_HEADER_SIZE + PH_FRAME_MAX_PAYLOAD)

typedef enum
{
  PH_EVENT_DATA = 0,
  PH_EVENT_CLOSE = 1,
  PH_EVENT_CONNECT = 2,
  PH_EVENT_WINDOW = 3,   /* extension "credit": payload u32, bytes more; not sequenced */
  PH_EVENT_EOF = 4,      /* extension "eof": this direction has ended */
  PH_EVENT_OPENED = 5,   /* extension "opened": dialled and connected */
  PH_EVENT_SERVICES = 6, /* extension "services": the Host's list; names no connection */
} PhEvent;

/* What names a connection, unswapped in both directions. Compare and hash it as bytes. */
typedef struct
{
  PhEndpoint src;
  PhEndpoint dst;
} PhFrameName;

G_STATIC_ASSERT (sizeof (PhFrameName) == 36);

typedef struct
{
  PhEvent event;
  PhFrameName name;
  guint16 chunk_id;
  guint16 chunk_index;
  guint16 total_chunks;
  guint16 payload_size;
  const guint8 *payload; /* borrowed from the message */
} PhFrame;

typedef enum
{
  PH_FRAME_OK,
  PH_FRAME_UNNAMED,   /* too short to name a connection */
  PH_FRAME_MALFORMED, /* named, but a field is wrong */
} PhFrameStatus;

/* Decodes one whole message of @size bytes. With PH_FRAME_MALFORMED only @ret_frame->name is set;
 * with PH_FRAME_UNNAMED nothing is. Any bytes are legal input. */
PhFrameStatus ph_frame_decode (const guint8 *message, gsize size, PhFrame *ret_frame);

/* Writes the header of @frame, whose payload of payload_size bytes stands behind it. */
void ph_frame_encode_header (const PhFrame *frame, guint8 header[PH_FRAME_HEADER_SIZE]);

guint ph_frame_name_hash (gconstpointer name);
gboolean ph_frame_name_equal (gconstpointer a, gconstpointer b);

/* Big-endian integers at any alignment. */
guint16 ph_read_u16 (const guint8 *bytes);
guint32 ph_read_u32 (const guint8 *bytes);
void ph_write_u16 (guint8 *bytes, guint16 value);
void ph_write_u32 (guint8 *bytes, guint32 value);

G_END_DECLS
