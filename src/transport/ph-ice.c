/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ice.h"

#include <glib/gi18n-lib.h>
#include <nice/agent.h>
#include <nice/interfaces.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-slice.h"
#include "core/ph-timer.h"

#include "ph-ice-holes.h"
#include "ph-segments.h"
#include "ph-turn-probe.h"

#define COMPONENT NICE_COMPONENT_TYPE_RTP /* component 1: all there is */
#define SOCKET_BUFFER_BYTES (4 * 1024 * 1024)
#define MAX_QUEUED 4096 /* datagrams: a full SCTP window of 4 MiB */
#define RETRY_MS 1
#define KEPT_QUEUE_BYTES (256 * 1024) /* of an empty queue */
#define STRAGGLERS_MS 150
/* Sends of one STUN request, 500 ms apart at first and then doubling. With libnice's own number a
 * pair of addresses that is not answered for 2 s is given up and never tried again; with that of
 * RFC 8489 section 6.2.1, checks outlast the time there is to connect. What nobody is to wait for
 * keeps to the former. */
#define MAX_CHECK_SENDS 7
#define MAX_OTHER_SENDS 3

/* Addresses that the other side may be found at in a session's life. libnice keeps each for good
 * and looks through them for every datagram. */
#define MAX_REMOTE_ADDRESSES 256

struct _PhIce
{
  NiceAgent *agent;
  guint stream;
  GMainContext *context;
  PhIceConfig *config;
  PhIceHoles *holes; /* while a patient one waits for a path; else NULL */
  GSource *gathering_limit;
  GSource *retry;
  PhSlice slice;           /* of taking datagrams */
  GSource *attach;         /* goes on taking them in the loop's next turn */
  PhTurnProbe *turn_probe; /* once gathered, where no relay came; else NULL */
  char *turn_error;        /* what that found out; NULL: nothing yet */
  guint n_remote_addresses;
  gboolean is_gathered;
  gboolean is_controlling;
  gboolean has_pair;      /* one was selected */
  gboolean has_runs;      /* the other side takes them */
  gboolean has_reflexive; /* a candidate from a STUN server is there */
  gboolean has_relayed;   /* one from a TURN server is there */
  const PhIceEvents *events;
  gpointer user_data;
  /* Where whole runs of datagrams can go at once, past libnice: the pair's own socket. NULL while
   * there is no direct pair, or where the system cannot. */
  GSocket *direct_socket;
  GSocketAddress *direct_to;
  GByteArray *queued_bytes; /* datagrams, end to end */
  GArray *queued_sizes;     /* of gsize: theirs */
};

const char *
ph_path_kind_name (PhPathKind kind)
{
  static const char *const names[] = {
    [PH_PATH_LAN] = "lan",
    [PH_PATH_NAT] = "nat",
    [PH_PATH_RELAYED] = "relayed",
  };

  return names[kind];
}

/* Addresses between libnice's form and ours */

static gboolean
from_nice_address (const NiceAddress *address, PhEndpoint *ret_endpoint)
{
  char text[NICE_ADDRESS_STRING_LEN];

  if (!nice_address_is_valid (address))
    return FALSE;
  nice_address_to_string (address, text);
  if (!ph_address_parse (text, ret_endpoint->addr))
    return FALSE;
  ret_endpoint->port = (guint16)nice_address_get_port (address);
  return TRUE;
}

static void
to_nice_address (const PhEndpoint *endpoint, NiceAddress *ret_address)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  nice_address_init (ret_address);
  nice_address_set_from_string (ret_address, ph_address_format (endpoint->addr, text));
  nice_address_set_port (ret_address, endpoint->port);
}

static PhCandidateType
from_nice_type (NiceCandidateType type)
{
  switch (type)
    {
    case NICE_CANDIDATE_TYPE_HOST:
      return PH_CANDIDATE_HOST;
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
      return PH_CANDIDATE_SERVER_REFLEXIVE;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
      return PH_CANDIDATE_PEER_REFLEXIVE;
    case NICE_CANDIDATE_TYPE_RELAYED:
      return PH_CANDIDATE_RELAYED;
    }
  g_assert_not_reached ();
}

