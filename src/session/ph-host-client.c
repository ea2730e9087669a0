/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-host-client.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

typedef enum
{
  STATE_ASKING,     /* the person is asked whether to let it in */
  STATE_PREPARING,  /* approved; addresses are being gathered */
  STATE_OFFERED,    /* waiting for its answer */
  STATE_CONNECTING, /* answered; the peers look for each other */
  STATE_CONNECTED,
  STATE_LEAVING,
  N_STATES
} State;

static const char *const state_names[N_STATES] = {
  [STATE_ASKING] = "asking",         [STATE_PREPARING] = "preparing", [STATE_OFFERED] = "offered",
  [STATE_CONNECTING] = "connecting", [STATE_CONNECTED] = "connected", [STATE_LEAVING] = "leaving",
};

static const gboolean legal_edges[N_STATES][N_STATES] = {
  [STATE_ASKING] = { [STATE_PREPARING] = TRUE, [STATE_LEAVING] = TRUE },
  [STATE_PREPARING] = { [STATE_OFFERED] = TRUE, [STATE_LEAVING] = TRUE },
  [STATE_OFFERED] = { [STATE_CONNECTING] = TRUE, [STATE_LEAVING] = TRUE },
  [STATE_CONNECTING] = { [STATE_CONNECTED] = TRUE, [STATE_LEAVING] = TRUE },
  [STATE_CONNECTED] = { [STATE_LEAVING] = TRUE },
};

struct _PhHostClient
{
  PhHostClientEnv env;
  State state;
  char *name;          /* NULL: an offer nobody has answered */
  char id[PH_ID_SIZE]; /* the child session's */
  PhSignalProof proof;
  gboolean is_verified; /* by the join's MAC */
  gboolean is_numbered; /* the two people compare a number instead */
  guint64 question;     /* 0: none is open */
  guint8 random[PH_RANDOM_SIZE];
  guint8 offer_mac[PH_MAC_SIZE];
  PhSignalWatch *watch;
  GCancellable *offering; /* ends the call that carries the offer */
  GSource *answer_limit;
  PhBlock *offer;        /* where there is no server; NULL until made */
  PhTunnel *tunnel;      /* NULL once it is closing */
  gboolean is_rejecting; /* a rejection is on its way to the server */
  guint n_leaving;       /* what still has to end before it is gone */
};

static void
set_state (PhHostClient *self, State state)
{
  g_assert (legal_edges[self->state][state]);
  g_debug ("client %p: %s", (gpointer)self, state_names[state]);
  self->state = state;
}

static void
host_client_clear (gpointer data)
{
  PhHostClient *self = data;

  g_clear_object (&self->offering);
  g_clear_pointer (&self->offer, ph_block_free);
  g_free (self->name);
}

void
ph_host_client_unref (PhHostClient *self)
{
  g_rc_box_release_full (self, host_client_clear);
}

/* Questions */

static void
ask (PhHostClient *self)
{
  static guint64 last_question = 0;

  self->question = ++last_question;
  self->env.asked (self, self->env.host);
}

gboolean
ph_host_client_is_asking (PhHostClient *self)
{
  return self->question != 0;
}

gboolean
ph_host_client_is_comparing (PhHostClient *self)
{
  return self->question != 0 && self->state != STATE_ASKING;
}

guint64
ph_host_client_get_question (PhHostClient *self)
{
  return self->question;
}

/* Leaving */

static void
end_step (PhHostClient *self)
{
  if (--self->n_leaving == 0)
    self->env.gone (self, self->env.host);
}

static void
on_tunnel_gone (gpointer user_data)
{
  end_step (user_data);
}

