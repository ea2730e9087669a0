/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* One of a Client's mappings: where it answers and leads, how it is, and what mends it. */
#define PH_TYPE_MAPPING_ROW (ph_mapping_row_get_type ())
G_DECLARE_FINAL_TYPE (PhMappingRow, ph_mapping_row, PH, MAPPING_ROW, AdwPreferencesRow)

/* References are taken. */
GtkWidget *ph_mapping_row_new (PhLive *live, PhMappingItem *item);

G_END_DECLS
