/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-timer.h"

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

GSource *
ph_timer_new (GMainContext *context, const char *name, GSourceFunc func, gpointer user_data)
{
  GSource *timer = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_static_name (timer, name);
  g_source_set_callback (timer, func, user_data, NULL);
  g_source_attach (timer, context);
  return timer;
}

void
ph_timer_arm (GSource *timer, guint delay_ms)
{
  g_source_set_ready_time (timer, delay_ms == 0 ? 0 : g_get_monotonic_time () + delay_ms * 1000ll);
}

void
ph_timer_arm_at (GSource *timer, gint64 time_us)
{
  g_source_set_ready_time (timer, time_us);
}

void
ph_timer_disarm (GSource *timer)
{
  g_source_set_ready_time (timer, -1);
}

void
ph_timer_clear (GSource **timer)
{
  if (*timer == NULL)
    return;
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}
