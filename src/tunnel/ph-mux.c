/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mux.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-limits.h"
#include "core/ph-timer.h"
#include "ph-conn.h"
#include "ph-socket.h"

#define STOP_WAIT_US (1 * G_USEC_PER_SEC)

/* Messages taken in a row before the sockets have their turn, if they take no longer than a slice.
 */
#define MESSAGES_PER_TURN 256

/* Names without a socket that are remembered; past it the oldest are forgotten early. */
#define MAX_NAMES_WITHOUT_SOCKET PH_MUX_MAX_CONNECTIONS

/* A Host that owes more frames than this takes no message until the channel has room again: each
 * message could be a CONNECT that is owed a CLOSE. A Client owes only what it began itself, so one
 * of the two always reads. */
#define MAX_OWING (2 * PH_MUX_MAX_CONNECTIONS)

/* Names that are resolved at once: what the other side asks for must not take the process's threads
 * for lookups from everybody else. */
#define MAX_LOOKUPS 16

static const gint64 wait_us[PH_N_WAITS] = {
  [PH_WAIT_STEP] = PH_DIAL_STEP_US,       [PH_WAIT_LINGER] = 5 * G_USEC_PER_SEC,
  [PH_WAIT_ANSWER] = 60 * G_USEC_PER_SEC, [PH_WAIT_NAME] = 60 * G_USEC_PER_SEC,
  [PH_WAIT_READER] = 5 * G_USEC_PER_SEC,
};

static void
set_state (PhMux *self, PhMuxState state)
{
  static const guint legal_edges[PH_MUX_N_STATES] = {
    [PH_MUX_RUNNING] = 1u << PH_MUX_STOPPING | 1u << PH_MUX_FAILED,
    [PH_MUX_STOPPING] = 1u << PH_MUX_STOPPED,
    [PH_MUX_FAILED] = 1u << PH_MUX_STOPPING,
  };

  g_assert (legal_edges[self->state] & (1u << state));
  self->state = state;
}

/* Entering, leaving and reporting */

static void
fill_info (const PhConn *conn, PhConnectionInfo *ret_info)
{
  *ret_info = (PhConnectionInfo){
    .serial = conn->serial,
    .name = conn->name,
    .source = conn->source,
    .remote = &conn->remote,
    .owner = conn->owner,
    .is_open = conn->opened,
    .bytes_in = conn->bytes_in,
    .bytes_out = conn->bytes_out,
    .opened_us = conn->opened_us,
    .closed_us = conn->closed_us,
    .reason = conn->reason,
    .text = conn->text,
  };
}

/* In this order: a connection that failed at once is first reported open, if it was. */
static void
report (PhMux *self, PhConn *conn)
{
  const PhMuxEvents *events = self->events;
  gboolean opened = conn->report_opened && events->opened != NULL;
  gboolean closed = conn->report_closed && events->closed != NULL;
  PhConnectionInfo info;

  fill_info (conn, &info);
  conn->report_opened = conn->report_closed = FALSE;
  if (opened)
    events->opened (&info, self->user_data);
  if (closed && !self->freed)
    events->closed (&info, self->user_data);
}

static void
report_all (PhMux *self)
{
  GList *link;

  if (self->reports.length == 0 || self->freed)
    return;
  ph_slice_begin (&self->receiving, self->soon); /* most are of what came */
  while (!self->freed && (link = g_queue_pop_head_link (&self->reports)) != NULL)
    {
      PhConn *conn = link->data;

      conn->is_reported = FALSE;
      report (self, conn);
      if (conn->state == PH_CONN_GONE && !conn->is_reported)
        ph_conn_free (conn);
    }
  ph_slice_end (&self->receiving);
}

static void
forget_oldest_names (PhMux *self)
{
  while (self->waits[PH_WAIT_NAME].length > MAX_NAMES_WITHOUT_SOCKET)
    ph_conn_expire (self->waits[PH_WAIT_NAME].head->data);
}

