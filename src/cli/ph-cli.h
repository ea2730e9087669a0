/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The `porthole` command line. Each function takes the arguments from the subcommand's name on and
 * returns the process's exit status. Everything runs on the default main context. */

typedef enum
{
  PH_EXIT_ENDED = 0, /* by either person */
  PH_EXIT_FAILED = 1,
  PH_EXIT_USAGE = 2,
  PH_EXIT_SIGNAL_UNREACHABLE = 3,
  PH_EXIT_SESSION_UNKNOWN = 4,
  PH_EXIT_DECLINED = 5, /* or full */
  PH_EXIT_NO_PATH = 6,
  PH_EXIT_LISTEN = 7,
  PH_EXIT_NOT_VERIFIED = 8,
  PH_EXIT_PEER_LOST = 9,
} PhExit;

/* What @error, which may be NULL, means for the exit status. */
PhExit ph_cli_exit_status (const GError *error);

int ph_cli_host (int argc, char **argv);
int ph_cli_join (int argc, char **argv);

/* argv[0] is the program. */
int ph_cli_main (int argc, char **argv);

/* Whether --json is among the arguments, for what is wrong with the others. */
gboolean ph_cli_wants_json (char **argv);

/* Parses @argc and @argv with @context, which it takes; turns a mistake into PH_ERROR_INVALID with
 * a hint at --help. The value of --turn, which has a password in it, is blotted out in place. */
gboolean ph_cli_parse (GOptionContext *context, int *argc, char ***argv, GError **error);

/* Says what is wrong with the command line, before there is anything to end. */
PhExit ph_cli_fail (gboolean is_json, const GError *error);

G_END_DECLS
