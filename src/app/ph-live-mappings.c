/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-live-private.h"

#include "core/ph-error.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#define PORTS_TO_TRY 100

/* Ports below are often kept for the system; what is looked for instead is so much above them. */
#define PORTS_OF_SYSTEM 1024
#define PORTS_ABOVE 8000

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
has_endpoint (PhMappingItem *item, gconstpointer endpoint)
{
  return ph_endpoint_equal (&ph_mapping_item_get_mapping (item)->local, endpoint);
}

static gboolean
shares_endpoint (PhMappingItem *item, gconstpointer other)
{
  const PhMapping *mapping = ph_mapping_item_get_mapping ((PhMappingItem *)other);

  return item != other && has_endpoint (item, &mapping->local);
}

static gboolean
is_failed (PhMappingItem *item, gconstpointer local)
{
  return ph_mapping_item_get_state (item) == PH_MAPPING_ITEM_FAILED &&
         g_str_equal (ph_mapping_item_get_local (item), local);
}

static gboolean
is_listening (PhMappingItem *item, gconstpointer local)
{
  PhMappingItemState state = ph_mapping_item_get_state (item);

  return (state == PH_MAPPING_ITEM_BUSY || state == PH_MAPPING_ITEM_ON) &&
         g_str_equal (ph_mapping_item_get_local (item), local);
}

/* Whether it can be listened on now, by us. */
static gboolean
try_to_listen (const PhEndpoint *local, GError **error)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (local);
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  return socket != NULL && g_socket_bind (socket, address, FALSE, error) &&
         g_socket_listen (socket, error);
}

/* --- commands --------------------------------------------------------------------------------- */

/* Words for a port that leads elsewhere already. Owned. */
static char *
dup_taken (guint16 port, PhMappingItem *by)
{
  return g_strdup_printf (_ ("Port %u leads to %s already. Choose another port, or change that "
                             "mapping."),
                          port, ph_mapping_item_get_remote (by));
}

/* Two share an endpoint where a mapping was put back whose port was given away meanwhile. */
static void
switch_on (PhLive *live, PhMappingItem *item)
{
  const PhMapping *mapping = ph_mapping_item_get_mapping (item);
  PhMappingItem *other = find_mapping (live, shares_endpoint, item);
  g_autofree char *text = ph_mapping_dup_text (mapping);
  g_autofree char *taken = NULL;

  if (live->state == PH_SESSION_ENDED)
    return;
  if (other != NULL)
    {
      taken = dup_taken (mapping->local.port, other);
      ph_mapping_item_set_state (item, PH_MAPPING_ITEM_FAILED, taken);
      return;
    }
  ph_mapping_item_set_state (item, PH_MAPPING_ITEM_BUSY, NULL);
  ph_engine_session_map (live->session, text, NULL, NULL);
}

/* What listens there may be another's. */
static void
stop_listening (PhLive *live, PhMappingItem *item)
{
  if (find_mapping (live, shares_endpoint, item) == NULL)
    ph_engine_session_unmap (live->session, ph_mapping_item_get_local (item), NULL, NULL);
}

/* The mapping that @text says, if nothing else but @except listens where it would. */
static PhMapping *
parse_mapping (PhLive *live, const char *text, PhMappingItem *except, GError **error)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse (text, error);
  g_autofree char *taken = NULL;
  PhMappingItem *other;

  if (mapping == NULL)
    return NULL;
  if (mapping->local.port == 0)
    mapping->local.port = ph_live_find_free_port (live, mapping->remote.endpoint.port);
  other = find_mapping (live, has_endpoint, &mapping->local);
  if (other == NULL || other == except)
    return g_steal_pointer (&mapping);
  taken = dup_taken (mapping->local.port, other);
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, taken);
  return NULL;
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
  g_autofree char *remote = NULL;
  gboolean leads_there;
  guint position;

  if (mapping == NULL || !g_list_store_find (live->mappings, item, &position))
    return FALSE;
  remote = ph_destination_dup_text (&mapping->remote);
  leads_there = g_str_equal (remote, ph_mapping_item_get_remote (item));
  new_item = ph_mapping_item_new (mapping, leads_there ? ph_mapping_item_get_title (item) : NULL);
  ph_live_set_mapping_on (live, item, FALSE);
  g_list_store_splice (live->mappings, position, 1, (gpointer *)&new_item, 1);
  switch_on (live, new_item);
  ph_live_emit_edited (live);
  if (ret_item != NULL)
    *ret_item = new_item;
  return TRUE;
}

/* It keeps its state, for the one who puts it back. */
void
ph_live_remove_mapping (PhLive *live, PhMappingItem *item)
{
  guint position;

  if (!g_list_store_find (live->mappings, item, &position))
    return;
  if (ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF)
    stop_listening (live, item);
  g_list_store_remove (live->mappings, position);
  ph_live_emit_edited (live);
}

void
ph_live_restore_mapping (PhLive *live, guint position, PhMappingItem *item)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (live->mappings));

  g_list_store_insert (live->mappings, MIN (position, n), item);
  if (ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF)
    switch_on (live, item);
  ph_live_emit_edited (live);
}

void
ph_live_set_mapping_on (PhLive *live, PhMappingItem *item, gboolean is_on)
{
  if (is_on == (ph_mapping_item_get_state (item) != PH_MAPPING_ITEM_OFF))
    return;
  if (is_on)
    {
      switch_on (live, item);
      return;
    }
  stop_listening (live, item);
  ph_mapping_item_set_state (item, PH_MAPPING_ITEM_OFF, NULL);
}

/* --- what the engine says --------------------------------------------------------------------- */

