/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-client.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"
#include "ph-signal-http.h"

#define PATIENCE_MS 15000 /* of a first create or join */
#define REJECT_PATIENCE_MS 60000
#define CALL_TIMEOUT_MS 10000
#define HOLD_S 30
#define POLL_TIMEOUT_MS ((HOLD_S + 10) * 1000)
#define POLL_PAUSE_MS 100 /* between an answer and the next poll */
/* News is followed by the next poll at once, because each step of joining waits for one; but not by
 * more of them than this in a second, whatever the server says is new. */
#define MAX_NEWS_A_SECOND 5
#define MAX_NONSENSE 5 /* answers in a row that make no sense: it is not a portal in between */
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 10000
#define MAX_CONNECTIONS 64 /* a Host watches its session and each child */
/* Each Client that is turned away costs a call. All that a server may list at once get theirs; who
 * is listed while none of those is answered does not. */
#define MAX_REJECTIONS PH_SIGNAL_MAX_JOINS

struct _PhSignalClient
{
  guint refs; /* the owner's, each call's and each watch's */
  char *url;
  GMainContext *context;
  SoupSession *session;
  guint patience_ms;
  gboolean answered;  /* a signaling server has answered as one */
  gboolean entered;   /* a create or join has succeeded: what is asked later is waited for */
  GHashTable *calls;  /* set of Call that are not finished */
  guint n_rejections; /* among them */
};

/* ---- The client ---- */

static PhSignalClient *
client_ref (PhSignalClient *self)
{
  self->refs++;
  return self;
}

static void
client_unref (PhSignalClient *self)
{
  if (--self->refs > 0)
    return;
  g_object_unref (self->session);
  g_hash_table_unref (self->calls);
  g_main_context_unref (self->context);
  g_free (self->url);
  g_free (self);
}

PhSignalClient *
ph_signal_client_new (const char *base_url, GError **error)
{
  g_autofree char *url = ph_code_check_server (base_url, error);
  PhSignalClient *self;

  if (url == NULL)
    return NULL;
  self = g_new0 (PhSignalClient, 1);
  self->refs = 1;
  self->patience_ms = PATIENCE_MS;
  self->url = g_steal_pointer (&url);
  self->context = g_main_context_ref_thread_default ();
  self->calls = g_hash_table_new (NULL, NULL);
  self->session = soup_session_new_with_options ("max-conns", MAX_CONNECTIONS, "max-conns-per-host",
                                                 MAX_CONNECTIONS, "user-agent", "porthole", NULL);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  return self;
}

void
ph_signal_client_set_patience (PhSignalClient *self, guint patience_ms)
{
  self->patience_ms = patience_ms;
}

const char *
ph_signal_client_get_url (PhSignalClient *self)
{
  return self->url;
}

static char *
dup_session_url (PhSignalClient *self, const char *id, const char *rest)
{
  return g_strconcat (self->url, "/session", id != NULL ? "/" : "", id != NULL ? id : "", rest,
                      NULL);
}

/* ---- What an answer means ---- */

typedef enum
{
  VERDICT_GOOD,
  VERDICT_RETRY, /* with an error to show meanwhile */
  VERDICT_FINAL, /* with an error */
} Verdict;

static void
set_unreachable (PhSignalClient *self, GError **error, const char *what)
{
  g_set_error (error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE, "“%s”: %s", self->url, what);
}

/* What nobody but a wrong address explains is final as long as the address has never been right. */
static Verdict
judge_stranger (PhSignalClient *self, GError **error, const char *what)
{
  set_unreachable (self, error, what);
  return self->answered ? VERDICT_RETRY : VERDICT_FINAL;
}

