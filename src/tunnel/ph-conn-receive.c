/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-conn-private.h"

#include <string.h>

#include "ph-socket.h"

/* What a connection does with the frames that come for it. */

/* FALSE if the payload is no CONNECT's. */
static gboolean
read_connect (PhConn *self, const guint8 *payload, gsize size)
{
  static const guint8 zero[16];
  gsize prefix = strlen (NAME_PREFIX);

  self->remote.endpoint = self->name.dst;
  if (size == 0)
    return TRUE;
  if (!ph_mux_has (self->mux, PH_EXTENSION_NAME) || size <= prefix ||
      memcmp (payload, NAME_PREFIX, prefix) != 0 || memchr (payload, '\0', size) != NULL ||
      memcmp (self->name.dst.addr, zero, sizeof zero) != 0)
    return FALSE;
  self->remote.name = g_strndup ((const char *)payload + prefix, size - prefix);
  return TRUE;
}

static void
on_connect (PhConn *self, const guint8 *payload, gsize size)
{
  PhMux *mux = self->mux;
  g_autofree char *asked = NULL;

  if (self->state != PH_CONN_EARLY)
    {
      ph_mux_malformed (mux, self);
      return;
    }
  ph_conn_set_state (self,
                     PH_CONN_HELD); /* from here on a CLOSE is owed, whatever the CONNECT says */
  if (self->reason != PH_CLOSE_DONE)
    {
      ph_conn_abort (self, self->reason, NULL);
      return;
    }
  if (!read_connect (self, payload, size))
    {
      ph_mux_malformed (mux, self);
      return;
    }
  asked = g_steal_pointer (&self->remote.name);
  if (asked != NULL)
    self->remote.name = ph_host_name_normalise (asked);
  if (ph_mux_is_full (mux))
    ph_conn_abort (self, PH_CLOSE_TOO_MANY, NULL);
  else if (asked != NULL && self->remote.name == NULL)
    ph_conn_abort (self, PH_CLOSE_NAME_NOT_FOUND, NULL);
  else if (!mux->held)
    ph_conn_begin (self);
}

static void
on_data (PhConn *self, const guint8 *payload, gsize size)
{
  gsize written = 0;
  PhSocketStatus status = PH_SOCKET_AGAIN;

  if (size == 0 || self->state == PH_CONN_KEPT || ph_conn_is_discarding (self))
    return;
  if (ph_conn_is_flowing (self) && ph_fifo_size (&self->unsent) == 0)
    status = ph_socket_write (self->socket, payload, size, &written);
  if (status == PH_SOCKET_FAILED)
    {
      ph_conn_abort (self, PH_CLOSE_RESET, NULL);
      return;
    }
  if (!ph_fifo_push (&self->unsent, payload + written, size - written))
    {
      ph_conn_abort (self, PH_CLOSE_TOO_SLOW, NULL);
      return;
    }
  if (written > 0)
    {
      ph_conn_consume (self, written);
      ph_conn_flush (self);
    }
}

static void
on_close (PhConn *self, const guint8 *payload, gsize size)
{
  PhCloseReason reason = size >= 2 ? (PhCloseReason)ph_read_u16 (payload) : PH_CLOSE_DONE;
  g_autofree char *text = size > 2 ? ph_close_text_clean (payload + 2, size - 2) : NULL;

  if (size == 1)
    {
      ph_mux_malformed (self->mux, self);
      return;
    }
  self->close_received = TRUE;
  if (reason >= PH_CLOSE_N_REASONS)
    reason = PH_CLOSE_RESET;
  if (self->state == PH_CONN_KEPT)
    {
      ph_conn_settle (self);
      return;
    }
  if (reason != PH_CLOSE_DONE)
    {
      ph_conn_abort (self, reason, text);
      return;
    }
  ph_conn_owe_close (self);
  if (ph_mux_drop_pending (self->mux, self))
    self->send_id--;
  self->owed &= ~OWES (PH_EVENT_EOF);
  self->write_ended = TRUE;
  ph_conn_flush (self);
  if (ph_conn_is_flowing (self))
    ph_conn_start_draining (self);
}

static void
on_eof (PhConn *self)
{
  self->write_ended = TRUE;
  if (ph_conn_is_flowing (self))
    ph_conn_progress (self);
}

static void
on_opened (PhConn *self)
{
  if (self->state == PH_CONN_OPENING)
    ph_conn_become_open (self);
}

static void
dispatch (PhConn *self, PhEvent event, const guint8 *payload, gsize size)
{
  gboolean after_end = self->write_ended && !ph_conn_is_closing (self);

  if (self->close_received)
    return; /* nothing follows a CLOSE */
  if (after_end && event != PH_EVENT_CLOSE)
    {
      ph_mux_malformed (self->mux, self);
      return;
    }
  switch (event)
    {
    case PH_EVENT_DATA:
      on_data (self, payload, size);
      break;
    case PH_EVENT_CLOSE:
      on_close (self, payload, size);
      break;
    case PH_EVENT_CONNECT:
      on_connect (self, payload, size);
      break;
    case PH_EVENT_EOF:
      on_eof (self);
      break;
    case PH_EVENT_OPENED:
      on_opened (self);
      break;
    case PH_EVENT_WINDOW:
    case PH_EVENT_SERVICES:
      g_assert_not_reached ();
    }
}

