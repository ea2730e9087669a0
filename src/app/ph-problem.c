/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-problem.h"

#include <glib/gi18n.h>

typedef struct
{
  const char *title;
  const char *icon;
  gboolean is_worth_retrying;

  /* What to say where the error's own words are only its code's. */
  const char *host_text;
  const char *client_text;
} Problem;

static const Problem problems[PH_ERROR_N_CODES] = {
  [PH_ERROR_INVALID] = { N_ ("That Could Not Be Understood"), "dialog-warning-symbolic", FALSE,
                         N_ ("Check what was typed."), N_ ("Check what was typed.") },
  [PH_ERROR_SIGNAL_UNREACHABLE] = { N_ ("The Server Does Not Answer"), "network-error-symbolic",
                                    TRUE,
                                    N_ ("The signaling server cannot be reached. Check your "
                                        "network connection, and the "
                                        "server’s address in Preferences."),
                                    N_ ("Nobody answers at the address in the link. Check your "
                                        "network connection, and ask the "
                                        "Host whether the session is still open. A link without a "
                                        "signaling server works only in the Host’s own network: "
                                        "from elsewhere, pair without a server.") },
  [PH_ERROR_SESSION_UNKNOWN] = { N_ ("No Such Session"), "edit-find-symbolic", FALSE,
                                 N_ ("The signaling server does not know the session any more. "
                                     "Create a new one."),
                                 N_ ("The session has ended, or the code is not complete. Ask the "
                                     "Host for a new one.") },
  [PH_ERROR_DECLINED] = { N_ ("The Host Declined"), "action-unavailable-symbolic", TRUE,
                          N_ ("The request was declined."),
                          N_ ("Your request to join was not approved. Ask the Host, then try "
                              "again.") },
  [PH_ERROR_FULL] = { N_ ("No Room Left"), "system-users-symbolic", TRUE,
                      N_ ("The signaling server takes no more sessions now. Try again later."),
                      N_ ("The session has as many Clients as it takes. Try again later.") },
  [PH_ERROR_NO_PATH] = { N_ ("No Path Between the Computers"), "network-offline-symbolic", TRUE,
                         N_ ("The two networks let nothing direct through. Another network on one "
                             "side helps, a "
                             "phone’s hotspot for example; so does a TURN server in Preferences."),
                         N_ ("The two networks let nothing direct through. Another network on one "
                             "side helps, a "
                             "phone’s hotspot for example; so does a TURN server in "
                             "Preferences.") },
  [PH_ERROR_LISTEN] = { N_ ("A Port Cannot Be Used"), "network-wired-symbolic", FALSE,
                        N_ ("A local port cannot be listened on."),
                        N_ ("A local port cannot be listened on. Choose another one.") },
  [PH_ERROR_NOT_VERIFIED] = { N_ ("Not Verified"), "security-low-symbolic", FALSE,
                              N_ ("The other side could not prove that it has the code, so nothing "
                                  "was connected."),
                              N_ ("The other side could not prove that it is the Host, so nothing "
                                  "was connected. Paste "
                                  "the whole link, not only its first part.") },
  [PH_ERROR_PEER_LOST] = { N_ ("The Connection Was Lost"), "network-offline-symbolic", TRUE,
                           N_ ("The other computer stopped answering."),
                           N_ ("The Host’s computer stopped answering. It may be asleep or "
                               "offline; try again once it "
                               "is back.") },
  [PH_ERROR_PEER_ENDED] = { N_ ("The Host Ended the Session"), "process-stop-symbolic", FALSE,
                            N_ ("The other side ended the session."),
                            N_ ("Nothing is shared any more. Ask the Host for a new link when you "
                                "want to go on.") },
  [PH_ERROR_PROTOCOL] = { N_ ("The Programs Do Not Understand Each Other"), "dialog-error-symbolic",
                          FALSE,
                          N_ ("The other side sent something that makes no sense. Check that both "
                              "of you have a "
                              "current version of Porthole."),
                          N_ ("The other side sent something that makes no sense. Check that both "
                              "of you have a "
                              "current version of Porthole.") },
  [PH_ERROR_REFUSED] = { N_ ("The Server Refused"), "action-unavailable-symbolic", TRUE,
                         N_ ("The signaling server refused the request. Wait a minute and try "
                             "again."),
                         N_ ("The signaling server refused the request. Wait a minute and try "
                             "again.") },
  [PH_ERROR_FAILED] = { N_ ("Something Failed"), "dialog-error-symbolic", TRUE,
                        N_ ("It may work when you try again."),
                        N_ ("It may work when you try again.") },
};

const char *
ph_problem_title (const GError *error)
{
  return _ (problems[ph_error_code (error)].title);
}

/* Whether an error's own words, where it has some, say what helps; others are a detail. */
static gboolean
says_what_to_do (PhError code)
{
  return code != PH_ERROR_SIGNAL_UNREACHABLE && code != PH_ERROR_PROTOCOL &&
         code != PH_ERROR_REFUSED && code != PH_ERROR_FAILED;
}

char *
ph_problem_dup_text (const GError *error, PhSessionRole role)
{
  PhError code = ph_error_code (error);
  const Problem *problem = &problems[code];
  const char *text = role == PH_SESSION_HOST ? problem->host_text : problem->client_text;

  if (g_str_equal (error->message, ph_error_sentence (code)))
    return g_strdup (_ (text));
  if (says_what_to_do (code))
    return g_strdup (error->message);
  return g_strdup_printf ("%s\n\n%s", _ (text), error->message);
}

const char *
ph_problem_icon (const GError *error)
{
  return problems[ph_error_code (error)].icon;
}

gboolean
ph_problem_is_worth_retrying (const GError *error)
{
  return problems[ph_error_code (error)].is_worth_retrying;
}