static void
leave (PhHostClient *self, PhCloseReason reason, const char *word)
{
  PhTunnel *tunnel = g_steal_pointer (&self->tunnel);

  set_state (self, STATE_LEAVING);
  if (self->question != 0)
    self->env.withdrawn (self->env.host);
  self->question = 0;
  ph_timer_clear (&self->answer_limit);
  g_cancellable_cancel (self->offering);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  self->n_leaving++;
  ph_tunnel_close (tunnel, reason, on_tunnel_gone, self);
  if (self->name != NULL)
    self->env.events->disconnected (self->name, word, self->env.events_data);
  else
    self->env.offered (self, NULL, self->env.host);
}

static void
on_rejected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhHostClient *self = user_data;

  /* A rejection that does not arrive ends for the Client when its session expires. */
  ph_signal_client_signal_finish (result, NULL);
  self->is_rejecting = FALSE;
  end_step (self);
  ph_host_client_unref (self);
}

/* Says no in words the Client understands, and leaves. Without a server there is nobody to tell. */
static void
reject (PhHostClient *self, PhSignalReason reason, const char *word)
{
  PhSignalMessage message = { .type = PH_SIGNAL_TYPE_REJECT, .reason = reason };

  if (self->env.signal == NULL)
    {
      leave (self, PH_CLOSE_SESSION_ENDING, word);
      return;
    }
  self->n_leaving++;
  self->is_rejecting = TRUE;
  ph_signal_client_signal_async (self->env.signal, self->id, self->env.token, &message,
                                 self->env.cancellable, on_rejected, g_rc_box_acquire (self));
  leave (self, PH_CLOSE_SESSION_ENDING, word);
}

void
ph_host_client_leave (PhHostClient *self, PhCloseReason reason, const char *word)
{
  if (self->state == STATE_LEAVING)
    return;
  if (self->state < STATE_CONNECTED)
    reject (self, PH_SIGNAL_REASON_DECLINED, word);
  else
    leave (self, reason, word);
}

static void
leave_with_error (PhHostClient *self, const GError *error)
{
  const char *name = self->name != NULL ? self->name : _ ("The offer cannot be made");
  g_autofree char *message = g_strdup_printf ("%s: %s", name, error->message);
  PhError code = ph_error_code (error);

  if (self->state == STATE_LEAVING)
    return;
  if (code != PH_ERROR_PEER_ENDED)
    self->env.events->warning (ph_error_name (code), message, self->env.events_data);
  if (self->state == STATE_LEAVING) /* whoever heard the warning may have ended it */
    return;
  if (code == PH_ERROR_NOT_VERIFIED)
    reject (self, PH_SIGNAL_REASON_NOT_VERIFIED, ph_error_name (code));
  else if (code == PH_ERROR_PROTOCOL && self->state < STATE_CONNECTING)
    reject (self, PH_SIGNAL_REASON_DECLINED, ph_error_name (code));
  else
    leave (self, PH_CLOSE_SESSION_ENDING,
           code == PH_ERROR_PEER_ENDED ? "ended" : ph_error_name (code));
}

/* The offer */

/* Its place is somebody else's. */
static gboolean
on_answer_limit (gpointer user_data)
{
  PhHostClient *self = user_data;

  if (self->state == STATE_OFFERED)
    reject (self, PH_SIGNAL_REASON_DECLINED, "left");
  return G_SOURCE_CONTINUE;
}

static void
on_offered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhHostClient) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ph_signal_client_signal_finish (result, &error) && self->state == STATE_OFFERED)
    leave_with_error (self, error);
}

static void
prove_offer (PhHostClient *self, PhHalf *offer)
{
  PhDescription *description = offer->description;
  PhMacHalf half = ph_half_get_mac_half (offer);

  if (self->is_verified)
    {
      ph_code_mac_offer (self->env.key, self->env.parent_id, self->id, self->proof.nonce,
                         self->env.host_name, &half, self->offer_mac);
      memcpy (description->mac, self->offer_mac, PH_MAC_SIZE);
      description->has_mac = TRUE;
    }
  if (self->is_numbered)
    {
      ph_code_draw (self->random, sizeof self->random);
      memcpy (description->r, self->random, PH_RANDOM_SIZE);
      description->has_r = TRUE;
    }
}

