/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-listening.h"

G_BEGIN_DECLS

/* What a system tells of one listening socket. */
typedef struct
{
  PhEndpoint bound;
  guint64 inode;    /* what its owner knows it by; 0: not known */
  char *program;    /* owned; NULL: not known */
  gboolean is_ours; /* some Porthole's */
} PhListeningSocket;

/* An array that frees its PhListeningSockets. Owned. */
GArray *ph_listening_sockets_new (void);

/* Appends every TCP socket that listens on this computer, in any order; the system's own part of
 * all this. Errors: as ph_listening_list. */
gboolean ph_listening_read_sockets (GArray *sockets, GCancellable *cancellable, GError **error);

/* Linux: appends the sockets that listen in @text, lines of /proc/net/tcp or tcp6, which is cut
 * into them on the way. Returns how many there are in other states. What cannot be understood is
 * passed over. */
guint ph_listening_parse_table (char *text, GArray *sockets);

/* Linux: the same for all that can be read from @fd, until no more listen. */
void ph_listening_read_table (int fd, GArray *sockets);

/* Entries to choose from, made of @sockets, which are sorted on the way. Owned. */
GPtrArray *ph_listening_from_sockets (GArray *sockets);

G_END_DECLS
