/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-log.h"

#include "ph-manual.h"

static const char summary[] =
    "The window of Porthole: shares TCP services of this computer with a friend, or uses what a\n"
    "friend shares, directly from computer to computer and encrypted.\n"
    "\n"
    "With LINK, which is what somebody who shares passes on, it asks whether to join that "
    "session.\n"
    "A program that is running already is handed the link, or opens another window.";

static const char settings[] = "What can be set in the window is told, with all values, by\n"
                               "  gsettings list-recursively io.github.porthole.Porthole\n";

/* The program itself cannot be asked: its texts are translated, and it is built later. */
PhCommand *
ph_manual_describe_gtk (void)
{
  static gboolean set;
  static char *text;
  const GOptionEntry entries[] = {
    { "background", 0, 0, G_OPTION_ARG_NONE, &set,
      "Share the kept session again that was shared last, without a window", NULL },
    { "new-instance", 0, 0, G_OPTION_ARG_NONE, &set, "Start a process of its own", NULL },
    { "log-level", 0, 0, G_OPTION_ARG_STRING, &text, "How much to log", PH_LOG_LEVELS },
    { "log-file", 0, 0, G_OPTION_ARG_FILENAME, &text,
      "Log to this file, at level info if not told otherwise", "FILE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &set, "Print the version and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command =
      ph_command_new ("porthole-gtk", "share a TCP service with a friend", "[LINK]", summary);

  ph_command_add_options (command, entries);
  ph_command_add_section (command, "Settings", g_strdup (settings));
  return command;
}
