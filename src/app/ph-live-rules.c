/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-live-private.h"

#include "core/ph-error.h"

#include <glib/gi18n.h>

/* The rule in its one form; owned, NULL with @error if @text is none. */
static char *
normalise (const char *text, GError **error)
{
  g_autoptr (PhRules) rules = ph_rules_new ();

  if (!ph_rules_add (rules, text, error))
    return NULL;
  return g_strdup (ph_rules_get_text (rules, 0));
}

static PhRuleItem *
find_rule (PhLive *live, const char *text)
{
  GListModel *rules = G_LIST_MODEL (live->rules);

  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (g_str_equal (ph_rule_item_get_text (item), text))
        return item;
    }
  return NULL;
}

static PhRuleItem *
insert_rule (PhLive *live, guint position, const char *text, GError **error)
{
  g_autofree char *normalised = normalise (text, error);
  g_autoptr (PhRuleItem) item = NULL;

  if (normalised == NULL)
    return NULL;
  if (find_rule (live, normalised) != NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("There is a rule “%s” already."),
                   normalised);
      return NULL;
    }
  item = ph_rule_item_new (normalised, TRUE);
  ph_live_restore_rule (live, position, item);
  return item;
}

PhRuleItem *
ph_live_add_rule (PhLive *live, const char *text, GError **error)
{
  return insert_rule (live, G_MAXUINT, text, error);
}

void
ph_live_restore_rule (PhLive *live, guint position, PhRuleItem *item)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (live->rules));

  if (find_rule (live, ph_rule_item_get_text (item)) != NULL)
    return;
  g_list_store_insert (live->rules, MIN (position, n), item);
  if (ph_rule_item_is_on (item))
    ph_engine_session_allow (live->session, ph_rule_item_get_text (item), NULL, NULL);
  ph_live_emit_edited (live);
}

gboolean
ph_live_edit_rule (PhLive *live, PhRuleItem *item, const char *text, GError **error)
{
  g_autofree char *normalised = normalise (text, error);
  guint position;

  if (normalised == NULL)
    return FALSE;
  if (g_str_equal (normalised, ph_rule_item_get_text (item)))
    return TRUE;
  if (!g_list_store_find (live->rules, item, &position) ||
      insert_rule (live, position + 1, text, error) == NULL)
    return FALSE;
  ph_live_remove_rule (live, item);
  return TRUE;
}

void
ph_live_remove_rule (PhLive *live, PhRuleItem *item)
{
  guint position;

  if (!g_list_store_find (live->rules, item, &position))
    return;
  if (ph_rule_item_is_on (item))
    ph_engine_session_deny (live->session, ph_rule_item_get_text (item), NULL, NULL);
  g_list_store_remove (live->rules, position);
  ph_live_emit_edited (live);
}

void
ph_live_set_rule_on (PhLive *live, PhRuleItem *item, gboolean is_on)
{
  if (ph_rule_item_is_on (item) == is_on)
    return;
  if (is_on)
    ph_engine_session_allow (live->session, ph_rule_item_get_text (item), NULL, NULL);
  else
    ph_engine_session_deny (live->session, ph_rule_item_get_text (item), NULL, NULL);
  ph_rule_item_set_on (item, is_on);
  ph_live_emit_edited (live);
}

/* --- who uses which --------------------------------------------------------------------------- */

/* Whether @rule, the only one of a list, lets a Client reach @remote, an address or a name with its
 * port. What a name has led to is not known here: such a rule counts only where it names it. */
static gboolean
rule_matches (PhRules *rule, const char *remote)
{
  g_autofree char *name = NULL;
  PhEndpoint endpoint;
  const char *colon = strrchr (remote, ':');

  if (ph_endpoint_parse (remote, &endpoint, NULL))
    return ph_rules_allow (rule, NULL, &endpoint);
  if (colon == NULL)
    return FALSE;
  name = g_strndup (remote, (gsize)(colon - remote));
  return ph_rules_may_allow (rule, name, (guint16)g_ascii_strtoull (colon + 1, NULL, 10)) ==
         PH_RULES_BY_NAME;
}

gboolean
ph_live_allows (PhLive *live, const char *remote)
{
  GListModel *items = G_LIST_MODEL (live->rules);

  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (items, i);
      g_autoptr (PhRules) rule = ph_rules_new ();

      if (ph_rule_item_is_on (item) && ph_rules_add (rule, ph_rule_item_get_text (item), NULL) &&
          rule_matches (rule, remote))
        return TRUE;
    }
  return FALSE;
}

static void
count_rule (PhLive *live, PhRuleItem *item)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (live);
  g_autoptr (PhRules) rule = ph_rules_new ();
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = 0;

  if (!ph_rule_item_is_on (item) || !ph_rules_add (rule, ph_rule_item_get_text (item), NULL))
    {
      ph_rule_item_set_use (item, 0, "");
      return;
    }
  for (guint i = 0; i < snapshot->n_connections; i++)
    if (rule_matches (rule, snapshot->connections[i].remote))
      {
        n++;
        if (g_hash_table_add (users, (gpointer)snapshot->connections[i].peer))
          g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "",
                                  snapshot->connections[i].peer);
      }
  ph_rule_item_set_use (item, n, text->str);
}

void
ph_live_count_rules (PhLive *live)
{
  GListModel *rules = G_LIST_MODEL (live->rules);

  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      count_rule (live, item);
    }
}
