/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What a Host passes on: the share code, and buttons that copy it or its link, or show the link as
 * a QR code.
 *
 * Properties:
 *   code        nullable; the share code. It is shortened to be seen, and copied whole. Without one
 *               the link is seen in its place, and only that can be copied.
 *   link        nullable; without one only the code can be copied
 *   more-links  GStrv, nullable; the same link by other addresses of this computer
 *
 * Signal:
 *   copied (const char *what)   something is on the clipboard now: a sentence for a toast */
#define PH_TYPE_CODE_BOX (ph_code_box_get_type ())
G_DECLARE_FINAL_TYPE (PhCodeBox, ph_code_box, PH, CODE_BOX, AdwBin)

GtkWidget *ph_code_box_new (void);

/* All three are copied; the getters' values are borrowed. */
void ph_code_box_set_code (PhCodeBox *self, const char *code);
const char *ph_code_box_get_code (PhCodeBox *self);
void ph_code_box_set_link (PhCodeBox *self, const char *link);
const char *ph_code_box_get_link (PhCodeBox *self);
void ph_code_box_set_more_links (PhCodeBox *self, const char *const *links);
const char *const *ph_code_box_get_more_links (PhCodeBox *self);

/* What tells one link from the others: its "HOST[:PORT]", or all of it where it has no such part.
 * Owned. */
char *ph_code_box_dup_address (const char *link);

G_END_DECLS
