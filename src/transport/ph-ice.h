/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-ice-servers.h"
#include "ph-no-path.h"
#include "ph-sdp.h"

G_BEGIN_DECLS

/* One ICE session (RFC 8445) of one component over UDP: libnice behind a small interface. One
 * thread, the one that runs the context.
 *
 * Events come from libnice's own sources and from inside ph_ice_flush; the receiver records and
 * arms a source of its own, and must not close or free the object there. */

#define PH_ICE_GATHERING_LIMIT_MS 2000

typedef enum
{
  PH_PATH_LAN,     /* both ends' own addresses */
  PH_PATH_NAT,     /* direct, through address translation */
  PH_PATH_RELAYED, /* through a TURN server */
} PhPathKind;

typedef struct
{
  PhPathKind kind;
  PhEndpoint local;
  PhEndpoint remote;
} PhPath;

/* "lan", "nat" or "relayed". Static. */
const char *ph_path_kind_name (PhPathKind kind);

typedef struct
{
  void (*gathered) (gpointer user_data);                      /* once: candidates are final */
  void (*connected) (const PhPath *path, gpointer user_data); /* each time the pair changes */
  void (*received) (const guint8 *datagram, gsize size, gpointer user_data);
  void (*met) (gpointer user_data);     /* see ph_ice_set_patient; once */
  void (*flooded) (gpointer user_data); /* once: with more addresses than anybody has */
} PhIceEvents;

typedef struct _PhIce PhIce;

/* @config: the servers, kept by reference. The offerer is controlling. Errors: PH_ERROR_FAILED. */
PhIce *ph_ice_new (GMainContext *context,
                   gboolean is_controlling,
                   PhIceConfig *config,
                   const PhIceEvents *events,
                   gpointer user_data,
                   GError **error);

/* Starts gathering; `gathered` comes after at most PH_ICE_GATHERING_LIMIT_MS, with what is there by
 * then. Errors: PH_ERROR_FAILED where this machine has no address at all. */
gboolean ph_ice_gather (PhIce *ice, GError **error);

/* Before it gathers: the other side may begin to check minutes after this one is gathered, or after
 * it has begun itself. What routers and relays close is kept open, and a controlled side goes on
 * checking, until the other one has come: then a controlled side hears `met`. */
void ph_ice_set_patient (PhIce *ice);

/* Owned copies. */
void ph_ice_dup_credentials (PhIce *ice, char **ret_ufrag, char **ret_pwd);

/* The candidates gathered so far, of PhCandidate, best first. Owned. */
GArray *ph_ice_dup_candidates (PhIce *ice);

/* Starts the checks. @candidates: of PhCandidate, at most PH_SDP_MAX_CANDIDATES. */
gboolean ph_ice_set_remote (PhIce *ice,
                            const char *ufrag,
                            const char *pwd,
                            const GArray *candidates,
                            GError **error);

/* The other side drains long runs of datagrams as fast as they come, so that they may be sent in
 * one call. FALSE at first: a browser's socket holds 64 KiB, and overflows again and again. */
void ph_ice_set_runs (PhIce *ice, gboolean has_runs);

/* Queues one datagram of at most PH_ICE_MAX_DATAGRAM bytes for the next flush. Like a network, it
 * drops what does not fit. Safe on any stack. */
#define PH_ICE_MAX_DATAGRAM 1500
void ph_ice_queue (PhIce *ice, const guint8 *datagram, gsize size);

guint ph_ice_get_queued (PhIce *ice);

/* Sends what is queued. Not with usrsctp on the stack. */
void ph_ice_flush (PhIce *ice);

/* What is known now of why there is no path; what it points to is borrowed. Once gathered without a
 * relay, the first TURN server is asked why. */
void ph_ice_get_facts (PhIce *ice, PhNoPathFacts *ret_facts);

/* Ends it: no event after this. Gives TURN allocations back in the background and frees itself. */
void ph_ice_close (PhIce *ice);

G_END_DECLS
