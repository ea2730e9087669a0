/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-side.h"
#include "ph-test-loop.h"
#include "session/ph-engine.h"

/* Sessions on the transport thread, watched from this one. */

typedef struct
{
  PhSide side;
  PhEngineSession *session;
  guint n_snapshots;
  guint n_results;
  GError *result;
} Window;

static void
on_snapshot (PhSnapshot *snapshot, gpointer user_data)
{
  Window *self = user_data;

  self->n_snapshots++;
  g_assert_true (snapshot == ph_engine_session_get_snapshot (self->session));
}

static void
on_result (const GError *error, gpointer user_data)
{
  Window *self = user_data;

  self->n_results++;
  g_clear_error (&self->result);
  self->result = error != NULL ? g_error_copy (error) : NULL;
}

static void
host_start (Window *self, PhEngine *engine, gboolean approve_all, const char *const *rules)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autofree char *name = g_strdup ("hanna");
  const PhHostOptions options = { .name = name, .approve_all = approve_all, .servers = servers };
  g_autoptr (GError) error = NULL;

  self->session =
      ph_engine_host (engine, &options, rules, ph_side_get_events (), &self->side, &error);
  g_assert_no_error (error);
}

static PhEngineSession *
try_join (PhEngine *engine,
          const char *code,
          const char *signal,
          const char *const *mappings,
          PhSide *side,
          GError **error)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  const PhJoinOptions options = { .signal = signal, .name = "anna", .servers = servers };

  return ph_engine_join (engine, code, &options, mappings, ph_side_get_events (), side, error);
}

static void
join_start (Window *self, PhEngine *engine, const Window *host, const char *mapping)
{
  const char *const mappings[] = { mapping, NULL };
  g_autoptr (GError) error = NULL;

  self->session =
      try_join (engine, host->side.code, host->side.signal, mappings, &self->side, &error);
  g_assert_no_error (error);
}

static void
window_close (Window *self)
{
  g_clear_pointer (&self->session, ph_engine_session_free);
  ph_test_drain ();
  g_clear_error (&self->result);
  ph_side_clear (&self->side);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Window, window_close)

static PhSnapshot *
look (Window *self)
{
  return ph_engine_session_get_snapshot (self->session);
}

static void
assert_result (Window *self, gboolean is_good)
{
  ph_test_wait_for (self->n_results > 0);
  self->n_results = 0;
  if (is_good)
    g_assert_no_error (self->result);
  else
    g_assert_error (self->result, PH_ERROR, PH_ERROR_INVALID);
}

/* Both sides on one engine, with an echo service that the Host allows and the Client maps. */
typedef struct
{
  PhEcho echo;
  PhEngine *engine;
  char *rule;
  Window host;
  Window client;
} Pair;

static void
pair_start (Pair *self)
{
  g_autofree char *mapping = NULL;
  const char *rules[2] = { NULL };

  ph_echo_start (&self->echo);
  self->engine = ph_engine_new ();
  rules[0] = self->rule = g_strdup_printf ("127.0.0.1:%u", self->echo.port);
  host_start (&self->host, self->engine, FALSE, rules);
  g_assert_cmpint (look (&self->host)->state, ==, PH_SESSION_STARTING);
  ph_test_wait_for (self->host.side.n[PH_SIDE_SESSION] == 1);
  mapping = g_strdup_printf ("0:%s", self->rule);
  join_start (&self->client, self->engine, &self->host, mapping);
  ph_test_wait_for (self->host.side.n[PH_SIDE_JOIN_REQUEST] == 1);
}

static void
pair_connect (Pair *self)
{
  ph_engine_session_answer (self->host.session, "anna", TRUE, on_result, &self->host);
  assert_result (&self->host, TRUE);
  ph_test_wait_for (self->host.side.n[PH_SIDE_CONNECTED] == 1 &&
                    self->client.side.n[PH_SIDE_CONNECTED] == 1);
}

static void
pair_stop (Pair *self)
{
  window_close (&self->client);
  window_close (&self->host);
  ph_engine_free (self->engine);
  ph_echo_stop (&self->echo);
  g_free (self->rule);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_stop)

static void
test_nothing (void)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (PhEngine) engine = ph_engine_new ();

      g_assert_nonnull (engine);
    }
}