static void
send_offer (PhHostClient *self, PhHalf *offer)
{
  g_auto (PhSignalMessage) message = { .type = PH_SIGNAL_TYPE_OFFER };

  ph_timer_arm (self->answer_limit, self->env.answer_limit_ms);
  prove_offer (self, offer);
  message.half = ph_half_to_signal (offer);
  ph_signal_client_signal_async (self->env.signal, self->id, self->env.token, &message,
                                 self->offering, on_offered, g_rc_box_acquire (self));
}

static void
hand_out_offer (PhHostClient *self, const PhHalf *half)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!ph_block_check_half (half, &error))
    {
      leave_with_error (self, error);
      return;
    }
  self->offer = ph_block_new_offer (self->env.host_name, half);
  text = ph_block_print (self->offer);
  self->env.offered (self, text, self->env.host);
}

/* Once the person has said yes and the addresses are there, in whichever order. */
static void
offer_if_ready (PhHostClient *self)
{
  g_autoptr (PhHalf) offer = NULL;

  if (self->state != STATE_PREPARING || !ph_tunnel_is_gathered (self->tunnel))
    return;
  set_state (self, STATE_OFFERED);
  offer = ph_tunnel_describe (self->tunnel, NULL);
  if (self->env.signal != NULL)
    send_offer (self, offer);
  else
    hand_out_offer (self, offer);
}

void
ph_host_client_answer (PhHostClient *self, gboolean is_approved)
{
  if (self->question == 0)
    return;
  self->question = 0;
  if (!is_approved && self->state == STATE_ASKING)
    reject (self, PH_SIGNAL_REASON_DECLINED, "declined");
  else if (!is_approved && self->state < STATE_CONNECTED)
    reject (self, PH_SIGNAL_REASON_NOT_VERIFIED, "declined"); /* the number is not the same */
  else if (!is_approved)
    leave (self, PH_CLOSE_SESSION_ENDING, "declined");
  else if (self->state == STATE_ASKING)
    {
      set_state (self, STATE_PREPARING);
      offer_if_ready (self);
    }
  else
    ph_tunnel_release (self->tunnel);
}

/* The answer */

static gboolean
set_not_verified (GError **error, const char *why)
{
  g_set_error (error, PH_ERROR, PH_ERROR_NOT_VERIFIED, _ ("Not verified: %s"), why);
  return FALSE;
}

static gboolean
check_answer_mac (PhHostClient *self, const PhHalf *answer, GError **error)
{
  PhMacHalf half = ph_half_get_mac_half (answer);
  guint8 mac[PH_MAC_SIZE];

  ph_code_mac_answer (self->env.key, self->offer_mac, &half, mac);
  if (!answer->description->has_mac || !ph_code_equal (answer->description->mac, mac, sizeof mac))
    return set_not_verified (error, _ ("the answer was not made with this session’s share code"));
  return TRUE;
}

static gboolean
check_commit (PhHostClient *self, const PhHalf *answer, const PhSdp *sdp, GError **error)
{
  guint8 commit[PH_COMMIT_SIZE];

  ph_code_commit (sdp->fingerprint, answer->description->r, commit);
  if (!answer->description->has_r || !ph_code_equal (commit, self->proof.commit, sizeof commit))
    return set_not_verified (error, _ ("the answer is not the one that was committed to"));
  return TRUE;
}

/* Both people see the number; nothing goes through before ours has said that it is the same. */
static void
show_number (PhHostClient *self, const PhHalf *answer, const PhSdp *sdp)
{
  char number[PH_NUMBER_SIZE];

  ph_code_number (ph_cert_get_fingerprint (self->env.tunnel.cert), sdp->fingerprint, self->random,
                  answer->description->r, number);
  self->env.events->verify (self->name, number, self->env.events_data);
  if (self->state == STATE_CONNECTING) /* whoever heard the number may have ended it */
    ask (self);
}

