/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-client-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

/* One call, tried until there is an answer. */

#define CALL_TIMEOUT_MS 10000
#define FAREWELL_PATIENCE_MS 60000
#define PROBE_PATIENCE_MS 5000
/* Each Client that is turned away costs a call. All that a server may list at once get theirs; who
 * is listed while none of those is answered does not. */
#define MAX_REJECTIONS PH_SIGNAL_MAX_JOINS

static const char *const methods[] = {
  [PH_CALL_ENTER] = "POST",    [PH_CALL_SIGNAL] = "PUT", [PH_CALL_REJECT] = "PUT",
  [PH_CALL_DELETE] = "DELETE", [PH_CALL_PROBE] = "GET",
};

typedef struct
{
  PhSignalClient *client;
  PhSignalCallKind kind;
  char *url;
  char *token;
  char *json;
  gboolean is_repeated; /* an earlier attempt may have arrived */
  gint64 give_up_us;    /* 0: never */
  guint backoff_ms;
  GCancellable *stop; /* the caller's cancellable and freeing the client both end in it */
  gulong caller_id;
  GSource *pause;
  GSource *pause_stopped;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  ph_signal_client_unref (call->client);
  g_free (call->url);
  g_free (call->token);
  g_free (call->json);
  g_object_unref (call->stop);
  g_free (call);
}

static void
on_caller_cancelled (GCancellable *caller, gpointer stop)
{
  g_cancellable_cancel (stop);
}

/* The call is over: takes @task out of everything, without returning it. */
static Call *
call_end (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  g_hash_table_remove (call->client->calls, call->stop);
  call->client->n_rejections -= call->kind == PH_CALL_REJECT ? 1 : 0;
  if (call->caller_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), call->caller_id);
  return call;
}

/* Takes @task and @error. */
static void
call_fail (GTask *task, GError *error)
{
  call_end (task);
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* The id of a session follows from the token it was created with: another one would lead nowhere.
 */
static gboolean
check_token (const Call *call, const PhSignalSession *session, GError **error)
{
  const char *fault = NULL;
  char id[PH_ID_SIZE];

  if (session->token == NULL)
    fault = _ ("The signaling server’s answer has no token");
  else if (call->token != NULL && strcmp (session->token, call->token) != 0)
    fault = _ ("The signaling server’s answer has another token than the one it was given");
  else if (call->token != NULL && ph_code_id_from_token (call->token, id) &&
           strcmp (session->id, id) != 0)
    fault =
        _ ("The signaling server’s answer has another id than the one that belongs to its token");
  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL, fault);
  return fault == NULL;
}

/* The session in a good answer to a create or join. */
static PhSignalSession *
read_entry (const Call *call, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autoptr (PhSignalSession) session = ph_signal_client_read_session (call->client, answer, error);

  if (session == NULL || !check_token (call, session, error))
    return NULL;
  call->client->entered = TRUE;
  return g_steal_pointer (&session);
}

/* Takes @task; @answer is NULL where a 404 is as good. */
static void
call_succeed (GTask *task, const PhSignalHttpAnswer *answer)
{
  Call *call = call_end (task);
  PhSignalSession *session;
  GError *error = NULL;

  if (call->kind != PH_CALL_ENTER)
    {
      call->client->answered = TRUE;
      g_task_return_boolean (task, TRUE);
    }
  else if ((session = read_entry (call, answer, &error)) == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, session, (GDestroyNotify)ph_signal_session_free);
  g_object_unref (task);
}

static void call_try (GTask *task);

static gboolean
on_pause_over (gpointer data)
{
  GTask *task = data;
  Call *call = g_task_get_task_data (task);

  ph_timer_clear (&call->pause);
  ph_timer_clear (&call->pause_stopped);
  call_try (task);
  return G_SOURCE_REMOVE;
}

static gboolean
on_pause_stopped (GCancellable *stop, gpointer task)
{
  return on_pause_over (task);
}

/* Whether it ends when its time is over, whatever came. */
static gboolean
is_bounded (const Call *call)
{
  return call->give_up_us != 0 && !(call->kind == PH_CALL_ENTER && call->client->entered);
}

