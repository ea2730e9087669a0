/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mux-rig.h"

#include <string.h>

static void
on_opened (const PhConnectionInfo *info, gpointer user_data)
{
  ((PhRig *)user_data)->n_opened++;
}

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  PhRig *rig = user_data;

  rig->n_closed++;
  rig->reason = info->reason;
}

static void
on_failed (const GError *error, gpointer user_data)
{
  ((PhRig *)user_data)->error = g_error_copy (error);
}

static void
on_services (const guint8 *list, gsize size, gpointer user_data)
{
  PhRig *rig = user_data;

  rig->n_lists++;
  g_clear_pointer (&rig->list, g_bytes_unref);
  rig->list = g_bytes_new (list, size);
  if (rig->on_list != NULL)
    rig->on_list (rig);
}

static const PhMuxEvents events = { on_opened, on_closed, on_failed, on_services };

static void
on_frames (gpointer user_data)
{
  PhRig *rig = user_data;
  const guint8 *message;
  gsize size;

  while (ph_channel_receive (rig->peer, &message, &size) == PH_CHANNEL_OK)
    g_ptr_array_add (rig->received, g_bytes_new (message, size));
}

static void
on_nothing (gpointer user_data)
{
}

static const PhChannelEvents peer_events = { on_frames, on_nothing, on_nothing };

static void
free_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

void
ph_rig_init (PhRig *rig, PhMuxRole role, PhExtensions extensions)
{
  const PhPipeOptions in_order = { 1, 1, 64 << 20, 0 };

  *rig = (PhRig){ .context = g_main_context_default () };
  rig->poll = ph_poll_new (rig->context, NULL);
  rig->pipe = ph_pipe_new (rig->context, &in_order);
  rig->peer = ph_pipe_get_channel (rig->pipe, 1);
  rig->received = g_ptr_array_new_with_free_func (free_bytes);
  ph_channel_set_events (rig->peer, &peer_events, rig);
  if (role == PH_MUX_HOST)
    rig->rules = ph_rules_new ();
  if (role == PH_MUX_HOST)
    g_assert_true (ph_rules_add (rig->rules, "127.0.0.1:*", NULL));
  rig->mux = ph_mux_new (role, ph_pipe_get_channel (rig->pipe, 0), rig->poll, rig->rules,
                         extensions, &events, rig);
  rig->service = ph_stream_listen (&rig->port);
}

void
ph_rig_clear (PhRig *rig)
{
  ph_mux_free (rig->mux);
  g_clear_pointer (&rig->rules, ph_rules_unref);
  g_clear_object (&rig->dialled);
  g_object_unref (rig->service);
  g_ptr_array_unref (rig->received);
  ph_pipe_free (rig->pipe);
  ph_poll_free (rig->poll);
  g_clear_pointer (&rig->list, g_bytes_unref);
  g_clear_error (&rig->error);
}

/* Sending */

PhFrameName
ph_rig_get_name (const PhRig *rig)
{
  PhFrameName name = { .src.port = 40000, .dst.port = rig->port };

  g_assert_true (ph_address_parse ("10.9.8.7", name.src.addr));
  g_assert_true (ph_address_parse ("127.0.0.1", name.dst.addr));
  return name;
}

void
ph_rig_send_raw (PhRig *rig, const guint8 *bytes, gsize size)
{
  g_assert_cmpint (ph_channel_send (rig->peer, bytes, size), ==, PH_CHANNEL_OK);
}

void
ph_rig_send_bytes (PhRig *rig, const PhLine *line, const guint8 *payload, gsize size)
{
  g_autofree guint8 *message = g_malloc (PH_FRAME_HEADER_SIZE + size);
  const PhFrame frame = { .event = line->event,
                          .name = ph_rig_get_name (rig),
                          .chunk_id = line->id,
                          .chunk_index = line->index,
                          .total_chunks = line->total > 0 ? line->total : 1,
                          .payload_size = (guint16)size };

  ph_frame_encode_header (&frame, message);
  if (size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, payload, size);
  ph_rig_send_raw (rig, message, PH_FRAME_HEADER_SIZE + size);
}

