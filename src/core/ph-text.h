/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Words of other people, made safe to show and to log: nothing that moves the cursor, turns the
 * direction of writing, hides, or forges a line. */

#define PH_TEXT_MAX_NAME 64    /* bytes of a Host's or a Client's name */
#define PH_TEXT_MAX_REASON 200 /* bytes of the text behind a close reason */

/* Makes @size bytes (-1: up to the NUL) fit to be shown: bytes that are not UTF-8 become U+FFFD,
 * line breaks and tabs become spaces, every other control, format, bidi and zero-width character
 * goes, the ends are trimmed, and what is left is cut to @max_bytes between two characters. Owned,
 * never NULL, may be empty. What comes out comes out unchanged the second time. */
char *ph_text_clean (const char *text, gssize size, gsize max_bytes);

/* @text, which is or should be a URL, without what stands between its scheme and the last “@”:
 * there a password may be. Owned. */
char *ph_text_hide_login (const char *text);

/* Whether @text is UTF-8 of at most PH_TEXT_MAX_NAME bytes with none of the characters that
 * ph_text_clean takes away, and with something to be seen in it. */
gboolean ph_text_is_name (const char *text);

G_END_DECLS
