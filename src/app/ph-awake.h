/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Keeps the computer from suspending by itself, and the application from ending for want of a
 * window, while sessions run that need them to. The main thread. */
#define PH_TYPE_AWAKE (ph_awake_get_type ())
G_DECLARE_FINAL_TYPE (PhAwake, ph_awake, PH, AWAKE, GObject)

/* @application outlives it and is borrowed. */
PhAwake *ph_awake_new (GtkApplication *application);

/* As many times as sessions begin and end. */
void ph_awake_hold (PhAwake *self);
void ph_awake_release (PhAwake *self);

G_END_DECLS