static void mux_destroy (PhMux *self);
static void set_timers (PhMux *self);

void
ph_mux_enter (PhMux *self)
{
  self->depth++;
}

void
ph_mux_leave_quietly (PhMux *self)
{
  if (self->depth == 1 && !self->freed)
    {
      forget_oldest_names (self);
      ph_mux_note_load (self);
      set_timers (self);
    }
  if (--self->depth == 0 && self->freed)
    mux_destroy (self);
}

void
ph_mux_leave (PhMux *self)
{
  if (self->depth == 1)
    report_all (self);
  if (self->depth == 1 && !self->freed)
    ph_mux_tell_services (self);
  ph_mux_leave_quietly (self);
}

void
ph_mux_report (PhMux *self, PhConn *conn)
{
  if (conn->is_reported)
    return;
  conn->is_reported = TRUE;
  g_queue_push_tail_link (&self->reports, &conn->report_link);
}

/* What is about to be FAILED is dealt with from the main loop, where no caller is surprised. */
static void
fail (PhMux *self, PhError code, const char *message)
{
  self->blocked = TRUE;
  if (self->error == NULL)
    self->error = g_error_new_literal (PH_ERROR, (int)code, message);
}

/* Sending */

gboolean
ph_mux_send_message (PhMux *self, const guint8 *message, gsize size)
{
  if (self->blocked)
    return FALSE;
  switch (ph_channel_send (self->channel, message, size))
    {
    case PH_CHANNEL_OK:
      return TRUE;
    case PH_CHANNEL_AGAIN:
    case PH_CHANNEL_CLOSED: /* the end is announced once all that came is read */
      self->blocked = TRUE;
      break;
    }
  return FALSE;
}

gboolean
ph_mux_send_control (PhMux *self, const PhFrame *frame)
{
  guint8 message[PH_FRAME_HEADER_SIZE + 1024];

  g_return_val_if_fail (frame->payload_size <= sizeof message - PH_FRAME_HEADER_SIZE, TRUE);

  ph_frame_encode_header (frame, message);
  if (frame->payload_size > 0)
    memcpy (message + PH_FRAME_HEADER_SIZE, frame->payload, frame->payload_size);
  return ph_mux_send_message (self, message, PH_FRAME_HEADER_SIZE + (gsize)frame->payload_size);
}

gboolean
ph_mux_send_data (PhMux *self, PhConn *conn, const PhFrame *frame)
{
  gsize size = PH_FRAME_HEADER_SIZE + (gsize)frame->payload_size;

  ph_frame_encode_header (frame, self->buffer);
  if (ph_mux_send_message (self, self->buffer, size))
    return TRUE;
  self->pending = conn;
  self->pending_size = size;
  ph_mux_queue (self, conn);
  return FALSE;
}

gboolean
ph_mux_drop_pending (PhMux *self, PhConn *conn)
{
  if (self->pending != conn)
    return FALSE;
  self->pending = NULL;
  return TRUE;
}

void
ph_mux_queue (PhMux *self, PhConn *conn)
{
  if (conn->is_ready)
    return;
  conn->is_ready = TRUE;
  g_queue_push_tail_link (&self->ready, &conn->ready_link);
  if (!self->blocked)
    ph_timer_arm (self->soon, 0);
}

gboolean
ph_mux_is_paused (const PhMux *self)
{
  gboolean owes_too_much = self->role == PH_MUX_HOST && self->ready.length > MAX_OWING;

  return owes_too_much || self->sum.crowding > 0;
}

gboolean
ph_mux_begin_sending (PhMux *self)
{
  ph_slice_begin (&self->sending, self->soon);
  if (!ph_slice_is_used_up (&self->sending))
    return TRUE;
  ph_slice_end (&self->sending);
  return FALSE;
}

void
ph_mux_end_sending (PhMux *self)
{
  ph_slice_end (&self->sending);
}

