/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-error.h"
#include "session/ph-session.h"

G_BEGIN_DECLS

/* What went wrong with a session, in the window's words. All translated and static but where it
 * says otherwise. */

/* What happened, in a few words. */
const char *ph_problem_title (const GError *error);

/* What happened, why and what to do. Owned. */
char *ph_problem_dup_text (const GError *error, PhSessionRole role);

/* The name of a symbolic icon. */
const char *ph_problem_icon (const GError *error);

/* Whether the same may well work when it is tried again. */
gboolean ph_problem_is_worth_retrying (const GError *error);

G_END_DECLS
