/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-code.h"

#include "ph-session.h"
#include "ph-tunnel.h"

G_BEGIN_DECLS

/* The Client's side of a session: joins it and lets local programs reach the Host's services
 * through mapped ports. Everything happens on the thread and in the thread-default GMainContext it
 * was made on. */
typedef struct _PhJoin PhJoin;

#define PH_JOIN_WAIT_LIMIT_MS (15 * 60 * 1000)

typedef struct
{
  gboolean is_manual; /* no server at all: blocks are passed on by hand; no `code`, no `signal` */
  guint patience_ms;  /* how long to wait for the Host to take our answer; 0: PH_BLOCK_WAIT_MS */
  const PhCode *code;
  const char *signal; /* the server's URL where the code does not say one */
  const char *name;   /* shown to the Host */
  gboolean allow_unverified;
  guint wait_limit_ms;     /* for the Host's offer; 0: PH_JOIN_WAIT_LIMIT_MS */
  gboolean compare_number; /* nothing goes through before ph_join_answer has confirmed a number */
  PhIceServers *servers;
} PhJoinOptions;

/* Reads @options before it returns; @events is borrowed until it is freed. Does nothing yet but
 * what ph_join_map asks for. Errors: PH_ERROR_INVALID (no server is known, or its URL is wrong),
 * PH_ERROR_NOT_VERIFIED (a bare id without allow_unverified), PH_ERROR_FAILED. */
PhJoin *ph_join_new (const PhJoinOptions *options,
                     const PhSessionEvents *events,
                     gpointer user_data,
                     GError **error);

/* Begins to join; what happens is told through events, from the main loop. `ended` comes with
 * PH_ERROR_SIGNAL_UNREACHABLE, _SESSION_UNKNOWN, _DECLINED, _FULL, _NOT_VERIFIED, _NO_PATH,
 * _PEER_LOST, _PROTOCOL or _FAILED; with PH_ERROR_PEER_ENDED if the Host ended it, or NULL after
 * ph_join_end. */
void ph_join_start (PhJoin *join);

/* Without a server, after ph_join_start: takes the Host's offer, with anything around it. `block`
 * then tells the answer to give back, and the Host is waited for. Nothing is lost by what cannot be
 * taken. Errors, each in words of its own: PH_ERROR_INVALID (see ph_block_parse,
 * ph_block_check_age; a second offer, our own answer). */
gboolean ph_join_paste (PhJoin *join, const char *text, GError **error);

/* Mappings may come and go at any time; connections made before the session is connected wait. The
 * `mapping` event comes before this returns. FALSE if the port cannot be listened on (told as an
 * event, too) or @text is no mapping: PH_ERROR_LISTEN, PH_ERROR_INVALID. */
gboolean ph_join_map (PhJoin *join, const char *text, GError **error);

/* Takes away what listens on local port @text ("8000", or "127.0.0.1:8000") and closes its
 * connections. Errors: PH_ERROR_INVALID. */
gboolean ph_join_unmap (PhJoin *join, const char *text, GError **error);

/* Whether @text means a mapping that listens on @local: "8000" is that port on any address. */
gboolean ph_join_is_meant (const PhEndpoint *local, const char *text);

/* Whether the number that `verify` showed is the one the Host's person sees; if it is not, the
 * session ends with PH_ERROR_NOT_VERIFIED. FALSE if nothing is asked. */
gboolean ph_join_answer (PhJoin *join, gboolean is_same);
gboolean ph_join_is_asking (PhJoin *join);

PhSessionState ph_join_get_state (PhJoin *join);

/* By the share code, or by the offer that was pasted. */
gboolean ph_join_is_verified (PhJoin *join);

/* As it is shown, borrowed; NULL until joined. */
const char *ph_join_get_host_name (PhJoin *join);

/* What the Host offers; borrowed until the next `services`, NULL for nothing. */
PhServices *ph_join_get_services (PhJoin *join);

/* Borrowed; NULL while not connected. */
PhTunnel *ph_join_get_tunnel (PhJoin *join);

/* Says goodbye; `ended` follows within two seconds. */
void ph_join_end (PhJoin *join);

/* After `ended`, or before ph_join_start; not inside an event. */
void ph_join_free (PhJoin *join);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhJoin, ph_join_free)

G_END_DECLS
