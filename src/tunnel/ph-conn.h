/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-fifo.h"
#include "ph-dial.h"
#include "ph-mux-private.h"
#include "ph-reorder.h"
#include "ph-window.h"

G_BEGIN_DECLS

/* Internal to the mux: one connection, that is a name on the channel and, for most of its life, a
 * TCP socket. The mux owns it; every function may end it, which frees it only when the mux is left
 * (ph_mux_leave), so a pointer stays good until then. */

typedef enum
{
  PH_CONN_EARLY,     /* Host: frames came before their CONNECT */
  PH_CONN_HELD,      /* waits for the person to confirm */
  PH_CONN_DIALLING,  /* Host */
  PH_CONN_OPENING,   /* Client: CONNECT is sent or owed, OPENED awaited */
  PH_CONN_OPEN,      /* bytes flow */
  PH_CONN_DRAINING,  /* one CLOSE done has passed: what came before it is still written */
  PH_CONN_LINGERING, /* written and shut down; discards until the application ends */
  PH_CONN_KEPT,      /* no socket any more: counts frames up to the other side's CLOSE */
  PH_CONN_GONE,      /* to be freed */
  PH_CONN_N_STATES
} PhConnState;

struct _PhConn
{
  PhMux *mux;
  guint64 serial;
  gint64 opened_us;
  gint64 closed_us;
  PhConnState state;
  PhFrameName name;
  PhDestination remote;
  PhEndpoint source;
  PhEndpoint dialled; /* Host: once open */
  gconstpointer owner;

  PhDial *dial;
  GSocket *socket;
  PhPollWatch *watch;
  GIOCondition watched;
  gboolean hung_up; /* reported and noted: watching for it would spin */

  /* From the socket to the channel. */
  guint16 send_id;
  guint owed; /* bit per PhEvent: frames to send before anything else, in order */
  guint64 credit;
  gboolean read_ended;

  /* From the channel to the socket. */
  PhReorder reorder;
  GByteArray *control; /* payload so far of a fragmented CONNECT or CLOSE */
  PhWindow window;
  PhFifo unsent;
  PhMuxShare share;     /* as counted in the mux */
  gboolean write_ended; /* the other side's EOF or CLOSE has had its turn */
  gboolean shut_down;   /* … and is passed on */

  gboolean close_sent;
  gboolean close_received;
  gboolean is_orphan;   /* the other side never heard of it, or has been given up: none awaited */
  PhCloseReason reason; /* EARLY: what its CONNECT will be answered with, if not done */
  char *text;

  gboolean opened; /* the service was reached */
  gboolean report_opened;
  gboolean report_closed;
  guint64 bytes_in;
  guint64 bytes_out;

  GList all_link;
  GList ready_link;
  GList report_link;
  GList fullness_link;
  GList deadline_link;
  GQueue *deadlines; /* where deadline_link is */
  gint64 deadline_us;
  gboolean is_ready;
  gboolean is_reported;
};

/* Host: for the first frame of an unknown name. Client: for an accepted socket, of which a
 * reference is taken. */
PhConn *ph_conn_new_early (PhMux *mux, const PhFrameName *name);
PhConn *ph_conn_new_accepted (PhMux *mux, const PhFrameName *name, GSocket *socket);

/* Host: a CONNECT with @chunk_id came for the name of @old, which is closing: the name is a new
 * connection's now, and the old one ends without it. */
PhConn *ph_conn_reopen (PhConn *old, guint16 chunk_id);

/* Only from the mux, when no code of the connection runs. */
void ph_conn_free (PhConn *conn);

/* Has a socket or waits for one. */
gboolean ph_conn_is_live (const PhConn *conn);

/* A CLOSE has passed in one direction, or is about to. */
gboolean ph_conn_is_closing (const PhConn *conn);

/* Client: begins; HELD -> OPENING. Host: dials; HELD -> DIALLING. */
void ph_conn_begin (PhConn *conn);

/* A decoded frame with its name, of an event that its sender may send. */
void ph_conn_receive (PhConn *conn, const PhFrame *frame);

/* The channel has room: sends what is owed and reads once. */
void ph_conn_resume (PhConn *conn);

/* How a connection can be ended from outside:
 *
 *            the socket                        the other side   the name
 *   abort    reset; LINGERING: closed          is told          kept until its CLOSE has come
 *   stop     the same; DRAINING: goes on       is told          the same
 *   disown   –, it has none                    is told if owed  forgotten once that is sent
 *   drop     reset; what is done: closed       is not told      forgotten at once
 *   expire   LINGERING: closed; else as abort or drop, by state
 */

/* Closes for a failure found on this side: CLOSE is owed, the socket is reset, unless it has been
 * given all it gets. An EARLY one holds nothing any more and is closed when its CONNECT comes. */
void ph_conn_abort (PhConn *conn, PhCloseReason reason, const char *text);

/* The session ends. What came before a CLOSE done is still written. */
void ph_conn_stop (PhConn *conn, PhCloseReason reason);

/* Frees what waits for its turn and waits for nothing more; a CLOSE that is owed is still sent. */
void ph_conn_disown (PhConn *conn);

/* Forgets the name at once; a socket is reset and reported with @reason, no CLOSE is sent. What
 * came before a CLOSE done is written if the socket takes it at once. */
void ph_conn_drop (PhConn *conn, PhCloseReason reason);

/* Its deadline has passed. */
void ph_conn_expire (PhConn *conn);

/* Host: whether the rules still allow what is dialled or open. */
gboolean ph_conn_is_allowed (const PhConn *conn);

G_END_DECLS
