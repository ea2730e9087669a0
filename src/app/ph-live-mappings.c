/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-live-private.h"

#include "core/ph-error.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#define PORTS_TO_TRY 100

typedef gboolean (*MappingMatches) (PhMappingItem *item, gconstpointer what);

/* Borrowed; NULL if none. */
static PhMappingItem *
find_mapping (PhLive *live, MappingMatches matches, gconstpointer what)
{
  GListModel *mappings = G_LIST_MODEL (live->mappings);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);

      if (matches (item, what))
        return item;
    }
  return NULL;
}

static gboolean
listens_there (PhMappingItem *item, gconstpointer endpoint)
{
  const PhEndpoint *local = &ph_mapping_item_get_mapping (item)->local;

  return local->port != 0 && ph_endpoint_equal (local, endpoint);
}

static gboolean
has_local (PhMappingItem *item, gconstpointer local)
{
  return g_str_equal (ph_mapping_item_get_local (item), local);
}

/* --- commands --------------------------------------------------------------------------------- */

static void
switch_on (PhLive *live, PhMappingItem *item)
{
  g_autofree char *text = ph_mapping_dup_text (ph_mapping_item_get_mapping (item));

  ph_mapping_item_set_state (item, PH_MAPPING_ITEM_BUSY, NULL);
  ph_engine_session_map (live->session, text, NULL, NULL);
}

static void
switch_off (PhLive *live, PhMappingItem *item)
{
  ph_engine_session_unmap (live->session, ph_mapping_item_get_local (item), NULL, NULL);
  ph_mapping_item_set_state (item, PH_MAPPING_ITEM_OFF, NULL);
}

/* The mapping that @text says, if nothing else but @except listens where it would. */
static PhMapping *
parse_mapping (PhLive *live, const char *text, PhMappingItem *except, GError **error)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse (text, error);
  PhMappingItem *other;

  if (mapping == NULL)
    return NULL;
  other = find_mapping (live, listens_there, &mapping->local);
  if (other != NULL && other != except)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   _ ("Port %u leads to %s already. Choose another port, or change that mapping."),
                   mapping->local.port, ph_mapping_item_get_remote (other));
      return NULL;
    }
  return g_steal_pointer (&mapping);
}

PhMappingItem *
ph_live_add_mapping (PhLive *live, const char *text, const char *title, GError **error)
{
  g_autoptr (PhMapping) mapping = parse_mapping (live, text, NULL, error);
  g_autoptr (PhMappingItem) item = NULL;

  if (mapping == NULL)
    return NULL;
  item = ph_mapping_item_new (mapping, title);
  g_list_store_append (live->mappings, item);
  switch_on (live, item);
  ph_live_emit_edited (live);
  return item;
}

gboolean
ph_live_edit_mapping (PhLive *live,
                      PhMappingItem *item,
                      const char *text,
                      PhMappingItem **ret_item,
                      GError **error)
{
  g_autoptr (PhMapping) mapping = parse_mapping (live, text, item, error);
  g_autoptr (PhMappingItem) new_item = NULL;
  guint position;

  if (mapping == NULL || !g_list_store_find (live->mappings, item, &position))
    return FALSE;
  new_item = ph_mapping_item_new (mapping, ph_mapping_item_get_title (item));
  if (ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF)
    switch_off (live, item);
  g_list_store_splice (live->mappings, position, 1, (gpointer *)&new_item, 1);
  switch_on (live, new_item);
  ph_live_emit_edited (live);
  if (ret_item != NULL)
    *ret_item = new_item;
  return TRUE;
}

void
ph_live_remove_mapping (PhLive *live, PhMappingItem *item)
{
  guint position;

  if (!g_list_store_find (live->mappings, item, &position))
    return;
  ph_live_set_mapping_on (live, item, FALSE);
  g_list_store_remove (live->mappings, position);
  ph_live_emit_edited (live);
}

void
ph_live_restore_mapping (PhLive *live, guint position, PhMappingItem *item)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (live->mappings));

  g_list_store_insert (live->mappings, MIN (position, n), item);
  switch_on (live, item);
  ph_live_emit_edited (live);
}

void
ph_live_set_mapping_on (PhLive *live, PhMappingItem *item, gboolean is_on)
{
  gboolean was_on = ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF;

  if (is_on)
    switch_on (live, item);
  else if (was_on)
    switch_off (live, item);
}

/* --- what the engine says --------------------------------------------------------------------- */

void
ph_live_note_mapping (PhLive *live,
                      const char *local,
                      const char *remote,
                      PhMappingState state,
                      const char *message)
{
  PhMappingItem *item = find_mapping (live, has_local, local);

  if (item == NULL || ph_mapping_item_get_state (item) == PH_MAPPING_ITEM_OFF)
    return; /* taken away meanwhile */
  switch (state)
    {
    case PH_MAPPING_LISTENING:
      ph_mapping_item_set_state (item, PH_MAPPING_ITEM_ON, NULL);
      break;
    case PH_MAPPING_FAILED:
      ph_mapping_item_set_state (item, PH_MAPPING_ITEM_FAILED, message);
      break;
    case PH_MAPPING_REMOVED: /* by us, and said already */
      break;
    }
}

void
ph_live_switch_mappings_off (PhLive *live)
{
  GListModel *mappings = G_LIST_MODEL (live->mappings);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);

      if (ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF)
        ph_mapping_item_set_state (item, PH_MAPPING_ITEM_OFF,
                                   _ ("The session has ended; nothing listens here any more."));
      ph_mapping_item_set_n_connections (item, 0);
    }
}

void
ph_live_count_mappings (PhLive *live)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (live);
  GListModel *mappings = G_LIST_MODEL (live->mappings);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);
      guint n = 0;

      for (guint j = 0; j < snapshot->n_connections; j++)
        if (g_str_equal (snapshot->connections[j].remote, ph_mapping_item_get_remote (item)))
          n++;
      ph_mapping_item_set_n_connections (item, n);
    }
}

/* --- free ports ------------------------------------------------------------------------------- */

static gboolean
is_free (guint16 port)
{
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);

  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL) &&
         g_socket_listen (socket, NULL);
}

guint16
ph_live_find_free_port (PhLive *live, guint16 port)
{
  PhMapping mapping = { 0 };

  if (port == 0 || !ph_endpoint_parse ("127.0.0.1:1", &mapping.local, NULL))
    return 0;
  for (guint i = 0; i < PORTS_TO_TRY && port + i <= G_MAXUINT16; i++)
    {
      mapping.local.port = (guint16)(port + i);
      if (find_mapping (live, listens_there, &mapping.local) == NULL &&
          is_free (mapping.local.port))
        return mapping.local.port;
    }
  return 0;
}
