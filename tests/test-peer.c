/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two whole peers in one process: real ICE over real sockets, DTLS, SCTP. */
#include <string.h>

#include "core/ph-error.h"
#include "transport/ph-peer.h"

#include "ph-test-loop.h"

typedef struct
{
  PhPeer *peer;
  gboolean is_gathered;
  gboolean is_connected;
  gboolean is_left; /* ph_peer_close was called: no event any more */
  gboolean is_done;
  gboolean is_channel_closed;
  GError *closed;
  guint n_received;
  gboolean is_slow; /* takes one message in a turn of the loop, however often it is told */
  gint64 turn_us;   /* of the last one */
  gsize received_bytes;
  GChecksum *checksum;
  gboolean sends_small;
  guint n_to_send;
  guint n_sent;
} End;

static void
on_gathered (gpointer user_data)
{
  End *end = user_data;

  g_assert_false (end->is_left);
  end->is_gathered = TRUE;
}

static void
on_connected (gpointer user_data)
{
  End *end = user_data;

  g_assert_false (end->is_left);
  end->is_connected = TRUE;
}

static void
on_closed (const GError *error, gpointer user_data)
{
  End *end = user_data;

  g_assert_false (end->is_left);
  g_assert_null (end->closed);
  end->closed = g_error_copy (error);
}

static const PhPeerEvents peer_events = { on_gathered, on_connected, on_closed };

static gboolean
is_same_turn (End *end)
{
  gint64 turn_us = g_source_get_time (g_main_current_source ());
  gboolean is_same = turn_us == end->turn_us;

  end->turn_us = turn_us;
  return is_same;
}

static void
on_readable (gpointer user_data)
{
  End *end = user_data;
  const guint8 *message;
  gsize size;

  do
    {
      if ((end->is_slow && is_same_turn (end)) ||
          ph_channel_receive (ph_peer_get_channel (end->peer), &message, &size) != PH_CHANNEL_OK)
        return;
      end->n_received++;
      end->received_bytes += size;
    }
  while (TRUE);
}

static void
send_more (End *end)
{
  guint8 message[60000];
  gsize size = end->sends_small ? 100 : sizeof message;

  memset (message, 0x5a, sizeof message);
  while (end->n_sent < end->n_to_send &&
         ph_channel_send (ph_peer_get_channel (end->peer), message, size) == PH_CHANNEL_OK)
    end->n_sent++;
}

static void
on_writable (gpointer user_data)
{
  send_more (user_data);
}

static void
on_channel_closed (gpointer user_data)
{
  End *end = user_data;

  g_assert_false (end->is_left || end->is_channel_closed);
  end->is_channel_closed = TRUE;
}

static const PhChannelEvents channel_events = { on_readable, on_writable, on_channel_closed };

static void
on_done (gpointer user_data)
{
  ((End *)user_data)->is_done = TRUE;
}

static void
leave (End *end)
{
  end->is_left = TRUE;
  ph_peer_close (end->peer, on_done, end);
}

typedef struct
{
  PhCert *certs[2];
  PhIceConfig *config;
  End ends[2]; /* offerer, answerer */
} Pair;

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhIceConfig **config = user_data;
  g_autoptr (GError) error = NULL;

  *config = ph_ice_servers_resolve_finish (result, &error);
  g_assert_no_error (error);
}

static PhIceConfig *
make_config (void)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  PhIceConfig *config = NULL;

  ph_ice_servers_resolve_async (servers, NULL, on_resolved, &config);
  ph_test_wait_for (config != NULL);
  return config;
}

static void
pair_init (Pair *pair)
{
  *pair = (Pair){ 0 };
  pair->config = make_config ();
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      End *end = &pair->ends[i];

      pair->certs[i] = ph_cert_new (&error);
      g_assert_no_error (error);
      end->peer =
          ph_peer_new (g_main_context_default (), i == 0 ? PH_PEER_OFFERER : PH_PEER_ANSWERER,
                       pair->certs[i], pair->config, &peer_events, end, &error);
      g_assert_no_error (error);
      ph_channel_set_events (ph_peer_get_channel (end->peer), &channel_events, end);
      ph_peer_gather (end->peer, &error);
      g_assert_no_error (error);
    }
  ph_test_wait_for (pair->ends[0].is_gathered && pair->ends[1].is_gathered);
}