static char *
explain_tls_error (const GError *failure)
{
  if (g_error_matches (failure, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return g_strdup_printf ("its TLS certificate is not trusted (%s)", failure->message);
  return g_strdup_printf ("it speaks no TLS that is understood here (%s); a server without TLS is "
                          "written with http://",
                          failure->message);
}

/* Noise where HTTP was expected may be TLS; a server that waits for HTTP says nothing to TLS. */
static const char *
get_scheme_hint (PhSignalClient *self, const GError *failure)
{
  gboolean tls = g_str_has_prefix (self->url, "https://");

  if (tls && g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return "; a server without TLS is written with http://";
  if (!tls && (failure->domain == SOUP_SESSION_ERROR ||
               g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
               g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)))
    return "; a server with TLS is written with https://";
  return "";
}

static Verdict
judge_network_error (PhSignalClient *self, const GError *failure, GError **error)
{
  g_autofree char *what = NULL;

  if (failure->domain == G_TLS_ERROR)
    {
      what = explain_tls_error (failure);
      return judge_stranger (self, error, what);
    }
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return judge_stranger (self, error, "its answer is too large for a signaling server's");
  what = g_strdup_printf ("the signaling server does not answer (%s)%s", failure->message,
                          get_scheme_hint (self, failure));
  set_unreachable (self, error, what);
  return VERDICT_RETRY;
}

static Verdict
judge_redirect (PhSignalClient *self, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autofree char *place = answer->location != NULL
                               ? ph_text_clean (answer->location, -1, PH_TEXT_MAX_REASON)
                               : g_strdup ("nowhere");
  g_autofree char *what =
      g_strdup_printf ("it leads on to “%s”; use the signaling server's own address", place);

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

/* A status of 400 or above with @words in the API's own form. A server in trouble counts as one
 * that is not there. */
static Verdict
judge_refusal (PhSignalClient *self, guint status, const char *words, GError **error)
{
  PhError code = refusal_code (status);

  self->answered = TRUE;
  if (status >= 500 && code != PH_ERROR_FULL)
    set_unreachable (self, error, words);
  else if (code == PH_ERROR_SESSION_UNKNOWN)
    g_propagate_error (error, ph_error_new (code));
  else
    g_set_error (error, PH_ERROR, (int)code, "The signaling server says: %s", words);
  return code == PH_ERROR_FULL || status >= 500 ? VERDICT_RETRY : VERDICT_FINAL;
}

static Verdict
judge_status (PhSignalClient *self, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autofree char *words = NULL;
  g_autofree char *what = NULL;

  if (answer->status >= 200 && answer->status < 300)
    return VERDICT_GOOD;
  if (answer->status < 400)
    return judge_redirect (self, answer, error);
  words = ph_signal_error_parse (g_bytes_get_data (answer->body, NULL),
                                 g_bytes_get_size (answer->body));
  if (words != NULL)
    return judge_refusal (self, answer->status, words, error);
  if (answer->status == 404 && self->answered)
    return judge_refusal (self, answer->status, "", error);
  what = g_strdup_printf ("it answers %u, but not as a signaling server does", answer->status);
  if (answer->status < 500)
    return judge_stranger (self, error, what);
  set_unreachable (self, error, what);
  return VERDICT_RETRY;
}

/* @answer is NULL with @failure. */
static Verdict
judge (PhSignalClient *self,
       const PhSignalHttpAnswer *answer,
       const GError *failure,
       GError **error)
{
  return answer != NULL ? judge_status (self, answer, error)
                        : judge_network_error (self, failure, error);
}

/* The session in a good answer. */
static PhSignalSession *
read_session (PhSignalClient *self, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autoptr (GError) failure = NULL;
  PhSignalSession *session = ph_signal_session_parse (g_bytes_get_data (answer->body, NULL),
                                                      g_bytes_get_size (answer->body), &failure);

  if (session != NULL)
    self->answered = TRUE;
  else if (self->answered)
    g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                 "The signaling server's answer makes no sense: %s", failure->message);
  else
    {
      g_autofree char *what =
          g_strdup_printf ("it does not answer as a signaling server does: %s", failure->message);

      set_unreachable (self, error, what);
    }
  return session;
}

static guint
next_backoff_ms (guint backoff_ms)
{
  return backoff_ms == 0 ? BACKOFF_MIN_MS : MIN (backoff_ms * 2, BACKOFF_MAX_MS);
}

/* Up to a quarter more than it must be, so that those who failed together do not return so. */
static guint
pause_ms (guint backoff_ms, const PhSignalHttpAnswer *answer)
{
  guint asked_ms = answer != NULL ? MIN (answer->retry_after_s, BACKOFF_MAX_MS / 1000) * 1000 : 0;
  guint least_ms = MAX (backoff_ms, asked_ms);

  return least_ms + (guint)g_random_int_range (0, (gint32)least_ms / 4 + 1);
}

/* ---- Calls: tried until there is an answer ---- */

typedef struct
{
  PhSignalClient *client;
  const char *method;
  char *url;
  char *token;
  char *json;
  gboolean wants_session; /* the answer is one, with a token */
  gboolean may_be_gone;   /* 404 is as good as success */
  gboolean is_rejection;
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

  client_unref (call->client);
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

  g_hash_table_remove (call->client->calls, call);
  call->client->n_rejections -= call->is_rejection ? 1 : 0;
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
    fault = "The signaling server's answer has no token";
  else if (call->token != NULL && strcmp (session->token, call->token) != 0)
    fault = "The signaling server's answer has another token than the one it was given";
  else if (call->token != NULL && ph_code_id_from_token (call->token, id) &&
           strcmp (session->id, id) != 0)
    fault = "The signaling server's answer has another id than the one that belongs to its token";
  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL, fault);
  return fault == NULL;
}

/* The session in a good answer to a create or join. */
static PhSignalSession *
read_entry (const Call *call, const PhSignalHttpAnswer *answer, GError **error)
{
  g_autoptr (PhSignalSession) session = read_session (call->client, answer, error);

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

  if (!call->wants_session)
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
  return call->give_up_us != 0 && !(call->wants_session && call->client->entered);
}

/* Takes @task and @error; waits and tries again, or gives up. */
static void
call_retry (GTask *task, const PhSignalHttpAnswer *answer, GError *error)
{
  Call *call = g_task_get_task_data (task);
  gboolean may_give_up = is_bounded (call) || ph_error_code (error) == PH_ERROR_FULL;
  guint delay_ms;

  call->is_repeated = TRUE;
  call->backoff_ms = next_backoff_ms (call->backoff_ms);
  delay_ms = pause_ms (call->backoff_ms, answer);
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
  return call->may_be_gone ||
         (!call->wants_session && (call->is_repeated || (answer != NULL && answer->is_repeated)));
}

static void
on_call_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) failure = NULL;
  g_autoptr (PhSignalHttpAnswer) answer = ph_signal_http_send_finish (result, &failure);
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (call->stop, &error))
    {
      call_fail (task, error);
      return;
    }
  switch (judge (call->client, answer, failure, &error))
    {
    case VERDICT_GOOD:
      call_succeed (task, answer);
      return;
    case VERDICT_RETRY:
      call_retry (task, answer, error);
      return;
    case VERDICT_FINAL:
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
  return (guint)CLAMP (left_ms, BACKOFF_MIN_MS, CALL_TIMEOUT_MS);
}

