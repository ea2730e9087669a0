/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* One step of several: a numbered title, in words whether it is done or to be done now, and below
 * that the children that it was given. */
#define PH_TYPE_PAIRING_STEP (ph_pairing_step_get_type ())
G_DECLARE_FINAL_TYPE (PhPairingStep, ph_pairing_step, PH, PAIRING_STEP, GtkBox)

typedef enum
{
  PH_PROGRESS_LATER,
  PH_PROGRESS_NOW,
  PH_PROGRESS_DONE,
} PhProgress;

void ph_pairing_step_set_title (PhPairingStep *step, guint number, const char *title);

/* @is_open: the children are shown. */
void ph_pairing_step_set_progress (PhPairingStep *step, PhProgress progress, gboolean is_open);

G_END_DECLS
