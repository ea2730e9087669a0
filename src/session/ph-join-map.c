/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "tunnel/ph-listener.h"

#include "ph-join-private.h"

/* After `ended` nothing more may be heard. */
static gboolean
check_going_on (PhJoin *self, GError **error)
{
  if (self->state < PH_JOIN_ENDING)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, _ ("The session has ended"));
  return FALSE;
}

gboolean
ph_join_map (PhJoin *self, const char *text, GError **error)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse (text, error);
  g_autoptr (GError) failure = NULL;
  g_autofree char *remote = NULL;
  char local[PH_ENDPOINT_TEXT_SIZE];
  PhListener *listener;

  if (mapping == NULL || !check_going_on (self, error))
    return FALSE;
  remote = ph_destination_dup_text (&mapping->remote);
  listener = ph_listener_new (self->poll, mapping, &failure);
  if (listener == NULL)
    {
      self->events->mapping (ph_endpoint_format (&mapping->local, local), remote, PH_MAPPING_FAILED,
                             failure->message, self->user_data);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  g_ptr_array_add (self->listeners, listener);
  if (self->state == PH_JOIN_CONNECTED)
    ph_listener_set_mux (listener, ph_tunnel_get_mux (self->tunnel));
  self->events->mapping (ph_endpoint_format (ph_listener_get_local (listener), local), remote,
                         PH_MAPPING_LISTENING, NULL, self->user_data);
  return TRUE;
}

gboolean
ph_join_is_meant (const PhEndpoint *local, const char *text)
{
  PhEndpoint endpoint;
  guint16 port;

  if (ph_port_parse (text, &port))
    return local->port == port;
  return ph_endpoint_parse (text, &endpoint, NULL) && ph_endpoint_equal (local, &endpoint);
}

static void
close_listener (PhJoin *self, PhListener *listener)
{
  g_autofree char *remote = ph_destination_dup_text (&ph_listener_get_mapping (listener)->remote);
  char local[PH_ENDPOINT_TEXT_SIZE];

  ph_endpoint_format (ph_listener_get_local (listener), local);
  ph_listener_set_mux (listener, NULL);
  if (self->state == PH_JOIN_CONNECTED)
    ph_mux_close_owner (ph_tunnel_get_mux (self->tunnel), listener, PH_CLOSE_RESET);
  ph_listener_free (listener);
  self->events->mapping (local, remote, PH_MAPPING_REMOVED, NULL, self->user_data);
}

/* Whoever hears of one that is gone may map and unmap others, so all are taken out before. */
gboolean
ph_join_unmap (PhJoin *self, const char *text, GError **error)
{
  g_autoptr (GPtrArray) meant = g_ptr_array_new ();

  if (!check_going_on (self, error))
    return FALSE;
  for (guint i = self->listeners->len; i-- > 0;)
    if (ph_join_is_meant (ph_listener_get_local (g_ptr_array_index (self->listeners, i)), text))
      g_ptr_array_add (meant, g_ptr_array_steal_index (self->listeners, i));
  if (meant->len == 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   _ ("Nothing is mapped on “%s”; give the local port of a mapping, like 8000"),
                   text);
      return FALSE;
    }
  for (guint i = 0; i < meant->len; i++)
    close_listener (self, g_ptr_array_index (meant, i));
  return TRUE;
}
