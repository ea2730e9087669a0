/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-raw-session.h"

#include <string.h>

#include "session/ph-half.h"

#define NAME "mallory"

/* Both sides */

static void
on_signalled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ph_signal_client_signal_finish (result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    ph_raw_die ("%s", error->message);
}

static void
send_half (PhRawSession *self, PhSignalType type, PhHalf *half)
{
  g_auto (PhSignalMessage) message = { .type = type, .half = ph_half_to_signal (half) };

  self->is_described = TRUE;
  ph_signal_client_signal_async (self->signal, self->id, self->token, &message, NULL, on_signalled,
                                 self);
}

static PhHalf *
describe (PhRawSession *self, PhSignalType type, const PhSdp *remote)
{
  g_autofree char *sdp = ph_raw_peer_dup_sdp (&self->peer, remote);
  g_auto (GStrv) lines = ph_raw_peer_dup_candidates (&self->peer);

  return ph_half_new (type, sdp, (const char *const *)lines, remote == NULL ? "0" : remote->mid,
                      PH_EXTENSIONS_OURS);
}

static PhSdp *
parse_half (const PhSignalHalf *signal, PhSignalType type, PhHalf **ret_half)
{
  g_autoptr (GError) error = NULL;
  PhSdp *sdp = NULL;

  *ret_half = ph_half_parse (signal, type, &error);
  if (*ret_half != NULL)
    sdp = ph_sdp_parse ((*ret_half)->description->sdp, &error);
  if (sdp == NULL)
    ph_raw_die ("%s", error->message);
  return sdp;
}

static void
on_failed (const GError *error, gpointer user_data)
{
  PhRawSession *self = user_data;

  if (!self->is_described)
    ph_raw_die ("%s", error->message);
}

static void
connect_to (PhRawSession *self, const PhSdp *sdp, const PhHalf *half)
{
  g_auto (GStrv) lines = ph_half_dup_lines (half);

  ph_raw_peer_connect (&self->peer, sdp, (const char *const *)lines);
}

/* A Client */

static void
answer_if_ready (PhRawSession *self)
{
  g_autoptr (PhHalf) answer = NULL;
  g_autoptr (PhHalf) offer = NULL;
  g_autoptr (PhSdp) sdp = NULL;
  PhMacHalf half;

  if (self->offer == NULL || !self->peer.is_gathered || self->is_described)
    return;
  sdp = parse_half (self->offer, PH_SIGNAL_TYPE_OFFER, &offer);
  answer = describe (self, PH_SIGNAL_TYPE_ANSWER, sdp);
  half = ph_half_get_mac_half (answer);
  ph_code_mac_answer (self->key, offer->description->mac, &half, answer->description->mac);
  answer->description->has_mac = TRUE;
  send_half (self, PH_SIGNAL_TYPE_ANSWER, answer);
  connect_to (self, sdp, offer);
}

static void
on_offer (const PhSignalSession *session, gpointer user_data)
{
  PhRawSession *self = user_data;

  if (session->status == PH_SIGNAL_REJECTED)
    ph_raw_die ("rejected: %s", ph_signal_reason_name (session->reason));
  if (self->offer == NULL)
    self->offer = ph_signal_half_copy (session->offer);
  answer_if_ready (self);
}

static void
on_joined (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static const PhSignalWatchEvents events = { .changed = on_offer, .failed = on_failed };
  PhRawSession *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalSession) session = ph_signal_client_join_finish (result, &error);

  if (session == NULL)
    ph_raw_die ("%s", error->message);
  g_strlcpy (self->id, session->id, sizeof self->id);
  self->token = g_strdup (session->token);
  self->watch = ph_signal_watch_new (self->signal, self->id, self->token, 0, &events, self);
}

void
ph_raw_session_prove (const PhCode *code, const char *name, PhSignalProof *ret_proof)
{
  guint8 key[PH_KEY_SIZE];

  ph_code_derive_key (code->secret, key);
  ph_code_draw (ret_proof->nonce, sizeof ret_proof->nonce);
  ph_code_mac_join (key, code->id, ret_proof->nonce, name, ret_proof->mac);
  ret_proof->has_nonce = ret_proof->has_mac = TRUE;
}

