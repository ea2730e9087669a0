/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-conn.h"

#include <string.h>

#include "ph-socket.h"

/* Reads of one connection in a row before others have their turn. */
#define READS_PER_TURN 4

/* A window is raised to this when its first bytes are taken, and doubled while they are taken fast.
 * Up to the second size that is so whatever others were promised: idle connections must not slow
 * down a busy one, and what is held is bounded by itself. */
#define FIRST_RAISE_BYTES (256 * 1024)
#define FREE_WINDOW_BYTES (1024 * 1024)

/* The longest CONNECT or CLOSE payload that makes sense is a name of 253 bytes. */
#define MAX_CONTROL_BYTES 512

#define NAME_PREFIX "name="
#define OWES(event) (1u << (event))

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
    case PH_CONN_HELD:
    case PH_CONN_OPEN:
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

static void
set_state (PhConn *self, PhConnState state)
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

static gboolean
has_credit (const PhConn *self)
{
  return ph_mux_has (self->mux, PH_EXTENSION_CREDIT);
}

/* Making and freeing */

/* With credit the other side's window is the bound; what is held beside it are charges. */
static gsize
get_limit (const PhMux *mux)
{
  return ph_mux_has (mux, PH_EXTENSION_CREDIT) ? 2 * PH_MUX_MAX_WINDOW_BYTES
                                               : PH_MUX_PLAIN_LIMIT_BYTES;
}

static PhConn *
conn_new (PhMux *mux, const PhFrameName *name, PhConnState state)
{
  gsize limit = get_limit (mux);
  PhConn *self = g_new0 (PhConn, 1);

  self->mux = mux;
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
  if ((gint16)(guint16)(chunk_id - (guint16)(old->reorder.next >> 16)) >= 0)
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
    set_state (old, PH_CONN_GONE);
  return self;
}

static void on_socket (GIOCondition condition, gpointer user_data);

static void
take_socket (PhConn *self, GSocket *socket)
{
  self->socket = g_object_ref (socket);
  ph_socket_prepare (socket);
  self->watched = G_IO_ERR;
  self->watch = ph_poll_add (self->mux->poll, socket, G_IO_ERR, on_socket, self);
}

PhConn *
ph_conn_new_accepted (PhMux *mux, const PhFrameName *name, GSocket *socket)
{
  PhConn *self = conn_new (mux, name, PH_CONN_HELD);

  ph_reorder_start (&self->reorder, 0);
  take_socket (self, socket);
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

typedef enum
{
  RELEASE_CLOSE,
  RELEASE_RESET,
} Release;

static void
release_socket (PhConn *self, Release release)
{
  g_clear_pointer (&self->dial, ph_dial_free);
  g_clear_pointer (&self->watch, ph_poll_remove);
  if (self->socket == NULL)
    return;
  if (release == RELEASE_RESET)
    ph_socket_reset (self->socket);
  else
    g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
}

/* Lets go of a socket for a failure, without destroying what is already done: bytes that came
 * before a CLOSE done and stand in the system's buffer would not survive a reset. */
static Release
finish_writing (PhConn *self)
{
  const guint8 *bytes;
  gsize size;

  if (self->state == PH_CONN_LINGERING)
    return RELEASE_CLOSE;
  if (self->state != PH_CONN_DRAINING || self->socket == NULL)
    return RELEASE_RESET;
  while ((bytes = ph_fifo_peek (&self->unsent, &size)) != NULL)
    {
      if (ph_socket_write (self->socket, bytes, size, &size) != PH_SOCKET_OK)
        return RELEASE_RESET;
      ph_fifo_pop (&self->unsent, size);
    }
  return RELEASE_CLOSE;
}

/* The TCP side is over. What the channel side still needs stays. */
static void
end_socket (PhConn *self, Release release)
{
  release_socket (self, release);
  ph_fifo_clear (&self->unsent);
  ph_mux_account (self->mux, self);
  if (ph_conn_is_live (self))
    {
      self->report_closed = TRUE;
      ph_mux_report (self->mux, self);
    }
}

/* After the socket: forgets the name if nothing is owed or awaited any more, else keeps it. */
static void
settle (PhConn *self)
{
  gboolean heard_all = self->is_orphan || (self->close_sent && self->close_received);
  gboolean over = heard_all && !(self->owed & OWES (PH_EVENT_CLOSE));

  if (over)
    set_state (self, PH_CONN_GONE);
  else if (self->state != PH_CONN_KEPT)
    set_state (self, PH_CONN_KEPT);
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
  end_socket (self, finish_writing (self));
  ph_reorder_clear (&self->reorder);
  set_state (self, PH_CONN_GONE);
}

void
ph_conn_disown (PhConn *self)
{
  ph_reorder_clear (&self->reorder);
  ph_mux_account (self->mux, self);
  self->is_orphan = TRUE;
  if (self->state == PH_CONN_KEPT)
    settle (self);
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

  if (due == 0 || !has_credit (self) || !ph_conn_is_live (self) || self->write_ended)
    return TRUE;
  ph_write_u32 (payload, due);
  if (!ph_mux_send_control (self->mux, &frame))
    return FALSE;
  self->window.granted += due;
  return TRUE;
}

/* Sends all that is owed, in this order. FALSE if the channel has no room: then the connection
 * waits for its turn. Once the last CLOSE is sent the connection may be gone. */
static gboolean
flush (PhConn *self)
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
    settle (self);
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
static void
owe_close (PhConn *self)
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
  owe_close (self);
  if (ph_mux_drop_pending (self->mux, self))
    self->send_id--;
  /* Nothing but CLOSE matters now, and its number must be the next. */
  self->owed &= OWES (PH_EVENT_CLOSE);
  end_socket (self, self->state == PH_CONN_LINGERING ? RELEASE_CLOSE : RELEASE_RESET);
  settle (self);
  flush (self);
}

