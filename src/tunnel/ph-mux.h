/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-channel.h"
#include "core/ph-frame.h"
#include "core/ph-poll.h"
#include "ph-mapping.h"
#include "ph-protocol.h"
#include "ph-rules.h"

G_BEGIN_DECLS

/* Carries many TCP connections over one channel: the connection table, frame dispatch, credit,
 * fairness and back-pressure. One thread, the one that runs the poll's context; nothing blocks.
 *
 * With credit a slow reader holds up its own connection. Without, there is nothing but the channel
 * to hold a sender back with: it is not read while a reader is far behind, which the peer's other
 * connections feel, too. A reader that takes nothing for 5 s is given up (PH_CLOSE_TOO_SLOW);
 * one that is still being dialled, or held, has its own limit. */
typedef struct _PhMux PhMux;

typedef enum
{
  PH_MUX_HOST,   /* dials what a CONNECT asks for and the rules allow */
  PH_MUX_CLIENT, /* opens connections for accepted sockets */
} PhMuxRole;

#define PH_MUX_MAX_CONNECTIONS 16384
#define PH_MUX_MAX_MALFORMED 100
#define PH_MUX_BUDGET_BYTES (64 * 1024 * 1024)     /* held for all connections of a session */
#define PH_MUX_MAX_WINDOW_BYTES (16 * 1024 * 1024) /* a connection's credit */
#define PH_MUX_START_WINDOW_BYTES 65536            /* … which it starts with */
#define PH_MUX_PLAIN_LIMIT_BYTES (8 * 1024 * 1024) /* held for a connection without credit */
#define PH_MUX_PLAIN_PAUSE_BYTES (4 * 1024 * 1024) /* … and unsent, before the channel waits */
#define PH_MUX_MAX_SERVICES_BYTES (32 * 1024)      /* the Host's list of what it offers */

/* A connection as others see it. Everything is borrowed for the call. */
typedef struct
{
  guint64 serial;    /* unique on this thread, in whatever mux; a later one has a higher */
  PhFrameName name;  /* as on the channel; the src may be made up */
  PhEndpoint source; /* the application's address, as far as this side knows it */
  const PhDestination *remote; /* what the Client asked for */
  gconstpointer owner;         /* Client: as given to ph_mux_open; NULL on the Host */
  gboolean is_open;            /* the service was reached */
  guint64 bytes_in;            /* from the other side to the TCP socket here */
  guint64 bytes_out;           /* from the TCP socket here to the other side */
  gint64 opened_us;            /* monotonic: when it was begun */
  gint64 closed_us;            /* only in `closed`: when its socket was let go */
  PhCloseReason reason;        /* only in `closed` */
  const char *text;            /* only in `closed`: cleaned words to the reason, or NULL */
} PhConnectionInfo;

/* Any entry may be NULL. Events come from the main loop, never from inside a call. Inside them
 * every function here may be called, ph_mux_free too. */
typedef struct
{
  /* The service was reached: at OPENED, or at once on a Client whose Host does not say. */
  void (*opened) (const PhConnectionInfo *info, gpointer user_data);

  /* Once for every connection, opened or not, when its socket is let go. The reason is the one that
   * ended it, whichever side found it. */
  void (*closed) (const PhConnectionInfo *info, gpointer user_data);

  /* Once: the channel closed (PH_ERROR_PEER_LOST) or the other side broke the protocol too often
   * (PH_ERROR_PROTOCOL). All sockets have been reset and reported; only freeing is left. */
  void (*failed) (const GError *error, gpointer user_data);

  /* Client: what the Host says it offers, as it came: at most PH_MUX_MAX_SERVICES_BYTES of
   * anything. Twice a second at most; of more, the newest, never an older one. Not while held. */
  void (*services) (const guint8 *list, gsize size, gpointer user_data);
} PhMuxEvents;

typedef struct
{
  guint connections; /* with a socket, or waiting for one */
  guint malformed;
  gsize held_bytes;
  guint64 bytes_in; /* all connections, closed ones included */
  guint64 bytes_out;
} PhMuxCounters;

/* Takes over @channel's events. @channel, @poll and @events are borrowed for the mux's life. @rules
 * is for the Host and a reference is taken; NULL on a Client. @extensions are those both sides
 * list; what this tunnel does not speak is left out. */
PhMux *ph_mux_new (PhMuxRole role,
                   PhChannel *channel,
                   PhPoll *poll,
                   PhRules *rules,
                   PhExtensions extensions,
                   const PhMuxEvents *events,
                   gpointer user_data);

/* Resets whatever is left, without events and without telling the other side. Inside one of the
 * mux's events the memory lives on until that returns. NULL is fine. */
void ph_mux_free (PhMux *mux);

/* Client: carries @socket, of which a reference is taken, to @remote. It cannot fail: what cannot
 * be carried is reset and reported through `closed`. @owner stands for the listener it came from.
 */
void ph_mux_open (PhMux *mux, GSocket *socket, const PhDestination *remote, gconstpointer owner);

/* Client: as ph_mux_open for a socket that there is no room for: reset, reported as too-many. */
void ph_mux_refuse (PhMux *mux, GSocket *socket, const PhDestination *remote, gconstpointer owner);

/* While held, the Host dials nothing and the Client sends no CONNECT; connections wait, and so does
 * the list of services. FALSE at first. */
void ph_mux_set_held (PhMux *mux, gboolean held);

/* Host: closes with not-allowed what no rule allows any more. Call it after a rule was removed. */
void ph_mux_recheck_rules (PhMux *mux);

/* Host: tells the Client what is offered, in at most PH_MUX_MAX_SERVICES_BYTES and not in none. It
 * waits for room in the channel, and is replaced by a newer one meanwhile; to a Client without the
 * extension nothing is sent. */
void ph_mux_send_services (PhMux *mux, GBytes *list);

/* Client: closes with @reason all connections that were opened with @owner. */
void ph_mux_close_owner (PhMux *mux, gconstpointer owner, PhCloseReason reason);

/* Opens nothing more, sends CLOSE with @reason for every connection and resets its socket. @done,
 * if not NULL, is called once the channel has taken the last CLOSE, or after 1 s, or when the
 * channel closes; `failed` does not come any more. It comes from the main loop, and not after
 * ph_mux_free. Once; also after `failed`. */
void ph_mux_shutdown (PhMux *mux,
                      PhCloseReason reason,
                      void (*done) (gpointer user_data),
                      gpointer user_data);

void ph_mux_get_counters (PhMux *mux, PhMuxCounters *ret_counters);

/* Calls @func for every connection that counts in PhMuxCounters.connections, oldest first. @func
 * must not call back into the mux. */
void ph_mux_foreach (PhMux *mux,
                     void (*func) (const PhConnectionInfo *info, gpointer user_data),
                     gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhMux, ph_mux_free)

G_END_DECLS
