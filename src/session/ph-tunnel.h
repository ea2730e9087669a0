/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/ph-peer.h"
#include "tunnel/ph-mux.h"

#include "ph-half.h"

G_BEGIN_DECLS

/* One tunnel to one other person: the transport's peer and the mux above it, set up together and
 * torn down in order. What Host and Client have in common. One thread, the poll's.
 *
 * Life: new (gathers at once) -> `gathered` -> describe, start -> `connected` -> `ended`. */
typedef struct _PhTunnel PhTunnel;

typedef struct
{
  PhMuxRole role;
  PhCert *cert;
  PhIceConfig *ice;
  PhPoll *poll;
  PhRules *rules;    /* Host only */
  guint patience_ms; /* not 0: the other side may take minutes to begin, see ph_peer_set_patient */
} PhTunnelConfig;

/* ph_tunnel_close may be called in any of them. */
typedef struct
{
  void (*gathered) (gpointer user_data);
  void (*connected) (gpointer user_data);
  void (*opened) (const PhConnectionInfo *info, gpointer user_data); /* see PhMuxEvents */
  void (*closed) (const PhConnectionInfo *info, gpointer user_data);
  void (*services) (const guint8 *list, gsize size, gpointer user_data); /* Client */
  /* Once, unless ph_tunnel_close came first; @error as PhPeerEvents.closed. */
  void (*ended) (const GError *error, gpointer user_data);
} PhTunnelEvents;

/* All of @config is borrowed for the tunnel's life. Errors: PH_ERROR_FAILED. */
PhTunnel *ph_tunnel_new (const PhTunnelConfig *config,
                         const PhTunnelEvents *events,
                         gpointer user_data,
                         GError **error);

gboolean ph_tunnel_is_gathered (PhTunnel *tunnel);

/* Our half, still without proofs; for an answer @remote is the offer's SDP, else NULL. Owned. */
PhHalf *ph_tunnel_describe (PhTunnel *tunnel, const PhSdp *remote);

/* Starts connecting to who has described itself so. While @is_held no connection goes through.
 * Errors: PH_ERROR_PROTOCOL, PH_ERROR_FAILED. */
gboolean ph_tunnel_start (PhTunnel *tunnel,
                          const PhSdp *remote,
                          const PhHalf *half,
                          gboolean is_held,
                          GError **error);

/* Lets connections through that were held. */
void ph_tunnel_release (PhTunnel *tunnel);

/* Borrowed; NULL while not connected. */
PhMux *ph_tunnel_get_mux (PhTunnel *tunnel);

/* Borrowed; all zero until connected. */
const PhPath *ph_tunnel_get_path (PhTunnel *tunnel);
guint32 ph_tunnel_get_round_trip_us (PhTunnel *tunnel);

/* Closes all connections with @reason, says goodbye and frees itself; then calls @done, never from
 * inside. No event after this but `closed` of connections. At most 1.6 s, on a dead line. */
void ph_tunnel_close (PhTunnel *tunnel, PhCloseReason reason, PhPeerDone done, gpointer user_data);

G_END_DECLS
