/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ph-endpoint.h"
#include "ph-signal-tls.h"

G_BEGIN_DECLS

/* The signaling server: HTTP over a session store. Runs in the thread-default GMainContext it was
 * made on, in the daemon as in a Host that serves itself. */
typedef struct _PhSignalServer PhSignalServer;

typedef struct
{
  guint waiting_ttl_s;      /* past the Host's last poll; 0 in all of these: no limit */
  guint joined_ttl_s;       /* past the last poll of either side */
  guint create_per_minute;  /* sessions, per address */
  guint polls_per_address;  /* held polls */
  guint max_sessions;       /* children count */
  guint request_ms;         /* by when a request must have come whole; 0: 20 s */
  gboolean keep_multi;      /* "multi" sessions do not expire: for a Host's own server */
  const char *only_id;      /* the one session that may be created; NULL: any. Copied */
  gboolean require_auth;    /* refuse sides that do not lock their role */
  gboolean trust_forwarded; /* take the caller's address from the proxy's X-Forwarded-For */
  PhSignalTls *tls;         /* NULL: plain HTTP. Borrowed, referenced by the server */
} PhSignalServerOptions;

/* With `only_id` the server is a Host's own: whoever knows that session's token is the Host, whose
 * calls no limit touches, whatever others on the same computer do. Four times `polls_per_address`
 * is how many sessions an address may have at a time. */

/* The daemon's defaults. */
#define PH_SIGNAL_SERVER_OPTIONS_INIT                                                              \
  {                                                                                                \
    .waiting_ttl_s = 120, .joined_ttl_s = 60, .create_per_minute = 60, .polls_per_address = 64,    \
    .max_sessions = 10000,                                                                         \
  }

PhSignalServer *ph_signal_server_new (const PhSignalServerOptions *options);

/* Listens on @endpoint; may be called more than once. Port 0: one is picked. 0.0.0.0 and :: mean
 * all interfaces; :: takes IPv4, too, where the system's IPv6 sockets do. Errors: PH_ERROR_LISTEN,
 * naming the port. */
gboolean
ph_signal_server_listen (PhSignalServer *server, const PhEndpoint *endpoint, GError **error);

/* The port of the first ph_signal_server_listen; 0 before it. */
guint16 ph_signal_server_get_port (PhSignalServer *server);

/* "http://127.0.0.1:4567" of the first ph_signal_server_listen, no slash at its end. Owned. */
char *ph_signal_server_dup_url (PhSignalServer *server);

/* Stops accepting, answers all held polls, then calls @stopped once from the main context: when
 * everything is written, at the latest after half a second. Free it then, in @stopped if you like.
 */
void ph_signal_server_stop (PhSignalServer *server,
                            void (*stopped) (gpointer user_data),
                            gpointer user_data);

/* At any time, stopped or not; open calls are cut. */
void ph_signal_server_free (PhSignalServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalServer, ph_signal_server_free)

G_END_DECLS