static void
pair_exchange (Pair *pair, gboolean forge_offer, gboolean forge_answer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *offer_text = ph_peer_dup_sdp (pair->ends[0].peer, NULL);
  g_autoptr (PhSdp) offer = ph_sdp_parse (offer_text, &error);
  g_autofree char *answer_text = ph_peer_dup_sdp (pair->ends[1].peer, offer);
  g_autoptr (PhSdp) answer = ph_sdp_parse (answer_text, &error);
  g_auto (GStrv) offered = ph_peer_dup_candidates (pair->ends[0].peer);
  g_auto (GStrv) answered = ph_peer_dup_candidates (pair->ends[1].peer);

  g_assert_no_error (error);
  offer->fingerprint[7] ^= forge_offer ? 1 : 0;
  answer->fingerprint[31] ^= forge_answer ? 0x80 : 0;
  ph_peer_set_remote (pair->ends[1].peer, offer, (const char *const *)offered, TRUE, &error);
  g_assert_no_error (error);
  ph_peer_set_remote (pair->ends[0].peer, answer, (const char *const *)answered, TRUE, &error);
  g_assert_no_error (error);
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      leave (&pair->ends[i]);
      ph_test_wait_for (pair->ends[i].is_done);
      g_clear_error (&pair->ends[i].closed);
      ph_cert_unref (pair->certs[i]);
    }
  ph_ice_config_unref (pair->config);
  while (g_main_context_iteration (NULL, FALSE)) /* libnice closes its sockets */
    ;
}

static void
test_connect (void)
{
  Pair pair;

  pair_init (&pair);
  pair_exchange (&pair, FALSE, FALSE);
  ph_test_wait_for (pair.ends[0].is_connected && pair.ends[1].is_connected);
  g_assert_cmpint (ph_peer_get_path (pair.ends[0].peer)->kind, ==, PH_PATH_LAN);

  /* Bulk one way, and the channel says AGAIN and writable on the way. */
  pair.ends[0].n_to_send = 400;
  send_more (&pair.ends[0]);
  g_assert_cmpuint (pair.ends[0].n_sent, <, 400);
  ph_test_wait_for (pair.ends[1].n_received == 400);
  g_assert_cmpuint (pair.ends[1].received_bytes, ==, 400 * 60000);
  pair_clear (&pair);
}

/* One end says goodbye: the other, which reads slowly, gets everything, and hears of it as such. */
static void
test_goodbye (gconstpointer data)
{
  guint leaving = GPOINTER_TO_UINT (data);
  Pair pair;
  End *left;

  pair_init (&pair);
  pair_exchange (&pair, FALSE, FALSE);
  ph_test_wait_for (pair.ends[0].is_connected && pair.ends[1].is_connected);
  left = &pair.ends[1 - leaving];
  left->is_slow = TRUE;
  pair.ends[leaving].sends_small = TRUE;
  pair.ends[leaving].n_to_send = 2000;
  send_more (&pair.ends[leaving]);
  leave (&pair.ends[leaving]);
  ph_test_wait_for (left->closed != NULL && pair.ends[leaving].is_done);
  g_assert_true (left->is_channel_closed);
  g_assert_error (left->closed, PH_ERROR, PH_ERROR_PEER_ENDED);
  g_assert_cmpuint (left->n_received, ==, pair.ends[leaving].n_sent);

  g_clear_error (&left->closed);
  leave (left);
  ph_test_wait_for (left->is_done);
  for (guint i = 0; i < 2; i++)
    ph_cert_unref (pair.certs[i]);
  ph_ice_config_unref (pair.config);
}

/* The fingerprint of either side is not the one that was signalled: nobody connects. */
static void
test_wrong_fingerprint (gconstpointer data)
{
  gboolean forge_offer = GPOINTER_TO_INT (data);
  Pair pair;
  End *deceived;

  pair_init (&pair);
  pair_exchange (&pair, forge_offer, !forge_offer);
  deceived = &pair.ends[forge_offer ? 1 : 0];
  ph_test_wait_for (deceived->closed != NULL);
  g_assert_error (deceived->closed, PH_ERROR, PH_ERROR_NOT_VERIFIED);
  g_assert_false (pair.ends[0].is_connected);
  g_assert_false (pair.ends[1].is_connected);
  pair_clear (&pair);
}

