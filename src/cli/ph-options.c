/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-options.h"

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "signaling/ph-code.h"

void
ph_options_clear (PhOptions *options)
{
  g_free (options->signal);
  g_free (options->name);
  g_strfreev (options->stun);
  g_strfreev (options->turn);
  g_clear_pointer (&options->servers, ph_ice_servers_unref);
}

void
ph_options_add (PhOptions *options, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "signal", 0, 0, G_OPTION_ARG_STRING, &options->signal,
      "Signaling server, http:// or https:// (PORTHOLE_SIGNAL)", "URL" },
    { "name", 0, 0, G_OPTION_ARG_STRING, &options->name, "What the other side sees you as",
      "NAME" },
    { "stun", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->stun,
      "STUN server, may repeat; none uses none (PORTHOLE_STUN)", "HOST[:PORT]|none" },
    { "turn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->turn,
      "TURN server, may repeat (PORTHOLE_TURN)", "turn:USER:PASS@HOST[:PORT][?transport=tcp]" },
    { "relay-only", 0, 0, G_OPTION_ARG_NONE, &options->relay_only,
      "Connect through a TURN server only", NULL },
    { "allow-unverified", 0, 0, G_OPTION_ARG_NONE, &options->allow_unverified,
      "Connect without the share code's secret; compare the number shown", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->is_json,
      "Print one JSON object a line instead of text", NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, NULL);
}

/* An empty variable counts as one that is not set. */
static const char *
get_variable (const char *name)
{
  const char *value = g_getenv (name);

  return value != NULL && *value != '\0' ? value : NULL;
}

/* Words between white space; STUN servers may be set apart by commas, too. */
static char **
dup_list (const char *text, const char *separators)
{
  g_auto (GStrv) parts = g_strsplit_set (text, separators, -1);
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  for (gsize i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_strv_builder_add (words, parts[i]);
  return g_strv_builder_end (words);
}

static gboolean
finish_signal (PhOptions *options, GError **error)
{
  const char *variable = get_variable ("PORTHOLE_SIGNAL");
  g_autofree char *given = g_steal_pointer (&options->signal);

  if (given == NULL && variable != NULL)
    given = g_strdup (variable);
  if (given == NULL && *PH_DEFAULT_SIGNAL != '\0')
    given = g_strdup (PH_DEFAULT_SIGNAL);
  if (given == NULL)
    return TRUE;
  options->signal = ph_code_check_server (given, error);
  return options->signal != NULL;
}

static gboolean
finish_name (PhOptions *options, GError **error)
{
  g_autofree char *given = g_steal_pointer (&options->name);

  options->name = ph_text_clean (given != NULL ? given : g_get_user_name (), -1, PH_TEXT_MAX_NAME);
  if (*options->name != '\0')
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "--name “%s” has nothing in it that could be shown; use a few letters", given);
  return FALSE;
}

static gboolean
finish_servers (PhOptions *options, GError **error)
{
  const char *stun = get_variable ("PORTHOLE_STUN");
  const char *turn = get_variable ("PORTHOLE_TURN");

  options->servers = ph_ice_servers_new ();
  ph_ice_servers_set_relay_only (options->servers, options->relay_only);
  if (options->stun == NULL)
    options->stun = dup_list (stun != NULL ? stun : PH_DEFAULT_STUN, ", \t\n");
  if (options->turn == NULL && turn != NULL)
    options->turn = dup_list (turn, " \t\n");
  if (!g_strv_contains ((const char *const *)options->stun, "none"))
    for (gsize i = 0; options->stun[i] != NULL; i++)
      if (!ph_ice_servers_add_stun (options->servers, options->stun[i], error))
        return FALSE;
  for (gsize i = 0; options->turn != NULL && options->turn[i] != NULL; i++)
    if (!ph_ice_servers_add_turn (options->servers, options->turn[i], error))
      return FALSE;
  return TRUE;
}

gboolean
ph_options_finish (PhOptions *options, GError **error)
{
  if (!finish_signal (options, error) || !finish_name (options, error) ||
      !finish_servers (options, error))
    return FALSE;
  if (options->relay_only && !ph_ice_servers_has_turn (options->servers))
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "--relay-only leaves no way to connect without a TURN server; name one "
                           "with --turn turn:USER:PASS@HOST");
      return FALSE;
    }
  return TRUE;
}
