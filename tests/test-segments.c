/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many datagrams in one call arrive as the datagrams they were. */
#include <string.h>

#include "core/ph-endpoint.h"
#include "transport/ph-segments.h"

static GSocket *
open_socket (const char *address, GSocketAddress **ret_address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (address, 0);
  GSocket *socket = g_socket_new (g_socket_address_get_family (any), G_SOCKET_TYPE_DATAGRAM,
                                  G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  if (!g_socket_bind (socket, any, FALSE, NULL)) /* no IPv6 here */
    g_clear_object (&socket);
  else
    *ret_address = g_socket_get_local_address (socket, NULL);
  return socket;
}

typedef struct
{
  gsize size;
  guint16 segment_size;
} Case;

static const Case cases[] = {
  { 1200, 1200 }, { 2400, 1200 }, { 2401, 1200 }, { 3599, 1200 }, { 640, 10 }, { 64000, 1000 },
};

static void
check_case (GSocket *from, GSocket *to, GSocketAddress *address, const Case *c)
{
  g_autofree guint8 *sent = g_malloc (c->size);
  guint8 received[2048];
  gsize offset = 0;
  PhSegmentsStatus status;

  for (gsize i = 0; i < c->size; i++)
    sent[i] = (guint8)(i * 7 + i / 251);
  status = ph_segments_send (from, address, sent, c->size, c->segment_size);
  if (status == PH_SEGMENTS_IMPOSSIBLE)
    {
      g_test_skip ("this system cannot send segments");
      return;
    }
  g_assert_cmpint (status, ==, PH_SEGMENTS_SENT);
  while (offset < c->size)
    {
      gsize wanted = MIN (c->segment_size, c->size - offset);

      g_assert_cmpint (g_socket_receive (to, (char *)received, sizeof received, NULL, NULL), ==,
                       wanted);
      g_assert_cmpmem (received, (int)wanted, sent + offset, (int)wanted);
      offset += wanted;
    }
}

static void
test_boundaries (gconstpointer data)
{
  g_autoptr (GSocketAddress) from_address = NULL;
  g_autoptr (GSocketAddress) to_address = NULL;
  g_autoptr (GSocket) from = open_socket (data, &from_address);
  g_autoptr (GSocket) to = open_socket (data, &to_address);

  if (from == NULL || to == NULL)
    {
      g_test_skip ("this machine does not have this address family");
      return;
    }
  g_socket_set_timeout (to, 30);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (from, to, to_address, &cases[i]);
}

/* What cannot go to that address is said, and the caller sends it another way. */
static void
test_impossible (void)
{
  g_autoptr (GSocketAddress) from_address = NULL;
  g_autoptr (GSocketAddress) to_address = NULL;
  g_autoptr (GSocket) from = open_socket ("127.0.0.1", &from_address);
  g_autoptr (GSocket) to = open_socket ("::1", &to_address);
  guint8 bytes[2400] = { 0 };

  if (to == NULL)
    {
      g_test_skip ("this machine has no IPv6");
      return;
    }
  g_assert_cmpint (ph_segments_send (from, to_address, bytes, sizeof bytes, 1200), ==,
                   PH_SEGMENTS_IMPOSSIBLE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/segments/boundaries/ipv4", "127.0.0.1", test_boundaries);
  g_test_add_data_func ("/segments/boundaries/ipv6", "::1", test_boundaries);
  g_test_add_func ("/segments/impossible", test_impossible);
  return g_test_run ();
}
