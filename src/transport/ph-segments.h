/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Many datagrams of one size in one system call, cut apart by the kernel or the network card
 * (Linux: UDP_SEGMENT, udp(7)). On other systems it is never possible. */

#define PH_SEGMENTS_MAX 64
#define PH_SEGMENTS_MAX_BYTES 65000

typedef enum
{
  PH_SEGMENTS_SENT,
  PH_SEGMENTS_AGAIN,      /* the socket is full; nothing was sent */
  PH_SEGMENTS_NOT_NOW,    /* the network is in trouble; nothing was sent */
  PH_SEGMENTS_IMPOSSIBLE, /* not here, or not on this path: send one by one; nothing was sent */
} PhSegmentsStatus;

/* Sends @size bytes at @bytes to @to as datagrams of @segment_size, the last one shorter if it does
 * not come out even. At most PH_SEGMENTS_MAX of them and PH_SEGMENTS_MAX_BYTES. */
PhSegmentsStatus ph_segments_send (GSocket *socket,
                                   GSocketAddress *to,
                                   const guint8 *bytes,
                                   gsize size,
                                   guint16 segment_size);

G_END_DECLS
