/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-peer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "core/ph-timer.h"

#include "ph-dtls.h"
#include "ph-sctp.h"

#define GOODBYE_LIMIT_MS 600
#define FLUSH_AT_DATAGRAMS 64
#define MAX_LAST_TURNS 4096 /* of the loop, for a reader that takes a few messages in each */

/* Liveness: a peer that was silent for PROBE_AFTER_MS is asked for a sign of life, every
 * PROBE_EVERY_MS, and is gone PEER_GONE_MS after the first question without an answer. A network
 * that was away for 25 s is survived; a peer that was killed is noticed within 30 s. */
#define PROBE_AFTER_MS 2000
#define PROBE_EVERY_MS 1000
#define PEER_GONE_MS 27000

static const gboolean legal_edges[7][7] = {
  [PH_PEER_NEW] = { [PH_PEER_GATHERING] = TRUE, [PH_PEER_CLOSING] = TRUE, [PH_PEER_CLOSED] = TRUE },
  [PH_PEER_GATHERING] = { [PH_PEER_GATHERED] = TRUE,
                          [PH_PEER_CLOSING] = TRUE,
                          [PH_PEER_CLOSED] = TRUE },
  [PH_PEER_GATHERED] = { [PH_PEER_CONNECTING] = TRUE,
                         [PH_PEER_CLOSING] = TRUE,
                         [PH_PEER_CLOSED] = TRUE },
  [PH_PEER_CONNECTING] = { [PH_PEER_CONNECTED] = TRUE,
                           [PH_PEER_CLOSING] = TRUE,
                           [PH_PEER_CLOSED] = TRUE },
  [PH_PEER_CONNECTED] = { [PH_PEER_CLOSING] = TRUE, [PH_PEER_CLOSED] = TRUE },
  [PH_PEER_CLOSED] = { [PH_PEER_CLOSING] = TRUE },
};

static const char *const state_names[] = {
  [PH_PEER_NEW] = "new",
  [PH_PEER_GATHERING] = "gathering",
  [PH_PEER_GATHERED] = "gathered",
  [PH_PEER_CONNECTING] = "connecting",
  [PH_PEER_CONNECTED] = "connected",
  [PH_PEER_CLOSING] = "closing",
  [PH_PEER_CLOSED] = "closed",
};

/* What the layers below have reported and the pump has yet to act upon. */
typedef enum
{
  PENDING_GATHERED = 1 << 0,
  PENDING_PATH = 1 << 1,
  PENDING_OPENED = 1 << 2,
} Pending;

struct _PhPeer
{
  PhChannel channel;
  PhPeerState state;
  PhPeerRole role;
  GMainContext *context;
  PhCert *cert;
  PhIce *ice;
  PhDtls *dtls; /* from set_remote on */
  PhSctp *sctp; /* from set_remote on */
  GSource *pump;
  Pending pending;
  GError *failure;    /* why it is over, until reported */
  guint n_last_turns; /* before that */
  GSource *limit;     /* of connecting, then of saying goodbye */
  GSource *liveness;
  gint64 last_received_us;
  gint64 unanswered_since_us; /* 0: no question is open */
  PhPath path;
  guint patience_ms; /* 0: none */
  const PhPeerEvents *events;
  gpointer user_data;
  PhPeerDone done;
  gpointer done_data;
};

static void
set_state (PhPeer *self, PhPeerState state)
{
  g_assert (legal_edges[self->state][state]);
  g_debug ("peer %p: %s", (gpointer)self, state_names[state]);
  self->state = state;
}

static void
note (PhPeer *self, Pending what)
{
  self->pending |= what;
  ph_timer_arm (self->pump, 0);
}

/* The first reason counts; what follows from it says less. Takes @error. */
static void
fail (PhPeer *self, GError *error)
{
  if (self->failure != NULL || self->state == PH_PEER_CLOSED)
    {
      g_error_free (error);
      return;
    }
  g_debug ("peer %p fails: %s", (gpointer)self, error->message);
  self->failure = error;
  ph_timer_arm (self->pump, 0);
}

/* The channel */

