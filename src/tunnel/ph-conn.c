/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-conn-private.h"

#include <string.h>

#include "ph-socket.h"

/* A connection's states, what it owes the other side, and its ends. */

static const guint16 legal_edges[PH_CONN_N_STATES] = {
#define TO(state) (1u << PH_CONN_##state)
  [PH_CONN_EARLY] = TO (HELD) | TO (KEPT) | TO (GONE),
  [PH_CONN_HELD] = TO (DIALLING) | TO (OPENING) | TO (KEPT) | TO (GONE),
  [PH_CONN_DIALLING] = TO (OPEN) | TO (KEPT) | TO (GONE),
  [PH_CONN_OPENING] = TO (OPEN) | TO (DRAINING) | TO (KEPT) | TO (GONE),
  [PH_CONN_OPEN] = TO (DRAINING) | TO (KEPT) | TO (GONE),
  [PH_CONN_DRAINING] = TO (LINGERING) | TO (KEPT) | TO (GONE),
  [PH_CONN_LINGERING] = TO (KEPT) | TO (GONE),
  [PH_CONN_KEPT] = TO (GONE),
#undef TO
};

/* A name that a CLOSE is still owed for is not forgotten before it is sent. */
static PhWait
get_wait (const PhConn *self)
{
  switch (self->state)
    {
    case PH_CONN_EARLY:
      return PH_WAIT_NAME;
    case PH_CONN_KEPT:
      return self->owed & OWES (PH_EVENT_CLOSE) ? PH_WAIT_NONE : PH_WAIT_NAME;
    case PH_CONN_DIALLING:
      return PH_WAIT_STEP;
    case PH_CONN_LINGERING:
      return PH_WAIT_LINGER;
    case PH_CONN_OPENING:
      return PH_WAIT_ANSWER;
    case PH_CONN_OPEN:
      return self->share.crowding ? PH_WAIT_READER : PH_WAIT_NONE;
    case PH_CONN_HELD:
    case PH_CONN_DRAINING:
    case PH_CONN_GONE:
    case PH_CONN_N_STATES:
      break;
    }
  return PH_WAIT_NONE;
}

gboolean
ph_conn_is_live (const PhConn *self)
{
  return self->state >= PH_CONN_HELD && self->state <= PH_CONN_LINGERING;
}

void
ph_conn_set_state (PhConn *self, PhConnState state)
{
  g_assert (legal_edges[self->state] & (1u << state));
  self->state = state;
  ph_mux_account (self->mux, self);
  ph_mux_set_wait (self->mux, self, get_wait (self));
  if (state == PH_CONN_GONE)
    {
      ph_mux_forget (self->mux, self);
      ph_mux_report (self->mux, self);
    }
}

/* Making and freeing */

/* All muxes of a session are on one thread, so no counter has to be handed around. */
static _Thread_local guint64 last_serial;

static PhConn *
conn_new (PhMux *mux, const PhFrameName *name, PhConnState state)
{
  gsize limit = ph_conn_get_limit (mux);
  PhConn *self = g_new0 (PhConn, 1);

  self->mux = mux;
  self->serial = ++last_serial;
  self->opened_us = g_get_monotonic_time ();
  self->state = state;
  self->name = *name;
  self->source = name->src;
  self->credit = ph_mux_has (mux, PH_EXTENSION_CREDIT) ? PH_MUX_START_WINDOW_BYTES : G_MAXUINT64;
  ph_window_init (&self->window, PH_MUX_START_WINDOW_BYTES);
  ph_reorder_init (&self->reorder, limit);
  ph_fifo_init (&self->unsent, limit);
  self->all_link.data = self->ready_link.data = self->report_link.data = self->deadline_link.data =
      self->fullness_link.data = self;
  g_queue_push_tail_link (&mux->all, &self->all_link);
  g_hash_table_replace (mux->by_name, &self->name, self);
  ph_mux_account (mux, self);
  ph_mux_set_wait (mux, self, get_wait (self));
  return self;
}

PhConn *
ph_conn_new_early (PhMux *mux, const PhFrameName *name)
{
  return conn_new (mux, name, PH_CONN_EARLY);
}