/* Those that wait go on in turn, for as long as there is room and time. */
static void
send_ready (PhMux *self)
{
  GList *link;

  ph_slice_begin (&self->sending, self->soon);
  while (!self->blocked && !ph_slice_is_used_up (&self->sending) &&
         (link = g_queue_pop_head_link (&self->ready)) != NULL)
    {
      PhConn *conn = link->data;

      conn->is_ready = FALSE;
      ph_conn_resume (conn);
    }
  ph_slice_end (&self->sending);
  if ((!self->blocked && self->ready.length > 0) || (self->unread && !ph_mux_is_paused (self)))
    ph_timer_arm (self->soon, 0);
}

static void
on_writable (gpointer user_data)
{
  PhMux *self = user_data;

  if (self->error != NULL)
    return;
  ph_mux_enter (self);
  self->blocked = FALSE;
  if (self->pending != NULL && ph_mux_send_message (self, self->buffer, self->pending_size))
    self->pending = NULL;
  ph_mux_flush_services (self);
  send_ready (self);
  ph_mux_leave (self);
}

/* Deadlines: a queue for each wait, so that each is in order by itself */

void
ph_mux_set_wait (PhMux *self, PhConn *conn, PhWait wait)
{
  if (conn->deadlines != NULL)
    g_queue_unlink (conn->deadlines, &conn->deadline_link);
  conn->deadlines = NULL;
  if (wait == PH_WAIT_NONE)
    return;
  conn->deadlines = &self->waits[wait];
  conn->deadline_us = g_get_monotonic_time () + wait_us[wait];
  g_queue_push_tail_link (conn->deadlines, &conn->deadline_link);
}

static gint64
first_deadline (const GQueue *queue)
{
  return queue->head != NULL ? ((const PhConn *)queue->head->data)->deadline_us : G_MAXINT64;
}

static gboolean
has_stopped (const PhMux *self)
{
  gboolean quiet = self->ready.length == 0 && self->sum.live == 0;

  return self->state == PH_MUX_STOPPING &&
         (quiet || self->error != NULL || g_get_monotonic_time () >= self->stop_deadline_us);
}

static gboolean
has_failed (const PhMux *self)
{
  return self->state == PH_MUX_RUNNING && self->error != NULL;
}

static void
set_timers (PhMux *self)
{
  gint64 deadline = self->state == PH_MUX_STOPPING ? self->stop_deadline_us : G_MAXINT64;

  deadline = MIN (deadline, MIN (self->give_back_us, ph_mux_get_services_deadline (self)));
  for (guint i = 0; i < PH_N_WAITS; i++)
    deadline = MIN (deadline, first_deadline (&self->waits[i]));
  if (self->reports.length > 0 || has_stopped (self) || has_failed (self))
    ph_timer_arm (self->soon, 0);
  /* Setting the time wakes the loop, so the timer is only ever moved forward; where it fires for
   * nothing it is set again. */
  if (deadline >= self->deadline_us)
    return;
  self->deadline_us = deadline;
  ph_timer_arm_at (self->deadlines, deadline);
}

static void
expire (PhMux *self, GQueue *queue)
{
  gint64 now = g_get_monotonic_time ();

  while (first_deadline (queue) <= now)
    ph_conn_expire (queue->head->data);
}

static void
drop_all (PhMux *self, PhCloseReason reason)
{
  while (self->all.head != NULL)
    ph_conn_drop (self->all.head->data, reason);
}

static void
fail_now (PhMux *self)
{
  set_state (self, PH_MUX_FAILED);
  drop_all (self, PH_CLOSE_SESSION_ENDING);
  report_all (self);
  /* What was reported may have been answered with a shutdown: then this is no news any more. */
  if (!self->freed && self->state == PH_MUX_FAILED && self->events->failed != NULL)
    self->events->failed (self->error, self->user_data);
}

static void
stop_now (PhMux *self)
{
  set_state (self, PH_MUX_STOPPED);
  drop_all (self, PH_CLOSE_SESSION_ENDING);
  report_all (self);
  if (!self->freed && self->stop_done != NULL)
    self->stop_done (self->stop_user_data);
}

