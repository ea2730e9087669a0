/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-conn-private.h"
#include "ph-socket.h"

/* A connection's TCP socket: taking and letting it go, reading, writing, ending. */

/* Reads of one connection in a row before others have their turn. */
#define READS_PER_TURN 4

/* A window is raised to this when its first bytes are taken, and doubled while they are taken fast.
 * Up to the second size that is so whatever others were promised: idle connections must not slow
 * down a busy one, and what is held is bounded by itself. */
#define FIRST_RAISE_BYTES (256 * 1024)
#define FREE_WINDOW_BYTES (1024 * 1024)

static void on_socket (GIOCondition condition, gpointer user_data);

void
ph_conn_take_socket (PhConn *self, GSocket *socket)
{
  self->socket = g_object_ref (socket);
  ph_socket_prepare (socket);
  self->watched = G_IO_ERR;
  self->watch = ph_poll_add (self->mux->poll, socket, G_IO_ERR, on_socket, self);
}

void
ph_conn_release_socket (PhConn *self, Release release)
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
Release
ph_conn_finish_writing (PhConn *self)
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

void
ph_conn_update_watch (PhConn *self)
{
  GIOCondition wanted = self->hung_up ? 0 : G_IO_ERR;

  if (self->watch == NULL)
    return;
  if (!self->read_ended && (ph_conn_is_discarding (self) ||
                            (ph_conn_is_flowing (self) && self->credit > 0 && !self->is_ready)))
    wanted |= G_IO_IN;
  if (ph_fifo_size (&self->unsent) > 0 &&
      (ph_conn_is_flowing (self) || ph_conn_is_discarding (self)))
    wanted |= G_IO_OUT;
  if (wanted == self->watched)
    return;
  self->watched = wanted;
  ph_poll_set_condition (self->watch, wanted);
}

/* What follows once everything for the socket is written. */
void
ph_conn_progress (PhConn *self)
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
        ph_conn_set_state (self, PH_CONN_LINGERING);
      if (self->state == PH_CONN_LINGERING && self->mux->state == PH_MUX_STOPPING)
        ph_conn_expire (self);
      return;
    }
  /* Both directions have ended and are delivered. */
  if (!ph_conn_is_closing (self) && !ph_mux_has (self->mux, PH_EXTENSION_EOF))
    return;
  ph_conn_end (self, RELEASE_CLOSE);
}

void
ph_conn_start_draining (PhConn *self)
{
  self->write_ended = TRUE;
  ph_conn_set_state (self, PH_CONN_DRAINING);
  ph_conn_progress (self);
}

static guint32
get_doubled_window (const PhConn *self)
{
  gsize size = self->window.size;
  gsize most = MAX (FREE_WINDOW_BYTES, size + ph_mux_get_headroom (self->mux) / 2);

  return (guint32)MIN (2 * size, MIN (most, PH_MUX_MAX_WINDOW_BYTES));
}

void
ph_conn_consume (PhConn *self, gsize bytes)
{
  PhWindow *window = &self->window;

  self->bytes_in += bytes;
  self->mux->bytes_in += bytes;
  if (self->share.crowding && self->state == PH_CONN_OPEN)
    ph_mux_set_wait (self->mux, self, PH_WAIT_READER);
  if (!ph_conn_has_credit (self))
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

void
ph_conn_write_unsent (PhConn *self)
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
          ph_conn_consume (self, written);
          continue;
        case PH_SOCKET_AGAIN:
          ph_mux_account (self->mux, self);
          ph_conn_flush (self);
          return;
        case PH_SOCKET_END:
        case PH_SOCKET_FAILED:
          ph_conn_abort (self, PH_CLOSE_RESET, NULL);
          return;
        }
    }
  ph_mux_account (self->mux, self);
  ph_conn_flush (self);
  ph_conn_progress (self);
}

/* The application or service has shut down writing. */
static void
end_reading (PhConn *self)
{
  self->read_ended = TRUE;
  if (!ph_conn_is_discarding (self))
    {
      if (ph_mux_has (self->mux, PH_EXTENSION_EOF))
        self->owed |= OWES (PH_EVENT_EOF);
      else if (self->mux->role == PH_MUX_HOST)
        {
          ph_conn_owe_close (self);
          ph_conn_flush (self);
          ph_conn_start_draining (self);
          return;
        }
      else
        ph_socket_keep_asking (self->socket); /* who is told nothing must not wait for ever */
      ph_conn_flush (self);
    }
  ph_conn_progress (self);
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
  if (ph_conn_has_credit (self))
    self->credit -= size;
  self->bytes_out += size;
  self->mux->bytes_out += size;
  return ph_mux_send_data (self->mux, self, &frame) && size == wanted;
}

static void
read_flowing (PhConn *self, guint turns)
{
  while (turns-- > 0 && ph_conn_is_flowing (self) && !self->read_ended && self->credit > 0 &&
         ph_conn_flush (self) && !self->mux->blocked && read_once (self))
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
              ph_conn_progress (self);
            }
          else
            ph_conn_abort (self, PH_CLOSE_RESET, NULL);
          return;
        }
    }
}

/* Who comes while others wait is behind them. */
static void
read_socket (PhConn *self)
{
  if (ph_conn_is_discarding (self))
    read_discarding (self);
  else if (self->mux->blocked || self->mux->ready.length > 0)
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
serve_socket (PhConn *self, GIOCondition condition)
{
  GIOCondition trouble = condition & (G_IO_ERR | G_IO_HUP);
  GIOCondition watched = self->watched & (G_IO_IN | G_IO_OUT);

  if (trouble != 0 && watched == 0)
    note_hang_up (self);
  if ((watched & G_IO_OUT) && (trouble != 0 || (condition & G_IO_OUT)))
    ph_conn_write_unsent (self);
  if ((watched & G_IO_IN) && (trouble != 0 || (condition & G_IO_IN)) && self->socket != NULL)
    read_socket (self);
  ph_conn_update_watch (self);
}

/* There is no time left in this turn. The system tells of ready sockets in the same order each
 * time, so whoever is late in it must not depend on the next turn's having more. */
static void
postpone (PhConn *self, GIOCondition condition)
{
  if (ph_conn_is_flowing (self) && (self->watched & condition & G_IO_IN))
    ph_mux_queue (self->mux, self);
  ph_conn_update_watch (self);
}

static void
on_socket (GIOCondition condition, gpointer user_data)
{
  PhConn *self = user_data;
  PhMux *mux = self->mux;

  ph_mux_enter (mux);
  if (condition & G_IO_NVAL)
    ph_conn_abort (self, PH_CLOSE_TOO_MANY, NULL);
  else if (ph_mux_begin_sending (mux))
    {
      serve_socket (self, condition);
      ph_mux_end_sending (mux);
    }
  else
    postpone (self, condition);
  ph_mux_leave (mux);
}

void
ph_conn_resume (PhConn *self)
{
  if (ph_conn_flush (self) && ph_conn_is_flowing (self))
    read_flowing (self, 1);
  ph_conn_update_watch (self);
}
