/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-side.h"
#include "ph-test-loop.h"
#include "session/ph-block.h"
#include "session/ph-engine.h"

/* Hosts and Clients who find each other through nothing but what their people pass on. */

typedef struct
{
  PhSide side;
  PhHost *host;
} Host;

typedef struct
{
  PhSide side;
  PhJoin *join;
} Client;

static void
host_start (Host *self, guint max_clients, guint offer_life_s)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;
  const PhHostOptions options = { .name = "hanna",
                                  .max_clients = max_clients,
                                  .is_manual = TRUE,
                                  .offer_life_s = offer_life_s,
                                  .servers = servers };

  self->host = ph_host_new (&options, ph_side_get_events (), &self->side, &error);
  g_assert_no_error (error);
  ph_test_wait_for (self->side.n[PH_SIDE_BLOCK] == 1);
}

static void
host_finish (Host *self)
{
  ph_host_end (self->host);
  ph_test_wait_for (self->side.n[PH_SIDE_ENDED] > 0);
  ph_test_drain ();
  ph_host_free (self->host);
  ph_test_drain ();
  ph_side_clear (&self->side);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Host, host_finish)

static void
client_start (Client *self, guint patience_ms)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;
  const PhJoinOptions options = {
    .name = "anna", .is_manual = TRUE, .patience_ms = patience_ms, .servers = servers
  };

  self->join = ph_join_new (&options, ph_side_get_events (), &self->side, &error);
  g_assert_no_error (error);
  ph_join_start (self->join);
}

static void
client_finish (Client *self)
{
  ph_join_end (self->join);
  ph_test_wait_for (self->side.n[PH_SIDE_ENDED] > 0);
  ph_test_drain ();
  g_assert_cmpuint (self->side.n[PH_SIDE_CONNECTED], ==, self->side.n[PH_SIDE_DISCONNECTED]);
  ph_join_free (self->join);
  ph_test_drain ();
  ph_side_clear (&self->side);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Client, client_finish)

static void
client_answer (Client *self, const char *offer)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ph_join_paste (self->join, offer, &error));
  g_assert_no_error (error);
  ph_test_wait_for (self->side.n[PH_SIDE_BLOCK] == 1);
}

static void
assert_host_refuses (Host *host, const char *text, PhError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ph_host_paste (host->host, text, &error));
  g_assert_error (error, PH_ERROR, (int)code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
assert_client_refuses (Client *client, const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ph_join_paste (client->join, text, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
host_take (Host *host, const char *answer)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ph_host_paste (host->host, answer, &error));
  g_assert_no_error (error);
  g_assert_null (host->side.block);
}

static void
connect_next (Host *host, Client *client, guint n_before)
{
  client_start (client, 0);
  client_answer (client, host->side.block);
  host_take (host, client->side.block);
  ph_test_wait_for (host->side.n[PH_SIDE_CONNECTED] == n_before + 1 &&
                    client->side.n[PH_SIDE_CONNECTED] == 1);
  g_assert_null (client->side.block);
}

static void
count_client (const PhHostClientInfo *info, gpointer user_data)
{
  g_assert_nonnull (info->name);
  g_assert_true (info->is_verified);
  ++*(guint *)user_data;
}

static guint
count_clients (Host *host)
{
  guint n = 0;

  ph_host_foreach_client (host->host, count_client, &n);
  return n;
}

static void
test_connect (void)
{
  g_auto (Host) host = { 0 };
  g_auto (PhEcho) echo = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };
  g_autofree char *rule = NULL;
  g_autofree char *mapping = NULL;

  ph_echo_start (&echo);
  rule = g_strdup_printf ("127.0.0.1:%u", echo.port);
  mapping = g_strdup_printf ("0:%s", rule);
  host_start (&host, 0, 0);
  g_assert_cmpuint (count_clients (&host), ==, 0);
  g_assert_cmpint (ph_host_get_state (host.host), ==, PH_SESSION_WAITING);
  g_assert_true (ph_host_allow (host.host, rule, NULL));
  connect_next (&host, &client, 0);
  g_assert_cmpstr (host.side.connected, ==, "anna");
  g_assert_cmpstr (client.side.connected, ==, "hanna");
  g_assert_true (ph_join_is_verified (client.join));
  g_assert_cmpuint (count_clients (&host), ==, 1);
  g_assert_true (ph_join_map (client.join, mapping, NULL));
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (talk.has_heard);
  g_assert_cmpuint (host.side.n[PH_SIDE_SESSION] + host.side.n[PH_SIDE_JOIN_REQUEST] +
                        host.side.n[PH_SIDE_WARNING] + client.side.n[PH_SIDE_WARNING],
                    ==, 0);
}