static NiceCandidateType
to_nice_type (PhCandidateType type)
{
  switch (type)
    {
    case PH_CANDIDATE_HOST:
      return NICE_CANDIDATE_TYPE_HOST;
    case PH_CANDIDATE_SERVER_REFLEXIVE:
      return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
    case PH_CANDIDATE_PEER_REFLEXIVE:
      return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
    case PH_CANDIDATE_RELAYED:
      return NICE_CANDIDATE_TYPE_RELAYED;
    }
  g_assert_not_reached ();
}

/* FALSE for an address the peer could not use: fe80:: says nothing without its zone. */
static gboolean
from_nice_candidate (const NiceCandidate *nice, PhCandidate *ret_candidate)
{
  PhCandidate candidate = { .priority = nice->priority, .type = from_nice_type (nice->type) };

  if (nice->transport != NICE_CANDIDATE_TRANSPORT_UDP ||
      !from_nice_address (&nice->addr, &candidate.address) ||
      (!ph_address_is_ipv4 (candidate.address.addr) &&
       ph_address_scope (candidate.address.addr) == PH_SCOPE_LINK_LOCAL))
    return FALSE;
  g_strlcpy (candidate.foundation, nice->foundation, sizeof candidate.foundation);
  if (nice->type != NICE_CANDIDATE_TYPE_HOST)
    from_nice_address (&nice->base_addr, &candidate.base);
  *ret_candidate = candidate;
  return TRUE;
}

static NiceCandidate *
to_nice_candidate (PhIce *self, const PhCandidate *candidate)
{
  NiceCandidate *nice = nice_candidate_new (to_nice_type (candidate->type));

  nice->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  nice->stream_id = self->stream;
  nice->component_id = COMPONENT;
  nice->priority = candidate->priority;
  to_nice_address (&candidate->address, &nice->addr);
  if (candidate->base.port != 0)
    to_nice_address (&candidate->base, &nice->base_addr);
  g_strlcpy (nice->foundation, candidate->foundation, sizeof nice->foundation);
  return nice;
}

/* Why there is no path */

static void
on_turn_probed (const PhEndpoint *relay, const GError *error, gpointer user_data)
{
  PhIce *self = user_data;

  if (error != NULL)
    self->turn_error = g_strdup (error->message);
}

static void
add_offered (GSList *candidates, PhOffered *offered)
{
  for (GSList *l = candidates; l != NULL; l = l->next)
    {
      const NiceCandidate *candidate = l->data;
      gboolean is_relayed = candidate->type == NICE_CANDIDATE_TYPE_RELAYED;
      PhEndpoint endpoint;
      PhScope scope;

      if (!from_nice_address (&candidate->addr, &endpoint))
        continue;
      scope = ph_address_scope (endpoint.addr);
      if (!is_relayed && (scope == PH_SCOPE_LOOPBACK || scope == PH_SCOPE_LINK_LOCAL))
        continue;
      offered->has_any = TRUE;
      offered->has_relayed |= is_relayed;
      offered->has_public |= scope == PH_SCOPE_PUBLIC && !is_relayed;
      if (ph_address_is_ipv4 (endpoint.addr))
        offered->has_ipv4 = TRUE;
      else
        offered->has_ipv6 = TRUE;
    }
  g_slist_free_full (candidates, (GDestroyNotify)nice_candidate_free);
}

void
ph_ice_get_facts (PhIce *self, PhNoPathFacts *ret_facts)
{
  *ret_facts = (PhNoPathFacts){
    .has_pair = self->has_pair,
    .relay_only = self->config->relay_only,
    .n_stun = self->config->n_stun,
    .has_stun = self->config->has_stun,
    .n_turn = self->config->n_turn,
    .turn_error = self->turn_error,
  };
  add_offered (nice_agent_get_local_candidates (self->agent, self->stream, COMPONENT),
               &ret_facts->ours);
  add_offered (nice_agent_get_remote_candidates (self->agent, self->stream, COMPONENT),
               &ret_facts->theirs);
}

