/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-live-private.h"

#include "core/ph-error.h"
#include "core/ph-log.h"

#include "ph-reason.h"
#include "ph-words.h"

#include <glib/gi18n.h>

/* Of connections that were closed for one reason or another, in the log, with each snapshot. */
#define MAX_TOLD_AT_ONCE 10

G_DEFINE_FINAL_TYPE (PhLive, ph_live, G_TYPE_OBJECT)

enum
{
  PROP_STATE = 1,
  PROP_CODE,
  PROP_LINK,
  PROP_BLOCK,
  N_PROPERTIES
};

enum
{
  UPDATED,
  EDITED,
  ASKED,
  QUESTION_OVER,
  JOINED,
  LEFT,
  ENDED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

/* --- the log ---------------------------------------------------------------------------------- */

static const PhLogLevel log_levels[] = {
  [PH_EVENT_INFO] = PH_LOG_INFO,
  [PH_EVENT_WARNING] = PH_LOG_WARNING,
  [PH_EVENT_ERROR] = PH_LOG_ERROR,
};

G_GNUC_PRINTF (3, 4)
static void
tell (PhLive *self, PhEventLevel level, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  ph_event_log_add (self->events, level, text);
  ph_log (log_levels[level], "told", "text", text, NULL);
}

/* What a connection came to that did not just end. What else the other side or the system says of
 * it stands with the connection itself. */
static void
tell_closed (PhLive *self, const PhSnapshotConnection *connection)
{
  const char *reason = ph_reason_of_close (connection->reason);
  const char *help = ph_reason_help (connection->reason, self->role);

  if (self->role == PH_SESSION_HOST)
    tell (self, PH_EVENT_WARNING, _ ("A connection from “%s” to %s was closed. %s. %s"),
          connection->peer, connection->remote, reason, help);
  else
    tell (self, PH_EVENT_WARNING, _ ("A connection to %s was closed. %s. %s"), connection->remote,
          reason, help);
}

/* Of very many at once the snapshot has the last ones only, and the log tells of some: who makes
 * thousands of them shall not keep this thread busy. */
static void
tell_all_closed (PhLive *self, PhSnapshot *snapshot)
{
  guint64 n_new = snapshot->n_closed_total - self->n_closed_told;
  guint first = snapshot->n_closed - (guint)MIN (n_new, snapshot->n_closed);
  guint n_wrong = 0;

  for (guint i = first; i < snapshot->n_closed; i++)
    {
      ph_live_note_connection (self, &snapshot->closed[i]);
      if (ph_reason_help (snapshot->closed[i].reason, self->role) != NULL &&
          ++n_wrong <= MAX_TOLD_AT_ONCE)
        tell_closed (self, &snapshot->closed[i]);
    }
  if (n_wrong > MAX_TOLD_AT_ONCE)
    tell (self, PH_EVENT_WARNING, "%s",
          _ ("More connections were closed in the same moment; the list of connections says why."));
  self->n_closed_told = snapshot->n_closed_total;
}

/* --- questions -------------------------------------------------------------------------------- */

/* Borrowed; NULL if nothing is asked about @peer. */
static PhQuestion *
find_question (PhLive *self, const char *peer)
{
  GListModel *questions = G_LIST_MODEL (self->questions);

  for (guint i = 0; i < g_list_model_get_n_items (questions); i++)
    {
      g_autoptr (PhQuestion) question = g_list_model_get_item (questions, i);

      if (g_str_equal (ph_question_get_peer (question), peer))
        return question;
    }
  return NULL;
}

static void
drop_question (PhLive *self, const char *peer)
{
  PhQuestion *found = find_question (self, peer);
  guint position;

  if (found == NULL || !g_list_store_find (self->questions, found, &position))
    return;
  g_list_store_remove (self->questions, position);
  g_signal_emit (self, signals[QUESTION_OVER], 0, peer);
}

/* All at once: the end of one would bring up the next. */
static void
drop_all_questions (PhLive *self)
{
  GListModel *questions = G_LIST_MODEL (self->questions);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (questions); i++)
    g_ptr_array_add (all, g_list_model_get_item (questions, i));
  g_list_store_remove_all (self->questions);
  for (guint i = 0; i < all->len; i++)
    g_signal_emit (self, signals[QUESTION_OVER], 0, ph_question_get_peer (all->pdata[i]));
}

/* About one peer there is one question at a time. */
static void
ask (PhLive *self, const char *peer, const char *number, gboolean is_verified)
{
  g_autoptr (PhQuestion) question = ph_question_new (peer, number, is_verified);

  drop_question (self, peer);
  g_list_store_append (self->questions, question);
  g_signal_emit (self, signals[ASKED], 0, question);
}

void
ph_live_answer (PhLive *live, PhQuestion *question, gboolean is_yes)
{
  g_autofree char *peer = g_strdup (ph_question_get_peer (question));

  if (!g_list_store_find (live->questions, question, NULL))
    return;
  ph_engine_session_answer (live->session, live->role == PH_SESSION_HOST ? peer : NULL, is_yes,
                            NULL, NULL);
  drop_question (live, peer);
}

