/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-test-loop.h"
#include "transport/ph-ice-holes.h"

#define EVERY_MS 50
#define COMPONENT NICE_COMPONENT_TYPE_RTP
#define TRANSACTION_AT 8
#define TRANSACTION_SIZE 12

/* A socket of this machine that counts the STUN Binding requests it gets. */
typedef struct
{
  GSocket *socket;
  GSource *source;
  PhEndpoint address;
  guint n_requests;
  guint n_transactions;
  guint16 from; /* the port of the last one */
  guint8 transaction[TRANSACTION_SIZE];
} Catcher;

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Catcher *self = user_data;
  g_autoptr (GSocketAddress) from = NULL;
  guint8 bytes[1500];
  gssize n = g_socket_receive_from (socket, &from, (char *)bytes, sizeof bytes, NULL, NULL);
  PhEndpoint endpoint;

  if (n < TRANSACTION_AT + TRANSACTION_SIZE || bytes[0] != 0 || bytes[1] != 1)
    return G_SOURCE_CONTINUE;
  g_assert_true (ph_endpoint_from_socket_address (from, &endpoint));
  self->from = endpoint.port;
  self->n_requests++;
  if (memcmp (self->transaction, bytes + TRANSACTION_AT, TRANSACTION_SIZE) != 0)
    self->n_transactions++;
  memcpy (self->transaction, bytes + TRANSACTION_AT, TRANSACTION_SIZE);
  return G_SOURCE_CONTINUE;
}

static void
catcher_start (Catcher *self)
{
  PhEndpoint any_port = { 0 };
  g_autoptr (GSocketAddress) wanted = NULL;
  g_autoptr (GSocketAddress) bound = NULL;

  ph_address_parse ("127.0.0.1", any_port.addr);
  wanted = ph_endpoint_dup_socket_address (&any_port);
  self->socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_assert_true (g_socket_bind (self->socket, wanted, FALSE, NULL));
  bound = g_socket_get_local_address (self->socket, NULL);
  g_assert_true (ph_endpoint_from_socket_address (bound, &self->address));
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, NULL);
}

static void
catcher_stop (Catcher *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Catcher, catcher_stop)

/* An agent on loopback that has gathered */
typedef struct
{
  NiceAgent *agent;
  guint stream;
  gboolean is_gathered;
  gboolean is_ready;
  guint n_met;
  PhIceHoles *holes;
} End;

static void
on_gathered (NiceAgent *agent, guint stream, End *self)
{
  self->is_gathered = TRUE;
}

static void
on_state (NiceAgent *agent, guint stream, guint component, guint state, End *self)
{
  self->is_ready = state == NICE_COMPONENT_STATE_READY;
}

static void
on_received (NiceAgent *agent, guint stream, guint component, guint n, char *bytes, gpointer data)
{
}

static void
on_met (gpointer user_data)
{
  ((End *)user_data)->n_met++;
}

static void
end_start (End *self, gboolean is_controlling)
{
  NiceAddress address;

  self->agent = nice_agent_new (NULL, NICE_COMPATIBILITY_RFC5245);
  g_object_set (self->agent, "ice-tcp", FALSE, "upnp", FALSE, "controlling-mode", is_controlling,
                NULL);
  nice_address_init (&address);
  nice_address_set_from_string (&address, "127.0.0.1");
  nice_agent_add_local_address (self->agent, &address);
  self->stream = nice_agent_add_stream (self->agent, 1);
  nice_agent_attach_recv (self->agent, self->stream, COMPONENT, NULL, on_received, self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathered), self);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state), self);
  g_assert_true (nice_agent_gather_candidates (self->agent, self->stream));
  ph_test_wait_for (self->is_gathered);
}

