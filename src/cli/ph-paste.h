/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells a block that is pasted, line after line, from the commands beside it. A block that does not
 * come to its end is over when nothing more has come for a moment.
 *
 * What stands around a block in a message is another person's, and must not command: a person
 * types one command at a time, so only a line that comes alone is one. Lines that come together are
 * a paste, and what comes with a block, before it or behind, is dropped. Programs, which know what
 * they write, need not wait between lines. */
typedef struct _PhPaste PhPaste;

/* Each may free the paste. */
typedef struct
{
  /* The lines of one block, joined: from its first on, to its last if that came; or lines that came
   * together without any block. */
  void (*pasted) (const char *text, gpointer user_data);

  /* A line that is no part of a paste; empty ones are left out where a person types. */
  void (*command) (const char *line, gpointer user_data);
} PhPasteEvents;

/* @is_typed: by a person, not by a program. @events is borrowed. */
PhPaste *ph_paste_new (GMainContext *context,
                       gboolean is_typed,
                       const PhPasteEvents *events,
                       gpointer user_data);
void ph_paste_free (PhPaste *paste);

void ph_paste_take (PhPaste *paste, const char *line);

/* Nothing more will come. */
void ph_paste_end (PhPaste *paste);

G_END_DECLS
