/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-signal.h"
#include "tunnel/ph-protocol.h"

G_BEGIN_DECLS

/* One half of what two sides exchange through signaling, an offer or an answer, between the form
 * that travels (JSON inside JSON) and the one the transport takes. Pure. */
typedef struct
{
  PhDescription *description; /* SDP, extensions, and the proofs: mac and r */
  char **candidates;          /* JSON strings, as they travel and as MACs cover them */
} PhHalf;

/* Ours, still without proofs. @lines: "candidate:…", NULL-terminated. */
PhHalf *ph_half_new (PhSignalType type,
                     const char *sdp,
                     const char *const *lines,
                     const char *mid,
                     PhExtensions extensions);

/* Theirs; @type is what it has to be. Errors: PH_ERROR_PROTOCOL. */
PhHalf *ph_half_parse (const PhSignalHalf *signal, PhSignalType type, GError **error);

/* The same from a side that has to prove itself: what cannot be read is not theirs. Errors:
 * PH_ERROR_NOT_VERIFIED. */
PhHalf *ph_half_parse_proven (const PhSignalHalf *signal, PhSignalType type, GError **error);

/* The "candidate:…" lines; what is no candidate is skipped. Owned. */
char **ph_half_dup_lines (const PhHalf *half);

/* As MACs cover it; borrowed from @half. */
PhMacHalf ph_half_get_mac_half (const PhHalf *half);

/* Owned. */
PhSignalHalf *ph_half_to_signal (const PhHalf *half);

/* What both sides speak. */
PhExtensions ph_half_get_extensions (const PhHalf *half);

void ph_half_free (PhHalf *half);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhHalf, ph_half_free)

G_END_DECLS
