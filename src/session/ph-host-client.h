/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-signal-client.h"

#include "ph-session.h"
#include "ph-tunnel.h"

G_BEGIN_DECLS

/* One Client of a Host, from the request to join to the goodbye. Reference-counted, because calls
 * to the signaling server outlive it. One thread, the Host's. */
typedef struct _PhHostClient PhHostClient;

/* What a client's Host lends it; all of it outlives the client. */
typedef struct
{
  PhSignalClient *signal;
  const char *parent_id;
  const char *token;
  const char *host_name;
  const guint8 *key; /* PH_KEY_SIZE bytes */
  PhTunnelConfig tunnel;
  GCancellable *cancellable; /* ends calls to the signaling server */
  guint answer_limit_ms;     /* from our offer to the Client's answer */
  const PhSessionEvents *events;
  gpointer events_data;
  void (*asked) (PhHostClient *client, gpointer host); /* a question has been opened */
  void (*withdrawn) (gpointer host);                   /* an open one is no more, unanswered */
  void (*gone) (PhHostClient *client, gpointer host);  /* once, last */
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
void ph_host_client_unref (PhHostClient *client);

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