static void
end_stop (End *self)
{
  g_clear_pointer (&self->holes, ph_ice_holes_free);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  g_object_unref (self->agent);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (End, end_stop)

static void
end_dig (End *self, const PhIceConfig *config)
{
  self->holes = ph_ice_holes_new (NULL, self->agent, self->stream, config, EVERY_MS);
}

/* Tells @self of @candidates and what they are called, again and again if there are holes. */
static void
end_tell (End *self, const char *ufrag, const char *pwd, GSList *candidates)
{
  nice_agent_set_remote_credentials (self->agent, self->stream, ufrag, pwd);
  nice_agent_set_remote_candidates (self->agent, self->stream, COMPONENT, candidates);
  if (self->holes != NULL)
    ph_ice_holes_set_remote (self->holes, ufrag, pwd, candidates, on_met, self);
}

static void
end_tell_of (End *self, const End *other)
{
  GSList *candidates = nice_agent_get_local_candidates (other->agent, other->stream, COMPONENT);
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;

  nice_agent_get_local_credentials (other->agent, other->stream, &ufrag, &pwd);
  end_tell (self, ufrag, pwd, candidates);
  g_slist_free_full (candidates, (GDestroyNotify)nice_candidate_free);
}

/* The STUN server is asked from the socket whose address it has told, for as long as it takes. */
static void
test_server (void)
{
  g_auto (Catcher) server = { 0 };
  g_auto (Catcher) unasked = { 0 };
  g_auto (End) end = { 0 };
  g_auto (End) relayed = { 0 };
  PhIceConfig config = { .has_stun = TRUE };
  PhIceConfig relay_only = { .has_stun = TRUE, .relay_only = TRUE };
  GSList *candidates;

  catcher_start (&server);
  catcher_start (&unasked);
  config.stun = server.address;
  relay_only.stun = unasked.address;
  end_start (&end, TRUE);
  end_start (&relayed, TRUE);
  end_dig (&relayed, &relay_only);
  end_dig (&end, &config);
  ph_test_wait_for (server.n_requests >= 5);
  candidates = nice_agent_get_local_candidates (end.agent, end.stream, COMPONENT);
  g_assert_cmpuint (server.from, ==,
                    nice_address_get_port (&((NiceCandidate *)candidates->data)->addr));
  g_slist_free_full (candidates, (GDestroyNotify)nice_candidate_free);
  g_assert_cmpuint (unasked.n_requests, ==, 0);
}

/* Checks do not end while nobody comes, and none is told to have come. */
static void
test_again (void)
{
  g_auto (Catcher) silent = { 0 };
  g_auto (End) end = { 0 };
  PhIceConfig config = { 0 };
  NiceCandidate *candidate = nice_candidate_new (NICE_CANDIDATE_TYPE_HOST);
  GSList list = { .data = candidate };

  catcher_start (&silent);
  end_start (&end, FALSE);
  end_dig (&end, &config);
  candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  candidate->component_id = COMPONENT;
  candidate->stream_id = end.stream;
  candidate->priority = 1000;
  g_strlcpy (candidate->foundation, "1", sizeof candidate->foundation);
  nice_address_set_from_string (&candidate->addr, "127.0.0.1");
  nice_address_set_port (&candidate->addr, silent.address.port);
  end_tell (&end, "abcd", "abcdefghijklmnopqrstuv", &list);
  ph_test_wait_for (silent.n_transactions >= 5);
  g_assert_cmpuint (end.n_met, ==, 0);
  nice_candidate_free (candidate);
}

/* One that has been answered too early is through with its checks; when the other side comes, both
 * find a path. */
static void
test_met (void)
{
  g_auto (Catcher) clock = { 0 };
  g_auto (End) waiting = { 0 };
  g_auto (End) late = { 0 };
  PhIceConfig config = { .has_stun = TRUE };

  catcher_start (&clock);
  config.stun = clock.address; /* it is asked once a round */
  end_start (&waiting, FALSE);
  end_start (&late, TRUE);
  end_dig (&waiting, &config);
  end_tell_of (&waiting, &late);
  ph_test_wait_for (clock.n_requests >= 5);
  g_assert_cmpuint (waiting.n_met, ==, 0);
  end_tell_of (&late, &waiting);
  ph_test_wait_for (waiting.is_ready && late.is_ready);
  g_assert_cmpuint (waiting.n_met, ==, 1);
  clock.n_requests = 0;
  ph_test_wait_for (clock.n_requests >= 5);
  g_assert_true (waiting.is_ready && late.is_ready); /* no restart any more */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-holes/server", test_server);
  g_test_add_func ("/ice-holes/again", test_again);
  g_test_add_func ("/ice-holes/met", test_met);
  return g_test_run ();
}
