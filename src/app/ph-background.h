/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether the program may go on without a window, and whether it starts when its person logs in.
 * Inside a sandbox the desktop is asked for both at once, through the portal
 * org.freedesktop.portal.Background; outside nothing has to be asked, and a program starts at login
 * because of a file in the autostart folder. The main thread. */
#define PH_TYPE_BACKGROUND (ph_background_get_type ())
G_DECLARE_FINAL_TYPE (PhBackground, ph_background, PH, BACKGROUND, GObject)

#define PH_BACKGROUND_LIMIT_MS 120000 /* time for a person to answer the desktop's question */

/* For this process as it is. */
PhBackground *ph_background_new (void);

/* For tests: @autostart_folder is NULL inside a sandbox. */
PhBackground *ph_background_new_full (const char *autostart_folder, guint limit_ms);

/* For tests: what starts @program, a path, at login, as an Exec key wants it (Desktop Entry
 * Specification, "The Exec key"). Owned. */
char *ph_background_dup_command (const char *program);

/* Asks to go on without a window, and to start at login or not any more. @parent_window names the
 * window that asks, as portals want it ("x11:…", "wayland:…"), or is "". @reason: one sentence for
 * the person, translated. The answer does not come before the person's. Errors: PH_ERROR_REFUSED
 * (the person or the desktop said no, or portable mode keeps nothing outside of its folder),
 * PH_ERROR_FAILED (no such portal, no answer, or the file could not be written); in words of their
 * own. G_IO_ERROR_CANCELLED. */
void ph_background_request_async (PhBackground *self,
                                  const char *parent_window,
                                  const char *reason,
                                  gboolean start_at_login,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ph_background_request_finish (PhBackground *self, GAsyncResult *result, GError **error);

G_END_DECLS
