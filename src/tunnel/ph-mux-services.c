/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-mux-private.h"

/* The Host's list of what it offers, in frames that name no connection. Only the newest one counts,
 * on either side. Lists may overtake each other: chunk_id counts them, modulo 65536. */

#define TELL_EVERY_US (G_USEC_PER_SEC / 2)

void
ph_mux_flush_services (PhMux *self)
{
  gsize size;
  const guint8 *message;

  if (self->services_out == NULL || self->held || self->state != PH_MUX_RUNNING)
    return;
  message = g_bytes_get_data (self->services_out, &size);
  if (ph_mux_send_message (self, message, size))
    g_clear_pointer (&self->services_out, g_bytes_unref);
}

void
ph_mux_send_services (PhMux *self, GBytes *list)
{
  gsize size = g_bytes_get_size (list);
  const PhFrame frame = { .event = PH_EVENT_SERVICES,
                          .chunk_id = self->services_id,
                          .total_chunks = 1,
                          .payload_size = (guint16)size };
  guint8 *message;

  g_return_if_fail (self->role == PH_MUX_HOST);
  g_return_if_fail (size > 0 && size <= PH_MUX_MAX_SERVICES_BYTES);

  if (!ph_mux_has (self, PH_EXTENSION_SERVICES))
    return;
  message = g_malloc (PH_FRAME_HEADER_SIZE + size);
  ph_frame_encode_header (&frame, message);
  memcpy (message + PH_FRAME_HEADER_SIZE, g_bytes_get_data (list, NULL), size);
  self->services_id++;
  ph_mux_enter (self);
  g_clear_pointer (&self->services_out, g_bytes_unref);
  self->services_out = g_bytes_new_take (message, PH_FRAME_HEADER_SIZE + size);
  ph_mux_flush_services (self);
  ph_mux_leave_quietly (self);
}

static gboolean
is_list (const PhFrame *frame)
{
  static const PhFrameName nobody = { 0 };

  return ph_frame_name_equal (&frame->name, &nobody) && frame->total_chunks == 1 &&
         frame->payload_size <= PH_MUX_MAX_SERVICES_BYTES;
}

void
ph_mux_take_services (PhMux *self, const PhFrame *frame)
{
  if (!is_list (frame))
    {
      ph_mux_malformed (self, g_hash_table_lookup (self->by_name, &frame->name));
      return;
    }
  if ((gint16)(frame->chunk_id - self->services_id) < 0)
    return;
  self->services_id = (guint16)(frame->chunk_id + 1);
  g_clear_pointer (&self->services_in, g_bytes_unref);
  self->services_in = g_bytes_new (frame->payload, frame->payload_size);
}

gint64
ph_mux_get_services_deadline (const PhMux *self)
{
  gboolean waits = self->services_in != NULL && !self->held && self->state == PH_MUX_RUNNING;

  return waits ? self->services_us : G_MAXINT64;
}

/* Reading a list takes time, too, which is part of receiving it. */
void
ph_mux_tell_services (PhMux *self)
{
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GBytes) list = NULL;
  const guint8 *bytes;
  gsize size;

  if (ph_mux_get_services_deadline (self) > now_us)
    return;
  list = g_steal_pointer (&self->services_in);
  self->services_us = now_us + TELL_EVERY_US;
  if (self->events->services == NULL)
    return;
  bytes = g_bytes_get_data (list, &size);
  ph_slice_begin (&self->receiving, self->soon);
  self->events->services (bytes, size, self->user_data);
  ph_slice_end (&self->receiving);
}
