/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* The traffic of the last minute and a table of connections. */
#define PH_TYPE_CONNECTIONS_VIEW (ph_connections_view_get_type ())
G_DECLARE_FINAL_TYPE (PhConnectionsView, ph_connections_view, PH, CONNECTIONS_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_connections_view_set_live (PhConnectionsView *view, PhLive *live);

G_END_DECLS
