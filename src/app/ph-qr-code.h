/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Shows a text as a QR code (ISO/IEC 18004) of at least medium error correction: dark on white in
 * every style, because phones read nothing else, a margin of four modules included. Modules are
 * whole device pixels.
 *
 * Properties:
 *   text         nullable; NULL or "" shows nothing
 *   is-possible  read-only; FALSE if and only if the text is too long for any QR code: more than
 *                about 2300 bytes
 *   label        what a screen reader calls it; "QR code" unless set */
#define PH_TYPE_QR_CODE (ph_qr_code_get_type ())
G_DECLARE_FINAL_TYPE (PhQrCode, ph_qr_code, PH, QR_CODE, GtkWidget)

#define PH_QR_CODE_MIN_SIZE 120 /* pixels; more where a code has more modules, margin included */

GtkWidget *ph_qr_code_new (void);

void ph_qr_code_set_text (PhQrCode *self, const char *text);
const char *ph_qr_code_get_text (PhQrCode *self); /* borrowed, nullable */
gboolean ph_qr_code_get_is_possible (PhQrCode *self);

void ph_qr_code_set_label (PhQrCode *self, const char *label);
const char *ph_qr_code_get_label (PhQrCode *self); /* borrowed */

/* How many modules wide @text is as a QR code, margin included; 0 if it is none, or too long. */
guint ph_qr_code_n_modules (const char *text);

G_END_DECLS
