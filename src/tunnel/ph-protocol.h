/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The words of the tunnel's protocol: why a connection was closed, and what two ends can agree on.
 */

/* CLOSE's payload: the reason as u16, then optional UTF-8 text of at most
 * PH_CLOSE_TEXT_MAX_BYTES. An empty payload is PH_CLOSE_DONE. */
typedef enum
{
  PH_CLOSE_DONE = 0,
  PH_CLOSE_NOT_ALLOWED = 1, /* no rule of the Host matches */
  PH_CLOSE_REFUSED = 2,
  PH_CLOSE_UNREACHABLE = 3,
  PH_CLOSE_TIMED_OUT = 4,
  PH_CLOSE_NAME_NOT_FOUND = 5,
  PH_CLOSE_RESET = 6,
  PH_CLOSE_TOO_MANY = 7, /* a limit of ours or of the system */
  PH_CLOSE_PROTOCOL_ERROR = 8,
  PH_CLOSE_TOO_SLOW = 9, /* its reader left more standing than may be held */
  PH_CLOSE_SESSION_ENDING = 10,
  PH_CLOSE_N_REASONS
} PhCloseReason;

#define PH_CLOSE_TEXT_MAX_BYTES 200

/* "not-allowed". Static. */
const char *ph_close_reason_to_word (PhCloseReason reason);

/* FALSE, output untouched, for a word that is none. */
gboolean ph_close_reason_from_word (const char *word, PhCloseReason *ret_reason);

/* What text from the other side may be shown as: as ph_text_clean makes it, at most
 * PH_CLOSE_TEXT_MAX_BYTES. Any bytes are legal input. Owned; NULL if nothing is
 * left. */
char *ph_close_text_clean (const guint8 *bytes, gsize size);

/* What goes beyond the plain protocol. An extension is on when both sides list it. */
typedef enum
{
  PH_EXTENSION_CREDIT = 1 << 0,   /* WINDOW: a slow reader stops its own connection only */
  PH_EXTENSION_EOF = 1 << 1,      /* TCP half-close is carried over */
  PH_EXTENSION_OPENED = 1 << 2,   /* the Host says when it has connected */
  PH_EXTENSION_NAME = 1 << 3,     /* the Host resolves names */
  PH_EXTENSION_SERVICES = 1 << 4, /* the Host lists what it offers */
} PhExtensions;

#define PH_EXTENSIONS_NONE ((PhExtensions)0)

/* What this tunnel speaks, to be listed in a description. */
#define PH_EXTENSIONS_OURS                                                                         \
  ((PhExtensions)(PH_EXTENSION_CREDIT | PH_EXTENSION_EOF | PH_EXTENSION_OPENED |                   \
                  PH_EXTENSION_NAME | PH_EXTENSION_SERVICES))

/* Words nobody here knows are skipped. @words may be NULL. */
PhExtensions ph_extensions_from_words (const char *const *words);

/* Owned, NULL-terminated, in the order of the flags; the words themselves are copies too. */
GStrv ph_extensions_dup_words (PhExtensions extensions);

G_END_DECLS
