/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-stun-probe.h"

#include <stun/usages/bind.h>
#include <string.h>

#include "core/ph-timer.h"

#define REPEAT_MS 250
#define N_REPEATS 2
#define N_FAMILIES 2

struct _PhStunProbe
{
  GSocket *sockets[N_FAMILIES]; /* IPv4, IPv6; NULL where the system has none */
  GSource *sources[N_FAMILIES];
  GSource *repeat;
  guint n_repeats;
  GArray *servers; /* of PhEndpoint */
  guint8 request[STUN_MAX_MESSAGE_SIZE];
  gsize request_size;
  PhStunProbeFunc func; /* NULL once called */
  gpointer user_data;
};

static void
send_request (PhStunProbe *self, const PhEndpoint *server)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (server);
  GSocket *socket = self->sockets[ph_address_is_ipv4 (server->addr) ? 0 : 1];

  /* An address that cannot be reached from here is one that does not answer. */
  if (socket != NULL)
    g_socket_send_to (socket, address, (const char *)self->request, self->request_size, NULL, NULL);
}

static gboolean
on_repeat (gpointer user_data)
{
  PhStunProbe *self = user_data;

  for (guint i = 0; i < self->servers->len; i++)
    send_request (self, &g_array_index (self->servers, PhEndpoint, i));
  if (--self->n_repeats > 0)
    ph_timer_arm (self->repeat, REPEAT_MS);
  return G_SOURCE_CONTINUE;
}

/* Whether @reply is a Binding success response to our request (RFC 8489 section 5): all requests
 * share one transaction. libnice's own check would forget the transaction with the first answer,
 * which may be an error. */
static gboolean
is_answer (PhStunProbe *self, const guint8 *reply, gsize size)
{
  static const guint8 binding_success[] = { 0x01, 0x01 };

  return size >= STUN_MESSAGE_HEADER_LENGTH && memcmp (reply, binding_success, 2) == 0 &&
         memcmp (reply + STUN_MESSAGE_TRANS_ID_POS, self->request + STUN_MESSAGE_TRANS_ID_POS,
                 STUN_MESSAGE_TRANS_ID_LEN) == 0;
}

static gboolean
is_asked (PhStunProbe *self, const PhEndpoint *from)
{
  for (guint i = 0; i < self->servers->len; i++)
    if (ph_endpoint_equal (&g_array_index (self->servers, PhEndpoint, i), from))
      return TRUE;
  return FALSE;
}

/* XOR-MAPPED-ADDRESS of RFC 8489 section 14.2; old servers have MAPPED-ADDRESS only. */
static void
read_seen (guint8 *reply, gsize size, PhEndpoint *ret_seen)
{
  StunAgent agent;
  StunMessage message = { .agent = &agent, .buffer = reply, .buffer_len = size };
  struct sockaddr_storage bytes = { 0 };
  socklen_t n = sizeof bytes;
  g_autoptr (GSocketAddress) address = NULL;
  PhEndpoint seen;

  *ret_seen = (PhEndpoint){ 0 };
  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
  if (stun_message_validate_buffer_length (reply, size, TRUE) != (int)size ||
      (stun_message_find_xor_addr (&message, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &bytes, &n) !=
           STUN_MESSAGE_RETURN_SUCCESS &&
       stun_message_find_addr (&message, STUN_ATTRIBUTE_MAPPED_ADDRESS, &bytes, &n) !=
           STUN_MESSAGE_RETURN_SUCCESS))
    return;
  address = g_socket_address_new_from_native (&bytes, n);
  if (address != NULL && ph_endpoint_from_socket_address (address, &seen))
    *ret_seen = seen;
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  PhStunProbe *self = user_data;
  g_autoptr (GSocketAddress) address = NULL;
  guint8 reply[STUN_MAX_MESSAGE_SIZE];
  PhEndpoint from;
  PhEndpoint seen;
  PhStunProbeFunc func = self->func;
  gssize n = g_socket_receive_from (socket, &address, (char *)reply, sizeof reply, NULL, NULL);

  if (n <= 0 || func == NULL || address == NULL ||
      !ph_endpoint_from_socket_address (address, &from) || !is_asked (self, &from) ||
      !is_answer (self, reply, (gsize)n))
    return G_SOURCE_CONTINUE;
  read_seen (reply, (gsize)n, &seen);
  self->func = NULL;
  func (&from, &seen, self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
open_socket (PhStunProbe *self, GMainContext *context, guint i, GSocketFamily family)
{
  GSocket *socket = g_socket_new (family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);

  if (socket == NULL)
    return;
  g_socket_set_blocking (socket, FALSE);
  self->sockets[i] = socket;
  self->sources[i] = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_callback (self->sources[i], G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->sources[i], context);
}

PhStunProbe *
ph_stun_probe_new (GMainContext *context, PhStunProbeFunc func, gpointer user_data)
{
  PhStunProbe *self = g_new0 (PhStunProbe, 1);
  StunAgent agent;
  StunMessage message;

  self->func = func;
  self->user_data = user_data;
  self->servers = g_array_new (FALSE, FALSE, sizeof (PhEndpoint));
  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
  self->request_size =
      stun_usage_bind_create (&agent, &message, self->request, sizeof self->request);
  open_socket (self, context, 0, G_SOCKET_FAMILY_IPV4);
  open_socket (self, context, 1, G_SOCKET_FAMILY_IPV6);
  self->repeat = ph_timer_new (context, "[porthole] STUN probe", on_repeat, self);
  return self;
}

void
ph_stun_probe_add (PhStunProbe *self, const PhEndpoint *server)
{
  g_array_append_val (self->servers, *server);
  send_request (self, server);
  self->n_repeats = N_REPEATS;
  ph_timer_arm (self->repeat, REPEAT_MS);
}

void
ph_stun_probe_free (PhStunProbe *self)
{
  for (guint i = 0; i < N_FAMILIES; i++)
    {
      ph_timer_clear (&self->sources[i]);
      g_clear_object (&self->sockets[i]);
    }
  ph_timer_clear (&self->repeat);
  g_array_unref (self->servers);
  g_free (self);
}
