/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-segments.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* Linux 4.18; older headers do not name it */
#endif

PhSegmentsStatus
ph_segments_send (GSocket *socket,
                  GSocketAddress *to,
                  const guint8 *bytes,
                  gsize size,
                  guint16 segment_size)
{
  struct sockaddr_storage address;
  union
  {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE (sizeof segment_size)];
  } control = { 0 };
  struct iovec vector = { (void *)bytes, size };
  struct msghdr message = { .msg_name = &address,
                            .msg_namelen = (socklen_t)g_socket_address_get_native_size (to),
                            .msg_iov = &vector,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes };
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);

  if (!g_socket_address_to_native (to, &address, sizeof address, NULL))
    return PH_SEGMENTS_IMPOSSIBLE;
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN (sizeof segment_size);
  memcpy (CMSG_DATA (header), &segment_size, sizeof segment_size);
  if (sendmsg (g_socket_get_fd (socket), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size)
    return PH_SEGMENTS_SENT;
  switch (errno)
    {
    case EAGAIN:
    case ENOBUFS:
      return PH_SEGMENTS_AGAIN;
    case EAFNOSUPPORT:
    case EBADF:
    case EINVAL:
    case EIO:
    case EMSGSIZE:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return PH_SEGMENTS_IMPOSSIBLE;
    default:
      return PH_SEGMENTS_NOT_NOW;
    }
}