/* In words for a window, where they are known; else @message. Owned. */
static char *
dup_failure (const PhEndpoint *local, const char *message)
{
  g_autoptr (GError) error = NULL;

  try_to_listen (local, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return g_strdup_printf (_ ("Another program on this computer uses port %u already."),
                            local->port);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return g_strdup_printf (_ ("Port %u is reserved for the system. Choose 1024 or above."),
                            local->port);
  return g_strdup (message);
}

void
ph_live_note_mapping (PhLive *live,
                      const char *local,
                      const char *remote,
                      PhMappingState state,
                      const char *message)
{
  PhMappingItem *item = find_mapping (live, is_listening, local);
  g_autofree char *failure = NULL;

  if (item == NULL)
    item = find_mapping (live, is_failed, local); /* news of an earlier try came late */
  if (item == NULL)
    return; /* taken away meanwhile */
  switch (state)
    {
    case PH_MAPPING_LISTENING:
      ph_mapping_item_set_state (item, PH_MAPPING_ITEM_ON, NULL);
      break;
    case PH_MAPPING_FAILED:
      failure = dup_failure (&ph_mapping_item_get_mapping (item)->local, message);
      ph_mapping_item_set_state (item, PH_MAPPING_ITEM_FAILED, failure);
      break;
    case PH_MAPPING_REMOVED: /* by us, and said already */
      break;
    }
}

static void
end_mapping (PhMappingItem *item)
{
  PhMappingItemState state = ph_mapping_item_get_state (item);
  gboolean has_listened = state == PH_MAPPING_ITEM_BUSY || state == PH_MAPPING_ITEM_ON;

  ph_mapping_item_set_n_connections (item, 0);
  ph_mapping_item_set_state (
      item, PH_MAPPING_ITEM_OFF,
      has_listened ? _ ("The session has ended; nothing listens here any more.") : NULL);
}

void
ph_live_switch_mappings_off (PhLive *live)
{
  GListModel *mappings = G_LIST_MODEL (live->mappings);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);

      end_mapping (item);
    }
}

/* Why a connection to @remote did not reach the service, and what to do; NULL if it did, or nobody
 * at the Host is to blame. Owned. */
static char *
dup_trouble (PhCloseReason reason, const char *remote)
{
  switch (reason)
    {
    case PH_CLOSE_NOT_ALLOWED:
      return g_strdup_printf (_ ("The Host does not allow %s. Ask for it to be shared."), remote);
    case PH_CLOSE_REFUSED:
      return g_strdup_printf (_ ("Nothing listens at %s at the Host. Ask whether it is running."),
                              remote);
    case PH_CLOSE_UNREACHABLE:
      return g_strdup_printf (_ ("The Host’s computer has no way to %s."), remote);
    case PH_CLOSE_TIMED_OUT:
      return g_strdup_printf (_ ("%s did not answer the Host’s computer."), remote);
    case PH_CLOSE_NAME_NOT_FOUND:
      return g_strdup_printf (_ ("The Host’s computer does not know the name in %s."), remote);
    case PH_CLOSE_DONE:
    case PH_CLOSE_RESET:
    case PH_CLOSE_TOO_MANY:
    case PH_CLOSE_PROTOCOL_ERROR:
    case PH_CLOSE_TOO_SLOW:
    case PH_CLOSE_SESSION_ENDING:
    case PH_CLOSE_N_REASONS:
      break;
    }
  return NULL;
}

void
ph_live_note_connection (PhLive *live, const PhSnapshotConnection *connection)
{
  GListModel *mappings = G_LIST_MODEL (live->mappings);
  g_autofree char *trouble = dup_trouble (connection->reason, connection->remote);

  if (trouble == NULL && !connection->is_open)
    return;
  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);

      if (g_str_equal (connection->remote, ph_mapping_item_get_remote (item)))
        ph_mapping_item_note_connection (item, connection->serial, trouble);
    }
}

static void
count_mapping (PhMappingItem *item, PhSnapshot *snapshot)
{
  const char *remote = ph_mapping_item_get_remote (item);
  guint n = 0;

  for (guint i = 0; i < snapshot->n_connections; i++)
    {
      const PhSnapshotConnection *connection = &snapshot->connections[i];

      if (!g_str_equal (connection->remote, remote))
        continue;
      n++;
      if (connection->is_open)
        ph_mapping_item_note_connection (item, connection->serial, NULL);
    }
  ph_mapping_item_set_n_connections (item, n);
}

static void
name_mapping (PhMappingItem *item, PhSnapshot *snapshot)
{
  guint16 port = ph_mapping_item_get_mapping (item)->remote.endpoint.port;

  for (guint i = 0; i < snapshot->n_services; i++)
    {
      const PhService *service = &snapshot->services[i];
      g_autofree char *text = service->port == port ? ph_service_dup_text (service) : NULL;

      if (g_strcmp0 (text, ph_mapping_item_get_remote (item)) == 0)
        ph_mapping_item_set_service (item, service->title, service->kind);
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

      count_mapping (item, snapshot);
      name_mapping (item, snapshot);
    }
}

/* --- free ports ------------------------------------------------------------------------------- */

static gboolean
is_free (PhLive *live, guint16 port)
{
  PhEndpoint local;

  if (!ph_endpoint_parse ("127.0.0.1:0", &local, NULL))
    return FALSE;
  local.port = port;
  return find_mapping (live, has_endpoint, &local) == NULL && try_to_listen (&local, NULL);
}

guint16
ph_live_find_free_port (PhLive *live, guint16 port)
{
  guint first = port;

  if (port < PORTS_OF_SYSTEM)
    {
      if (port != 0 && is_free (live, port))
        return port;
      first = port + PORTS_ABOVE;
    }
  for (guint i = first; i < first + PORTS_TO_TRY && i <= G_MAXUINT16; i++)
    if (is_free (live, (guint16)i))
      return (guint16)i;
  return 0;
}
