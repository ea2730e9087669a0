/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libsoup/soup.h>
#include <string.h>

#include "core/ph-error.h"
#include "ph-side.h"
#include "ph-test-loop.h"
#include "session/ph-host.h"
#include "session/ph-join.h"
#include "signaling/ph-signal-client.h"
#include "signaling/ph-signal-server.h"

/* A real Host and real Clients in one process, on one context, over real loopback sockets. */

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

typedef enum
{
  APPROVE_ALL = 1 << 0,
  UNVERIFIED = 1 << 1, /* the Host allows it; the Client joins with the bare id */
  COMPARE = 1 << 2,    /* the Client's person is asked, too */
  HASTY = 1 << 3,      /* waits for nobody */
} Manner;

static void
host_new (Host *self, Manner manner, guint max_clients, const char *signal)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;
  const PhHostOptions options = { .signal = signal,
                                  .name = "hanna",
                                  .max_clients = max_clients,
                                  .answer_limit_ms = manner & HASTY ? 1 : 0,
                                  .allow_unverified = (manner & UNVERIFIED) != 0,
                                  .approve_all = (manner & APPROVE_ALL) != 0,
                                  .servers = servers };

  self->host = ph_host_new (&options, ph_side_get_events (), &self->side, &error);
  g_assert_no_error (error);
}

static void
host_start (Host *self, Manner manner)
{
  host_new (self, manner, 0, NULL);
  ph_test_wait_for (self->side.n[PH_SIDE_SESSION] > 0);
}

static void
host_finish (Host *self)
{
  ph_host_end (self->host);
  ph_test_wait_for (self->side.n[PH_SIDE_ENDED] > 0);
  ph_test_drain ();
  g_assert_cmpuint (self->side.n_opened, <=, self->side.n_closed);
  ph_host_free (self->host);
  ph_test_drain ();
  ph_side_clear (&self->side);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Host, host_finish)

static void
client_new_at (Client *self,
               const char *code_text,
               const char *url,
               const char *name,
               Manner manner)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (PhCode) code = ph_code_parse (code_text, &error);
  const PhJoinOptions options = { .code = code,
                                  .signal = url,
                                  .name = name,
                                  .allow_unverified = (manner & UNVERIFIED) != 0,
                                  .wait_limit_ms = manner & HASTY ? 1 : 0,
                                  .compare_number = (manner & COMPARE) != 0,
                                  .servers = servers };

  g_assert_no_error (error);
  self->join = ph_join_new (&options, ph_side_get_events (), &self->side, &error);
  g_assert_no_error (error);
}

static void
client_new (Client *self, const Host *host, const char *name, Manner manner)
{
  client_new_at (self, manner & UNVERIFIED ? host->side.id : host->side.code, host->side.signal,
                 name, manner);
}

static void
client_start (Client *self, const Host *host, const char *name, Manner manner)
{
  client_new (self, host, name, manner);
  ph_join_start (self->join);
}

static void
client_finish (Client *self)
{
  ph_join_end (self->join);
  ph_test_wait_for (self->side.n[PH_SIDE_ENDED] > 0);
  ph_test_drain ();
  g_assert_cmpuint (self->side.n_opened, <=, self->side.n_closed);
  g_assert_cmpuint (self->side.n[PH_SIDE_CONNECTED], ==, self->side.n[PH_SIDE_DISCONNECTED]);
  ph_join_free (self->join);
  ph_test_drain ();
  ph_side_clear (&self->side);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Client, client_finish)

static gboolean
are_connected (const Host *host, const Client *client)
{
  return host->side.n[PH_SIDE_CONNECTED] > 0 && client->side.n[PH_SIDE_CONNECTED] > 0;
}

static void
assert_ended (Client *client, PhError code)
{
  ph_test_wait_for (client->side.n[PH_SIDE_ENDED] > 0);
  g_assert_error (client->side.error, PH_ERROR, (int)code);
}

static void
allow (Host *host, const PhEcho *echo)
{
  g_autofree char *rule = g_strdup_printf ("127.0.0.1:%u", echo->port);
  g_autoptr (GError) error = NULL;

  ph_host_allow (host->host, rule, &error);
  g_assert_no_error (error);
}

static void
deny (Host *host, const PhEcho *echo)
{
  g_autofree char *rule = g_strdup_printf ("127.0.0.1:%u", echo->port);
  g_autoptr (GError) error = NULL;

  ph_host_deny (host->host, rule, &error);
  g_assert_no_error (error);
}

static void
map (Client *client, const PhEcho *echo)
{
  g_autofree char *mapping = g_strdup_printf ("0:127.0.0.1:%u", echo->port);
  g_autoptr (GError) error = NULL;

  ph_join_map (client->join, mapping, &error);
  g_assert_no_error (error);
  g_assert_cmpint (client->side.mapping_state, ==, PH_MAPPING_LISTENING);
}

/* What goes through */

static void
test_echo (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  g_assert_cmpint (ph_host_get_state (host.host), ==, PH_SESSION_WAITING);
  allow (&host, &echo);
  client_new (&client, &host, "anna", 0);
  map (&client, &echo);
  ph_join_start (client.join);
  ph_talk_start (&talk, ph_side_get_port (&client.side)); /* before there is a way through */
  ph_test_wait_for (are_connected (&host, &client) && talk.has_heard);
  g_assert_cmpstr (host.side.requested, ==, "anna");
  g_assert_true (host.side.is_verified && ph_join_is_verified (client.join));
  g_assert_cmpstr (host.side.connected, ==, "anna");
  g_assert_cmpstr (client.side.connected, ==, "hanna");
  g_assert_cmpint (client.side.path.kind, ==, PH_PATH_LAN);
  g_assert_cmpint (ph_host_get_state (host.host), ==, PH_SESSION_CONNECTED);
  g_assert_cmpint (ph_join_get_state (client.join), ==, PH_SESSION_CONNECTED);
  g_assert_cmpuint (host.side.n[PH_SIDE_WARNING] + client.side.n[PH_SIDE_WARNING], ==, 0);
}

