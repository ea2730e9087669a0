/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A one-shot timer that is made once and armed as often as wanted. It is a GSource: the callback
 * runs on the context's thread, and returning G_SOURCE_REMOVE ends the timer for good. */

/* Attached to @context, not armed. @name is static, for profilers. Owned: end it with
 * ph_timer_clear. */
GSource *
ph_timer_new (GMainContext *context, const char *name, GSourceFunc func, gpointer user_data);

/* Fires once, @delay_ms from now; 0 means on the context's next turn. Replaces an earlier time. */
void ph_timer_arm (GSource *timer, guint delay_ms);

/* As above at a g_get_monotonic_time(); -1 disarms. */
void ph_timer_arm_at (GSource *timer, gint64 time_us);

void ph_timer_disarm (GSource *timer);

/* Destroys, unrefs and forgets; NULL is fine. */
void ph_timer_clear (GSource **timer);

G_END_DECLS
