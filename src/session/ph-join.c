/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-join.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"
#include "signaling/ph-signal-client.h"
#include "tunnel/ph-listener.h"

#include "ph-block.h"

/* How long calls to the signaling server may hold up the end. */
#define END_LIMIT_MS 500

typedef enum
{
  STATE_NEW,
  STATE_JOINING,    /* servers are looked up, the Host is asked, or its offer is to be pasted */
  STATE_WAITING,    /* for the Host's offer */
  STATE_PREPARING,  /* the offer is there; addresses are being gathered */
  STATE_CONNECTING, /* answered; the peers look for each other */
  STATE_CONNECTED,
  STATE_ENDING,
  STATE_ENDED,
  N_STATES
} State;

static const gboolean legal_edges[N_STATES][N_STATES] = {
  [STATE_NEW] = { [STATE_JOINING] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_JOINING] = { [STATE_WAITING] = TRUE, [STATE_PREPARING] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_WAITING] = { [STATE_PREPARING] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_PREPARING] = { [STATE_CONNECTING] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_CONNECTING] = { [STATE_CONNECTED] = TRUE, [STATE_ENDING] = TRUE },
  [STATE_CONNECTED] = { [STATE_ENDING] = TRUE },
  [STATE_ENDING] = { [STATE_ENDED] = TRUE },
};

struct _PhJoin
{
  State state;
  GMainContext *context;
  PhPoll *poll;
  PhCert *cert;
  PhIceServers *servers;
  PhIceConfig *ice; /* NULL until looked up */
  PhSignalClient *signal;
  PhSignalWatch *watch;
  GCancellable *cancellable;
  PhTunnel *tunnel;
  gboolean is_tunnel_closing;
  GPtrArray *listeners; /* of PhListener */
  PhCode *code;         /* NULL without a server */
  gboolean is_manual;
  guint patience_ms;
  PhBlock *block; /* without a server: the Host's offer, once it is there */
  char *name;
  char *host_name;      /* as it may be shown; NULL until joined */
  char *host_name_sent; /* as it was sent, which is what the MAC covers */
  char id[PH_ID_SIZE];  /* the child session's */
  char *token;
  PhSignalProof proof;
  guint8 key[PH_KEY_SIZE];
  guint8 random[PH_RANDOM_SIZE];
  PhHalf *offer; /* checked; waits for our addresses */
  PhSdp *offer_sdp;
  gboolean compare_number;
  gboolean is_asking; /* whether the numbers are the same */
  gboolean was_connected;
  gboolean is_joining;  /* the call that joins is under way */
  gboolean is_rejected; /* the session is over for the signaling server */
  gboolean is_leaving;  /* the Host is being told that nobody comes */
  GError *end_error;
  GSource *end_timer; /* 0 ms: look whether all is over; END_LIMIT_MS: cut calls short */
  gint64 end_limit_us;
  const PhSessionEvents *events;
  gpointer user_data;
};

static void
set_state (PhJoin *self, State state)
{
  g_assert (legal_edges[self->state][state]);
  self->state = state;
}

/* Ending */

static void
look_whether_over (PhJoin *self)
{
  if (self->state == STATE_ENDING)
    ph_timer_arm (self->end_timer, 0);
}

static void
on_tunnel_gone (gpointer user_data)
{
  PhJoin *self = user_data;

  self->is_tunnel_closing = FALSE;
  look_whether_over (self);
}

static void
on_left (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhJoin *self = user_data;

  /* A rejection that does not arrive ends for the Host when the session expires. */
  ph_signal_client_signal_finish (result, NULL);
  self->is_leaving = FALSE;
  look_whether_over (self);
}

static void
close_tunnel (PhJoin *self)
{
  if (self->tunnel == NULL)
    return;
  for (guint i = 0; i < self->listeners->len; i++)
    ph_listener_set_mux (g_ptr_array_index (self->listeners, i), NULL);
  self->is_tunnel_closing = TRUE;
  ph_tunnel_close (g_steal_pointer (&self->tunnel), PH_CLOSE_SESSION_ENDING, on_tunnel_gone, self);
}

