/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-host.h"
#include "ph-join.h"

G_BEGIN_DECLS

/* "starting", "waiting", "connecting", "connected", "ended". Static. */
const char *ph_session_state_word (PhSessionState state);

/* The state of one session at one moment, for whoever shows it. Immutable: made on the session's
 * thread, read and freed on any, without locks. All text in it is safe to show. */

typedef struct
{
  const char *name; /* of the Client; on the Client's side, of the Host */
  PhPeerStage stage;
  gboolean is_asking;   /* a person has to answer: may it join, or is the number the same */
  gboolean is_verified; /* by the share code */
  PhPath path;          /* all zero until connected, as what follows */
  guint32 round_trip_us;
  guint n_connections;
  guint64 bytes_in; /* from the other side to here */
  guint64 bytes_out;
} PhSnapshotPeer;

typedef struct
{
  const char *local;
  const char *remote;
  PhMappingState state;
  const char *message; /* with PH_MAPPING_FAILED: what is wrong */
} PhSnapshotMapping;

typedef struct
{
  guint64 serial; /* the same in every snapshot, unique in the session, higher for later ones */
  const char *peer;
  PhEndpoint source;  /* the application's address, as far as this side knows it */
  const char *remote; /* "127.0.0.1:80": what the Client asked for */
  gboolean is_open;   /* the service was reached */
  guint64 bytes_in;
  guint64 bytes_out;
  gint64 opened_us;     /* monotonic, as what follows */
  gint64 closed_us;     /* of a closed one; else 0 */
  PhCloseReason reason; /* of a closed one */
  const char *text;     /* of a closed one: words to the reason, or NULL */
} PhSnapshotConnection;

/* So many connections are listed; `n_connections` of the peers count all. */
#define PH_SNAPSHOT_MAX_CONNECTIONS 1000
#define PH_SNAPSHOT_MAX_CLOSED 100

typedef struct
{
  PhSessionRole role;
  PhSessionState state;

  /* Host; NULL until the session is there. */
  const char *id;
  const char *code;
  const char *link;
  const char *signal;
  const char *const *more_links;
  guint16 own_port; /* not 0: the server is the Host's own, on this port */

  const char *block; /* without a server: to be passed on to the other person; NULL while none is */

  const char *const *rules;    /* Host: in order, NULL-terminated */
  const PhSnapshotPeer *peers; /* Host: Clients, in order of coming; Client: the Host, or none */
  const PhSnapshotMapping *mappings; /* Client */
  const PhService *services; /* Host: what Clients are told of; Client: what the Host offers */
  guint n_peers;
  guint n_mappings;
  guint n_services;

  const PhSnapshotConnection *connections; /* oldest first */
  const PhSnapshotConnection *closed;      /* the last ones, in the order of their closing; those
                                              that never came to be open as well */
  guint n_connections;
  guint n_closed;
  guint64 n_closed_total; /* there have been; more than n_closed once some are not listed */
  guint64 total_bytes_in; /* of all connections there have been */
  guint64 total_bytes_out;
} PhSnapshot;

PhSnapshot *ph_snapshot_ref (PhSnapshot *snapshot);
void ph_snapshot_unref (PhSnapshot *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSnapshot, ph_snapshot_unref)

/* What a snapshot is made from: the session, and what its events have told so far. A recorder lives
 * on the session's thread and is fed with its events. */
typedef struct _PhRecorder PhRecorder;

PhRecorder *ph_recorder_new (PhSessionRole role);
void ph_recorder_free (PhRecorder *recorder);

void ph_recorder_session (PhRecorder *recorder, const PhSessionInfo *info);
void ph_recorder_block (PhRecorder *recorder, const char *text); /* may be NULL */
void ph_recorder_mapping (PhRecorder *recorder,
                          const char *local,
                          const char *remote,
                          PhMappingState state,
                          const char *message);
void ph_recorder_connection (PhRecorder *recorder,
                             const char *peer,
                             const PhConnectionInfo *info,
                             gboolean is_open);

/* Forgets failed mappings on local port @text, as ph_join_unmap takes it. FALSE if there are none.
 */
gboolean ph_recorder_unmap (PhRecorder *recorder, const char *text);

/* Whether a snapshot would differ from the last one taken: cheap, and at worst wrong about a round
 * trip time. @host or @join is NULL, or both before and after. */
gboolean ph_recorder_has_news (PhRecorder *recorder, PhHost *host, PhJoin *join);

/* The session is over, or could not begin: said when neither @host nor @join can say it. */
void ph_recorder_end (PhRecorder *recorder);

/* Something happened that the functions above do not tell. */
void ph_recorder_touch (PhRecorder *recorder);

/* Owned. @host and @join as above. */
PhSnapshot *ph_recorder_take (PhRecorder *recorder, PhHost *host, PhJoin *join);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhRecorder, ph_recorder_free)

G_END_DECLS
