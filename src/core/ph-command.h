/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A program or a subcommand as a person is told of it: what it is for, its options, and more behind
 * them. Its --help, its manual page and its completion are all made from this. */
typedef struct
{
  const char *name;      /* "porthole host" */
  const char *purpose;   /* "share services of this computer": what stands behind its name */
  const char *arguments; /* what stands behind the options, or "" */
  const char *summary;   /* paragraphs; lines that begin with white space stand as they are */
  GArray *options;       /* GOptionEntry; strings borrowed */
  GPtrArray *sections;   /* PhCommandSection */
} PhCommand;

/* More that is told, below the options. */
typedef struct
{
  const char *title;
  char *text; /* as a summary is */
} PhCommandSection;

/* Strings are borrowed. Owned. */
PhCommand *
ph_command_new (const char *name, const char *purpose, const char *arguments, const char *summary);
void ph_command_free (PhCommand *command);

/* @entries is ended by G_OPTION_ENTRY_NULL; its strings are borrowed. */
void ph_command_add_options (PhCommand *command, const GOptionEntry *entries);

/* Takes @text. */
void ph_command_add_section (PhCommand *command, const char *title, char *text);

/* Reads @argc and @argv, from argv[0] = the name on; prints the help and ends the process for
 * --help. Errors: PH_ERROR_INVALID, with a hint at --help. */
gboolean ph_command_parse (PhCommand *command, int *argc, char ***argv, GError **error);

/* What --help prints. Owned. */
char *ph_command_dup_help (PhCommand *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhCommand, ph_command_free)

G_END_DECLS