/* Until there is a tunnel to say goodbye through, the Host learns from here that nobody comes: it
 * need not ask its person, nor look for a path, any longer. */
static void
leave_session (PhJoin *self)
{
  PhSignalMessage message = { .type = PH_SIGNAL_TYPE_REJECT, .reason = PH_SIGNAL_REASON_DECLINED };

  /* Without a path each side finds out by itself, and in better words. */
  if (self->id[0] == '\0' || self->was_connected || self->is_rejected ||
      ph_error_code (self->end_error) == PH_ERROR_NO_PATH)
    return;
  if (ph_error_code (self->end_error) == PH_ERROR_NOT_VERIFIED)
    message.reason = PH_SIGNAL_REASON_NOT_VERIFIED;
  self->is_leaving = TRUE;
  ph_signal_client_signal_async (self->signal, self->id, self->token, &message, self->cancellable,
                                 on_left, self);
}

/* Takes @error; NULL: a person on this side wants it. The first reason counts. */
static void
end_with (PhJoin *self, GError *error)
{
  PhError code = ph_error_code (error);

  if (self->state >= STATE_ENDING)
    {
      g_clear_error (&error);
      return;
    }
  self->end_error = error;
  self->is_asking = FALSE;
  set_state (self, STATE_ENDING);
  self->end_limit_us = g_get_monotonic_time () + END_LIMIT_MS * 1000ll;
  leave_session (self);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  close_tunnel (self);
  if (self->was_connected)
    self->events->disconnected (self->host_name,
                                error == NULL || code == PH_ERROR_PEER_ENDED ? "ended"
                                                                             : ph_error_name (code),
                                self->user_data);
  look_whether_over (self);
}

static gboolean
on_end_timer (gpointer user_data)
{
  PhJoin *self = user_data;

  if (self->state != STATE_ENDING)
    return G_SOURCE_CONTINUE;
  if (g_get_monotonic_time () >= self->end_limit_us)
    g_cancellable_cancel (self->cancellable);
  if (self->is_tunnel_closing || self->is_joining || self->is_leaving)
    {
      ph_timer_arm_at (self->end_timer,
                       g_cancellable_is_cancelled (self->cancellable) ? -1 : self->end_limit_us);
      return G_SOURCE_CONTINUE;
    }
  set_state (self, STATE_ENDED);
  self->events->ended (self->end_error, self->user_data);
  return G_SOURCE_CONTINUE;
}

void
ph_join_end (PhJoin *self)
{
  end_with (self, NULL);
}

/* The tunnel */

static void answer_if_ready (PhJoin *self);

static void
on_gathered (gpointer user_data)
{
  answer_if_ready (user_data);
}

static void
on_connected (gpointer user_data)
{
  PhJoin *self = user_data;

  set_state (self, STATE_CONNECTED);
  self->was_connected = TRUE;
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (self->is_manual)
    self->events->block (NULL, self->user_data);
  if (self->state != STATE_CONNECTED) /* whoever heard that may have ended it */
    return;
  self->events->connected (self->host_name, ph_tunnel_get_path (self->tunnel), self->user_data);
  for (guint i = 0; self->state == STATE_CONNECTED && i < self->listeners->len; i++)
    ph_listener_set_mux (g_ptr_array_index (self->listeners, i), ph_tunnel_get_mux (self->tunnel));
}

static void
on_connection_opened (const PhConnectionInfo *info, gpointer user_data)
{
  PhJoin *self = user_data;

  self->events->connection (self->host_name, info, TRUE, self->user_data);
}

static void
on_connection_closed (const PhConnectionInfo *info, gpointer user_data)
{
  PhJoin *self = user_data;

  self->events->connection (self->host_name, info, FALSE, self->user_data);
}

