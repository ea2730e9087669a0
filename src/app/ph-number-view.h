/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The number two people read to each other: large, in groups of four digits that are read from left
 * to right in every language, one group below the other where there is no room. It can be selected,
 * and a screen reader says it digit by digit.
 *
 * Property: number, nullable. Only its digits 0-9 are shown. */
#define PH_TYPE_NUMBER_VIEW (ph_number_view_get_type ())
G_DECLARE_FINAL_TYPE (PhNumberView, ph_number_view, PH, NUMBER_VIEW, AdwBin)

GtkWidget *ph_number_view_new (void);

void ph_number_view_set_number (PhNumberView *self, const char *number);
const char *ph_number_view_get_number (PhNumberView *self); /* borrowed, nullable */

/* "1234 5678 9012", and "1 2 3 4, 5 6 7 8, 9 0 1 2". @number is nullable. Owned. */
char *ph_number_view_dup_shown (const char *number);
char *ph_number_view_dup_spoken (const char *number);

G_END_DECLS
