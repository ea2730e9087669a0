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
  PhKind kind;
  char *trouble;
  guint64 serial; /* of the connection that `trouble` is from, or the last that had none */
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
  g_free (self->trouble);
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

static PhKind
guess_kind (guint16 port)
{
  const PhKnownPort *known = ph_known_port_find (port);

  if (known != NULL)
    return known->kind;
  return port >= 8000 && port <= 8999 ? PH_KIND_WEB : PH_KIND_OTHER;
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
  self->kind = guess_kind (mapping->remote.endpoint.port);
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

/* Where it listens on all addresses, localhost is one of them. */
char *
ph_mapping_item_dup_address (PhMappingItem *item)
{
  const PhEndpoint *local = &item->mapping->local;
  char buffer[PH_ENDPOINT_TEXT_SIZE];

  if (ph_address_scope (local->addr) == PH_SCOPE_UNSPECIFIED ||
      g_str_equal (ph_address_format (local->addr, buffer), "127.0.0.1"))
    return g_strdup_printf ("localhost:%u", local->port);
  return g_strdup (item->local);
}

PhKind
ph_mapping_item_get_kind (PhMappingItem *item)
{
  return item->kind;
}

char *
ph_mapping_item_dup_url (PhMappingItem *item)
{
  g_autofree char *address = ph_mapping_item_dup_address (item);
  guint16 port = item->mapping->remote.endpoint.port;

  if (item->kind != PH_KIND_WEB)
    return NULL;
  return g_strdup_printf ("%s://%s/", port == 443 || port == 8443 ? "https" : "http", address);
}

void
ph_mapping_item_set_service (PhMappingItem *item, const char *title, PhKind kind)
{
  if (*title == '\0')
    title = item->title;
  if (item->kind == kind && g_strcmp0 (item->title, title) == 0)
    return;
  if (title != item->title)
    {
      g_free (item->title);
      item->title = g_strdup (title);
    }
  item->kind = kind;
  g_signal_emit (item, signals[CHANGED], 0);
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

const char *
ph_mapping_item_get_trouble (PhMappingItem *item)
{
  return item->trouble;
}

void
ph_mapping_item_note_connection (PhMappingItem *item, guint64 serial, const char *trouble)
{
  if (serial < item->serial)
    return;
  item->serial = serial;
  if (g_strcmp0 (item->trouble, trouble) == 0)
    return;
  g_free (item->trouble);
  item->trouble = g_strdup (trouble);
  g_signal_emit (item, signals[CHANGED], 0);
}
