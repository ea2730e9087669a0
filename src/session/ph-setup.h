/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/ph-ice-servers.h"

G_BEGIN_DECLS

/* What a person configures for either side: what was given as an option or a setting, else what the
 * environment says (PORTHOLE_SIGNAL, PORTHOLE_STUN, PORTHOLE_TURN; an empty variable counts as one
 * that is not set), else what it was built with. NULL means that nothing was given. Errors are
 * PH_ERROR_INVALID and name the variable if it is to blame. Any thread. */

/* The signaling server's URL into *@ret_signal, checked and owned; NULL where there is none, which
 * "" as @given asks for. */
gboolean ph_setup_signal (const char *given, char **ret_signal, GError **error);

/* What the other side sees a person as, safe to show: @given, else the user's name. Owned; NULL if
 * there is nothing in it to be seen. */
char *ph_setup_name (const char *given);

/* STUN and TURN servers; the word "none" in a list leaves it empty. Owned. */
PhIceServers *ph_setup_servers (const char *const *stun, const char *const *turn, GError **error);

G_END_DECLS