static void
test_rules (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autoptr (GError) error = NULL;
  guint16 port;

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  client_start (&client, &host, "anna", 0);
  map (&client, &echo);
  port = ph_side_get_port (&client.side);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (PhTalk) refused = { 0 };
      g_auto (PhTalk) talk = { 0 };

      ph_talk_start (&refused, port);
      ph_test_wait_for (refused.is_over && client.side.n_closed == i * 2 + 1);
      g_assert_cmpint (client.side.close_reason, ==, PH_CLOSE_NOT_ALLOWED);
      g_assert_false (refused.has_heard);
      allow (&host, &echo);
      ph_talk_start (&talk, port);
      ph_test_wait_for (talk.has_heard);
      deny (&host, &echo);
      ph_test_wait_for (talk.is_over && client.side.n_closed == i * 2 + 2 &&
                        host.side.n_closed == i * 2 + 2);
      g_assert_cmpint (client.side.close_reason, ==, PH_CLOSE_NOT_ALLOWED);
      g_assert_cmpint (host.side.close_reason, ==, PH_CLOSE_NOT_ALLOWED);
    }
  g_assert_false (ph_host_deny (host.host, "127.0.0.1:1", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
}

static void
test_mappings (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };
  g_auto (PhTalk) late = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *port = NULL;

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  allow (&host, &echo);
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (are_connected (&host, &client));
  map (&client, &echo);
  port = g_strdup_printf ("%u", ph_side_get_port (&client.side));
  g_assert_false (ph_join_map (client.join, port, &error)); /* it is taken */
  g_assert_error (error, PH_ERROR, PH_ERROR_LISTEN);
  g_assert_cmpint (client.side.mapping_state, ==, PH_MAPPING_FAILED);
  g_clear_error (&error);
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (talk.has_heard);
  ph_join_unmap (client.join, port, &error);
  g_assert_no_error (error);
  g_assert_cmpint (client.side.mapping_state, ==, PH_MAPPING_REMOVED);
  ph_test_wait_for (talk.is_over && client.side.n_closed == 1 && host.side.n_closed == 1);
  ph_talk_start (&late, ph_side_get_port (&client.side));
  ph_test_wait_for (late.is_over);
  g_assert_null (late.connection);
  g_assert_false (ph_join_unmap (client.join, port, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
}

/* Whoever hears that a mapping is gone may take away all others. */
static void
unmap_everything (gpointer data)
{
  Client *client = data;

  client->side.hook = NULL;
  for (guint i = 0; i < 4; i++)
    {
      const char *const locals[] = { "127.0.0.1:0", "8000", "", client->side.local };

      ph_join_unmap (client->join, locals[i], NULL);
    }
}

static void
test_unmap_inside (void)
{
  const PhSideEvent when = PH_SIDE_MAPPING;
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autofree char *port = NULL;
  g_autofree char *other = NULL;

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (are_connected (&host, &client));
  map (&client, &echo);
  port = g_strdup_printf ("%u", ph_side_get_port (&client.side));
  other = g_strdup_printf ("127.0.0.2:%s:127.0.0.1:80", port);
  g_assert_true (ph_join_map (client.join, other, NULL));
  client.side.hook_at = when;
  client.side.hook = unmap_everything;
  client.side.hook_data = &client;
  g_assert_true (ph_join_unmap (client.join, port, NULL)); /* both, and the hook finds neither */
  g_assert_cmpuint (client.side.n[PH_SIDE_MAPPING], ==, 4);
  client.side.hook = unmap_everything;
  g_assert_true (ph_join_map (client.join, "0:127.0.0.1:80", NULL));
  g_assert_cmpint (client.side.mapping_state, ==, PH_MAPPING_REMOVED);
}

/* What the Host offers */

static gboolean
offers (const PhServices *services, const char *expected)
{
  g_autoptr (GString) words = g_string_new (NULL);
  guint n;
  const PhService *all = ph_services_get (services, &n);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (words, "%s %s:%u %s;", all[i].title, all[i].address, all[i].port,
                            ph_kind_word (all[i].kind));
  return g_str_equal (words->str, expected);
}

static void
set_services (Host *host)
{
  const PhService services[] = { { "Our world", "127.0.0.1", 25565, PH_KIND_GAME },
                                 { "Books", "nas.example.org", 8000, PH_KIND_MEDIA },
                                 { "Secret", "127.0.0.1", 22, PH_KIND_SHELL } };
  g_autoptr (PhServices) list = ph_services_new (services, G_N_ELEMENTS (services));

  ph_host_set_services (host->host, list);
}

/* By itself a Host tells of what its rules name, and follows them; a person's list is told as far
 * as the rules allow it. */
static void
test_services (void)
{
  static const char by_rule[] = "Minecraft 127.0.0.1:25565 game;";
  static const char set[] = "Our world 127.0.0.1:25565 game;Books nas.example.org:8000 media;";
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (Client) late = { 0 };

  host_start (&host, APPROVE_ALL);
  g_assert_true (ph_host_allow (host.host, "127.0.0.1:25565", NULL));
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (offers (client.side.services, by_rule));
  g_assert_true (ph_join_get_services (client.join) == client.side.services);
  g_assert_true (offers (ph_host_get_services (host.host), by_rule));
  g_assert_true (ph_host_allow (host.host, "*.example.org:*", NULL)); /* names no service */
  set_services (&host);
  ph_test_wait_for (offers (client.side.services, set));
  client_start (&late, &host, "berta", 0);
  ph_test_wait_for (offers (late.side.services, set));
  g_assert_true (ph_host_deny (host.host, "127.0.0.1:25565", NULL));
  ph_test_wait_for (offers (client.side.services, "Books nas.example.org:8000 media;"));
  ph_host_set_services (host.host, NULL);
  ph_test_wait_for (offers (client.side.services, "") && offers (late.side.services, ""));
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], <=, 4);
  g_assert_cmpuint (host.side.n[PH_SIDE_SERVICES], ==, 0);
}

