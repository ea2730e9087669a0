/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-http.h"

#include <glib/gi18n-lib.h>

#include "core/ph-timer.h"
#include "ph-signal.h"

#define READ_SIZE 16384
/* A server may say “wait” a few times before it answers. libsoup reads on for as long as more of
 * that comes, without a turn of the main loop in between. */
#define MAX_INFORMATIONAL 8
/* A body in chunks of a byte each costs a turn of the main loop for every byte. */
#define MAX_READS 4096

typedef struct
{
  SoupMessage *message;
  GBytes *request; /* the body that is sent; NULL: none */
  GInputStream *stream;
  GByteArray *body;
  GCancellable *stop;   /* the caller's cancellable and our own limits all end in it */
  GCancellable *caller; /* NULL: none */
  gulong caller_id;
  GSource *timer;
  GError *broken; /* the limit that was reached */
  guint n_informational;
  guint n_reads;
  gboolean is_repeated;
} Exchange;

void
ph_signal_http_answer_free (PhSignalHttpAnswer *answer)
{
  if (answer == NULL)
    return;
  g_bytes_unref (answer->body);
  g_free (answer->location);
  g_free (answer);
}

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  ph_timer_clear (&exchange->timer);
  g_clear_error (&exchange->broken);
  if (exchange->caller_id != 0)
    g_cancellable_disconnect (exchange->caller, exchange->caller_id);
  g_clear_object (&exchange->caller);
  g_object_unref (exchange->stop);
  g_clear_object (&exchange->stream);
  g_signal_handlers_disconnect_by_data (exchange->message, exchange);
  g_clear_object (&exchange->message);
  g_clear_pointer (&exchange->request, g_bytes_unref);
  g_byte_array_unref (exchange->body);
  g_free (exchange);
}

/* The exchange ends with an error of its own, as soon as libsoup has noticed. */
static void
stop_with (Exchange *exchange, GIOErrorEnum code, const char *what)
{
  if (exchange->broken == NULL)
    exchange->broken = g_error_new_literal (G_IO_ERROR, (int)code, what);
  g_cancellable_cancel (exchange->stop);
}

static gboolean
on_timeout (gpointer data)
{
  stop_with (data, G_IO_ERROR_TIMED_OUT, _ ("no answer in time"));
  return G_SOURCE_REMOVE;
}

static void
on_informational (SoupMessage *message, gpointer data)
{
  Exchange *exchange = data;

  if (++exchange->n_informational > MAX_INFORMATIONAL)
    stop_with (exchange, G_IO_ERROR_MESSAGE_TOO_LARGE, _ ("the answer is too large"));
}

static void
on_caller_cancelled (GCancellable *caller, gpointer stop)
{
  g_cancellable_cancel (stop);
}

/* Takes @task and @error. */
static void
finish_error (GTask *task, GError *error)
{
  Exchange *exchange = g_task_get_task_data (task);

  if (exchange->broken != NULL)
    {
      g_error_free (error);
      error = g_steal_pointer (&exchange->broken);
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static guint
read_retry_after (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  guint64 seconds = 0;

  if (text != NULL)
    g_ascii_string_to_unsigned (text, 10, 0, 3600, &seconds, NULL);
  return (guint)seconds;
}

/* Takes @task. */
static void
finish (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);
  SoupMessageHeaders *headers = soup_message_get_response_headers (exchange->message);
  PhSignalHttpAnswer *answer = g_new0 (PhSignalHttpAnswer, 1);

  answer->status = soup_message_get_status (exchange->message);
  answer->body = g_byte_array_free_to_bytes (g_steal_pointer (&exchange->body));
  exchange->body = g_byte_array_new ();
  answer->is_repeated = exchange->is_repeated;
  answer->retry_after_s = read_retry_after (headers);
  answer->location = g_strdup (soup_message_headers_get_one (headers, "Location"));
  g_task_return_pointer (task, answer, (GDestroyNotify)ph_signal_http_answer_free);
  g_object_unref (task);
}

static void read_more (GTask *task);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (bytes == NULL)
    finish_error (task, error);
  else if (g_bytes_get_size (bytes) == 0)
    finish (task);
  else if (exchange->body->len + g_bytes_get_size (bytes) > PH_SIGNAL_MAX_ANSWER ||
           ++exchange->n_reads > MAX_READS)
    finish_error (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                                             _ ("the answer is too large")));
  else
    {
      g_byte_array_append (exchange->body, g_bytes_get_data (bytes, NULL),
                           (guint)g_bytes_get_size (bytes));
      read_more (task);
    }
}

static void
read_more (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (exchange->stream, READ_SIZE, G_PRIORITY_DEFAULT, exchange->stop,
                                   on_read, task);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;

  exchange->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (exchange->stream == NULL)
    finish_error (task, error);
  else
    read_more (task);
}

static void
set_request_body (Exchange *exchange)
{
  if (exchange->request != NULL)
    soup_message_set_request_body_from_bytes (exchange->message, "application/json",
                                              exchange->request);
}

/* Where a connection that was kept open turns out to be closed, libsoup asks once more on another
 * one, but has read the body to its end by then. */
static void
on_restarted (SoupMessage *message, gpointer data)
{
  Exchange *exchange = data;

  exchange->is_repeated = TRUE;
  set_request_body (exchange);
}

/* In HTTP/2 libsoup serves the connection for as long as the server pours frames, whatever they
 * are, and waits for it when a body is not read to its end: no limit of ours would be heard of. So
 * only HTTP/1.1 is offered, and what is not offered a server cannot choose (RFC 7301, 3.2). */
static void
on_network_event (SoupMessage *message,
                  GSocketClientEvent event,
                  GIOStream *connection,
                  gpointer data)
{
  static const char *const protocols[] = { "http/1.1", NULL };

  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && G_IS_TLS_CONNECTION (connection))
    g_tls_connection_set_advertised_protocols (G_TLS_CONNECTION (connection), protocols);
}

static SoupMessage *
new_message (const char *method, const char *url, const char *token)
{
  SoupMessage *message = soup_message_new (method, url);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), NULL);
  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (headers, "Authorization", bearer);
    }
  return message;
}

void
ph_signal_http_send_async (SoupSession *session,
                           const char *method,
                           const char *url,
                           const char *token,
                           const char *json,
                           guint timeout_ms,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Exchange *exchange = g_new0 (Exchange, 1);

  g_task_set_source_tag (task, ph_signal_http_send_async);
  g_task_set_task_data (task, exchange, exchange_free);
  exchange->message = new_message (method, url, token);
  exchange->request = json != NULL ? g_bytes_new (json, strlen (json)) : NULL;
  set_request_body (exchange);
  g_signal_connect (exchange->message, "restarted", G_CALLBACK (on_restarted), exchange);
  g_signal_connect (exchange->message, "got-informational", G_CALLBACK (on_informational),
                    exchange);
  exchange->body = g_byte_array_new ();
  exchange->stop = g_cancellable_new ();
  exchange->timer =
      ph_timer_new (g_task_get_context (task), "[porthole] request", on_timeout, exchange);
  ph_timer_arm (exchange->timer, timeout_ms);
  if (cancellable != NULL)
    {
      exchange->caller = g_object_ref (cancellable);
      exchange->caller_id = g_cancellable_connect (cancellable, G_CALLBACK (on_caller_cancelled),
                                                   exchange->stop, NULL);
    }
  soup_session_send_async (session, exchange->message, G_PRIORITY_DEFAULT, exchange->stop, on_sent,
                           task);
}

PhSignalHttpAnswer *
ph_signal_http_send_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
