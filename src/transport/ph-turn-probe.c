/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-turn-probe.h"

#include <glib/gi18n-lib.h>
#include <stun/usages/turn.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

#define FIRST_REPEAT_MS 250
#define MAX_REQUESTS 4 /* a nonce may be stale, and that again; no more */

/* How long what is asked for lives if the goodbye is lost: the shortest there is. */
#define LIFETIME_S 600

struct _PhTurnProbe
{
  GMainContext *context;
  const PhTurnServer *server;
  PhTurnProbeFunc func; /* NULL once called */
  gpointer user_data;
  GSocket *socket;
  GSource *source;
  GSource *repeat; /* UDP */
  GSource *limit;
  guint repeat_ms;
  GError *failure; /* that there was from the start */
  StunAgent agent;
  guint8 request[STUN_MAX_MESSAGE_SIZE];
  gsize request_size;
  gsize n_sent; /* TCP: of the request */
  guint n_requests;
  guint8 reply[STUN_MAX_MESSAGE_SIZE]; /* TCP: as much of it as has come */
  gsize reply_size;
  guint8 challenge_bytes[STUN_MAX_MESSAGE_SIZE];
  StunMessage challenge; /* over challenge_bytes: realm and nonce */
  gboolean has_challenge;
};

static gboolean
is_tcp (const PhTurnProbe *self)
{
  return self->server->transport == PH_TURN_TCP;
}

static void
stop (PhTurnProbe *self)
{
  ph_timer_clear (&self->source);
  ph_timer_disarm (self->repeat);
  ph_timer_disarm (self->limit);
}

/* Nothing may touch the probe afterwards. */
static void
finish (PhTurnProbe *self, const PhEndpoint *relay, const GError *error)
{
  PhTurnProbeFunc func = self->func;

  stop (self);
  self->func = NULL;
  if (func != NULL)
    func (relay, error, self->user_data);
}

static void
fail (PhTurnProbe *self, PhError code, const char *words)
{
  g_autoptr (GError) error = g_error_new_literal (PH_ERROR, (int)code, words);

  finish (self, NULL, error);
}

/* Requests */

static guint8 *
bytes_of (const char *text)
{
  return (guint8 *)text;
}

/* The first one without credentials: the server names realm and nonce for the next. */
static void
make_request (PhTurnProbe *self)
{
  const PhTurnServer *server = self->server;
  StunMessage message;

  self->request_size = stun_usage_turn_create (
      &self->agent, &message, self->request, sizeof self->request,
      self->has_challenge ? &self->challenge : NULL, STUN_USAGE_TURN_REQUEST_PORT_NORMAL, -1,
      LIFETIME_S, bytes_of (server->user), strlen (server->user), bytes_of (server->password),
      strlen (server->password), STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
  self->n_sent = 0;
  self->n_requests++;
  self->repeat_ms = FIRST_REPEAT_MS;
}

/* What a socket does not take of a goodbye stays unsaid. */
static void
give_back (PhTurnProbe *self)
{
  const PhTurnServer *server = self->server;
  guint8 bytes[STUN_MAX_MESSAGE_SIZE];
  StunMessage message;
  gsize size = stun_usage_turn_create_refresh (
      &self->agent, &message, bytes, sizeof bytes, self->has_challenge ? &self->challenge : NULL, 0,
      bytes_of (server->user), strlen (server->user), bytes_of (server->password),
      strlen (server->password), STUN_USAGE_TURN_COMPATIBILITY_RFC5766);

  g_socket_send (self->socket, (const char *)bytes, size, NULL, NULL);
}

static void watch (PhTurnProbe *self, GIOCondition condition);

static void
send_datagram (PhTurnProbe *self)
{
  g_socket_send (self->socket, (const char *)self->request, self->request_size, NULL, NULL);
  ph_timer_arm (self->repeat, self->repeat_ms);
  self->repeat_ms *= 2;
}

/* TCP. FALSE: it has failed, and is over. */
static gboolean
send_rest (PhTurnProbe *self)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_send (self->socket, (const char *)self->request + self->n_sent,
                            self->request_size - self->n_sent, NULL, &error);

  if (n > 0)
    self->n_sent += (gsize)n;
  if (n >= 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return TRUE;
  fail (self, PH_ERROR_FAILED, _ ("The TURN server closes the connection"));
  return FALSE;
}

static void
ask (PhTurnProbe *self)
{
  make_request (self);
  if (!is_tcp (self))
    send_datagram (self);
  else if (send_rest (self))
    watch (self, self->n_sent < self->request_size ? G_IO_IN | G_IO_OUT : G_IO_IN);
}

/* Answers */

static void
refuse (PhTurnProbe *self, int code)
{
  static const struct
  {
    int code;
    const char *words;
  } known[] = {
    { STUN_ERROR_UNAUTHORIZED, N_ ("The TURN server turns user and password down; check both") },
    { STUN_ERROR_WRONG_CREDENTIALS,
      N_ ("The TURN server turns user and password down; check both") },
    { STUN_ERROR_FORBIDDEN, N_ ("The TURN server does not let this user have a relay") },
    { STUN_ERROR_ALLOCATION_QUOTA_REACHED,
      N_ ("The TURN server gives this user no more relays than those that are in use") },
    { STUN_ERROR_INSUFFICIENT_CAPACITY, N_ ("The TURN server has no relay left; try again later") },
  };
  g_autofree char *words = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].code == code)
      {
        fail (self, PH_ERROR_REFUSED, _ (known[i].words));
        return;
      }
  words = g_strdup_printf (_ ("The TURN server refuses to give a relay (error %d)"), code);
  fail (self, PH_ERROR_REFUSED, words);
}

