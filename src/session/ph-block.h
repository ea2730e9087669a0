/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-code.h"
#include "transport/ph-sdp.h"

#include "ph-half.h"

G_BEGIN_DECLS

/* Pairing without a server: what two people pass to each other by whatever they chat with. The Host
 * makes an offer, the Client an answer to it, each one block of text:
 *
 *   -----BEGIN PORTHOLE OFFER-----
 *   base64 (RFC 4648 section 4, no padding: no character that a chat makes italics of), in lines
 *   -----END PORTHOLE OFFER-----
 *
 * Around and between the lines there may be anything that is not base64: white space, quote marks,
 * other breaks. Inside are, big-endian,
 *
 *   u8 version, u8 kind, u16 size of all this, number[8]
 *   offer: u32 Unix time, secret[16]
 *   u8 size and name, u8 size and ICE ufrag, u8 size and ICE password
 *   fingerprint[32], u8 setup, u16 SCTP port, u32 largest message, u8 extensions
 *   u8 number of candidates, each: u8 type (its bit 7: IPv6), u32 priority, address[4 or 16], u16
 * port answer: MAC[32] u32 CRC-32C of all before
 *
 * The version, the size and the CRC stay where they are in every version. The CRC finds what a chat
 * has spoilt. The MAC (ph_code_mac_pairing) shows the Host that the answer was made by somebody who
 * has read its offer, and that offer unchanged; who can read and change the chat can do both. */
#define PH_BLOCK_VERSION 1
#define PH_BLOCK_MAX_TEXT (16 * 1024) /* bytes that are looked at, with all that stands around */
#define PH_BLOCK_NUMBER_SIZE 8
#define PH_BLOCK_LIFETIME_S 3600 /* of an offer: addresses change, and who has forgotten it has */
#define PH_BLOCK_SLACK_S 3600    /* that two people's clocks may differ by */
#define PH_BLOCK_WAIT_MS                                                                           \
  (10 * 60 * 1000) /* of a Client, for the Host's person to paste its answer */

typedef enum
{
  PH_BLOCK_OFFER,
  PH_BLOCK_ANSWER,
} PhBlockKind;

typedef struct
{
  PhBlockKind kind;
  guint8 number[PH_BLOCK_NUMBER_SIZE]; /* drawn for each offer; its answer repeats it */
  guint32 created_s;                   /* offer: Unix time */
  guint8 secret[PH_SECRET_SIZE];       /* offer */
  guint8 mac[PH_MAC_SIZE];             /* answer */
  char *name;                          /* safe to show; may be empty */
  PhSdp *sdp;                          /* with its candidates */
  PhExtensions extensions;
  GBytes *covered; /* what others vouch for: all of an offer, an answer without MAC and CRC */
} PhBlock;

/* Whether @half has an address to be reached at, without which it is not worth passing on. Errors:
 * PH_ERROR_NO_PATH. */
gboolean ph_block_check_half (const PhHalf *half, GError **error);

/* An offer of ours, made now, with a secret and a number of its own. Owned. */
PhBlock *ph_block_new_offer (const char *name, const PhHalf *half);

/* Our answer to @offer, which proves that we have read it. Owned. */
PhBlock *ph_block_new_answer (const char *name, const PhHalf *half, const PhBlock *offer);

void ph_block_free (PhBlock *block);

/* The text to pass on, lines ended by LF. Owned. */
char *ph_block_print (const PhBlock *block);

/* Finds the block in @text, of several the last one of the @wanted kind. Any text is legal input.
 * Errors: PH_ERROR_INVALID, each trouble in words of its own: nothing of the kind, the other kind,
 * cut, spoilt on the way, newer than we are, makes no sense. */
PhBlock *ph_block_parse (const char *text, PhBlockKind wanted, GError **error);

/* Whether @text holds the first line of a block. */
gboolean ph_block_begins (const char *text);

/* Whether it holds the last one, which whoever copies with a mouse may miss. */
gboolean ph_block_has_end_line (const char *text);

/* Whether nothing more belongs to the block in it. */
gboolean ph_block_ends (const char *text);

gboolean ph_block_is_same_pairing (const PhBlock *a, const PhBlock *b);

/* Whether @offer is not too old to be answered. Errors: PH_ERROR_INVALID. */
gboolean ph_block_check_age (const PhBlock *offer, gint64 now_s, GError **error);

/* Whether @answer was made from @offer. Errors: PH_ERROR_NOT_VERIFIED. */
gboolean ph_block_check_answer (const PhBlock *answer, const PhBlock *offer, GError **error);

/* The same as if it had come through signaling, for the transport. Owned. */
PhHalf *ph_block_dup_half (const PhBlock *block);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhBlock, ph_block_free)

G_END_DECLS