/* A Host that offers nothing says nothing. */
static void
test_no_services (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  g_assert_true (ph_host_allow (host.host, "127.0.0.*:*", NULL));
  client_start (&client, &host, "anna", 0);
  map (&client, &echo);
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (talk.has_heard);
  g_assert_null (ph_join_get_services (client.join));
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], ==, 0);
}

/* Changes that follow each other closely are told together. */
static void
test_many_services (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  gint64 begin_us = g_get_monotonic_time ();
  gint64 took_us;
  guint n = 0;

  host_start (&host, APPROVE_ALL);
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (are_connected (&host, &client));
  for (guint port = 1; port <= 2 * PH_SERVICES_MAX; port++)
    {
      g_autofree char *rule = g_strdup_printf ("127.0.0.1:%u", port);

      g_assert_true (ph_host_allow (host.host, rule, NULL));
      g_main_context_iteration (NULL, FALSE);
    }
  ph_test_wait_for (ph_services_get (client.side.services, &n) != NULL && n == PH_SERVICES_MAX);
  took_us = g_get_monotonic_time () - begin_us;
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], <=, 2 + took_us / (G_USEC_PER_SEC / 2));
}

static void
end_join (gpointer client)
{
  ph_join_end (((Client *)client)->join);
}

static void
test_end_in_services (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };

  client.side.hook_at = PH_SIDE_SERVICES;
  client.side.hook = end_join;
  client.side.hook_data = &client;
  host_start (&host, APPROVE_ALL);
  g_assert_true (ph_host_allow (host.host, "127.0.0.1:80", NULL));
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (client.side.n[PH_SIDE_ENDED] > 0);
  g_assert_no_error (client.side.error);
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], ==, 1);
}

/* Who may join */

static void
test_names (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) first = { 0 };
  g_auto (Client) second = { 0 };

  host_start (&host, APPROVE_ALL);
  client_start (&first, &host, "anna", 0);
  ph_test_wait_for (are_connected (&host, &first));
  g_assert_cmpstr (host.side.connected, ==, "anna");
  client_start (&second, &host, "anna", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_CONNECTED] == 2 && second.side.n[PH_SIDE_CONNECTED] == 1);
  g_assert_cmpstr (host.side.connected, ==, "anna (2)");
}

static void
test_answers (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) anna = { 0 };
  g_auto (Client) bert = { 0 };

  host_start (&host, 0);
  g_assert_false (ph_host_answer (host.host, TRUE));
  client_start (&anna, &host, "anna", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1);
  client_start (&bert, &host, "bert", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 2);
  ph_test_wait_for (ph_join_get_state (bert.join) == PH_SESSION_WAITING);
  g_assert_false (ph_host_answer_client (host.host, "carl", TRUE));
  g_assert_true (ph_host_answer_client (host.host, "bert", TRUE));
  ph_test_wait_for (are_connected (&host, &bert));
  g_assert_false (ph_host_answer_client (host.host, "bert", FALSE));
  g_assert_true (ph_host_answer (host.host, FALSE));
  g_assert_cmpstr (host.side.reason, ==, "declined");
  assert_ended (&anna, PH_ERROR_DECLINED);
  g_assert_cmpuint (anna.side.n[PH_SIDE_CONNECTED], ==, 0);
}

static void
test_decline_all (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) before = { 0 };
  g_auto (Client) after = { 0 };

  host_start (&host, 0);
  client_start (&before, &host, "anna", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1);
  ph_host_decline_all (host.host);
  assert_ended (&before, PH_ERROR_DECLINED);
  client_start (&after, &host, "bert", 0);
  assert_ended (&after, PH_ERROR_DECLINED);
  g_assert_cmpuint (host.side.n[PH_SIDE_DISCONNECTED], ==, 2);
}

static void
test_kick (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (Client) asking = { 0 };
  g_autoptr (GError) error = NULL;

  host_start (&host, 0);
  client_start (&client, &host, "anna", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1 && ph_host_answer (host.host, TRUE));
  ph_test_wait_for (are_connected (&host, &client));
  g_assert_false (ph_host_kick (host.host, "bert", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_true (ph_host_kick (host.host, "anna", NULL));
  g_assert_cmpstr (host.side.reason, ==, "kicked");
  g_assert_true (ph_host_kick (host.host, "anna", NULL)); /* still saying goodbye */
  assert_ended (&client, PH_ERROR_PEER_ENDED);
  client_start (&asking, &host, "bert", 0);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 2);
  g_assert_true (ph_host_kick (host.host, "bert", NULL));
  g_assert_cmpstr (host.side.reason, ==, "kicked");
  assert_ended (&asking, PH_ERROR_DECLINED);
  g_assert_cmpuint (host.side.n[PH_SIDE_DISCONNECTED], ==, 2);
}

static void
test_full (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) first = { 0 };
  g_auto (Client) second = { 0 };

  host_new (&host, APPROVE_ALL, 1, NULL);
  ph_test_wait_for (host.side.n[PH_SIDE_SESSION] > 0);
  client_start (&first, &host, "anna", 0);
  ph_test_wait_for (are_connected (&host, &first));
  client_start (&second, &host, "bert", 0);
  assert_ended (&second, PH_ERROR_FULL);
  g_assert_cmpstr (host.side.warning, ==, "full");
  g_assert_cmpuint (host.side.n[PH_SIDE_JOIN_REQUEST], ==, 1);
}

