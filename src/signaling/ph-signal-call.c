/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-call.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BODY_DISCARD_MAX (1024 * 1024) /* read on so far, to be heard saying 413 */

/* Of all calls together: as many as come from many addresses, each within its limits, could else
 * fill the memory with bodies and with answers that nobody reads. */
#define MAX_BUFFERED (256 * 1024 * 1024)
#define RETRY_FULL_S 5
#define STATUS_TOO_MANY_REQUESTS 429 /* RFC 6585: libsoup does not know it */
#define CALL_KEY "porthole-call"

struct _PhSignalCall
{
  PhSignalTally *tally; /* NULL once it is over */
  SoupServerMessage *message;
  PhSignalCallOver over;
  gpointer user_data;
  GByteArray *body; /* never more than PH_SIGNAL_MAX_BODY */
  gsize received_bytes;
  gsize buffered_bytes; /* its part of the tally's */
  guint8 address[16];
};

/* ---- Life ---- */

/* Whether @bytes more may be kept for this call; then they are counted until it is over. */
static gboolean
take_bytes (PhSignalCall *call, gsize bytes)
{
  if (call->tally->buffered_bytes + bytes > MAX_BUFFERED)
    return FALSE;
  call->tally->buffered_bytes += bytes;
  call->buffered_bytes += bytes;
  return TRUE;
}

static void
end_call (PhSignalCall *call)
{
  PhSignalTally *tally = g_steal_pointer (&call->tally);

  if (tally == NULL)
    return;
  tally->buffered_bytes -= call->buffered_bytes;
  call->over (call, call->user_data);
}

static void
on_over (SoupServerMessage *message, gpointer call)
{
  end_call (call);
}

static void
call_free (gpointer data)
{
  PhSignalCall *call = data;

  end_call (call);
  g_byte_array_unref (call->body);
  g_free (call);
}

static void
cut (PhSignalCall *call)
{
  PhSignalConn *conn = ph_signal_call_get_conn (call);

  if (conn != NULL)
    ph_signal_conn_cut (conn);
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  PhSignalCall *call = data;
  gsize size = g_bytes_get_size (chunk);

  call->received_bytes += size;
  if (call->received_bytes > PH_SIGNAL_MAX_BODY)
    {
      if (call->received_bytes > BODY_DISCARD_MAX)
        cut (call);
    }
  else if (call->tally != NULL && take_bytes (call, size))
    g_byte_array_append (call->body, g_bytes_get_data (chunk, NULL), (guint)size);
  else
    {
      /* The rest may be in the socket already and find room: not a body with a hole in it. */
      call->received_bytes = PH_SIGNAL_MAX_BODY + 1;
      cut (call);
    }
}

/* Here and not where answers are made, for some are libsoup's own. */
static void
on_wrote_headers (SoupServerMessage *message, gpointer data)
{
  PhSignalCall *call = data;
  char address[PH_ENDPOINT_TEXT_SIZE];

  g_debug ("%s from %s: %u", soup_server_message_get_method (message),
           ph_address_format (ph_signal_call_get_address (call), address),
           soup_server_message_get_status (message));
  if (call->tally != NULL)
    ph_signal_tally_answer (call->tally, soup_server_message_get_status (message));
}

PhSignalCall *
ph_signal_call_new (SoupServerMessage *message,
                    PhSignalTally *tally,
                    PhSignalCallOver over,
                    gpointer user_data)
{
  PhSignalCall *call = g_new0 (PhSignalCall, 1);

  call->tally = tally;
  call->message = message;
  call->over = over;
  call->user_data = user_data;
  call->body = g_byte_array_new ();
  /* libsoup would keep each chunk for itself, however small. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  g_object_set_data_full (G_OBJECT (message), CALL_KEY, call, call_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), call);
  g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), call);
  g_signal_connect (message, "finished", G_CALLBACK (on_over), call);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_over), call);
  return call;
}

PhSignalCall *
ph_signal_call_from_message (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (message), CALL_KEY);
}

void
ph_signal_call_detach (PhSignalCall *call, gpointer server)
{
  g_signal_handlers_disconnect_by_data (call->message, server);
  g_signal_handlers_disconnect_by_data (call->message, call);
  end_call (call);
}

/* ---- The request ---- */

static SoupMessageHeaders *
get_headers (PhSignalCall *call)
{
  return soup_server_message_get_request_headers (call->message);
}

PhSignalConn *
ph_signal_call_get_conn (PhSignalCall *call)
{
  return ph_signal_conn_from_address (soup_server_message_get_remote_address (call->message));
}

/* Behind a proxy the last address of X-Forwarded-For is the one that the proxy itself saw. */
void
ph_signal_call_read_address (PhSignalCall *call, gboolean trust_forwarded)
{
  PhSignalConn *conn = ph_signal_call_get_conn (call);
  const char *list;
  const char *comma;
  g_autofree char *last = NULL;

  if (conn != NULL)
    memcpy (call->address, ph_signal_conn_get_endpoint (conn)->addr, sizeof call->address);
  if (!trust_forwarded)
    return;
  list = soup_message_headers_get_list (get_headers (call), "X-Forwarded-For");
  if (list == NULL)
    return;
  comma = strrchr (list, ',');
  last = g_strdup (comma != NULL ? comma + 1 : list);
  ph_address_parse (g_strstrip (last), call->address);
}

const guint8 *
ph_signal_call_get_address (PhSignalCall *call)
{
  return call->address;
}

const char *
ph_signal_call_get_token (PhSignalCall *call)
{
  const char *value = soup_message_headers_get_one (get_headers (call), "Authorization");

  if (value == NULL || g_ascii_strncasecmp (value, "Bearer ", 7) != 0)
    return NULL;
  return value + 7 + strspn (value + 7, " ");
}

gboolean
ph_signal_call_is_method (PhSignalCall *call, const char *method)
{
  return strcmp (soup_server_message_get_method (call->message), method) == 0;
}

gboolean
ph_signal_call_is_too_large (PhSignalCall *call)
{
  return call->received_bytes > PH_SIGNAL_MAX_BODY;
}

const char *
ph_signal_call_get_body (PhSignalCall *call, gsize *ret_size)
{
  *ret_size = call->body->len;
  return (const char *)call->body->data;
}

/* ---- The answer ---- */

void
ph_signal_call_pause (PhSignalCall *call)
{
  soup_server_message_pause (call->message);
}

void
ph_signal_call_resume (PhSignalCall *call)
{
  soup_server_message_unpause (call->message);
}

static void
set_header (PhSignalCall *call, const char *name, const char *value)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (call->message), name,
                                value);
}

