/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-code.h"

G_BEGIN_DECLS

/* What is kept of a Host's session so that its share code is good again after the Host's program
 * was restarted. Whoever has it can take the Host's place: it is as secret as a key, and more than
 * the code that is passed on. */
typedef struct
{
  char token[PH_TOKEN_SIZE]; /* decides the session's id */
  guint8 secret[PH_SECRET_SIZE];
  guint16 port; /* of the Host's own signaling server, which links lead to; 0: any */
} PhKept;

/* A new session's, with port 0. */
void ph_kept_draw (PhKept *ret_kept);

/* A few lines of text, to be put where only its owner can read it. Owned. */
char *ph_kept_dup_text (const PhKept *kept);

/* Errors: PH_ERROR_INVALID, in words that say which part is not right and repeat none. */
gboolean ph_kept_parse (const char *text, PhKept *ret_kept, GError **error);

G_END_DECLS
