/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-apps.h"

#include <gio/gnetworking.h>

#include "tunnel/ph-socket.h"

#define BUFFER_BYTES 4096 /* asked for, so that little fills it */

void
ph_app_write (PhApp *app, gsize size)
{
  static guint8 buffer[65536];
  gsize n;

  for (gsize i = 0; i < size; i++)
    buffer[i] = (guint8)(app->next_byte + i);
  if (size > 0 && ph_socket_write (app->socket, buffer, size, &n) == PH_SOCKET_OK)
    app->next_byte = (guint8)(app->next_byte + n);
}

GSocket *
ph_apps_bind (gboolean listens, guint16 *ret_port)
{
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (any, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES, NULL);
  g_socket_set_listen_backlog (socket, 256);
  g_assert_true (!listens || g_socket_listen (socket, NULL));
  g_socket_set_blocking (socket, FALSE);
  bound = g_socket_get_local_address (socket, NULL);
  *ret_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return socket;
}

static GSocket *
wrap (int fd)
{
  GSocket *socket = g_socket_new_from_fd (fd, NULL);

  g_assert_nonnull (socket);
  g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES, NULL);
  return socket;
}

GSocket *
ph_apps_connect (GSocket **ret_app)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  *ret_app = wrap (fds[1]);
  return wrap (fds[0]);
}
