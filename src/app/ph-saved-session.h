/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "session/ph-session.h"

G_BEGIN_DECLS

/* What a person saved of one session, so that it can be opened again; nothing in it opens it (see
 * ph-saved-sessions.h). Properties, all of them notified:
 *
 *   title       string  what the list shows; of a Client's session the Host's name. Cleaned
 *   session-id  string  for display
 *   signal      string  the signaling server's URL; "": not said
 *   rules       strv    a Host's rules
 *   rules-off   strv    those of them that are switched off
 *   mappings    strv    a Client's mappings
 *   own-port    int64   the port of a Host that is its own server; 0: any
 *   last-used   int64   seconds since 1970, UTC
 *
 * A list has PH_SAVED_SESSION_MAX_LIST entries at most and a string PH_SAVED_SESSION_MAX_BYTES; the
 * rest is not kept. */
#define PH_TYPE_SAVED_SESSION (ph_saved_session_get_type ())
G_DECLARE_FINAL_TYPE (PhSavedSession, ph_saved_session, PH, SAVED_SESSION, GObject)

#define PH_SAVED_SESSION_MAX_LIST 256
#define PH_SAVED_SESSION_MAX_BYTES 1024

PhSavedSession *ph_saved_session_new (PhSessionRole role);

PhSessionRole ph_saved_session_get_role (PhSavedSession *self);

/* A name of its own that it keeps for good. Borrowed, as all below; never NULL. */
const char *ph_saved_session_get_uuid (PhSavedSession *self);
const char *ph_saved_session_get_title (PhSavedSession *self);
const char *ph_saved_session_get_session_id (PhSavedSession *self);
const char *ph_saved_session_get_signal (PhSavedSession *self);
const char *const *ph_saved_session_get_rules (PhSavedSession *self);
const char *const *ph_saved_session_get_rules_off (PhSavedSession *self);
const char *const *ph_saved_session_get_mappings (PhSavedSession *self);
guint16 ph_saved_session_get_own_port (PhSavedSession *self);
gint64 ph_saved_session_get_last_used (PhSavedSession *self);

/* Says that it is used now. */
void ph_saved_session_touch (PhSavedSession *self);

/* To and from the group of @content that is named after it; what else stands in the group stays.
 * Errors: PH_ERROR_INVALID. */
void ph_saved_session_write (PhSavedSession *self, GKeyFile *content);
PhSavedSession *ph_saved_session_read (GKeyFile *content, const char *group, GError **error);

G_END_DECLS
