/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-events-view.h"

#include "ph-application.h"

struct _PhEventsView
{
  AdwBin parent_instance;

  PhLive *live;
};

G_DEFINE_FINAL_TYPE (PhEventsView, ph_events_view, ADW_TYPE_BIN)

static void
ph_events_view_dispose (GObject *object)
{
  PhEventsView *self = PH_EVENTS_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_events_view_parent_class)->dispose (object);
}

static void
ph_events_view_class_init (PhEventsViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_events_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-events-view.ui");
}

static void
ph_events_view_init (PhEventsView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_events_view_set_live (PhEventsView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