/* Each offer serves one; the next Client of the same name is told apart. */
static void
test_two (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) anna = { 0 };
  g_auto (Client) other = { 0 };
  g_autofree char *used = NULL;

  host_start (&host, 0, 0);
  used = g_strdup (host.side.block);
  client_start (&anna, 0);
  client_answer (&anna, used);
  g_free (used);
  used = g_strdup (anna.side.block);
  host_take (&host, used);
  assert_host_refuses (&host, used, PH_ERROR_INVALID, "taken already");
  g_assert_true (ph_host_offer (host.host, NULL));
  ph_test_wait_for (host.side.block != NULL);
  assert_host_refuses (&host, used, PH_ERROR_INVALID, "taken already");
  ph_test_wait_for (host.side.n[PH_SIDE_CONNECTED] == 1);
  connect_next (&host, &other, 1);
  g_assert_cmpstr (host.side.connected, ==, "anna (2)");
  g_assert_true (ph_host_kick (host.host, "anna", NULL));
  ph_test_wait_for (anna.side.n[PH_SIDE_ENDED] == 1);
  g_assert_error (anna.side.error, PH_ERROR, PH_ERROR_PEER_ENDED);
  g_assert_cmpuint (other.side.n[PH_SIDE_ENDED], ==, 0);
}

static char *
forge (const char *answer)
{
  g_autoptr (PhBlock) block = ph_block_parse (answer, PH_BLOCK_ANSWER, NULL);

  block->mac[7] ^= 1;
  return ph_block_print (block);
}

/* What cannot be taken loses nothing: in the end the right one connects. */
static void
test_host_refuses (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (Host) other_host = { 0 };
  g_auto (Client) other_client = { 0 };
  g_autofree char *forged = NULL;

  host_start (&host, 0, 0);
  host_start (&other_host, 0, 0);
  client_start (&client, 0);
  client_answer (&client, host.side.block);
  client_start (&other_client, 0);
  client_answer (&other_client, other_host.side.block);
  forged = forge (client.side.block);
  assert_host_refuses (&host, "hello", PH_ERROR_INVALID, "no Porthole block");
  assert_host_refuses (&host, host.side.block, PH_ERROR_INVALID, "your own offer");
  assert_host_refuses (&host, other_host.side.block, PH_ERROR_INVALID, "That is an offer");
  assert_host_refuses (&host, other_client.side.block, PH_ERROR_INVALID, "another offer");
  assert_host_refuses (&host, forged, PH_ERROR_NOT_VERIFIED, "Not verified");
  g_assert_nonnull (host.side.block);
  g_assert_cmpuint (count_clients (&host), ==, 0);
  host_take (&host, client.side.block);
  ph_test_wait_for (host.side.n[PH_SIDE_CONNECTED] == 1);
}

static void
test_client_refuses (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Host) other = { 0 };
  g_auto (Client) client = { 0 };
  g_autofree char *first = NULL;

  host_start (&host, 0, 0);
  host_start (&other, 0, 0);
  first = g_strdup (host.side.block);
  client_start (&client, 0);
  g_assert_cmpint (ph_join_get_state (client.join), ==, PH_SESSION_STARTING);
  assert_client_refuses (&client, "hello", "no Porthole block");
  client_answer (&client, first);
  g_assert_cmpint (ph_join_get_state (client.join), ==, PH_SESSION_WAITING);
  assert_client_refuses (&client, client.side.block, "your own answer");
  assert_client_refuses (&client, first, "has been answered");
  assert_client_refuses (&client, other.side.block, "Another offer");
  host_take (&host, client.side.block);
  ph_test_wait_for (client.side.n[PH_SIDE_CONNECTED] == 1);
  assert_client_refuses (&client, first, "connected");
}

