/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-live.h"

G_BEGIN_DECLS

/* Tells a Host's Clients what there is by name: what the rules name, and what is found listening on
 * this computer where a rule is wide; the Host leaves out what no rule allows. Looks every few
 * seconds while anybody is connected. The window's thread. */
typedef struct _PhOffering PhOffering;

/* @live is borrowed for the offering's life. */
PhOffering *ph_offering_new (PhLive *live);
void ph_offering_free (PhOffering *offering);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhOffering, ph_offering_free)

G_END_DECLS