void
ph_raw_session_join (PhRawSession *self,
                     const char *link,
                     const PhRawEvents *events,
                     gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  self->code = ph_code_parse (link, &error);
  if (self->code != NULL)
    self->signal = ph_signal_client_new (self->code->server, &error);
  if (self->signal == NULL)
    ph_raw_die ("%s", error->message);
  ph_code_derive_key (self->code->secret, self->key);
  ph_raw_session_prove (self->code, NAME, &self->proof);
  ph_raw_peer_init (&self->peer, FALSE, events, user_data);
  ph_signal_client_join_async (self->signal, self->code->id, NAME, &self->proof, NULL, on_joined,
                               self);
}

/* A Host */

static void
on_answer (const PhSignalSession *session, gpointer user_data)
{
  PhRawSession *self = user_data;
  g_autoptr (PhHalf) answer = NULL;
  g_autoptr (PhSdp) sdp = NULL;

  if (session->status == PH_SIGNAL_REJECTED)
    ph_raw_die ("rejected: %s", ph_signal_reason_name (session->reason));
  if (session->answer == NULL || self->peer.dtls != NULL)
    return;
  sdp = parse_half (session->answer, PH_SIGNAL_TYPE_ANSWER, &answer);
  connect_to (self, sdp, answer);
}

static void
offer_to (PhRawSession *self, const PhSignalJoin *join)
{
  static const PhSignalWatchEvents events = { .changed = on_answer, .failed = on_failed };
  g_autoptr (PhHalf) offer = describe (self, PH_SIGNAL_TYPE_OFFER, NULL);
  PhMacHalf half = ph_half_get_mac_half (offer);

  g_strlcpy (self->id, join->id, sizeof self->id);
  ph_code_mac_offer (self->key, self->code->id, join->id, join->proof.nonce, NAME, &half,
                     offer->description->mac);
  offer->description->has_mac = TRUE;
  send_half (self, PH_SIGNAL_TYPE_OFFER, offer);
  self->watch = ph_signal_watch_new (self->signal, self->id, self->token, 0, &events, self);
}

static void
on_join (const PhSignalSession *session, gpointer user_data)
{
  PhRawSession *self = user_data;

  if (session->joins->len > 0 && !self->is_described)
    offer_to (self, g_ptr_array_index (session->joins, 0));
}

/* Once both are there: the session, and our addresses. */
static void
watch_joins (PhRawSession *self)
{
  static const PhSignalWatchEvents events = { .changed = on_join, .failed = on_failed };

  if (self->code != NULL && self->peer.is_gathered && self->parent == NULL)
    self->parent =
        ph_signal_watch_new (self->signal, self->code->id, self->token, 0, &events, self);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhRawSession *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalSession) session = ph_signal_client_create_finish (result, &error);
  g_autofree char *link = NULL;

  if (session == NULL)
    ph_raw_die ("%s", error->message);
  self->token = g_strdup (session->token);
  self->code = ph_code_new (session->id, self->secret, ph_signal_client_get_url (self->signal));
  link = ph_code_dup_link (self->code);
  self->invited (link, self->user_data);
  watch_joins (self);
}

void
ph_raw_session_host (PhRawSession *self,
                     const char *url,
                     void (*invited) (const char *link, gpointer user_data),
                     const PhRawEvents *events,
                     gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  self->invited = invited;
  self->user_data = user_data;
  self->signal = ph_signal_client_new (url, &error);
  if (self->signal == NULL)
    ph_raw_die ("%s", error->message);
  ph_code_draw (self->secret, sizeof self->secret);
  ph_code_derive_key (self->secret, self->key);
  ph_raw_peer_init (&self->peer, TRUE, events, user_data);
  ph_signal_client_create_async (self->signal, NULL, NAME, TRUE, NULL, on_created, self);
}

void
ph_raw_session_gathered (PhRawSession *self)
{
  if (self->peer.is_host)
    watch_joins (self);
  else
    answer_if_ready (self);
}

void
ph_raw_session_drop (PhRawSession *self)
{
  g_clear_pointer (&self->watch, ph_signal_watch_free);
  g_clear_pointer (&self->parent, ph_signal_watch_free);
  ph_raw_peer_drop (&self->peer);
  g_clear_pointer (&self->signal, ph_signal_client_free);
  g_clear_pointer (&self->code, ph_code_free);
  g_clear_pointer (&self->offer, ph_signal_half_free);
  g_free (self->token);
}
