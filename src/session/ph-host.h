/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-kept.h"
#include "ph-session.h"
#include "ph-tunnel.h"

G_BEGIN_DECLS

/* The Host's side of a session: creates it, asks for each Client that wants to join, and lets those
 * who may in to what the rules allow. Everything happens on the thread and in the thread-default
 * GMainContext it was made on. */
typedef struct _PhHost PhHost;

#define PH_HOST_MAX_CLIENTS 16
#define PH_HOST_MAX_QUESTIONS 8 /* join requests that wait for approval */
#define PH_HOST_ANSWER_LIMIT_MS 60000

typedef struct
{
  const char *signal; /* the signaling server's URL; NULL: it is served from here */
  const char *name;   /* shown to Clients */
  guint max_clients;  /* 0: PH_HOST_MAX_CLIENTS */

  /* How long the answer to an offer may take, which nobody has to be asked for; 0:
   * PH_HOST_ANSWER_LIMIT_MS. */
  guint answer_limit_ms;

  gboolean allow_unverified;
  gboolean approve_all; /* nobody is asked */
  gboolean is_manual;   /* no server at all: blocks are passed on by hand; `signal` is NULL */
  guint offer_life_s;   /* 0: PH_BLOCK_LIFETIME_S */

  /* What an earlier Host had, or was drawn for this one, so that there may be a later one with the
   * same share code; one Host at a time. NULL: a new code, for this once. A port that is taken is
   * told as a warning, and another one is used. Not used without a server. */
  const PhKept *kept;

  PhIceServers *servers;
} PhHostOptions;

/* @options is read before it returns; @events is borrowed until the Host is freed. Begins at once;
 * what happens is told through events, from the main loop. Errors: PH_ERROR_INVALID (the URL),
 * PH_ERROR_LISTEN, PH_ERROR_FAILED. */
PhHost *ph_host_new (const PhHostOptions *options,
                     const PhSessionEvents *events,
                     gpointer user_data,
                     GError **error);

/* Without a server: makes a new offer, in place of the one that is open. The first one is made at
 * once; each serves one Client. `block` tells of it. Errors: PH_ERROR_INVALID (there is a server,
 * or it is too early or too late), PH_ERROR_FULL, PH_ERROR_FAILED. */
gboolean ph_host_offer (PhHost *host, GError **error);

/* Takes the answer to the open offer, with anything around it, and connects: to paste it is to
 * approve. What cannot be taken leaves the offer open. Errors, each in words of its own:
 * PH_ERROR_INVALID (see ph_block_parse; our own offer, an answer to another one, a second one),
 * PH_ERROR_NOT_VERIFIED; and where the offer is lost with it PH_ERROR_PROTOCOL, PH_ERROR_FAILED. */
gboolean ph_host_paste (PhHost *host, const char *text, GError **error);

/* Rules: see ph-rules.h. A rule taken away closes the connections that no other rule allows. They
 * may be changed at any time, before the first Client as well. Errors: PH_ERROR_INVALID. */
gboolean ph_host_allow (PhHost *host, const char *rule, GError **error);
gboolean ph_host_deny (PhHost *host, const char *rule, GError **error);

/* What Clients are told that there is. They are told as soon as they are connected and let in, and
 * again after each change, twice a second at most; and of nothing that the rules do not allow at
 * that moment. NULL, as at first: what rules name that allow one port of one computer. A reference
 * is taken. */
void ph_host_set_services (PhHost *host, PhServices *services);

/* What they are told now; borrowed, NULL for nothing. Another one after each change. */
PhServices *ph_host_get_services (PhHost *host);

/* Answers the oldest open question: whether a Client may join, or whether the number is the same.
 * FALSE if there is none. */
gboolean ph_host_answer (PhHost *host, gboolean is_approved);

/* Answers the open question of the one shown as @client. FALSE if there is none. */
gboolean ph_host_answer_client (PhHost *host, const char *client, gboolean is_approved);

/* Who the oldest open question is about; borrowed, NULL if none is open. *@ret_question tells it
 * from every other, and *@ret_is_number what it asks: whether the number is the same, or to let in.
 */
const char *ph_host_get_question (PhHost *host, guint64 *ret_question, gboolean *ret_is_number);

/* Whether a question has gone away unanswered since the newest one was asked, and others are open:
 * then an answer may have been meant for it. Told once. */
gboolean ph_host_take_withdrawn (PhHost *host);

/* Nobody is there to ask any more: declines what is open, and from now on everybody who would have
 * to be asked for. */
void ph_host_decline_all (PhHost *host);

/* Errors: PH_ERROR_INVALID if nobody is shown by that name. */
gboolean ph_host_kick (PhHost *host, const char *client, GError **error);

/* PH_SESSION_CONNECTED if any Client is, else PH_SESSION_CONNECTING if any is about to be. */
PhSessionState ph_host_get_state (PhHost *host);

/* Of the server that runs here, as soon as there is a Host; 0 where another one is used. */
guint16 ph_host_get_own_port (PhHost *host);

/* Borrowed; only to be read. */
const PhRules *ph_host_get_rules (PhHost *host);

typedef struct
{
  const char *name;
  PhPeerStage stage;
  gboolean is_connected;
  gboolean is_asking;
  gboolean is_leaving;
  gboolean is_verified; /* by the share code */
  const PhPath *path;   /* NULL while not connected */
  guint32 round_trip_us;
  PhMuxCounters counters; /* all zero while not connected */
} PhHostClientInfo;

void ph_host_foreach_client (PhHost *host,
                             void (*func) (const PhHostClientInfo *info, gpointer user_data),
                             gpointer user_data);

/* Calls @func for every connection of every Client; it must not call back into the Host. */
void ph_host_foreach_connection (PhHost *host,
                                 void (*func) (const char *client,
                                               const PhConnectionInfo *info,
                                               gpointer user_data),
                                 gpointer user_data);

/* Says goodbye to everybody and takes the session away; `ended` follows within two seconds. */
void ph_host_end (PhHost *host);

/* After `ended`, not inside it. */
void ph_host_free (PhHost *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhHost, ph_host_free)

G_END_DECLS
