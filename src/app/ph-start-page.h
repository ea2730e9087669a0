/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "session/ph-session.h"

G_BEGIN_DECLS

/* Where a session begins: share something, or join somebody. It acts through its PhWindow. */
#define PH_TYPE_START_PAGE (ph_start_page_get_type ())
G_DECLARE_FINAL_TYPE (PhStartPage, ph_start_page, PH, START_PAGE, AdwBin)

/* Puts @text into the entry of a code, for the person to look at and to join. */
void ph_start_page_offer_code (PhStartPage *page, const char *text);

/* Says why no session could be begun, at the place where @role begins one. */
void ph_start_page_show_problem (PhStartPage *page, PhSessionRole role, const char *message);

G_END_DECLS