/* Closed before it is connected, at any stage: done is called, and nothing else. */
static void
test_close_early (void)
{
  for (guint turns = 0; turns < 12; turns++)
    {
      Pair pair;

      pair_init (&pair);
      if (turns > 0)
        pair_exchange (&pair, FALSE, FALSE);
      for (guint i = 1; i < turns && !pair.ends[0].is_connected; i++)
        g_main_context_iteration (NULL, TRUE);
      pair_clear (&pair);
    }
}

/* Candidates that are of no use leave the checks of the other side to find the way. */
static void
test_junk_candidates (void)
{
  static const char *const junk[] = { "",
                                      "candidate:",
                                      "candidate:1 1 TCP 7 127.0.0.1 9 typ host tcptype active",
                                      "candidate:1 2 UDP 7 127.0.0.1 9 typ host",
                                      "candidate:1 1 UDP 7 3e4b0a2e.local 9 typ host",
                                      "candidate:1 1 UDP 7 224.0.0.1 9 typ host",
                                      "a=b",
                                      NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *offer_text = NULL;
  g_autofree char *answer_text = NULL;
  g_autoptr (PhSdp) offer = NULL;
  g_autoptr (PhSdp) answer = NULL;
  g_auto (GStrv) offered = NULL;
  Pair pair;

  pair_init (&pair);
  offer_text = ph_peer_dup_sdp (pair.ends[0].peer, NULL);
  offer = ph_sdp_parse (offer_text, &error);
  answer_text = ph_peer_dup_sdp (pair.ends[1].peer, offer);
  answer = ph_sdp_parse (answer_text, &error);
  offered = ph_peer_dup_candidates (pair.ends[0].peer);
  ph_peer_set_remote (pair.ends[0].peer, answer, junk, FALSE, &error);
  g_assert_no_error (error);
  ph_peer_set_remote (pair.ends[1].peer, offer, (const char *const *)offered, FALSE, &error);
  g_assert_no_error (error);
  ph_test_wait_for (pair.ends[0].is_connected && pair.ends[1].is_connected);
  pair_clear (&pair);
}

/* A description that cannot work is refused in words, and closing still works. */
static void
test_refused_description (void)
{
  static const char *const none[] = { NULL };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      g_autoptr (PhSdp) sdp = NULL;
      Pair pair;

      pair_init (&pair);
      text = ph_peer_dup_sdp (pair.ends[1].peer, NULL);
      sdp = ph_sdp_parse (text, NULL);
      sdp->setup = i == 0 ? PH_SDP_SETUP_ACTPASS : PH_SDP_SETUP_ACTIVE;
      sdp->sctp_port = i == 1 ? 5001 : PH_SDP_SCTP_PORT;
      sdp->max_message_size = i == 2 ? 65534 : PH_SDP_MAX_MESSAGE_SIZE;
      g_assert_false (ph_peer_set_remote (pair.ends[0].peer, sdp, none, TRUE, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
      pair_clear (&pair);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer/connect", test_connect);
  g_test_add_data_func ("/peer/goodbye/offerer", GUINT_TO_POINTER (0), test_goodbye);
  g_test_add_data_func ("/peer/goodbye/answerer", GUINT_TO_POINTER (1), test_goodbye);
  g_test_add_data_func ("/peer/wrong-fingerprint/of-answerer", GINT_TO_POINTER (FALSE),
                        test_wrong_fingerprint);
  g_test_add_data_func ("/peer/wrong-fingerprint/of-offerer", GINT_TO_POINTER (TRUE),
                        test_wrong_fingerprint);
  g_test_add_func ("/peer/close-early", test_close_early);
  g_test_add_func ("/peer/junk-candidates", test_junk_candidates);
  g_test_add_func ("/peer/refused-description", test_refused_description);
  return g_test_run ();
}
