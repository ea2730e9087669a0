/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-plan.h"
#include "ph-saved-sessions.h"

G_BEGIN_DECLS

/* Writes down what changes in a session that its person wants kept: rules, mappings, the port; a
 * moment after the last change, and when it is freed. The window's thread. */
typedef struct _PhKeeper PhKeeper;

/* @plan, whose `saved` is set, is borrowed for the keeper's life; references to the others are
 * taken. */
PhKeeper *ph_keeper_new (PhSavedSessions *sessions, PhPlan *plan, PhLive *live);
void ph_keeper_free (PhKeeper *keeper);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhKeeper, ph_keeper_free)

G_END_DECLS
