/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Pairing without a server, step by step, for either side: two people pass texts to each other
 * (session/ph-block.h), and it says which step is now. Nothing of a text stays once it was taken.
 */
#define PH_TYPE_PAIRING_VIEW (ph_pairing_view_get_type ())
G_DECLARE_FINAL_TYPE (PhPairingView, ph_pairing_view, PH, PAIRING_VIEW, AdwBin)

/* Once; a reference is taken. */
void ph_pairing_view_set_live (PhPairingView *view, PhLive *live);

/* Host: asks for a new offer, in place of the one that is open. */
void ph_pairing_view_offer (PhPairingView *view);

G_END_DECLS
