/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a stream socket does on the byte's path, without a GError for "not now". */

typedef enum
{
  PH_SOCKET_OK,
  PH_SOCKET_AGAIN,  /* nothing now */
  PH_SOCKET_END,    /* read only: the other end has shut down writing */
  PH_SOCKET_FAILED, /* reset or broken */
} PhSocketStatus;

/* Non-blocking, and without Nagle's delay: frames are as large as one read anyway. */
void ph_socket_prepare (GSocket *socket);

/* Reads up to @size bytes, more than 0. @ret_size is set with PH_SOCKET_OK. */
PhSocketStatus ph_socket_read (GSocket *socket, guint8 *bytes, gsize size, gsize *ret_size);

/* Writes up to @size bytes, more than 0. @ret_size is set with PH_SOCKET_OK. */
PhSocketStatus ph_socket_write (GSocket *socket, const guint8 *bytes, gsize size, gsize *ret_size);

/* From now on asks the other end every few seconds whether it is still there. One that has shut
 * down writing says so; one that has closed is found out by its system's reset, once that has
 * forgotten it (a minute, by default). */
void ph_socket_keep_asking (GSocket *socket);

/* Dialling a local port that nobody listens on can meet itself (RFC 9293, simultaneous open). */
gboolean ph_socket_is_its_own_peer (GSocket *socket);

/* Closes so that the other end sees a reset, dropping what was not sent. */
void ph_socket_reset (GSocket *socket);

G_END_DECLS