static void
call_try (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  ph_signal_http_send_async (call->client->session, call->method, call->url, call->token,
                             call->json, attempt_ms (call), call->stop, on_call_answer, task);
}

/* Takes @url and @json. The caller sets what else there is and calls call_start. */
static GTask *
call_new (PhSignalClient *self,
          const char *method,
          char *url,
          const char *token,
          char *json,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->client = client_ref (self);
  call->method = method;
  call->url = url;
  call->token = g_strdup (token);
  call->json = json;
  call->stop = g_cancellable_new ();
  g_task_set_task_data (task, call, call_free);
  g_hash_table_add (self->calls, call);
  return task;
}

static void
call_start (GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable != NULL)
    call->caller_id =
        g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled), call->stop, NULL);
  call_try (task);
}

static void
set_patience (Call *call, guint patience_ms)
{
  call->give_up_us = g_get_monotonic_time () + patience_ms * G_GINT64_CONSTANT (1000);
}

/* Nobody waits for one for long; nor may a server that answers none make them pile up. */
static void
call_start_rejection (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  call->is_rejection = TRUE;
  set_patience (call, REJECT_PATIENCE_MS);
  if (++call->client->n_rejections <= MAX_REJECTIONS)
    call_start (task);
  else
    call_fail (task, g_error_new_literal (PH_ERROR, PH_ERROR_FULL,
                                          "Too many rejections are waiting for an answer"));
}

