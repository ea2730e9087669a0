/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Hears of SIGINT, SIGTERM and SIGHUP, each time, on @context's thread. Once in a process: after it
 * was freed they do nothing until the process ends. Where a system has no such signals nothing is
 * ever heard. */
typedef struct _PhQuit PhQuit;

PhQuit *ph_quit_new (GMainContext *context, void (*func) (gpointer user_data), gpointer user_data);
void ph_quit_free (PhQuit *quit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhQuit, ph_quit_free)

G_END_DECLS
