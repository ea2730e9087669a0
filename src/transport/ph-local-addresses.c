/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-local-addresses.h"

#include <nice/interfaces.h>
#include <string.h>

/* Connecting a UDP socket sends nothing: it only makes the system choose a route, and with it the
 * address it would send from. The destination is one that is everywhere behind the default route.
 */
static gboolean
find_default_route_address (const char *destination, PhEndpoint *ret_endpoint)
{
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string (destination, 9);
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (remote),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  if (socket == NULL || !g_socket_connect (socket, remote, NULL, NULL))
    return FALSE;
  local = g_socket_get_local_address (socket, NULL);
  return local != NULL && ph_endpoint_from_socket_address (local, ret_endpoint);
}

static void
add_once (GArray *addresses, const PhEndpoint *endpoint)
{
  PhEndpoint address = *endpoint;
  PhScope scope = ph_address_scope (address.addr);

  address.port = 0;
  if (scope != PH_SCOPE_PRIVATE && scope != PH_SCOPE_PUBLIC)
    return;
  for (guint i = 0; i < addresses->len; i++)
    if (ph_endpoint_equal (&g_array_index (addresses, PhEndpoint, i), &address))
      return;
  g_array_append_val (addresses, address);
}

GArray *
ph_local_addresses_list (void)
{
  static const char *const far_away[] = { "8.8.8.8", "2001:4860:4860::8888" };
  GArray *addresses = g_array_new (FALSE, TRUE, sizeof (PhEndpoint));
  GList *interfaces = nice_interfaces_get_local_ips (FALSE);
  PhEndpoint endpoint = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (far_away); i++)
    if (find_default_route_address (far_away[i], &endpoint))
      add_once (addresses, &endpoint);
  for (GList *l = interfaces; l != NULL; l = l->next)
    if (ph_address_parse (l->data, endpoint.addr))
      add_once (addresses, &endpoint);
  g_list_free_full (interfaces, g_free);
  return addresses;
}
