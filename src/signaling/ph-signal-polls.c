/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-polls.h"

#include <glib/gi18n-lib.h>

#include "core/ph-timer.h"

#define RETRY_S 1

typedef struct
{
  PhSignalPolls *owner;
  PhSignalCall *call;
  PhSignalPollQuery query;
  char *token;
  gboolean keeps;      /* keeps the session from expiring */
  gboolean is_limited; /* is one of its address's polls */
  GSource *timer;
  GSource *hangup;
} Poll;

struct _PhSignalPolls
{
  GMainContext *context;
  PhSignalStore *store;
  PhSignalCallers *callers;
  PhSignalTally *tally;
  GHashTable *by_call; /* PhSignalCall -> Poll, owned */
  GHashTable *by_id;   /* session id -> set of Poll, both owned */
  GHashTable *dirty;   /* set of session ids that changed: their polls are to be looked at */
  GSource *dirty_timer;
  gboolean is_stopped;
};

static void
poll_free (gpointer data)
{
  Poll *poll = data;

  ph_timer_clear (&poll->timer);
  ph_timer_clear (&poll->hangup);
  g_free (poll->token);
  g_free (poll);
}

/* ---- Letting go ---- */

/* Its call is an ordinary one again. */
static void
let_go (Poll *poll)
{
  PhSignalPolls *self = poll->owner;
  GHashTable *of_session = g_hash_table_lookup (self->by_id, poll->query.id);

  g_hash_table_remove (of_session, poll);
  if (g_hash_table_size (of_session) == 0)
    g_hash_table_remove (self->by_id, poll->query.id);
  if (poll->keeps)
    ph_signal_store_release (self->store, poll->query.id, g_get_monotonic_time ());
  if (poll->is_limited)
    ph_signal_callers_end_poll (self->callers, ph_signal_call_get_address (poll->call));
  self->tally->held_polls--;
  g_hash_table_remove (self->by_call, poll->call);
}

void
ph_signal_polls_forget (PhSignalPolls *self, PhSignalCall *call)
{
  Poll *poll = g_hash_table_lookup (self->by_call, call);

  if (poll != NULL)
    let_go (poll);
}

/* Answers a held poll if it is ready, or @now whatever there is. */
static void
look_again (Poll *poll, gboolean now)
{
  PhSignalCall *call = poll->call;
  PhSignalConn *conn = ph_signal_call_get_conn (call);
  const PhSignalSession *session = NULL;
  gboolean ready = FALSE;
  PhStoreStatus status =
      ph_signal_store_poll (poll->owner->store, poll->query.id, poll->token, poll->query.wait,
                            poll->query.since, g_get_monotonic_time (), &session, &ready);

  if (status == PH_STORE_OK && !ready && !now)
    return;
  let_go (poll);
  if (conn != NULL)
    ph_signal_conn_allow (conn, 0);
  if (status == PH_STORE_OK)
    ph_signal_call_answer_session (call, SOUP_STATUS_OK, session, NULL);
  else
    ph_signal_call_answer_status (call, status);
  ph_signal_call_resume (call);
}

static gboolean
on_time_over (gpointer poll)
{
  look_again (poll, TRUE);
  return G_SOURCE_REMOVE;
}

/* The caller hung up, or says more before it was answered: libsoup finds out when it goes on. */
static gboolean
on_hangup (GSocket *socket, GIOCondition condition, gpointer poll)
{
  look_again (poll, TRUE);
  return G_SOURCE_REMOVE;
}

/* ---- Holding ---- */

static GHashTable *
ensure_set (PhSignalPolls *self, const char *id)
{
  GHashTable *set = g_hash_table_lookup (self->by_id, id);

  if (set != NULL)
    return set;
  set = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (self->by_id, g_strdup (id), set);
  return set;
}

