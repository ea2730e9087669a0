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
insert_rule (PhLive *live, guint position, const char *text, gboolean is_on, GError **error)
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
  item = ph_rule_item_new (normalised, is_on);
  ph_live_restore_rule (live, position, item);
  return item;
}

PhRuleItem *
ph_live_add_rule (PhLive *live, const char *text, GError **error)
{
  return insert_rule (live, G_MAXUINT, text, TRUE, error);
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
      insert_rule (live, position + 1, text, ph_rule_item_is_on (item), error) == NULL)
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

/* What a Client asked for: an address, or a name with its port. */
typedef struct
{
  char *name; /* NULL: an address */
  PhEndpoint endpoint;
  PhRules *asked; /* borrowed: those of which it is known whether they match */
  gboolean matches;
} Remote;

static void
remote_free (Remote *remote)
{
  g_free (remote->name);
  g_free (remote);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Remote, remote_free)

static Remote *
remote_new (const char *text)
{
  Remote *remote = g_new0 (Remote, 1);
  const char *colon = strrchr (text, ':');

  if (ph_endpoint_parse (text, &remote->endpoint, NULL))
    return remote;
  remote->name = colon != NULL ? g_strndup (text, (gsize)(colon - text)) : g_strdup (text);
  if (colon != NULL)
    remote->endpoint.port = (guint16)g_ascii_strtoull (colon + 1, NULL, 10);
  return remote;
}

/* Whether @rules let a Client reach @remote. What a name has led to is not known here: such rules
 * count only where they name it. */
static gboolean
rules_match (PhRules *rules, Remote *remote)
{
  PhRulesScope scope;

  if (remote->asked == rules)
    return remote->matches;
  remote->asked = rules;
  if (remote->name == NULL)
    return remote->matches = ph_rules_allow (rules, NULL, &remote->endpoint);
  scope = ph_rules_may_allow (rules, remote->name, remote->endpoint.port);
  return remote->matches = scope == PH_RULES_BY_NAME;
}

gboolean
ph_live_allows (PhLive *live, const char *text)
{
  GListModel *items = G_LIST_MODEL (live->rules);
  g_autoptr (Remote) remote = remote_new (text);
  g_autoptr (PhRules) rules = ph_rules_new ();

  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (items, i);

      if (ph_rule_item_is_on (item))
        ph_rules_add (rules, ph_rule_item_get_text (item), NULL);
    }
  return rules_match (rules, remote);
}

/* What the connections lead to, each once. Owned; its keys are the snapshot's. */
static GHashTable *
dup_remotes (PhSnapshot *snapshot)
{
  GHashTable *remotes =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)remote_free);

  for (guint i = 0; i < snapshot->n_connections; i++)
    if (!g_hash_table_contains (remotes, snapshot->connections[i].remote))
      g_hash_table_insert (remotes, (gpointer)snapshot->connections[i].remote,
                           remote_new (snapshot->connections[i].remote));
  return remotes;
}

static void
count_rule (PhRuleItem *item, PhRules *rule, PhSnapshot *snapshot, GHashTable *remotes)
{
  g_autoptr (GHashTable) users = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < snapshot->n_connections; i++)
    {
      const PhSnapshotConnection *connection = &snapshot->connections[i];

      if (!rules_match (rule, g_hash_table_lookup (remotes, connection->remote)))
        continue;
      n++;
      if (g_hash_table_add (users, (gpointer)connection->peer))
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", connection->peer);
    }
  ph_rule_item_set_use (item, n, text->str);
}

/* Ten times a second, with a thousand connections: what they lead to is read once, and each rule
 * asked about it once. */
void
ph_live_count_rules (PhLive *live)
{
  GListModel *items = G_LIST_MODEL (live->rules);
  PhSnapshot *snapshot = ph_live_get_snapshot (live);
  g_autoptr (GHashTable) remotes = dup_remotes (snapshot);
  g_autoptr (GPtrArray) rules = g_ptr_array_new_with_free_func ((GDestroyNotify)ph_rules_unref);

  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (items, i);
      PhRules *rule = ph_rules_new ();

      g_ptr_array_add (rules, rule); /* none takes another's place in memory meanwhile */
      if (ph_rule_item_is_on (item))
        ph_rules_add (rule, ph_rule_item_get_text (item), NULL);
      count_rule (item, rule, snapshot, remotes);
    }
}
