/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <stun/usages/bind.h>
#include <string.h>

#include "core/ph-error.h"
#include "transport/ph-ice-servers.h"

#include "ph-fixed-resolver.h"
#include "ph-test-loop.h"

/* Parsing */

typedef struct
{
  const char *text;
  const char *address; /* NULL: refused */
  const char *user;
  const char *password;
  PhTurnTransport transport;
} TurnCase;

static const TurnCase turn_table[] = {
  { "turn:u:p@192.0.2.1", "192.0.2.1:3478", "u", "p", PH_TURN_UDP },
  { "turn:u:p@192.0.2.1:99", "192.0.2.1:99", "u", "p", PH_TURN_UDP },
  { "turn:u:p@192.0.2.1?transport=udp", "192.0.2.1:3478", "u", "p", PH_TURN_UDP },
  { "turn:u:p@192.0.2.1:99?transport=tcp", "192.0.2.1:99", "u", "p", PH_TURN_TCP },
  { "turn:u:p@[2001:db8::1]", "[2001:db8::1]:3478", "u", "p", PH_TURN_UDP },
  { "turn:u:p@[2001:db8::1]:99?transport=tcp", "[2001:db8::1]:99", "u", "p", PH_TURN_TCP },
  { "turn:a%3Ab:c%40d%25@192.0.2.1", "192.0.2.1:3478", "a:b", "c@d%", PH_TURN_UDP },
  { "turn:u:p:q@192.0.2.1", "192.0.2.1:3478", "u", "p:q", PH_TURN_UDP },
  { "turn:u:p@q@192.0.2.1", "192.0.2.1:3478", "u", "p@q", PH_TURN_UDP },
  { "turn:u:p?x@192.0.2.1", "192.0.2.1:3478", "u", "p?x", PH_TURN_UDP },
  { "turn:1700000000%3Aanna:aGVsbG8=@192.0.2.1", "192.0.2.1:3478", "1700000000:anna",
    "aGVsbG8=", PH_TURN_UDP },
  { "" },
  { "turn" },
  { "turn:" },
  { "turns:u:p@192.0.2.1" },
  { "TURN:u:p@192.0.2.1" },
  { "stun:192.0.2.1" },
  { "u:p@192.0.2.1" },
  { "turn:192.0.2.1" },
  { "turn:@192.0.2.1" },
  { "turn:u@192.0.2.1" },
  { "turn:u:@192.0.2.1" },
  { "turn::p@192.0.2.1" },
  { "turn:u%zz:p@192.0.2.1" },
  { "turn:u%00:p@192.0.2.1" },
  { "turn:u:p%@192.0.2.1" },
  { "turn:u:p@" },
  { "turn:u:p@:99" },
  { "turn:u:p@192.0.2.1:0" },
  { "turn:u:p@192.0.2.1:65536" },
  { "turn:u:p@192.0.2.1:x" },
  { "turn:u:p@192.0.2.1:" },
  { "turn:u:p@2001:db8::1" },
  { "turn:u:p@[2001:db8::1" },
  { "turn:u:p@[2001:db8::1]x" },
  { "turn:u:p@192.0.2.1?transport=tls" },
  { "turn:u:p@192.0.2.1?transport=" },
  { "turn:u:p@192.0.2.1?" },
  { "turn:u:p@192.0.2.1?transport=tcp&x=y" },
  { "turn:u:p@host name" },
  { "turn:u:p@host/path" },
};

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhIceConfig **config = user_data;
  g_autoptr (GError) error = NULL;

  *config = ph_ice_servers_resolve_finish (result, &error);
  g_assert_no_error (error);
}

static PhIceConfig *
resolve (PhIceServers *servers)
{
  PhIceConfig *config = NULL;

  ph_ice_servers_resolve_async (servers, NULL, on_resolved, &config);
  ph_test_wait_for (config != NULL);
  return config;
}

/* What resolving makes of it is what was read: numeric addresses go through as they are. */
static void
assert_turn (PhIceServers *servers, const TurnCase *expected)
{
  g_autoptr (PhIceConfig) config = resolve (servers);
  const PhTurnServer *server;
  char address[PH_ENDPOINT_TEXT_SIZE];

  g_assert_cmpuint (config->turn->len, ==, 1);
  g_assert_cmpuint (config->warnings->len, ==, 0);
  server = g_ptr_array_index (config->turn, 0);
  g_assert_cmpstr (ph_endpoint_format (&server->address, address), ==, expected->address);
  g_assert_cmpstr (server->user, ==, expected->user);
  g_assert_cmpstr (server->password, ==, expected->password);
  g_assert_cmpint (server->transport, ==, expected->transport);
}

