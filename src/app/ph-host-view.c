/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-host-view.h"

#include "ph-application.h"
#include "ph-code-box.h"
#include "ph-peer-row.h"
#include "ph-rule-dialog.h"
#include "ph-rule-row.h"
#include "ph-window.h"

#include <glib/gi18n.h>

struct _PhHostView
{
  AdwBin parent_instance;

  PhLive *live;

  PhCodeBox *code_box;
  GtkWidget *invitation;
  GtkWidget *own_server;
  GtkWidget *pairing;
  GtkListBox *rules;
  GtkWidget *nothing_shared;
  GtkListBox *peers;
  GtkWidget *nobody;
  GtkWidget *keeping;
};

G_DEFINE_FINAL_TYPE (PhHostView, ph_host_view, ADW_TYPE_BIN)

static void
ph_host_view_dispose (GObject *object)
{
  PhHostView *self = PH_HOST_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_host_view_parent_class)->dispose (object);
}

static void
on_add (PhHostView *self)
{
  ph_rule_dialog_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->live, NULL);
}

static void
on_copied (PhHostView *self, const char *what)
{
  ph_window_toast (GTK_WIDGET (self), what);
}

static void
ph_host_view_class_init (PhHostViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_host_view_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-host-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PhHostView, code_box);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, invitation);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, own_server);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, pairing);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, rules);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, nothing_shared);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, peers);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, nobody);
  gtk_widget_class_bind_template_child (widget_class, PhHostView, keeping);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
  gtk_widget_class_bind_template_callback (widget_class, on_copied);
}

static void
ph_host_view_init (PhHostView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static GtkWidget *
new_rule_row (gpointer item, gpointer user_data)
{
  return ph_rule_row_new (PH_HOST_VIEW (user_data)->live, item);
}

static GtkWidget *
new_peer_row (gpointer item, gpointer user_data)
{
  return ph_peer_row_new (PH_HOST_VIEW (user_data)->live, item);
}

/* An empty list is not shown; in its place stands what would be in it. */
static void
update_lists (PhHostView *self)
{
  gboolean has_rules = g_list_model_get_n_items (ph_live_get_rules (self->live)) > 0;
  gboolean has_peers = g_list_model_get_n_items (ph_live_get_peers (self->live)) > 0;

  gtk_widget_set_visible (GTK_WIDGET (self->rules), has_rules);
  gtk_widget_set_visible (self->nothing_shared, !has_rules);
  gtk_widget_set_visible (GTK_WIDGET (self->peers), has_peers);
  gtk_widget_set_visible (self->nobody, !has_peers);
}

static void
update_code (PhHostView *self)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (self->live);

  gtk_widget_set_visible (self->invitation, snapshot->code != NULL);
  gtk_widget_set_visible (self->own_server, snapshot->own_port != 0);
  /* A code does not say where to ask, and the Host that is its own server is known nowhere else. */
  ph_code_box_set_code (self->code_box, snapshot->own_port == 0 ? snapshot->code : NULL);
  ph_code_box_set_link (self->code_box, snapshot->link);
  ph_code_box_set_more_links (self->code_box, snapshot->more_links);
}

void
ph_host_view_set_live (PhHostView *view, PhLive *live)
{
  view->live = g_object_ref (live);
  gtk_widget_set_visible (view->keeping, !ph_live_is_manual (live));
  gtk_list_box_bind_model (view->rules, ph_live_get_rules (live), new_rule_row, view, NULL);
  gtk_list_box_bind_model (view->peers, ph_live_get_peers (live), new_peer_row, view, NULL);
  g_signal_connect_object (ph_live_get_rules (live), "items-changed", G_CALLBACK (update_lists),
                           view, G_CONNECT_SWAPPED);
  g_signal_connect_object (ph_live_get_peers (live), "items-changed", G_CALLBACK (update_lists),
                           view, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "notify::code", G_CALLBACK (update_code), view, G_CONNECT_SWAPPED);
  gtk_widget_set_visible (view->pairing, ph_live_is_manual (live));
  update_lists (view);
  update_code (view);
}