static void
test_wrong_secret (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autofree char *code = NULL;

  host_start (&host, APPROVE_ALL);
  code = g_strdup_printf ("%s.AAAAAAAAAAAAAAAAAAAAAA", host.side.id);
  client_new_at (&client, code, host.side.signal, "eve", 0);
  ph_join_start (client.join);
  assert_ended (&client, PH_ERROR_NOT_VERIFIED);
  g_assert_cmpstr (host.side.warning, ==, "not-verified");
  g_assert_cmpuint (host.side.n[PH_SIDE_JOIN_REQUEST], ==, 0);
}

/* Bare ids */

static void
test_bare_id_refused (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autoptr (PhCode) code = NULL;
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;
  PhJoinOptions options = { .name = "anna", .servers = servers };

  host_start (&host, APPROVE_ALL);
  code = ph_code_parse (host.side.id, NULL);
  options.code = code;
  options.signal = host.side.signal;
  g_assert_null (ph_join_new (&options, ph_side_get_events (), NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_NOT_VERIFIED);
  client_start (&client, &host, "anna", UNVERIFIED); /* which this Host does not allow */
  assert_ended (&client, PH_ERROR_NOT_VERIFIED);
  g_assert_cmpuint (host.side.n[PH_SIDE_JOIN_REQUEST], ==, 0);
}

static void
count_connection (const char *client, const PhConnectionInfo *info, gpointer count)
{
  g_assert_false (info->is_open);
  ++*(guint *)count;
}

static guint
count_connections (Host *host)
{
  guint count = 0;

  ph_host_foreach_connection (host->host, count_connection, &count);
  return count;
}

/* Connects two who compare a number; nobody has answered yet. */
static void
connect_bare (Host *host, Client *client, const PhEcho *echo, Manner manner)
{
  host_start (host, UNVERIFIED);
  allow (host, echo);
  client_new (client, host, "anna", UNVERIFIED | manner);
  map (client, echo);
  ph_join_start (client->join);
  ph_test_wait_for (host->side.n[PH_SIDE_JOIN_REQUEST] == 1 && ph_host_answer (host->host, TRUE));
  ph_test_wait_for (are_connected (host, client));
  g_assert_false (host->side.is_verified || ph_join_is_verified (client->join));
  g_assert_cmpuint (strlen (host->side.number), ==, 12);
  g_assert_cmpstr (host->side.number, ==, client->side.number);
}

static void
test_number (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };

  ph_echo_start (&echo);
  connect_bare (&host, &client, &echo, 0);
  g_assert_false (ph_join_answer (client.join, TRUE)); /* it has confirmed by its option */
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (count_connections (&host) == 1);
  ph_test_drain ();
  g_assert_cmpuint (echo.n_accepted, ==, 0);
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], ==, 0);
  g_assert_true (ph_host_answer (host.host, TRUE));
  ph_test_wait_for (talk.has_heard && client.side.n[PH_SIDE_SERVICES] == 1);
  g_assert_false (ph_host_answer (host.host, TRUE));
}

/* Until the Client's person has answered, the Host hears of no connection. */
static void
test_number_on_both_sides (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };
  PhMuxCounters counters = { 0 };

  ph_echo_start (&echo);
  connect_bare (&host, &client, &echo, COMPARE);
  g_assert_true (ph_host_answer (host.host, TRUE));
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  while (counters.connections == 0)
    {
      g_main_context_iteration (NULL, TRUE);
      ph_mux_get_counters (ph_tunnel_get_mux (ph_join_get_tunnel (client.join)), &counters);
    }
  ph_test_drain ();
  g_assert_cmpuint (count_connections (&host), ==, 0);
  g_assert_cmpuint (client.side.n[PH_SIDE_SERVICES], ==, 0);
  g_assert_true (ph_join_answer (client.join, TRUE));
  g_assert_false (ph_join_answer (client.join, TRUE));
  ph_test_wait_for (talk.has_heard && client.side.n[PH_SIDE_SERVICES] == 1);
}

static void
test_number_differs (void)
{
  for (guint i = 0; i < 2; i++)
    {
      gboolean on_host = i == 0;
      g_auto (PhEcho) echo = { 0 };
      g_auto (Host) host = { 0 };
      g_auto (Client) client = { 0 };

      ph_echo_start (&echo);
      connect_bare (&host, &client, &echo, COMPARE);
      g_assert_true (on_host ? ph_host_answer (host.host, FALSE)
                             : ph_join_answer (client.join, FALSE));
      assert_ended (&client, on_host ? PH_ERROR_PEER_ENDED : PH_ERROR_NOT_VERIFIED);
      ph_test_wait_for (host.side.n[PH_SIDE_DISCONNECTED] == 1);
      g_assert_cmpstr (host.side.reason, ==, on_host ? "declined" : "ended");
    }
}

/* Old requests */

static void
on_raw_join (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  *(PhSignalSession **)user_data = ph_signal_client_join_finish (result, &error);
  g_assert_no_error (error);
}

static void
on_raw_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *)user_data = ph_signal_client_delete_finish (result, NULL);
}