void
ph_conn_stop (PhConn *self, PhCloseReason reason)
{
  if (self->state != PH_CONN_DRAINING)
    ph_conn_abort (self, reason, NULL);
}

/* The TCP socket */

static gboolean
is_flowing (const PhConn *self)
{
  return self->state == PH_CONN_OPENING || self->state == PH_CONN_OPEN;
}

static gboolean
is_discarding (const PhConn *self)
{
  return self->state == PH_CONN_DRAINING || self->state == PH_CONN_LINGERING;
}

static void
update_watch (PhConn *self)
{
  GIOCondition wanted = self->hung_up ? 0 : G_IO_ERR;

  if (self->watch == NULL)
    return;
  if (!self->read_ended &&
      (is_discarding (self) || (is_flowing (self) && self->credit > 0 && !self->is_ready)))
    wanted |= G_IO_IN;
  if (ph_fifo_size (&self->unsent) > 0 && (is_flowing (self) || is_discarding (self)))
    wanted |= G_IO_OUT;
  if (wanted == self->watched)
    return;
  self->watched = wanted;
  ph_poll_set_condition (self->watch, wanted);
}

/* What follows once everything for the socket is written. */
static void
progress (PhConn *self)
{
  if (!self->write_ended || ph_fifo_size (&self->unsent) > 0 || self->socket == NULL)
    return;
  if (!self->shut_down)
    {
      self->shut_down = TRUE;
      g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
    }
  if (!self->read_ended)
    {
      if (self->state == PH_CONN_DRAINING)
        set_state (self, PH_CONN_LINGERING);
      if (self->state == PH_CONN_LINGERING && self->mux->state == PH_MUX_STOPPING)
        ph_conn_expire (self);
      return;
    }
  /* Both directions have ended and are delivered. */
  if (!ph_conn_is_closing (self) && !ph_mux_has (self->mux, PH_EXTENSION_EOF))
    return;
  owe_close (self);
  end_socket (self, RELEASE_CLOSE);
  settle (self);
  flush (self);
}

static void
start_draining (PhConn *self)
{
  self->write_ended = TRUE;
  set_state (self, PH_CONN_DRAINING);
  progress (self);
}

static guint32
get_doubled_window (const PhConn *self)
{
  gsize size = self->window.size;
  gsize most = MAX (FREE_WINDOW_BYTES, size + ph_mux_get_headroom (self->mux) / 2);

  return (guint32)MIN (2 * size, MIN (most, PH_MUX_MAX_WINDOW_BYTES));
}