static gboolean
on_deadline (gpointer user_data)
{
  PhMux *self = user_data;

  ph_mux_enter (self);
  self->deadline_us = G_MAXINT64;
  for (guint i = 0; i < PH_N_WAITS; i++)
    expire (self, &self->waits[i]);
  if (self->give_back_us <= g_get_monotonic_time ())
    ph_mux_give_back (self);
  ph_mux_leave (self);
  return G_SOURCE_CONTINUE;
}

/* The table */

/* No more than are left for others: so n of them that take what they can leave an n-th part and one
 * for whoever comes next. */
gboolean
ph_mux_is_full (const PhMux *self)
{
  guint all = ph_limits_get_descriptors ();
  guint used = MAX (ph_poll_get_size (self->poll), self->sum.live); /* some have no socket yet */

  return self->sum.live > MIN (PH_MUX_MAX_CONNECTIONS, all - MIN (all, used));
}

void
ph_mux_forget (PhMux *self, PhConn *conn)
{
  ph_mux_drop_pending (self, conn);
  if (g_hash_table_lookup (self->by_name, &conn->name) == conn)
    g_hash_table_remove (self->by_name, &conn->name);
  g_queue_unlink (&self->all, &conn->all_link);
  if (conn->is_ready)
    g_queue_unlink (&self->ready, &conn->ready_link);
  conn->is_ready = FALSE;
  ph_mux_set_wait (self, conn, PH_WAIT_NONE);
}

/* Receiving */

void
ph_mux_malformed (PhMux *self, PhConn *conn)
{
  if (conn != NULL)
    ph_conn_abort (conn, PH_CLOSE_PROTOCOL_ERROR, NULL);
  g_debug ("malformed message %u", self->n_malformed + 1);
  if (++self->n_malformed >= PH_MUX_MAX_MALFORMED)
    fail (self, PH_ERROR_PROTOCOL, ph_error_sentence (PH_ERROR_PROTOCOL));
}

/* Whether the other side may send this. */
static gboolean
is_known (const PhMux *self, PhEvent event)
{
  gboolean is_host = self->role == PH_MUX_HOST;

  switch (event)
    {
    case PH_EVENT_DATA:
    case PH_EVENT_CLOSE:
      return TRUE;
    case PH_EVENT_CONNECT:
      return is_host;
    case PH_EVENT_WINDOW:
      return ph_mux_has (self, PH_EXTENSION_CREDIT);
    case PH_EVENT_EOF:
      return ph_mux_has (self, PH_EXTENSION_EOF);
    case PH_EVENT_OPENED:
      return !is_host && ph_mux_has (self, PH_EXTENSION_OPENED);
    case PH_EVENT_SERVICES:
      return !is_host && ph_mux_has (self, PH_EXTENSION_SERVICES);
    }
  return FALSE;
}

/* The connection a frame is for. A Client holds nothing for names it did not open. */
static PhConn *
find_or_make (PhMux *self, const PhFrameName *name)
{
  PhConn *conn = g_hash_table_lookup (self->by_name, name);

  if (conn == NULL && self->role == PH_MUX_HOST)
    return ph_conn_new_early (self, name);
  return conn;
}

static void
on_message (PhMux *self, const guint8 *message, gsize size)
{
  PhFrame frame;
  PhConn *conn = NULL;
  PhFrameStatus status = ph_frame_decode (message, size, &frame);

  if (status == PH_FRAME_OK && is_known (self, frame.event))
    {
      if (frame.event == PH_EVENT_SERVICES)
        {
          ph_mux_take_services (self, &frame);
          return;
        }
      conn = find_or_make (self, &frame.name);
      if (conn != NULL && frame.event == PH_EVENT_CONNECT && ph_conn_is_closing (conn))
        conn = ph_conn_reopen (conn, frame.chunk_id);
      if (conn != NULL)
        ph_conn_receive (conn, &frame);
      ph_mux_enforce_budget (self);
      return;
    }
  if (status != PH_FRAME_UNNAMED)
    conn = find_or_make (self, &frame.name);
  ph_mux_malformed (self, conn);
}

