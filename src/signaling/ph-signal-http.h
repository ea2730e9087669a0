/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One HTTP/1.1 request, once: no redirects, no retries, a limit in time and in size. */
typedef struct
{
  guint status;
  GBytes *body;
  gboolean
      is_repeated; /* it was asked twice, because a connection was lost; both may have arrived */
  guint retry_after_s; /* 0: not said */
  char *location;      /* where a redirect leads; NULL: nowhere */
} PhSignalHttpAnswer;

void ph_signal_http_answer_free (PhSignalHttpAnswer *answer);

/* @token and @json (the body) may be NULL. */
void ph_signal_http_send_async (SoupSession *session,
                                const char *method,
                                const char *url,
                                const char *token,
                                const char *json,
                                guint timeout_ms,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);

/* Errors are those of GIO; G_IO_ERROR_TIMED_OUT past @timeout_ms and G_IO_ERROR_MESSAGE_TOO_LARGE
 * for a body beyond PH_SIGNAL_MAX_ANSWER, in too many pieces, or after too many 1xx answers. */
PhSignalHttpAnswer *ph_signal_http_send_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalHttpAnswer, ph_signal_http_answer_free)

G_END_DECLS