static PhChannelStatus
channel_send (PhChannel *channel, const guint8 *message, gsize size)
{
  PhPeer *self = (PhPeer *)channel;
  PhChannelStatus status;

  if (self->state != PH_PEER_CONNECTED)
    return PH_CHANNEL_CLOSED;
  status = ph_sctp_send (self->sctp, message, size);
  /* The peer is shutting down; if it never finishes, we do. */
  if (status == PH_CHANNEL_CLOSED && self->failure == NULL)
    ph_timer_arm (self->limit, GOODBYE_LIMIT_MS);
  if (ph_ice_get_queued (self->ice) >= FLUSH_AT_DATAGRAMS)
    ph_ice_flush (self->ice);
  return status;
}

static PhChannelStatus
channel_receive (PhChannel *channel, const guint8 **ret_message, gsize *ret_size)
{
  PhPeer *self = (PhPeer *)channel;

  if (self->state != PH_PEER_CONNECTED)
    return PH_CHANNEL_CLOSED;
  return ph_sctp_receive (self->sctp, ret_message, ret_size);
}

static const PhChannelClass channel_class = { .send = channel_send, .receive = channel_receive };

/* SCTP below the channel */

static void
on_sctp_output (guint8 *packet, gsize size, gpointer user_data)
{
  PhPeer *self = user_data;

  ph_dtls_send (self->dtls, packet, size);
}

static void
on_sctp_opened (gpointer user_data)
{
  note (user_data, PENDING_OPENED);
}

static void
on_sctp_readable (gpointer user_data)
{
  PhPeer *self = user_data;

  if (self->state == PH_PEER_CONNECTED)
    ph_channel_emit_readable (&self->channel);
}

static void
on_sctp_writable (gpointer user_data)
{
  PhPeer *self = user_data;

  if (self->state == PH_PEER_CONNECTED)
    ph_channel_emit_writable (&self->channel);
}

static void
on_sctp_closed (PhSctpEnd end, gpointer user_data)
{
  gboolean has_failed = end == PH_SCTP_END_FAILED;

  fail (user_data, ph_error_new (has_failed ? PH_ERROR_PEER_LOST : PH_ERROR_PEER_ENDED));
}

static const PhSctpEvents sctp_events = {
  .output = on_sctp_output,
  .opened = on_sctp_opened,
  .readable = on_sctp_readable,
  .writable = on_sctp_writable,
  .closed = on_sctp_closed,
};

/* DTLS below SCTP */

static void
on_dtls_output (const guint8 *datagram, gsize size, gpointer user_data)
{
  PhPeer *self = user_data;

  ph_ice_queue (self->ice, datagram, size);
  ph_timer_arm (self->pump, 0);
}

static void
on_dtls_received (const guint8 *plaintext, gsize size, gpointer user_data)
{
  PhPeer *self = user_data;

  self->last_received_us = g_get_monotonic_time ();
  ph_sctp_input (self->sctp, plaintext, size);
}

/* SCTP connects at once, because its first packets may stand in the same datagram. */
static void
on_dtls_connected (gpointer user_data)
{
  PhPeer *self = user_data;
  GError *error = NULL;

  g_debug ("peer %p: DTLS is up", (gpointer)self);
  if (!ph_sctp_connect (self->sctp, &error))
    fail (self, error);
}

static GError *
new_no_path_error (PhPeer *self)
{
  g_autofree char *words = NULL;
  PhNoPathFacts facts;

  ph_ice_get_facts (self->ice, &facts);
  words = ph_no_path_dup_words (&facts);
  return g_error_new_literal (PH_ERROR, PH_ERROR_NO_PATH, words);
}

static void
on_dtls_closed (const GError *error, gpointer user_data)
{
  gboolean is_no_path = ph_error_code (error) == PH_ERROR_NO_PATH;

  fail (user_data, is_no_path ? new_no_path_error (user_data) : g_error_copy (error));
}

static const PhDtlsEvents dtls_events = {
  .output = on_dtls_output,
  .received = on_dtls_received,
  .connected = on_dtls_connected,
  .closed = on_dtls_closed,
};

/* ICE below DTLS */

static void
on_ice_gathered (gpointer user_data)
{
  note (user_data, PENDING_GATHERED);
}

static void
on_ice_connected (const PhPath *path, gpointer user_data)
{
  PhPeer *self = user_data;

  self->path = *path;
  note (self, PENDING_PATH);
}