static void
receive_some (PhMux *self)
{
  const guint8 *message;
  gsize size;

  for (guint i = 0; i < MESSAGES_PER_TURN; i++)
    {
      PhChannelStatus status;

      self->unread = ph_mux_is_paused (self) || ph_slice_is_used_up (&self->receiving);
      if (self->unread)
        return;
      status = ph_channel_receive (self->channel, &message, &size);

      if (status == PH_CHANNEL_CLOSED)
        fail (self, PH_ERROR_PEER_LOST, ph_error_sentence (PH_ERROR_PEER_LOST));
      if (status != PH_CHANNEL_OK)
        return;
      if (self->state == PH_MUX_RUNNING && self->error == NULL)
        on_message (self, message, size);
    }
  self->unread = TRUE; /* perhaps; nobody says so again */
}

static void
receive_slice (PhMux *self)
{
  ph_slice_begin (&self->receiving, self->soon);
  receive_some (self);
  ph_slice_end (&self->receiving);
  if (self->unread && !ph_mux_is_paused (self))
    ph_timer_arm (self->soon, 0);
}

static void
on_readable (gpointer user_data)
{
  PhMux *self = user_data;

  ph_mux_enter (self);
  receive_slice (self);
  ph_mux_leave (self);
}

/* What is not for a caller's stack: reports, the end, and what came before the channel had us. */
static gboolean
on_soon (gpointer user_data)
{
  PhMux *self = user_data;

  ph_mux_enter (self);
  receive_slice (self);
  send_ready (self);
  if (has_stopped (self))
    stop_now (self);
  else if (has_failed (self))
    fail_now (self);
  ph_mux_leave (self);
  return G_SOURCE_CONTINUE;
}

static void
on_closed (gpointer user_data)
{
  PhMux *self = user_data;

  ph_mux_enter (self);
  fail (self, PH_ERROR_PEER_LOST, ph_error_sentence (PH_ERROR_PEER_LOST));
  ph_mux_leave (self);
}

static const PhChannelEvents channel_events = { on_readable, on_writable, on_closed };

/* Making and freeing */

PhMux *
ph_mux_new (PhMuxRole role,
            PhChannel *channel,
            PhPoll *poll,
            PhRules *rules,
            PhExtensions extensions,
            const PhMuxEvents *events,
            gpointer user_data)
{
  GMainContext *context = ph_poll_get_context (poll);
  PhMux *self;

  g_return_val_if_fail ((role == PH_MUX_HOST) == (rules != NULL), NULL);

  self = g_new0 (PhMux, 1);
  self->role = role;
  self->channel = channel;
  self->poll = poll;
  self->rules = rules != NULL ? ph_rules_ref (rules) : NULL;
  self->lookups = ph_lookups_new (context, MAX_LOOKUPS);
  self->extensions = extensions & PH_EXTENSIONS_OURS;
  self->events = events;
  self->user_data = user_data;
  self->by_name = g_hash_table_new (ph_frame_name_hash, ph_frame_name_equal);
  if (role == PH_MUX_CLIENT)
    ph_mux_init_names (self);
  self->deadline_us = self->give_back_us = G_MAXINT64;
  self->deadlines = ph_timer_new (context, "[porthole] mux deadlines", on_deadline, self);
  self->soon = ph_timer_new (context, "[porthole] mux soon", on_soon, self);
  ph_timer_arm (self->soon, 0);
  ph_channel_set_events (channel, &channel_events, self);
  return self;
}

static void
mux_destroy (PhMux *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->reports)) != NULL)
    ph_conn_free (link->data);
  g_hash_table_unref (self->by_name);
  g_free (self->used_names);
  g_clear_pointer (&self->services_out, g_bytes_unref);
  g_clear_pointer (&self->services_in, g_bytes_unref);
  g_clear_pointer (&self->rules, ph_rules_unref);
  ph_lookups_unref (self->lookups);
  g_clear_error (&self->error);
  g_free (self);
}