static GError *
new_nobody_came (PhJoin *self)
{
  return g_error_new (
      PH_ERROR, PH_ERROR_NO_PATH,
      "The Host did not come within %u seconds: nobody has pasted the answer there, "
      "or the two computers found no way to reach each other. Ask for a new offer; a "
      "TURN server (--turn) on either side helps where no direct way is open",
      self->patience_ms / 1000);
}

static void
on_tunnel_ended (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  if (self->is_manual && ph_error_code (error) == PH_ERROR_NO_PATH)
    end_with (self, new_nobody_came (self));
  else
    end_with (self, g_error_copy (error));
}

static const PhTunnelEvents tunnel_events = { .gathered = on_gathered,
                                              .connected = on_connected,
                                              .opened = on_connection_opened,
                                              .closed = on_connection_closed,
                                              .ended = on_tunnel_ended };

static void
on_servers_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhIceConfig) ice = ph_ice_servers_resolve_finish (result, NULL);
  PhJoin *self = user_data;
  PhTunnelConfig config;
  g_autoptr (GError) error = NULL;

  if (ice == NULL || self->state >= STATE_ENDING)
    return;
  self->ice = ph_ice_config_ref (ice);
  for (guint i = 0; i < ice->warnings->len; i++)
    self->events->warning ("ice-server", g_ptr_array_index (ice->warnings, i), self->user_data);
  if (self->state >= STATE_ENDING) /* whoever heard a warning may have ended it */
    return;
  config = (PhTunnelConfig){ PH_MUX_CLIENT, self->cert, self->ice,
                             self->poll,    NULL,       self->is_manual ? self->patience_ms : 0 };
  self->tunnel = ph_tunnel_new (&config, &tunnel_events, self, &error);
  if (self->tunnel == NULL)
    end_with (self, g_steal_pointer (&error));
}

/* The answer */

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhJoin *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ph_signal_client_signal_finish (result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && self->state == STATE_CONNECTING)
    end_with (self, g_steal_pointer (&error));
}

static void
prove_answer (PhJoin *self, PhHalf *answer)
{
  PhDescription *description = answer->description;
  PhMacHalf half = ph_half_get_mac_half (answer);

  if (self->code->has_secret)
    {
      ph_code_mac_answer (self->key, self->offer->description->mac, &half, description->mac);
      description->has_mac = TRUE;
    }
  else if (self->offer->description->has_r)
    {
      memcpy (description->r, self->random, PH_RANDOM_SIZE);
      description->has_r = TRUE;
    }
}

static gboolean
is_numbered (PhJoin *self)
{
  return !self->is_manual && !self->code->has_secret && self->offer->description->has_r;
}

/* A server that takes the number away looks just like a Host that has none. */
static void
warn_unless_verified (PhJoin *self)
{
  if (!self->code->has_secret)
    self->events->warning ("unverified",
                           "The Host has no number to compare: the signaling server could stand "
                           "between you. Go on only if that does not matter.",
                           self->user_data);
}

static void
show_number (PhJoin *self)
{
  char number[PH_NUMBER_SIZE];

  if (!is_numbered (self))
    {
      warn_unless_verified (self);
      return;
    }
  ph_code_number (self->offer_sdp->fingerprint, ph_cert_get_fingerprint (self->cert),
                  self->offer->description->r, self->random, number);
  self->is_asking = self->compare_number;
  self->events->verify (self->host_name, number, self->user_data);
}

gboolean
ph_join_answer (PhJoin *self, gboolean is_same)
{
  if (!self->is_asking)
    return FALSE;
  self->is_asking = FALSE;
  if (is_same)
    ph_tunnel_release (self->tunnel);
  else
    end_with (self, g_error_new_literal (PH_ERROR, PH_ERROR_NOT_VERIFIED,
                                         "not verified: the two numbers were not the same"));
  return TRUE;
}

gboolean
ph_join_is_asking (PhJoin *self)
{
  return self->is_asking;
}

static void
send_answer (PhJoin *self, PhHalf *answer)
{
  g_auto (PhSignalMessage) message = { .type = PH_SIGNAL_TYPE_ANSWER };

  prove_answer (self, answer);
  message.half = ph_half_to_signal (answer);
  ph_signal_client_signal_async (self->signal, self->id, self->token, &message, self->cancellable,
                                 on_answered, self);
  show_number (self);
}

