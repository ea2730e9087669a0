/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ended-view.h"

#include "ph-application.h"

struct _PhEndedView
{
  AdwBin parent_instance;

  PhLive *live;
};

G_DEFINE_FINAL_TYPE (PhEndedView, ph_ended_view, ADW_TYPE_BIN)

static void
ph_ended_view_dispose (GObject *object)
{
  PhEndedView *self = PH_ENDED_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_ended_view_parent_class)->dispose (object);
}

static void
ph_ended_view_class_init (PhEndedViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_ended_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-ended-view.ui");
}

static void
ph_ended_view_init (PhEndedView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_ended_view_set_live (PhEndedView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
