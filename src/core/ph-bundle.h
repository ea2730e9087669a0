/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A bundle is a folder with the programs and all that they need of GLib, GTK and the rest: the
 * portable zip, unpacked. It is known by lib/gio-modules in it. The libraries are found by their
 * paths from the programs; what those load and read by themselves they would look for where the
 * distribution has it that they come from, and there lies, if anything, what belongs to the host's
 * own libraries. */

/* Where there is a bundle, leads its libraries to it, and away from the host's modules, by
 * variables of the environment. The first thing in main, before any other thread and any use of
 * GIO. */
void ph_bundle_start (void);

/* Where there is a bundle whose host has only a part of what OpenGL takes, such as EGL alone, keeps
 * GTK from it, which would not come back: it draws without. After ph_bundle_start, if there is to
 * be a window. */
void ph_bundle_check_graphics (void);

/* Whether a library of this name can be loaded; TRUE where that cannot be tried. */
gboolean ph_bundle_can_load (const char *library);

/* Where the bundle is; NULL if the program is not in one. */
const char *ph_bundle_get_root (void);

/* The names of the variables that these change, for those who start other programs. */
const char *const *ph_bundle_get_variables (void);

/* The folder that a program was unpacked to: where it lies, or the one above `bin`. Owned. */
char *ph_bundle_dup_root (const char *program);

/* The certificates of those who vouch for servers, as this host has them: a file in PEM. The
 * bundled GnuTLS knows where its own distribution keeps it only. NULL: as GnuTLS finds it. */
const char *ph_bundle_get_authorities (void);

G_END_DECLS
