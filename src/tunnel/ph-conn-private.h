/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-conn.h"

G_BEGIN_DECLS

/* Between the files of a connection: ph-conn.c keeps its states and what it owes, ph-conn-tcp.c the
 * socket, ph-conn-receive.c the frames that come. Nobody else includes this. */

/* The longest CONNECT or CLOSE payload that makes sense is a name of 253 bytes. */
#define MAX_CONTROL_BYTES 512

#define NAME_PREFIX "name="
#define OWES(event) (1u << (event)) /* in PhConn.owed */

typedef enum
{
  RELEASE_CLOSE,
  RELEASE_RESET,
} Release;

static inline gboolean
ph_conn_is_flowing (const PhConn *self)
{
  return self->state == PH_CONN_OPENING || self->state == PH_CONN_OPEN;
}

static inline gboolean
ph_conn_is_discarding (const PhConn *self)
{
  return self->state == PH_CONN_DRAINING || self->state == PH_CONN_LINGERING;
}

static inline gboolean
ph_conn_has_credit (const PhConn *self)
{
  return ph_mux_has (self->mux, PH_EXTENSION_CREDIT);
}

/* With credit the other side's window is the bound; what is held beside it are charges. */
static inline gsize
ph_conn_get_limit (const PhMux *mux)
{
  return ph_mux_has (mux, PH_EXTENSION_CREDIT) ? 2 * PH_MUX_MAX_WINDOW_BYTES
                                               : PH_MUX_PLAIN_LIMIT_BYTES;
}

/* Along a legal edge; GONE frees it when the mux is left. */
void ph_conn_set_state (PhConn *conn, PhConnState state);

/* The service was reached. */
void ph_conn_become_open (PhConn *conn);

/* Exactly one CLOSE goes each way; none where the other side never heard of the connection. */
void ph_conn_owe_close (PhConn *conn);

/* Sends all that is owed, in order. FALSE if the channel has no room: then the connection waits for
 * its turn. Once the last CLOSE is sent the connection may be gone. */
gboolean ph_conn_flush (PhConn *conn);

/* The one way a socket's life ends with a CLOSE that is told, or has passed already. */
void ph_conn_end (PhConn *conn, Release release);

/* Without a socket: forgets the name if nothing is owed or awaited any more, else keeps it. */
void ph_conn_settle (PhConn *conn);

/* A reference is taken. */
void ph_conn_take_socket (PhConn *conn, GSocket *socket);

/* Ends the dial too. */
void ph_conn_release_socket (PhConn *conn, Release release);

/* Says how to let go of the socket where nothing can be waited for: what came before a CLOSE done
 * is written, if the system takes it at once, and then no reset may destroy it. */
Release ph_conn_finish_writing (PhConn *conn);

/* Watches what is of use now; after everything that may change it. */
void ph_conn_update_watch (PhConn *conn);

/* Writes what waits, and does what follows from it. */
void ph_conn_write_unsent (PhConn *conn);

/* Counts what the socket took; credit follows with the next flush. */
void ph_conn_consume (PhConn *conn, gsize bytes);

/* Does what follows once everything for the socket is written. */
void ph_conn_progress (PhConn *conn);

/* A CLOSE done has passed: what came before it is written, then the socket is shut down. */
void ph_conn_start_draining (PhConn *conn);

G_END_DECLS