static void
hand_out_answer (PhJoin *self, const PhHalf *half)
{
  g_autoptr (PhBlock) answer = ph_block_new_answer (self->name, half, self->block);
  g_autofree char *text = ph_block_print (answer);

  self->events->block (text, self->user_data);
}

/* Once the offer and our own addresses are there, in whichever order. */
static void
answer_if_ready (PhJoin *self)
{
  g_autoptr (PhHalf) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (self->state != STATE_PREPARING || self->tunnel == NULL ||
      !ph_tunnel_is_gathered (self->tunnel))
    return;
  answer = ph_tunnel_describe (self->tunnel, self->offer_sdp);
  if ((self->is_manual && !ph_block_check_half (answer, &error)) ||
      !ph_tunnel_start (self->tunnel, self->offer_sdp, self->offer,
                        self->compare_number && is_numbered (self), &error))
    {
      end_with (self, g_steal_pointer (&error));
      return;
    }
  set_state (self, STATE_CONNECTING);
  if (self->is_manual)
    hand_out_answer (self, answer);
  else
    send_answer (self, answer);
}

/* The offer */

/* A session with a secret fails closed: whoever cannot make the MAC is not the Host. */
static gboolean
check_offer (PhJoin *self, const PhHalf *offer, GError **error)
{
  PhMacHalf half = ph_half_get_mac_half (offer);
  guint8 mac[PH_MAC_SIZE];

  if (!self->code->has_secret)
    return TRUE;
  ph_code_mac_offer (self->key, self->code->id, self->id, self->proof.nonce, self->host_name_sent,
                     &half, mac);
  if (offer->description->has_mac && ph_code_equal (offer->description->mac, mac, sizeof mac))
    return TRUE;
  g_propagate_error (error, ph_error_new (PH_ERROR_NOT_VERIFIED));
  return FALSE;
}

static const char *
find_paste_fault (PhJoin *self)
{
  if (!self->is_manual)
    return "This session was joined by its code; an offer is for “join --manual”";
  if (self->state == STATE_NEW || self->state >= STATE_ENDING)
    return "The session has ended";
  if (self->state == STATE_CONNECTED)
    return "There is nothing to be pasted any more: the Host is connected";
  return NULL;
}

/* Once an offer has been answered, the Host is waited for: a second one would be for another wait.
 */
static gboolean
check_first (PhJoin *self, const PhBlock *offer, GError **error)
{
  const char *fault =
      self->block == NULL ? NULL
      : ph_block_is_same_pairing (self->block, offer)
          ? "That offer has been answered: send the answer to the Host, who pastes it"
          : "Another offer has been answered already. To take this one instead, quit and join "
            "again";

  if (fault != NULL)
    g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
  return fault == NULL;
}

static PhBlock *
parse_offer (PhJoin *self, const char *text, GError **error)
{
  PhBlock *offer = ph_block_parse (text, PH_BLOCK_OFFER, error);
  g_autoptr (PhBlock) own = offer == NULL ? ph_block_parse (text, PH_BLOCK_ANSWER, NULL) : NULL;

  if (own == NULL || self->block == NULL || !ph_block_is_same_pairing (own, self->block))
    return offer;
  g_clear_error (error);
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       "That is your own answer. Send it to the Host, who pastes it");
  return NULL;
}

gboolean
ph_join_paste (PhJoin *self, const char *text, GError **error)
{
  const char *fault = find_paste_fault (self);
  g_autoptr (PhBlock) offer = NULL;

  if (fault != NULL)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, fault);
      return FALSE;
    }
  offer = parse_offer (self, text, error);
  if (offer == NULL || !check_first (self, offer, error) ||
      !ph_block_check_age (offer, g_get_real_time () / G_USEC_PER_SEC, error))
    return FALSE;
  self->offer = ph_block_dup_half (offer);
  self->offer_sdp = ph_sdp_parse (self->offer->description->sdp, NULL); /* it was checked so */
  self->host_name = g_strdup (*offer->name != '\0' ? offer->name : "somebody");
  self->block = g_steal_pointer (&offer);
  set_state (self, STATE_PREPARING);
  answer_if_ready (self);
  return TRUE;
}

