/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-connections-view.h"

#include "ph-application.h"

struct _PhConnectionsView
{
  AdwBin parent_instance;

  PhLive *live;
};

G_DEFINE_FINAL_TYPE (PhConnectionsView, ph_connections_view, ADW_TYPE_BIN)

static void
ph_connections_view_dispose (GObject *object)
{
  PhConnectionsView *self = PH_CONNECTIONS_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_connections_view_parent_class)->dispose (object);
}

static void
ph_connections_view_class_init (PhConnectionsViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_connections_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-connections-view.ui");
}

static void
ph_connections_view_init (PhConnectionsView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_connections_view_set_live (PhConnectionsView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