static void
consume (PhConn *self, gsize bytes)
{
  PhWindow *window = &self->window;

  self->bytes_in += bytes;
  self->mux->bytes_in += bytes;
  if (!has_credit (self))
    return;
  if (window->consumed == 0)
    window->size = FIRST_RAISE_BYTES;
  switch (ph_window_consume (window, bytes, g_get_monotonic_time ()))
    {
    case PH_WINDOW_FAST:
      window->size = get_doubled_window (self);
      break;
    case PH_WINDOW_SLOW:
      window->size = MAX (window->size / 2, PH_MUX_START_WINDOW_BYTES);
      break;
    case PH_WINDOW_STEADY:
      break;
    }
}

static void
write_unsent (PhConn *self)
{
  const guint8 *bytes;
  gsize size;
  gsize written;

  while ((bytes = ph_fifo_peek (&self->unsent, &size)) != NULL)
    {
      switch (ph_socket_write (self->socket, bytes, size, &written))
        {
        case PH_SOCKET_OK:
          ph_fifo_pop (&self->unsent, written);
          consume (self, written);
          continue;
        case PH_SOCKET_AGAIN:
          ph_mux_account (self->mux, self);
          flush (self);
          return;
        case PH_SOCKET_END:
        case PH_SOCKET_FAILED:
          ph_conn_abort (self, PH_CLOSE_RESET, NULL);
          return;
        }
    }
  ph_mux_account (self->mux, self);
  flush (self);
  progress (self);
}

/* The application or service has shut down writing. */
static void
end_reading (PhConn *self)
{
  self->read_ended = TRUE;
  if (!is_discarding (self))
    {
      if (ph_mux_has (self->mux, PH_EXTENSION_EOF))
        self->owed |= OWES (PH_EVENT_EOF);
      else if (self->mux->role == PH_MUX_HOST)
        {
          owe_close (self);
          flush (self);
          start_draining (self);
          return;
        }
      flush (self);
    }
  progress (self);
}

/* Reads once and sends it on. TRUE if there may be more to read. */
static gboolean
read_once (PhConn *self)
{
  guint8 *payload = self->mux->buffer + PH_FRAME_HEADER_SIZE;
  gsize wanted = (gsize)MIN (PH_FRAME_MAX_PAYLOAD, self->credit);
  PhFrame frame = { .event = PH_EVENT_DATA, .name = self->name, .total_chunks = 1 };
  gsize size;

  switch (ph_socket_read (self->socket, payload, wanted, &size))
    {
    case PH_SOCKET_OK:
      break;
    case PH_SOCKET_AGAIN:
      return FALSE;
    case PH_SOCKET_END:
      end_reading (self);
      return FALSE;
    case PH_SOCKET_FAILED:
      ph_conn_abort (self, PH_CLOSE_RESET, NULL);
      return FALSE;
    }
  frame.chunk_id = self->send_id++;
  frame.payload_size = (guint16)size;
  if (has_credit (self))
    self->credit -= size;
  self->bytes_out += size;
  self->mux->bytes_out += size;
  return ph_mux_send_data (self->mux, self, &frame) && size == wanted;
}

static void
read_flowing (PhConn *self, guint turns)
{
  while (turns-- > 0 && is_flowing (self) && !self->read_ended && self->credit > 0 &&
         flush (self) && !self->mux->blocked && read_once (self))
    ;
}

static void
read_discarding (PhConn *self)
{
  guint8 scratch[16384];
  gsize size;

  for (guint i = 0; i < READS_PER_TURN; i++)
    {
      switch (ph_socket_read (self->socket, scratch, sizeof scratch, &size))
        {
        case PH_SOCKET_OK:
          continue;
        case PH_SOCKET_AGAIN:
          return;
        case PH_SOCKET_END:
          end_reading (self);
          return;
        case PH_SOCKET_FAILED:
          if (self->shut_down)
            {
              self->read_ended = TRUE;
              progress (self);
            }
          else
            ph_conn_abort (self, PH_CLOSE_RESET, NULL);
          return;
        }
    }
}

static void
read_socket (PhConn *self)
{
  if (is_discarding (self))
    read_discarding (self);
  else if (self->mux->blocked)
    ph_mux_queue (self->mux, self);
  else
    read_flowing (self, READS_PER_TURN);
}

/* Nobody reads or writes, and yet something happened: a reset, or both directions have ended. */
static void
note_hang_up (PhConn *self)
{
  if (g_socket_check_connect_result (self->socket, NULL))
    self->hung_up = TRUE;
  else
    ph_conn_abort (self, PH_CLOSE_RESET, NULL);
}

