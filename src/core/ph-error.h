/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The one error domain of the project. The message of an error that reaches a person says what was
 * read, what is wrong with it and what would be right; the code says which kind of trouble. */
#define PH_ERROR (ph_error_quark ())

typedef enum
{
  PH_ERROR_INVALID,            /* something typed or configured cannot be understood */
  PH_ERROR_SIGNAL_UNREACHABLE, /* no answer from the signaling server */
  PH_ERROR_SESSION_UNKNOWN,    /* no such session, or it has expired */
  PH_ERROR_DECLINED,           /* the Host's person said no */
  PH_ERROR_FULL,               /* a limit on sessions, clients or requests is reached */
  PH_ERROR_NO_PATH,            /* the two ends found no way to reach each other */
  PH_ERROR_LISTEN,             /* a local port could not be listened on */
  PH_ERROR_NOT_VERIFIED,       /* a MAC, a fingerprint or a commit does not match */
  PH_ERROR_PEER_LOST,          /* the other end stopped answering */
  PH_ERROR_PEER_ENDED,         /* the other end said goodbye */
  PH_ERROR_PROTOCOL,           /* the other side broke the protocol */
  PH_ERROR_REFUSED,            /* the signaling server refused the request (token, rate) */
  PH_ERROR_FAILED,             /* a library or the system failed in a way nobody can act upon */
  PH_ERROR_N_CODES
} PhError;

GQuark ph_error_quark (void);

/* The code's stable name, as `--json` prints it: "session-unknown". Static. */
const char *ph_error_name (PhError code);

/* One sentence for a person that says what happened and what to do next. Static. */
const char *ph_error_sentence (PhError code);

/* @error's code in our domain; PH_ERROR_FAILED for errors of other domains. */
PhError ph_error_code (const GError *error);

/* A new error with the code's own sentence. */
GError *ph_error_new (PhError code);

G_END_DECLS
