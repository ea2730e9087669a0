/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "session/ph-service.h"

G_BEGIN_DECLS

/* A service that the Host offers, as its person is shown it. Immutable. */
#define PH_TYPE_OFFER (ph_offer_get_type ())
G_DECLARE_FINAL_TYPE (PhOffer, ph_offer, PH, OFFER, GObject)

PhOffer *ph_offer_new (const PhService *service);

/* Borrowed. */
const char *ph_offer_get_title (PhOffer *offer); /* never empty */
const char *ph_offer_get_text (PhOffer *offer);  /* "127.0.0.1:25565", as the Host sees it */

guint16 ph_offer_get_port (PhOffer *offer);
PhKind ph_offer_get_kind (PhOffer *offer);

/* "ph-game-symbolic" and so on. Owned. */
char *ph_offer_dup_icon_name (PhKind kind);

/* Brings @offers, PhOffer, to what @services says; what stays the same at the beginning stays the
 * same objects. */
void ph_offer_update_list (GListStore *offers, const PhService *services, guint n_services);

G_END_DECLS
