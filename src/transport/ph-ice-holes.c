/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ice-holes.h"

#include <stun/usages/bind.h>

#include "core/ph-timer.h"

#define EVERY_MS 15000 /* RFC 8445 section 11: Tr; routers hold a hole for 30 s and longer */

struct _PhIceHoles
{
  NiceAgent *agent;
  guint stream;
  const PhIceConfig *config;
  GArray *remotes; /* of PhEndpoint */
  GSource *timer;
};

/* From every socket of the agent, but not into the stream of one that leads to a TURN server. */
static void
send_from_all (PhIceHoles *self, const PhEndpoint *to, const guint8 *message, gsize size)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (to);
  g_autoptr (GPtrArray) sockets =
      nice_agent_get_sockets (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);

  for (guint i = 0; sockets != NULL && i < sockets->len; i++)
    {
      GSocket *socket = g_ptr_array_index (sockets, i);

      /* What cannot be reached from there needs no hole. */
      if (g_socket_get_socket_type (socket) == G_SOCKET_TYPE_DATAGRAM &&
          g_socket_get_family (socket) == g_socket_address_get_family (address))
        g_socket_send_to (socket, address, (const char *)message, size, NULL, NULL);
    }
}

/* RFC 8445 section 5.1.1.4: a Binding request; libnice ignores the answer, as one to nothing. */
static void
ask_server (PhIceHoles *self)
{
  guint8 bytes[STUN_MAX_MESSAGE_SIZE];
  StunAgent agent;
  StunMessage message;
  gsize size;

  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
  size = stun_usage_bind_create (&agent, &message, bytes, sizeof bytes);
  send_from_all (self, &self->config->stun, bytes, size);
}

/* RFC 8445 section 11: a Binding indication, which nobody answers. */
static void
touch_remotes (PhIceHoles *self)
{
  guint8 bytes[STUN_MAX_MESSAGE_SIZE];
  StunAgent agent;
  StunMessage message;
  gsize size;

  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                   STUN_AGENT_USAGE_USE_FINGERPRINT | STUN_AGENT_USAGE_NO_INDICATION_AUTH);
  size = stun_usage_bind_keepalive (&agent, &message, bytes, sizeof bytes);
  for (guint i = 0; i < self->remotes->len; i++)
    send_from_all (self, &g_array_index (self->remotes, PhEndpoint, i), bytes, size);
}

static gboolean
on_timer (gpointer user_data)
{
  PhIceHoles *self = user_data;

  /* With only relayed paths the other side is not to see our address. */
  if (!self->config->relay_only)
    {
      if (self->config->has_stun)
        ask_server (self);
      touch_remotes (self);
    }
  ph_timer_arm (self->timer, EVERY_MS);
  return G_SOURCE_CONTINUE;
}

PhIceHoles *
ph_ice_holes_new (GMainContext *context, NiceAgent *agent, guint stream, const PhIceConfig *config)
{
  PhIceHoles *self = g_new0 (PhIceHoles, 1);

  self->agent = agent;
  self->stream = stream;
  self->config = config;
  self->remotes = g_array_new (FALSE, FALSE, sizeof (PhEndpoint));
  self->timer = ph_timer_new (context, "[porthole] ICE holes", on_timer, self);
  ph_timer_arm (self->timer, EVERY_MS);
  return self;
}

void
ph_ice_holes_add (PhIceHoles *self, const PhEndpoint *remote)
{
  g_array_append_val (self->remotes, *remote);
}

void
ph_ice_holes_free (PhIceHoles *self)
{
  ph_timer_clear (&self->timer);
  g_array_unref (self->remotes);
  g_free (self);
}