PhConn *
ph_conn_reopen (PhConn *old, guint16 chunk_id)
{
  PhMux *mux = old->mux;
  PhConn *self = ph_conn_new_early (mux, &old->name);
  PhReorder fresh = self->reorder;

  /* Frames that have overtaken the new CONNECT are among those that the old one holds. */
  if (!old->reorder.only_counts &&
      (gint16)(guint16)(chunk_id - (guint16)(old->reorder.next >> 16)) >= 0)
    {
      self->reorder = old->reorder;
      self->reorder.started = FALSE;
      old->reorder = fresh;
    }
  ph_mux_account (mux, old);
  ph_mux_account (mux, self);
  old->owed = 0;
  old->is_orphan = TRUE;
  if (old->state == PH_CONN_KEPT)
    ph_conn_set_state (old, PH_CONN_GONE);
  return self;
}

PhConn *
ph_conn_new_accepted (PhMux *mux, const PhFrameName *name, GSocket *socket)
{
  PhConn *self = conn_new (mux, name, PH_CONN_HELD);

  ph_reorder_start (&self->reorder, 0);
  ph_conn_take_socket (self, socket);
  return self;
}

void
ph_conn_free (PhConn *self)
{
  ph_reorder_clear (&self->reorder);
  g_clear_pointer (&self->control, g_byte_array_unref);
  ph_destination_clear (&self->remote);
  g_free (self->text);
  g_free (self);
}

/* Letting go of the socket, and of the name */

/* The TCP side is over. What the channel side still needs stays. */
static void
end_socket (PhConn *self, Release release)
{
  ph_conn_release_socket (self, release);
  ph_fifo_clear (&self->unsent);
  ph_mux_account (self->mux, self);
  if (ph_conn_is_live (self))
    {
      self->closed_us = g_get_monotonic_time ();
      self->report_closed = TRUE;
      ph_mux_report (self->mux, self);
    }
}

/* After the socket: forgets the name if nothing is owed or awaited any more, else keeps it. */
static void
keep (PhConn *self)
{
  /* Only plain peers use a name again, so that what is held may be for the next connection. */
  if (self->mux->role == PH_MUX_CLIENT || ph_conn_has_credit (self))
    ph_reorder_only_count (&self->reorder);
  ph_conn_set_state (self, PH_CONN_KEPT);
}

void
ph_conn_settle (PhConn *self)
{
  gboolean heard_all = self->is_orphan || (self->close_sent && self->close_received);
  gboolean over = heard_all && !(self->owed & OWES (PH_EVENT_CLOSE));

  if (over)
    ph_conn_set_state (self, PH_CONN_GONE);
  else if (self->state != PH_CONN_KEPT)
    keep (self);
  else
    ph_mux_set_wait (self->mux, self, get_wait (self));
}

void
ph_conn_drop (PhConn *self, PhCloseReason reason)
{
  if (self->state == PH_CONN_GONE)
    return;
  if (self->reason == PH_CLOSE_DONE)
    self->reason = reason;
  self->owed = 0;
  ph_mux_drop_pending (self->mux, self);
  end_socket (self, ph_conn_finish_writing (self));
  ph_reorder_clear (&self->reorder);
  ph_conn_set_state (self, PH_CONN_GONE);
}

void
ph_conn_disown (PhConn *self)
{
  ph_reorder_clear (&self->reorder);
  ph_mux_account (self->mux, self);
  self->is_orphan = TRUE;
  if (self->state == PH_CONN_KEPT)
    ph_conn_settle (self);
}

/* Sending */

static void
note_reason (PhConn *self, PhCloseReason reason, const char *text)
{
  if (self->reason != PH_CLOSE_DONE)
    return;
  self->reason = reason;
  g_free (self->text);
  self->text = text != NULL ? ph_close_text_clean ((const guint8 *)text, strlen (text)) : NULL;
}

