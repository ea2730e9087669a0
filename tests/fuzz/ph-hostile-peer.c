/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-hostile-peer.h"

#include <string.h>

/* One message in eight has two fragments. */
static guint16
total_for (guint16 chunk_id)
{
  return chunk_id % 8 == 7 ? 2 : 1;
}

static guint8
value_for (guint16 chunk_id, guint16 chunk_index)
{
  return (guint8)(2 * chunk_id + chunk_index);
}

/* Mostly few bytes; now and then as many as fill a socket's buffer or a window. */
static guint16
size_for (guint8 value)
{
  return value % 64 == 10 ? 30000 : value % 32 == 6 ? 3000 : (guint16)(1 + value % 61);
}

void
ph_hostile_peer_fill (PhFrame *frame)
{
  static guint8 payload[PH_FRAME_MAX_PAYLOAD];
  guint8 value = value_for (frame->chunk_id, frame->chunk_index);

  frame->total_chunks = total_for (frame->chunk_id);
  frame->payload_size = size_for (value);
  memset (payload, value, frame->payload_size);
  frame->payload = payload;
}

static gboolean
is_filled (const PhFrame *frame)
{
  guint8 value = value_for (frame->chunk_id, frame->chunk_index);

  if (frame->total_chunks != total_for (frame->chunk_id) || frame->payload_size != size_for (value))
    return FALSE;
  for (guint i = 0; i < frame->payload_size; i++)
    if (frame->payload[i] != value)
      return FALSE;
  return TRUE;
}

/* A value that follows: the message's other fragment or, unless some number was used for what
 * leaves no bytes, the next message. */
static gboolean
follows (guint8 value, guint8 last, guint n_gaps)
{
  guint16 last_id = last / 2;
  gboolean is_whole = last % 2 + 1 == total_for (last_id);
  guint8 expected = is_whole ? value_for ((guint16)(last_id + 1), 0) : (guint8)(last + 1);

  return (guint8)(value - expected) <= (is_whole ? 2 * MIN (n_gaps, 60) : 0);
}

void
ph_order_check (PhOrderCheck *check, const PhNameRecord *record, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size && !record->is_foul; i++)
    {
      if (!check->has_begun || bytes[i] != check->value)
        {
          g_assert_true (!check->has_begun || check->length == size_for (check->value));
          g_assert_true (!check->has_begun || follows (bytes[i], check->value, record->n_gaps));
          check->length = 0;
        }
      check->has_begun = TRUE;
      check->value = bytes[i];
      g_assert_cmpuint (++check->length, <=, size_for (check->value));
    }
}

/* Sending */

static PhNameRecord *
get_record (PhHostilePeer *self, const PhFrameName *name)
{
  PhNameRecord *record = g_hash_table_lookup (self->names, name);

  if (record != NULL)
    return record;
  record = g_new0 (PhNameRecord, 1);
  record->name = *name;
  record->allowed = self->mux_role == PH_MUX_CLIENT ? PH_MUX_START_WINDOW_BYTES : 0;
  g_hash_table_insert (self->names, &record->name, record);
  return record;
}

static void
note_sent (PhHostilePeer *self, const guint8 *message, gsize size)
{
  PhFrame frame;
  PhNameRecord *record;

  if (ph_frame_decode (message, size, &frame) != PH_FRAME_OK)
    return;
  record = get_record (self, &frame.name);
  if (frame.event == PH_EVENT_DATA)
    record->is_foul |= !is_filled (&frame);
  else if (frame.event == PH_EVENT_WINDOW && frame.payload_size == 4)
    record->allowed += ph_read_u32 (frame.payload);
  else if (frame.event == PH_EVENT_CONNECT)
    record->n_asked++;
  else if (frame.event == PH_EVENT_OPENED)
    record->n_gaps++;
}

void
ph_hostile_peer_send (PhHostilePeer *self, const guint8 *message, gsize size)
{
  note_sent (self, message, size);
  ph_channel_send (self->channel, message, size);
}

void
ph_hostile_peer_send_frame (PhHostilePeer *self, const PhFrame *frame)
{
  static guint8 message[PH_FRAME_MAX_SIZE];

  ph_frame_encode_header (frame, message);
  if (frame->payload != NULL && frame->payload_size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, frame->payload, frame->payload_size);
  else
    memset (message + PH_FRAME_HEADER_SIZE, 0, frame->payload_size);
  ph_hostile_peer_send (self, message, PH_FRAME_HEADER_SIZE + (gsize)frame->payload_size);
}

/* Receiving */

static gboolean
has (const PhHostilePeer *self, PhExtensions extension)
{
  return (self->extensions & extension) != 0;
}

/* A name that a Client uses again is a new connection's: the mux's numbers begin anew. The old one
 * may end without a CLOSE then. */
static void
begin_anew (PhNameRecord *record)
{
  record->allowed += PH_MUX_START_WINDOW_BYTES;
  record->is_closed = record->has_ended = record->is_started = FALSE;
  record->next_id = 0;
  record->n_begun++;
}

