/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-channel.h"

#include "ph-cert.h"
#include "ph-ice.h"
#include "ph-sdp.h"

G_BEGIN_DECLS

/* The other end: ICE, DTLS and SCTP wired together into one message channel. The only place that
 * knows all of them: time limits, liveness, batching of datagrams, order of teardown.
 *
 * Life: new -> gather -> `gathered` -> (describe, exchange) -> set_remote -> `connected`, and from
 * then on its PhChannel works -> `closed`. Everything happens on the context's thread; events come
 * from the peer's own source, so ph_peer_close may be called in any of them. */

#define PH_PEER_CONNECT_LIMIT_MS 30000 /* from set_remote to an open channel */

typedef enum
{
  PH_PEER_OFFERER,  /* the Host: ICE-controlling, setup:actpass */
  PH_PEER_ANSWERER, /* the Client: setup:active */
} PhPeerRole;

typedef enum
{
  PH_PEER_NEW,
  PH_PEER_GATHERING,
  PH_PEER_GATHERED,
  PH_PEER_CONNECTING,
  PH_PEER_CONNECTED,
  PH_PEER_CLOSING, /* ph_peer_close was called */
  PH_PEER_CLOSED,
} PhPeerState;

typedef struct
{
  void (*gathered) (gpointer user_data);
  void (*connected) (gpointer user_data);
  /* Once, unless ph_peer_close came first. @error: PH_ERROR_NO_PATH, _NOT_VERIFIED, _PEER_LOST,
   * _PEER_ENDED, _PROTOCOL or _FAILED. The peer is still there and is ended by ph_peer_close. */
  void (*closed) (const GError *error, gpointer user_data);
} PhPeerEvents;

typedef struct _PhPeer PhPeer;

/* @cert and @config are kept by reference. Errors: PH_ERROR_FAILED. */
PhPeer *ph_peer_new (GMainContext *context,
                     PhPeerRole role,
                     PhCert *cert,
                     PhIceConfig *config,
                     const PhPeerEvents *events,
                     gpointer user_data,
                     GError **error);

/* Before it gathers: the other side may take minutes to begin, see ph_ice_set_patient. An answerer
 * then waits @patience_ms for it to come, and from there on as long as usual. */
void ph_peer_set_patient (PhPeer *peer, guint patience_ms);

/* Errors: PH_ERROR_FAILED. */
gboolean ph_peer_gather (PhPeer *peer, GError **error);

/* Our side's SDP, once gathered; an answer echoes the mid of @remote, which an offer leaves NULL.
 * Owned. */
char *ph_peer_dup_sdp (PhPeer *peer, const PhSdp *remote);

/* Our candidates as "candidate:…" lines, best first, NULL-terminated. Owned. */
char **ph_peer_dup_candidates (PhPeer *peer);

/* Starts connecting. @is_ours: the other side runs this transport, too, and takes long runs of
 * datagrams. @candidates: the lines that came beside the SDP, NULL-terminated; those that
 * cannot be used are skipped. Errors: PH_ERROR_PROTOCOL. */
gboolean ph_peer_set_remote (PhPeer *peer,
                             const PhSdp *sdp,
                             const char *const *candidates,
                             gboolean is_ours,
                             GError **error);

/* Borrowed; lives as long as the peer. Usable from `connected` on. */
PhChannel *ph_peer_get_channel (PhPeer *peer);

/* Borrowed; all zero until connected. */
const PhPath *ph_peer_get_path (PhPeer *peer);

/* Smoothed round trip; 0 before the first measurement. */
guint32 ph_peer_get_round_trip_us (PhPeer *peer);

/* Ends it: delivers what was sent and says goodbye, for at most 600 ms. No event and no channel
 * event after this; @done is called once, from the peer's own source, and the peer is then gone. */
typedef void (*PhPeerDone) (gpointer user_data);
void ph_peer_close (PhPeer *peer, PhPeerDone done, gpointer user_data);

G_END_DECLS
