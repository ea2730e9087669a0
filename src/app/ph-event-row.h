/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-event-log.h"

G_BEGIN_DECLS

/* One event in a list: its level, text, time and how often it happened; follows its changes. */
#define PH_TYPE_EVENT_ROW (ph_event_row_get_type ())
G_DECLARE_FINAL_TYPE (PhEventRow, ph_event_row, PH, EVENT_ROW, AdwBin)

GtkWidget *ph_event_row_new (void);

/* NULL: none. A reference is taken. */
void ph_event_row_set_event (PhEventRow *row, PhEventItem *event);

G_END_DECLS
