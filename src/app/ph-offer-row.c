/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-offer-row.h"

#include "ph-application.h"
#include "ph-window.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhOfferRow
{
  AdwActionRow parent_instance;

  PhLive *live;
  PhOffer *offer;

  GtkImage *icon;
  GtkButton *use;
};

G_DEFINE_FINAL_TYPE (PhOfferRow, ph_offer_row, ADW_TYPE_ACTION_ROW)

static void
ph_offer_row_dispose (GObject *object)
{
  PhOfferRow *self = PH_OFFER_ROW (object);

  g_clear_object (&self->live);
  g_clear_object (&self->offer);
  G_OBJECT_CLASS (ph_offer_row_parent_class)->dispose (object);
}

/* On the same port, or the next that is free. The row goes meanwhile: it is offered no longer. */
static void
on_use (PhOfferRow *self)
{
  g_autoptr (PhOffer) offer = g_object_ref (self->offer);
  guint16 port = ph_live_find_free_port (self->live, ph_offer_get_port (offer));
  g_autofree char *mapping = g_strdup_printf ("%u => %s", port, ph_offer_get_text (offer));
  g_autoptr (GError) error = NULL;

  if (port == 0)
    ph_window_toast (GTK_WIDGET (self),
                     _ ("No port is free on this computer; add a mapping by hand."));
  else if (ph_live_add_mapping (self->live, mapping, ph_offer_get_title (offer), &error) == NULL)
    ph_window_toast (GTK_WIDGET (self), error->message);
}

static void
ph_offer_row_class_init (PhOfferRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_offer_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-offer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhOfferRow, icon);
  gtk_widget_class_bind_template_child (widget_class, PhOfferRow, use);
  gtk_widget_class_bind_template_callback (widget_class, on_use);
}

static void
ph_offer_row_init (PhOfferRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ph_offer_row_new (PhLive *live, PhOffer *offer)
{
  PhOfferRow *self = g_object_new (PH_TYPE_OFFER_ROW, NULL);
  g_autofree char *where = g_strdup_printf (_ ("%s at the Host"), ph_offer_get_text (offer));
  const char *title = ph_words_title (ph_offer_get_title (offer));
  g_autofree char *use = g_strdup_printf (_ ("Use %s"), title);
  g_autofree char *icon = ph_offer_dup_icon_name (ph_offer_get_kind (offer));

  self->live = g_object_ref (live);
  self->offer = g_object_ref (offer);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), where);
  gtk_image_set_from_icon_name (self->icon, icon);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->use), GTK_ACCESSIBLE_PROPERTY_LABEL, use,
                                  -1);
  return GTK_WIDGET (self);
}
