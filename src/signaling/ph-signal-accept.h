/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ph-endpoint.h"
#include "ph-signal-tls.h"

G_BEGIN_DECLS

/* Each costs some 15 KiB at rest, three times its head of at most 8 KiB while it asks, and 50 KiB
 * more with TLS; bodies and answers are bounded by themselves (ph-signal-call.c). */
#define PH_SIGNAL_MAX_CONNECTIONS 12288

/* Accepts connections for an HTTP server that has no limits of its own: counts them, refuses what
 * is no HTTP (ph-signal-head.h), and gives each a time by which it must be done. When there are as
 * many as there may be, or descriptors run out, the oldest that has not come to its point makes
 * room for the next: so those who ask at once get through a crowd of those who do not. */
typedef struct _PhSignalAccept PhSignalAccept;
typedef struct _PhSignalConn PhSignalConn;

typedef struct
{
  /* Whether to take a connection from @remote; one that was taken will be closed. */
  gboolean (*opening) (const PhEndpoint *remote, gpointer user_data);

  /* A connection that was taken. @stream is borrowed; @conn is valid until closed. */
  void (*opened) (PhSignalConn *conn, GIOStream *stream, gpointer user_data);

  /* Its stream is gone. @refused: the status that was answered for the HTTP server, or 0. */
  void (*closed) (const PhEndpoint *remote, guint refused, gpointer user_data);
} PhSignalAcceptEvents;

/* On the thread-default context. @tls may be NULL. A connection is cut @request_ms after it
 * was opened unless it is given more time. @events is borrowed. */
PhSignalAccept *ph_signal_accept_new (PhSignalTls *tls,
                                      guint request_ms,
                                      const PhSignalAcceptEvents *events,
                                      gpointer user_data);

/* Stops listening, cuts what is open, calls back nothing any more. */
void ph_signal_accept_free (PhSignalAccept *accept);

/* May be called more than once. @ret_bound may be NULL. Errors: PH_ERROR_LISTEN. */
gboolean ph_signal_accept_listen (PhSignalAccept *accept,
                                  const PhEndpoint *endpoint,
                                  PhEndpoint *ret_bound,
                                  GError **error);
void ph_signal_accept_stop_listening (PhSignalAccept *accept);

/* Cuts what is past its time, and listens again if it had to pause: once a second. */
void ph_signal_accept_tick (PhSignalAccept *accept, gint64 now_us);

/* Whether it is this computer's own: 127.0.0.0/8 or ::1. */
gboolean ph_signal_endpoint_is_local (const PhEndpoint *endpoint);

/* Makes room: of the connections from this computer that are not kept, the oldest goes. */
void ph_signal_accept_cut_oldest_local (PhSignalAccept *accept);
void ph_signal_conn_keep (PhSignalConn *conn);

guint ph_signal_accept_count (PhSignalAccept *accept);

/* The connection behind @remote_address, which must be the object that `opened` had its stream for.
 */
PhSignalConn *ph_signal_conn_from_address (GSocketAddress *remote_address);

/* The two addresses as objects, borrowed. */
GSocketAddress *ph_signal_conn_get_local (PhSignalConn *conn);
GSocketAddress *ph_signal_conn_get_remote (PhSignalConn *conn);
const PhEndpoint *ph_signal_conn_get_endpoint (PhSignalConn *conn);

/* It has asked, whole: it may wait @hold_s for its answer and then has its time to read that. It no
 * longer makes room for others. */
void ph_signal_conn_allow (PhSignalConn *conn, guint hold_s);

/* Both directions, at once; `closed` follows. */
void ph_signal_conn_cut (PhSignalConn *conn);

/* A source that fires when the other end hangs up or says more. Owned, not attached. */
GSource *ph_signal_conn_create_source (PhSignalConn *conn);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalAccept, ph_signal_accept_free)

G_END_DECLS
