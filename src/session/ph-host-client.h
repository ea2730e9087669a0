/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-signal-client.h"

#include "ph-block.h"
#include "ph-session.h"
#include "ph-tunnel.h"

G_BEGIN_DECLS

/* One Client of a Host, from the request to join to the goodbye. Reference-counted, because calls
 * to the signaling server outlive it. One thread, the Host's. */
typedef struct _PhHostClient PhHostClient;

/* What a client's Host lends it; all of it outlives the client. */
typedef struct
{
  PhSignalClient *signal; /* NULL, as the next two: two people pass blocks to each other */
  const char *parent_id;
  const char *token;
  const char *host_name;
  const guint8 *key; /* PH_KEY_SIZE bytes */
  PhTunnelConfig tunnel;
  GCancellable *cancellable; /* ends calls to the signaling server */
  guint answer_limit_ms;     /* from our offer to the Client's answer */
  const PhSessionEvents *events;
  gpointer events_data;
  void (*connected) (PhHostClient *client, gpointer host);
  void (*asked) (PhHostClient *client, gpointer host); /* a question has been opened */
  void (*withdrawn) (gpointer host);                   /* an open one is no more, unanswered */
  /* Without a server: its offer, to be passed on; NULL: it went away before it was answered. */
  void (*offered) (PhHostClient *client, const char *text, gpointer host);
  void (*gone) (PhHostClient *client, gpointer host); /* once, last */
  gpointer host;
} PhHostClientEnv;

/* Begins to gather addresses at once, and tells of the request with `join_request`. @name is how
 * the Host shows it. Owned: unref it in `gone`. Call ph_host_client_begin next. Errors:
 * PH_ERROR_FAILED. */
PhHostClient *ph_host_client_new (const PhHostClientEnv *env,
                                  const PhSignalJoin *join,
                                  const char *name,
                                  gboolean is_verified,
                                  GError **error);
void ph_host_client_begin (PhHostClient *client);

/* One who is made an offer to, through `offered`, by way of a block. Nobody is told of it, and it
 * has no name, before it is answered. Owned as above. Errors: PH_ERROR_FAILED. */
PhHostClient *ph_host_client_new_manual (const PhHostClientEnv *env, GError **error);

/* NULL until it has been made. Borrowed. */
const PhBlock *ph_host_client_get_offer (PhHostClient *client);

/* From here on it is a Client like any other, shown as @name. Errors: PH_ERROR_NOT_VERIFIED, and
 * the offer can still be answered; PH_ERROR_PROTOCOL, PH_ERROR_FAILED, and it is gone. */
gboolean ph_host_client_take_answer (PhHostClient *client,
                                     const PhBlock *answer,
                                     const char *name,
                                     GError **error);
void ph_host_client_unref (PhHostClient *client);

/* NULL for one that has not yet answered an offer. */
const char *ph_host_client_get_name (PhHostClient *client);

PhPeerStage ph_host_client_get_stage (PhHostClient *client);

/* By the share code. */
gboolean ph_host_client_is_verified (PhHostClient *client);

/* Waiting for a person: to approve, or to compare the number. */
gboolean ph_host_client_is_asking (PhHostClient *client);

/* … to compare the number. */
gboolean ph_host_client_is_comparing (PhHostClient *client);

/* When it last began to ask, on a clock that orders questions; 0 when it is not asking. */
guint64 ph_host_client_get_question (PhHostClient *client);

/* The person's answer to the open question; nothing happens if there is none. */
void ph_host_client_answer (PhHostClient *client, gboolean is_approved);

/* Ends it; @word as in PhSessionEvents.disconnected. `gone` follows, also if it was ending
 * already. */
void ph_host_client_leave (PhHostClient *client, PhCloseReason reason, const char *word);

/* Borrowed; NULL while it is leaving. */
PhTunnel *ph_host_client_get_tunnel (PhHostClient *client);

/* Its child session still has something to carry: a rejection. */
gboolean ph_host_client_is_rejecting (PhHostClient *client);
gboolean ph_host_client_is_leaving (PhHostClient *client);
gboolean ph_host_client_is_connected (PhHostClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhHostClient, ph_host_client_unref)

G_END_DECLS