/* CONNECT and CLOSE mean something only as a whole; bytes go on as they come. */
static void
deliver (PhConn *self, const PhFrame *frame)
{
  gboolean whole = frame->total_chunks == 1 || frame->event == PH_EVENT_DATA;
  gboolean last = frame->chunk_index + 1 == frame->total_chunks;
  g_autoptr (GByteArray) control = NULL;

  if (whole)
    {
      dispatch (self, frame->event, frame->payload, frame->payload_size);
      return;
    }
  if (self->control == NULL)
    self->control = g_byte_array_new ();
  if (frame->payload_size > MAX_CONTROL_BYTES - self->control->len)
    {
      ph_mux_malformed (self->mux, self);
      return;
    }
  g_byte_array_append (self->control, frame->payload, frame->payload_size);
  if (!last)
    return;
  control = g_steal_pointer (&self->control);
  dispatch (self, frame->event, control->data, control->len);
}

static void
receive_window (PhConn *self, const PhFrame *frame)
{
  if (frame->payload_size != 4)
    {
      ph_mux_malformed (self->mux, self);
      return;
    }
  self->credit += ph_read_u32 (frame->payload);
  if (ph_conn_is_flowing (self))
    ph_conn_update_watch (self);
}

/* Each queue has its limit; so have both together. */
static gboolean
is_too_full (const PhConn *self)
{
  return self->reorder.held_bytes + ph_fifo_size (&self->unsent) > ph_conn_get_limit (self->mux);
}

/* Whether the next frame is a CONNECT that has overtaken the CLOSE before it, which has now come.
 */
static gboolean
is_used_again (const PhConn *self, guint16 *ret_chunk_id)
{
  PhEvent event;

  return self->mux->role == PH_MUX_HOST && self->close_received && !self->is_orphan &&
         !self->reorder.only_counts && ph_reorder_peek (&self->reorder, &event, ret_chunk_id) &&
         event == PH_EVENT_CONNECT;
}

static void
deliver_held (PhConn *self)
{
  PhFrame held;
  guint16 chunk_id;

  while (self->state != PH_CONN_GONE && !is_used_again (self, &chunk_id) &&
         ph_reorder_pop (&self->reorder, &held))
    deliver (self, &held);
  if (ph_conn_is_live (self) && is_too_full (self))
    ph_conn_abort (self, PH_CLOSE_TOO_SLOW, NULL);
  ph_mux_account (self->mux, self);
}

static void
receive_sequenced (PhConn *self, const PhFrame *frame)
{
  guint16 chunk_id;

  switch (ph_reorder_push (&self->reorder, frame))
    {
    case PH_REORDER_NEXT:
      deliver (self, frame);
      break;
    case PH_REORDER_HELD:
    case PH_REORDER_OLD:
      break;
    case PH_REORDER_MALFORMED:
      ph_mux_malformed (self->mux, self);
      return;
    case PH_REORDER_FULL:
      ph_conn_abort (self, PH_CLOSE_TOO_SLOW, NULL);
      return;
    }
  deliver_held (self);
  while (is_used_again (self, &chunk_id))
    {
      self = ph_conn_reopen (self, chunk_id);
      ph_reorder_start (&self->reorder, chunk_id);
      deliver_held (self);
    }
}

static gboolean
is_condemned (const PhConn *self)
{
  return self->state == PH_CONN_EARLY && self->reason != PH_CLOSE_DONE;
}

void
ph_conn_receive (PhConn *self, const PhFrame *frame)
{
  gboolean unheard = self->mux->role == PH_MUX_CLIENT && self->state == PH_CONN_HELD;
  gboolean counts =
      frame->event == PH_EVENT_DATA && ph_conn_has_credit (self) && !ph_conn_is_closing (self);

  if (unheard || self->is_orphan || (is_condemned (self) && frame->event != PH_EVENT_CONNECT))
    return;
  if (frame->event == PH_EVENT_WINDOW)
    {
      receive_window (self, frame);
      return;
    }
  if (counts && !ph_window_receive (&self->window, frame->payload_size))
    {
      /* Before its CONNECT it may be the rest of a name that was forgotten. */
      if (self->state == PH_CONN_EARLY)
        ph_conn_abort (self, PH_CLOSE_PROTOCOL_ERROR, NULL);
      else
        ph_mux_malformed (self->mux, self);
      return;
    }
  if (frame->event == PH_EVENT_CONNECT && !self->reorder.started)
    ph_reorder_start (&self->reorder, frame->chunk_id);
  receive_sequenced (self, frame);
  ph_conn_update_watch (self);
}