static void
test_old_offer (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autoptr (PhBlock) offer = NULL;
  g_autoptr (PhBlock) old = g_new0 (PhBlock, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *text = NULL;

  host_start (&host, 0, 0);
  client_start (&client, 0);
  offer = ph_block_parse (host.side.block, PH_BLOCK_OFFER, &error);
  g_assert_no_error (error);
  g_byte_array_append (bytes, g_bytes_get_data (offer->covered, NULL),
                       (guint)g_bytes_get_size (offer->covered));
  bytes->data[4 + PH_BLOCK_NUMBER_SIZE] -= 1; /* 2^24 s */
  old->covered = g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  old->name = g_strdup ("");
  text = ph_block_print (old);
  assert_client_refuses (&client, text, "4660 hours");
  client_answer (&client, host.side.block);
}

/* The newest offer counts, and each takes its place without losing a socket. */
static void
test_replace (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autofree char *old = NULL;

  host_start (&host, 1, 0);
  old = g_strdup (host.side.block);
  client_start (&client, 0);
  client_answer (&client, old);
  g_assert_true (ph_host_offer (host.host, NULL));
  g_assert_null (host.side.block);
  assert_host_refuses (&host, client.side.block, PH_ERROR_INVALID, "No offer is open");
  ph_test_wait_for (host.side.n[PH_SIDE_BLOCK] == 2);
  assert_host_refuses (&host, client.side.block, PH_ERROR_INVALID, "another offer");
  assert_host_refuses (&host, old, PH_ERROR_INVALID, "That is an offer");
}

static void
test_full (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autoptr (GError) error = NULL;

  host_start (&host, 1, 0);
  connect_next (&host, &client, 0);
  g_assert_false (ph_host_offer (host.host, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FULL);
  g_clear_error (&error);
  ph_join_end (client.join);
  ph_test_wait_for (host.side.n[PH_SIDE_DISCONNECTED] == 1);
  ph_test_wait_for (count_clients (&host) == 0);
  g_assert_true (ph_host_offer (host.host, &error));
  ph_test_wait_for (host.side.n[PH_SIDE_BLOCK] == 2);
}

static void
test_expired (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, 0, 1);
  client_start (&client, 0);
  client_answer (&client, host.side.block);
  ph_test_wait_for (host.side.n[PH_SIDE_WARNING] == 1);
  g_assert_cmpstr (host.side.warning, ==, "offer-expired");
  g_assert_null (host.side.block);
  assert_host_refuses (&host, client.side.block, PH_ERROR_INVALID, "No offer is open");
  g_assert_true (ph_host_offer (host.host, NULL));
  ph_test_wait_for (host.side.n[PH_SIDE_BLOCK] == 2);
  g_assert_cmpuint (host.side.n[PH_SIDE_DISCONNECTED], ==, 0);
}

/* A Client that nobody comes for ends by itself, and says what it had waited for. */
static void
test_nobody_comes (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, 0, 0);
  client_start (&client, 1000);
  client_answer (&client, host.side.block);
  ph_test_wait_for (client.side.n[PH_SIDE_ENDED] == 1);
  g_assert_error (client.side.error, PH_ERROR, PH_ERROR_NO_PATH);
  g_assert_nonnull (strstr (client.side.error->message, "pasted"));
}

/* ICE of the Client is through with its checks, and the Host's has had them, long before. */
static void
test_late (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Host) clock = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, 0, 0);
  client_start (&client, 0);
  client_answer (&client, host.side.block);
  host_start (&clock, 0, 3); /* an offer that is void after so many seconds tells the time */
  ph_test_wait_for (clock.side.n[PH_SIDE_WARNING] == 1);
  host_take (&host, client.side.block);
  ph_test_wait_for (host.side.n[PH_SIDE_CONNECTED] == 1 && client.side.n[PH_SIDE_CONNECTED] == 1);
}

/* Ending, wherever it stands */

static void
end_host (gpointer data)
{
  ph_host_end (((Host *)data)->host);
}

static void
test_end (void)
{
  {
    g_auto (Host) host = { .side = { .hook_at = PH_SIDE_BLOCK, .hook = end_host } };

    host.side.hook_data = &host;
    host_start (&host, 0, 0);
    ph_test_wait_for (host.side.n[PH_SIDE_ENDED] == 1);
    g_assert_false (ph_host_offer (host.host, NULL));
    assert_host_refuses (&host, "hello", PH_ERROR_INVALID, "ended");
  }
  {
    g_auto (Host) host = { 0 };
    g_auto (Client) client = { 0 };

    host_start (&host, 0, 0);
    client_start (&client, 0);
    g_assert_true (ph_join_paste (client.join, host.side.block, NULL));
    ph_join_end (client.join);
    assert_client_refuses (&client, host.side.block, "ended");
  }
}

/* On the transport thread, as a window does it */