static PhHalf *
read_answer (PhHostClient *self, const PhSignalHalf *signal, GError **error)
{
  return self->is_verified || self->is_numbered
             ? ph_half_parse_proven (signal, PH_SIGNAL_TYPE_ANSWER, error)
             : ph_half_parse (signal, PH_SIGNAL_TYPE_ANSWER, error);
}

static gboolean
take_answer (PhHostClient *self, const PhSignalHalf *signal, GError **error)
{
  g_autoptr (PhHalf) answer = read_answer (self, signal, error);
  g_autoptr (PhSdp) sdp = NULL;

  if (answer == NULL || (self->is_verified && !check_answer_mac (self, answer, error)))
    return FALSE;
  sdp = ph_sdp_parse (answer->description->sdp, error);
  if (sdp == NULL || (self->is_numbered && !check_commit (self, answer, sdp, error)) ||
      !ph_tunnel_start (self->tunnel, sdp, answer, self->is_numbered, error))
    return FALSE;
  set_state (self, STATE_CONNECTING);
  if (self->is_numbered)
    show_number (self, answer, sdp);
  return TRUE;
}

gboolean
ph_host_client_take_answer (PhHostClient *self,
                            const PhBlock *answer,
                            const char *name,
                            GError **error)
{
  g_autoptr (PhHalf) half = ph_block_dup_half (answer);

  if (!ph_block_check_answer (answer, self->offer, error))
    return FALSE;
  if (!ph_tunnel_start (self->tunnel, answer->sdp, half, FALSE, error))
    {
      leave (self, PH_CLOSE_SESSION_ENDING, "failed");
      return FALSE;
    }
  self->name = g_strdup (name);
  set_state (self, STATE_CONNECTING);
  return TRUE;
}

/* Our own rejections are not watched, so this is the Client's. */
static void
take_rejection (PhHostClient *self, PhSignalReason reason)
{
  g_autoptr (GError) error = NULL;

  if (reason != PH_SIGNAL_REASON_NOT_VERIFIED)
    {
      leave (self, PH_CLOSE_SESSION_ENDING, "left");
      return;
    }
  set_not_verified (&error, _ ("the Client could not make sure that the offer is ours"));
  leave_with_error (self, error);
}

static void
on_session_changed (const PhSignalSession *session, gpointer user_data)
{
  PhHostClient *self = user_data;
  g_autoptr (GError) error = NULL;

  if (session->status == PH_SIGNAL_REJECTED)
    take_rejection (self, session->reason);
  else if (self->state == STATE_OFFERED && session->answer != NULL &&
           !take_answer (self, session->answer, &error))
    leave_with_error (self, error);
}

/* A session the server has forgotten ends only what still needs it. */
static void
on_session_failed (const GError *error, gpointer user_data)
{
  PhHostClient *self = user_data;

  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (self->state < STATE_CONNECTING)
    leave (self, PH_CLOSE_SESSION_ENDING, "left");
}

static const PhSignalWatchEvents watch_events = { .changed = on_session_changed,
                                                  .failed = on_session_failed };

/* The tunnel */

static void
on_gathered (gpointer user_data)
{
  offer_if_ready (user_data);
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhHostClient) self = user_data;

  ph_signal_client_delete_finish (result, NULL); /* what stays there expires */
}

static void
on_connected (gpointer user_data)
{
  PhHostClient *self = user_data;

  set_state (self, STATE_CONNECTED);
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  if (self->env.signal != NULL)
    ph_signal_client_delete_async (self->env.signal, self->id, self->env.token,
                                   self->env.cancellable, on_deleted, g_rc_box_acquire (self));
  self->env.connected (self, self->env.host);
  self->env.events->connected (self->name, ph_tunnel_get_path (self->tunnel),
                               self->env.events_data);
}