static void
assert_refused (const GError *error)
{
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "write it like"));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_turn (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (turn_table); i++)
    {
      const TurnCase *expected = &turn_table[i];
      g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
      g_autoptr (GError) error = NULL;
      gboolean is_taken = ph_ice_servers_add_turn (servers, expected->text, &error);

      g_test_message ("“%s”", expected->text);
      g_assert_cmpint (is_taken, ==, expected->address != NULL);
      g_assert_cmpint (ph_ice_servers_has_turn (servers), ==, is_taken);
      if (is_taken)
        assert_turn (servers, expected);
      else
        assert_refused (error);
    }
}

static const struct
{
  const char *text;
  gboolean is_good;
} stun_table[] = {
  { "192.0.2.1", TRUE },
  { "192.0.2.1:19302", TRUE },
  { "stun:192.0.2.1:19302", TRUE },
  { "[2001:db8::1]", TRUE },
  { "[2001:db8::1]:1", TRUE },
  { "stun.example.org", TRUE },
  { "stun.example.org:65535", TRUE },
  { "", FALSE },
  { "stun:", FALSE },
  { ":3478", FALSE },
  { "192.0.2.1:0", FALSE },
  { "192.0.2.1:65536", FALSE },
  { "192.0.2.1:-1", FALSE },
  { "192.0.2.1:x", FALSE },
  { "192.0.2.1:", FALSE },
  { "2001:db8::1", FALSE },
  { "[2001:db8::1", FALSE },
  { "[2001:db8::1]:", FALSE },
  { "[]", FALSE },
  { "[stun.example.org]", FALSE },
  { "stun.example.org ", FALSE },
  { "a b", FALSE },
  { "user@stun.example.org", FALSE },
  { "stun.example.org/x", FALSE },
  { "stun.example.org?x", FALSE },
  { "stun://stun.example.org", FALSE },
  { "stuns:stun.example.org", FALSE },
  { "turn:u:p@192.0.2.1", FALSE },
};

static void
test_stun (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (stun_table); i++)
    {
      g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
      g_autoptr (GError) error = NULL;

      g_test_message ("“%s”", stun_table[i].text);
      g_assert_cmpint (ph_ice_servers_add_stun (servers, stun_table[i].text, &error), ==,
                       stun_table[i].is_good);
      g_assert_false (ph_ice_servers_has_turn (servers));
      if (!stun_table[i].is_good)
        assert_refused (error);
    }
}

/* Resolving, with servers of our own on loopback */

typedef enum
{
  ANSWERS,
  IS_SILENT,
  ANSWERS_JUNK,
  ANSWERS_OTHER, /* to a request that nobody made */
  ANSWERS_ERROR, /* it is there, and it does not help */
} Manner;

typedef struct
{
  Manner manner;
  GSocket *socket;
  GSource *source;
  PhEndpoint address;
  char text[PH_ENDPOINT_TEXT_SIZE];
  guint n_asked;
} Server;

static gsize
make_answer (Server *server, guint8 *request, gsize size, GSocketAddress *from, guint8 *ret_answer)
{
  StunAgent agent;
  StunMessage asked;
  StunMessage answer;
  struct sockaddr_storage native;
  gssize native_size = g_socket_address_get_native_size (from);

  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
  g_socket_address_to_native (from, &native, sizeof native, NULL);
  g_assert_cmpint (stun_agent_validate (&agent, &asked, request, size, NULL, NULL), ==,
                   STUN_VALIDATION_SUCCESS);
  if (server->manner == ANSWERS_OTHER)
    request[10] ^= 1;
  if (server->manner == ANSWERS_ERROR)
    g_assert_true (stun_agent_init_error (&agent, &answer, ret_answer, STUN_MAX_MESSAGE_SIZE,
                                          &asked, STUN_ERROR_SERVER_ERROR));
  else
    g_assert_true (
        stun_agent_init_response (&agent, &answer, ret_answer, STUN_MAX_MESSAGE_SIZE, &asked));
  stun_message_append_xor_addr (&answer, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &native,
                                (socklen_t)native_size);
  return stun_agent_finish_message (&agent, &answer, NULL, 0);
}