static void
hold (PhSignalPolls *self,
      PhSignalCall *call,
      PhSignalConn *conn,
      const PhSignalPollQuery *query,
      gboolean is_limited)
{
  Poll *poll = g_new0 (Poll, 1);

  poll->owner = self;
  poll->call = call;
  poll->query = *query;
  poll->token = g_strdup (ph_signal_call_get_token (call));
  poll->is_limited = is_limited;
  poll->keeps = ph_signal_store_hold (self->store, query->id, query->wait);
  g_hash_table_insert (self->by_call, call, poll);
  g_hash_table_add (ensure_set (self, query->id), poll);
  self->tally->held_polls++;
  poll->timer = ph_timer_new (self->context, "[porthole] poll", on_time_over, poll);
  ph_timer_arm (poll->timer, query->hold_s * 1000);
  ph_signal_conn_allow (conn, query->hold_s);
  poll->hangup = ph_signal_conn_create_source (conn);
  g_source_set_callback (poll->hangup, G_SOURCE_FUNC (on_hangup), poll, NULL);
  g_source_attach (poll->hangup, self->context);
  ph_signal_call_pause (call);
}

void
ph_signal_polls_answer (PhSignalPolls *self,
                        PhSignalCall *call,
                        const PhSignalPollQuery *query,
                        gboolean is_limited)
{
  PhSignalConn *conn = ph_signal_call_get_conn (call);
  const PhSignalSession *session = NULL;
  gboolean ready = FALSE;
  PhStoreStatus status =
      ph_signal_store_poll (self->store, query->id, ph_signal_call_get_token (call), query->wait,
                            query->since, g_get_monotonic_time (), &session, &ready);

  if (status != PH_STORE_OK)
    ph_signal_call_answer_status (call, status);
  else if (ready || query->hold_s == 0 || self->is_stopped || conn == NULL)
    ph_signal_call_answer_session (call, SOUP_STATUS_OK, session, NULL);
  else if (is_limited &&
           !ph_signal_callers_begin_poll (self->callers, ph_signal_call_get_address (call)))
    ph_signal_call_answer_too_many (call, N_ ("Too many polls from this address; wait a little."),
                                    RETRY_S);
  else
    hold (self, call, conn, query, is_limited);
}

/* ---- Changes ---- */

static void
look_at_id (PhSignalPolls *self, const char *id)
{
  GHashTable *set = g_hash_table_lookup (self->by_id, id);
  g_autoptr (GList) polls = set != NULL ? g_hash_table_get_keys (set) : NULL;

  for (GList *l = polls; l != NULL; l = l->next)
    look_again (l->data, FALSE);
}

/* Looking may find a session expired and so change another one: that one gets its own turn. */
static gboolean
on_dirty (gpointer data)
{
  PhSignalPolls *self = data;
  g_autoptr (GHashTable) dirty = g_steal_pointer (&self->dirty);
  GHashTableIter iter;
  gpointer id;

  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, dirty);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    look_at_id (self, id);
  return G_SOURCE_CONTINUE;
}

void
ph_signal_polls_changed (PhSignalPolls *self, const char *id)
{
  if (!g_hash_table_contains (self->by_id, id))
    return;
  g_hash_table_add (self->dirty, g_strdup (id));
  ph_timer_arm (self->dirty_timer, 0);
}

/* ---- Life ---- */

PhSignalPolls *
ph_signal_polls_new (PhSignalStore *store, PhSignalCallers *callers, PhSignalTally *tally)
{
  PhSignalPolls *self = g_new0 (PhSignalPolls, 1);

  self->context = g_main_context_ref_thread_default ();
  self->store = store;
  self->callers = callers;
  self->tally = tally;
  self->by_call = g_hash_table_new_full (NULL, NULL, NULL, poll_free);
  self->by_id =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->dirty_timer = ph_timer_new (self->context, "[porthole] polls", on_dirty, self);
  return self;
}

void
ph_signal_polls_stop (PhSignalPolls *self)
{
  g_autoptr (GList) polls = g_hash_table_get_values (self->by_call);

  self->is_stopped = TRUE;
  for (GList *l = polls; l != NULL; l = l->next)
    look_again (l->data, TRUE);
}

void
ph_signal_polls_free (PhSignalPolls *self)
{
  if (self == NULL)
    return;
  ph_timer_clear (&self->dirty_timer);
  g_hash_table_unref (self->by_call);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->dirty);
  g_main_context_unref (self->context);
  g_free (self);
}
