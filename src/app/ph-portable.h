/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Portable mode: where a file named `portable` lies beside the program, or beside the `bin` it is
 * in, everything that is kept stays in that folder, in `data`: settings, saved sessions, secrets,
 * caches, the log. Deleting the folder then takes everything away. Where nothing can be written
 * there, nothing is kept at all; the person's own folders are not used instead.
 *
 * Besides, a program that was unpacked anywhere finds its settings' schema beside itself, in
 * share/glib-2.0/schemas, and its texts in share/locale, in portable mode and without. */

/* Looks and decides. The first thing in main, before any other thread and before anything asks GLib
 * for a folder or a setting: it works through the environment, which both read once. */
void ph_portable_start (void);

gboolean ph_portable_is_on (void);

/* Why nothing can be kept, in words for a person. Owned; NULL if it can, or where portable mode is
 * off. */
char *ph_portable_dup_problem (void);

/* Where to log to; NULL where portable mode is off or nothing can be kept. */
const char *ph_portable_get_log_file (void);

/* Where this program keeps what is its own, in portable mode and without: not made yet, maybe.
 * Owned. */
char *ph_portable_dup_data_folder (void);

/* Where texts in other languages lie beside the program. Owned; NULL if there is no such folder. */
char *ph_portable_dup_locale_folder (void);

/* What the running program is known by: @id, or in portable mode one of this folder's own, so that
 * one that is installed is not what opens, and keeps, what is done here. Owned. */
char *ph_portable_dup_application_id (const char *id);

/* What is started from here, a browser for instance, is to find its own settings and not ours:
 * gives @context back the environment that this program was started with. */
void ph_portable_prepare_launch (GAppLaunchContext *context);

/* In portable mode GLib does not see which browser the person prefers, which stands in their own
 * folders: leaves @uri to the desktop's tool for this, with the environment that this program was
 * started with. FALSE where portable mode is off or there is no such tool. */
gboolean ph_portable_open (const char *uri);

G_END_DECLS
