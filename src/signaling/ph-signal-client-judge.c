/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-client-private.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-text.h"

#define BACKOFF_MAX_MS 10000

static void
set_unreachable (PhSignalClient *self, GError **error, const char *what)
{
  g_set_error (error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE, "“%s”: %s", self->url, what);
}

/* What nobody but a wrong address explains is final as long as the address has never been right. */
static PhVerdict
judge_stranger (PhSignalClient *self, GError **error, const char *what)
{
  set_unreachable (self, error, what);
  return self->answered ? PH_VERDICT_RETRY : PH_VERDICT_FINAL;
}

GError *
ph_signal_client_new_stranger_error (PhSignalClient *self)
{
  GError *error = NULL;

  set_unreachable (self, &error, _ ("it answers, but not as a signaling server does"));
  return error;
}

static char *
explain_tls_error (const GError *failure)
{
  if (g_error_matches (failure, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return g_strdup_printf (_ ("its TLS certificate is not trusted (%s)"), failure->message);
  return g_strdup_printf (
      _ ("it speaks no TLS that is understood here (%s); a server without TLS is "
         "written with http://"),
      failure->message);
}

/* Noise where HTTP was expected may be TLS; a server that waits for HTTP says nothing to TLS. */
static const char *
get_scheme_hint (PhSignalClient *self, const GError *failure)
{
  gboolean tls = g_str_has_prefix (self->url, "https://");

  if (tls && g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return _ ("; a server without TLS is written with http://");
  if (!tls && (failure->domain == SOUP_SESSION_ERROR ||
               g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
               g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)))
    return _ ("; a server with TLS is written with https://");
  return "";
}

static PhVerdict
judge_network_error (PhSignalClient *self, const GError *failure, GError **error)
{
  g_autofree char *what = NULL;

  if (failure->domain == G_TLS_ERROR)
    {
      what = explain_tls_error (failure);
      return judge_stranger (self, error, what);
    }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return judge_stranger (self, error, _ ("its answer is too large for a signaling server’s"));
  what = g_strdup_printf (_ ("the signaling server does not answer (%s)%s"), failure->message,
                          get_scheme_hint (self, failure));
  set_unreachable (self, error, what);
  return PH_VERDICT_RETRY;
}

static PhVerdict
judge_redirect (PhSignalClient *self, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autofree char *place = answer->location != NULL
                               ? ph_text_clean (answer->location, -1, PH_TEXT_MAX_REASON)
                               : g_strdup (_ ("nowhere"));
  g_autofree char *what =
      g_strdup_printf (_ ("it leads on to “%s”; use the signaling server’s own address"), place);

  return judge_stranger (self, error, what);
}

static PhError
refusal_code (guint status)
{
  switch (status)
    {
    case 404:
      return PH_ERROR_SESSION_UNKNOWN;
    case 429:
    case 503:
      return PH_ERROR_FULL;
    }
  return PH_ERROR_REFUSED;
}

/* What a server of ours says, it says in English, and our catalogue knows it. */
static const char *
translate (const char *words)
{
  return *words != '\0' ? _ (words) : words;
}

/* A status of 400 or above with @words in the API's own form. A server in trouble counts as one
 * that is not there. */
static PhVerdict
judge_refusal (PhSignalClient *self, guint status, const char *words, GError **error)
{
  PhError code = refusal_code (status);

  self->answered = TRUE;
  if (status >= 500 && code != PH_ERROR_FULL)
    set_unreachable (self, error, translate (words));
  else if (code == PH_ERROR_SESSION_UNKNOWN)
    g_propagate_error (error, ph_error_new (code));
  else
    g_set_error (error, PH_ERROR, (int)code, _ ("The signaling server says: %s"),
                 translate (words));
  return code == PH_ERROR_FULL || status >= 500 ? PH_VERDICT_RETRY : PH_VERDICT_FINAL;
}

static PhVerdict
judge_status (PhSignalClient *self, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autofree char *words = NULL;
  g_autofree char *what = NULL;

  if (answer->status >= 200 && answer->status < 300)
    return PH_VERDICT_GOOD;
  if (answer->status < 400)
    return judge_redirect (self, answer, error);
  words = ph_signal_error_parse (g_bytes_get_data (answer->body, NULL),
                                 g_bytes_get_size (answer->body));
  if (words != NULL)
    return judge_refusal (self, answer->status, words, error);
  if (answer->status == 404 && self->answered)
    return judge_refusal (self, answer->status, "", error);
  what = g_strdup_printf (_ ("it answers %u, but not as a signaling server does"), answer->status);
  if (answer->status < 500)
    return judge_stranger (self, error, what);
  set_unreachable (self, error, what);
  return PH_VERDICT_RETRY;
}

PhVerdict
ph_signal_client_judge (PhSignalClient *self,
                        const PhSignalHttpAnswer *answer,
                        const GError *failure,
                        GError **error)
{
  return answer != NULL ? judge_status (self, answer, error)
                        : judge_network_error (self, failure, error);
}

PhSignalSession *
ph_signal_client_read_session (PhSignalClient *self,
                               const PhSignalHttpAnswer *answer,
                               GError **error)
{
  g_autoptr (GError) failure = NULL;
  PhSignalSession *session = ph_signal_session_parse (g_bytes_get_data (answer->body, NULL),
                                                      g_bytes_get_size (answer->body), &failure);

  if (session != NULL)
    self->answered = TRUE;
  else if (self->answered)
    g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                 _ ("The signaling server’s answer makes no sense: %s"), failure->message);
  else
    {
      g_autofree char *what = g_strdup_printf (
          _ ("it does not answer as a signaling server does: %s"), failure->message);

      set_unreachable (self, error, what);
    }
  return session;
}

guint
ph_signal_client_next_backoff_ms (guint backoff_ms)
{
  return backoff_ms == 0 ? PH_SIGNAL_BACKOFF_MIN_MS : MIN (backoff_ms * 2, BACKOFF_MAX_MS);
}

/* Up to a quarter more than it must be, so that those who failed together do not return so. */
guint
ph_signal_client_pause_ms (guint backoff_ms, const PhSignalHttpAnswer *answer)
{
  guint asked_ms = answer != NULL ? MIN (answer->retry_after_s, BACKOFF_MAX_MS / 1000) * 1000 : 0;
  guint least_ms = MAX (backoff_ms, asked_ms);

  return least_ms + (guint)g_random_int_range (0, (gint32)least_ms / 4 + 1);
}