static gboolean
on_asked (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Server *server = user_data;
  g_autoptr (GSocketAddress) from = NULL;
  guint8 request[STUN_MAX_MESSAGE_SIZE];
  guint8 answer[STUN_MAX_MESSAGE_SIZE] = "no STUN at all";
  gssize n = g_socket_receive_from (socket, &from, (char *)request, sizeof request, NULL, NULL);
  gsize size = 14;

  g_assert_cmpint (n, >, 0);
  server->n_asked++;
  if (server->manner == IS_SILENT)
    return G_SOURCE_CONTINUE;
  if (server->manner != ANSWERS_JUNK)
    size = make_answer (server, request, (gsize)n, from, answer);
  g_socket_send_to (socket, from, (const char *)answer, size, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

static void
server_init (Server *server, Manner manner, const char *host)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string (host, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  *server = (Server){ .manner = manner };
  server->socket = g_socket_new (g_socket_address_get_family (any), G_SOCKET_TYPE_DATAGRAM,
                                 G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (server->socket, any, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (server->socket, NULL);
  g_assert_true (ph_endpoint_from_socket_address (bound, &server->address));
  ph_endpoint_format (&server->address, server->text);
  server->source = g_socket_create_source (server->socket, G_IO_IN, NULL);
  g_source_set_callback (server->source, G_SOURCE_FUNC (on_asked), server, NULL);
  g_source_attach (server->source, NULL);
}

static void
server_clear (Server *server)
{
  g_source_destroy (server->source);
  g_source_unref (server->source);
  g_object_unref (server->socket);
}

/* Of several servers the one that answers is taken, wherever in the list it stands. */
static void
test_first_that_answers (void)
{
  static const Manner others[] = { IS_SILENT, ANSWERS_JUNK, ANSWERS_OTHER, ANSWERS_ERROR };

  for (guint place = 0; place < 5; place++)
    {
      g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
      g_autoptr (PhIceConfig) config = NULL;
      Server list[5];

      for (guint i = 0, other = 0; i < G_N_ELEMENTS (list); i++)
        {
          server_init (&list[i], i == place ? ANSWERS : others[other], "127.0.0.1");
          other += i == place ? 0 : 1;
          g_assert_true (ph_ice_servers_add_stun (servers, list[i].text, NULL));
        }
      config = resolve (servers);
      g_assert_true (config->has_stun);
      g_assert_true (ph_endpoint_equal (&config->stun, &list[place].address));
      g_assert_cmpuint (config->warnings->len, ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (list); i++)
        server_clear (&list[i]);
    }
}

static void
test_ipv6 (void)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceConfig) config = NULL;
  Server server;

  server_init (&server, ANSWERS, "::1");
  ph_ice_servers_add_stun (servers, server.text, NULL);
  config = resolve (servers);
  g_assert_true (config->has_stun && ph_endpoint_equal (&config->stun, &server.address));
  server_clear (&server);
}

static void
test_none_answers (void)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceConfig) config = NULL;
  Server list[2];

  for (guint i = 0; i < G_N_ELEMENTS (list); i++)
    {
      server_init (&list[i], i == 0 ? IS_SILENT : ANSWERS_JUNK, "127.0.0.1");
      ph_ice_servers_add_stun (servers, list[i].text, NULL);
    }
  config = resolve (servers);
  g_assert_false (config->has_stun);
  g_assert_cmpuint (config->warnings->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (config->warnings, 0), "STUN"));
  for (guint i = 0; i < G_N_ELEMENTS (list); i++)
    {
      g_assert_cmpuint (list[i].n_asked, ==, 3); /* a lost question is asked again */
      server_clear (&list[i]);
    }
}

/* What is not found is told of, and what is known still counts. */
static void
test_unknown_name (void)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceConfig) config = NULL;
  g_autofree char *all = NULL;
  Server server;

  server_init (&server, ANSWERS, "127.0.0.1");
  ph_ice_servers_add_stun (servers, "stun.invalid", NULL);
  ph_ice_servers_add_stun (servers, server.text, NULL);
  ph_ice_servers_add_turn (servers, "turn:anna:secret@turn.invalid", NULL);
  ph_ice_servers_set_relay_only (servers, TRUE);
  config = resolve (servers);
  g_assert_true (config->has_stun && config->relay_only);
  g_assert_cmpuint (config->turn->len, ==, 0);
  g_assert_cmpuint (config->warnings->len, ==, 2);
  g_ptr_array_add (config->warnings, NULL);
  all = g_strjoinv ("\n", (char **)config->warnings->pdata);
  g_ptr_array_set_size (config->warnings, 2);
  g_assert_nonnull (strstr (all, "STUN server “stun.invalid”"));
  g_assert_nonnull (strstr (all, "TURN server “turn.invalid”"));
  g_assert_null (strstr (all, "secret"));
  server_clear (&server);
}

/* A resolver that never answers, until it is cancelled. */

typedef GResolver SlowResolver;
typedef GResolverClass SlowResolverClass;

static GType slow_resolver_get_type (void);
G_DEFINE_TYPE (SlowResolver, slow_resolver, G_TYPE_RESOLVER)

