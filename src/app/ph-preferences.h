/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-application.h"

G_BEGIN_DECLS

/* What a person can set. Each setting is kept as it is typed, right or wrong; what is wrong with
 * one is said where it stands. Sessions that run keep what they were begun with. */
#define PH_TYPE_PREFERENCES (ph_preferences_get_type ())
G_DECLARE_FINAL_TYPE (PhPreferences, ph_preferences, PH, PREFERENCES, AdwPreferencesWindow)

/* @parent: NULL for a window that belongs to none. */
GtkWindow *ph_preferences_new (PhApplication *application, GtkWindow *parent);

G_END_DECLS