static void
assert_connected_snapshots (Pair *pair)
{
  PhSnapshot *host = look (&pair->host);
  PhSnapshot *client = look (&pair->client);

  g_assert_cmpint (host->role, ==, PH_SESSION_HOST);
  g_assert_cmpstr (host->code, ==, pair->host.side.code);
  g_assert_cmpstr (host->id, ==, pair->host.side.id);
  g_assert_cmpuint (g_strv_length ((char **)host->rules), ==, 1);
  g_assert_cmpstr (host->rules[0], ==, pair->rule);
  g_assert_cmpuint (host->n_mappings, ==, 0);
  g_assert_cmpstr (host->peers[0].name, ==, "anna");
  g_assert_true (host->peers[0].is_verified && !host->peers[0].is_asking);
  g_assert_cmpint (client->role, ==, PH_SESSION_CLIENT);
  g_assert_null (client->code);
  g_assert_cmpstr (client->peers[0].name, ==, "hanna");
  g_assert_true (client->peers[0].is_verified);
  g_assert_cmpuint (client->n_mappings, ==, 1);
  g_assert_cmpstr (client->mappings[0].local, ==, pair->client.side.local);
  g_assert_cmpstr (client->mappings[0].remote, ==, pair->rule);
  g_assert_cmpint (client->mappings[0].state, ==, PH_MAPPING_LISTENING);
}

static gboolean
shows_open (Window *self)
{
  PhSnapshot *snapshot = look (self);

  return snapshot->n_connections == 1 && snapshot->connections[0].is_open &&
         snapshot->connections[0].bytes_in == 5 && snapshot->connections[0].bytes_out == 5;
}

static gboolean
shows_closed (Window *self)
{
  PhSnapshot *snapshot = look (self);

  return snapshot->n_connections == 0 && snapshot->n_closed == 1;
}

static void
assert_closed (Window *self, const Pair *pair, const char *peer, PhCloseReason reason)
{
  PhSnapshot *snapshot = look (self);

  g_assert_cmpstr (snapshot->closed[0].peer, ==, peer);
  g_assert_cmpstr (snapshot->closed[0].remote, ==, pair->rule);
  g_assert_cmpint (snapshot->closed[0].reason, ==, reason);
  g_assert_cmpuint (snapshot->total_bytes_in, ==, 5);
  g_assert_cmpuint (snapshot->total_bytes_out, ==, 5);
}

static void
test_pair (void)
{
  g_auto (Pair) pair = { 0 };
  g_auto (PhTalk) talk = { 0 };
  guint64 serials[2];

  pair_start (&pair);
  ph_test_wait_for (look (&pair.host)->n_peers == 1 && look (&pair.host)->peers[0].is_asking &&
                    look (&pair.client)->state == PH_SESSION_WAITING);
  pair_connect (&pair);
  ph_test_wait_for (look (&pair.host)->state == PH_SESSION_CONNECTED &&
                    look (&pair.client)->state == PH_SESSION_CONNECTED);
  assert_connected_snapshots (&pair);
  ph_talk_start (&talk, ph_side_get_port (&pair.client.side));
  ph_test_wait_for (talk.has_heard);
  ph_test_wait_for (shows_open (&pair.host) && shows_open (&pair.client));
  serials[0] = look (&pair.host)->connections[0].serial;
  serials[1] = look (&pair.client)->connections[0].serial;
  ph_engine_session_deny (pair.host.session, pair.rule, on_result, &pair.host);
  assert_result (&pair.host, TRUE);
  ph_test_wait_for (talk.is_over);
  ph_test_wait_for (shows_closed (&pair.host) && shows_closed (&pair.client));
  assert_closed (&pair.host, &pair, "anna", PH_CLOSE_NOT_ALLOWED);
  assert_closed (&pair.client, &pair, "hanna", PH_CLOSE_NOT_ALLOWED);
  g_assert_cmpuint (look (&pair.host)->closed[0].serial, ==, serials[0]);
  g_assert_cmpuint (look (&pair.client)->closed[0].serial, ==, serials[1]);
  g_assert_null (look (&pair.host)->rules[0]);
  g_assert_cmpuint (pair.host.side.n[PH_SIDE_CONNECTION], ==, 0); /* snapshots tell */
  ph_engine_session_end (pair.host.session);
  ph_test_wait_for (pair.host.side.n[PH_SIDE_ENDED] == 1 && pair.client.side.n[PH_SIDE_ENDED] == 1);
  g_assert_no_error (pair.host.side.error);
  g_assert_error (pair.client.side.error, PH_ERROR, PH_ERROR_PEER_ENDED);
  g_assert_cmpint (look (&pair.host)->state, ==, PH_SESSION_ENDED);
  g_assert_cmpint (look (&pair.client)->state, ==, PH_SESSION_ENDED);
}

