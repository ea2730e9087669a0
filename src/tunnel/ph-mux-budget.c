/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-memory.h"
#include "core/ph-timer.h"
#include "ph-conn.h"

/* What all connections of a mux hold and have been promised together. */

/* Windows are raised to their full size by so much together. */
#define RAISABLE_BYTES (PH_MUX_BUDGET_BYTES / 4 * 3)

/* The C library keeps what a load has taken, full of holes. Where that was at least so much, it
 * goes back to the system once three quarters of the load are gone: a second later, when SCTP has
 * let go too, and at most once a second, because it takes a millisecond or so. */
#define LOAD_BYTES (512 * 1024)
#define GIVE_BACK_AFTER_US (1 * G_USEC_PER_SEC)
#define CONN_BYTES 2048                 /* of memory that a connection costs, about */
#define CHANNEL_BYTES (4 * 1024 * 1024) /* that a channel without room holds, at most */

gsize
ph_mux_get_headroom (const PhMux *self)
{
  return self->sum.raised_bytes < RAISABLE_BYTES ? RAISABLE_BYTES - self->sum.raised_bytes : 0;
}

/* Its bytes still go somewhere, or will once it is open. */
static gboolean
is_crowding (const PhConn *conn)
{
  return conn->state >= PH_CONN_HELD && conn->state <= PH_CONN_OPEN &&
         !ph_mux_has (conn->mux, PH_EXTENSION_CREDIT) &&
         ph_fifo_size (&conn->unsent) > PH_MUX_PLAIN_PAUSE_BYTES;
}

static PhMuxShare
get_share (const PhConn *conn)
{
  gsize held = conn->reorder.held_bytes + ph_fifo_allocated (&conn->unsent);
  gboolean live = ph_conn_is_live (conn);
  guint64 promised = live ? ph_window_get_promised (&conn->window) : 0;

  if (conn->state == PH_CONN_GONE)
    return (PhMuxShare){ 0 };
  return (PhMuxShare){
    .held_bytes = held,
    .raised_bytes = (gsize)promised - MIN (promised, PH_MUX_START_WINDOW_BYTES),
    .live = live ? 1 : 0,
    .fullness = held > 0 ? g_bit_storage (held) : 0,
    .crowding = is_crowding (conn) ? 1 : 0,
  };
}

static void
note_crowding (PhMux *self, PhConn *conn, guint before)
{
  if (conn->share.crowding == before)
    return;
  self->sum.crowding += conn->share.crowding - before;
  if (conn->state == PH_CONN_OPEN) /* before, another wait has a limit of its own */
    ph_mux_set_wait (self, conn, conn->share.crowding ? PH_WAIT_READER : PH_WAIT_NONE);
  if (self->unread && !ph_mux_is_paused (self))
    ph_timer_arm (self->soon, 0);
}

void
ph_mux_account (PhMux *self, PhConn *conn)
{
  PhMuxShare old = conn->share;
  PhMuxShare new = get_share (conn);

  conn->share = new;
  self->sum.held_bytes += new.held_bytes - old.held_bytes;
  self->sum.raised_bytes += new.raised_bytes - old.raised_bytes;
  self->sum.live += new.live - old.live;
  note_crowding (self, conn, old.crowding);
  if (new.fullness == old.fullness)
    return;
  if (old.fullness > 0)
    g_queue_unlink (&self->fullness[old.fullness], &conn->fullness_link);
  if (new.fullness > 0)
    g_queue_push_tail_link (&self->fullness[new.fullness], &conn->fullness_link);
}

/* The fullest but for a factor of two, without looking at all of them. */
static PhConn *
find_fullest (const PhMux *self)
{
  guint i = PH_MUX_N_FULLNESS - 1;

  while (self->fullness[i].length == 0)
    i--;
  return self->fullness[i].head->data;
}

void
ph_mux_enforce_budget (PhMux *self)
{
  while (self->sum.held_bytes > PH_MUX_BUDGET_BYTES)
    {
      PhConn *fullest = find_fullest (self);

      ph_conn_abort (fullest, PH_CLOSE_TOO_SLOW, NULL);
      if (fullest->share.held_bytes > 0) /* frames that no connection waits for any more */
        ph_conn_disown (fullest);
    }
}

static gsize
get_load (const PhMux *self)
{
  return self->sum.held_bytes + (gsize)self->all.length * CONN_BYTES +
         (self->blocked ? CHANNEL_BYTES : 0);
}

void
ph_mux_note_load (PhMux *self)
{
  gsize load = get_load (self);

  self->peak_load_bytes = MAX (self->peak_load_bytes, load);
  if (self->give_back_us == G_MAXINT64 && self->peak_load_bytes >= LOAD_BYTES &&
      load <= self->peak_load_bytes / 4)
    self->give_back_us = g_get_monotonic_time () + GIVE_BACK_AFTER_US;
}

void
ph_mux_give_back (PhMux *self)
{
  self->peak_load_bytes = get_load (self);
  self->give_back_us = G_MAXINT64;
  ph_memory_give_back ();
}
