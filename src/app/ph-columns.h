/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Its visible children side by side, equally wide, where each of them gets a column that is wide
 * enough to read in; else above each other, where an empty one takes no room. */
#define PH_TYPE_COLUMNS (ph_columns_get_type ())
G_DECLARE_FINAL_TYPE (PhColumns, ph_columns, PH, COLUMNS, GtkWidget)

G_END_DECLS
