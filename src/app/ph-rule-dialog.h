/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Asks for a rule, to be added to @live's, or to stand in place of @item (NULL: added). */
void ph_rule_dialog_present (GtkWindow *parent, PhLive *live, PhRuleItem *item);

G_END_DECLS
