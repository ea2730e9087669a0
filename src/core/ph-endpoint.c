/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-endpoint.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ph-error.h"

static const guint8 v4_mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

gboolean
ph_address_is_ipv4 (const guint8 addr[16])
{
  return memcmp (addr, v4_mapped_prefix, sizeof v4_mapped_prefix) == 0;
}

gboolean
ph_address_from_inet_address (GInetAddress *address, guint8 ret_addr[16])
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  switch (g_inet_address_get_family (address))
    {
    case G_SOCKET_FAMILY_IPV4:
      memcpy (ret_addr, v4_mapped_prefix, sizeof v4_mapped_prefix);
      memcpy (ret_addr + sizeof v4_mapped_prefix, bytes, 4);
      return TRUE;
    case G_SOCKET_FAMILY_IPV6:
      memcpy (ret_addr, bytes, 16);
      return TRUE;
    case G_SOCKET_FAMILY_INVALID:
    case G_SOCKET_FAMILY_UNIX:
      break;
    }
  return FALSE;
}

gboolean
ph_address_parse (const char *text, guint8 ret_addr[16])
{
  g_autoptr (GInetAddress) address = NULL;

  /* GInetAddress takes zones and, on some systems, IPv4 of fewer than four parts. */
  if (strchr (text, '%') != NULL)
    return FALSE;
  address = g_inet_address_new_from_string (text);
  return address != NULL && ph_address_from_inet_address (address, ret_addr);
}

static GInetAddress *
dup_inet_address (const guint8 addr[16])
{
  if (ph_address_is_ipv4 (addr))
    return g_inet_address_new_from_bytes (addr + 12, G_SOCKET_FAMILY_IPV4);
  return g_inet_address_new_from_bytes (addr, G_SOCKET_FAMILY_IPV6);
}

const char *
ph_address_format (const guint8 addr[16], char buffer[PH_ENDPOINT_TEXT_SIZE])
{
  g_autoptr (GInetAddress) address = dup_inet_address (addr);
  g_autofree char *text = g_inet_address_to_string (address);

  g_strlcpy (buffer, text, PH_ENDPOINT_TEXT_SIZE);
  return buffer;
}

static PhScope
ipv4_scope (const guint8 *a)
{
  if (a[0] == 0)
    return PH_SCOPE_UNSPECIFIED;
  if (a[0] == 127)
    return PH_SCOPE_LOOPBACK;
  if (a[0] == 169 && a[1] == 254)
    return PH_SCOPE_LINK_LOCAL;
  if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
      (a[0] == 100 && (a[1] & 0xc0) == 64))
    return PH_SCOPE_PRIVATE;
  if ((a[0] & 0xf0) == 224 || memcmp (a, "\xff\xff\xff\xff", 4) == 0)
    return PH_SCOPE_MULTICAST;
  return PH_SCOPE_PUBLIC;
}

PhScope
ph_address_scope (const guint8 addr[16])
{
  static const guint8 zero[16];

  if (ph_address_is_ipv4 (addr))
    return ipv4_scope (addr + 12);
  if (memcmp (addr, zero, 16) == 0)
    return PH_SCOPE_UNSPECIFIED;
  if (memcmp (addr, zero, 15) == 0 && addr[15] == 1)
    return PH_SCOPE_LOOPBACK;
  if (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80)
    return PH_SCOPE_LINK_LOCAL;
  if ((addr[0] & 0xfe) == 0xfc)
    return PH_SCOPE_PRIVATE;
  if (addr[0] == 0xff)
    return PH_SCOPE_MULTICAST;
  return PH_SCOPE_PUBLIC;
}

gboolean
ph_port_parse (const char *text, guint16 *ret_port)
{
  guint value = 0;
  gsize i;

  for (i = 0; text[i] != '\0'; i++)
    {
      if (!g_ascii_isdigit (text[i]) || i == 5)
        return FALSE;
      value = value * 10 + (guint)(text[i] - '0');
    }
  if (i == 0 || value > G_MAXUINT16)
    return FALSE;
  *ret_port = (guint16)value;
  return TRUE;
}

/* Splits "host:port" at its last colon, taking brackets off an IPv6 host. */
static gboolean
split_host_port (const char *text, char **ret_host, const char **ret_port)
{
  const char *colon = strrchr (text, ':');
  gsize length;

  if (colon == NULL)
    return FALSE;
  length = (gsize)(colon - text);
  if (length > 2 && text[0] == '[' && colon[-1] == ']')
    *ret_host = g_strndup (text + 1, length - 2);
  else if (memchr (text, ':', length) == NULL)
    *ret_host = g_strndup (text, length);
  else
    return FALSE;
  *ret_port = colon + 1;
  return TRUE;
}

gboolean
ph_endpoint_parse (const char *text, PhEndpoint *ret_endpoint, GError **error)
{
  g_autofree char *host = NULL;
  const char *port = NULL;
  PhEndpoint endpoint;

  if (!split_host_port (text, &host, &port) || !ph_address_parse (host, endpoint.addr) ||
      !ph_port_parse (port, &endpoint.port))
    {
      g_set_error (
          error, PH_ERROR, PH_ERROR_INVALID,
          _ ("“%s” is not an address with a port; write it like 127.0.0.1:8000 or [::1]:8000"),
          text);
      return FALSE;
    }
  *ret_endpoint = endpoint;
  return TRUE;
}

const char *
ph_endpoint_format (const PhEndpoint *endpoint, char buffer[PH_ENDPOINT_TEXT_SIZE])
{
  char address[PH_ENDPOINT_TEXT_SIZE];

  ph_address_format (endpoint->addr, address);
  if (ph_address_is_ipv4 (endpoint->addr))
    g_snprintf (buffer, PH_ENDPOINT_TEXT_SIZE, "%s:%u", address, endpoint->port);
  else
    g_snprintf (buffer, PH_ENDPOINT_TEXT_SIZE, "[%s]:%u", address, endpoint->port);
  return buffer;
}

gboolean
ph_endpoint_from_socket_address (GSocketAddress *address, PhEndpoint *ret_endpoint)
{
  GInetSocketAddress *inet;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return FALSE;
  inet = G_INET_SOCKET_ADDRESS (address);
  if (!ph_address_from_inet_address (g_inet_socket_address_get_address (inet), ret_endpoint->addr))
    return FALSE;
  ret_endpoint->port = g_inet_socket_address_get_port (inet);
  return TRUE;
}

GSocketAddress *
ph_endpoint_dup_socket_address (const PhEndpoint *endpoint)
{
  g_autoptr (GInetAddress) address = dup_inet_address (endpoint->addr);

  return g_inet_socket_address_new (address, endpoint->port);
}

gboolean
ph_endpoint_equal (const PhEndpoint *a, const PhEndpoint *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}