/* @serial is that of the one before. */
static void
assert_last_closed (Window *self, guint n, PhCloseReason reason, guint64 *serial)
{
  PhSnapshot *snapshot = look (self);
  const PhSnapshotConnection *last = &snapshot->closed[snapshot->n_closed - 1];

  g_assert_cmpuint (snapshot->n_closed, ==, MIN (n, PH_SNAPSHOT_MAX_CLOSED));
  g_assert_cmpuint (snapshot->n_closed_total, ==, n);
  g_assert_cmpint (last->reason, ==, reason);
  g_assert_false (last->is_open);
  g_assert_cmpint (last->opened_us, >, 0);
  g_assert_cmpint (last->closed_us, >=, last->opened_us);
  g_assert_cmpuint (last->serial, >, *serial);
  *serial = last->serial;
}

/* Connects @n times in vain, and waits until both sides show @total closed ones. */
static void
fail_to_connect (Pair *pair, guint n, guint total)
{
  for (guint i = 0; i < n; i++)
    {
      g_auto (PhTalk) talk = { 0 };

      ph_talk_start (&talk, ph_side_get_port (&pair->client.side));
      ph_test_wait_for (talk.is_over);
      g_assert_false (talk.has_heard);
    }
  ph_test_wait_for (look (&pair->host)->n_closed_total == total &&
                    look (&pair->client)->n_closed_total == total);
}

/* What never came to be a connection is shown too; of more than are listed, that there were more.
 */
static void
test_closed (void)
{
  const guint n_many = PH_SNAPSHOT_MAX_CLOSED + 2;
  g_auto (Pair) pair = { 0 };
  guint64 serials[2] = { 0 };

  pair_start (&pair);
  pair_connect (&pair);
  ph_echo_stop (&pair.echo);
  fail_to_connect (&pair, 1, 1);
  assert_last_closed (&pair.host, 1, PH_CLOSE_REFUSED, &serials[0]);
  assert_last_closed (&pair.client, 1, PH_CLOSE_REFUSED, &serials[1]);
  ph_engine_session_deny (pair.host.session, pair.rule, NULL, NULL);
  fail_to_connect (&pair, n_many - 1, n_many);
  assert_last_closed (&pair.host, n_many, PH_CLOSE_NOT_ALLOWED, &serials[0]);
  assert_last_closed (&pair.client, n_many, PH_CLOSE_NOT_ALLOWED, &serials[1]);
  for (guint i = 1; i < PH_SNAPSHOT_MAX_CLOSED; i++)
    g_assert_cmpuint (look (&pair.host)->closed[i - 1].serial, <,
                      look (&pair.host)->closed[i].serial);
}

static void
test_commands (void)
{
  g_auto (Pair) pair = { 0 };
  PhEngineSession *host;
  PhEngineSession *client;
  g_autofree char *port = NULL;

  pair_start (&pair);
  host = pair.host.session;
  client = pair.client.session;
  port = g_strdup_printf ("%u", ph_side_get_port (&pair.client.side));
  ph_engine_session_answer (host, "bert", TRUE, on_result, &pair.host);
  assert_result (&pair.host, FALSE);
  ph_engine_session_answer (host, NULL, TRUE, on_result, &pair.host);
  assert_result (&pair.host, TRUE);
  ph_engine_session_allow (host, "nonsense", on_result, &pair.host);
  assert_result (&pair.host, FALSE);
  ph_engine_session_allow (host, "[::1]:80", on_result, &pair.host);
  assert_result (&pair.host, TRUE);
  ph_test_wait_for (g_strv_length ((char **)look (&pair.host)->rules) == 2);
  ph_engine_session_map (host, "8000", on_result, &pair.host);
  assert_result (&pair.host, FALSE);
  ph_engine_session_unmap (host, "8000", on_result, &pair.host);
  assert_result (&pair.host, FALSE);
  ph_engine_session_allow (client, "[::1]:80", on_result, &pair.client);
  assert_result (&pair.client, FALSE);
  ph_engine_session_answer (client, NULL, TRUE, on_result, &pair.client);
  assert_result (&pair.client, FALSE);
  ph_engine_session_map (client, "nonsense", on_result, &pair.client);
  assert_result (&pair.client, FALSE);
  ph_engine_session_unmap (client, "1", on_result, &pair.client);
  assert_result (&pair.client, FALSE);
  ph_engine_session_unmap (client, port, on_result, &pair.client);
  assert_result (&pair.client, TRUE);
  ph_test_wait_for (look (&pair.client)->n_mappings == 0);
  ph_test_wait_for (pair.host.side.n[PH_SIDE_CONNECTED] == 1);
  ph_engine_session_kick (host, "bert", on_result, &pair.host);
  assert_result (&pair.host, FALSE);
  ph_engine_session_kick (host, "anna", on_result, &pair.host);
  assert_result (&pair.host, TRUE);
  ph_test_wait_for (pair.client.side.n[PH_SIDE_ENDED] == 1);
  g_assert_cmpstr (pair.host.side.reason, ==, "kicked");
  ph_engine_session_map (client, "8000", on_result, &pair.client); /* too late */
  assert_result (&pair.client, FALSE);
  ph_engine_session_end (client);
}

