/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "cli/ph-cli.h"
#include "server/ph-daemon.h"

#include "ph-manual.h"

/* porthole-manual PAGE|PROGRAM.bash prints one page, or one program's completion. */

static const char *const pages[] = { "porthole",        "porthole-host",
                                     "porthole-join",   "porthole-services",
                                     "porthole-test",   "porthole-gtk",
                                     "porthole-signal", NULL };

static PhCommand *
describe (const char *page)
{
  if (g_str_equal (page, "porthole"))
    return ph_cli_describe ();
  if (g_str_equal (page, "porthole-host"))
    return ph_cli_describe_host ();
  if (g_str_equal (page, "porthole-join"))
    return ph_cli_describe_join ();
  if (g_str_equal (page, "porthole-test"))
    return ph_cli_describe_test ();
  if (g_str_equal (page, "porthole-services"))
    return ph_cli_describe_services ();
  if (g_str_equal (page, "porthole-gtk"))
    return ph_manual_describe_gtk ();
  if (g_str_equal (page, "porthole-signal"))
    return ph_daemon_describe ();
  return NULL;
}

static char *
dup_porthole_bash (void)
{
  g_autoptr (PhCommand) program = ph_cli_describe ();
  g_autoptr (PhCommand) host = ph_cli_describe_host ();
  g_autoptr (PhCommand) join = ph_cli_describe_join ();
  g_autoptr (PhCommand) services = ph_cli_describe_services ();
  g_autoptr (PhCommand) test = ph_cli_describe_test ();
  PhCommand *subcommands[] = { host, join, services, test };

  return ph_manual_dup_bash (program, subcommands, G_N_ELEMENTS (subcommands));
}

static char *
dup_wanted (const char *what)
{
  g_autoptr (PhCommand) command = NULL;

  if (g_str_equal (what, "porthole.bash"))
    return dup_porthole_bash ();
  if (g_str_has_suffix (what, ".bash"))
    {
      g_autofree char *program = g_strndup (what, strlen (what) - strlen (".bash"));

      command = describe (program);
      return command != NULL ? ph_manual_dup_bash (command, NULL, 0) : NULL;
    }
  command = describe (what);
  return command != NULL ? ph_manual_dup_page (command, PH_VERSION, pages) : NULL;
}

int
main (int argc, char **argv)
{
  g_autofree char *text = argc == 2 ? dup_wanted (argv[1]) : NULL;

  if (text == NULL)
    {
      fprintf (stderr, "porthole-manual: say which: a page's name, or PROGRAM.bash\n");
      return 2;
    }
  return fputs (text, stdout) >= 0 ? 0 : 1;
}