/* Gathering */

static void
finish_gathering (PhIce *self)
{
  if (self->is_gathered)
    return;
  self->is_gathered = TRUE;
  ph_timer_disarm (self->gathering_limit);
  if (self->config->turn->len > 0 && !self->has_relayed)
    self->turn_probe = ph_turn_probe_new (self->context, g_ptr_array_index (self->config->turn, 0),
                                          on_turn_probed, self);
  self->events->gathered (self->user_data);
}

static gboolean
on_gathering_limit (gpointer user_data)
{
  finish_gathering (user_data);
  return G_SOURCE_CONTINUE;
}

static void
on_gathering_done (NiceAgent *agent, guint stream, PhIce *self)
{
  ph_timer_arm (self->gathering_limit, 0);
}

static gboolean
is_loopback (const PhEndpoint *endpoint)
{
  return ph_address_scope (endpoint->addr) == PH_SCOPE_LOOPBACK;
}

/* A server on this machine can be reached from loopback only: libnice ties each socket to its
 * interface. */
static gboolean
has_server_on_loopback (PhIce *self)
{
  if (self->config->has_stun && is_loopback (&self->config->stun))
    return TRUE;
  for (guint i = 0; i < self->config->turn->len; i++)
    if (is_loopback (&((const PhTurnServer *)g_ptr_array_index (self->config->turn, i))->address))
      return TRUE;
  return FALSE;
}

/* Left alone, libnice takes every address but loopback. */
static void
add_all_addresses (PhIce *self)
{
  GList *addresses = nice_interfaces_get_local_ips (TRUE);

  for (GList *l = addresses; l != NULL; l = l->next)
    {
      NiceAddress address;

      nice_address_init (&address);
      if (nice_address_set_from_string (&address, l->data))
        nice_agent_add_local_address (self->agent, &address);
    }
  g_list_free_full (addresses, g_free);
}

/* Each interface asks each server, and one that leads nowhere (a bridge, a VPN) would cost the
 * whole limit: once each kind of server has answered, the others get a moment longer. */
static void
on_new_candidate (NiceAgent *agent, NiceCandidate *candidate, PhIce *self)
{
  self->has_reflexive |= candidate->type == NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
  self->has_relayed |= candidate->type == NICE_CANDIDATE_TYPE_RELAYED;
  if (self->is_gathered || (self->config->has_stun && !self->has_reflexive) ||
      (self->config->turn->len > 0 && !self->has_relayed))
    return;
  if (self->has_reflexive || self->has_relayed)
    ph_timer_arm (self->gathering_limit, STRAGGLERS_MS);
}

/* A machine that is offline, or a bare network namespace, has only loopback; two ends on it can
 * still meet. */
static gboolean
gather_addresses (PhIce *self)
{
  if (!has_server_on_loopback (self) && nice_agent_gather_candidates (self->agent, self->stream))
    return TRUE;
  add_all_addresses (self);
  return nice_agent_gather_candidates (self->agent, self->stream);
}

static void
enlarge_socket_buffers (PhIce *self)
{
  GPtrArray *sockets = nice_agent_get_sockets (self->agent, self->stream, COMPONENT);

  /* As far as the system lets us: a smaller buffer costs speed, nothing else. */
  for (guint i = 0; sockets != NULL && i < sockets->len; i++)
    {
      g_socket_set_option (g_ptr_array_index (sockets, i), SOL_SOCKET, SO_SNDBUF,
                           SOCKET_BUFFER_BYTES, NULL);
      g_socket_set_option (g_ptr_array_index (sockets, i), SOL_SOCKET, SO_RCVBUF,
                           SOCKET_BUFFER_BYTES, NULL);
    }
  g_clear_pointer (&sockets, g_ptr_array_unref);
}