static void
on_ice_received (const guint8 *datagram, gsize size, gpointer user_data)
{
  PhPeer *self = user_data;

  if (self->dtls != NULL)
    ph_dtls_input (self->dtls, datagram, size);
}

/* Who has come takes no longer than anybody else. */
static void
on_ice_met (gpointer user_data)
{
  PhPeer *self = user_data;

  if (self->state == PH_PEER_CONNECTING)
    ph_timer_arm (self->limit, PH_PEER_CONNECT_LIMIT_MS);
}

static void
on_ice_flooded (gpointer user_data)
{
  fail (user_data, ph_error_new (PH_ERROR_PROTOCOL));
}

static const PhIceEvents ice_events = {
  .gathered = on_ice_gathered,
  .connected = on_ice_connected,
  .received = on_ice_received,
  .met = on_ice_met,
  .flooded = on_ice_flooded,
};

/* Liveness */

static gboolean
on_liveness (gpointer user_data)
{
  PhPeer *self = user_data;
  gint64 now_us = g_get_monotonic_time ();
  gint64 probe_us = self->last_received_us + PROBE_AFTER_MS * 1000ll;

  if (now_us < probe_us)
    {
      self->unanswered_since_us = 0;
      ph_timer_arm_at (self->liveness, probe_us);
      return G_SOURCE_CONTINUE;
    }
  if (self->unanswered_since_us == 0)
    self->unanswered_since_us = now_us;
  if (now_us - self->unanswered_since_us >= PEER_GONE_MS * 1000ll)
    {
      fail (self, ph_error_new (PH_ERROR_PEER_LOST));
      return G_SOURCE_CONTINUE;
    }
  ph_sctp_heartbeat (self->sctp);
  ph_timer_arm (self->liveness, PROBE_EVERY_MS);
  return G_SOURCE_CONTINUE;
}

/* The pump: acts on what was reported, sends what was queued, tells the owner last. */

static void
take_gathered (PhPeer *self)
{
  if (self->state != PH_PEER_GATHERING)
    return;
  set_state (self, PH_PEER_GATHERED);
  self->events->gathered (self->user_data);
}

static void
take_opened (PhPeer *self)
{
  if (self->state != PH_PEER_CONNECTING)
    return;
  set_state (self, PH_PEER_CONNECTED);
  ph_timer_disarm (self->limit);
  ph_timer_arm (self->liveness, PROBE_AFTER_MS);
  self->events->connected (self->user_data);
  /* What came together with the end of the handshake was announced before anybody listened. */
  if (self->state == PH_PEER_CONNECTED)
    ph_channel_emit_readable (&self->channel);
}

static void
take_path (PhPeer *self)
{
  if (self->dtls != NULL)
    ph_dtls_start (self->dtls);
}

/* The goodbye of DTLS overtakes messages that have come and wait to be read, and their reader takes
 * no more in a turn than it has time for. TRUE: it goes on in the next turn. */
static gboolean
deliver_rest (PhPeer *self)
{
  if (self->state != PH_PEER_CONNECTED || self->n_last_turns == MAX_LAST_TURNS ||
      !ph_sctp_has_message (self->sctp))
    return FALSE;
  self->n_last_turns++;
  ph_timer_arm (self->pump, 0);
  ph_channel_emit_readable (&self->channel);
  return TRUE;
}

static void
take_failure (PhPeer *self)
{
  gboolean was_connected = self->state == PH_PEER_CONNECTED;
  g_autoptr (GError) error = NULL;

  if (deliver_rest (self))
    return;
  error = g_steal_pointer (&self->failure);
  set_state (self, PH_PEER_CLOSED);
  ph_timer_disarm (self->limit);
  ph_timer_disarm (self->liveness);
  if (was_connected)
    ph_channel_emit_closed (&self->channel);
  /* The channel's owner may have closed us by now. */
  if (self->state == PH_PEER_CLOSED)
    self->events->closed (error, self->user_data);
}

static void peer_free (PhPeer *self);

/* SCTP, DTLS, ICE, in this order: each may still send through the next. */
static void
tear_down (PhPeer *self)
{
  g_clear_pointer (&self->sctp, ph_sctp_free);
  if (self->dtls != NULL)
    ph_dtls_close (self->dtls);
  ph_ice_flush (self->ice);
  g_clear_pointer (&self->dtls, ph_dtls_free);
  g_clear_pointer (&self->ice, ph_ice_close);
}

