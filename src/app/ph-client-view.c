/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-client-view.h"

#include "ph-application.h"
#include "ph-mapping-dialog.h"
#include "ph-mapping-row.h"
#include "ph-offer-row.h"
#include "ph-peer-row.h"

#include <glib/gi18n.h>

struct _PhClientView
{
  AdwBin parent_instance;

  PhLive *live;
  GListStore *all_offers;   /* PhOffer: what the Host offers */
  GtkCustomFilter *is_free; /* whether an offer is not mapped yet */
  GListModel *free_offers;

  GtkWidget *waiting;
  GtkLabel *doing;
  GtkLabel *next;
  GtkWidget *host;
  GtkListBox *peers;
  AdwPreferencesGroup *offered;
  GtkListBox *offers;
  GtkWidget *no_offers; /* in its place while it is empty, as below */
  AdwActionRow *nothing_offered;
  GtkListBox *mappings;
  GtkWidget *no_mappings;
  GtkWidget *keeping;
};

G_DEFINE_FINAL_TYPE (PhClientView, ph_client_view, ADW_TYPE_BIN)

static void
ph_client_view_dispose (GObject *object)
{
  PhClientView *self = PH_CLIENT_VIEW (object);

  g_clear_object (&self->free_offers);
  g_clear_object (&self->is_free);
  g_clear_object (&self->all_offers);
  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_client_view_parent_class)->dispose (object);
}

static void
on_add (PhClientView *self)
{
  ph_mapping_dialog_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->live,
                             NULL);
}

static void
bind_children (GtkWidgetClass *class)
{
  gtk_widget_class_bind_template_child (class, PhClientView, waiting);
  gtk_widget_class_bind_template_child (class, PhClientView, doing);
  gtk_widget_class_bind_template_child (class, PhClientView, next);
  gtk_widget_class_bind_template_child (class, PhClientView, host);
  gtk_widget_class_bind_template_child (class, PhClientView, peers);
  gtk_widget_class_bind_template_child (class, PhClientView, offered);
  gtk_widget_class_bind_template_child (class, PhClientView, offers);
  gtk_widget_class_bind_template_child (class, PhClientView, no_offers);
  gtk_widget_class_bind_template_child (class, PhClientView, nothing_offered);
  gtk_widget_class_bind_template_child (class, PhClientView, mappings);
  gtk_widget_class_bind_template_child (class, PhClientView, no_mappings);
  gtk_widget_class_bind_template_child (class, PhClientView, keeping);
}