static void
expect_session (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  call->wants_session = TRUE;
  set_patience (call, call->client->patience_ms);
}

void
ph_signal_client_free (PhSignalClient *self)
{
  g_autoptr (GList) calls = NULL;

  if (self == NULL)
    return;
  calls = g_hash_table_get_keys (self->calls);
  for (GList *l = calls; l != NULL; l = l->next)
    g_cancellable_cancel (((Call *)l->data)->stop);
  client_unref (self);
}

/* ---- The calls there are ---- */

void
ph_signal_client_create_async (PhSignalClient *self,
                               const char *token,
                               const char *host_name,
                               gboolean multi,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  const PhSignalCreate create = { .host = (char *)host_name, .multi = multi, .auth = TRUE };
  GTask *task = call_new (self, "POST", dup_session_url (self, NULL, ""), token,
                          ph_signal_create_to_json (&create), cancellable, callback, user_data);

  g_task_set_source_tag (task, ph_signal_client_create_async);
  expect_session (task);
  call_start (task);
}

PhSignalSession *
ph_signal_client_create_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ph_signal_client_join_async (PhSignalClient *self,
                             const char *id,
                             const char *client_name,
                             const PhSignalProof *proof,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  PhSignalJoinCall join = { .client = (char *)client_name, .auth = TRUE };
  GTask *task;

  if (proof != NULL)
    join.proof = *proof;
  task = call_new (self, "POST", dup_session_url (self, id, ""), NULL,
                   ph_signal_join_call_to_json (&join), cancellable, callback, user_data);
  g_task_set_source_tag (task, ph_signal_client_join_async);
  expect_session (task);
  call_start (task);
}

PhSignalSession *
ph_signal_client_join_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ph_signal_client_signal_async (PhSignalClient *self,
                               const char *id,
                               const char *token,
                               const PhSignalMessage *message,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = call_new (self, "PUT", dup_session_url (self, id, "/signal"), token,
                          ph_signal_message_to_json (message), cancellable, callback, user_data);

  g_task_set_source_tag (task, ph_signal_client_signal_async);
  if (message->type == PH_SIGNAL_TYPE_REJECT)
    call_start_rejection (task);
  else
    call_start (task);
}

gboolean
ph_signal_client_signal_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ph_signal_client_delete_async (PhSignalClient *self,
                               const char *id,
                               const char *token,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = call_new (self, "DELETE", dup_session_url (self, id, ""), token, NULL, cancellable,
                          callback, user_data);

  g_task_set_source_tag (task, ph_signal_client_delete_async);
  ((Call *)g_task_get_task_data (task))->may_be_gone = TRUE;
  call_start (task);
}

gboolean
ph_signal_client_delete_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- The watch: one poll after the other ---- */

struct _PhSignalWatch
{
  guint refs; /* the owner's, and that of the poll under way */
  PhSignalClient *client;
  char *id;
  char *token;
  guint64 rev;
  const PhSignalWatchEvents *events; /* NULL: freed, or at its end */
  gpointer user_data;
  gboolean in_trouble;
  guint n_nonsense; /* answers in a row */
  guint n_news;     /* changes since news_since_us */
  gint64 news_since_us;
  guint backoff_ms;
  GCancellable *stop;
  GSource *pause;
};

static void
watch_unref (PhSignalWatch *self)
{
  if (--self->refs > 0)
    return;
  client_unref (self->client);
  g_free (self->id);
  g_free (self->token);
  g_object_unref (self->stop);
  g_free (self);
}

static void watch_poll (PhSignalWatch *self);

static gboolean
on_watch_pause_over (gpointer data)
{
  watch_poll (data);
  return G_SOURCE_CONTINUE;
}

/* Each of these may free the watch: then events is NULL behind it. */
static void
tell_changed (PhSignalWatch *self, const PhSignalSession *session)
{
  if (self->events != NULL && self->events->changed != NULL)
    self->events->changed (session, self->user_data);
}

static void
tell_trouble (PhSignalWatch *self, const GError *error)
{
  gboolean in_trouble = error != NULL;

  if (self->events == NULL || self->in_trouble == in_trouble)
    return;
  self->in_trouble = in_trouble;
  if (self->events->trouble != NULL)
    self->events->trouble (error, self->user_data);
}