static gboolean
take_offer (PhJoin *self, const PhSignalHalf *signal, GError **error)
{
  g_autoptr (PhHalf) offer = ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, error);
  g_autoptr (PhSdp) sdp = NULL;

  if (offer == NULL)
    return FALSE;
  sdp = ph_sdp_parse (offer->description->sdp, error);
  if (sdp == NULL || !check_offer (self, offer, error))
    return FALSE;
  self->offer = g_steal_pointer (&offer);
  self->offer_sdp = g_steal_pointer (&sdp);
  set_state (self, STATE_PREPARING);
  answer_if_ready (self);
  return TRUE;
}

static void
on_session_changed (const PhSignalSession *session, gpointer user_data)
{
  PhJoin *self = user_data;
  GError *error = NULL;

  if (session->status == PH_SIGNAL_REJECTED)
    {
      self->is_rejected = TRUE;
      end_with (self, ph_error_new ((PhError)ph_signal_reason_error (session->reason)));
    }
  else if (self->state == STATE_WAITING && session->offer != NULL &&
           !take_offer (self, session->offer, &error))
    end_with (self, error);
}

static void
on_session_trouble (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  if (error != NULL)
    self->events->warning ("signal-unreachable",
                           "The signaling server does not answer; it is being tried again.",
                           self->user_data);
  else
    self->events->warning ("signal-back", "The signaling server answers again.", self->user_data);
}

/* Once the answer is there, the Host takes the session away as soon as it is connected. */
static void
on_session_failed (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  g_clear_pointer (&self->watch, ph_signal_watch_free);
  self->is_rejected = TRUE; /* there is nothing left to leave */
  if (self->state < STATE_CONNECTING)
    end_with (self, g_error_copy (error));
}

static const PhSignalWatchEvents watch_events = { .changed = on_session_changed,
                                                  .trouble = on_session_trouble,
                                                  .failed = on_session_failed };

/* Joining */

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhJoin *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalSession) session = ph_signal_client_join_finish (result, &error);

  self->is_joining = FALSE;
  if (session == NULL)
    {
      end_with (self, g_steal_pointer (&error));
      look_whether_over (self);
      return;
    }
  g_strlcpy (self->id, session->id, sizeof self->id);
  self->token = g_strdup (session->token);
  self->host_name_sent = g_strdup (session->host);
  self->host_name = ph_text_clean (session->host, -1, PH_TEXT_MAX_NAME);
  if (self->state != STATE_JOINING)
    {
      leave_session (self); /* ended meanwhile */
      look_whether_over (self);
      return;
    }
  set_state (self, STATE_WAITING);
  self->watch = ph_signal_watch_new (self->signal, self->id, self->token, 0, &watch_events, self);
}

/* With the share code the join proves that we hold it; without, it commits to a number that two
 * people compare later. */
static void
prove_join (PhJoin *self)
{
  PhSignalProof *proof = &self->proof;

  proof->has_nonce = TRUE;
  ph_code_draw (proof->nonce, sizeof proof->nonce);
  proof->has_mac = self->code->has_secret;
  proof->has_commit = !self->code->has_secret;
  if (self->code->has_secret)
    {
      ph_code_derive_key (self->code->secret, self->key);
      ph_code_mac_join (self->key, self->code->id, proof->nonce, self->name, proof->mac);
      return;
    }
  ph_code_draw (self->random, sizeof self->random);
  ph_code_commit (ph_cert_get_fingerprint (self->cert), self->random, proof->commit);
}