static void
take_error (PhTurnProbe *self, const StunMessage *message)
{
  int code = 0;
  gboolean asks_again;

  if (stun_message_find_error (message, &code) != STUN_MESSAGE_RETURN_SUCCESS)
    {
      fail (self, PH_ERROR_FAILED, _ ("The TURN server’s answer makes no sense"));
      return;
    }
  asks_again = (code == STUN_ERROR_UNAUTHORIZED && !self->has_challenge) ||
               (code == STUN_ERROR_STALE_NONCE && self->n_requests < MAX_REQUESTS);
  if (!asks_again)
    {
      refuse (self, code);
      return;
    }
  memcpy (self->challenge_bytes, message->buffer, message->buffer_len);
  self->challenge = *message;
  self->challenge.buffer = self->challenge_bytes;
  self->has_challenge = TRUE;
  ask (self);
}

static void
take_success (PhTurnProbe *self, StunMessage *message)
{
  struct sockaddr_storage relay = { 0 };
  struct sockaddr_storage mapped = { 0 };
  struct sockaddr_storage other = { 0 };
  socklen_t relay_size = sizeof relay;
  socklen_t mapped_size = sizeof mapped;
  socklen_t other_size = sizeof other;
  guint32 bandwidth = 0;
  guint32 lifetime = 0;
  StunUsageTurnReturn result = stun_usage_turn_process (
      message, &relay, &relay_size, &mapped, &mapped_size, &other, &other_size, &bandwidth,
      &lifetime, STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
  g_autoptr (GSocketAddress) address = NULL;
  PhEndpoint endpoint;

  if (result == STUN_USAGE_TURN_RETURN_RELAY_SUCCESS ||
      result == STUN_USAGE_TURN_RETURN_MAPPED_SUCCESS)
    address = g_socket_address_new_from_native (&relay, relay_size);
  if (address == NULL || !ph_endpoint_from_socket_address (address, &endpoint))
    {
      fail (self, PH_ERROR_FAILED, _ ("The TURN server’s answer makes no sense"));
      return;
    }
  give_back (self);
  finish (self, &endpoint, NULL);
}

/* What does not belong to the open request is not looked at. */
static void
take_message (PhTurnProbe *self, const guint8 *bytes, gsize size)
{
  StunMessage message;

  if (stun_agent_validate (&self->agent, &message, bytes, size, NULL, NULL) !=
      STUN_VALIDATION_SUCCESS)
    return;
  if (stun_message_get_class (&message) == STUN_ERROR)
    take_error (self, &message);
  else if (stun_message_get_class (&message) == STUN_RESPONSE)
    take_success (self, &message);
}

/* The first whole message of a stream; one at a time is answered, so that there is no second. */
static void
take_stream (PhTurnProbe *self)
{
  guint8 message[STUN_MAX_MESSAGE_SIZE];
  int size = stun_message_validate_buffer_length (self->reply, self->reply_size, TRUE);

  if (size == STUN_MESSAGE_BUFFER_INCOMPLETE && self->reply_size < sizeof self->reply)
    return;
  if (size <= 0 || (gsize)size > self->reply_size)
    {
      fail (self, PH_ERROR_FAILED, _ ("What answers there is no TURN server"));
      return;
    }
  memcpy (message, self->reply, (gsize)size);
  self->reply_size = 0;
  take_message (self, message, (gsize)size);
}

/* A datagram that was refused comes as an error here. */
static void
read_socket (PhTurnProbe *self)
{
  g_autoptr (GError) error = NULL;
  gsize filled = is_tcp (self) ? self->reply_size : 0;
  gssize n = g_socket_receive (self->socket, (char *)self->reply + filled,
                               sizeof self->reply - filled, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) || (n == 0 && !is_tcp (self)))
    return;
  if (n < 0 && !is_tcp (self))
    fail (self, PH_ERROR_FAILED,
          _ ("Nothing answers where the TURN server should be; check its address and port"));
  else if (n <= 0)
    fail (self, PH_ERROR_FAILED, _ ("The TURN server closes the connection"));
  else if (is_tcp (self))
    {
      self->reply_size = filled + (gsize)n;
      take_stream (self);
    }
  else
    take_message (self, self->reply, (gsize)n);
}