typedef struct
{
  PhSide side;
  PhEngineSession *session;
  guint n_results;
  GError *result;
} Window;

static void
on_result (const GError *error, gpointer user_data)
{
  Window *self = user_data;

  self->n_results++;
  g_clear_error (&self->result);
  self->result = error != NULL ? g_error_copy (error) : NULL;
}

static void
window_close (Window *self)
{
  g_clear_pointer (&self->session, ph_engine_session_free);
  ph_test_drain ();
  g_clear_error (&self->result);
  ph_side_clear (&self->side);
}

static void
window_host (Window *self, PhEngine *engine)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  const PhHostOptions options = { .name = "hanna", .is_manual = TRUE, .servers = servers };

  self->session = ph_engine_host (engine, &options, NULL, ph_side_get_events (), &self->side, NULL);
  ph_test_wait_for (self->side.n[PH_SIDE_BLOCK] == 1);
}

static void
window_join (Window *self, PhEngine *engine, const char *offer, GError **error)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  const PhJoinOptions options = { .name = "anna", .is_manual = TRUE, .servers = servers };

  self->session =
      ph_engine_join (engine, offer, &options, NULL, ph_side_get_events (), &self->side, error);
}

static void
window_paste (Window *self, const char *text, gboolean is_good)
{
  guint n_before = self->n_results;

  ph_engine_session_paste (self->session, text, on_result, self);
  ph_test_wait_for (self->n_results > n_before);
  if (is_good)
    g_assert_no_error (self->result);
  else
    g_assert_error (self->result, PH_ERROR, PH_ERROR_INVALID);
}

static const char *
get_block (Window *self)
{
  return ph_engine_session_get_snapshot (self->session)->block;
}

static void
test_engine (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  Window host = { 0 };
  Window client = { 0 };
  Window late = { 0 };
  g_autoptr (GError) error = NULL;

  window_host (&host, engine);
  ph_test_wait_for (g_strcmp0 (get_block (&host), host.side.block) == 0);
  window_join (&client, engine, "hello", &error);
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_null (client.session);
  window_join (&client, engine, host.side.block, NULL);
  ph_test_wait_for (client.side.n[PH_SIDE_BLOCK] == 1);
  ph_test_wait_for (g_strcmp0 (get_block (&client), client.side.block) == 0);
  g_assert_cmpint (ph_engine_session_get_snapshot (client.session)->state, ==, PH_SESSION_WAITING);
  window_paste (&host, host.side.block, FALSE);
  window_paste (&client, client.side.block, FALSE);
  window_paste (&host, client.side.block, TRUE);
  ph_test_wait_for (host.side.n[PH_SIDE_CONNECTED] == 1 && client.side.n[PH_SIDE_CONNECTED] == 1);
  ph_test_wait_for (get_block (&host) == NULL && get_block (&client) == NULL);
  g_assert_true (ph_engine_session_get_snapshot (client.session)->peers[0].is_verified);
  ph_engine_session_offer (host.session, on_result, &host);
  ph_test_wait_for (host.side.n[PH_SIDE_BLOCK] == 2);
  window_join (&late, engine, NULL, NULL); /* the offer is pasted later */
  ph_engine_session_offer (late.session, on_result, &late);
  ph_test_wait_for (late.n_results == 1);
  g_assert_error (late.result, PH_ERROR, PH_ERROR_INVALID);
  window_paste (&late, host.side.block, TRUE);
  ph_test_wait_for (late.side.n[PH_SIDE_BLOCK] == 1);
  window_paste (&host, late.side.block, TRUE);
  ph_test_wait_for (late.side.n[PH_SIDE_CONNECTED] == 1);
  window_close (&late);
  window_close (&client);
  window_close (&host);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/connect", test_connect);
  g_test_add_func ("/pairing/two", test_two);
  g_test_add_func ("/pairing/host-refuses", test_host_refuses);
  g_test_add_func ("/pairing/client-refuses", test_client_refuses);
  g_test_add_func ("/pairing/old-offer", test_old_offer);
  g_test_add_func ("/pairing/replace", test_replace);
  g_test_add_func ("/pairing/full", test_full);
  g_test_add_func ("/pairing/expired", test_expired);
  g_test_add_func ("/pairing/nobody-comes", test_nobody_comes);
  g_test_add_func ("/pairing/late", test_late);
  g_test_add_func ("/pairing/end", test_end);
  g_test_add_func ("/pairing/engine", test_engine);
  return g_test_run ();
}
