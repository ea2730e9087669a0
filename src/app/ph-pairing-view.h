/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Pairing without a server, step by step, for either side: while nobody is connected yet, it
 * stands in place of the session's overview. */
#define PH_TYPE_PAIRING_VIEW (ph_pairing_view_get_type ())
G_DECLARE_FINAL_TYPE (PhPairingView, ph_pairing_view, PH, PAIRING_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_pairing_view_set_live (PhPairingView *view, PhLive *live);

G_END_DECLS
