/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells a block that is pasted, line after line, from the commands beside it. One that does not
 * come to its end is over when nothing more has come for a moment. */
typedef struct _PhPaste PhPaste;

/* @pasted is called with the lines of one block, joined: from its first on, to its last if that
 * came. It may free the paste. */
PhPaste *ph_paste_new (GMainContext *context,
                       void (*pasted) (const char *text, gpointer user_data),
                       gpointer user_data);
void ph_paste_free (PhPaste *paste);

/* Whether @line belongs to a block; else it is a command. */
gboolean ph_paste_take (PhPaste *paste, const char *line);

/* Nothing more will come. */
void ph_paste_end (PhPaste *paste);

G_END_DECLS
