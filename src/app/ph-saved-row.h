/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-saved-sessions.h"

G_BEGIN_DECLS

/* A session of @sessions, to be opened again, renamed or forgotten. */
#define PH_TYPE_SAVED_ROW (ph_saved_row_get_type ())
G_DECLARE_FINAL_TYPE (PhSavedRow, ph_saved_row, PH, SAVED_ROW, AdwActionRow)

GtkWidget *ph_saved_row_new (PhSavedSessions *sessions, PhSavedSession *session);

/* Borrowed. */
PhSavedSession *ph_saved_row_get_session (PhSavedRow *row);

G_END_DECLS