static void
continue_closing (PhPeer *self)
{
  PhPeerDone done = self->done;
  gpointer done_data = self->done_data;

  if (self->sctp != NULL && self->failure == NULL &&
      ph_sctp_get_state (self->sctp) == PH_SCTP_SHUTTING_DOWN)
    {
      ph_ice_flush (self->ice);
      return;
    }
  tear_down (self);
  peer_free (self);
  if (done != NULL)
    done (done_data);
}

static gboolean
on_pump (gpointer user_data)
{
  PhPeer *self = user_data;
  Pending pending = self->pending;

  self->pending = 0;
  if (self->state == PH_PEER_CLOSING)
    {
      continue_closing (self);
      return G_SOURCE_CONTINUE;
    }
  if (pending & PENDING_PATH)
    take_path (self);
  ph_ice_flush (self->ice);
  if (pending & PENDING_GATHERED)
    take_gathered (self);
  if (pending & PENDING_OPENED)
    take_opened (self);
  if (self->failure != NULL && self->state != PH_PEER_CLOSING)
    take_failure (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_limit (gpointer user_data)
{
  PhPeer *self = user_data;

  fail (self, self->state == PH_PEER_CONNECTED ? ph_error_new (PH_ERROR_PEER_ENDED)
                                               : new_no_path_error (self));
  return G_SOURCE_CONTINUE;
}

/* Descriptions */

void
ph_peer_set_patient (PhPeer *self, guint patience_ms)
{
  self->patience_ms = self->role == PH_PEER_ANSWERER ? patience_ms : 0;
  ph_ice_set_patient (self->ice);
}

gboolean
ph_peer_gather (PhPeer *self, GError **error)
{
  set_state (self, PH_PEER_GATHERING);
  return ph_ice_gather (self->ice, error);
}

char *
ph_peer_dup_sdp (PhPeer *self, const PhSdp *remote)
{
  PhSdp sdp = { .mid = remote != NULL ? remote->mid : (char *)"0",
                .setup = PH_SDP_SETUP_ACTPASS,
                .sctp_port = PH_SDP_SCTP_PORT,
                .max_message_size = PH_SDP_MAX_MESSAGE_SIZE };
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;

  if (remote != NULL)
    sdp.setup = remote->setup == PH_SDP_SETUP_ACTIVE ? PH_SDP_SETUP_PASSIVE : PH_SDP_SETUP_ACTIVE;
  memcpy (sdp.fingerprint, ph_cert_get_fingerprint (self->cert), sizeof sdp.fingerprint);
  ph_ice_dup_credentials (self->ice, &ufrag, &pwd);
  sdp.ice_ufrag = ufrag;
  sdp.ice_pwd = pwd;
  return ph_sdp_print (&sdp);
}

char **
ph_peer_dup_candidates (PhPeer *self)
{
  g_autoptr (GArray) candidates = ph_ice_dup_candidates (self->ice);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; i < candidates->len; i++)
    {
      g_autofree char *line = ph_sdp_print_candidate (&g_array_index (candidates, PhCandidate, i));

      g_strv_builder_add (lines, line);
    }
  return g_strv_builder_end (lines);
}

static gboolean
check_remote (PhPeer *self, const PhSdp *sdp, GError **error)
{
  if (self->role == PH_PEER_OFFERER && sdp->setup == PH_SDP_SETUP_ACTPASS)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL,
                         _ ("The other side’s answer leaves open who starts DTLS"));
  else if (sdp->sctp_port != PH_SDP_SCTP_PORT)
    g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL, _ ("The other side uses SCTP port %u, not %u"),
                 sdp->sctp_port, PH_SDP_SCTP_PORT);
  else if (sdp->max_message_size != 0 && sdp->max_message_size < PH_FRAME_MAX_SIZE)
    g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL,
                 _ ("The other side takes messages of at most %u bytes; %d are needed"),
                 sdp->max_message_size, PH_FRAME_MAX_SIZE);
  else
    return TRUE;
  return FALSE;
}

