/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-application.h"
#include "ph-live.h"

G_BEGIN_DECLS

/* A window for one session: the page to begin one, and then its pages. */
#define PH_TYPE_WINDOW (ph_window_get_type ())
G_DECLARE_FINAL_TYPE (PhWindow, ph_window, PH, WINDOW, AdwApplicationWindow)

PhWindow *ph_window_new (PhApplication *application);

/* Begin a session in this window, which has none. @rules: PhRuleItem, may be empty. @code: a share
 * code, a link or a bare id. Without a server (@is_manual, ph_window_pair) blocks are passed on by
 * hand. Errors, with words for the place where it was typed: PH_ERROR_INVALID,
 * PH_ERROR_NOT_VERIFIED. */
gboolean ph_window_host (PhWindow *window, GListModel *rules, gboolean is_manual, GError **error);
gboolean ph_window_join (PhWindow *window, const char *code, GError **error);
gboolean ph_window_pair (PhWindow *window, GError **error);

/* Shows @code on the page to begin with, for the person to decide. */
void ph_window_offer_code (PhWindow *window, const char *code);

/* Borrowed; NULL while there is no session. */
PhLive *ph_window_get_live (PhWindow *window);

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
