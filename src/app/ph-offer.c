/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-offer.h"

struct _PhOffer
{
  GObject parent_instance;

  char *title;
  char *text;
  guint16 port;
  PhKind kind;
};

G_DEFINE_FINAL_TYPE (PhOffer, ph_offer, G_TYPE_OBJECT)

static void
ph_offer_finalize (GObject *object)
{
  PhOffer *self = PH_OFFER (object);

  g_free (self->title);
  g_free (self->text);
  G_OBJECT_CLASS (ph_offer_parent_class)->finalize (object);
}

static void
ph_offer_class_init (PhOfferClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_offer_finalize;
}

static void
ph_offer_init (PhOffer *self)
{
}

PhOffer *
ph_offer_new (const PhService *service)
{
  PhOffer *self = g_object_new (PH_TYPE_OFFER, NULL);

  self->text = ph_service_dup_text (service);
  self->title = g_strdup (*service->title != '\0' ? service->title : self->text);
  self->port = service->port;
  self->kind = service->kind;
  return self;
}

const char *
ph_offer_get_title (PhOffer *offer)
{
  return offer->title;
}

const char *
ph_offer_get_text (PhOffer *offer)
{
  return offer->text;
}

guint16
ph_offer_get_port (PhOffer *offer)
{
  return offer->port;
}

PhKind
ph_offer_get_kind (PhOffer *offer)
{
  return offer->kind;
}

char *
ph_offer_dup_icon_name (PhKind kind)
{
  return g_strdup_printf ("ph-%s-symbolic", ph_kind_word (kind));
}

static gboolean
equal (PhOffer *a, PhOffer *b)
{
  return a->kind == b->kind && g_str_equal (a->text, b->text) && g_str_equal (a->title, b->title);
}

void
ph_offer_update_list (GListStore *offers, const PhService *services, guint n_services)
{
  guint n_before = g_list_model_get_n_items (G_LIST_MODEL (offers));
  g_autoptr (GPtrArray) rest = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_same = 0;

  for (guint i = 0; i < n_services; i++)
    {
      g_autoptr (PhOffer) old = g_list_model_get_item (G_LIST_MODEL (offers), i);
      PhOffer *offer = ph_offer_new (&services[i]);

      g_ptr_array_add (rest, offer);
      if (n_same == i && old != NULL && equal (old, offer))
        n_same++;
    }
  if (n_same < n_before || n_same < n_services)
    g_list_store_splice (offers, n_same, n_before - n_same, rest->pdata + n_same,
                         n_services - n_same);
}