void
ph_rig_send_line (PhRig *rig, const PhLine *line)
{
  gsize size = line->payload != NULL ? strlen (line->payload) : 0;

  ph_rig_send_bytes (rig, line, (const guint8 *)line->payload, size);
}

void
ph_rig_send (PhRig *rig, PhEvent event, guint16 id, const char *payload)
{
  ph_rig_send_line (rig, &(PhLine){ event, id, 0, 1, payload });
}

/* Seeing what came */

/* The @nth frame of an event; FALSE if there are fewer. */
gboolean
ph_rig_find_frame (const PhRig *rig, PhEvent event, guint nth, PhFrame *ret_frame)
{
  for (guint i = 0; i < rig->received->len; i++)
    {
      gsize size;
      const guint8 *bytes = g_bytes_get_data (g_ptr_array_index (rig->received, i), &size);

      g_assert_cmpint (ph_frame_decode (bytes, size, ret_frame), ==, PH_FRAME_OK);
      if (ret_frame->event == event && nth-- == 0)
        return TRUE;
    }
  return FALSE;
}

PhCloseReason
ph_rig_get_close_reason (const PhRig *rig)
{
  PhFrame frame;

  g_assert_true (ph_rig_find_frame (rig, PH_EVENT_CLOSE, 0, &frame));
  return frame.payload_size >= 2 ? ph_read_u16 (frame.payload) : PH_CLOSE_DONE;
}

gboolean
ph_rig_has_close (gpointer user_data)
{
  PhFrame frame;

  return ph_rig_find_frame (user_data, PH_EVENT_CLOSE, 0, &frame);
}

gboolean
ph_rig_is_dialled (gpointer user_data)
{
  PhRig *rig = user_data;

  if (rig->dialled == NULL)
    rig->dialled = g_socket_accept (rig->service, NULL, NULL);
  if (rig->dialled != NULL)
    g_socket_set_blocking (rig->dialled, FALSE);
  return rig->dialled != NULL;
}

gboolean
ph_rig_has_closed (gpointer user_data)
{
  return ((PhRig *)user_data)->n_closed > 0;
}

gboolean
ph_rig_has_failed (gpointer user_data)
{
  return ((PhRig *)user_data)->error != NULL;
}

/* Lets everything under way arrive. */
void
ph_rig_settle (PhRig *rig)
{
  for (guint i = 0; i < 10000 && g_main_context_iteration (rig->context, FALSE); i++)
    ;
}

gboolean
ph_rig_has_read (gpointer user_data)
{
  PhReading *reading = user_data;
  g_autoptr (GError) error = NULL;
  char buffer[65536];
  gssize n;

  if (!ph_rig_is_dialled (reading->rig))
    return FALSE;
  n = g_socket_receive (reading->rig->dialled, buffer, sizeof buffer, NULL, &error);
  if (n > 0)
    g_string_append_len (reading->text, buffer, n);
  reading->ended = n == 0;
  reading->was_reset = n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  /* Something must wake the loop, whose next turn may be all that is missing. */
  g_main_context_wakeup (reading->rig->context);
  return reading->ended || reading->was_reset ||
         (reading->wanted > 0 && reading->text->len >= reading->wanted);
}

void
ph_rig_assert_reads (PhRig *rig, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { rig, text, strlen (expected), FALSE, FALSE };

  ph_test_wait (rig->context, ph_rig_has_read, &reading);
  g_assert_cmpstr (text->str, ==, expected);
}

void
ph_rig_assert_ends (PhRig *rig, gboolean with_reset)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PhReading reading = { rig, text, 0, FALSE, FALSE };

  ph_test_wait (rig->context, ph_rig_has_read, &reading);
  g_assert_cmpint (reading.was_reset, ==, with_reset);
}
