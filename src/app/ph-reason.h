/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-session.h"

G_BEGIN_DECLS

/* Why something ended, in words for the person who sees it. All are static and translated. */

/* Of a connection: "Not allowed by the Host's rules". A sentence without its full stop; for a
 * number that is no reason as well. */
const char *ph_reason_of_close (PhCloseReason reason);

/* What @role's person can do about it, in sentences; NULL where there is nothing to be done. */
const char *ph_reason_help (PhCloseReason reason, PhSessionRole role);

/* Of a peer, from the word that PhSessionEvents.disconnected has: "it lost contact", to stand
 * behind a colon. */
const char *ph_reason_of_leaving (const char *word);

G_END_DECLS