/* Returns the payload's size. */
static gsize
close_payload (const PhConn *self, guint8 payload[2 + PH_CLOSE_TEXT_MAX_BYTES])
{
  /* Who closed first knows its own words. */
  gsize text_size = self->text != NULL && !self->close_received ? strlen (self->text) : 0;

  if (self->reason == PH_CLOSE_DONE)
    return 0;
  ph_write_u16 (payload, (guint16)self->reason);
  if (text_size > 0)
    memcpy (payload + 2, self->text, text_size);
  return 2 + text_size;
}

static gsize
connect_payload (const PhConn *self, guint8 payload[MAX_CONTROL_BYTES])
{
  if (self->remote.name == NULL)
    return 0;
  return (gsize)g_snprintf ((char *)payload, MAX_CONTROL_BYTES, NAME_PREFIX "%s",
                            self->remote.name);
}

static gboolean
send_sequenced (PhConn *self, PhEvent event)
{
  guint8 payload[MAX_CONTROL_BYTES];
  gsize size = event == PH_EVENT_CLOSE     ? close_payload (self, payload)
               : event == PH_EVENT_CONNECT ? connect_payload (self, payload)
                                           : 0;
  const PhFrame frame = { .event = event,
                          .name = self->name,
                          .chunk_id = self->send_id,
                          .total_chunks = 1,
                          .payload_size = (guint16)size,
                          .payload = payload };

  if (!ph_mux_send_control (self->mux, &frame))
    return FALSE;
  self->send_id++;
  return TRUE;
}

static gboolean
send_window (PhConn *self)
{
  guint32 due = ph_window_get_due (&self->window);
  guint8 payload[4];
  const PhFrame frame = { .event = PH_EVENT_WINDOW,
                          .name = self->name,
                          .total_chunks = 1,
                          .payload_size = sizeof payload,
                          .payload = payload };

  if (due == 0 || !ph_conn_has_credit (self) || !ph_conn_is_live (self) || self->write_ended)
    return TRUE;
  ph_write_u32 (payload, due);
  if (!ph_mux_send_control (self->mux, &frame))
    return FALSE;
  self->window.granted += due;
  return TRUE;
}

/* Sends all that is owed, in this order. FALSE if the channel has no room: then the connection
 * waits for its turn. Once the last CLOSE is sent the connection may be gone. */
gboolean
ph_conn_flush (PhConn *self)
{
  static const PhEvent order[] = { PH_EVENT_CONNECT, PH_EVENT_OPENED, PH_EVENT_EOF,
                                   PH_EVENT_CLOSE };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    {
      if (!(self->owed & OWES (order[i])))
        continue;
      if (!send_sequenced (self, order[i]))
        {
          ph_mux_queue (self->mux, self);
          return FALSE;
        }
      self->owed &= ~OWES (order[i]);
      self->close_sent |= order[i] == PH_EVENT_CLOSE;
    }
  if (self->state == PH_CONN_KEPT)
    ph_conn_settle (self);
  if (send_window (self))
    return TRUE;
  ph_mux_queue (self->mux, self);
  return FALSE;
}

gboolean
ph_conn_is_closing (const PhConn *self)
{
  return self->close_sent || self->close_received || self->is_orphan ||
         (self->owed & OWES (PH_EVENT_CLOSE));
}

/* Exactly one CLOSE goes each way; none where the other side never heard of the connection. */
void
ph_conn_owe_close (PhConn *self)
{
  gboolean unheard = self->mux->role == PH_MUX_CLIENT &&
                     (self->state == PH_CONN_HELD || (self->owed & OWES (PH_EVENT_CONNECT)));

  if (unheard)
    {
      self->owed = 0;
      self->is_orphan = TRUE;
    }
  else if (!self->close_sent && !self->is_orphan)
    self->owed |= OWES (PH_EVENT_CLOSE);
}

/* Nothing but CLOSE matters now, and its number must be the next. */
static void
drop_unsent_frames (PhConn *self)
{
  ph_conn_owe_close (self);
  if (ph_mux_drop_pending (self->mux, self))
    self->send_id--;
  self->owed &= OWES (PH_EVENT_CLOSE);
}