gboolean
ph_ice_gather (PhIce *self, GError **error)
{
  if (!gather_addresses (self))
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_FAILED,
                           _ ("This computer has no network address to connect from"));
      return FALSE;
    }
  enlarge_socket_buffers (self);
  if (!self->is_gathered && g_source_get_ready_time (self->gathering_limit) < 0)
    ph_timer_arm (self->gathering_limit, PH_ICE_GATHERING_LIMIT_MS);
  return TRUE;
}

void
ph_ice_dup_credentials (PhIce *self, char **ret_ufrag, char **ret_pwd)
{
  if (!nice_agent_get_local_credentials (self->agent, self->stream, ret_ufrag, ret_pwd))
    g_assert_not_reached (); /* the stream is ours and has had them since it was made */
}

GArray *
ph_ice_dup_candidates (PhIce *self)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (PhCandidate));
  GSList *list = nice_agent_get_local_candidates (self->agent, self->stream, COMPONENT);
  PhCandidate candidate;

  for (GSList *l = list; l != NULL; l = l->next)
    if (from_nice_candidate (l->data, &candidate))
      g_array_append_val (candidates, candidate);
  g_slist_free_full (list, (GDestroyNotify)nice_candidate_free);
  ph_candidates_keep_best (candidates);
  return candidates;
}

/* Checks and the selected pair */

void
ph_ice_set_patient (PhIce *self)
{
  self->holes = ph_ice_holes_new (self->context, self->agent, self->stream, self->config,
                                  PH_ICE_HOLES_EVERY_MS);
}

static void
on_met (gpointer user_data)
{
  PhIce *self = user_data;

  self->events->met (self->user_data);
}

static void
set_max_sends (PhIce *self, guint max_sends)
{
  g_object_set (self->agent, "stun-max-retransmissions", max_sends, NULL);
}

gboolean
ph_ice_set_remote (PhIce *self,
                   const char *ufrag,
                   const char *pwd,
                   const GArray *candidates,
                   GError **error)
{
  GSList *list = NULL;
  gboolean is_set;

  for (guint i = 0; i < candidates->len; i++)
    list = g_slist_prepend (list,
                            to_nice_candidate (self, &g_array_index (candidates, PhCandidate, i)));
  set_max_sends (self, MAX_CHECK_SENDS);
  is_set = nice_agent_set_remote_credentials (self->agent, self->stream, ufrag, pwd) &&
           nice_agent_set_remote_candidates (self->agent, self->stream, COMPONENT, list) >= 0;
  if (is_set && self->holes != NULL && !self->is_controlling)
    ph_ice_holes_set_remote (self->holes, ufrag, pwd, list, on_met, self);
  g_slist_free_full (list, (GDestroyNotify)nice_candidate_free);
  if (!is_set)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL,
                         _ ("The other side’s addresses cannot be used"));
  return is_set;
}

static PhPathKind
path_kind (NiceCandidateType local, NiceCandidateType remote)
{
  if (local == NICE_CANDIDATE_TYPE_RELAYED || remote == NICE_CANDIDATE_TYPE_RELAYED)
    return PH_PATH_RELAYED;
  if (local == NICE_CANDIDATE_TYPE_HOST && remote == NICE_CANDIDATE_TYPE_HOST)
    return PH_PATH_LAN;
  return PH_PATH_NAT;
}

/* A relayed pair has no socket of its own, and fe80:: cannot be sent to without its zone. */
static void
find_direct_socket (PhIce *self, const PhPath *path)
{
  g_clear_object (&self->direct_socket);
  g_clear_object (&self->direct_to);
  if (path->kind == PH_PATH_RELAYED || ph_address_scope (path->remote.addr) == PH_SCOPE_LINK_LOCAL)
    return;
  self->direct_socket = nice_agent_get_selected_socket (self->agent, self->stream, COMPONENT);
  self->direct_to = ph_endpoint_dup_socket_address (&path->remote);
}

