/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-code.h"

G_BEGIN_DECLS

/* The JSON of the signaling API and its structs; used by client and server alike. Whatever the
 * bytes, parsing returns a struct within the limits below or PH_ERROR_PROTOCOL with a message that
 * names the member at fault. Unknown members are ignored; a known one of the wrong type is an
 * error. */
#define PH_SIGNAL_MAX_BODY (64 * 1024) /* bytes of a request */
#define PH_SIGNAL_MAX_ANSWER                                                                       \
  (8 * PH_SIGNAL_MAX_BODY)     /* bytes of an answer: an offer, an answer, joins */
#define PH_SIGNAL_MAX_DEPTH 16 /* nested objects and arrays */
#define PH_SIGNAL_MAX_CANDIDATES 64
#define PH_SIGNAL_MAX_CANDIDATE_BYTES 512
#define PH_SIGNAL_MAX_JOINS 256     /* undecided children of one parent */
#define PH_SIGNAL_MAX_EXTENSIONS 32 /* each 1 to 32 characters of a-z 0-9 - */

typedef enum
{
  PH_SIGNAL_WAITING,
  PH_SIGNAL_JOINED,
  PH_SIGNAL_SIGNALING, /* an offer is there */
  PH_SIGNAL_REJECTED,
} PhSignalStatus;

typedef enum
{
  PH_SIGNAL_TYPE_OFFER,
  PH_SIGNAL_TYPE_ANSWER,
  PH_SIGNAL_TYPE_REJECT,
} PhSignalType;

typedef enum
{
  PH_SIGNAL_REASON_DECLINED,
  PH_SIGNAL_REASON_NOT_VERIFIED,
  PH_SIGNAL_REASON_FULL,
} PhSignalReason;

/* "declined" …; and as the error a Client shows (PH_ERROR_DECLINED …). Static. */
const char *ph_signal_reason_name (PhSignalReason reason);
int ph_signal_reason_error (PhSignalReason reason);

/* What an offer or an answer carries: JSON strings inside JSON (see PhDescription). */
typedef struct
{
  char *sdp;         /* a description: ph_description_parse */
  char **candidates; /* each for ph_candidate_from_json; NULL-terminated, never NULL */
} PhSignalHalf;

PhSignalHalf *ph_signal_half_new (const char *sdp, const char *const *candidates);
PhSignalHalf *ph_signal_half_copy (const PhSignalHalf *half); /* NULL for NULL */
gboolean ph_signal_half_equal (const PhSignalHalf *a, const PhSignalHalf *b);
void ph_signal_half_free (PhSignalHalf *half);

/* What a joiner sends so that the Host can tell who it is. A plain peer sends none of it. */
typedef struct
{
  gboolean has_nonce;
  gboolean has_mac;
  gboolean has_commit;
  guint8 nonce[PH_NONCE_SIZE];
  guint8 mac[PH_MAC_SIZE];
  guint8 commit[PH_COMMIT_SIZE];
} PhSignalProof;

gboolean ph_signal_proof_equal (const PhSignalProof *a, const PhSignalProof *b);

typedef struct
{
  char id[PH_ID_SIZE]; /* the child's */
  char *client;        /* name as sent: legal by ph_text_is_name */
  PhSignalProof proof;
} PhSignalJoin;

PhSignalJoin *ph_signal_join_new (const char *id, const char *client, const PhSignalProof *proof);
void ph_signal_join_free (PhSignalJoin *join);

typedef struct
{
  char id[PH_ID_SIZE];
  char *host;   /* legal by ph_text_is_name */
  char *client; /* the same; NULL until somebody has joined */
  PhSignalStatus status;
  PhSignalReason reason; /* with PH_SIGNAL_REJECTED */
  gint64 created_s;      /* Unix time; 0: not said */
  guint64 rev;           /* 1 or more; rises with every change */
  PhSignalHalf *offer;   /* NULL until it is there */
  PhSignalHalf *answer;  /* the same */
  GPtrArray *joins; /* of PhSignalJoin, owned; never NULL; a multi parent's undecided children */
  char *token;      /* only in the answer to create and join; else NULL */
} PhSignalSession;

PhSignalSession *ph_signal_session_new (const char *id, const char *host);
void ph_signal_session_free (PhSignalSession *session);
char *ph_signal_session_to_json (const PhSignalSession *session);
PhSignalSession *ph_signal_session_parse (const char *json, gsize size, GError **error);

/* Body of POST /session */
typedef struct
{
  char *host;
  gboolean multi;
  gboolean auth;
} PhSignalCreate;

void ph_signal_create_clear (PhSignalCreate *create);
char *ph_signal_create_to_json (const PhSignalCreate *create);
/* Fills a cleared struct; untouched on failure. The same for all below. */
gboolean ph_signal_create_parse (const char *json, gsize size, PhSignalCreate *ret, GError **error);

/* Body of POST /session/{id} */
typedef struct
{
  char *client;
  gboolean auth;
  PhSignalProof proof;
} PhSignalJoinCall;

void ph_signal_join_call_clear (PhSignalJoinCall *call);
char *ph_signal_join_call_to_json (const PhSignalJoinCall *call);
gboolean
ph_signal_join_call_parse (const char *json, gsize size, PhSignalJoinCall *ret, GError **error);

/* Body of PUT /session/{id}/signal */
typedef struct
{
  PhSignalType type;
  PhSignalHalf *half;    /* offer and answer */
  PhSignalReason reason; /* reject */
} PhSignalMessage;

void ph_signal_message_clear (PhSignalMessage *message);
char *ph_signal_message_to_json (const PhSignalMessage *message);
gboolean
ph_signal_message_parse (const char *json, gsize size, PhSignalMessage *ret, GError **error);

/* {"error":{"code":…,"message":…}}. Parsing returns the message, cleaned and shortened for showing,
 * or NULL where the body is no such thing. Owned. */
char *ph_signal_error_to_json (const char *code, const char *message);
char *ph_signal_error_parse (const char *json, gsize size);

/* The JSON inside "sdp". A plain peer's has no "porthole" member: then `ours` is FALSE, the
 * extensions are none, and there is neither mac nor r. */
typedef struct
{
  PhSignalType type; /* offer or answer */
  char *sdp;
  gboolean ours;
  guint version;     /* 1 or more if ours, else 0 */
  char **extensions; /* NULL-terminated, never NULL */
  gboolean has_mac;
  gboolean has_r;
  guint8 mac[PH_MAC_SIZE];
  guint8 r[PH_RANDOM_SIZE];
} PhDescription;

/* A description of ours, version 1; mac and r to be set by the caller. */
PhDescription *
ph_description_new (PhSignalType type, const char *sdp, const char *const *extensions);
void ph_description_free (PhDescription *description);
char *ph_description_to_json (const PhDescription *description);
PhDescription *ph_description_parse (const char *json, GError **error);

/* {"candidate":"candidate:…","sdpMid":"0","sdpMLineIndex":0} <-> "candidate:…". An empty string
 * means that there are no more (RFC 8840). Owned. Contents are the SDP parser's to check. */
char *ph_candidate_to_json (const char *candidate, const char *mid);
char *ph_candidate_from_json (const char *json, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalHalf, ph_signal_half_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalJoin, ph_signal_join_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalSession, ph_signal_session_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhSignalCreate, ph_signal_create_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhSignalJoinCall, ph_signal_join_call_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhSignalMessage, ph_signal_message_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhDescription, ph_description_free)

G_END_DECLS