/* The one way a socket's life ends with CLOSE told or already passed. */
void
ph_conn_end (PhConn *self, Release release)
{
  ph_conn_owe_close (self);
  end_socket (self, release);
  ph_conn_settle (self);
  ph_conn_flush (self);
}

/* No CLOSE may be sent for what was never asked for: it waits for the CONNECT. */
static void
condemn (PhConn *self, PhCloseReason reason)
{
  note_reason (self, reason, NULL);
  ph_reorder_clear (&self->reorder);
  ph_mux_account (self->mux, self);
}

void
ph_conn_abort (PhConn *self, PhCloseReason reason, const char *text)
{
  if (self->state == PH_CONN_EARLY)
    condemn (self, reason);
  if (!ph_conn_is_live (self))
    return;
  note_reason (self, reason, text);
  drop_unsent_frames (self);
  ph_conn_end (self, self->state == PH_CONN_LINGERING ? RELEASE_CLOSE : RELEASE_RESET);
}

void
ph_conn_stop (PhConn *self, PhCloseReason reason)
{
  if (self->state != PH_CONN_DRAINING)
    ph_conn_abort (self, reason, NULL);
}

/* Opening */

void
ph_conn_become_open (PhConn *self)
{
  ph_conn_set_state (self, PH_CONN_OPEN);
  self->opened = self->report_opened = TRUE;
  ph_mux_report (self->mux, self);
}

static void
on_dialled (GSocket *socket, PhCloseReason reason, const char *text, gpointer user_data)
{
  PhConn *self = user_data;
  PhMux *mux = self->mux;

  ph_mux_enter (mux);
  if (socket == NULL)
    ph_conn_abort (self, reason, text);
  else
    {
      ph_dial_get_endpoint (self->dial, &self->dialled);
      g_clear_pointer (&self->dial, ph_dial_free);
      ph_conn_take_socket (self, socket);
      ph_conn_become_open (self);
      if (ph_mux_has (mux, PH_EXTENSION_OPENED) && !ph_conn_is_closing (self))
        self->owed |= OWES (PH_EVENT_OPENED);
      if (self->close_received)
        ph_conn_start_draining (self);
      ph_conn_write_unsent (self);
      ph_conn_update_watch (self);
    }
  ph_mux_leave (mux);
}

void
ph_conn_begin (PhConn *self)
{
  if (self->mux->role == PH_MUX_HOST)
    {
      ph_conn_set_state (self, PH_CONN_DIALLING);
      self->dial = ph_dial_new (self->mux->poll, self->mux->rules, self->mux->lookups,
                                &self->remote, on_dialled, self);
      ph_dial_start (self->dial);
      return;
    }
  ph_conn_set_state (self, PH_CONN_OPENING);
  self->owed |= OWES (PH_EVENT_CONNECT);
  if (!ph_mux_has (self->mux, PH_EXTENSION_OPENED))
    ph_conn_become_open (self);
  ph_conn_flush (self);
  ph_conn_update_watch (self);
}

gboolean
ph_conn_is_allowed (const PhConn *self)
{
  PhEndpoint endpoint = self->dialled;

  if (self->state == PH_CONN_DIALLING && !ph_dial_get_endpoint (self->dial, &endpoint))
    return TRUE;
  return !ph_conn_is_live (self) || self->state == PH_CONN_HELD ||
         ph_rules_allow (self->mux->rules, self->remote.name, &endpoint);
}

void
ph_conn_expire (PhConn *self)
{
  if (self->state == PH_CONN_DIALLING)
    {
      ph_mux_set_wait (self->mux, self, PH_WAIT_STEP);
      ph_dial_step (self->dial);
    }
  else if (self->state == PH_CONN_LINGERING)
    ph_conn_end (self, RELEASE_CLOSE);
  else if (self->state == PH_CONN_OPENING)
    ph_conn_abort (self, PH_CLOSE_TIMED_OUT, NULL);
  else if (self->state == PH_CONN_OPEN)
    ph_conn_abort (self, PH_CLOSE_TOO_SLOW, NULL);
  else
    ph_conn_drop (self, PH_CLOSE_DONE);
}
