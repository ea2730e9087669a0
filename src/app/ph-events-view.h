/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* What has happened, to filter, search, copy and export. */
#define PH_TYPE_EVENTS_VIEW (ph_events_view_get_type ())
G_DECLARE_FINAL_TYPE (PhEventsView, ph_events_view, PH, EVENTS_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_events_view_set_live (PhEventsView *view, PhLive *live);

G_END_DECLS
