/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A block of text that is to be passed on (session/ph-block.h): to be read, copied, and shown as a
 * QR code where one can hold it. Signal: `copied`. */
#define PH_TYPE_BLOCK_BOX (ph_block_box_get_type ())
G_DECLARE_FINAL_TYPE (PhBlockBox, ph_block_box, PH, BLOCK_BOX, AdwBin)

/* @text: NULL while there is none. */
void ph_block_box_set_text (PhBlockBox *box, const char *text);
const char *ph_block_box_get_text (PhBlockBox *box); /* borrowed */

G_END_DECLS