void
ph_join_start (PhJoin *self)
{
  set_state (self, STATE_JOINING);
  ph_ice_servers_resolve_async (self->servers, self->cancellable, on_servers_resolved, self);
  if (self->is_manual)
    return;
  prove_join (self);
  self->is_joining = TRUE;
  ph_signal_client_join_async (self->signal, self->code->id, self->name, &self->proof,
                               self->cancellable, on_joined, self);
}

/* Mappings */

/* After `ended` nothing more may be heard. */
static gboolean
check_going_on (PhJoin *self, GError **error)
{
  if (self->state < STATE_ENDING)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, "The session has ended");
  return FALSE;
}

gboolean
ph_join_map (PhJoin *self, const char *text, GError **error)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse (text, error);
  g_autoptr (GError) failure = NULL;
  g_autofree char *remote = NULL;
  char local[PH_ENDPOINT_TEXT_SIZE];
  PhListener *listener;

  if (mapping == NULL || !check_going_on (self, error))
    return FALSE;
  remote = ph_destination_dup_text (&mapping->remote);
  listener = ph_listener_new (self->poll, mapping, &failure);
  if (listener == NULL)
    {
      self->events->mapping (ph_endpoint_format (&mapping->local, local), remote, PH_MAPPING_FAILED,
                             failure->message, self->user_data);
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  g_ptr_array_add (self->listeners, listener);
  if (self->state == STATE_CONNECTED)
    ph_listener_set_mux (listener, ph_tunnel_get_mux (self->tunnel));
  self->events->mapping (ph_endpoint_format (ph_listener_get_local (listener), local), remote,
                         PH_MAPPING_LISTENING, NULL, self->user_data);
  return TRUE;
}

gboolean
ph_join_is_meant (const PhEndpoint *local, const char *text)
{
  PhEndpoint endpoint;
  guint16 port;

  if (ph_port_parse (text, &port))
    return local->port == port;
  return ph_endpoint_parse (text, &endpoint, NULL) && ph_endpoint_equal (local, &endpoint);
}

static void
close_listener (PhJoin *self, PhListener *listener)
{
  g_autofree char *remote = ph_destination_dup_text (&ph_listener_get_mapping (listener)->remote);
  char local[PH_ENDPOINT_TEXT_SIZE];

  ph_endpoint_format (ph_listener_get_local (listener), local);
  ph_listener_set_mux (listener, NULL);
  if (self->state == STATE_CONNECTED)
    ph_mux_close_owner (ph_tunnel_get_mux (self->tunnel), listener, PH_CLOSE_RESET);
  ph_listener_free (listener);
  self->events->mapping (local, remote, PH_MAPPING_REMOVED, NULL, self->user_data);
}

/* Whoever hears of one that is gone may map and unmap others, so all are taken out before. */
gboolean
ph_join_unmap (PhJoin *self, const char *text, GError **error)
{
  g_autoptr (GPtrArray) meant = g_ptr_array_new ();

  if (!check_going_on (self, error))
    return FALSE;
  for (guint i = self->listeners->len; i-- > 0;)
    if (ph_join_is_meant (ph_listener_get_local (g_ptr_array_index (self->listeners, i)), text))
      g_ptr_array_add (meant, g_ptr_array_steal_index (self->listeners, i));
  if (meant->len == 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "Nothing is mapped on “%s”; give the local port of a mapping, like 8000", text);
      return FALSE;
    }
  for (guint i = 0; i < meant->len; i++)
    close_listener (self, g_ptr_array_index (meant, i));
  return TRUE;
}

PhSessionState
ph_join_get_state (PhJoin *self)
{
  static const PhSessionState states[N_STATES] = {
    [STATE_NEW] = PH_SESSION_STARTING,          [STATE_JOINING] = PH_SESSION_STARTING,
    [STATE_WAITING] = PH_SESSION_WAITING,       [STATE_PREPARING] = PH_SESSION_CONNECTING,
    [STATE_CONNECTING] = PH_SESSION_CONNECTING, [STATE_CONNECTED] = PH_SESSION_CONNECTED,
    [STATE_ENDING] = PH_SESSION_ENDED,          [STATE_ENDED] = PH_SESSION_ENDED,
  };

  if (self->is_manual && self->state == STATE_CONNECTING)
    return PH_SESSION_WAITING; /* whether the Host has our answer, nobody tells us */
  return states[self->state];
}

