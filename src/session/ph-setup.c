/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-setup.h"

#include "core/ph-text.h"
#include "signaling/ph-code.h"

/* Says which variable the value that @error is about came from. */
static gboolean
blame (const char *variable, GError **error)
{
  if (variable != NULL)
    g_prefix_error (error, "%s: ", variable);
  return FALSE;
}

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

gboolean
ph_setup_signal (const char *given, char **ret_signal, GError **error)
{
  const char *variable = get_variable ("PORTHOLE_SIGNAL");
  const char *value = given != NULL ? given : variable != NULL ? variable : PH_DEFAULT_SIGNAL;
  char *checked = NULL;

  if (*value != '\0' && (checked = ph_code_check_server (value, error)) == NULL)
    return blame (value == variable ? "PORTHOLE_SIGNAL" : NULL, error);
  *ret_signal = checked;
  return TRUE;
}

char *
ph_setup_name (const char *given)
{
  g_autofree char *name =
      ph_text_clean (given != NULL ? given : g_get_user_name (), -1, PH_TEXT_MAX_NAME);

  return *name != '\0' ? g_steal_pointer (&name) : NULL;
}

typedef gboolean (*AddServer) (PhIceServers *servers, const char *text, GError **error);

static gboolean
add_servers (PhIceServers *servers,
             const char *const *given,
             const char *variable,
             const char *separators,
             const char *fallback,
             AddServer add,
             GError **error)
{
  const char *value = get_variable (variable);
  g_auto (GStrv) words = given != NULL ? g_strdupv ((char **)given)
                                       : dup_list (value != NULL ? value : fallback, separators);

  if (g_strv_contains ((const char *const *)words, "none"))
    return TRUE;
  for (gsize i = 0; words[i] != NULL; i++)
    if (!add (servers, words[i], error))
      return blame (given == NULL ? variable : NULL, error);
  return TRUE;
}

PhIceServers *
ph_setup_servers (const char *const *stun, const char *const *turn, GError **error)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();

  if (add_servers (servers, stun, "PORTHOLE_STUN", ", \t\n", PH_DEFAULT_STUN,
                   ph_ice_servers_add_stun, error) &&
      add_servers (servers, turn, "PORTHOLE_TURN", " \t\n", "", ph_ice_servers_add_turn, error))
    return g_steal_pointer (&servers);
  return NULL;
}
