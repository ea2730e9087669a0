/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-error.h"

#include <glib/gi18n-lib.h>

/* clang-format off */
G_DEFINE_QUARK (ph-error-quark, ph_error)
/* clang-format on */

typedef struct
{
  const char *name;
  const char *sentence;
} ErrorText;

static const ErrorText texts[PH_ERROR_N_CODES] = {
  [PH_ERROR_INVALID] = { "invalid", N_ ("That could not be understood. Check what was typed.") },
  [PH_ERROR_SIGNAL_UNREACHABLE] = { "signal-unreachable", N_ ("The signaling server does not "
                                                              "answer. Check the address and "
                                                              "your network connection.") },
  [PH_ERROR_SESSION_UNKNOWN] = { "session-unknown",
                                 N_ ("There is no such session, or it has expired. "
                                     "Ask the Host for a new code.") },
  [PH_ERROR_DECLINED] = { "declined", N_ ("The Host declined. Ask them to approve your request, "
                                          "then join again.") },
  [PH_ERROR_FULL] = { "full", N_ ("There is no room left in this session. Try again later.") },
  [PH_ERROR_NO_PATH] = { "no-path",
                         N_ ("The two computers found no way to reach each other. A TURN "
                             "server on either side helps where a network lets no "
                             "direct connection through.") },
  [PH_ERROR_LISTEN] = { "listen", N_ ("A local port cannot be used. Choose another one.") },
  [PH_ERROR_NOT_VERIFIED] = { "not-verified",
                              N_ ("The other side could not be verified, so nothing was connected. "
                                  "Paste the whole share code or link, not only its first part.") },
  [PH_ERROR_PEER_LOST] = { "peer-lost",
                           N_ ("The other computer stopped answering. Check that it is on "
                               "and online.") },
  [PH_ERROR_PEER_ENDED] = { "peer-ended", N_ ("The other side ended the session.") },
  [PH_ERROR_PROTOCOL] = { "protocol",
                          N_ ("The other side sent something that makes no sense. Check "
                              "that both sides run a current version of Porthole.") },
  [PH_ERROR_REFUSED] = { "refused", N_ ("The signaling server refused the request.") },
  [PH_ERROR_FAILED] = { "failed", N_ ("Something failed unexpectedly.") },
};

const char *
ph_error_name (PhError code)
{
  g_return_val_if_fail (code < PH_ERROR_N_CODES, "failed");
  return texts[code].name;
}

const char *
ph_error_sentence (PhError code)
{
  g_return_val_if_fail (code < PH_ERROR_N_CODES, "");
  return _ (texts[code].sentence);
}

PhError
ph_error_code (const GError *error)
{
  if (error == NULL || error->domain != PH_ERROR)
    return PH_ERROR_FAILED;
  return (PhError)error->code;
}

GError *
ph_error_new (PhError code)
{
  return g_error_new_literal (PH_ERROR, (int)code, ph_error_sentence (code));
}