static PhSignalSession *
join_raw (PhSignalClient *signal, const char *id, const PhSignalProof *proof)
{
  PhSignalSession *session = NULL;

  ph_signal_client_join_async (signal, id, "anna", proof, NULL, on_raw_join, &session);
  ph_test_wait_for (session != NULL);
  return session;
}

/* That its maker holds the code of @host. */
static PhSignalProof
prove (const Host *host)
{
  g_autoptr (PhCode) code = ph_code_parse (host->side.code, NULL);
  PhSignalProof proof = { .has_nonce = TRUE, .has_mac = TRUE };
  guint8 key[PH_KEY_SIZE];

  ph_code_derive_key (code->secret, key);
  ph_code_draw (proof.nonce, sizeof proof.nonce);
  ph_code_mac_join (key, code->id, proof.nonce, "anna", proof.mac);
  return proof;
}

static void
test_replay (void)
{
  g_auto (Host) host = { 0 };
  g_autoptr (PhSignalClient) signal = NULL;
  g_autoptr (PhSignalSession) first = NULL;
  g_autoptr (PhSignalSession) again = NULL;
  PhSignalProof proof;
  gboolean is_deleted = FALSE;

  host_start (&host, 0);
  proof = prove (&host);
  signal = ph_signal_client_new (host.side.signal, NULL);
  first = join_raw (signal, host.side.id, &proof);
  ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1);
  g_assert_true (host.side.is_verified);
  ph_signal_client_delete_async (signal, first->id, first->token, NULL, on_raw_deleted,
                                 &is_deleted);
  ph_test_wait_for (is_deleted && host.side.n[PH_SIDE_DISCONNECTED] == 1);
  g_assert_cmpstr (host.side.reason, ==, "left");
  again = join_raw (signal, host.side.id, &proof);
  g_assert_cmpstr (again->id, !=, first->id);
  ph_test_wait_for (host.side.n[PH_SIDE_WARNING] == 1);
  g_assert_cmpstr (host.side.warning, ==, "not-verified");
  g_assert_cmpuint (host.side.n[PH_SIDE_JOIN_REQUEST], ==, 1);
}

/* One who joins and never answers does not keep a place. */
static void
test_no_answer (void)
{
  g_auto (Host) host = { 0 };
  g_autoptr (PhSignalClient) signal = NULL;
  g_autoptr (PhSignalSession) session = NULL;
  PhSignalProof proof;

  host_start (&host, APPROVE_ALL | HASTY);
  proof = prove (&host);
  signal = ph_signal_client_new (host.side.signal, NULL);
  session = join_raw (signal, host.side.id, &proof);
  ph_test_wait_for (host.side.n[PH_SIDE_DISCONNECTED] == 1);
  g_assert_cmpstr (host.side.reason, ==, "left");
}

/* Nor is one who is neither let in nor turned away kept for ever. */
static void
test_no_offer (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, 0);
  client_start (&client, &host, "anna", HASTY);
  assert_ended (&client, PH_ERROR_SESSION_UNKNOWN);
  ph_test_wait_for (host.side.n[PH_SIDE_DISCONNECTED] == host.side.n[PH_SIDE_JOIN_REQUEST]);
}

/* A signaling server, or somebody on the way to it, that changes what goes through */

typedef enum
{
  FORGE_NOTHING,
  FORGE_SDP,
  FORGE_CANDIDATE,
  FORGE_MORE_CANDIDATES,
  FORGE_FEWER_CANDIDATES,
  FORGE_EXTENSIONS,
  FORGE_NO_MAC,
  FORGE_RANDOM,
  FORGE_HOST_NAME,
  FORGE_CHILD_ID,
} Forgery;

#define FAKE_ID "ZZZZZZZZZZZZZZZZZZZZZ"

typedef struct
{
  SoupServer *server;
  SoupSession *session;
  const char *target;
  char *url;
  Forgery forgery;
  gboolean on_answer; /* else on the offer */
  gboolean is_mute;
  char real_id[PH_ID_SIZE]; /* of the child, with FORGE_CHILD_ID */
  guint n_forged;
  guint n_calls;
} Forger;

typedef struct
{
  Forger *forger;
  SoupServerMessage *message; /* NULL once the caller has gone */
  SoupMessage *passed_on;
} Call;

static void
change_sdp (PhDescription *description)
{
  char *digit = strstr (description->sdp, "sha-256 ");

  g_assert_nonnull (digit);
  digit += strlen ("sha-256 ");
  *digit = *digit == 'A' ? 'B' : 'A';
}

static void
change_candidates (Forgery forgery, PhSignalHalf *half)
{
  guint n = g_strv_length (half->candidates);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *other =
      ph_candidate_to_json ("candidate:9 1 UDP 2130706431 127.0.0.1 9 typ host", "0");

  g_assert_cmpuint (n, >, 0);
  for (guint i = 0; i + 1 < n; i++)
    g_strv_builder_add (builder, half->candidates[i]);
  if (forgery == FORGE_MORE_CANDIDATES)
    g_strv_builder_add (builder, half->candidates[n - 1]);
  if (forgery != FORGE_FEWER_CANDIDATES)
    g_strv_builder_add (builder, other);
  g_strfreev (half->candidates);
  half->candidates = g_strv_builder_end (builder);
}

