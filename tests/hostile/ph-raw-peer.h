/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/ph-dtls.h"
#include "transport/ph-ice.h"
#include "transport/ph-sctp.h"

G_BEGIN_DECLS

/* For tests: the transport's layers wired together as ph-peer does it, but open: datagrams, records
 * and packets can be sent past the layer that would check them. Default context. */

typedef struct
{
  void (*gathered) (gpointer user_data);
  void (*connected) (gpointer user_data);
  void (*readable) (gpointer user_data);
  void (*writable) (gpointer user_data);
  void (*closed) (const char *why, gpointer user_data); /* once */
} PhRawEvents;

typedef struct
{
  PhCert *cert;
  PhIceConfig *config;
  PhIce *ice;
  PhDtls *dtls;
  PhSctp *sctp;
  GSource *pump;
  PhPath path;
  gboolean is_host;
  gboolean is_gathered;
  gboolean is_silent; /* what SCTP has to say is not sent */
  gboolean is_closed;
  guint n_received;   /* records */
  guint32 tag;        /* the other side's verification tag */
  guint32 tsn;        /* our first */
  char *remote_ufrag; /* … and password: what a valid STUN request needs */
  char *remote_pwd;
  GByteArray *last_sent; /* the last datagram of ours */
  const PhRawEvents *events;
  gpointer user_data;
} PhRawPeer;

void
ph_raw_peer_init (PhRawPeer *peer, gboolean is_host, const PhRawEvents *events, gpointer user_data);

/* Our SDP; an answer to @remote, or an offer if that is NULL. */
char *ph_raw_peer_dup_sdp (PhRawPeer *peer, const PhSdp *remote);

/* "candidate:…" lines. */
char **ph_raw_peer_dup_candidates (PhRawPeer *peer);

void ph_raw_peer_connect (PhRawPeer *peer, const PhSdp *remote, const char *const *candidates);

/* Leaves at once, with the least that tells the other side. */
void ph_raw_peer_drop (PhRawPeer *peer);

/* Prints the words to standard error and ends the program. */
void ph_raw_die (const char *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

G_END_DECLS
