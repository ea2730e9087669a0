/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-keeper.h"

#define QUIET_MS 500

struct _PhKeeper
{
  PhSavedSessions *sessions;
  PhPlan *plan;
  PhLive *live;
  guint timer; /* 0: nothing to write */
};

static void
write_now (PhKeeper *self)
{
  g_autoptr (GError) error = NULL;

  if (self->plan->saved == NULL)
    return; /* forgotten meanwhile */
  ph_plan_follow (self->plan, self->live);
  ph_plan_write (self->plan, self->plan->saved);
  ph_saved_session_touch (self->plan->saved);
  if (!ph_saved_sessions_save (self->sessions, self->plan->saved, &error))
    ph_event_log_add (ph_live_get_events (self->live), PH_EVENT_WARNING, error->message);
}

static gboolean
on_timer (gpointer user_data)
{
  PhKeeper *self = user_data;

  self->timer = 0;
  write_now (self);
  return G_SOURCE_REMOVE;
}

static void
on_changed (PhKeeper *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (QUIET_MS, on_timer, self);
}

PhKeeper *
ph_keeper_new (PhSavedSessions *sessions, PhPlan *plan, PhLive *live)
{
  PhKeeper *self = g_new0 (PhKeeper, 1);

  self->sessions = g_object_ref (sessions);
  self->plan = plan;
  self->live = g_object_ref (live);
  g_signal_connect_swapped (live, "edited", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (live, "notify::link", G_CALLBACK (on_changed), self);
  on_changed (self);
  return self;
}

void
ph_keeper_free (PhKeeper *self)
{
  if (self->timer != 0)
    {
      g_clear_handle_id (&self->timer, g_source_remove);
      write_now (self);
    }
  g_signal_handlers_disconnect_by_data (self->live, self);
  g_object_unref (self->live);
  g_object_unref (self->sessions);
  g_free (self);
}
