/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Why two computers found no way to each other, as far as it can be told, and what helps. Pure. */

/* The addresses that one side offered; loopback and link-local ones lead nowhere and do not count.
 */
typedef struct
{
  gboolean has_any;
  gboolean has_ipv4;
  gboolean has_ipv6;
  gboolean has_public;  /* one that the world may reach: its own, or its router's by STUN */
  gboolean has_relayed; /* one on a TURN server */
} PhOffered;

typedef struct
{
  PhOffered ours;
  PhOffered theirs;
  gboolean has_pair;      /* a path was found, and lost before all was set up */
  gboolean relay_only;    /* on this side */
  guint n_stun;           /* STUN servers that were asked … */
  gboolean has_stun;      /* … and one answered */
  guint n_turn;           /* TURN servers that are named */
  const char *turn_error; /* a sentence without its end: why one gave no relay; NULL: not known */
} PhNoPathFacts;

/* A few sentences. Owned. */
char *ph_no_path_dup_words (const PhNoPathFacts *facts);

G_END_DECLS
