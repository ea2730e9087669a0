/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-command.h"

G_BEGIN_DECLS

/* Manual pages and shell completion, made from what the programs themselves know of their options.
 * Run at build time. */

/* The page "NAME(1)" in man(7) macros; a name of two words has a dash in it there. @others are the
 * pages to see also, NULL-terminated. Owned. */
char *ph_manual_dup_page (const PhCommand *command, const char *version, const char *const *others);

/* What is told of the window's program. Owned. */
PhCommand *ph_manual_describe_gtk (void);

/* A bash-completion script for one program: its options and those of its @n_subcommands. Owned. */
char *ph_manual_dup_bash (const PhCommand *program, PhCommand **subcommands, gsize n_subcommands);

G_END_DECLS
