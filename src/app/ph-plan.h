/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-live.h"
#include "ph-saved-session.h"
#include "ph-settings.h"

G_BEGIN_DECLS

/* What a session is begun with, and can be begun with once more. The window's thread. */
typedef struct
{
  PhSessionRole role;
  gboolean is_manual; /* without a server */

  GListStore *rules; /* Host: PhRuleItem */
  gboolean has_kept;
  PhKept kept; /* Host with a server: what decides the share code */

  char *code;      /* Client with a server: share code, link or bare id */
  char **mappings; /* Client */

  PhSavedSession *saved; /* NULL: its person has not asked to keep it */
} PhPlan;

/* Owned. @rules: PhRuleItem, copied; may be empty. @code and the text of a saved secret are copied.
 */
PhPlan *ph_plan_new_host (GListModel *rules, gboolean is_manual);
PhPlan *ph_plan_new_client (const char *code); /* NULL: without a server */

/* @secret: what was stored for @saved. Errors: PH_ERROR_INVALID. */
PhPlan *ph_plan_new_saved (PhSavedSession *saved, const char *secret, GError **error);

void ph_plan_free (PhPlan *plan);

/* What opens the session, to be stored where only its person reads it. Owned; NULL for one without
 * a server, which cannot be kept. */
char *ph_plan_dup_secret (const PhPlan *plan);

/* Errors: those of ph_live_new_host and ph_live_new_client. */
PhLive *
ph_plan_begin (const PhPlan *plan, PhEngine *engine, const PhPreset *preset, GError **error);

/* Takes over what has been changed in @live, which was begun with it: rules, mappings, port. */
void ph_plan_follow (PhPlan *plan, PhLive *live);

/* The same into @saved. */
void ph_plan_write (const PhPlan *plan, PhSavedSession *saved);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhPlan, ph_plan_free)

G_END_DECLS
