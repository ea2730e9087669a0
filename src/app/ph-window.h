/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-application.h"
#include "ph-plan.h"

G_BEGIN_DECLS

/* A window for one session: the page to begin one, and then its pages. */
#define PH_TYPE_WINDOW (ph_window_get_type ())
G_DECLARE_FINAL_TYPE (PhWindow, ph_window, PH, WINDOW, AdwApplicationWindow)

PhWindow *ph_window_new (PhApplication *application);

/* A name for it among the windows of this process; borrowed. */
const char *ph_window_get_name (PhWindow *window);

/* Begins a session in this window, in place of the one it may have had. What cannot be begun is
 * told on the page to begin with. Takes @plan. */
void ph_window_begin (PhWindow *window, PhPlan *plan);

/* The same with a saved session, whose secret has to be looked up first. One that runs in another
 * window is not begun a second time: that window is shown. */
void ph_window_open_saved (PhWindow *window, PhSavedSession *saved);

/* Shows @code on the page to begin with, for the person to decide. */
void ph_window_offer_code (PhWindow *window, const char *code);

/* Whether it shows the page to begin with. */
gboolean ph_window_is_idle (PhWindow *window);

/* Borrowed; NULL while there is no session. */
PhLive *ph_window_get_live (PhWindow *window);

/* Closes it for good, for the program is to end: asks before connections are closed. */
void ph_window_quit (PhWindow *window);

/* See ph_live_answer_peer. */
void ph_window_answer (PhWindow *window, const char *peer, gboolean is_yes);

/* Opens @uri, of the web, with the browser that the desktop has; a toast says so if there is none.
 */
void ph_window_show_uri (GtkWidget *widget, const char *uri);

/* A short feedback, plain text, in the window that @widget is in. */
void ph_window_toast (GtkWidget *widget, const char *text);

/* The same with a button to take something back: then @undo is called with @data, which is released
 * with @free_data once the toast is gone. */
void ph_window_toast_undo (GtkWidget *widget,
                           const char *text,
                           GCallback undo,
                           gpointer data,
                           GClosureNotify free_data);

G_END_DECLS
