/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* All of one session: how it stands, in words, and its views. */
#define PH_TYPE_SESSION_PAGE (ph_session_page_get_type ())
G_DECLARE_FINAL_TYPE (PhSessionPage, ph_session_page, PH, SESSION_PAGE, AdwBin)

/* A reference is taken. */
PhSessionPage *ph_session_page_new (PhLive *live);

/* Shows the view of that name: “overview”, “connections” or “events”. */
void ph_session_page_show_view (PhSessionPage *page, const char *name);

G_END_DECLS