static void
on_socket (GIOCondition condition, gpointer user_data)
{
  PhConn *self = user_data;
  PhMux *mux = self->mux;
  GIOCondition trouble = condition & (G_IO_ERR | G_IO_HUP);
  GIOCondition watched = self->watched & (G_IO_IN | G_IO_OUT);

  ph_mux_enter (mux);
  if (condition & G_IO_NVAL)
    ph_conn_abort (self, PH_CLOSE_TOO_MANY, NULL);
  else if (trouble != 0 && watched == 0)
    note_hang_up (self);
  if ((watched & G_IO_OUT) && (trouble != 0 || (condition & G_IO_OUT)))
    write_unsent (self);
  if ((watched & G_IO_IN) && (trouble != 0 || (condition & G_IO_IN)) && self->socket != NULL)
    read_socket (self);
  update_watch (self);
  ph_mux_leave (mux);
}

void
ph_conn_resume (PhConn *self)
{
  if (flush (self) && is_flowing (self))
    read_flowing (self, 1);
  update_watch (self);
}

/* Opening */

static void
become_open (PhConn *self)
{
  set_state (self, PH_CONN_OPEN);
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
      take_socket (self, socket);
      become_open (self);
      if (ph_mux_has (mux, PH_EXTENSION_OPENED) && !ph_conn_is_closing (self))
        self->owed |= OWES (PH_EVENT_OPENED);
      if (self->close_received)
        start_draining (self);
      write_unsent (self);
      update_watch (self);
    }
  ph_mux_leave (mux);
}

void
ph_conn_begin (PhConn *self)
{
  if (self->mux->role == PH_MUX_HOST)
    {
      set_state (self, PH_CONN_DIALLING);
      self->dial = ph_dial_new (self->mux->poll, self->mux->rules, self->mux->lookups,
                                &self->remote, on_dialled, self);
      ph_dial_start (self->dial);
      return;
    }
  set_state (self, PH_CONN_OPENING);
  self->owed |= OWES (PH_EVENT_CONNECT);
  if (!ph_mux_has (self->mux, PH_EXTENSION_OPENED))
    become_open (self);
  flush (self);
  update_watch (self);
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
    {
      end_socket (self, RELEASE_CLOSE);
      settle (self);
    }
  else if (self->state == PH_CONN_OPENING)
    ph_conn_abort (self, PH_CLOSE_TIMED_OUT, NULL);
  else
    ph_conn_drop (self, PH_CLOSE_DONE);
}

/* Receiving, each event in its turn */

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
  set_state (self, PH_CONN_HELD); /* from here on a CLOSE is owed, whatever the CONNECT says */
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
  if (mux->sum.live > mux->max_live)
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

  if (size == 0 || self->state == PH_CONN_KEPT || is_discarding (self))
    return;
  if (is_flowing (self) && ph_fifo_size (&self->unsent) == 0)
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
      consume (self, written);
      flush (self);
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
      settle (self);
      return;
    }
  if (reason != PH_CLOSE_DONE)
    {
      ph_conn_abort (self, reason, text);
      return;
    }
  owe_close (self);
  if (ph_mux_drop_pending (self->mux, self))
    self->send_id--;
  self->owed &= ~OWES (PH_EVENT_EOF);
  self->write_ended = TRUE;
  flush (self);
  if (is_flowing (self))
    start_draining (self);
}

static void
on_eof (PhConn *self)
{
  self->write_ended = TRUE;
  if (is_flowing (self))
    progress (self);
}

static void
on_opened (PhConn *self)
{
  if (self->state == PH_CONN_OPENING)
    become_open (self);
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
  if (is_flowing (self))
    update_watch (self);
}

/* Each queue has its limit; so have both together. */
static gboolean
is_too_full (const PhConn *self)
{
  return self->reorder.held_bytes + ph_fifo_size (&self->unsent) > get_limit (self->mux);
}

/* Whether the next frame is a CONNECT that has overtaken the CLOSE before it, which has now come.
 */
static gboolean
is_used_again (const PhConn *self, guint16 *ret_chunk_id)
{
  PhEvent event;

  return self->mux->role == PH_MUX_HOST && self->close_received && !self->is_orphan &&
         ph_reorder_peek (&self->reorder, &event, ret_chunk_id) && event == PH_EVENT_CONNECT;
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
      frame->event == PH_EVENT_DATA && has_credit (self) && !ph_conn_is_closing (self);

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
  update_watch (self);
}