static gboolean
on_lookup_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_task_return_error_if_cancelled (user_data);
  return G_SOURCE_REMOVE;
}

static void
slow_lookup_async (GResolver *resolver,
                   const char *name,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GTask *task = g_task_new (resolver, cancellable, callback, user_data);
  g_autoptr (GSource) source = g_cancellable_source_new (cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (on_lookup_cancelled), task, g_object_unref);
  g_source_attach (source, NULL);
}

static GList *
slow_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
slow_resolver_class_init (SlowResolverClass *klass)
{
  klass->lookup_by_name_async = slow_lookup_async;
  klass->lookup_by_name_finish = slow_lookup_finish;
}

static void
slow_resolver_init (SlowResolver *self)
{
}

/* Names that are not found in time hold up nothing, and are told of. */
static void
test_slow_name (void)
{
  g_autoptr (GResolver) before = g_resolver_get_default ();
  g_autoptr (GResolver) slow = g_object_new (slow_resolver_get_type (), NULL);
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceConfig) config = NULL;
  Server server;

  server_init (&server, ANSWERS, "127.0.0.1");
  ph_ice_servers_add_stun (servers, "stun.example.org", NULL);
  ph_ice_servers_add_stun (servers, server.text, NULL);
  ph_ice_servers_add_turn (servers, "turn:u:p@turn.example.org", NULL);
  g_resolver_set_default (slow);
  config = resolve (servers);
  while (g_main_context_iteration (NULL, FALSE)) /* the lookups end now */
    ;
  g_resolver_set_default (before);
  g_assert_true (config->has_stun);
  g_assert_cmpuint (config->warnings->len, ==, 2);
  g_assert_nonnull (strstr (g_ptr_array_index (config->warnings, 0), "“stun.example.org”"));
  g_assert_nonnull (strstr (g_ptr_array_index (config->warnings, 1), "“turn.example.org”"));
  server_clear (&server);
}

static const PhFixedName names[] = {
  { "both.example.org", { "2001:db8::1", "127.0.0.1" } },
  { "six.example.org", { "::1" } },
  { NULL },
};

/* Of a name's addresses the first of IPv4 is taken, and one of IPv6 where there is no other. */
static void
test_known_name (void)
{
  static const struct
  {
    const char *host;
    const char *address;
  } table[] = { { "both.example.org", "127.0.0.1" }, { "six.example.org", "::1" } };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
      g_autoptr (PhIceConfig) config = NULL;
      g_autofree char *text = NULL;
      Server server;

      server_init (&server, ANSWERS, table[i].address);
      text = g_strdup_printf ("%s:%u", table[i].host, server.address.port);
      ph_ice_servers_add_stun (servers, text, NULL);
      config = resolve (servers);
      g_assert_true (config->has_stun && ph_endpoint_equal (&config->stun, &server.address));
      server_clear (&server);
    }
}

static void
test_nothing (void)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceConfig) config = resolve (servers);

  g_assert_false (config->has_stun);
  g_assert_cmpuint (config->turn->len + config->warnings->len, ==, 0);
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_null (ph_ice_servers_resolve_finish (result, error));
}

/* Cancelled at any time, and with the servers gone meanwhile: one call, one error, no leak. */
static void
test_cancel (void)
{
  for (guint turns = 0; turns < 4; turns++)
    {
      PhIceServers *servers = ph_ice_servers_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Server server;

      server_init (&server, IS_SILENT, "127.0.0.1");
      ph_ice_servers_add_stun (servers, server.text, NULL);
      ph_ice_servers_add_stun (servers, "stun.invalid", NULL);
      ph_ice_servers_add_turn (servers, "turn:u:p@192.0.2.1", NULL);
      ph_ice_servers_resolve_async (servers, cancellable, on_cancelled, &error);
      ph_ice_servers_unref (servers);
      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
      ph_test_wait_for (error != NULL);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      server_clear (&server);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ph_fixed_resolver_install (names);
  g_test_add_func ("/ice-servers/turn", test_turn);
  g_test_add_func ("/ice-servers/stun", test_stun);
  g_test_add_func ("/ice-servers/first-that-answers", test_first_that_answers);
  g_test_add_func ("/ice-servers/ipv6", test_ipv6);
  g_test_add_func ("/ice-servers/none-answers", test_none_answers);
  g_test_add_func ("/ice-servers/unknown-name", test_unknown_name);
  g_test_add_func ("/ice-servers/slow-name", test_slow_name);
  g_test_add_func ("/ice-servers/known-name", test_known_name);
  g_test_add_func ("/ice-servers/nothing", test_nothing);
  g_test_add_func ("/ice-servers/cancel", test_cancel);
  return g_test_run ();
}
