/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The button in a header bar that opens the program's menu; F10 does, too. */
#define PH_TYPE_MAIN_MENU (ph_main_menu_get_type ())
G_DECLARE_FINAL_TYPE (PhMainMenu, ph_main_menu, PH, MAIN_MENU, AdwBin)

G_END_DECLS
