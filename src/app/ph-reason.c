/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-reason.h"

#include "core/ph-error.h"

#include <glib/gi18n.h>

const char *
ph_reason_of_close (PhCloseReason reason)
{
  switch (reason)
    {
    case PH_CLOSE_DONE:
      return _ ("Finished");
    case PH_CLOSE_NOT_ALLOWED:
      return _ ("Not allowed by the Host’s rules");
    case PH_CLOSE_REFUSED:
      return _ ("Refused: nothing listens there");
    case PH_CLOSE_UNREACHABLE:
      return _ ("The Host cannot reach that computer");
    case PH_CLOSE_TIMED_OUT:
      return _ ("No answer from that computer");
    case PH_CLOSE_NAME_NOT_FOUND:
      return _ ("The Host knows no computer of that name");
    case PH_CLOSE_RESET:
      return _ ("Broken off by an application");
    case PH_CLOSE_TOO_MANY:
      return _ ("Too many connections at once");
    case PH_CLOSE_PROTOCOL_ERROR:
      return _ ("The two sides did not understand each other");
    case PH_CLOSE_TOO_SLOW:
      return _ ("An application read too slowly");
    case PH_CLOSE_SESSION_ENDING:
      return _ ("The session ended");
    case PH_CLOSE_N_REASONS:
      break;
    }
  return _ ("Closed for a reason this version does not know");
}

static const char *
help_host (PhCloseReason reason)
{
  switch (reason)
    {
    case PH_CLOSE_NOT_ALLOWED:
      return _ ("Allow it if you want to share this service.");
    case PH_CLOSE_REFUSED:
      return _ ("Start the service, and check that it uses this port.");
    case PH_CLOSE_UNREACHABLE:
    case PH_CLOSE_TIMED_OUT:
      return _ ("Check that the computer is switched on, and that no firewall is in the way.");
    case PH_CLOSE_NAME_NOT_FOUND:
      return _ ("The name may be misspelled on the other side; an address works as well.");
    case PH_CLOSE_TOO_MANY:
      return _ ("Close some connections first.");
    case PH_CLOSE_PROTOCOL_ERROR:
      return _ ("Use the same version of Porthole on both sides.");
    case PH_CLOSE_TOO_SLOW:
    case PH_CLOSE_RESET:
      return _ ("If it happens again, look at what the service itself reports.");
    case PH_CLOSE_DONE:
    case PH_CLOSE_SESSION_ENDING:
    case PH_CLOSE_N_REASONS:
      break;
    }
  return NULL;
}

static const char *
help_client (PhCloseReason reason)
{
  switch (reason)
    {
    case PH_CLOSE_NOT_ALLOWED:
      return _ ("Ask the Host to share this service.");
    case PH_CLOSE_REFUSED:
      return _ ("Ask the Host whether the service is running, and whether the port is right.");
    case PH_CLOSE_UNREACHABLE:
    case PH_CLOSE_TIMED_OUT:
      return _ ("Ask the Host whether that computer is switched on.");
    case PH_CLOSE_NAME_NOT_FOUND:
      return _ ("Check how the name is spelled in the mapping.");
    case PH_CLOSE_TOO_MANY:
      return _ ("Close some connections first.");
    case PH_CLOSE_PROTOCOL_ERROR:
      return _ ("Use the same version of Porthole on both sides.");
    case PH_CLOSE_TOO_SLOW:
    case PH_CLOSE_RESET:
      return _ ("Try again. If it happens every time, ask the Host to look at the service.");
    case PH_CLOSE_DONE:
    case PH_CLOSE_SESSION_ENDING:
    case PH_CLOSE_N_REASONS:
      break;
    }
  return NULL;
}

const char *
ph_reason_help (PhCloseReason reason, PhSessionRole role)
{
  return role == PH_SESSION_HOST ? help_host (reason) : help_client (reason);
}

const char *
ph_reason_of_leaving (const char *word)
{
  const struct
  {
    const char *word;
    const char *text;
  } reasons[] = {
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

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (g_str_equal (word, reasons[i].word))
      return reasons[i].text;
  return _ ("something went wrong");
}
