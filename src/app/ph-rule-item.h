/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* One of a Host's rules as its person sees it: one that is switched off is remembered and allows
 * nothing. Emits `changed`. */
#define PH_TYPE_RULE_ITEM (ph_rule_item_get_type ())
G_DECLARE_FINAL_TYPE (PhRuleItem, ph_rule_item, PH, RULE_ITEM, GObject)

/* @text is a rule, normalised. */
PhRuleItem *ph_rule_item_new (const char *text, gboolean is_on);

/* Borrowed. */
const char *ph_rule_item_get_text (PhRuleItem *item);

/* What is known of its port ("Minecraft"), else its text; borrowed. */
const char *ph_rule_item_get_title (PhRuleItem *item);

gboolean ph_rule_item_is_on (PhRuleItem *item);
void ph_rule_item_set_on (PhRuleItem *item, gboolean is_on);

/* How many connections it lets through now, and whose, separated by commas; borrowed, may be empty.
 */
guint ph_rule_item_get_n_connections (PhRuleItem *item);
const char *ph_rule_item_get_users (PhRuleItem *item);
void ph_rule_item_set_use (PhRuleItem *item, guint n_connections, const char *users);

G_END_DECLS