/* The socket */

static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  PhTurnProbe *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->n_requests == 0)
    {
      if (g_socket_check_connect_result (socket, &error))
        ask (self);
      else
        fail (self, PH_ERROR_FAILED,
              _ ("The TURN server cannot be reached by TCP; check its address and port"));
    }
  else if (self->n_sent < self->request_size && (condition & G_IO_OUT))
    {
      if (send_rest (self) && self->n_sent == self->request_size)
        watch (self, G_IO_IN);
    }
  else
    read_socket (self);
  return G_SOURCE_CONTINUE;
}

static void
watch (PhTurnProbe *self, GIOCondition condition)
{
  ph_timer_clear (&self->source);
  self->source = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, self->context);
}

static gboolean
on_repeat (gpointer user_data)
{
  send_datagram (user_data);
  return G_SOURCE_CONTINUE;
}

/* Also told here, from the main loop: what failed at once. */
static gboolean
on_limit (gpointer user_data)
{
  PhTurnProbe *self = user_data;
  g_autoptr (GError) failure = g_steal_pointer (&self->failure);

  if (failure != NULL)
    finish (self, NULL, failure);
  else
    fail (self, PH_ERROR_FAILED,
          is_tcp (self)
              ? _ ("The TURN server does not answer; check its address and port")
              : _ ("The TURN server does not answer. Check its address and port; where UDP "
                   "is blocked, “?transport=tcp” behind it may help"));
  return G_SOURCE_CONTINUE;
}

static gboolean
open_socket (PhTurnProbe *self, GError **error)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (&self->server->address);
  g_autoptr (GError) failure = NULL;

  self->socket = g_socket_new (g_socket_address_get_family (address),
                               is_tcp (self) ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_DEFAULT, &failure);
  if (self->socket != NULL)
    {
      g_socket_set_blocking (self->socket, FALSE);
      if (g_socket_connect (self->socket, address, NULL, &failure) ||
          g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_PENDING))
        return TRUE;
    }
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("The TURN server cannot be reached: %s"),
               failure->message);
  return FALSE;
}

PhTurnProbe *
ph_turn_probe_new (GMainContext *context,
                   const PhTurnServer *server,
                   PhTurnProbeFunc func,
                   gpointer user_data)
{
  PhTurnProbe *self = g_new0 (PhTurnProbe, 1);

  self->context = g_main_context_ref (context);
  self->server = server;
  self->func = func;
  self->user_data = user_data;
  self->repeat = ph_timer_new (context, "[porthole] TURN probe", on_repeat, self);
  self->limit = ph_timer_new (context, "[porthole] TURN probe limit", on_limit, self);
  stun_agent_init (&self->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                   STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
  if (!open_socket (self, &self->failure))
    {
      ph_timer_arm (self->limit, 0);
      return self;
    }
  ph_timer_arm (self->limit, PH_TURN_PROBE_LIMIT_MS);
  if (is_tcp (self))
    watch (self, G_IO_OUT);
  else
    {
      watch (self, G_IO_IN);
      ask (self);
    }
  return self;
}

void
ph_turn_probe_free (PhTurnProbe *self)
{
  ph_timer_clear (&self->source);
  ph_timer_clear (&self->repeat);
  ph_timer_clear (&self->limit);
  g_clear_object (&self->socket);
  g_clear_error (&self->failure);
  g_main_context_unref (self->context);
  g_free (self);
}
