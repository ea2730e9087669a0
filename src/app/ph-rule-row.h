/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* One of a Host's rules: what it shares, who uses it, a switch, and a menu to edit or remove it. */
#define PH_TYPE_RULE_ROW (ph_rule_row_get_type ())
G_DECLARE_FINAL_TYPE (PhRuleRow, ph_rule_row, PH, RULE_ROW, AdwActionRow)

/* References are taken. */
GtkWidget *ph_rule_row_new (PhLive *live, PhRuleItem *item);

G_END_DECLS
