/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "session/ph-block.h"

G_BEGIN_DECLS

/* Takes a block of text (session/ph-block.h) that another person has sent: typed, pasted, or from
 * the clipboard, where it is offered and not taken. What is in it is judged at once, in words, and
 * stays until its person changes it. Signal: `submitted` (const char *text), of text that holds
 * such a block. */
#define PH_TYPE_PASTE_BOX (ph_paste_box_get_type ())
G_DECLARE_FINAL_TYPE (PhPasteBox, ph_paste_box, PH, PASTE_BOX, AdwBin)

/* Once. @button: what to do with the text, with a mnemonic. */
void ph_paste_box_set_wanted (PhPasteBox *box, PhBlockKind wanted, const char *button);

/* The block that this side sends, so that it is known when it is pasted here. NULL: none. */
void ph_paste_box_set_own (PhPasteBox *box, const char *own);

/* What is wrong with what was submitted. */
void ph_paste_box_show_problem (PhPasteBox *box, const char *message);

void ph_paste_box_clear (PhPasteBox *box);

G_END_DECLS