/* RFC 8842: the side that is "active" is the DTLS client; to "actpass" we answer "active". */
static PhDtlsRole
dtls_role (const PhSdp *remote)
{
  return remote->setup == PH_SDP_SETUP_ACTIVE ? PH_DTLS_SERVER : PH_DTLS_CLIENT;
}

static GArray *
collect_candidates (const PhSdp *sdp, const char *const *lines)
{
  GArray *candidates = g_array_copy (sdp->candidates);
  PhCandidate candidate;

  for (gsize i = 0; lines[i] != NULL; i++)
    if (ph_sdp_parse_candidate (lines[i], &candidate))
      g_array_append_val (candidates, candidate);
  ph_candidates_keep_best (candidates);
  return candidates;
}

gboolean
ph_peer_set_remote (PhPeer *self,
                    const PhSdp *sdp,
                    const char *const *candidates,
                    gboolean is_ours,
                    GError **error)
{
  g_autoptr (GArray) usable = NULL;
  PhDtlsRole role = dtls_role (sdp);

  if (!check_remote (self, sdp, error))
    return FALSE;
  set_state (self, PH_PEER_CONNECTING);
  self->sctp = ph_sctp_new (self->context, &sctp_events, self, error);
  if (self->sctp == NULL)
    return FALSE;
  self->dtls =
      ph_dtls_new (role, self->cert, sdp->fingerprint, self->context, &dtls_events, self, error);
  usable = collect_candidates (sdp, candidates);
  if (self->dtls == NULL ||
      !ph_ice_set_remote (self->ice, sdp->ice_ufrag, sdp->ice_pwd, usable, error))
    return FALSE;
  ph_ice_set_runs (self->ice, is_ours);
  /* A client's first flight may arrive before our own checks have ended. */
  if (role == PH_DTLS_SERVER)
    ph_dtls_start (self->dtls);
  ph_timer_arm (self->limit, self->patience_ms != 0 ? self->patience_ms : PH_PEER_CONNECT_LIMIT_MS);
  return TRUE;
}

PhChannel *
ph_peer_get_channel (PhPeer *self)
{
  return &self->channel;
}

const PhPath *
ph_peer_get_path (PhPeer *self)
{
  return &self->path;
}

guint32
ph_peer_get_round_trip_us (PhPeer *self)
{
  PhSctpStatus status = { 0 };

  if (self->sctp != NULL)
    ph_sctp_get_status (self->sctp, &status);
  return status.round_trip_us;
}

/* Life */

PhPeer *
ph_peer_new (GMainContext *context,
             PhPeerRole role,
             PhCert *cert,
             PhIceConfig *config,
             const PhPeerEvents *events,
             gpointer user_data,
             GError **error)
{
  PhPeer *self = g_new0 (PhPeer, 1);

  self->channel.klass = &channel_class;
  self->role = role;
  self->context = g_main_context_ref (context);
  self->cert = ph_cert_ref (cert);
  self->events = events;
  self->user_data = user_data;
  self->pump = ph_timer_new (context, "[porthole] peer", on_pump, self);
  self->limit = ph_timer_new (context, "[porthole] peer limit", on_limit, self);
  self->liveness = ph_timer_new (context, "[porthole] peer liveness", on_liveness, self);
  self->ice = ph_ice_new (context, role == PH_PEER_OFFERER, config, &ice_events, self, error);
  if (self->ice == NULL)
    g_clear_pointer (&self, peer_free);
  return self;
}

static void
peer_free (PhPeer *self)
{
  ph_timer_clear (&self->pump);
  ph_timer_clear (&self->limit);
  ph_timer_clear (&self->liveness);
  g_clear_error (&self->failure);
  ph_cert_unref (self->cert);
  g_main_context_unref (self->context);
  g_free (self);
}

void
ph_peer_close (PhPeer *self, PhPeerDone done, gpointer user_data)
{
  gboolean was_connected = self->state == PH_PEER_CONNECTED;

  set_state (self, PH_PEER_CLOSING);
  self->done = done;
  self->done_data = user_data;
  ph_channel_set_events (&self->channel, NULL, NULL);
  ph_timer_disarm (self->liveness);
  if (was_connected)
    {
      ph_sctp_shutdown (self->sctp);
      ph_timer_arm (self->limit, GOODBYE_LIMIT_MS);
    }
  ph_timer_arm (self->pump, 0);
}
