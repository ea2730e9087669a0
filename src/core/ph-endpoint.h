/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An IP address and a port, as a plain value: copy it, compare it with memcmp (no padding).
 * IPv4 is held as the IPv4-mapped address ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
typedef struct
{
  guint8 addr[16]; /* network order */
  guint16 port;    /* host order */
} PhEndpoint;

G_STATIC_ASSERT (sizeof (PhEndpoint) == 18);

/* Bytes for the longest formatted endpoint with its NUL: "[ffff:…:255.255.255.255]:65535". */
#define PH_ENDPOINT_TEXT_SIZE 56

typedef enum
{
  PH_SCOPE_UNSPECIFIED, /* 0.0.0.0 (all of 0/8), :: */
  PH_SCOPE_LOOPBACK,    /* 127/8, ::1 */
  PH_SCOPE_LINK_LOCAL,  /* 169.254/16, fe80::/10 */
  PH_SCOPE_PRIVATE,     /* 10/8, 172.16/12, 192.168/16, 100.64/10 (RFC 6598), fc00::/7 */
  PH_SCOPE_MULTICAST,   /* 224/4, ff00::/8; and 255.255.255.255 */
  PH_SCOPE_PUBLIC,      /* everything else */
} PhScope;

/* Parses a numeric IP address without port or brackets into @ret_addr. A zone ("%eth0") is refused.
 * Returns FALSE, output untouched, for anything else: names and shortened IPv4 forms included. */
gboolean ph_address_parse (const char *text, guint8 ret_addr[16]);

/* "127.0.0.1" or "::1" into @buffer; returns @buffer. */
const char *ph_address_format (const guint8 addr[16], char buffer[PH_ENDPOINT_TEXT_SIZE]);

gboolean ph_address_is_ipv4 (const guint8 addr[16]);
PhScope ph_address_scope (const guint8 addr[16]);

/* Parses a decimal number of digits only, 0..65535. Output untouched on failure. */
gboolean ph_port_parse (const char *text, guint16 *ret_port);

/* Parses "1.2.3.4:80" or "[::1]:80". Errors: PH_ERROR_INVALID, with what would be right. */
gboolean ph_endpoint_parse (const char *text, PhEndpoint *ret_endpoint, GError **error);

/* "1.2.3.4:80" or "[::1]:80" into @buffer; returns @buffer. */
const char *ph_endpoint_format (const PhEndpoint *endpoint, char buffer[PH_ENDPOINT_TEXT_SIZE]);

/* FALSE, output untouched, if @address is not an internet address. */
gboolean ph_endpoint_from_socket_address (GSocketAddress *address, PhEndpoint *ret_endpoint);
gboolean ph_address_from_inet_address (GInetAddress *address, guint8 ret_addr[16]);

/* Owned. An IPv4-mapped address comes out as IPv4. */
GSocketAddress *ph_endpoint_dup_socket_address (const PhEndpoint *endpoint);

gboolean ph_endpoint_equal (const PhEndpoint *a, const PhEndpoint *b);

G_END_DECLS
