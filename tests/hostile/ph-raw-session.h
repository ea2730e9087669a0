/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-raw-peer.h"
#include "signaling/ph-signal-client.h"

G_BEGIN_DECLS

/* For tests: one meeting through a signaling server, as a Client of a Host or as a Host of the
 * first Client that comes, with all the proofs it takes and none of the care afterwards. */

typedef struct
{
  PhRawPeer peer;
  PhSignalClient *signal;
  PhSignalWatch *watch;  /* of the session; a Host's then of the child */
  PhSignalWatch *parent; /* a Host's, over */
  PhCode *code;
  guint8 key[PH_KEY_SIZE];
  guint8 secret[PH_SECRET_SIZE];
  char id[PH_ID_SIZE]; /* the child's */
  char *token;
  char *host_name;
  PhSignalProof proof;
  guint8 offer_mac[PH_MAC_SIZE];
  PhSignalHalf *offer; /* a Client's, until it is gathered */
  gboolean is_described;
  void (*invited) (const char *link, gpointer user_data); /* Host: here is the link */
  gpointer user_data;
} PhRawSession;

/* @link names the server too. */
void ph_raw_session_join (PhRawSession *session,
                          const char *link,
                          const PhRawEvents *events,
                          gpointer user_data);

void ph_raw_session_host (PhRawSession *session,
                          const char *url,
                          void (*invited) (const char *link, gpointer user_data),
                          const PhRawEvents *events,
                          gpointer user_data);

/* A fresh proof that we hold @code. */
void ph_raw_session_prove (const PhCode *code, const char *name, PhSignalProof *ret_proof);

/* To be called in the peer's `gathered`. */
void ph_raw_session_gathered (PhRawSession *session);

void ph_raw_session_drop (PhRawSession *session);

G_END_DECLS