static void
forge_half (Forger *self, PhSignalHalf *half)
{
  g_autoptr (PhDescription) description = ph_description_parse (half->sdp, NULL);
  guint n_extensions;

  g_assert_nonnull (description);
  n_extensions = g_strv_length (description->extensions);
  self->n_forged++;
  switch (self->forgery)
    {
    case FORGE_SDP:
      change_sdp (description);
      break;
    case FORGE_CANDIDATE:
    case FORGE_MORE_CANDIDATES:
    case FORGE_FEWER_CANDIDATES:
      change_candidates (self->forgery, half);
      break;
    case FORGE_EXTENSIONS:
      g_clear_pointer (&description->extensions[n_extensions - 1], g_free);
      break;
    case FORGE_NO_MAC:
      description->has_mac = FALSE;
      break;
    case FORGE_RANDOM:
      description->r[0] ^= 1;
      break;
    case FORGE_NOTHING:
    case FORGE_HOST_NAME:
    case FORGE_CHILD_ID:
      break;
    }
  g_free (half->sdp);
  half->sdp = ph_description_to_json (description);
}

/* What the server says of a session; anything else is left as it is. */
static char *
dup_forged_answer (Forger *self, const char *body)
{
  g_autoptr (PhSignalSession) session = ph_signal_session_parse (body, strlen (body), NULL);

  if (session == NULL || self->on_answer)
    return g_strdup (body);
  if (self->forgery == FORGE_HOST_NAME)
    {
      g_free (session->host);
      session->host = g_strdup ("hanne");
      self->n_forged++;
    }
  if (self->forgery == FORGE_CHILD_ID)
    {
      g_strlcpy (self->real_id, session->id, sizeof self->real_id);
      g_strlcpy (session->id, FAKE_ID, sizeof session->id);
      self->n_forged++;
    }
  if (session->offer != NULL)
    forge_half (self, session->offer);
  return ph_signal_session_to_json (session);
}

static char *
dup_forged_request (Forger *self, const char *body)
{
  g_auto (PhSignalMessage) message = { 0 };

  if (!self->on_answer || !ph_signal_message_parse (body, strlen (body), &message, NULL) ||
      message.type != PH_SIGNAL_TYPE_ANSWER)
    return g_strdup (body);
  forge_half (self, message.half);
  return ph_signal_message_to_json (&message);
}

/* "" for nothing. */
static char *
dup_text (GBytes *bytes)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (bytes != NULL)
    g_string_append_len (text, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
on_caller_gone (SoupServerMessage *message, gpointer user_data)
{
  Call *call = user_data;

  g_clear_object (&call->message);
}

static void
call_free (Call *call)
{
  if (call->message != NULL)
    g_signal_handlers_disconnect_by_data (call->message, call);
  call->forger->n_calls--;
  g_clear_object (&call->message);
  g_object_unref (call->passed_on);
  g_free (call);
}

static void
on_passed_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GBytes) bytes =
      soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);
  g_autofree char *body = NULL;
  char *forged;

  if (call->message != NULL)
    {
      SoupServerMessage *message = call->message;

      body = dup_text (bytes);
      forged = dup_forged_answer (call->forger, body);
      soup_server_message_set_status (
          message, bytes != NULL ? soup_message_get_status (call->passed_on) : 502, NULL);
      soup_server_message_set_response (message, "application/json", SOUP_MEMORY_TAKE, forged,
                                        strlen (forged));
      soup_server_message_unpause (message);
    }
  call_free (call);
}

static SoupMessage *
pass_on (Forger *self, SoupServerMessage *message, const char *path)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *token = soup_message_headers_get_one (headers, "Authorization");
  const char *query = g_uri_get_query (soup_server_message_get_uri (message));
  g_autoptr (GBytes) body =
      soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autofree char *text = dup_text (body);
  g_autofree char *forged = dup_forged_request (self, text);
  g_autoptr (GBytes) forged_body = g_bytes_new (forged, strlen (forged));
  g_auto (GStrv) parts = g_strsplit (path, FAKE_ID, 2);
  g_autofree char *real_path = g_strjoinv (self->real_id, parts);
  g_autofree char *url = g_strconcat (self->target, real_path, query != NULL ? "?" : "",
                                      query != NULL ? query : "", NULL);
  SoupMessage *passed_on = soup_message_new (soup_server_message_get_method (message), url);

  if (token != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (passed_on), "Authorization",
                                  token);
  if (*forged != '\0')
    soup_message_set_request_body_from_bytes (passed_on, "application/json", forged_body);
  return passed_on;
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  Forger *self = user_data;
  Call *call;

  soup_server_message_pause (message);
  if (self->is_mute)
    return;
  call = g_new0 (Call, 1);
  call->forger = self;
  call->message = g_object_ref (message);
  call->passed_on = pass_on (self, message, path);
  self->n_calls++;
  g_signal_connect (message, "finished", G_CALLBACK (on_caller_gone), call);
  g_signal_connect (message, "disconnected", G_CALLBACK (on_caller_gone), call);
  soup_session_send_and_read_async (self->session, call->passed_on, G_PRIORITY_DEFAULT, NULL,
                                    on_passed_on, call);
}

static void
forger_start (Forger *self, const char *target)
{
  g_autoptr (GError) error = NULL;
  GSList *uris;

  self->target = target;
  self->session = soup_session_new_with_options ("max-conns", 64, "max-conns-per-host", 64, NULL);
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->url = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
}

static void
forger_stop (Forger *self)
{
  soup_session_abort (self->session);
  ph_test_wait_for (self->n_calls == 0);
  soup_server_disconnect (self->server);
  ph_test_drain ();
  g_object_unref (self->server);
  g_object_unref (self->session);
  g_free (self->url);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Forger, forger_stop)

typedef struct
{
  const char *name;
  Forgery forgery;
  gboolean on_answer;
  Manner manner;
} Forging;

