/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-options.h"

#include "core/ph-error.h"
#include "core/ph-log.h"
#include "session/ph-setup.h"

void
ph_options_clear (PhOptions *options)
{
  g_free (options->signal);
  g_free (options->name);
  g_strfreev (options->stun);
  g_strfreev (options->turn);
  g_free (options->log_level);
  g_free (options->log_file);
  g_clear_pointer (&options->servers, ph_ice_servers_unref);
}

/* Strings are taken as they are, which GLib calls file names: an option may be written in another
 * encoding than the locale's. What reads them checks them. */
void
ph_options_add (PhOptions *options, PhCommand *command)
{
  const GOptionEntry entries[] = {
    { "signal", 0, 0, G_OPTION_ARG_FILENAME, &options->signal,
      "Signaling server, http:// or https:// (PORTHOLE_SIGNAL)", "URL" },
    { "name", 0, 0, G_OPTION_ARG_FILENAME, &options->name, "What the other side sees you as",
      "NAME" },
    { "stun", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->stun,
      "STUN server, may repeat; none uses none (PORTHOLE_STUN)", "HOST[:PORT]|none" },
    { "turn", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->turn,
      "TURN server, may repeat (PORTHOLE_TURN)", "turn:USER:PASS@HOST[:PORT][?transport=tcp]" },
    { "relay-only", 0, 0, G_OPTION_ARG_NONE, &options->relay_only,
      "Connect through a TURN server only", NULL },
    { "allow-unverified", 0, 0, G_OPTION_ARG_NONE, &options->allow_unverified,
      "Connect without the share code's secret; compare the number shown", NULL },
    { "manual", 0, 0, G_OPTION_ARG_NONE, &options->is_manual,
      "No signaling server: two people pass blocks of text to each other", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->is_json,
      "Print one JSON object a line instead of text", NULL },
    { "log-level", 0, 0, G_OPTION_ARG_FILENAME, &options->log_level,
      "How much to log: to the journal if standard error leads there, else to standard error",
      PH_LOG_LEVELS },
    { "log-file", 0, 0, G_OPTION_ARG_FILENAME, &options->log_file,
      "Log to this file, at level info if not told otherwise", "FILE" },
    G_OPTION_ENTRY_NULL,
  };

  ph_command_add_options (command, entries);
}

void
ph_options_add_environment (PhCommand *command)
{
  ph_command_add_section (command, "Environment",
                          g_strdup ("  PORTHOLE_SIGNAL  as --signal, where that is not given\n"
                                    "  PORTHOLE_STUN    as --stun; several with spaces between\n"
                                    "  PORTHOLE_TURN    as --turn; several with spaces between\n"));
}

static gboolean
finish_signal (PhOptions *options, GError **error)
{
  g_autofree char *given = g_steal_pointer (&options->signal);

  return ph_setup_signal (given, &options->signal, error);
}

static gboolean
finish_name (PhOptions *options, GError **error)
{
  g_autofree char *given = g_steal_pointer (&options->name);

  options->name = ph_setup_name (given);
  if (options->name != NULL)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "--name “%s” has nothing in it that could be shown; use a few letters", given);
  return FALSE;
}

static gboolean
finish_servers (PhOptions *options, GError **error)
{
  options->servers = ph_setup_servers ((const char *const *)options->stun,
                                       (const char *const *)options->turn, error);
  if (options->servers == NULL)
    return FALSE;
  ph_ice_servers_set_relay_only (options->servers, options->relay_only);
  return TRUE;
}

/* Pairing by hand takes nothing from the environment that it cannot use, but an option that was
 * given meant something. */
static gboolean
check_manual (PhOptions *options, GError **error)
{
  if (options->signal != NULL)
    g_set_error (
        error, PH_ERROR, PH_ERROR_INVALID,
        "--manual uses no signaling server, so --signal “%s” cannot stand beside it; leave "
        "out one of the two",
        options->signal);
  else if (options->allow_unverified)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                         "--allow-unverified cannot stand beside --manual: pairing by hand is "
                         "always verified, by what is in the offer");
  else
    return TRUE;
  return FALSE;
}

gboolean
ph_options_finish (PhOptions *options, GError **error)
{
  if (options->is_manual ? !check_manual (options, error) : !finish_signal (options, error))
    return FALSE;
  if (!finish_name (options, error) || !finish_servers (options, error))
    return FALSE;
  if (options->relay_only && !ph_ice_servers_has_turn (options->servers))
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "--relay-only leaves no way to connect without a TURN server; name one "
                           "with --turn turn:USER:PASS@HOST");
      return FALSE;
    }
  return ph_log_start (options->log_level, options->log_file, error);
}
