/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-pairing-view.h"

#include "ph-application.h"

struct _PhPairingView
{
  AdwBin parent_instance;

  PhLive *live;
};

G_DEFINE_FINAL_TYPE (PhPairingView, ph_pairing_view, ADW_TYPE_BIN)

static void
ph_pairing_view_dispose (GObject *object)
{
  PhPairingView *self = PH_PAIRING_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_pairing_view_parent_class)->dispose (object);
}

static void
ph_pairing_view_class_init (PhPairingViewClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_pairing_view_dispose;
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-pairing-view.ui");
}

static void
ph_pairing_view_init (PhPairingView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_pairing_view_set_live (PhPairingView *view, PhLive *live)
{
  view->live = g_object_ref (live);
}
