/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-signal-client.h"
#include "ph-signal-http.h"

G_BEGIN_DECLS

/* What the client's calls and watches share. Nobody else includes this. */

struct _PhSignalClient
{
  guint refs; /* the owner's, each call's and each watch's */
  char *url;
  GMainContext *context;
  SoupSession *session;
  guint patience_ms;
  gboolean answered;  /* a signaling server has answered as one */
  gboolean entered;   /* a create or join has succeeded: what is asked later is waited for */
  GHashTable *calls;  /* set of GCancellable: each ends a call that is not finished */
  guint n_rejections; /* among them */
};

PhSignalClient *ph_signal_client_ref (PhSignalClient *client);
void ph_signal_client_unref (PhSignalClient *client);

/* The URL of session @id followed by @rest, or without an @id of all sessions. Owned. */
char *ph_signal_client_dup_url (PhSignalClient *client, const char *id, const char *rest);

/* What an answer means */

typedef enum
{
  PH_VERDICT_GOOD,
  PH_VERDICT_RETRY, /* with an error to show meanwhile */
  PH_VERDICT_FINAL, /* with an error */
} PhVerdict;

/* @answer is NULL with @failure. */
PhVerdict ph_signal_client_judge (PhSignalClient *client,
                                  const PhSignalHttpAnswer *answer,
                                  const GError *failure,
                                  GError **error);

/* The session in a good answer; NULL with an error. */
PhSignalSession *ph_signal_client_read_session (PhSignalClient *client,
                                                const PhSignalHttpAnswer *answer,
                                                GError **error);

/* Of a server that has something at every path. Owned. */
GError *ph_signal_client_new_stranger_error (PhSignalClient *client);

/* Trying again */

/* 0 before the first. */
guint ph_signal_client_next_backoff_ms (guint backoff_ms);

/* @answer may ask for more, or be NULL. */
guint ph_signal_client_pause_ms (guint backoff_ms, const PhSignalHttpAnswer *answer);

#define PH_SIGNAL_BACKOFF_MIN_MS 500

/* Calls: tried until there is an answer */

typedef enum
{
  PH_CALL_ENTER,  /* the answer is a session with a token */
  PH_CALL_SIGNAL, /* the answer says nothing more */
  PH_CALL_REJECT, /* the same; nobody waits for it for long, nor for the next */
  PH_CALL_DELETE, /* the session may be gone already */
  PH_CALL_PROBE,  /* tried once; that there is no such session is the right answer */
} PhSignalCallKind;

/* Takes @url and @json. @token and @json may be NULL. Finish it with g_task_propagate_pointer
 * (PH_CALL_ENTER) or g_task_propagate_boolean. */
void ph_signal_client_call (PhSignalClient *client,
                            PhSignalCallKind kind,
                            char *url,
                            const char *token,
                            char *json,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

G_END_DECLS