/* Tells of the pair once it is both chosen and usable. */
static void
report_path (PhIce *self)
{
  NiceCandidate *local = NULL;
  NiceCandidate *remote = NULL;
  NiceComponentState state = nice_agent_get_component_state (self->agent, self->stream, COMPONENT);
  PhPath path = { 0 };

  if ((state != NICE_COMPONENT_STATE_CONNECTED && state != NICE_COMPONENT_STATE_READY) ||
      !nice_agent_get_selected_pair (self->agent, self->stream, COMPONENT, &local, &remote))
    return;
  path.kind = path_kind (local->type, remote->type);
  from_nice_address (&local->addr, &path.local);
  from_nice_address (&remote->addr, &path.remote);
  g_debug ("path: %s", ph_path_kind_name (path.kind));
  self->has_pair = TRUE;
  g_clear_pointer (&self->holes, ph_ice_holes_free);
  find_direct_socket (self, &path);
  self->events->connected (&path, self->user_data);
}

static void
on_state_changed (NiceAgent *agent, guint stream, guint component, guint state, PhIce *self)
{
  report_path (self);
}

static void
on_new_pair (NiceAgent *agent,
             guint stream,
             guint component,
             NiceCandidate *local,
             NiceCandidate *remote,
             PhIce *self)
{
  report_path (self);
}

/* Receiving */

static void on_receive (NiceAgent *agent,
                        guint stream,
                        guint component,
                        guint size,
                        char *bytes,
                        gpointer user_data);

/* libnice reads a socket until it is empty, which one that is flooded never is. Without a function
 * to give it to it stops at once, and what has come waits in the socket. Connectivity checks it
 * keeps for itself, and nothing public gets between it and a flood of those. */
static void
set_attached (PhIce *self, gboolean is_attached)
{
  nice_agent_attach_recv (self->agent, self->stream, COMPONENT, self->context,
                          is_attached ? on_receive : NULL, self);
}

static gboolean
on_attach (gpointer user_data)
{
  set_attached (user_data, TRUE);
  return G_SOURCE_CONTINUE;
}

static void
on_receive (NiceAgent *agent,
            guint stream,
            guint component,
            guint size,
            char *bytes,
            gpointer user_data)
{
  PhIce *self = user_data;

  ph_slice_go_on (&self->slice, self->attach);
  self->events->received ((const guint8 *)bytes, size, self->user_data);
  if (ph_slice_is_used_up (&self->slice))
    {
      set_attached (self, FALSE);
      ph_timer_arm (self->attach, 0);
    }
}

static void
on_new_remote_candidate (NiceAgent *agent, NiceCandidate *candidate, PhIce *self)
{
  if (++self->n_remote_addresses == MAX_REMOTE_ADDRESSES)
    self->events->flooded (self->user_data);
}

/* Sending */

void
ph_ice_queue (PhIce *self, const guint8 *datagram, gsize size)
{
  if (self->queued_sizes->len >= MAX_QUEUED || size > PH_ICE_MAX_DATAGRAM)
    return;
  g_byte_array_append (self->queued_bytes, datagram, (guint)size);
  g_array_append_val (self->queued_sizes, size);
}

guint
ph_ice_get_queued (PhIce *self)
{
  return self->queued_sizes->len;
}

void
ph_ice_set_runs (PhIce *self, gboolean has_runs)
{
  self->has_runs = has_runs;
}

static gsize
queued_size (PhIce *self, guint index)
{
  return g_array_index (self->queued_sizes, gsize, index);
}

/* How many datagrams from @first on go as segments of one: all of one size, the last may be
 * shorter. Stores their bytes. */
static guint
measure_run (PhIce *self, guint first, gsize *ret_bytes)
{
  gsize segment = queued_size (self, first);
  guint n = 0;

  for (*ret_bytes = 0; first + n < self->queued_sizes->len && n < PH_SEGMENTS_MAX; n++)
    {
      gsize size = queued_size (self, first + n);

      if (size > segment || *ret_bytes + size > PH_SEGMENTS_MAX_BYTES)
        break;
      *ret_bytes += size;
      if (size < segment)
        return n + 1;
    }
  return n;
}

