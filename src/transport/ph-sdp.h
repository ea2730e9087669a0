/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* Session descriptions of one data channel (RFC 8841) and ICE candidates (RFC 8839), as browsers
 * write them. Any text is legal input; parsers check every value and leave outputs untouched on
 * failure. Pure: no I/O. */

#define PH_SDP_FINGERPRINT_SIZE 32 /* SHA-256 of the certificate's DER */
#define PH_SDP_SCTP_PORT 5000
#define PH_SDP_MAX_MESSAGE_SIZE 262144
#define PH_SDP_MAX_CANDIDATES 25 /* the most that are tried: the best by priority */
#define PH_SDP_MAX_BYTES 65536

/* RFC 8842 section 5: who starts the DTLS handshake. */
typedef enum
{
  PH_SDP_SETUP_ACTPASS,
  PH_SDP_SETUP_ACTIVE,
  PH_SDP_SETUP_PASSIVE,
} PhSdpSetup;

typedef enum
{
  PH_CANDIDATE_HOST,
  PH_CANDIDATE_SERVER_REFLEXIVE,
  PH_CANDIDATE_PEER_REFLEXIVE,
  PH_CANDIDATE_RELAYED,
} PhCandidateType;

/* A UDP candidate of component 1. A plain value. */
typedef struct
{
  char foundation[33];
  guint32 priority;
  PhCandidateType type;
  PhEndpoint address;
  PhEndpoint base; /* raddr and rport; all zero where there is none */
} PhCandidate;

/* Owns its strings and candidates. */
typedef struct
{
  char *ice_ufrag;
  char *ice_pwd;
  guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE];
  PhSdpSetup setup;
  char *mid;
  guint16 sctp_port;
  guint32 max_message_size; /* bytes the describing side takes; 0 = any size */
  GArray *candidates;       /* of PhCandidate: those that stand in the text itself */
} PhSdp;

/* Errors: PH_ERROR_PROTOCOL, naming what is missing or wrong. */
PhSdp *ph_sdp_parse (const char *text, GError **error);

/* The smallest text that browsers take, lines ended by CRLF. Candidates are not printed: they
 * travel beside it. Owned. */
char *ph_sdp_print (const PhSdp *sdp);

void ph_sdp_free (PhSdp *sdp);

/* FALSE for everything ICE here cannot use, by design or because it is broken: TCP, component 2,
 * names (mDNS), priority 0, unspecified or multicast addresses. @text may begin with "a=". */
gboolean ph_sdp_parse_candidate (const char *text, PhCandidate *ret_candidate);

/* "candidate:…" without "a=". Owned. */
char *ph_sdp_print_candidate (const PhCandidate *candidate);

/* Sorts by falling priority and keeps the first PH_SDP_MAX_CANDIDATES addresses, each once: many
 * peers name their candidates inside the SDP and beside it. */
void ph_candidates_keep_best (GArray *candidates);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSdp, ph_sdp_free)

G_END_DECLS
