/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"
#include "tunnel/ph-listener.h"

#include "ph-join-private.h"

/* How long calls to the signaling server may hold up the end. */
#define END_LIMIT_MS 500

static const char *const state_names[PH_JOIN_N_STATES] = {
  [PH_JOIN_NEW] = "new",
  [PH_JOIN_JOINING] = "joining",
  [PH_JOIN_WAITING] = "waiting",
  [PH_JOIN_PREPARING] = "preparing",
  [PH_JOIN_CONNECTING] = "connecting",
  [PH_JOIN_CONNECTED] = "connected",
  [PH_JOIN_ENDING] = "ending",
  [PH_JOIN_ENDED] = "ended",
};

static const gboolean legal_edges[PH_JOIN_N_STATES][PH_JOIN_N_STATES] = {
  [PH_JOIN_NEW] = { [PH_JOIN_JOINING] = TRUE, [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_JOINING] = { [PH_JOIN_WAITING] = TRUE,
                        [PH_JOIN_PREPARING] = TRUE,
                        [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_WAITING] = { [PH_JOIN_PREPARING] = TRUE, [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_PREPARING] = { [PH_JOIN_CONNECTING] = TRUE, [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_CONNECTING] = { [PH_JOIN_CONNECTED] = TRUE, [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_CONNECTED] = { [PH_JOIN_ENDING] = TRUE },
  [PH_JOIN_ENDING] = { [PH_JOIN_ENDED] = TRUE },
};

void
ph_join_set_state (PhJoin *self, PhJoinState state)
{
  g_assert (legal_edges[self->state][state]);
  g_debug ("join: %s", state_names[state]);
  self->state = state;
}

/* Ending */

static void
look_whether_over (PhJoin *self)
{
  if (self->state == PH_JOIN_ENDING)
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

  if (self->state >= PH_JOIN_ENDING)
    {
      g_clear_error (&error);
      return;
    }
  self->end_error = error;
  self->is_asking = FALSE;
  ph_join_set_state (self, PH_JOIN_ENDING);
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

  if (self->state != PH_JOIN_ENDING)
    return G_SOURCE_CONTINUE;
  if (g_get_monotonic_time () >= self->end_limit_us)
    g_cancellable_cancel (self->cancellable);
  if (self->is_tunnel_closing || self->is_joining || self->is_leaving)
    {
      ph_timer_arm_at (self->end_timer,
                       g_cancellable_is_cancelled (self->cancellable) ? -1 : self->end_limit_us);
      return G_SOURCE_CONTINUE;
    }
  ph_join_set_state (self, PH_JOIN_ENDED);
  self->events->ended (self->end_error, self->user_data);
  return G_SOURCE_CONTINUE;
}

void
ph_join_end (PhJoin *self)
{
  end_with (self, NULL);
}

/* The tunnel */

static void
on_gathered (gpointer user_data)
{
  ph_join_answer_if_ready (user_data);
}

static void
on_connected (gpointer user_data)
{
  PhJoin *self = user_data;

  ph_join_set_state (self, PH_JOIN_CONNECTED);
  self->was_connected = TRUE;
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (self->is_manual)
    self->events->block (NULL, self->user_data);
  if (self->state != PH_JOIN_CONNECTED) /* whoever heard that may have ended it */
    return;
  self->events->connected (self->host_name, ph_tunnel_get_path (self->tunnel), self->user_data);
  for (guint i = 0; self->state == PH_JOIN_CONNECTED && i < self->listeners->len; i++)
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

/* A list that is none is not worth ending what works. */
static void
on_services (const guint8 *list, gsize size, gpointer user_data)
{
  PhJoin *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhServices) services = ph_services_parse (list, size, &error);

  if (services == NULL)
    {
      g_debug ("join: the Host's services cannot be read: %s", error->message);
      return;
    }
  if (self->state != PH_JOIN_CONNECTED || ph_services_equal (services, self->services))
    return;
  g_clear_pointer (&self->services, ph_services_unref);
  self->services = g_steal_pointer (&services);
  self->events->services (self->services, self->user_data);
}

static void
on_tunnel_ended (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  if (self->is_manual && ph_error_code (error) == PH_ERROR_NO_PATH)
    end_with (self, ph_join_manual_new_nobody_came (self));
  else
    end_with (self, g_error_copy (error));
}

static const PhTunnelEvents tunnel_events = { .gathered = on_gathered,
                                              .connected = on_connected,
                                              .opened = on_connection_opened,
                                              .closed = on_connection_closed,
                                              .services = on_services,
                                              .ended = on_tunnel_ended };

static void
on_servers_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhIceConfig) ice = ph_ice_servers_resolve_finish (result, NULL);
  PhJoin *self = user_data;
  PhTunnelConfig config;
  g_autoptr (GError) error = NULL;

  if (ice == NULL || self->state >= PH_JOIN_ENDING)
    return;
  self->ice = ph_ice_config_ref (ice);
  for (guint i = 0; i < ice->warnings->len; i++)
    self->events->warning ("ice-server", g_ptr_array_index (ice->warnings, i), self->user_data);
  if (self->state >= PH_JOIN_ENDING) /* whoever heard a warning may have ended it */
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
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
      self->state == PH_JOIN_CONNECTING)
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
                           _ ("The Host has no number to compare: the signaling server could stand "
                              "between you. Go on only if that does not matter."),
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
                                         _ ("Not verified: the two numbers were not the same")));
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

void
ph_join_answer_if_ready (PhJoin *self)
{
  g_autoptr (PhHalf) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (self->state != PH_JOIN_PREPARING || self->tunnel == NULL ||
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
  ph_join_set_state (self, PH_JOIN_CONNECTING);
  if (self->is_manual)
    ph_join_manual_hand_out (self, answer);
  else
    send_answer (self, answer);
}

/* The offer */

/* A session with a secret fails closed: whoever cannot make the MAC is not the Host. Nothing else
 * is read before that is known. */
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

static PhHalf *
read_offer (PhJoin *self, const PhSignalHalf *signal, GError **error)
{
  return self->code->has_secret ? ph_half_parse_proven (signal, PH_SIGNAL_TYPE_OFFER, error)
                                : ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, error);
}

static gboolean
take_offer (PhJoin *self, const PhSignalHalf *signal, GError **error)
{
  g_autoptr (PhHalf) offer = read_offer (self, signal, error);
  g_autoptr (PhSdp) sdp = NULL;

  if (offer == NULL || !check_offer (self, offer, error))
    return FALSE;
  sdp = ph_sdp_parse (offer->description->sdp, error);
  if (sdp == NULL)
    return FALSE;
  self->offer = g_steal_pointer (&offer);
  self->offer_sdp = g_steal_pointer (&sdp);
  ph_join_set_state (self, PH_JOIN_PREPARING);
  ph_join_answer_if_ready (self);
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
  else if (self->state == PH_JOIN_WAITING && session->offer != NULL &&
           !take_offer (self, session->offer, &error))
    end_with (self, error);
}

static void
on_session_trouble (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  if (error != NULL)
    self->events->warning ("signal-unreachable",
                           _ ("The signaling server does not answer; it is being tried again."),
                           self->user_data);
  else
    self->events->warning ("signal-back", _ ("The signaling server answers again."),
                           self->user_data);
}

/* Once the answer is there, the Host takes the session away as soon as it is connected. */
static void
on_session_failed (const GError *error, gpointer user_data)
{
  PhJoin *self = user_data;

  g_clear_pointer (&self->watch, ph_signal_watch_free);
  self->is_rejected = TRUE; /* there is nothing left to leave */
  if (self->state < PH_JOIN_CONNECTING)
    end_with (self, g_error_copy (error));
}

static const PhSignalWatchEvents watch_events = { .changed = on_session_changed,
                                                  .trouble = on_session_trouble,
                                                  .failed = on_session_failed };

/* Joining */

/* Our own, in case the server has none: it need not tell us that the session is gone. */
static gboolean
on_wait_limit (gpointer user_data)
{
  PhJoin *self = user_data;

  if (self->state == PH_JOIN_WAITING)
    end_with (self,
              g_error_new_literal (PH_ERROR, PH_ERROR_SESSION_UNKNOWN,
                                   _ ("The Host has not answered for so long that the request "
                                      "has expired. Talk to them, then join again")));
  return G_SOURCE_CONTINUE;
}

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
  if (self->state != PH_JOIN_JOINING)
    {
      leave_session (self); /* ended meanwhile */
      look_whether_over (self);
      return;
    }
  ph_join_set_state (self, PH_JOIN_WAITING);
  ph_timer_arm (self->wait_limit, self->wait_limit_ms);
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
  ph_join_set_state (self, PH_JOIN_JOINING);
  ph_ice_servers_resolve_async (self->servers, self->cancellable, on_servers_resolved, self);
  if (self->is_manual)
    return;
  prove_join (self);
  self->is_joining = TRUE;
  ph_signal_client_join_async (self->signal, self->code->id, self->name, &self->proof,
                               self->cancellable, on_joined, self);
}

