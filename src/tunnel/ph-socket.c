/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-socket.h"

#include <gio/gnetworking.h>
#include <string.h>

#include "core/ph-endpoint.h"

#define KEEP_ASKING_S 5

void
ph_socket_prepare (GSocket *socket)
{
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
}

void
ph_socket_keep_asking (GSocket *socket)
{
  g_socket_set_keepalive (socket, TRUE);
#ifdef TCP_KEEPIDLE
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ASKING_S, NULL);
#endif
#ifdef TCP_KEEPINTVL
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_ASKING_S, NULL);
#endif
}

PhSocketStatus
ph_socket_read (GSocket *socket, guint8 *bytes, gsize size, gsize *ret_size)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive_with_blocking (socket, (char *)bytes, size, FALSE, NULL, &error);

  if (n > 0)
    {
      *ret_size = (gsize)n;
      return PH_SOCKET_OK;
    }
  if (n == 0)
    return PH_SOCKET_END;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? PH_SOCKET_AGAIN
                                                                     : PH_SOCKET_FAILED;
}

PhSocketStatus
ph_socket_write (GSocket *socket, const guint8 *bytes, gsize size, gsize *ret_size)
{
  GOutputVector vector = { bytes, size };
  gsize written = 0;

  switch (g_socket_send_message_with_timeout (socket, NULL, &vector, 1, NULL, 0, G_SOCKET_MSG_NONE,
                                              0, &written, NULL, NULL))
    {
    case G_POLLABLE_RETURN_OK:
      *ret_size = written;
      return PH_SOCKET_OK;
    case G_POLLABLE_RETURN_WOULD_BLOCK:
      return PH_SOCKET_AGAIN;
    case G_POLLABLE_RETURN_FAILED:
      break;
    }
  return PH_SOCKET_FAILED;
}

gboolean
ph_socket_is_its_own_peer (GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  PhEndpoint ends[2];

  return local != NULL && remote != NULL && ph_endpoint_from_socket_address (local, &ends[0]) &&
         ph_endpoint_from_socket_address (remote, &ends[1]) &&
         memcmp (&ends[0], &ends[1], sizeof ends[0]) == 0;
}

void
ph_socket_reset (GSocket *socket)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  if (g_socket_is_closed (socket))
    return;
  /* g_socket_set_option takes an int only. */
  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, (const void *)&at_once,
              sizeof at_once);
  g_socket_close (socket, NULL);
}
