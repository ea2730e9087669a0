/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mapping-item.h"

struct _PhMappingItem
{
  GObject parent_instance;

  PhMapping *mapping;
  char *local;
  char *remote;
  char *title;
  PhMappingItemState state;
  char *message;
  guint n_connections;
};

G_DEFINE_FINAL_TYPE (PhMappingItem, ph_mapping_item, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ph_mapping_item_finalize (GObject *object)
{
  PhMappingItem *self = PH_MAPPING_ITEM (object);

  g_clear_pointer (&self->mapping, ph_mapping_free);
  g_free (self->local);
  g_free (self->remote);
  g_free (self->title);
  g_free (self->message);
  G_OBJECT_CLASS (ph_mapping_item_parent_class)->finalize (object);
}

static void
ph_mapping_item_class_init (PhMappingItemClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_mapping_item_finalize;
  signals[CHANGED] = g_signal_new ("changed", PH_TYPE_MAPPING_ITEM, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
ph_mapping_item_init (PhMappingItem *self)
{
}

PhMappingItem *
ph_mapping_item_new (const PhMapping *mapping, const char *title)
{
  PhMappingItem *self = g_object_new (PH_TYPE_MAPPING_ITEM, NULL);
  char buffer[PH_ENDPOINT_TEXT_SIZE];

  self->mapping = ph_mapping_copy (mapping);
  self->local = g_strdup (ph_endpoint_format (&mapping->local, buffer));
  self->remote = ph_destination_dup_text (&mapping->remote);
  self->title = g_strdup (title);
  return self;
}

const PhMapping *
ph_mapping_item_get_mapping (PhMappingItem *item)
{
  return item->mapping;
}

const char *
ph_mapping_item_get_local (PhMappingItem *item)
{
  return item->local;
}

const char *
ph_mapping_item_get_remote (PhMappingItem *item)
{
  return item->remote;
}

const char *
ph_mapping_item_get_title (PhMappingItem *item)
{
  return item->title;
}

PhMappingItemState
ph_mapping_item_get_state (PhMappingItem *item)
{
  return item->state;
}

const char *
ph_mapping_item_get_message (PhMappingItem *item)
{
  return item->message;
}

void
ph_mapping_item_set_state (PhMappingItem *item, PhMappingItemState state, const char *message)
{
  if (item->state == state && g_strcmp0 (item->message, message) == 0)
    return;
  item->state = state;
  g_free (item->message);
  item->message = g_strdup (message);
  g_signal_emit (item, signals[CHANGED], 0);
}

guint
ph_mapping_item_get_n_connections (PhMappingItem *item)
{
  return item->n_connections;
}

void
ph_mapping_item_set_n_connections (PhMappingItem *item, guint n_connections)
{
  if (item->n_connections == n_connections)
    return;
  item->n_connections = n_connections;
  g_signal_emit (item, signals[CHANGED], 0);
}