PhSessionState
ph_join_get_state (PhJoin *self)
{
  static const PhSessionState states[PH_JOIN_N_STATES] = {
    [PH_JOIN_NEW] = PH_SESSION_STARTING,          [PH_JOIN_JOINING] = PH_SESSION_STARTING,
    [PH_JOIN_WAITING] = PH_SESSION_WAITING,       [PH_JOIN_PREPARING] = PH_SESSION_CONNECTING,
    [PH_JOIN_CONNECTING] = PH_SESSION_CONNECTING, [PH_JOIN_CONNECTED] = PH_SESSION_CONNECTED,
    [PH_JOIN_ENDING] = PH_SESSION_ENDED,          [PH_JOIN_ENDED] = PH_SESSION_ENDED,
  };

  if (self->is_manual && self->state == PH_JOIN_CONNECTING)
    return PH_SESSION_WAITING; /* whether the Host has our answer, nobody tells us */
  return states[self->state];
}

gboolean
ph_join_is_verified (PhJoin *self)
{
  return (self->is_manual || self->code->has_secret) && self->state >= PH_JOIN_CONNECTING;
}

const char *
ph_join_get_host_name (PhJoin *self)
{
  return self->host_name;
}

PhServices *
ph_join_get_services (PhJoin *self)
{
  return self->services;
}

PhTunnel *
ph_join_get_tunnel (PhJoin *self)
{
  return self->state == PH_JOIN_CONNECTED ? self->tunnel : NULL;
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
          _ ("Not verified: this is a session ID without its secret, so nothing would "
             "tell the Host from an impostor. Ask for the whole share code or link, "
             "or allow unverified Hosts and compare the number that is shown"));
      return FALSE;
    }
  if (url == NULL)
    {
      g_set_error_literal (
          error, PH_ERROR, PH_ERROR_INVALID,
          _ ("A share code does not say which signaling server to ask, and none is "
             "configured. Ask the Host for the link (porthole…://), or name the "
             "server yourself"));
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
  self->wait_limit = ph_timer_new (self->context, "[porthole] wait", on_wait_limit, self);
  self->wait_limit_ms =
      options->wait_limit_ms != 0 ? options->wait_limit_ms : PH_JOIN_WAIT_LIMIT_MS;
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
  g_clear_pointer (&self->services, ph_services_unref);
  ph_timer_clear (&self->wait_limit);
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
