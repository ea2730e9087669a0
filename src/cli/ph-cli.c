/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-limits.h"
#include "core/ph-stdio.h"

#include "ph-output.h"

static const char summary[] =
    "Lets one person share TCP services with another, directly from computer to computer and\n"
    "encrypted, with nothing to set up on either router.";

static const char commands[] = "  host           share services of this computer\n"
                               "  join           use what somebody shares\n"
                               "  services       list what could be shared\n"
                               "  test           try the servers that connecting may need\n"
                               "“porthole host --help” and so on tell all options of each.\n";

static const char example[] = "Share a Minecraft server:\n"
                              "  porthole host --allow 127.0.0.1:25565\n"
                              "and give the link that is shown to a friend, who types:\n"
                              "  porthole join 'LINK' -L 25565\n"
                              "and finds the game at 127.0.0.1:25565 on their own computer.\n";

static const char exit_status[] = "  0  ended by either person\n"
                                  "  1  something else failed; the message says what\n"
                                  "  2  the command line or the environment cannot be understood\n"
                                  "  3  the signaling server could not be reached\n"
                                  "  4  there is no such session, or it has expired\n"
                                  "  5  declined, or no room\n"
                                  "  6  no path between the two computers\n"
                                  "  7  no mapping could listen\n"
                                  "  8  the other side could not be verified\n"
                                  "  9  the other side stopped answering\n";

PhCommand *
ph_cli_describe (void)
{
  static gboolean version;
  const GOptionEntry entries[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command = ph_command_new ("porthole", "share a TCP service with a friend",
                                       "host|join|services|test …", summary);

  ph_command_add_options (command, entries);
  ph_command_add_section (command, "Commands", g_strdup (commands));
  ph_command_add_section (command, "Example", g_strdup (example));
  ph_command_add_section (command, "Exit status", g_strdup (exit_status));
  return command;
}

PhExit
ph_cli_exit_status (const GError *error)
{
  if (error == NULL)
    return PH_EXIT_ENDED;
  switch (ph_error_code (error))
    {
    case PH_ERROR_PEER_ENDED:
      return PH_EXIT_ENDED;
    case PH_ERROR_INVALID:
      return PH_EXIT_USAGE;
    case PH_ERROR_SIGNAL_UNREACHABLE:
      return PH_EXIT_SIGNAL_UNREACHABLE;
    case PH_ERROR_SESSION_UNKNOWN:
      return PH_EXIT_SESSION_UNKNOWN;
    case PH_ERROR_DECLINED:
    case PH_ERROR_FULL:
      return PH_EXIT_DECLINED;
    case PH_ERROR_NO_PATH:
      return PH_EXIT_NO_PATH;
    case PH_ERROR_LISTEN:
      return PH_EXIT_LISTEN;
    case PH_ERROR_NOT_VERIFIED:
      return PH_EXIT_NOT_VERIFIED;
    case PH_ERROR_PEER_LOST:
      return PH_EXIT_PEER_LOST;
    case PH_ERROR_PROTOCOL:
    case PH_ERROR_REFUSED:
    case PH_ERROR_FAILED:
    case PH_ERROR_N_CODES:
      break;
    }
  return PH_EXIT_FAILED;
}

gboolean
ph_cli_wants_json (char **argv)
{
  return g_strv_contains ((const char *const *)argv, "--json");
}

/* Other users of this computer see the command line of every process. */
static void
hide_turn (char **argv)
{
  for (gsize i = 0; argv[i] != NULL; i++)
    {
      char *value = NULL;

      if (g_str_has_prefix (argv[i], "--turn="))
        value = argv[i] + strlen ("--turn=");
      else if (g_str_equal (argv[i], "--turn") && argv[i + 1] != NULL)
        value = argv[++i];
      if (value != NULL)
        memset (value, '*', strlen (value));
    }
}

gboolean
ph_cli_parse (PhCommand *command, int *argc, char ***argv, GError **error)
{
  g_autofree char **given = g_memdup2 (*argv, ((gsize)*argc + 1) * sizeof (char *));
  gboolean is_good = ph_command_parse (command, argc, argv, error);

  hide_turn (given);
  return is_good;
}

PhExit
ph_cli_fail (gboolean is_json, const GError *error)
{
  g_autoptr (PhOutput) output = ph_output_new (PH_OUTPUT_HOST, is_json);

  ph_output_error (output, error);
  return ph_cli_exit_status (error);
}

static void
print_help (void)
{
  g_autoptr (PhCommand) command = ph_cli_describe ();
  g_autofree char *text = ph_command_dup_help (command);

  fputs (text, stdout);
}

int
ph_cli_main (int argc, char **argv)
{
  const char *command = argc > 1 ? argv[1] : "";

  ph_stdio_open_closed ();
  setlocale (LC_ALL, "");
#ifdef LC_MESSAGES
  setlocale (LC_MESSAGES, "C"); /* a library's words stand among ours, which are English */
#endif
  ph_limits_raise_descriptors ();
  if (g_str_equal (command, "host"))
    return ph_cli_host (argc - 1, argv + 1);
  if (g_str_equal (command, "join"))
    return ph_cli_join (argc - 1, argv + 1);
  if (g_str_equal (command, "test"))
    return ph_cli_test (argc - 1, argv + 1);
  if (g_str_equal (command, "services"))
    return ph_cli_services (argc - 1, argv + 1);
  if (g_str_equal (command, "--help") || g_str_equal (command, "-h") ||
      g_str_equal (command, "help"))
    {
      print_help ();
      return PH_EXIT_ENDED;
    }
  if (g_str_equal (command, "--version"))
    {
      puts ("porthole " PH_VERSION);
      return PH_EXIT_ENDED;
    }
  if (*command == '\0')
    fprintf (stderr, "porthole: say what to do: “porthole host” shares services, “porthole join” "
                     "uses them, “porthole services” lists what could be shared; “porthole "
                     "--help” tells more\n");
  else
    fprintf (stderr,
             "porthole: “%s” is none of “host”, “join”, “services” and “test”; “porthole --help” "
             "tells more\n",
             command);
  return PH_EXIT_USAGE;
}
