/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ph-signal.h"

G_BEGIN_DECLS

/* Asynchronous client of one signaling server. Everything happens on the thread and in the
 * thread-default GMainContext it was made on. Proxies are those of the desktop.
 *
 * Network errors, 5xx and 429 are retried with pauses of 0.5 to 10 s, and a little more by chance.
 * Until a create or join has succeeded, those give up after 15 s; a rejection or deletion after a
 * minute. What never could be a signaling server (TLS refused, another answer) is said at once.
 * Errors of calls:
 *
 * - PH_ERROR_SIGNAL_UNREACHABLE: no answer, 5xx, or no signaling server
 * - PH_ERROR_SESSION_UNKNOWN: 404
 * - PH_ERROR_FULL: 503 or 429, for 15 s; a rejection while PH_SIGNAL_MAX_JOINS of them are under
 *   way
 * - PH_ERROR_REFUSED: 403, 409, 400 and what else the server refuses, in its words
 * - PH_ERROR_PROTOCOL: an answer that makes no sense
 * - G_IO_ERROR_CANCELLED: the cancellable, or the client was freed */
typedef struct _PhSignalClient PhSignalClient;

/* @base_url as for ph_code_check_server. Errors: PH_ERROR_INVALID. */
PhSignalClient *ph_signal_client_new (const char *base_url, GError **error);

/* Ends all calls with G_IO_ERROR_CANCELLED, from the main context. Watches must have been freed. */
void ph_signal_client_free (PhSignalClient *client);

/* How long a first create or join goes on, instead of 15 s. */
void ph_signal_client_set_patience (PhSignalClient *client, guint patience_ms);

/* As ph_code_check_server returned it. */
const char *ph_signal_client_get_url (PhSignalClient *client);

/* Host: creates a session or, with the token of one, creates it again. @token may be NULL: then the
 * server draws one. The answer holds id and token, which is the one that was brought. `auth` is
 * always asked for. */
void ph_signal_client_create_async (PhSignalClient *client,
                                    const char *token,
                                    const char *host_name,
                                    gboolean multi,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
PhSignalSession *ph_signal_client_create_finish (GAsyncResult *result, GError **error);

/* Client: joins @id. @proof may be NULL; its nonce makes retries safe, so one is always sent by
 * ours. Go on with the id and token of the answer. */
void ph_signal_client_join_async (PhSignalClient *client,
                                  const char *id,
                                  const char *client_name,
                                  const PhSignalProof *proof,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
PhSignalSession *ph_signal_client_join_finish (GAsyncResult *result, GError **error);

/* Puts an offer, an answer or a rejection, all copied. @token may be NULL. */
void ph_signal_client_signal_async (PhSignalClient *client,
                                    const char *id,
                                    const char *token,
                                    const PhSignalMessage *message,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean ph_signal_client_signal_finish (GAsyncResult *result, GError **error);

/* Deletes a session. One that is gone already is deleted: 404 is success. */
void ph_signal_client_delete_async (PhSignalClient *client,
                                    const char *id,
                                    const char *token,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean ph_signal_client_delete_finish (GAsyncResult *result, GError **error);

/* Asks once, for 5 s at most, whether this is a signaling server; nothing is made there. */
void ph_signal_client_probe_async (PhSignalClient *client,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean ph_signal_client_probe_finish (GAsyncResult *result, GError **error);

/* Follows one session until it is freed or fails. */
typedef struct _PhSignalWatch PhSignalWatch;

/* Any of them may free the watch and may be NULL. None is called from inside ph_signal_watch_new,
 * none after ph_signal_watch_free. */
typedef struct
{
  /* The session is at a higher rev than `since`, or than the last time. Borrowed. */
  void (*changed) (const PhSignalSession *session, gpointer user_data);

  /* The server cannot be reached or is in trouble; it is being tried again. NULL: all is well
   * again. Told at the first failure and at recovery, not at each attempt. */
  void (*trouble) (const GError *error, gpointer user_data);

  /* The last that is heard: PH_ERROR_SESSION_UNKNOWN (404), PH_ERROR_REFUSED (403), or
   * PH_ERROR_PROTOCOL for five answers in a row that made no sense. */
  void (*failed) (const GError *error, gpointer user_data);
} PhSignalWatchEvents;

/* Polls @id with since=@rev: pass the `rev` of the session at hand, or 0 to hear how it stands at
 * once. @token may be NULL. @events is borrowed until the watch is freed. */
PhSignalWatch *ph_signal_watch_new (PhSignalClient *client,
                                    const char *id,
                                    const char *token,
                                    guint64 rev,
                                    const PhSignalWatchEvents *events,
                                    gpointer user_data);
void ph_signal_watch_free (PhSignalWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalClient, ph_signal_client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalWatch, ph_signal_watch_free)

G_END_DECLS
