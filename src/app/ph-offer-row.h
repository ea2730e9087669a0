/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"
#include "ph-offer.h"

G_BEGIN_DECLS

/* A service that the Host offers, and a button that maps it. */
#define PH_TYPE_OFFER_ROW (ph_offer_row_get_type ())
G_DECLARE_FINAL_TYPE (PhOfferRow, ph_offer_row, PH, OFFER_ROW, AdwActionRow)

/* References are taken. */
GtkWidget *ph_offer_row_new (PhLive *live, PhOffer *offer);

G_END_DECLS