static gboolean
shows_service (Window *self, const char *title, guint16 port, PhKind kind)
{
  PhSnapshot *snapshot = look (self);

  return snapshot->n_services == 1 && g_str_equal (snapshot->services[0].title, title) &&
         g_str_equal (snapshot->services[0].address, "127.0.0.1") &&
         snapshot->services[0].port == port && snapshot->services[0].kind == kind;
}

static void
set_services (Window *self, const PhService *services, guint n)
{
  g_autoptr (PhServices) list = ph_services_new (services, n);

  ph_engine_session_set_services (self->session, list, on_result, self);
}

/* From the Host's window to the Client's; a snapshot keeps what it shows. */
static void
test_services (void)
{
  g_auto (Pair) pair = { 0 };
  PhService services[] = { { "Echo", "127.0.0.1", 0, PH_KIND_GAME },
                           { "Secret", "127.0.0.1", 1, PH_KIND_SHELL } };
  g_autoptr (PhSnapshot) old = NULL;

  pair_start (&pair);
  services[0].port = pair.echo.port;
  g_assert_cmpuint (look (&pair.client)->n_services, ==, 0);
  pair_connect (&pair);
  ph_test_wait_for (shows_service (&pair.host, "", pair.echo.port, PH_KIND_OTHER) &&
                    shows_service (&pair.client, "", pair.echo.port, PH_KIND_OTHER));
  old = ph_snapshot_ref (look (&pair.client));
  set_services (&pair.host, services, G_N_ELEMENTS (services));
  assert_result (&pair.host, TRUE);
  ph_test_wait_for (shows_service (&pair.host, "Echo", pair.echo.port, PH_KIND_GAME) &&
                    shows_service (&pair.client, "Echo", pair.echo.port, PH_KIND_GAME));
  g_assert_cmpstr (old->services[0].title, ==, "");
  ph_test_wait_for (pair.client.side.services != NULL &&
                    ph_services_has (pair.client.side.services, "127.0.0.1", pair.echo.port));
  set_services (&pair.client, services, 1);
  assert_result (&pair.client, FALSE);
  ph_engine_session_deny (pair.host.session, pair.rule, on_result, &pair.host);
  assert_result (&pair.host, TRUE);
  ph_test_wait_for (look (&pair.host)->n_services == 0 && look (&pair.client)->n_services == 0);
  ph_engine_session_set_services (pair.host.session, NULL, NULL, NULL);
}

/* A mapping that failed is shown until it is taken away or succeeds. */
static void
test_failed_mapping (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree char *mapping = NULL;
  g_autofree char *port = NULL;

  pair_start (&pair);
  port = g_strdup_printf ("%u", pair.echo.port);
  mapping = g_strdup_printf ("%u:127.0.0.1:80", pair.echo.port); /* taken by the service */
  ph_engine_session_map (pair.client.session, mapping, on_result, &pair.client);
  ph_test_wait_for (pair.client.n_results == 1);
  g_assert_error (pair.client.result, PH_ERROR, PH_ERROR_LISTEN);
  ph_test_wait_for (look (&pair.client)->n_mappings == 2);
  g_assert_cmpint (look (&pair.client)->mappings[1].state, ==, PH_MAPPING_FAILED);
  g_assert_nonnull (strstr (look (&pair.client)->mappings[1].message, port));
  pair.client.n_results = 0;
  ph_engine_session_unmap (pair.client.session, port, on_result, &pair.client);
  assert_result (&pair.client, TRUE);
  ph_test_wait_for (look (&pair.client)->n_mappings == 1);
}

