/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-signal-client.h"

#include "ph-block.h"
#include "ph-join.h"

G_BEGIN_DECLS

/* What the parts of a Client share, and nobody else sees. */

typedef enum
{
  PH_JOIN_NEW,
  PH_JOIN_JOINING,    /* servers are looked up, the Host is asked, or its offer is to be pasted */
  PH_JOIN_WAITING,    /* for the Host's offer */
  PH_JOIN_PREPARING,  /* the offer is there; addresses are being gathered */
  PH_JOIN_CONNECTING, /* answered; the peers look for each other */
  PH_JOIN_CONNECTED,
  PH_JOIN_ENDING,
  PH_JOIN_ENDED,
  PH_JOIN_N_STATES
} PhJoinState;

struct _PhJoin
{
  PhJoinState state;
  GMainContext *context;
  PhPoll *poll;
  PhCert *cert;
  PhIceServers *servers;
  PhIceConfig *ice; /* NULL until looked up */
  PhSignalClient *signal;
  PhSignalWatch *watch;
  GCancellable *cancellable;
  PhTunnel *tunnel;
  gboolean is_tunnel_closing;
  GPtrArray *listeners; /* of PhListener */
  PhCode *code;         /* NULL without a server */
  gboolean is_manual;
  guint patience_ms;
  PhBlock *block; /* without a server: the Host's offer, once it is there */
  char *name;
  char *host_name;      /* as it may be shown; NULL until joined */
  char *host_name_sent; /* as it was sent, which is what the MAC covers */
  char id[PH_ID_SIZE];  /* the child session's */
  char *token;
  PhSignalProof proof;
  guint8 key[PH_KEY_SIZE];
  guint8 random[PH_RANDOM_SIZE];
  PhHalf *offer; /* checked; waits for our addresses */
  PhSdp *offer_sdp;
  PhServices *services; /* what the Host offers; NULL: it has not said */
  gboolean compare_number;
  gboolean is_asking; /* whether the numbers are the same */
  gboolean was_connected;
  gboolean is_joining;  /* the call that joins is under way */
  gboolean is_rejected; /* the session is over for the signaling server */
  gboolean is_leaving;  /* the Host is being told that nobody comes */
  GError *end_error;
  GSource *wait_limit;
  guint wait_limit_ms;
  GSource *end_timer; /* 0 ms: look whether all is over; END_LIMIT_MS: cut calls short */
  gint64 end_limit_us;
  const PhSessionEvents *events;
  gpointer user_data;
};

/* ph-join.c: joining, ending, life; ph-join-map.c: mappings */

void ph_join_set_state (PhJoin *self, PhJoinState state);

/* Once the offer and our own addresses are there, in whichever order. */
void ph_join_answer_if_ready (PhJoin *self);

/* ph-join-manual.c: without a server */

/* Makes our half the answer to be passed on. */
void ph_join_manual_hand_out (PhJoin *self, const PhHalf *half);

/* What is wrong where no path was found. Owned. */
GError *ph_join_manual_new_nobody_came (PhJoin *self);

G_END_DECLS