gboolean
ph_join_is_verified (PhJoin *self)
{
  return (self->is_manual || self->code->has_secret) && self->state >= STATE_CONNECTING;
}

const char *
ph_join_get_host_name (PhJoin *self)
{
  return self->host_name;
}

PhTunnel *
ph_join_get_tunnel (PhJoin *self)
{
  return self->state == STATE_CONNECTED ? self->tunnel : NULL;
}

/* Life */

static gboolean
set_up_signaling (PhJoin *self, const PhJoinOptions *options, GError **error)
{
  const char *url = self->code->server != NULL ? self->code->server : options->signal;

  if (!self->code->has_secret && !options->allow_unverified)
    {
      g_set_error_literal (
          error, PH_ERROR, PH_ERROR_NOT_VERIFIED,
          "not verified: this is a session ID without its secret, so nothing would "
          "tell the Host from an impostor. Ask for the whole share code or link, "
          "or use --allow-unverified and compare the number that is shown");
      return FALSE;
    }
  if (url == NULL)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "A share code does not say which signaling server to ask, and none is "
                           "configured. Ask the Host for the link (porthole…://), or name the "
                           "server with --signal");
      return FALSE;
    }
  self->signal = ph_signal_client_new (url, error);
  return self->signal != NULL;
}

static gboolean
set_up (PhJoin *self, const PhJoinOptions *options, GError **error)
{
  if (!self->is_manual && !set_up_signaling (self, options, error))
    return FALSE;
  self->cert = ph_cert_new (error);
  if (self->cert == NULL)
    return FALSE;
  self->poll = ph_poll_new (self->context, error);
  return self->poll != NULL;
}

PhJoin *
ph_join_new (const PhJoinOptions *options,
             const PhSessionEvents *events,
             gpointer user_data,
             GError **error)
{
  g_autoptr (PhJoin) self = g_new0 (PhJoin, 1);

  self->context = g_main_context_ref_thread_default ();
  self->events = events;
  self->user_data = user_data;
  self->is_manual = options->is_manual;
  self->patience_ms = options->patience_ms != 0 ? options->patience_ms : PH_BLOCK_WAIT_MS;
  if (!self->is_manual)
    self->code =
        ph_code_new (options->code->id, options->code->has_secret ? options->code->secret : NULL,
                     options->code->server);
  self->compare_number = options->compare_number;
  self->name = ph_text_clean (options->name, -1, PH_TEXT_MAX_NAME);
  self->servers = ph_ice_servers_ref (options->servers);
  self->cancellable = g_cancellable_new ();
  self->end_timer = ph_timer_new (self->context, "[porthole] join end", on_end_timer, self);
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify)ph_listener_free);
  if (!set_up (self, options, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ph_join_free (PhJoin *self)
{
  g_return_if_fail (self->tunnel == NULL && !self->is_tunnel_closing);

  g_cancellable_cancel (self->cancellable);
  g_ptr_array_unref (self->listeners);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  g_clear_pointer (&self->signal, ph_signal_client_free);
  g_clear_pointer (&self->ice, ph_ice_config_unref);
  g_clear_pointer (&self->cert, ph_cert_unref);
  g_clear_pointer (&self->poll, ph_poll_free);
  g_clear_pointer (&self->offer, ph_half_free);
  g_clear_pointer (&self->offer_sdp, ph_sdp_free);
  g_clear_pointer (&self->block, ph_block_free);
  ph_timer_clear (&self->end_timer);
  g_clear_error (&self->end_error);
  ph_ice_servers_unref (self->servers);
  ph_code_free (self->code);
  g_object_unref (self->cancellable);
  g_main_context_unref (self->context);
  g_free (self->host_name);
  g_free (self->host_name_sent);
  g_free (self->token);
  g_free (self->name);
  g_free (self);
}
