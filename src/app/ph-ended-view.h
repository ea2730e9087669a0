/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* A session that is over: what happened, why, and what to do now. */
#define PH_TYPE_ENDED_VIEW (ph_ended_view_get_type ())
G_DECLARE_FINAL_TYPE (PhEndedView, ph_ended_view, PH, ENDED_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_ended_view_set_live (PhEndedView *view, PhLive *live);

G_END_DECLS