void
ph_live_answer_peer (PhLive *live, const char *peer, gboolean is_yes)
{
  PhQuestion *question = find_question (live, peer);

  if (question != NULL && ph_question_get_number (question) == NULL)
    ph_live_answer (live, question, is_yes);
}

void
ph_live_ask_again (PhLive *live, const char *peer)
{
  PhQuestion *found = find_question (live, peer);
  g_autoptr (PhQuestion) question = found != NULL ? g_object_ref (found) : NULL;

  if (question != NULL)
    ask (live, peer, ph_question_get_number (question), ph_question_is_verified (question));
}

void
ph_live_emit_edited (PhLive *live)
{
  g_signal_emit (live, signals[EDITED], 0);
}

/* --- what the engine says --------------------------------------------------------------------- */

static void
take_text (PhLive *self, char **kept, const char *text, guint property)
{
  if (g_strcmp0 (*kept, text) == 0)
    return;
  g_free (*kept);
  *kept = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
on_snapshot (PhSnapshot *snapshot, gpointer user_data)
{
  PhLive *self = user_data;

  g_object_freeze_notify (G_OBJECT (self));
  ph_entry_list_set_peers (self->peers, snapshot);
  ph_entry_list_set_connections (self->connections, snapshot);
  tell_all_closed (self, snapshot);
  if (self->role == PH_SESSION_HOST)
    ph_live_count_rules (self);
  else
    ph_live_count_mappings (self);
  take_text (self, &self->code, snapshot->code, PROP_CODE);
  take_text (self, &self->link, snapshot->link, PROP_LINK);
  take_text (self, &self->block, snapshot->block, PROP_BLOCK);
  if (self->state != snapshot->state)
    {
      self->state = snapshot->state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  g_object_thaw_notify (G_OBJECT (self));
  g_signal_emit (self, signals[UPDATED], 0);
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  tell (user_data, PH_EVENT_INFO, _ ("The session is open."));
}

static void
on_block (const char *text, gpointer user_data)
{
  /* in the snapshot */
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  PhLive *self = user_data;

  tell (self, PH_EVENT_INFO,
        is_verified ? _ ("“%s” asks to join, with the share code.")
                    : _ ("“%s” asks to join, without the share code’s secret."),
        client);
  if (!self->approve_all)
    ask (self, client, NULL, is_verified);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  tell (user_data, PH_EVENT_INFO, _ ("Compare the number with “%s”."), peer);
  ask (user_data, peer, number, FALSE);
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  tell (user_data, PH_EVENT_INFO, _ ("“%s” is connected. Path: %s."), peer,
        ph_words_path (path->kind));
  g_signal_emit (user_data, signals[JOINED], 0, peer);
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *message,
            gpointer user_data)
{
  if (state == PH_MAPPING_FAILED)
    tell (user_data, PH_EVENT_ERROR, "%s", message);
  ph_live_note_mapping (user_data, local, remote, state, message);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  drop_question (user_data, peer);
  tell (user_data, PH_EVENT_INFO, _ ("“%s” is disconnected: %s."), peer,
        ph_reason_of_leaving (reason));
  g_signal_emit (user_data, signals[LEFT], 0, peer);
}

static void
on_warning (const char *code, const char *message, gpointer user_data)
{
  tell (user_data, PH_EVENT_WARNING, "%s", message);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  PhLive *self = user_data;

  if (error != NULL)
    {
      self->error = g_error_copy (error);
      tell (self, PH_EVENT_ERROR, "%s", error->message);
    }
  drop_all_questions (self);
  ph_live_switch_mappings_off (self);
  self->state = PH_SESSION_ENDED;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[ENDED], 0);
}

static const PhSessionEvents events = {
  .session = on_session,
  .block = on_block,
  .join_request = on_join_request,
  .verify = on_verify,
  .connected = on_connected,
  .mapping = on_mapping,
  .disconnected = on_disconnected,
  .warning = on_warning,
  .ended = on_ended,
};

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_live_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PhLive *self = PH_LIVE (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;
    case PROP_CODE:
      g_value_set_string (value, self->code);
      break;
    case PROP_LINK:
      g_value_set_string (value, self->link);
      break;
    case PROP_BLOCK:
      g_value_set_string (value, self->block);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ph_live_dispose (GObject *object)
{
  PhLive *self = PH_LIVE (object);

  g_clear_pointer (&self->offering, ph_offering_free);
  g_clear_pointer (&self->session, ph_engine_session_free);
  g_clear_error (&self->error);
  g_clear_pointer (&self->code, g_free);
  g_clear_pointer (&self->link, g_free);
  g_clear_pointer (&self->block, g_free);
  g_clear_object (&self->peers);
  g_clear_object (&self->connections);
  g_clear_object (&self->events);
  g_clear_object (&self->questions);
  g_clear_object (&self->rules);
  g_clear_object (&self->mappings);
  G_OBJECT_CLASS (ph_live_parent_class)->dispose (object);
}

static void
ph_live_class_init (PhLiveClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = ph_live_get_property;
  object_class->dispose = ph_live_dispose;
  properties[PROP_STATE] = g_param_spec_int ("state", NULL, NULL, PH_SESSION_STARTING,
                                             PH_SESSION_ENDED, PH_SESSION_STARTING, flags);
  properties[PROP_CODE] = g_param_spec_string ("code", NULL, NULL, NULL, flags);
  properties[PROP_LINK] = g_param_spec_string ("link", NULL, NULL, NULL, flags);
  properties[PROP_BLOCK] = g_param_spec_string ("block", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  signals[UPDATED] = g_signal_new ("updated", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
  signals[EDITED] =
      g_signal_new ("edited", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ASKED] = g_signal_new ("asked", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, PH_TYPE_QUESTION);
  signals[QUESTION_OVER] = g_signal_new ("question-over", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[JOINED] = g_signal_new ("joined", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[LEFT] = g_signal_new ("left", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[ENDED] =
      g_signal_new ("ended", PH_TYPE_LIVE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ph_live_init (PhLive *self)
{
  self->peers = ph_entry_list_new ();
  self->connections = ph_entry_list_new ();
  self->events = ph_event_log_new ();
  self->questions = g_list_store_new (PH_TYPE_QUESTION);
  self->rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  self->mappings = g_list_store_new (PH_TYPE_MAPPING_ITEM);
}

/* The texts of those rules that are on; owned, NULL-terminated. */
static char **
dup_rules_on (GListModel *rules)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (ph_rule_item_is_on (item))
        g_strv_builder_add (builder, ph_rule_item_get_text (item));
    }
  return g_strv_builder_end (builder);
}

PhLive *
ph_live_new_host (PhEngine *engine, const PhHostOptions *options, GListModel *rules, GError **error)
{
  g_autoptr (PhLive) self = g_object_new (PH_TYPE_LIVE, NULL);
  g_auto (GStrv) texts = dup_rules_on (rules);

  self->role = PH_SESSION_HOST;
  self->is_manual = options->is_manual;
  self->approve_all = options->approve_all;
  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      g_list_store_append (self->rules, item);
    }
  self->session =
      ph_engine_host (engine, options, (const char *const *)texts, &events, self, error);
  if (self->session == NULL)
    return NULL;
  ph_engine_session_set_snapshot_func (self->session, on_snapshot);
  self->offering = ph_offering_new (self);
  return g_steal_pointer (&self);
}

PhLive *
ph_live_new_client (PhEngine *engine,
                    const char *code_text,
                    const PhJoinOptions *options,
                    GError **error)
{
  g_autoptr (PhLive) self = g_object_new (PH_TYPE_LIVE, NULL);

  self->role = PH_SESSION_CLIENT;
  self->is_manual = options->is_manual;
  self->session = ph_engine_join (engine, code_text, options, NULL, &events, self, error);
  if (self->session == NULL)
    return NULL;
  ph_engine_session_set_snapshot_func (self->session, on_snapshot);
  return g_steal_pointer (&self);
}

PhSessionRole
ph_live_get_role (PhLive *live)
{
  return live->role;
}

PhSessionState
ph_live_get_state (PhLive *live)
{
  return live->state;
}

gboolean
ph_live_is_manual (PhLive *live)
{
  return live->is_manual;
}

const GError *
ph_live_get_error (PhLive *live)
{
  return live->error;
}

PhSnapshot *
ph_live_get_snapshot (PhLive *live)
{
  return ph_engine_session_get_snapshot (live->session);
}

const PhSnapshotPeer *
ph_live_get_only_peer (PhLive *live)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (live);

  return snapshot->n_peers == 1 ? snapshot->peers : NULL;
}

guint
ph_live_get_n_connections (PhLive *live)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (live);
  guint n = 0;

  for (guint i = 0; i < snapshot->n_peers; i++)
    n += snapshot->peers[i].n_connections;
  return n;
}

GListModel *
ph_live_get_peers (PhLive *live)
{
  return G_LIST_MODEL (live->peers);
}

GListModel *
ph_live_get_connections (PhLive *live)
{
  return G_LIST_MODEL (live->connections);
}

PhEventLog *
ph_live_get_events (PhLive *live)
{
  return live->events;
}

GListModel *
ph_live_get_questions (PhLive *live)
{
  return G_LIST_MODEL (live->questions);
}

GListModel *
ph_live_get_rules (PhLive *live)
{
  return G_LIST_MODEL (live->rules);
}

GListModel *
ph_live_get_mappings (PhLive *live)
{
  return G_LIST_MODEL (live->mappings);
}

void
ph_live_set_services (PhLive *live, PhServices *services)
{
  ph_engine_session_set_services (live->session, services, NULL, NULL);
}

void
ph_live_kick (PhLive *live, const char *client)
{
  ph_engine_session_kick (live->session, client, NULL, NULL);
}

void
ph_live_end (PhLive *live)
{
  ph_engine_session_end (live->session);
}

void
ph_live_offer (PhLive *live, PhEngineDone done, gpointer user_data)
{
  ph_engine_session_offer (live->session, done, user_data);
}

void
ph_live_paste (PhLive *live, const char *text, PhEngineDone done, gpointer user_data)
{
  ph_engine_session_paste (live->session, text, done, user_data);
}
