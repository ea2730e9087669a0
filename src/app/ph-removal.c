/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-removal.h"

#include "ph-window.h"

/* Something that was removed, for as long as it can be put back. */
typedef struct
{
  PhLive *live;
  gpointer item;
  guint position;
  PhRestore restore;
} Removal;

static void
removal_free (gpointer data, GClosure *closure)
{
  Removal *removal = data;

  g_object_unref (removal->live);
  g_object_unref (removal->item);
  g_free (removal);
}

static void
undo (Removal *removal)
{
  removal->restore (removal->live, removal->position, removal->item);
}

void
ph_removal_offer_undo (GtkWidget *widget,
                       const char *text,
                       PhLive *live,
                       GListModel *list,
                       gpointer item,
                       PhRestore restore)
{
  Removal *removal = g_new0 (Removal, 1);

  removal->live = g_object_ref (live);
  removal->item = g_object_ref (item);
  removal->restore = restore;
  g_list_store_find (G_LIST_STORE (list), item, &removal->position);
  ph_window_toast_undo (widget, text, G_CALLBACK (undo), removal, removal_free);
}