static void
tell_failed (PhSignalWatch *self, const GError *error)
{
  const PhSignalWatchEvents *events = g_steal_pointer (&self->events);

  if (events != NULL && events->failed != NULL)
    events->failed (error, self->user_data);
}

static void
watch_retry (PhSignalWatch *self, const PhSignalHttpAnswer *answer, const GError *error)
{
  self->backoff_ms = next_backoff_ms (self->backoff_ms);
  tell_trouble (self, error);
  if (self->events != NULL)
    ph_timer_arm (self->pause, pause_ms (self->backoff_ms, answer));
}

/* Where the way out of a network asks for a login first, its page answers for every server. */
static void
watch_nonsense (PhSignalWatch *self, const PhSignalHttpAnswer *answer, const GError *error)
{
  self->n_nonsense++;
  if (self->n_nonsense < MAX_NONSENSE)
    watch_retry (self, answer, error);
  else
    tell_failed (self, error);
}

static guint
pause_after (PhSignalWatch *self, gboolean is_new)
{
  gint64 now_us = g_get_monotonic_time ();

  if (!is_new)
    return POLL_PAUSE_MS;
  if (now_us - self->news_since_us > G_USEC_PER_SEC)
    {
      self->news_since_us = now_us;
      self->n_news = 0;
    }
  return ++self->n_news <= MAX_NEWS_A_SECOND ? 0 : POLL_PAUSE_MS;
}

/* Another rev, not only a higher one: a server that began anew counts from the start. */
static void
watch_good (PhSignalWatch *self, const PhSignalHttpAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalSession) session = read_session (self->client, answer, &error);
  gboolean is_new;

  if (session == NULL)
    {
      watch_nonsense (self, answer, error);
      return;
    }
  is_new = session->rev != self->rev;
  self->rev = session->rev;
  self->backoff_ms = 0;
  self->n_nonsense = 0;
  tell_trouble (self, NULL);
  if (is_new)
    tell_changed (self, session);
  if (self->events != NULL)
    ph_timer_arm (self->pause, pause_after (self, is_new));
}

static void
on_watch_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  PhSignalWatch *self = data;
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalHttpAnswer) answer = ph_signal_http_send_finish (result, &failure);

  if (self->events != NULL)
    {
      switch (judge (self->client, answer, failure, &error))
        {
        case VERDICT_GOOD:
          watch_good (self, answer);
          break;
        case VERDICT_RETRY:
          watch_retry (self, answer, error);
          break;
        case VERDICT_FINAL:
          tell_failed (self, error);
          break;
        }
    }
  watch_unref (self);
}

static void
watch_poll (PhSignalWatch *self)
{
  g_autofree char *query =
      g_strdup_printf ("?since=%" G_GUINT64_FORMAT "&wait=%d", self->rev, HOLD_S);
  g_autofree char *url = dup_session_url (self->client, self->id, query);

  self->refs++;
  ph_signal_http_send_async (self->client->session, "GET", url, self->token, NULL, POLL_TIMEOUT_MS,
                             self->stop, on_watch_answer, self);
}

PhSignalWatch *
ph_signal_watch_new (PhSignalClient *client,
                     const char *id,
                     const char *token,
                     guint64 rev,
                     const PhSignalWatchEvents *events,
                     gpointer user_data)
{
  PhSignalWatch *self = g_new0 (PhSignalWatch, 1);

  self->refs = 1;
  self->client = client_ref (client);
  self->id = g_strdup (id);
  self->token = g_strdup (token);
  self->rev = rev;
  self->events = events;
  self->user_data = user_data;
  self->stop = g_cancellable_new ();
  self->pause = ph_timer_new (client->context, "[porthole] watch", on_watch_pause_over, self);
  watch_poll (self);
  return self;
}

void
ph_signal_watch_free (PhSignalWatch *self)
{
  if (self == NULL)
    return;
  self->events = NULL;
  ph_timer_clear (&self->pause);
  g_cancellable_cancel (self->stop);
  watch_unref (self);
}
