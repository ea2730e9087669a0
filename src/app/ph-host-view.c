/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-host-view.h"

#include "ph-application.h"

struct _PhHostView
{
  AdwBin parent_instance;

  PhLive *live;
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
ph_host_view_class_init (PhHostViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_host_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-host-view.ui");
}

static void
ph_host_view_init (PhHostView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_host_view_set_live (PhHostView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