static const Forging forgings[] = {
  { "the SDP of the offer", FORGE_SDP, FALSE, 0 },
  { "a candidate of the offer", FORGE_CANDIDATE, FALSE, 0 },
  { "one candidate more in the offer", FORGE_MORE_CANDIDATES, FALSE, 0 },
  { "one candidate less in the offer", FORGE_FEWER_CANDIDATES, FALSE, 0 },
  { "the extensions of the offer", FORGE_EXTENSIONS, FALSE, 0 },
  { "an offer without proof", FORGE_NO_MAC, FALSE, 0 },
  { "the Host's name", FORGE_HOST_NAME, FALSE, 0 },
  { "the child's id", FORGE_CHILD_ID, FALSE, 0 },
  { "the SDP of the answer", FORGE_SDP, TRUE, 0 },
  { "a candidate of the answer", FORGE_CANDIDATE, TRUE, 0 },
  { "one candidate more in the answer", FORGE_MORE_CANDIDATES, TRUE, 0 },
  { "one candidate less in the answer", FORGE_FEWER_CANDIDATES, TRUE, 0 },
  { "the extensions of the answer", FORGE_EXTENSIONS, TRUE, 0 },
  { "an answer without proof", FORGE_NO_MAC, TRUE, 0 },
  { "what was committed to", FORGE_RANDOM, TRUE, UNVERIFIED },
  { "the fingerprint that was committed to", FORGE_SDP, TRUE, UNVERIFIED },
};

static void
test_forgeries (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forgings); i++)
    {
      const Forging *forging = &forgings[i];
      g_auto (Host) host = { 0 };
      g_auto (Forger) forger = { .forgery = forging->forgery, .on_answer = forging->on_answer };
      g_auto (Client) client = { 0 };

      g_test_message ("%s", forging->name);
      host_start (&host, APPROVE_ALL | forging->manner);
      forger_start (&forger, host.side.signal);
      client_new_at (&client, forging->manner & UNVERIFIED ? host.side.id : host.side.code,
                     forger.url, "anna", forging->manner);
      ph_join_start (client.join);
      assert_ended (&client, PH_ERROR_NOT_VERIFIED);
      ph_test_wait_for (host.side.n[PH_SIDE_DISCONNECTED] == 1);
      g_assert_cmpuint (forger.n_forged, >, 0);
      g_assert_cmpstr (host.side.reason, ==, "not-verified");
      g_assert_cmpstr (host.side.warning, ==, "not-verified");
      g_assert_cmpuint (host.side.n[PH_SIDE_CONNECTED] + client.side.n[PH_SIDE_CONNECTED], ==, 0);
    }
}

/* The forger itself does not stand in the way. */
static void
test_no_forgery (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Forger) forger = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, APPROVE_ALL);
  forger_start (&forger, host.side.signal);
  client_new_at (&client, host.side.code, forger.url, "anna", 0);
  ph_join_start (client.join);
  ph_test_wait_for (are_connected (&host, &client));
  g_assert_cmpuint (forger.n_forged, >, 0);
}

/* Ends */

/* Either side ends in every state of the Client; the other one notices. */
static void
test_end_in_state (void)
{
  for (guint i = 0; i < 2 * PH_SESSION_ENDED; i++)
    {
      gboolean host_ends = i % 2 == 0;
      PhSessionState state = (PhSessionState)(i / 2);
      g_auto (Host) host = { 0 };
      g_auto (Client) client = { 0 };

      g_test_message ("%s ends while %d", host_ends ? "Host" : "Client", state);
      host_start (&host, state == PH_SESSION_WAITING ? 0 : APPROVE_ALL);
      client_start (&client, &host, "anna", 0);
      ph_test_wait_for (ph_join_get_state (client.join) == state);
      if (state == PH_SESSION_WAITING)
        ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1);
      if (host_ends)
        ph_host_end (host.host);
      else
        ph_join_end (client.join);
      /* Where the Host has taken its server away before the first poll, the Client goes on trying.
       */
      ph_test_wait_for (client.side.n[PH_SIDE_ENDED] == 1 ||
                        (host_ends && client.side.n[PH_SIDE_WARNING] > 0));
      if (!host_ends)
        {
          g_assert_no_error (client.side.error);
          ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == host.side.n[PH_SIDE_DISCONNECTED]);
        }
      else
        {
          g_assert_true (client.side.error != NULL || client.side.n[PH_SIDE_ENDED] == 0);
          ph_test_wait_for (host.side.n[PH_SIDE_ENDED] == 1);
          g_assert_no_error (host.side.error);
        }
    }
}

static void
test_end_before_start (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_autoptr (GError) error = NULL;

  host_new (&host, 0, 0, NULL); /* the session is still being created */
  ph_host_end (host.host);
  ph_host_end (host.host);
  client_new_at (&client, "abcdefghijklmnopqrstu.AAAAAAAAAAAAAAAAAAAAAA", "http://127.0.0.1:9",
                 "anna", 0);
  ph_join_end (client.join);
  ph_join_end (client.join);
  ph_test_wait_for (host.side.n[PH_SIDE_ENDED] == 1 && client.side.n[PH_SIDE_ENDED] == 1);
  g_assert_false (ph_join_map (client.join, "0:127.0.0.1:80", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
}

static void
test_end_together (void)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  g_auto (PhTalk) talk = { 0 };

  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL);
  allow (&host, &echo);
  client_start (&client, &host, "anna", 0);
  map (&client, &echo);
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (talk.has_heard);
  ph_host_end (host.host);
  ph_join_end (client.join);
  ph_test_wait_for (host.side.n[PH_SIDE_ENDED] == 1 && client.side.n[PH_SIDE_ENDED] == 1);
  g_assert_cmpuint (host.side.n_closed, ==, 1);
  g_assert_cmpuint (client.side.n_closed, ==, 1);
  ph_test_wait_for (talk.is_over);
}