/* Takes @body, which may be NULL. */
static void
set_answer (PhSignalCall *call, guint status, const char *type, char *body)
{
  set_header (call, "Connection", "close");
  set_header (call, "Cache-Control", "no-store");
  soup_server_message_set_status (call->message, status,
                                  status == STATUS_TOO_MANY_REQUESTS ? "Too Many Requests" : NULL);
  if (body != NULL)
    soup_server_message_set_response (call->message, type, SOUP_MEMORY_TAKE, body, strlen (body));
}

/* An error is never refused for the room it takes: it has the size of a sentence. */
void
ph_signal_call_answer_error (PhSignalCall *call,
                             guint status,
                             const char *code,
                             const char *message)
{
  set_answer (call, status, "application/json", ph_signal_error_to_json (code, message));
}

static void
answer_retry (PhSignalCall *call,
              guint status,
              const char *code,
              const char *message,
              guint retry_s)
{
  g_autofree char *seconds = g_strdup_printf ("%u", retry_s);

  set_header (call, "Retry-After", seconds);
  if (call->tally != NULL)
    call->tally->limited++;
  ph_signal_call_answer_error (call, status, code, message);
}

void
ph_signal_call_answer_too_many (PhSignalCall *call, const char *message, guint retry_s)
{
  answer_retry (call, STATUS_TOO_MANY_REQUESTS, "too-many-requests", message, retry_s);
}

/* Takes @body. */
static void
answer (PhSignalCall *call, guint status, const char *type, char *body)
{
  if (call->tally == NULL || take_bytes (call, strlen (body)))
    {
      set_answer (call, status, type, body);
      return;
    }
  g_free (body);
  answer_retry (call, SOUP_STATUS_SERVICE_UNAVAILABLE, "busy",
                N_ ("Too many answers are on their way; come again."), RETRY_FULL_S);
}

void
ph_signal_call_answer_text (PhSignalCall *call, char *body)
{
  answer (call, SOUP_STATUS_OK, "text/plain; version=0.0.4", body);
}

void
ph_signal_call_answer_session (PhSignalCall *call,
                               guint status,
                               const PhSignalSession *session,
                               const char *token)
{
  PhSignalSession shown = *session;

  shown.token = (char *)token;
  answer (call, status, "application/json", ph_signal_session_to_json (&shown));
}

void
ph_signal_call_answer_bad_request (PhSignalCall *call, const char *message)
{
  ph_signal_call_answer_error (call, SOUP_STATUS_BAD_REQUEST, "bad-request", message);
}

void
ph_signal_call_answer_too_large (PhSignalCall *call)
{
  ph_signal_call_answer_error (call, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "too-large",
                               N_ ("A request is at most 64 KiB."));
}

void
ph_signal_call_answer_method (PhSignalCall *call, const char *allowed)
{
  set_header (call, "Allow", allowed);
  ph_signal_call_answer_error (call, SOUP_STATUS_METHOD_NOT_ALLOWED, "method-not-allowed",
                               N_ ("This path does not know that method."));
}

void
ph_signal_call_answer_status (PhSignalCall *call, PhStoreStatus status)
{
  switch (status)
    {
    case PH_STORE_OK:
      set_answer (call, SOUP_STATUS_NO_CONTENT, NULL, NULL);
      return;
    case PH_STORE_NOT_FOUND:
      ph_signal_call_answer_error (call, SOUP_STATUS_NOT_FOUND, "not-found",
                                   N_ ("There is no such session."));
      return;
    case PH_STORE_FORBIDDEN:
      ph_signal_call_answer_error (call, SOUP_STATUS_FORBIDDEN, "forbidden",
                                   N_ ("This needs the token of this side of the session."));
      return;
    case PH_STORE_CONFLICT:
      ph_signal_call_answer_error (call, SOUP_STATUS_CONFLICT, "conflict",
                                   N_ ("This is already set, or its turn has not come."));
      return;
    case PH_STORE_FULL:
      answer_retry (call, SOUP_STATUS_SERVICE_UNAVAILABLE, "full",
                    N_ ("There is no room for more; come again."), RETRY_FULL_S);
      return;
    case PH_STORE_BAD_TOKEN:
      ph_signal_call_answer_error (
          call, SOUP_STATUS_BAD_REQUEST, "bad-token",
          N_ ("The token must be 32 bytes in base64url and lead to an ID that begins with a "
              "letter or digit; draw another one."));
      return;
    case PH_STORE_AUTH_REQUIRED:
      ph_signal_call_answer_error (call, SOUP_STATUS_FORBIDDEN, "auth-required",
                                   N_ ("This server asks for “auth”: true."));
      return;
    }
}