/* FALSE if there is no run worth it, or no way to send one at once. */
static gboolean
send_run (PhIce *self, guint first, gsize offset, guint *ret_sent)
{
  gsize n_bytes;
  guint n;
  PhSegmentsStatus status;

  if (!self->has_runs || self->direct_socket == NULL)
    return FALSE;
  n = measure_run (self, first, &n_bytes);
  if (n < 2)
    return FALSE;
  status =
      ph_segments_send (self->direct_socket, self->direct_to, self->queued_bytes->data + offset,
                        n_bytes, (guint16)queued_size (self, first));
  *ret_sent = status == PH_SEGMENTS_SENT ? n : 0;
  if (status == PH_SEGMENTS_IMPOSSIBLE)
    g_clear_object (&self->direct_socket);
  return status == PH_SEGMENTS_SENT || status == PH_SEGMENTS_AGAIN;
}

/* Through libnice, which knows of relays. Returns how many are done with: what a broken path does
 * not take is lost, as on any network, and only what must wait for room stays. */
static guint
send_singly (PhIce *self, guint first, gsize offset)
{
  g_autoptr (GError) error = NULL;
  NiceOutputMessage messages[64];
  GOutputVector vectors[G_N_ELEMENTS (messages)];
  guint n = MIN (self->queued_sizes->len - first, G_N_ELEMENTS (messages));
  int n_sent;

  for (guint i = 0; i < n; i++)
    {
      gsize size = queued_size (self, first + i);

      vectors[i] = (GOutputVector){ self->queued_bytes->data + offset, size };
      messages[i] = (NiceOutputMessage){ &vectors[i], 1 };
      offset += size;
    }
  n_sent = nice_agent_send_messages_nonblocking (self->agent, self->stream, COMPONENT, messages, n,
                                                 NULL, &error);
  if (n_sent < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return n;
  return n_sent > 0 ? (guint)n_sent : 0;
}

/* Sends some from the @first datagram on; returns how many went. */
static guint
send_batch (PhIce *self, guint first, gsize offset)
{
  guint n_sent = 0;

  if (send_run (self, first, offset, &n_sent))
    return n_sent;
  return send_singly (self, first, offset);
}

static void
drop_queued (PhIce *self, guint n, gsize n_bytes)
{
  if (n == self->queued_sizes->len)
    {
      g_array_set_size (self->queued_sizes, 0);
      if (n_bytes > KEPT_QUEUE_BYTES)
        {
          g_byte_array_unref (self->queued_bytes);
          self->queued_bytes = g_byte_array_new ();
        }
      g_byte_array_set_size (self->queued_bytes, 0);
      return;
    }
  g_array_remove_range (self->queued_sizes, 0, n);
  g_byte_array_remove_range (self->queued_bytes, 0, (guint)n_bytes);
}

/* What the socket does not take now is tried again soon; the queue is bounded meanwhile. */
void
ph_ice_flush (PhIce *self)
{
  guint n = 0;
  gsize n_bytes = 0;

  /* Before there is a pair nothing can go, and trying would not bring one about. */
  if (!self->has_pair)
    return;
  while (n < self->queued_sizes->len)
    {
      guint n_sent = send_batch (self, n, n_bytes);

      if (n_sent == 0)
        break;
      for (guint i = 0; i < n_sent; i++)
        n_bytes += queued_size (self, n + i);
      n += n_sent;
    }
  drop_queued (self, n, n_bytes);
  if (self->queued_sizes->len > 0)
    ph_timer_arm (self->retry, RETRY_MS);
}

static gboolean
on_retry (gpointer user_data)
{
  ph_ice_flush (user_data);
  return G_SOURCE_CONTINUE;
}

/* Life */

static void
configure_servers (PhIce *self)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  if (self->config->has_stun)
    g_object_set (self->agent, "stun-server", ph_address_format (self->config->stun.addr, text),
                  "stun-server-port", (guint)self->config->stun.port, NULL);
  for (guint i = 0; i < self->config->turn->len; i++)
    {
      const PhTurnServer *turn = g_ptr_array_index (self->config->turn, i);

      nice_agent_set_relay_info (
          self->agent, self->stream, COMPONENT, ph_address_format (turn->address.addr, text),
          turn->address.port, turn->user, turn->password,
          turn->transport == PH_TURN_TCP ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
    }
}

/* Without keepalive-conncheck libnice never notices that an address has stopped working. UPnP would
 * change the router's settings behind its owner's back. */
static NiceAgent *
agent_new (GMainContext *context, gboolean is_controlling, gboolean relay_only)
{
  NiceAgent *agent =
      nice_agent_new_full (context, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_NONE);

  g_object_set (agent, "ice-tcp", FALSE, "upnp", FALSE, "keepalive-conncheck", TRUE,
                "controlling-mode", is_controlling, "force-relay", relay_only,
                "stun-max-retransmissions", MAX_OTHER_SENDS, NULL);
  return agent;
}

PhIce *
ph_ice_new (GMainContext *context,
            gboolean is_controlling,
            PhIceConfig *config,
            const PhIceEvents *events,
            gpointer user_data,
            GError **error)
{
  PhIce *self = g_new0 (PhIce, 1);

  self->context = g_main_context_ref (context);
  self->is_controlling = is_controlling;
  self->config = ph_ice_config_ref (config);
  self->events = events;
  self->user_data = user_data;
  self->queued_bytes = g_byte_array_new ();
  self->queued_sizes = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->gathering_limit =
      ph_timer_new (context, "[porthole] ICE gathering", on_gathering_limit, self);
  self->retry = ph_timer_new (context, "[porthole] ICE retry", on_retry, self);
  self->attach = ph_timer_new (context, "[porthole] ICE attach", on_attach, self);
  self->agent = agent_new (context, is_controlling, config->relay_only);
  self->stream = nice_agent_add_stream (self->agent, 1);
  if (self->stream == 0 ||
      !nice_agent_attach_recv (self->agent, self->stream, COMPONENT, context, on_receive, self))
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_FAILED, _ ("ICE cannot be set up"));
      ph_ice_close (self);
      return NULL;
    }
  configure_servers (self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathering_done), self);
  g_signal_connect (self->agent, "new-candidate-full", G_CALLBACK (on_new_candidate), self);
  g_signal_connect (self->agent, "new-remote-candidate-full", G_CALLBACK (on_new_remote_candidate),
                    self);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state_changed), self);
  g_signal_connect (self->agent, "new-selected-pair-full", G_CALLBACK (on_new_pair), self);
  return self;
}

static void
on_agent_closed (GObject *agent, GAsyncResult *result, gpointer user_data)
{
  g_object_unref (agent);
}

void
ph_ice_close (PhIce *self)
{
  g_signal_handlers_disconnect_by_data (self->agent, self);
  if (self->stream != 0)
    nice_agent_attach_recv (self->agent, self->stream, COMPONENT, self->context, NULL, NULL);
  g_clear_pointer (&self->holes, ph_ice_holes_free);
  g_clear_pointer (&self->turn_probe, ph_turn_probe_free);
  g_free (self->turn_error);
  set_max_sends (self, MAX_OTHER_SENDS); /* it waits for the relay's answer to a goodbye */
  nice_agent_close_async (self->agent, on_agent_closed, NULL);
  ph_timer_clear (&self->gathering_limit);
  ph_timer_clear (&self->retry);
  ph_timer_clear (&self->attach);
  g_clear_object (&self->direct_socket);
  g_clear_object (&self->direct_to);
  g_byte_array_unref (self->queued_bytes);
  g_array_unref (self->queued_sizes);
  ph_ice_config_unref (self->config);
  g_main_context_unref (self->context);
  g_free (self);
}
