/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-endpoint.h"

#include <string.h>

#include "core/ph-error.h"

static void
test_address_round_trip (void)
{
  static const struct
  {
    const char *text;
    const char *formatted; /* NULL: as read */
  } rows[] = {
    { "127.0.0.1", NULL },
    { "0.0.0.0", NULL },
    { "255.255.255.255", NULL },
    { "192.168.1.20", NULL },
    { "::", NULL },
    { "::1", NULL },
    { "fe80::1", NULL },
    { "2001:db8::42", NULL },
    { "2001:0DB8:0000:0000:0000:0000:0000:0042", "2001:db8::42" },
    { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
    { "::ffff:10.1.2.3", "10.1.2.3" },
    { "::ffff:0a01:0203", "10.1.2.3" },
    { "64:ff9b::10.1.2.3", "64:ff9b::a01:203" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *expected = rows[i].formatted != NULL ? rows[i].formatted : rows[i].text;
      char buffer[PH_ENDPOINT_TEXT_SIZE];
      guint8 addr[16];

      g_assert_true (ph_address_parse (rows[i].text, addr));
      g_assert_true (ph_address_format (addr, buffer) == buffer);
      g_assert_cmpstr (buffer, ==, expected);
      g_assert_cmpint (ph_address_is_ipv4 (addr), ==, strchr (expected, ':') == NULL);
    }
}

static void
test_address_mapped (void)
{
  static const guint8 expected[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };
  guint8 addr[16];

  g_assert_true (ph_address_parse ("192.0.2.7", addr));
  g_assert_cmpmem (addr, 16, expected, 16);
}

static void
test_address_refused (void)
{
  static const char *const rows[] = {
    "",
    " ",
    "localhost",
    "example.com",
    "127.1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.-4",
    "0x7f.0.0.1",
    "127.0.0.1 ",
    " 127.0.0.1",
    "2130706433",
    "127.0.0.01",
    "1.2.3.4:80",
    "[::1]",
    ":",
    ":::",
    "::1::",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::g",
    "fe80::1%lo",
    "fe80::1%1",
    "1.2.3.4%lo",
    "%",
    "*",
    "10.0.0.0/8",
    "::ffff:1.2.3",
    "::1 ",
    "\xc3\xa4",
    "1.2.3.\xd9\xa3",
    "0.0.0",
    "...",
    "127.0.0.1\n",
    "-1.2.3.4",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint8 addr[16], untouched[16];

      memset (addr, 0xa5, sizeof addr);
      memset (untouched, 0xa5, sizeof untouched);
      if (ph_address_parse (rows[i], addr))
        g_error ("“%s” was taken for an address", rows[i]);
      g_assert_cmpmem (addr, 16, untouched, 16);
    }
}

/* The edges of every range, on both sides. */
static const struct
{
  const char *text;
  PhScope scope;
} scopes[] = {
  { "0.0.0.0", PH_SCOPE_UNSPECIFIED },
  { "0.255.255.255", PH_SCOPE_UNSPECIFIED },
  { "1.0.0.0", PH_SCOPE_PUBLIC },
  { "9.255.255.255", PH_SCOPE_PUBLIC },
  { "10.0.0.0", PH_SCOPE_PRIVATE },
  { "10.255.255.255", PH_SCOPE_PRIVATE },
  { "11.0.0.0", PH_SCOPE_PUBLIC },
  { "100.63.255.255", PH_SCOPE_PUBLIC },
  { "100.64.0.0", PH_SCOPE_PRIVATE },
  { "100.127.255.255", PH_SCOPE_PRIVATE },
  { "100.128.0.0", PH_SCOPE_PUBLIC },
  { "126.255.255.255", PH_SCOPE_PUBLIC },
  { "127.0.0.0", PH_SCOPE_LOOPBACK },
  { "127.255.255.255", PH_SCOPE_LOOPBACK },
  { "128.0.0.0", PH_SCOPE_PUBLIC },
  { "169.253.255.255", PH_SCOPE_PUBLIC },
  { "169.254.0.0", PH_SCOPE_LINK_LOCAL },
  { "169.254.169.254", PH_SCOPE_LINK_LOCAL },
  { "169.255.0.0", PH_SCOPE_PUBLIC },
  { "172.15.255.255", PH_SCOPE_PUBLIC },
  { "172.16.0.0", PH_SCOPE_PRIVATE },
  { "172.31.255.255", PH_SCOPE_PRIVATE },
  { "172.32.0.0", PH_SCOPE_PUBLIC },
  { "192.167.255.255", PH_SCOPE_PUBLIC },
  { "192.168.0.0", PH_SCOPE_PRIVATE },
  { "192.169.0.0", PH_SCOPE_PUBLIC },
  { "223.255.255.255", PH_SCOPE_PUBLIC },
  { "224.0.0.0", PH_SCOPE_MULTICAST },
  { "239.255.255.255", PH_SCOPE_MULTICAST },
  { "240.0.0.0", PH_SCOPE_PUBLIC },
  { "255.255.255.254", PH_SCOPE_PUBLIC },
  { "255.255.255.255", PH_SCOPE_MULTICAST },
  { "::", PH_SCOPE_UNSPECIFIED },
  { "::1", PH_SCOPE_LOOPBACK },
  { "::2", PH_SCOPE_PUBLIC },
  { "::ffff:127.0.0.1", PH_SCOPE_LOOPBACK },
  { "::ffff:169.254.1.1", PH_SCOPE_LINK_LOCAL },
  { "::ffff:0.0.0.0", PH_SCOPE_UNSPECIFIED },
  { "2001:db8::1", PH_SCOPE_PUBLIC },
  { "fbff::1", PH_SCOPE_PUBLIC },
  { "fc00::", PH_SCOPE_PRIVATE },
  { "fdff::1", PH_SCOPE_PRIVATE },
  { "fe7f::1", PH_SCOPE_PUBLIC },
  { "fe80::", PH_SCOPE_LINK_LOCAL },
  { "febf::1", PH_SCOPE_LINK_LOCAL },
  { "fec0::1", PH_SCOPE_PUBLIC },
  { "ff00::", PH_SCOPE_MULTICAST },
  { "ff02::1", PH_SCOPE_MULTICAST },
};

static void
test_scope (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      guint8 addr[16];

      g_assert_true (ph_address_parse (scopes[i].text, addr));
      if (ph_address_scope (addr) != scopes[i].scope)
        g_error ("%s: scope %d, not %d", scopes[i].text, ph_address_scope (addr), scopes[i].scope);
    }
}

static void
test_port (void)
{
  static const struct
  {
    const char *text;
    int port; /* -1: refused */
  } rows[] = {
    { "0", 0 },           { "1", 1 },         { "80", 80 },
    { "65535", 65535 },   { "00080", 80 },    { "65536", -1 },
    { "99999", -1 },      { "", -1 },         { "000080", -1 },
    { "4294967376", -1 }, { "-1", -1 },       { "+1", -1 },
    { " 1", -1 },         { "1 ", -1 },       { "0x50", -1 },
    { "8o", -1 },         { "80\n", -1 },     { "*", -1 },
    { "1-2", -1 },        { "\xd9\xa1", -1 }, { "18446744073709551696", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint16 port = 0xa5a5;
      gboolean ok = ph_port_parse (rows[i].text, &port);

      g_assert_cmpint (ok, ==, rows[i].port >= 0);
      g_assert_cmpuint (port, ==, ok ? rows[i].port : 0xa5a5);
    }
}

static void
test_endpoint_round_trip (void)
{
  static const struct
  {
    const char *text;
    const char *formatted;
    guint16 port;
  } rows[] = {
    { "127.0.0.1:8000", "127.0.0.1:8000", 8000 },
    { "0.0.0.0:0", "0.0.0.0:0", 0 },
    { "255.255.255.255:65535", "255.255.255.255:65535", 65535 },
    { "[::1]:8000", "[::1]:8000", 8000 },
    { "[::]:0", "[::]:0", 0 },
    { "[::ffff:10.1.2.3]:22", "10.1.2.3:22", 22 },
    { "[10.1.2.3]:22", "10.1.2.3:22", 22 },
    { "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
      "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 65535 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      char buffer[PH_ENDPOINT_TEXT_SIZE];
      PhEndpoint endpoint, again;

      g_assert_true (ph_endpoint_parse (rows[i].text, &endpoint, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (endpoint.port, ==, rows[i].port);
      g_assert_true (ph_endpoint_format (&endpoint, buffer) == buffer);
      g_assert_cmpstr (buffer, ==, rows[i].formatted);
      g_assert_true (ph_endpoint_parse (buffer, &again, NULL));
      g_assert_true (ph_endpoint_equal (&endpoint, &again));
    }
}

static void
test_endpoint_refused (void)
{
  static const char *const rows[] = {
    "",
    "127.0.0.1",
    "127.0.0.1:",
    ":80",
    "localhost:80",
    "::1:80",
    "[::1]",
    "[::1]80",
    "[::1]:",
    "[::1]:65536",
    "[]:80",
    "[:80",
    "]:80",
    "[::1:80",
    "::1]:80",
    "[[::1]]:80",
    "[fe80::1%lo]:80",
    "127.0.0.1:80:90",
    "127.0.0.1:8 0",
    "127.0.0.1: 80",
    "127.0.0.1:-1",
    "*:80",
    "127.0.0.1:*",
    ":",
    "::",
    "[127.0.0.1:80",
    "10.0.0.0/8:22",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *quoted = g_strdup_printf ("“%s”", rows[i]);
      PhEndpoint endpoint, untouched;

      memset (&endpoint, 0xa5, sizeof endpoint);
      memset (&untouched, 0xa5, sizeof untouched);
      if (ph_endpoint_parse (rows[i], &endpoint, &error))
        g_error ("“%s” was taken for an endpoint", rows[i]);
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, quoted));
      g_assert_nonnull (strstr (error->message, "127.0.0.1:8000"));
      g_assert_true (ph_endpoint_equal (&endpoint, &untouched));
    }
}

/* The longest text there is fits, and nothing is cut. */
static void
test_text_size (void)
{
  const char *longest = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";

  g_assert_cmpuint (strlen (longest), <, PH_ENDPOINT_TEXT_SIZE);
}

static void
test_equal (void)
{
  PhEndpoint a, b;

  g_assert_true (ph_endpoint_parse ("10.0.0.1:80", &a, NULL));
  b = a;
  g_assert_true (ph_endpoint_equal (&a, &b));
  b.port = 81;
  g_assert_false (ph_endpoint_equal (&a, &b));
  for (guint i = 0; i < 16; i++)
    {
      b = a;
      b.addr[i] ^= 1;
      g_assert_false (ph_endpoint_equal (&a, &b));
    }
}

static void
test_socket_address (void)
{
  static const struct
  {
    const char *text;
    GSocketFamily family;
  } rows[] = {
    { "127.0.0.1:8000", G_SOCKET_FAMILY_IPV4 },
    { "[::1]:8000", G_SOCKET_FAMILY_IPV6 },
    { "[::ffff:1.2.3.4]:65535", G_SOCKET_FAMILY_IPV4 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GSocketAddress) address = NULL;
      PhEndpoint endpoint, again;

      g_assert_true (ph_endpoint_parse (rows[i].text, &endpoint, NULL));
      address = ph_endpoint_dup_socket_address (&endpoint);
      g_assert_cmpint (g_socket_address_get_family (address), ==, rows[i].family);
      g_assert_true (ph_endpoint_from_socket_address (address, &again));
      g_assert_true (ph_endpoint_equal (&endpoint, &again));
    }
}

static void
test_socket_address_refused (void)
{
  g_autoptr (GSocketAddress) name =
      G_SOCKET_ADDRESS (g_proxy_address_new (g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4), 1,
                                             "socks5", "example.com", 2, NULL, NULL));
  g_autoptr (GSocketAddress) native = NULL;
  static const guint8 unknown_family[16] = { 0xff, 0x7f };
  PhEndpoint endpoint, untouched;

  memset (&endpoint, 0xa5, sizeof endpoint);
  untouched = endpoint;
  native = g_socket_address_new_from_native ((gpointer)unknown_family, sizeof unknown_family);
  g_assert_false (ph_endpoint_from_socket_address (native, &endpoint));
  g_assert_true (ph_endpoint_equal (&endpoint, &untouched));

  /* A proxy's address is an internet address too: the proxy's own. */
  g_assert_true (ph_endpoint_from_socket_address (name, &endpoint));
  g_assert_cmpuint (endpoint.port, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/address-round-trip", test_address_round_trip);
  g_test_add_func ("/endpoint/address-mapped", test_address_mapped);
  g_test_add_func ("/endpoint/address-refused", test_address_refused);
  g_test_add_func ("/endpoint/scope", test_scope);
  g_test_add_func ("/endpoint/port", test_port);
  g_test_add_func ("/endpoint/round-trip", test_endpoint_round_trip);
  g_test_add_func ("/endpoint/refused", test_endpoint_refused);
  g_test_add_func ("/endpoint/text-size", test_text_size);
  g_test_add_func ("/endpoint/equal", test_equal);
  g_test_add_func ("/endpoint/socket-address", test_socket_address);
  g_test_add_func ("/endpoint/socket-address-refused", test_socket_address_refused);
  return g_test_run ();
}
