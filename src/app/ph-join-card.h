/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* Where a person joins: by a code or link that is typed or pasted, that is found on the clipboard
 * or that another program opened. None of them does anything before the person says so.
 *
 * Signals: `join` (a string that ph_code_parse takes; NULL: without a server) and `dismissed` (what
 * was offered is not wanted). */
#define PH_TYPE_JOIN_CARD (ph_join_card_get_type ())
G_DECLARE_FINAL_TYPE (PhJoinCard, ph_join_card, PH, JOIN_CARD, AdwBin)

/* Asks whether to join @text, which another program opened. */
void ph_join_card_offer (PhJoinCard *card, const char *text);

/* As it is without an offer; what stands in the entry stays. */
void ph_join_card_end_offer (PhJoinCard *card);

void ph_join_card_show_problem (PhJoinCard *card, const char *message);

void ph_join_card_focus (PhJoinCard *card);

G_END_DECLS