static void
ph_client_view_class_init (PhClientViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_client_view_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-client-view.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
ph_client_view_init (PhClientView *self)
{
  self->all_offers = g_list_store_new (PH_TYPE_OFFER);
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* --- words ------------------------------------------------------------------------------------ */

/* Borrowed. */
static const char *
get_host_name (PhLive *live)
{
  const PhSnapshotPeer *peer = ph_live_get_only_peer (live);

  return peer != NULL && *peer->name != '\0' ? peer->name : _ ("the Host");
}

/* What is going on while nobody is connected. Owned. */
static char *
dup_doing (PhLive *live)
{
  switch (ph_live_get_state (live))
    {
    case PH_SESSION_STARTING:
      return g_strdup (_ ("Joining…"));
    case PH_SESSION_WAITING:
      return g_strdup_printf (_ ("Waiting for %s to let you in"), get_host_name (live));
    case PH_SESSION_CONNECTING:
      return g_strdup_printf (_ ("Looking for a path to %s…"), get_host_name (live));
    case PH_SESSION_CONNECTED:
    case PH_SESSION_ENDED:
      break;
    }
  return g_strdup ("");
}

/* And what follows. Static. */
static const char *
get_next (PhLive *live)
{
  switch (ph_live_get_state (live))
    {
    case PH_SESSION_STARTING:
      return _ ("Asking for the session.");
    case PH_SESSION_WAITING:
      return _ ("Your request is on the Host’s screen. You can prepare mappings meanwhile.");
    case PH_SESSION_CONNECTING:
      return _ ("Your computers try to reach each other directly. It takes some seconds.");
    case PH_SESSION_CONNECTED:
    case PH_SESSION_ENDED:
      break;
    }
  return "";
}

/* --- what is shown ---------------------------------------------------------------------------- */

static gboolean
is_connected (PhClientView *self)
{
  return ph_live_get_state (self->live) == PH_SESSION_CONNECTED;
}

static void
update_waiting (PhClientView *self)
{
  g_autofree char *doing = dup_doing (self->live);

  gtk_label_set_label (self->doing, doing);
  gtk_label_set_label (self->next, get_next (self->live));
  gtk_widget_set_visible (self->waiting, !is_connected (self) &&
                                             ph_live_get_state (self->live) != PH_SESSION_ENDED);
  gtk_widget_set_visible (self->host, is_connected (self));
}

/* Once all of it is mapped there is nothing more to choose from. */
static void
update_offered (PhClientView *self)
{
  const char *name = get_host_name (self->live);
  gboolean has_any = g_list_model_get_n_items (G_LIST_MODEL (self->all_offers)) > 0;
  gboolean has_free = g_list_model_get_n_items (self->free_offers) > 0;
  g_autofree char *escaped = g_markup_escape_text (name, -1);
  g_autofree char *title = g_strdup_printf (_ ("Offered by %s"), escaped);
  g_autofree char *advice =
      g_strdup_printf (_ ("Ask %s to share something, or add a mapping yourself."), name);

  adw_preferences_group_set_title (self->offered, title);
  adw_action_row_set_subtitle (self->nothing_offered, advice);
  gtk_widget_set_visible (GTK_WIDGET (self->offered), is_connected (self) && has_free == has_any);
  gtk_widget_set_visible (GTK_WIDGET (self->offers), has_free);
  gtk_widget_set_visible (self->no_offers, !has_any);
}

static void
update_mapped (PhClientView *self)
{
  gboolean has_any = g_list_model_get_n_items (ph_live_get_mappings (self->live)) > 0;

  gtk_widget_set_visible (GTK_WIDGET (self->mappings), has_any);
  gtk_widget_set_visible (self->no_mappings, !has_any);
}

static void
update (PhClientView *self)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (self->live);

  ph_offer_update_list (self->all_offers, snapshot->services, snapshot->n_services);
  update_waiting (self);
  update_offered (self);
}

/* Where there is a new mapping, there its person goes on. */
static void
on_mappings_changed (PhClientView *self, guint position, guint n_removed, guint n_added)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (self->mappings, (int)position);

  gtk_filter_changed (GTK_FILTER (self->is_free), GTK_FILTER_CHANGE_DIFFERENT);
  update_mapped (self);
  update_offered (self);
  if (n_added == 1 && row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* --- rows ------------------------------------------------------------------------------------- */

static gboolean
is_free (gpointer offer, gpointer user_data)
{
  PhClientView *self = user_data;
  GListModel *mappings = ph_live_get_mappings (self->live);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);

      if (g_str_equal (ph_mapping_item_get_remote (item), ph_offer_get_text (offer)))
        return FALSE;
    }
  return TRUE;
}

static GtkWidget *
new_offer_row (gpointer item, gpointer user_data)
{
  return ph_offer_row_new (PH_CLIENT_VIEW (user_data)->live, item);
}

static GtkWidget *
new_mapping_row (gpointer item, gpointer user_data)
{
  return ph_mapping_row_new (PH_CLIENT_VIEW (user_data)->live, item);
}

static GtkWidget *
new_peer_row (gpointer item, gpointer user_data)
{
  return ph_peer_row_new (PH_CLIENT_VIEW (user_data)->live, item);
}

static void
bind_lists (PhClientView *self)
{
  GListModel *mappings = ph_live_get_mappings (self->live);

  self->is_free = gtk_custom_filter_new (is_free, self, NULL);
  self->free_offers = G_LIST_MODEL (gtk_filter_list_model_new (
      G_LIST_MODEL (g_object_ref (self->all_offers)), GTK_FILTER (g_object_ref (self->is_free))));
  gtk_list_box_bind_model (self->offers, self->free_offers, new_offer_row, self, NULL);
  gtk_list_box_bind_model (self->mappings, mappings, new_mapping_row, self, NULL);
  gtk_list_box_bind_model (self->peers, ph_live_get_peers (self->live), new_peer_row, self, NULL);
  g_signal_connect_object (mappings, "items-changed", G_CALLBACK (on_mappings_changed), self,
                           G_CONNECT_SWAPPED);
}

void
ph_client_view_set_live (PhClientView *view, PhLive *live)
{
  view->live = g_object_ref (live);
  gtk_widget_set_visible (view->keeping, !ph_live_is_manual (live));
  bind_lists (view);
  g_signal_connect_object (live, "updated", G_CALLBACK (update), view, G_CONNECT_SWAPPED);
  update (view);
  update_mapped (view);
}