static void
end_host (gpointer data)
{
  ph_host_end (((Host *)data)->host);
}

static void
end_client (gpointer data)
{
  ph_join_end (((Client *)data)->join);
}

/* A session that gets as far as one connection, with an end wherever one of its events says so. */
static void
end_inside (PhSideEvent event, gboolean host_ends)
{
  g_auto (PhEcho) echo = { 0 };
  g_auto (PhTalk) talk = { 0 };
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };
  PhSide *side = host_ends ? &host.side : &client.side;

  side->hook_at = event;
  side->hook = host_ends ? end_host : end_client;
  side->hook_data = host_ends ? (gpointer)&host : (gpointer)&client;
  ph_echo_start (&echo);
  host_start (&host, APPROVE_ALL | UNVERIFIED);
  allow (&host, &echo);
  client_start (&client, &host, "anna", UNVERIFIED);
  map (&client, &echo);
  ph_talk_start (&talk, ph_side_get_port (&client.side));
  ph_test_wait_for (talk.has_heard || side->n[PH_SIDE_ENDED] > 0);
}

static void
test_end_inside (void)
{
  for (guint event = PH_SIDE_NOWHERE; event < PH_SIDE_ENDED; event++)
    {
      g_test_message ("inside %u", event);
      end_inside ((PhSideEvent)event, TRUE);
      end_inside ((PhSideEvent)event, FALSE);
    }
}

/* Whether the server is gone or merely silent, the end comes. */
static void
test_dead_server (void)
{
  for (guint i = 0; i < 2; i++)
    {
      const PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
      const PhEndpoint loopback = { .addr = { [10] = 0xff, 0xff, 127, 0, 0, 1 } };
      PhSignalServer *server = ph_signal_server_new (&options);
      g_autofree char *url = NULL;
      g_auto (Forger) forger = { 0 };
      g_auto (Host) host = { 0 };
      g_auto (Client) waiting = { 0 };
      g_auto (Client) connected = { 0 };
      g_auto (Client) joining = { 0 };

      g_assert_true (ph_signal_server_listen (server, &loopback, NULL));
      url = ph_signal_server_dup_url (server);
      forger_start (&forger, url);
      host_new (&host, 0, 0, i == 0 ? url : forger.url);
      ph_test_wait_for (host.side.n[PH_SIDE_SESSION] > 0);
      client_start (&connected, &host, "anna", 0);
      ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 1 && ph_host_answer (host.host, TRUE));
      ph_test_wait_for (are_connected (&host, &connected));
      client_start (&waiting, &host, "bert", 0);
      ph_test_wait_for (host.side.n[PH_SIDE_JOIN_REQUEST] == 2);
      forger.is_mute = TRUE;
      ph_signal_server_free (server);
      client_start (&joining, &host, "carl", 0);
      ph_join_end (joining.join);
      ph_join_end (waiting.join);
      ph_host_end (host.host);
      ph_test_wait_for (joining.side.n[PH_SIDE_ENDED] == 1 && waiting.side.n[PH_SIDE_ENDED] == 1 &&
                        host.side.n[PH_SIDE_ENDED] == 1);
      assert_ended (&connected, PH_ERROR_PEER_ENDED);
    }
}

static void
test_unknown_session (void)
{
  g_auto (Host) host = { 0 };
  g_auto (Client) client = { 0 };

  host_start (&host, 0);
  client_new_at (&client, "abcdefghijklmnopqrstu.AAAAAAAAAAAAAAAAAAAAAA", host.side.signal, "anna",
                 0);
  ph_join_start (client.join);
  assert_ended (&client, PH_ERROR_SESSION_UNKNOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/echo", test_echo);
  g_test_add_func ("/session/rules", test_rules);
  g_test_add_func ("/session/mappings", test_mappings);
  g_test_add_func ("/session/unmap-inside", test_unmap_inside);
  g_test_add_func ("/session/services", test_services);
  g_test_add_func ("/session/no-services", test_no_services);
  g_test_add_func ("/session/many-services", test_many_services);
  g_test_add_func ("/session/end-in-services", test_end_in_services);
  g_test_add_func ("/session/names", test_names);
  g_test_add_func ("/session/answers", test_answers);
  g_test_add_func ("/session/decline-all", test_decline_all);
  g_test_add_func ("/session/kick", test_kick);
  g_test_add_func ("/session/full", test_full);
  g_test_add_func ("/session/wrong-secret", test_wrong_secret);
  g_test_add_func ("/session/bare-id-refused", test_bare_id_refused);
  g_test_add_func ("/session/number", test_number);
  g_test_add_func ("/session/number-on-both-sides", test_number_on_both_sides);
  g_test_add_func ("/session/number-differs", test_number_differs);
  g_test_add_func ("/session/replay", test_replay);
  g_test_add_func ("/session/no-answer", test_no_answer);
  g_test_add_func ("/session/no-offer", test_no_offer);
  g_test_add_func ("/session/no-forgery", test_no_forgery);
  g_test_add_func ("/session/forgeries", test_forgeries);
  g_test_add_func ("/session/end-in-state", test_end_in_state);
  g_test_add_func ("/session/end-before-start", test_end_before_start);
  g_test_add_func ("/session/end-together", test_end_together);
  g_test_add_func ("/session/end-inside", test_end_inside);
  g_test_add_func ("/session/dead-server", test_dead_server);
  g_test_add_func ("/session/unknown-session", test_unknown_session);
  return g_test_run ();
}
