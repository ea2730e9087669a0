/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* A Host's session: the code to pass on, its rules, who asks to join and who is there. */
#define PH_TYPE_HOST_VIEW (ph_host_view_get_type ())
G_DECLARE_FINAL_TYPE (PhHostView, ph_host_view, PH, HOST_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_host_view_set_live (PhHostView *view, PhLive *live);

G_END_DECLS
