/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-application.h"

G_BEGIN_DECLS

/* The STUN or the TURN servers of the settings, one row each; those removed can be taken back for
 * as long as the window says so, and their passwords go only then. */
#define PH_TYPE_SERVER_LIST (ph_server_list_get_type ())
G_DECLARE_FINAL_TYPE (PhServerList, ph_server_list, PH, SERVER_LIST, AdwBin)

/* Once. @application is borrowed for good. */
void ph_server_list_set_up (PhServerList *list, PhApplication *application, PhServerKind kind);

/* Adds a STUN server. Errors: PH_ERROR_INVALID, for one that is there already as well. */
gboolean ph_server_list_add_stun (PhServerList *list, const char *text, GError **error);

G_END_DECLS
