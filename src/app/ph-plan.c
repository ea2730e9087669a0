/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-plan.h"

#include "core/ph-error.h"

static void
copy_rules (GListStore *to, GListModel *from)
{
  g_list_store_remove_all (to);
  for (guint i = 0; i < g_list_model_get_n_items (from); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (from, i);

      g_list_store_append (to, item);
    }
}

static PhPlan *
plan_new (PhSessionRole role, gboolean is_manual)
{
  PhPlan *plan = g_new0 (PhPlan, 1);

  plan->role = role;
  plan->is_manual = is_manual;
  plan->rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  return plan;
}

PhPlan *
ph_plan_new_host (GListModel *rules, gboolean is_manual)
{
  PhPlan *plan = plan_new (PH_SESSION_HOST, is_manual);

  copy_rules (plan->rules, rules);
  plan->has_kept = !is_manual;
  if (plan->has_kept)
    ph_kept_draw (&plan->kept);
  return plan;
}

PhPlan *
ph_plan_new_client (const char *code)
{
  PhPlan *plan = plan_new (PH_SESSION_CLIENT, code == NULL);

  plan->code = g_strdup (code);
  return plan;
}

static void
read_rules (PhPlan *plan, PhSavedSession *saved)
{
  const char *const *rules = ph_saved_session_get_rules (saved);
  const char *const *off = ph_saved_session_get_rules_off (saved);

  for (gsize i = 0; rules[i] != NULL; i++)
    {
      g_autoptr (PhRuleItem) item = ph_rule_item_new (rules[i], !g_strv_contains (off, rules[i]));

      g_list_store_append (plan->rules, item);
    }
}

PhPlan *
ph_plan_new_saved (PhSavedSession *saved, const char *secret, GError **error)
{
  g_autoptr (PhPlan) plan = plan_new (ph_saved_session_get_role (saved), FALSE);

  plan->saved = g_object_ref (saved);
  plan->mappings = g_strdupv ((char **)ph_saved_session_get_mappings (saved));
  if (plan->role == PH_SESSION_CLIENT)
    {
      plan->code = g_strdup (secret);
      return g_steal_pointer (&plan);
    }
  if (!ph_kept_parse (secret, &plan->kept, error))
    return NULL;
  plan->has_kept = TRUE;
  plan->kept.port = ph_saved_session_get_own_port (saved);
  read_rules (plan, saved);
  return g_steal_pointer (&plan);
}

void
ph_plan_free (PhPlan *plan)
{
  g_clear_object (&plan->rules);
  g_free (plan->code);
  g_strfreev (plan->mappings);
  g_clear_object (&plan->saved);
  g_free (plan);
}

char *
ph_plan_dup_secret (const PhPlan *plan)
{
  if (plan->role == PH_SESSION_CLIENT)
    return g_strdup (plan->code);
  return plan->has_kept ? ph_kept_dup_text (&plan->kept) : NULL;
}

/* --- beginning -------------------------------------------------------------------------------- */

static PhLive *
begin_host (const PhPlan *plan, PhEngine *engine, const PhPreset *preset, GError **error)
{
  PhHostOptions options = { 0 };

  ph_preset_fill_host (preset, &options);
  options.is_manual = plan->is_manual;
  if (plan->is_manual)
    options.signal = NULL;
  options.kept = plan->has_kept ? &plan->kept : NULL;
  return ph_live_new_host (engine, &options, G_LIST_MODEL (plan->rules), error);
}

static PhLive *
begin_client (const PhPlan *plan, PhEngine *engine, const PhPreset *preset, GError **error)
{
  g_autoptr (PhLive) live = NULL;
  PhJoinOptions options = { 0 };

  ph_preset_fill_join (preset, &options);
  options.is_manual = plan->is_manual;
  options.compare_number = TRUE;
  if (plan->is_manual)
    options.signal = NULL;
  live = ph_live_new_client (engine, plan->code, &options, error);
  if (live == NULL)
    return NULL;
  for (gsize i = 0; plan->mappings != NULL && plan->mappings[i] != NULL; i++)
    ph_live_add_mapping (live, plan->mappings[i], NULL, NULL);
  return g_steal_pointer (&live);
}

PhLive *
ph_plan_begin (const PhPlan *plan, PhEngine *engine, const PhPreset *preset, GError **error)
{
  return plan->role == PH_SESSION_HOST ? begin_host (plan, engine, preset, error)
                                       : begin_client (plan, engine, preset, error);
}

/* --- keeping ---------------------------------------------------------------------------------- */

/* Those that failed as well: the port may be free the next time. */
static char **
dup_mappings (PhLive *live)
{
  GListModel *mappings = ph_live_get_mappings (live);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);
      g_autofree char *text = ph_mapping_dup_text (ph_mapping_item_get_mapping (item));

      g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

void
ph_plan_follow (PhPlan *plan, PhLive *live)
{
  guint16 port = ph_live_get_snapshot (live)->own_port;

  copy_rules (plan->rules, ph_live_get_rules (live));
  g_strfreev (plan->mappings);
  plan->mappings = dup_mappings (live);
  if (port != 0)
    plan->kept.port = port;
}

/* The rules' texts: all of them, or those that are switched off. */
static char **
dup_rules (const PhPlan *plan, gboolean only_off)
{
  GListModel *rules = G_LIST_MODEL (plan->rules);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (!only_off || !ph_rule_item_is_on (item))
        g_strv_builder_add (builder, ph_rule_item_get_text (item));
    }
  return g_strv_builder_end (builder);
}

void
ph_plan_write (const PhPlan *plan, PhSavedSession *saved)
{
  g_auto (GStrv) rules = dup_rules (plan, FALSE);
  g_auto (GStrv) rules_off = dup_rules (plan, TRUE);
  const char *none[] = { NULL };

  g_object_set (saved, "rules", rules, "rules-off", rules_off, "mappings",
                plan->mappings != NULL ? (const char *const *)plan->mappings : none, "own-port",
                (gint64)plan->kept.port, NULL);
}
