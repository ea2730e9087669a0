/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The desktop's notifications of what happens in sessions. A session is named by a text of the
 * caller's, a peer by the name it is shown by; the application's actions are called with them:
 *
 *   app.approve (ss)  session, peer: let it in
 *   app.reject (ss)   session, peer: do not
 *   app.show (s)      session: bring its window to the front
 *   app.stop (s)      session: end it
 *
 * Where the desktop has no notifications nothing happens. Names of peers are safe to show, and only
 * stand where no desktop reads markup. The main thread. */
#define PH_TYPE_NOTICES (ph_notices_get_type ())
G_DECLARE_FINAL_TYPE (PhNotices, ph_notices, PH, NOTICES, GObject)

/* @application is registered, outlives it and is borrowed; @gsettings has the switch `notify`. */
PhNotices *ph_notices_new (GApplication *application, GSettings *gsettings);

/* @peer wants to join, verified by the share code or not; until it is answered or has gone. */
void ph_notices_ask (PhNotices *self, const char *session, const char *peer, gboolean is_verified);
void ph_notices_answered (PhNotices *self, const char *session, const char *peer);

void ph_notices_joined (PhNotices *self, const char *session, const char *peer);
void ph_notices_left (PhNotices *self, const char *session, const char *peer);

/* The window of @session was closed and it goes on; comes even where notifications are switched
 * off, because nothing else shows it. */
void ph_notices_goes_on (PhNotices *self, const char *session);

/* The window of @session is there again, or it is in front: nothing has to be told. */
void ph_notices_withdraw (PhNotices *self, const char *session);

G_END_DECLS
