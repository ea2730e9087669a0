/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* A Client's session: what the Host offers, and its mappings. */
#define PH_TYPE_CLIENT_VIEW (ph_client_view_get_type ())
G_DECLARE_FINAL_TYPE (PhClientView, ph_client_view, PH, CLIENT_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_client_view_set_live (PhClientView *view, PhLive *live);

G_END_DECLS
