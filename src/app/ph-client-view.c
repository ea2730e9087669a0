/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-client-view.h"

#include "ph-application.h"

struct _PhClientView
{
  AdwBin parent_instance;

  PhLive *live;
};

G_DEFINE_FINAL_TYPE (PhClientView, ph_client_view, ADW_TYPE_BIN)

static void
ph_client_view_dispose (GObject *object)
{
  PhClientView *self = PH_CLIENT_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_client_view_parent_class)->dispose (object);
}

static void
ph_client_view_class_init (PhClientViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_client_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-client-view.ui");
}

static void
ph_client_view_init (PhClientView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_client_view_set_live (PhClientView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
