/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Commands from standard input, a line each, without blocking. */
typedef struct _PhInput PhInput;

#define PH_INPUT_MAX_LINE 4096 /* bytes; longer lines are dropped whole */

/* @line: with white space taken off both ends; NULL: the input has ended, nothing comes after. It
 * may free the input. */
typedef void (*PhInputFunc) (const char *line, gpointer user_data);

PhInput *ph_input_new (GMainContext *context, PhInputFunc func, gpointer user_data);
void ph_input_free (PhInput *input);

/* If @line is "@word REST" or "@word", returns REST, which may be empty; else NULL. */
const char *ph_input_match (const char *line, const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhInput, ph_input_free)

G_END_DECLS