void
ph_mux_free (PhMux *self)
{
  if (self == NULL || self->freed)
    return;
  ph_mux_enter (self);
  self->freed = TRUE;
  self->blocked = TRUE;
  self->unread = FALSE;
  ph_channel_set_events (self->channel, NULL, NULL);
  ph_timer_clear (&self->deadlines);
  ph_timer_clear (&self->soon);
  drop_all (self, PH_CLOSE_SESSION_ENDING);
  ph_mux_leave_quietly (self);
}

/* What the session asks for */

/* Ends a connection, or begins it; whatever it does to itself, to others it does nothing. */
typedef void (*ConnFunc) (PhConn *conn, gconstpointer data);

static void
for_each (PhMux *self, ConnFunc func, gconstpointer data)
{
  GList *next;

  ph_mux_enter (self);
  for (GList *l = self->all.head; l != NULL; l = next)
    {
      next = l->next;
      func (l->data, data);
    }
  ph_mux_leave_quietly (self);
}

static void
begin_if_held (PhConn *conn, gconstpointer data)
{
  if (conn->state == PH_CONN_HELD)
    ph_conn_begin (conn);
}

void
ph_mux_set_held (PhMux *self, gboolean held)
{
  self->held = held;
  if (held || self->state != PH_MUX_RUNNING)
    return;
  ph_mux_flush_services (self);
  for_each (self, begin_if_held, NULL);
}

static void
abort_unless_allowed (PhConn *conn, gconstpointer data)
{
  if (!ph_conn_is_allowed (conn))
    ph_conn_abort (conn, PH_CLOSE_NOT_ALLOWED, NULL);
}

void
ph_mux_recheck_rules (PhMux *self)
{
  g_return_if_fail (self->role == PH_MUX_HOST);

  for_each (self, abort_unless_allowed, NULL);
}

typedef struct
{
  gconstpointer owner;
  PhCloseReason reason;
} CloseOwner;

static void
abort_if_owned (PhConn *conn, gconstpointer data)
{
  const CloseOwner *wanted = data;

  if (conn->owner == wanted->owner)
    ph_conn_abort (conn, wanted->reason, NULL);
}

void
ph_mux_close_owner (PhMux *self, gconstpointer owner, PhCloseReason reason)
{
  const CloseOwner wanted = { owner, reason };

  for_each (self, abort_if_owned, &wanted);
}

static void
stop_for (PhConn *conn, gconstpointer data)
{
  ph_conn_stop (conn, *(const PhCloseReason *)data);
}

void
ph_mux_shutdown (PhMux *self,
                 PhCloseReason reason,
                 void (*done) (gpointer user_data),
                 gpointer user_data)
{
  g_return_if_fail (self->state == PH_MUX_RUNNING || self->state == PH_MUX_FAILED);

  ph_mux_enter (self);
  set_state (self, PH_MUX_STOPPING);
  self->stop_deadline_us = g_get_monotonic_time () + STOP_WAIT_US;
  self->stop_done = done;
  self->stop_user_data = user_data;
  for_each (self, stop_for, &reason);
  ph_mux_leave_quietly (self);
}

void
ph_mux_get_counters (PhMux *self, PhMuxCounters *ret_counters)
{
  *ret_counters = (PhMuxCounters){
    .connections = self->sum.live,
    .malformed = self->n_malformed,
    .held_bytes = self->sum.held_bytes,
    .bytes_in = self->bytes_in,
    .bytes_out = self->bytes_out,
  };
}

void
ph_mux_foreach (PhMux *self,
                void (*func) (const PhConnectionInfo *info, gpointer user_data),
                gpointer user_data)
{
  PhConnectionInfo info;

  for (GList *l = self->all.head; l != NULL; l = l->next)
    {
      if (!ph_conn_is_live (l->data))
        continue;
      fill_info (l->data, &info);
      func (&info, user_data);
    }
}