static void
check_number (PhNameRecord *record, const PhFrame *frame)
{
  if (frame->chunk_id == 0 && record->n_begun < record->n_asked)
    begin_anew (record);
  g_assert_false (record->is_closed);
  g_assert_cmpuint (frame->chunk_id, ==, record->next_id);
  g_assert_cmpuint (frame->chunk_index, ==, 0);
  record->next_id++;
}

static void
check_data (PhHostilePeer *self, PhNameRecord *record, const PhFrame *frame)
{
  g_assert_false (record->has_ended);
  g_assert_cmpuint (frame->payload_size, >, 0);
  record->came += frame->payload_size;
  if (has (self, PH_EXTENSION_CREDIT))
    g_assert_cmpuint (record->came, <=, record->allowed);
}

/* What applications write counts up, so that what is lost or doubled shows. Of what they had
 * written before the mux refused them, nothing is asked. */
static void
check_bytes (PhNameRecord *record, const PhFrame *frame)
{
  for (guint i = 0; i < frame->payload_size; i++)
    g_assert_cmpuint (frame->payload[i], ==, (guint8)(record->next_byte + i));
  record->next_byte += (guint8)frame->payload_size;
}

static void
check_close (const PhFrame *frame)
{
  const char *text = (const char *)frame->payload + 2;

  g_assert_true (frame->payload_size == 0 || frame->payload_size >= 2);
  if (frame->payload_size == 0)
    return;
  g_assert_cmpuint (ph_read_u16 (frame->payload), <, PH_CLOSE_N_REASONS);
  g_assert_cmpuint (frame->payload_size, <=, 2 + PH_CLOSE_TEXT_MAX_BYTES);
  g_assert_true (g_utf8_validate_len (text, frame->payload_size - 2, NULL));
}

static void
check_event (PhHostilePeer *self, PhNameRecord *record, const PhFrame *frame)
{
  gboolean is_host = self->mux_role == PH_MUX_HOST;

  switch (frame->event)
    {
    case PH_EVENT_DATA:
      check_data (self, record, frame);
      if (!record->is_started)
        record->next_byte = frame->payload[0];
      check_bytes (record, frame);
      break;
    case PH_EVENT_CLOSE:
      check_close (frame);
      record->is_closed = TRUE;
      break;
    case PH_EVENT_CONNECT:
      g_assert_true (!is_host && frame->chunk_id == 0);
      break;
    case PH_EVENT_EOF:
      g_assert_true (has (self, PH_EXTENSION_EOF) && !record->has_ended);
      record->has_ended = TRUE;
      break;
    case PH_EVENT_OPENED:
      g_assert_true (is_host && has (self, PH_EXTENSION_OPENED) && frame->chunk_id == 0);
      break;
    case PH_EVENT_WINDOW:
    case PH_EVENT_SERVICES:
      g_assert_not_reached ();
    }
  record->is_started |= frame->event == PH_EVENT_DATA;
}

/* It belongs to no connection. */
static void
check_services (PhHostilePeer *self, const PhFrame *frame)
{
  static const PhFrameName nobody = { 0 };

  g_assert_true (self->mux_role == PH_MUX_HOST && has (self, PH_EXTENSION_SERVICES));
  g_assert_true (ph_frame_name_equal (&frame->name, &nobody));
  g_assert_true (frame->payload_size > 0 && frame->payload_size <= PH_MUX_MAX_SERVICES_BYTES);
}

static void
receive (PhHostilePeer *self, const guint8 *message, gsize size)
{
  PhFrame frame;
  PhNameRecord *record;

  g_assert_cmpint (ph_frame_decode (message, size, &frame), ==, PH_FRAME_OK);
  g_assert_cmpuint (frame.total_chunks, ==, 1);
  if (frame.event == PH_EVENT_SERVICES)
    {
      check_services (self, &frame);
      return;
    }
  record = get_record (self, &frame.name);
  g_assert_true (record->n_asked > 0 || self->mux_role == PH_MUX_CLIENT);
  if (frame.event == PH_EVENT_WINDOW)
    {
      g_assert_true (has (self, PH_EXTENSION_CREDIT) && frame.payload_size == 4);
      return;
    }
  check_number (record, &frame);
  g_assert_true (frame.chunk_id > 0 || self->mux_role == PH_MUX_HOST ||
                 frame.event == PH_EVENT_CONNECT);
  check_event (self, record, &frame);
}

static void
on_readable (gpointer user_data)
{
  PhHostilePeer *self = user_data;
  const guint8 *message;
  gsize size;

  while (ph_channel_receive (self->channel, &message, &size) == PH_CHANNEL_OK)
    receive (self, message, size);
}

static void
do_nothing (gpointer user_data)
{
}

static const PhChannelEvents events = { on_readable, do_nothing, do_nothing };

void
ph_hostile_peer_init (PhHostilePeer *self,
                      PhChannel *channel,
                      PhMuxRole mux_role,
                      PhExtensions extensions)
{
  self->channel = channel;
  self->mux_role = mux_role;
  self->extensions = extensions;
  self->names = g_hash_table_new_full (ph_frame_name_hash, ph_frame_name_equal, NULL, g_free);
  ph_channel_set_events (channel, &events, self);
}

void
ph_hostile_peer_clear (PhHostilePeer *self)
{
  ph_channel_set_events (self->channel, NULL, NULL);
  g_hash_table_unref (self->names);
}
