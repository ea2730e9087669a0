/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ice-holes.h"

#include <stun/usages/bind.h>

#include "core/ph-timer.h"

struct _PhIceHoles
{
  NiceAgent *agent;
  guint stream;
  const PhIceConfig *config;
  guint every_ms;
  GSource *timer;
  char *ufrag; /* the other side's; NULL until known, and from when it has come */
  char *pwd;
  GSList *candidates; /* of NiceCandidate */
  void (*met) (gpointer user_data);
  gpointer user_data;
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

/* As an ICE restart does, but under the same names: those the other side has, or will get. */
static void
check_again (PhIceHoles *self)
{
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;

  nice_agent_get_local_credentials (self->agent, self->stream, &ufrag, &pwd);
  nice_agent_restart_stream (self->agent, self->stream);
  nice_agent_set_local_credentials (self->agent, self->stream, ufrag, pwd);
  nice_agent_set_remote_credentials (self->agent, self->stream, self->ufrag, self->pwd);
  nice_agent_set_remote_candidates (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP,
                                    self->candidates);
}

static gboolean
on_timer (gpointer user_data)
{
  PhIceHoles *self = user_data;

  /* With only relayed paths the server's answer is of no use. */
  if (self->config->has_stun && !self->config->relay_only)
    ask_server (self);
  if (self->ufrag != NULL)
    check_again (self);
  ph_timer_arm (self->timer, self->every_ms);
  return G_SOURCE_CONTINUE;
}

/* Its first check that we have answered since the last restart: from here on there may be a path
 * that the other side has chosen, and a restart would lose it. */
static void
on_binding_request (NiceAgent *agent, guint stream, PhIceHoles *self)
{
  if (self->ufrag == NULL)
    return;
  g_clear_pointer (&self->ufrag, g_free);
  self->met (self->user_data);
}

PhIceHoles *
ph_ice_holes_new (GMainContext *context,
                  NiceAgent *agent,
                  guint stream,
                  const PhIceConfig *config,
                  guint every_ms)
{
  PhIceHoles *self = g_new0 (PhIceHoles, 1);

  self->agent = agent;
  self->stream = stream;
  self->config = config;
  self->every_ms = every_ms;
  self->timer = ph_timer_new (context, "[porthole] ICE holes", on_timer, self);
  g_signal_connect (agent, "initial-binding-request-received", G_CALLBACK (on_binding_request),
                    self);
  ph_timer_arm (self->timer, every_ms);
  return self;
}

static gpointer
copy_candidate (gconstpointer candidate, gpointer user_data)
{
  return nice_candidate_copy (candidate);
}

void
ph_ice_holes_set_remote (PhIceHoles *self,
                         const char *ufrag,
                         const char *pwd,
                         GSList *candidates,
                         void (*met) (gpointer user_data),
                         gpointer user_data)
{
  g_return_if_fail (self->pwd == NULL);

  self->ufrag = g_strdup (ufrag);
  self->pwd = g_strdup (pwd);
  self->candidates = g_slist_copy_deep (candidates, (GCopyFunc)copy_candidate, NULL);
  self->met = met;
  self->user_data = user_data;
}

void
ph_ice_holes_free (PhIceHoles *self)
{
  g_signal_handlers_disconnect_by_data (self->agent, self);
  ph_timer_clear (&self->timer);
  g_slist_free_full (self->candidates, (GDestroyNotify)nice_candidate_free);
  g_free (self->ufrag);
  g_free (self->pwd);
  g_free (self);
}
