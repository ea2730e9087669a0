/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-command.h"

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
int ph_cli_test (int argc, char **argv);
int ph_cli_services (int argc, char **argv);

/* argv[0] is the program. */
int ph_cli_main (int argc, char **argv);

/* Whether --json is among the arguments, for what is wrong with the others. */
gboolean ph_cli_wants_json (char **argv);

/* Parses @argc and @argv by @command. The value of --turn, which has a password in it, is blotted
 * out in place. Errors: PH_ERROR_INVALID. */
gboolean ph_cli_parse (PhCommand *command, int *argc, char ***argv, GError **error);

/* What is told of the program and of each subcommand. Owned. */
PhCommand *ph_cli_describe (void);
PhCommand *ph_cli_describe_host (void);
PhCommand *ph_cli_describe_join (void);
PhCommand *ph_cli_describe_test (void);
PhCommand *ph_cli_describe_services (void);

/* Says what is wrong with the command line, before there is anything to end. */
PhExit ph_cli_fail (gboolean is_json, const GError *error);

G_END_DECLS
