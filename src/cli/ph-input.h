/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Commands from standard input, a line each, without blocking. */
typedef struct _PhInput PhInput;

#define PH_INPUT_MAX_LINE 4096 /* bytes */

/* Each may free the input. */
typedef struct
{
  /* UTF-8 without control characters, with no white space at its ends; may be empty. */
  void (*line) (const char *line, gpointer user_data);

  /* A line beyond PH_INPUT_MAX_LINE was dropped whole. */
  void (*too_long) (gpointer user_data);

  /* Nothing comes after. */
  void (*ended) (gpointer user_data);
} PhInputEvents;

/* While standard input is a terminal that belongs to others, because the program is in the
 * background, it is left alone. @events is borrowed. */
PhInput *ph_input_new (GMainContext *context, const PhInputEvents *events, gpointer user_data);
void ph_input_free (PhInput *input);

/* A command: its word, what stands behind it and what that is (NULL: nothing), what it does in
 * words (NULL: the one before it says so), and does. */
typedef struct
{
  const char *word;
  const char *argument; /* "RULE" */
  const char *needs;    /* "a rule like 127.0.0.1:8000" */
  const char *help;
  gboolean (*run) (gpointer target, const char *rest, GError **error);
} PhInputCommand;

/* A line for each of @commands, for whoever asks for help. Owned. */
char *ph_input_describe (const PhInputCommand *commands);

/* Runs the one of @commands, ended by one without a word, that @line is; capitals do not matter.
 * Errors: the command's own;
 * PH_ERROR_INVALID if there is none such, or it needs more. */
gboolean
ph_input_run (const PhInputCommand *commands, const char *line, gpointer target, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhInput, ph_input_free)

G_END_DECLS