/* What a person typed is refused at once, what the world refuses ends the session. */
static void
test_bad_start (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  const char *const bad[] = { "nonsense", NULL };
  const char *const bad_codes[] = { "", "nonsense", "porthole://", "http://127.0.0.1/" };
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  const PhHostOptions options = { .name = "hanna", .signal = "nonsense", .servers = servers };
  const char *const codes[] = { "abcdefghijklmnopqrstu",
                                "abcdefghijklmnopqrstu.AAAAAAAAAAAAAAAAAAAAAA" };
  const PhError expected[] = { PH_ERROR_NOT_VERIFIED, PH_ERROR_INVALID };
  g_autoptr (GError) error = NULL;
  g_auto (Window) host = { 0 };

  g_assert_null (ph_engine_host (engine, &options, bad, ph_side_get_events (), NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (try_join (engine, codes[1], NULL, bad, NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_codes); i++)
    {
      g_clear_error (&error);
      g_assert_null (try_join (engine, bad_codes[i], NULL, NULL, NULL, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_auto (Window) client = { 0 };

      client.session = try_join (engine, codes[i], NULL, NULL, &client.side, NULL);
      ph_test_wait_for (client.side.n[PH_SIDE_ENDED] == 1);
      g_assert_error (client.side.error, PH_ERROR, (int)expected[i]);
      g_assert_cmpint (look (&client)->state, ==, PH_SESSION_ENDED);
    }
  host.session = ph_engine_host (engine, &options, NULL, ph_side_get_events (), &host.side, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_ENDED] == 1);
  g_assert_error (host.side.error, PH_ERROR, PH_ERROR_INVALID);
}

/* Relayed paths only, and nobody to relay. */
static void
test_no_relay (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  const PhHostOptions host_options = { .name = "hanna", .servers = servers };
  const PhJoinOptions join_options = { .name = "anna", .servers = servers };
  g_autoptr (GError) error = NULL;
  g_auto (Window) host = { 0 };

  ph_ice_servers_set_relay_only (servers, TRUE);
  g_assert_null (ph_engine_host (engine, &host_options, NULL, ph_side_get_events (), NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (ph_engine_join (engine, "abcdefghijklmnopqrstu", &join_options, NULL,
                                 ph_side_get_events (), NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  ph_ice_servers_add_turn (servers, "turn:anna:pw@127.0.0.1:1", NULL);
  host.session =
      ph_engine_host (engine, &host_options, NULL, ph_side_get_events (), &host.side, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] == 1);
}

/* Servers that are tried */

static void
on_server_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Window *self = user_data;
  g_autofree char *words = NULL;

  g_clear_error (&self->result);
  words = ph_engine_test_server_finish (result, &self->result);
  g_assert_true ((words == NULL) == (self->result != NULL));
  self->n_results++;
}

static void
try_server (Window *self, PhEngine *engine, PhServerKind kind, const char *text)
{
  ph_engine_test_server_async (engine, kind, text, NULL, on_server_tested, self);
  ph_test_wait_for (self->n_results == 1);
  self->n_results = 0;
}

static void
test_servers (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_auto (Window) host = { 0 };

  host_start (&host, engine, TRUE, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] == 1);
  try_server (&host, engine, PH_SERVER_SIGNAL, host.side.signal);
  g_assert_no_error (host.result);
  try_server (&host, engine, PH_SERVER_SIGNAL, "http://127.0.0.1:1");
  g_assert_error (host.result, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE);
  try_server (&host, engine, PH_SERVER_SIGNAL, "127.0.0.1:1");
  g_assert_error (host.result, PH_ERROR, PH_ERROR_INVALID);
  try_server (&host, engine, PH_SERVER_STUN, "turn:a:b@127.0.0.1");
  g_assert_error (host.result, PH_ERROR, PH_ERROR_INVALID);
  try_server (&host, engine, PH_SERVER_TURN, "127.0.0.1");
  g_assert_error (host.result, PH_ERROR, PH_ERROR_INVALID);
  try_server (&host, engine, PH_SERVER_TURN, "turn:a:b@127.0.0.1:1?transport=tcp");
  g_assert_error (host.result, PH_ERROR, PH_ERROR_FAILED);
}

/* By whoever asked, and by the engine's end; at once and when it is under way. */
static void
test_servers_cancelled (void)
{
  static const char *const around[][2] = { { "http://127.0.0.1:", "" },
                                           { "turn:a:b@127.0.0.1:", "?transport=tcp" },
                                           { "127.0.0.1:", "" } };
  g_autoptr (GSocketListener) silent = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (silent, NULL, NULL);

  for (guint i = 0; i < 4 * G_N_ELEMENTS (around); i++)
    {
      PhEngine *engine = ph_engine_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autofree char *text = NULL;
      Window window = { 0 };

      text = g_strdup_printf ("%s%u%s", around[i / 4][0], port, around[i / 4][1]);
      ph_engine_test_server_async (engine, ph_server_kind_of (text), text, cancellable,
                                   on_server_tested, &window);
      if (i % 2 == 0)
        try_server (&window, engine, PH_SERVER_SIGNAL, "nonsense"); /* the one before has begun */
      if (i % 4 < 2)
        g_cancellable_cancel (cancellable);
      ph_engine_free (engine);
      ph_test_wait_for (window.n_results == 1);
      g_assert_error (window.result, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&window.result);
    }
}

/* Freeing */

static void
free_both (gpointer data)
{
  Pair *pair = data;

  g_clear_pointer (&pair->host.session, ph_engine_session_free);
  g_clear_pointer (&pair->client.session, ph_engine_session_free);
}

/* Inside each event that a Host's or a Client's window may hear. */
static void
test_free_inside (void)
{
  const struct
  {
    gboolean on_host;
    PhSideEvent event;
  } places[] = {
    { TRUE, PH_SIDE_SESSION },      { TRUE, PH_SIDE_JOIN_REQUEST },  { TRUE, PH_SIDE_CONNECTED },
    { TRUE, PH_SIDE_DISCONNECTED }, { TRUE, PH_SIDE_ENDED },         { FALSE, PH_SIDE_MAPPING },
    { FALSE, PH_SIDE_CONNECTED },   { FALSE, PH_SIDE_DISCONNECTED }, { FALSE, PH_SIDE_ENDED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      Pair pair = { .engine = ph_engine_new () };
      PhSide *side = places[i].on_host ? &pair.host.side : &pair.client.side;

      g_test_message ("%s, %d", places[i].on_host ? "Host" : "Client", places[i].event);
      side->hook_at = places[i].event;
      side->hook = free_both;
      side->hook_data = &pair;
      host_start (&pair.host, pair.engine, TRUE, NULL);
      ph_test_wait_for (pair.host.side.n[PH_SIDE_SESSION] == 1);
      if (pair.host.session != NULL)
        join_start (&pair.client, pair.engine, &pair.host, "0:127.0.0.1:80");
      ph_test_wait_for (
          side->n[places[i].event] > 0 ||
          (pair.host.side.n[PH_SIDE_CONNECTED] == 1 && pair.client.side.n[PH_SIDE_CONNECTED] == 1));
      if (pair.host.session != NULL)
        ph_engine_session_end (places[i].on_host ? pair.host.session : pair.client.session);
      ph_test_wait_for (pair.host.session == NULL);
      g_assert_cmpuint (side->n[places[i].event], ==, 1);
      ph_engine_free (pair.engine);
      ph_test_drain ();
      ph_side_clear (&pair.host.side);
      ph_side_clear (&pair.client.side);
    }
}

/* Before the transport thread has so much as seen it, and with commands on their way. */
static void
test_free_at_once (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_auto (Window) host = { 0 };

  host_start (&host, engine, TRUE, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] == 1);
  for (guint i = 0; i < 20; i++)
    {
      Window window = { 0 };

      if (i % 2 == 0)
        host_start (&window, engine, TRUE, NULL);
      else
        join_start (&window, engine, &host, "0:127.0.0.1:80");
      if (i % 4 >= 2)
        {
          ph_engine_session_allow (window.session, "127.0.0.1:80", on_result, NULL);
          ph_engine_session_map (window.session, "0:127.0.0.1:80", on_result, NULL);
          ph_engine_session_end (window.session);
        }
      ph_engine_session_free (window.session);
      for (guint j = 0; j < PH_SIDE_N_EVENTS; j++)
        g_assert_cmpuint (window.side.n[j], ==, 0);
    }
}

static void
free_host (const GError *error, gpointer user_data)
{
  Window *self = user_data;

  g_clear_pointer (&self->session, ph_engine_session_free);
  self->n_results++;
}

static void
test_free_in_result (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_auto (Window) host = { 0 };

  host_start (&host, engine, TRUE, NULL);
  ph_engine_session_allow (host.session, "127.0.0.1:80", free_host, &host);
  ph_engine_session_allow (host.session, "127.0.0.1:81", free_host, &host);
  ph_test_wait_for (host.session == NULL);
  ph_test_drain ();
  g_assert_cmpuint (host.n_results, ==, 1);
}

/* The engine waits for those who are still saying goodbye. */
static void
test_free_while_connected (void)
{
  g_auto (Pair) pair = { 0 };

  pair_start (&pair);
  pair_connect (&pair);
  ph_engine_session_end (pair.host.session);
}

/* Loops */

static void
run_loop_inside (gpointer data)
{
  Pair *pair = data;

  /* Whoever asks a person right here hears on of everything else meanwhile, in order. */
  pair->host.side.hook = NULL;
  ph_engine_session_answer (pair->host.session, "anna", TRUE, on_result, &pair->host);
  ph_test_wait_for (pair->host.n_results == 1);
  ph_test_wait_for (pair->host.side.n[PH_SIDE_CONNECTED] == 1);
}

static void
test_loop_inside (void)
{
  g_auto (Pair) pair = { 0 };

  pair.host.side.hook_at = PH_SIDE_JOIN_REQUEST;
  pair.host.side.hook = run_loop_inside;
  pair.host.side.hook_data = &pair;
  pair_start (&pair);
  g_assert_cmpuint (pair.host.side.n[PH_SIDE_CONNECTED], ==, 1);
}

/* Not more than the signaling server lets join in a minute. */
G_STATIC_ASSERT (PH_ENGINE_MAX_WARNINGS + 10 < 60);

/* Sends @n Clients with a wrong code, and waits until each has been turned away. */
static void
knock (PhEngine *engine, const Window *host, guint n)
{
  g_autofree char *code = g_strdup_printf ("%s.AAAAAAAAAAAAAAAAAAAAAA", host->side.id);

  for (guint i = 0; i < n; i++)
    {
      g_auto (Window) client = { 0 };

      client.session = try_join (engine, code, host->side.signal, NULL, &client.side, NULL);
      ph_test_wait_for (client.side.n[PH_SIDE_ENDED] == 1);
      g_assert_error (client.side.error, PH_ERROR, PH_ERROR_NOT_VERIFIED);
    }
}

/* A window whose loop stands still finds no more than it can take, and nothing that counts is
 * missing. */
static void
test_standstill (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_auto (Window) host = { 0 };

  g_main_context_push_thread_default (context);
  host_start (&host, engine, FALSE, NULL);
  g_main_context_pop_thread_default (context);
  while (host.side.n[PH_SIDE_SESSION] == 0)
    g_main_context_iteration (context, TRUE);
  knock (engine, &host, PH_ENGINE_MAX_WARNINGS + 10);
  ph_engine_session_end (host.session);
  while (host.side.n[PH_SIDE_ENDED] == 0)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (host.side.n[PH_SIDE_WARNING], >=, PH_ENGINE_MAX_WARNINGS);
  g_assert_cmpuint (host.side.n[PH_SIDE_WARNING], <, PH_ENGINE_MAX_WARNINGS + 10);
  g_assert_cmpuint (host.side.n[PH_SIDE_SESSION], ==, 1);
  g_assert_cmpint (look (&host)->state, ==, PH_SESSION_ENDED);
  g_clear_pointer (&host.session, ph_engine_session_free);
  for (guint i = 0; i < 100 && g_main_context_iteration (context, FALSE); i++)
    ;
}

static gboolean
offers (const Window *self, guint16 port)
{
  return ph_services_has (self->side.services, "127.0.0.1", port);
}

static void
offer (Window *self, guint16 port)
{
  g_autofree char *rule = g_strdup_printf ("127.0.0.1:%u", port);

  ph_engine_session_allow (self->session, rule, NULL, NULL);
}

/* Of lists of services the newest is enough. */
static void
test_standstill_services (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_auto (Window) host = { 0 };
  g_auto (Window) watching = { 0 };
  g_auto (Window) standing = { 0 };

  host_start (&host, engine, TRUE, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] == 1);
  g_main_context_push_thread_default (context);
  join_start (&standing, engine, &host, "0:127.0.0.1:80");
  g_main_context_pop_thread_default (context);
  while (standing.side.n[PH_SIDE_CONNECTED] == 0)
    g_main_context_iteration (context, TRUE);
  join_start (&watching, engine, &host, "0:127.0.0.1:80");
  ph_test_wait_for (watching.side.n[PH_SIDE_CONNECTED] == 1);
  for (guint16 port = 1; port <= 4; port++)
    {
      offer (&host, port);
      ph_test_wait_for (offers (&watching, port));
    }
  while (!offers (&standing, 4))
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (watching.side.n[PH_SIDE_SERVICES], ==, 4);
  g_assert_cmpuint (standing.side.n[PH_SIDE_SERVICES], <, 4);
  g_clear_pointer (&standing.session, ph_engine_session_free);
  for (guint i = 0; i < 100 && g_main_context_iteration (context, FALSE); i++)
    ;
}

/* Snapshots come when something changes, and not otherwise. */
static gboolean
on_moment (gpointer is_over)
{
  *(gboolean *)is_over = TRUE;
  return G_SOURCE_REMOVE;
}

static void
let_pass (guint ms)
{
  g_autoptr (GSource) timer = g_timeout_source_new (ms);
  gboolean is_over = FALSE;

  g_source_set_callback (timer, on_moment, &is_over, NULL);
  g_source_attach (timer, NULL);
  while (!is_over)
    g_main_context_iteration (NULL, TRUE);
}

static void
snapshot_of_host (PhSnapshot *snapshot, gpointer user_data)
{
  PhSide *side = user_data;

  on_snapshot (snapshot, (Window *)side); /* a Window begins with its side */
}

static void
test_quiet (void)
{
  g_autoptr (PhEngine) engine = ph_engine_new ();
  g_auto (Window) host = { 0 };
  guint n_before;

  host_start (&host, engine, TRUE, NULL);
  ph_engine_session_set_snapshot_func (host.session, snapshot_of_host);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] == 1);
  ph_test_wait_for (look (&host)->state == PH_SESSION_WAITING);
  n_before = host.n_snapshots;
  g_assert_cmpuint (n_before, >, 0);
  let_pass (300);
  g_assert_cmpuint (host.n_snapshots, ==, n_before);
  ph_engine_session_allow (host.session, "127.0.0.1:80", NULL, NULL);
  ph_test_wait_for (host.n_snapshots > n_before);
  for (guint i = 0; i < 1000; i++)
    ph_engine_session_allow (host.session, "127.0.0.1:80", i == 999 ? on_result : NULL, &host);
  n_before = host.n_snapshots;
  assert_result (&host, TRUE);
  ph_test_wait_for (host.n_snapshots > n_before);
  g_assert_cmpuint (host.n_snapshots, <, n_before + 500);
}

/* A snapshot is anybody's, on any thread, and outlives what it shows. */
static gpointer
read_snapshot (gpointer data)
{
  g_autoptr (PhSnapshot) snapshot = data;

  g_assert_cmpint (snapshot->state, ==, PH_SESSION_CONNECTED);
  g_assert_cmpstr (snapshot->peers[0].name, ==, "anna");
  return NULL;
}

static void
test_snapshot_elsewhere (void)
{
  GThread *threads[4];
  g_auto (Pair) pair = { 0 };

  pair_start (&pair);
  pair_connect (&pair);
  ph_test_wait_for (look (&pair.host)->state == PH_SESSION_CONNECTED);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("reader", read_snapshot, ph_snapshot_ref (look (&pair.host)));
  g_clear_pointer (&pair.host.session, ph_engine_session_free);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/nothing", test_nothing);
  g_test_add_func ("/engine/pair", test_pair);
  g_test_add_func ("/engine/closed", test_closed);
  g_test_add_func ("/engine/commands", test_commands);
  g_test_add_func ("/engine/services", test_services);
  g_test_add_func ("/engine/failed-mapping", test_failed_mapping);
  g_test_add_func ("/engine/bad-start", test_bad_start);
  g_test_add_func ("/engine/no-relay", test_no_relay);
  g_test_add_func ("/engine/servers", test_servers);
  g_test_add_func ("/engine/servers-cancelled", test_servers_cancelled);
  g_test_add_func ("/engine/free-inside", test_free_inside);
  g_test_add_func ("/engine/free-at-once", test_free_at_once);
  g_test_add_func ("/engine/free-in-result", test_free_in_result);
  g_test_add_func ("/engine/free-while-connected", test_free_while_connected);
  g_test_add_func ("/engine/loop-inside", test_loop_inside);
  g_test_add_func ("/engine/standstill", test_standstill);
  g_test_add_func ("/engine/standstill-services", test_standstill_services);
  g_test_add_func ("/engine/quiet", test_quiet);
  g_test_add_func ("/engine/snapshot-elsewhere", test_snapshot_elsewhere);
  return g_test_run ();
}
