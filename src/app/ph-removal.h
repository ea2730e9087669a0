/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Puts @item back into its list, at @position. */
typedef void (*PhRestore) (PhLive *live, guint position, gpointer item);

/* Says @text in the window that @widget is in, with a button that restores @item, which is about to
 * be removed from @list. References are taken. */
void ph_removal_offer_undo (GtkWidget *widget,
                            const char *text,
                            PhLive *live,
                            GListModel *list,
                            gpointer item,
                            PhRestore restore);

G_END_DECLS