/* Takes @task and @error; waits and tries again, or gives up. */
static void
call_retry (GTask *task, const PhSignalHttpAnswer *answer, GError *error)
{
  Call *call = g_task_get_task_data (task);
  gboolean may_give_up = is_bounded (call) || ph_error_code (error) == PH_ERROR_FULL;
  guint delay_ms;

  if (call->kind == PH_CALL_PROBE)
    {
      call_fail (task, error);
      return;
    }
  call->is_repeated = TRUE;
  call->backoff_ms = ph_signal_client_next_backoff_ms (call->backoff_ms);
  delay_ms = ph_signal_client_pause_ms (call->backoff_ms, answer);
  if (call->give_up_us != 0 && may_give_up &&
      g_get_monotonic_time () + delay_ms * G_GINT64_CONSTANT (1000) >= call->give_up_us)
    {
      call_fail (task, error);
      return;
    }
  g_error_free (error);
  call->pause = ph_timer_new (call->client->context, "[porthole] call", on_pause_over, task);
  ph_timer_arm (call->pause, delay_ms);
  call->pause_stopped = g_cancellable_source_new (call->stop);
  g_source_set_callback (call->pause_stopped, G_SOURCE_FUNC (on_pause_stopped), task, NULL);
  g_source_attach (call->pause_stopped, call->client->context);
}

/* Whether it is no fault that the session is gone. What arrived although its answer was lost may
 * have done its work, and the session with it, before we ask again. */
static gboolean
is_done_without (const Call *call, const PhSignalHttpAnswer *answer)
{
  return call->kind == PH_CALL_DELETE || call->kind == PH_CALL_PROBE ||
         (call->kind != PH_CALL_ENTER &&
          (call->is_repeated || (answer != NULL && answer->is_repeated)));
}

static void
on_call_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) failure = NULL;
  g_autoptr (PhSignalHttpAnswer) answer = ph_signal_http_send_finish (result, &failure);
  GError *error = NULL;

  g_debug ("the signaling server answers %u %s", answer != NULL ? answer->status : 0,
           failure != NULL ? failure->message : "");
  if (g_cancellable_set_error_if_cancelled (call->stop, &error))
    {
      call_fail (task, error);
      return;
    }
  switch (ph_signal_client_judge (call->client, answer, failure, &error))
    {
    case PH_VERDICT_GOOD:
      if (call->kind == PH_CALL_PROBE) /* of a session that cannot be there */
        call_fail (task, ph_signal_client_new_stranger_error (call->client));
      else
        call_succeed (task, answer);
      return;
    case PH_VERDICT_RETRY:
      call_retry (task, answer, error);
      return;
    case PH_VERDICT_FINAL:
      if (!is_done_without (call, answer) || ph_error_code (error) != PH_ERROR_SESSION_UNKNOWN)
        {
          call_fail (task, error);
          return;
        }
      g_error_free (error);
      call_succeed (task, NULL);
      return;
    }
}

/* No attempt lasts longer than the patience that is left. */
static guint
attempt_ms (const Call *call)
{
  gint64 left_ms;

  if (!is_bounded (call))
    return CALL_TIMEOUT_MS;
  left_ms = (call->give_up_us - g_get_monotonic_time ()) / 1000;
  return (guint)CLAMP (left_ms, PH_SIGNAL_BACKOFF_MIN_MS, CALL_TIMEOUT_MS);
}

static void
call_try (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  ph_signal_http_send_async (call->client->session, methods[call->kind], call->url, call->token,
                             call->json, attempt_ms (call), call->stop, on_call_answer, task);
}

static guint
patience_ms (const Call *call)
{
  switch (call->kind)
    {
    case PH_CALL_ENTER:
      return call->client->patience_ms;
    case PH_CALL_REJECT:
    case PH_CALL_DELETE:
      return FAREWELL_PATIENCE_MS;
    case PH_CALL_PROBE:
      return PROBE_PATIENCE_MS;
    case PH_CALL_SIGNAL:
      break;
    }
  return 0;
}

static void
call_start (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  guint limit_ms = patience_ms (call);

  if (limit_ms > 0)
    call->give_up_us = g_get_monotonic_time () + limit_ms * G_GINT64_CONSTANT (1000);
  if (cancellable != NULL)
    call->caller_id =
        g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled), call->stop, NULL);
  call_try (task);
}

void
ph_signal_client_call (PhSignalClient *self,
                       PhSignalCallKind kind,
                       char *url,
                       const char *token,
                       char *json,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, ph_signal_client_call);
  call->client = ph_signal_client_ref (self);
  call->kind = kind;
  call->url = url;
  call->token = g_strdup (token);
  call->json = json;
  call->stop = g_cancellable_new ();
  g_task_set_task_data (task, call, call_free);
  g_hash_table_add (self->calls, call->stop);
  self->n_rejections += kind == PH_CALL_REJECT ? 1 : 0;
  if (self->n_rejections > MAX_REJECTIONS && kind == PH_CALL_REJECT)
    call_fail (task, g_error_new_literal (PH_ERROR, PH_ERROR_FULL,
                                          _ ("Too many rejections are waiting for an answer")));
  else
    call_start (task);
}
