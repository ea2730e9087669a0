/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-listening.h"

G_BEGIN_DECLS

#define PH_CHOICES_PROMINENT 4

/* A service that a person may choose to share. Emits `changed`. */
#define PH_TYPE_CHOICE (ph_choice_get_type ())
G_DECLARE_FINAL_TYPE (PhChoice, ph_choice, PH, CHOICE, GObject)

/* "127.0.0.1:25565": the rule that shares it; borrowed. */
const char *ph_choice_get_rule (PhChoice *choice);

/* "Minecraft", else the program's name, else "Port 4711"; and what else there is to say. Text of
 * other programs, safe to show, no markup. Owned. */
char *ph_choice_dup_title (PhChoice *choice);
char *ph_choice_dup_detail (PhChoice *choice);

PhKind ph_choice_get_kind (PhChoice *choice);

/* Part of the system, or behind the first PH_CHOICES_PROMINENT: rarely what is looked for. */
gboolean ph_choice_is_minor (PhChoice *choice);

gboolean ph_choice_is_system (PhChoice *choice);

gboolean ph_choice_is_chosen (PhChoice *choice);
void ph_choice_set_chosen (PhChoice *choice, gboolean is_chosen);

/* What a person may choose from, while what runs comes and goes: a service keeps its item, and what
 * has been chosen stays. Needs no display. */
typedef struct _PhChoices PhChoices;

/* Nothing has been found yet. */
PhChoices *ph_choices_new (void);
void ph_choices_free (PhChoices *choices);

/* PhChoice, borrowed: those found, in their order, and what is often shared but does not run. */
GListModel *ph_choices_get_found (PhChoices *choices);
GListModel *ph_choices_get_presets (PhChoices *choices);

/* Nobody looks through more; what is not among them can be typed. */
#define PH_CHOICES_MAX_FOUND 250

/* @found: PhListening, of which the first PH_CHOICES_MAX_FOUND are offered; NULL: nothing is known,
 * what was found before is gone. */
void ph_choices_set_found (PhChoices *choices, GPtrArray *found);

/* Services that @rules (PhRuleItem) share already are not offered, from now on. */
void ph_choices_leave_out (PhChoices *choices, GListModel *rules);

/* The rules of what is chosen, PhRuleItem, switched on; may be empty. Owned. */
GListStore *ph_choices_dup_rules (PhChoices *choices);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhChoices, ph_choices_free)

G_END_DECLS
