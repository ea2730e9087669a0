/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-reason.h"

#include "core/ph-error.h"

#include <glib/gi18n.h>

typedef struct
{
  const char *words;
  const char *host; /* what helps, on either side; NULL: nothing is wrong */
  const char *client;
} Reason;

static const Reason reasons[PH_CLOSE_N_REASONS] = {
  [PH_CLOSE_DONE] = { N_ ("Finished"), NULL, NULL },
  [PH_CLOSE_NOT_ALLOWED] = { N_ ("Not allowed by the Host’s rules"),
                             N_ ("Allow it if you want to share this service."),
                             N_ ("Ask the Host to share this service.") },
  [PH_CLOSE_REFUSED] = { N_ ("Refused: nothing listens there"),
                         N_ ("Start the service, and check that it uses this port."),
                         N_ ("Ask the Host whether the service is running, and whether the port is "
                             "right.") },
  [PH_CLOSE_UNREACHABLE] = { N_ ("The Host cannot reach that computer"),
                             N_ ("Check that the computer is switched on, and that no firewall is "
                                 "in the way."),
                             N_ ("Ask the Host whether that computer is switched on.") },
  [PH_CLOSE_TIMED_OUT] = { N_ ("No answer from that computer"),
                           N_ ("Check that the computer is switched on, and that no firewall is "
                               "in the way."),
                           N_ ("Ask the Host whether that computer is switched on.") },
  [PH_CLOSE_NAME_NOT_FOUND] = { N_ ("The Host knows no computer of that name"),
                                N_ ("The name may be misspelled on the other side; an address "
                                    "works as well."),
                                N_ ("Check how the name is spelled in the mapping.") },
  [PH_CLOSE_RESET] = { N_ ("Interrupted by an application"),
                       N_ ("If it happens again, look at what the service itself reports."),
                       N_ ("Try again. If it happens every time, ask the Host to look at the "
                           "service.") },
  [PH_CLOSE_TOO_MANY] = { N_ ("Too many connections at once"), N_ ("Close some connections first."),
                          N_ ("Close some connections first.") },
  [PH_CLOSE_PROTOCOL_ERROR] = { N_ ("The two sides did not understand each other"),
                                N_ ("Use the same version of Porthole on both sides."),
                                N_ ("Use the same version of Porthole on both sides.") },
  [PH_CLOSE_TOO_SLOW] = { N_ ("An application read too slowly"),
                          N_ ("If it happens again, look at what the service itself reports."),
                          N_ ("Try again. If it happens every time, ask the Host to look at the "
                              "service.") },
  [PH_CLOSE_SESSION_ENDING] = { N_ ("The session ended"), NULL, NULL },
};

/* NULL for a number that is no reason. */
static const Reason *
find_reason (PhCloseReason reason)
{
  return (guint)reason < PH_CLOSE_N_REASONS ? &reasons[reason] : NULL;
}

const char *
ph_reason_of_close (PhCloseReason reason)
{
  const Reason *found = find_reason (reason);

  return found != NULL ? _ (found->words) : _ ("Closed for a reason this version does not know");
}

const char *
ph_reason_help (PhCloseReason reason, PhSessionRole role)
{
  const Reason *found = find_reason (reason);
  const char *help = NULL;

  if (found != NULL)
    help = role == PH_SESSION_HOST ? found->host : found->client;
  return help != NULL ? _ (help) : NULL;
}

const char *
ph_reason_of_leaving (const char *word)
{
  const struct
  {
    const char *word;
    const char *text;
  } leavings[] = {
    { "ended", _ ("it ended the session") },
    { "kicked", _ ("you disconnected it") },
    { "declined", _ ("you did not let it in") },
    { "left", _ ("it went away before it was connected") },
    { ph_error_name (PH_ERROR_PEER_LOST), _ ("it stopped answering") },
    { ph_error_name (PH_ERROR_PEER_ENDED), _ ("it ended the session") },
    { ph_error_name (PH_ERROR_NO_PATH), _ ("no way through the networks was found") },
    { ph_error_name (PH_ERROR_NOT_VERIFIED), _ ("it could not prove who it is") },
    { ph_error_name (PH_ERROR_PROTOCOL), _ ("the two sides did not understand each other") },
    { ph_error_name (PH_ERROR_DECLINED), _ ("it was not let in") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (leavings); i++)
    if (g_str_equal (word, leavings[i].word))
      return leavings[i].text;
  return _ ("something went wrong");
}