static void
on_connection_opened (const PhConnectionInfo *info, gpointer user_data)
{
  PhHostClient *self = user_data;

  self->env.events->connection (self->name, info, TRUE, self->env.events_data);
}

static void
on_connection_closed (const PhConnectionInfo *info, gpointer user_data)
{
  PhHostClient *self = user_data;

  self->env.events->connection (self->name, info, FALSE, self->env.events_data);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  leave_with_error (user_data, error);
}

static const PhTunnelEvents tunnel_events = { .gathered = on_gathered,
                                              .connected = on_connected,
                                              .opened = on_connection_opened,
                                              .closed = on_connection_closed,
                                              .ended = on_ended };

PhHostClient *
ph_host_client_new (const PhHostClientEnv *env,
                    const PhSignalJoin *join,
                    const char *name,
                    gboolean is_verified,
                    GError **error)
{
  g_autoptr (PhHostClient) self = g_rc_box_new0 (PhHostClient);

  self->env = *env;
  self->offering = g_cancellable_new ();
  self->name = g_strdup (name);
  self->proof = join->proof;
  self->is_verified = is_verified;
  self->is_numbered = !is_verified && join->proof.has_commit;
  g_strlcpy (self->id, join->id, sizeof self->id);
  self->tunnel = ph_tunnel_new (&env->tunnel, &tunnel_events, self, error);
  if (self->tunnel == NULL)
    return NULL;
  self->answer_limit = ph_timer_new (ph_poll_get_context (env->tunnel.poll), "[porthole] answer",
                                     on_answer_limit, self);
  self->watch = ph_signal_watch_new (env->signal, self->id, env->token, 0, &watch_events, self);
  return g_steal_pointer (&self);
}

PhHostClient *
ph_host_client_new_manual (const PhHostClientEnv *env, GError **error)
{
  g_autoptr (PhHostClient) self = g_rc_box_new0 (PhHostClient);

  self->env = *env;
  self->is_verified = TRUE;
  set_state (self, STATE_PREPARING);
  self->tunnel = ph_tunnel_new (&env->tunnel, &tunnel_events, self, error);
  return self->tunnel != NULL ? g_steal_pointer (&self) : NULL;
}

const PhBlock *
ph_host_client_get_offer (PhHostClient *self)
{
  return self->offer;
}

void
ph_host_client_begin (PhHostClient *self)
{
  self->env.events->join_request (self->name, self->is_verified, self->env.events_data);
  if (self->state == STATE_ASKING)
    ask (self);
}

const char *
ph_host_client_get_name (PhHostClient *self)
{
  return self->name;
}

PhTunnel *
ph_host_client_get_tunnel (PhHostClient *self)
{
  return self->tunnel;
}

gboolean
ph_host_client_is_connected (PhHostClient *self)
{
  return self->state == STATE_CONNECTED;
}

gboolean
ph_host_client_is_verified (PhHostClient *self)
{
  return self->is_verified;
}

PhPeerStage
ph_host_client_get_stage (PhHostClient *self)
{
  static const PhPeerStage stages[N_STATES] = {
    [STATE_ASKING] = PH_STAGE_ASKING,       [STATE_PREPARING] = PH_STAGE_CONNECTING,
    [STATE_OFFERED] = PH_STAGE_CONNECTING,  [STATE_CONNECTING] = PH_STAGE_CONNECTING,
    [STATE_CONNECTED] = PH_STAGE_CONNECTED, [STATE_LEAVING] = PH_STAGE_LEAVING,
  };

  return self->name != NULL ? stages[self->state] : PH_STAGE_ASKING;
}

gboolean
ph_host_client_is_rejecting (PhHostClient *self)
{
  return self->is_rejecting;
}

gboolean
ph_host_client_is_leaving (PhHostClient *self)
{
  return self->state == STATE_LEAVING;
}
