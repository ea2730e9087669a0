/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ice-servers.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"

#include "ph-stun-probe.h"

#define DEFAULT_PORT 3478

typedef enum
{
  SERVER_STUN,
  SERVER_TURN,
} ServerKind;

/* One server as a person wrote it. */
typedef struct
{
  ServerKind kind;
  char *host;
  guint16 port;
  PhTurnTransport transport;
  char *user;
  char *password;
  gboolean is_looked_up; /* while resolving: its address is known, or there is none */
} Server;

struct _PhIceServers
{
  gatomicrefcount refs;
  GPtrArray *servers; /* of Server */
  gboolean relay_only;
};

static void
server_free (gpointer data)
{
  Server *server = data;

  g_free (server->host);
  g_free (server->user);
  g_free (server->password);
  g_free (server);
}

static Server *
server_copy (const Server *server)
{
  Server *copy = g_memdup2 (server, sizeof *server);

  copy->host = g_strdup (server->host);
  copy->user = g_strdup (server->user);
  copy->password = g_strdup (server->password);
  return copy;
}

static void
turn_server_free (gpointer data)
{
  PhTurnServer *server = data;

  g_free (server->user);
  g_free (server->password);
  g_free (server);
}

PhIceConfig *
ph_ice_config_ref (PhIceConfig *config)
{
  g_atomic_ref_count_inc (&config->refs);
  return config;
}

void
ph_ice_config_unref (PhIceConfig *config)
{
  if (!g_atomic_ref_count_dec (&config->refs))
    return;
  g_ptr_array_unref (config->turn);
  g_ptr_array_unref (config->warnings);
  g_free (config);
}

static PhIceConfig *
ice_config_new (gboolean relay_only)
{
  PhIceConfig *config = g_new0 (PhIceConfig, 1);

  g_atomic_ref_count_init (&config->refs);
  config->relay_only = relay_only;
  config->turn = g_ptr_array_new_with_free_func (turn_server_free);
  config->warnings = g_ptr_array_new_with_free_func (g_free);
  return config;
}

/* Parsing */

PhIceServers *
ph_ice_servers_new (void)
{
  PhIceServers *self = g_new0 (PhIceServers, 1);

  g_atomic_ref_count_init (&self->refs);
  self->servers = g_ptr_array_new_with_free_func (server_free);
  return self;
}

PhIceServers *
ph_ice_servers_copy (const PhIceServers *self)
{
  PhIceServers *copy = ph_ice_servers_new ();

  copy->relay_only = self->relay_only;
  for (guint i = 0; i < self->servers->len; i++)
    g_ptr_array_add (copy->servers, server_copy (g_ptr_array_index (self->servers, i)));
  return copy;
}

PhIceServers *
ph_ice_servers_ref (PhIceServers *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
ph_ice_servers_unref (PhIceServers *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_ptr_array_unref (self->servers);
  g_free (self);
}

void
ph_ice_servers_set_relay_only (PhIceServers *self, gboolean relay_only)
{
  self->relay_only = relay_only;
}

gboolean
ph_ice_servers_has_turn (const PhIceServers *self)
{
  for (guint i = 0; i < self->servers->len; i++)
    if (((const Server *)g_ptr_array_index (self->servers, i))->kind == SERVER_TURN)
      return TRUE;
  return FALSE;
}

gboolean
ph_ice_servers_check (const PhIceServers *self, GError **error)
{
  if (!self->relay_only || ph_ice_servers_has_turn (self))
    return TRUE;
  g_set_error_literal (
      error, PH_ERROR, PH_ERROR_INVALID,
      _ ("Only relayed paths are allowed, but no TURN server is named, so there is no "
         "way to connect; name one, or allow direct paths"));
  return FALSE;
}

/* GNetworkAddress knows "host", "host:port" and "[v6]:port"; what it lets through that is no host
 * name is refused here, an IPv6 address without brackets as well. */
static gboolean
parse_host_port (const char *text, char **ret_host, guint16 *ret_port)
{
  g_autoptr (GSocketConnectable) address = NULL;
  const char *host;

  if (*text == '\0' || strpbrk (text, " /?#@%") != NULL ||
      (*text != '[' && strchr (text, ':') != strrchr (text, ':')))
    return FALSE;
  address = g_network_address_parse (text, DEFAULT_PORT, NULL);
  if (address == NULL)
    return FALSE;
  host = g_network_address_get_hostname (G_NETWORK_ADDRESS (address));
  if (*host == '\0' || (*text == '[' && strchr (host, ':') == NULL) ||
      g_network_address_get_port (G_NETWORK_ADDRESS (address)) == 0)
    return FALSE;
  *ret_host = g_strdup (host);
  *ret_port = g_network_address_get_port (G_NETWORK_ADDRESS (address));
  return TRUE;
}

gboolean
ph_ice_servers_add_stun (PhIceServers *self, const char *text, GError **error)
{
  const char *address = g_str_has_prefix (text, "stun:") ? text + strlen ("stun:") : text;
  g_autofree char *host = NULL;
  guint16 port = 0;
  Server *server;

  if (!parse_host_port (address, &host, &port))
    {
      g_set_error (
          error, PH_ERROR, PH_ERROR_INVALID,
          _ ("“%s” is not a STUN server; write it like stun.example.org or 192.0.2.1:3478, or "
             "none to use no server"),
          text);
      return FALSE;
    }
  server = g_new0 (Server, 1);
  server->kind = SERVER_STUN;
  server->host = g_steal_pointer (&host);
  server->port = port;
  g_ptr_array_add (self->servers, server);
  return TRUE;
}

static gboolean
set_turn_error (GError **error, const char *text, const char *reason)
{
  g_autofree char *read = ph_text_hide_login (text);

  g_set_error (
      error, PH_ERROR, PH_ERROR_INVALID,
      _ ("“%s” is not a TURN server: %s; write it like turn:USER:PASSWORD@example.org:3478 or "
         "turn:USER:PASSWORD@example.org?transport=tcp"),
      read, reason);
  return FALSE;
}

/* Takes "?transport=…" off the end of @text. */
static gboolean
take_transport (char *text, PhTurnTransport *ret_transport)
{
  char *query = strrchr (text, '?');

  *ret_transport = PH_TURN_UDP;
  if (query == NULL || strchr (query, '@') != NULL)
    return TRUE;
  if (g_str_equal (query, "?transport=tcp"))
    *ret_transport = PH_TURN_TCP;
  else if (!g_str_equal (query, "?transport=udp"))
    return FALSE;
  *query = '\0';
  return TRUE;
}

static gboolean
take_credentials (Server *server, char *text)
{
  char *colon = strchr (text, ':');

  if (colon == NULL)
    return FALSE;
  *colon = '\0';
  server->user = g_uri_unescape_string (text, NULL);
  server->password = g_uri_unescape_string (colon + 1, NULL);
  return server->user != NULL && *server->user != '\0' && server->password != NULL &&
         *server->password != '\0';
}

gboolean
ph_ice_servers_add_turn (PhIceServers *self, const char *text, GError **error)
{
  g_autofree char *rest = NULL;
  char *at;
  Server *server = g_new0 (Server, 1);

  server->kind = SERVER_TURN;
  g_ptr_array_add (self->servers, server); /* taken out again below if it is not right */
  if (g_str_has_prefix (text, "turns:"))
    set_turn_error (error, text,
                    _ ("TURN over TLS is not supported; what it carries is encrypted "
                       "end to end anyway"));
  else if (!g_str_has_prefix (text, "turn:"))
    set_turn_error (error, text, _ ("it does not begin with turn:"));
  else if (rest = g_strdup (text + strlen ("turn:")), !take_transport (rest, &server->transport))
    set_turn_error (error, text, _ ("the transport is udp or tcp"));
  else if (at = strrchr (rest, '@'), at == NULL)
    set_turn_error (error, text, _ ("user and password are missing"));
  else if (!parse_host_port (at + 1, &server->host, &server->port))
    set_turn_error (error, text, _ ("host or port is wrong"));
  else if (*at = '\0', !take_credentials (server, rest))
    set_turn_error (error, text, _ ("user and password are missing"));
  else
    return TRUE;
  g_ptr_array_set_size (self->servers, (int)self->servers->len - 1);
  return FALSE;
}

/* Resolving: every name is looked up at once, then the STUN servers are tried at once; a deadline
 * ends whatever is still open. */

typedef struct
{
  PhIceConfig *config;
  GPtrArray *servers;    /* of Server */
  GCancellable *lookups; /* ends the lookups that are still under way */
  guint n_lookups;
  PhStunProbe *probe;
  GSource *deadline;
  GSource *cancellation; /* NULL where nobody can cancel */
  gboolean is_done;
} Resolving;

typedef struct
{
  GTask *task;
  Server *server;
} Lookup;

static void
resolving_free (gpointer data)
{
  Resolving *self = data;

  ph_stun_probe_free (self->probe);
  ph_timer_clear (&self->deadline);
  ph_timer_clear (&self->cancellation);
  g_clear_pointer (&self->config, ph_ice_config_unref);
  g_ptr_array_unref (self->servers);
  g_object_unref (self->lookups);
  g_free (self);
}

static void
warn_of_server (Resolving *self, const Server *server, const char *reason)
{
  g_ptr_array_add (
      self->config->warnings,
      server->kind == SERVER_STUN
          ? g_strdup_printf (
                _ ("The STUN server “%s” was not found: %s. It is not "
                   "needed within one network; the word “none” instead of a server does without"),
                server->host, reason)
          : g_strdup_printf (_ ("The TURN server “%s” was not found: %s"), server->host, reason));
}

static void
warn_of_what_is_missing (Resolving *self)
{
  for (guint i = 0; i < self->servers->len; i++)
    {
      const Server *server = g_ptr_array_index (self->servers, i);

      if (!server->is_looked_up)
        warn_of_server (self, server, _ ("looking up its name takes too long"));
    }
  if (!self->config->has_stun && self->config->n_stun > 0)
    g_ptr_array_add (
        self->config->warnings,
        g_strdup (_ ("No STUN server answers, so a direct connection through a router may "
                     "fail.")));
}

static void
resolving_finish (GTask *task)
{
  Resolving *self = g_task_get_task_data (task);

  if (self->is_done)
    return;
  self->is_done = TRUE;
  g_cancellable_cancel (self->lookups);
  ph_timer_clear (&self->deadline);
  ph_timer_clear (&self->cancellation);
  warn_of_what_is_missing (self);
  g_task_return_pointer (task, g_steal_pointer (&self->config),
                         (GDestroyNotify)ph_ice_config_unref);
  g_object_unref (task); /* the reference that resolving itself held */
}

static void finish_if_complete (GTask *task);

static void
on_probed (const PhEndpoint *server, const PhEndpoint *seen, gpointer user_data)
{
  GTask *task = user_data;
  Resolving *self = g_task_get_task_data (task);

  if (self->is_done)
    return;
  self->config->has_stun = TRUE;
  self->config->stun = *server;
  self->config->seen = *seen;
  finish_if_complete (task);
}

static gboolean
on_deadline (gpointer user_data)
{
  resolving_finish (user_data);
  return G_SOURCE_CONTINUE;
}

/* The task itself sees to it that an error is all that comes of it. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  resolving_finish (user_data);
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (GTask *task, Resolving *self)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable == NULL)
    return;
  self->cancellation = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->cancellation, G_SOURCE_FUNC (on_cancelled), task, NULL);
  g_source_attach (self->cancellation, g_task_get_context (task));
}

static void
add_address (Resolving *self, const Server *server, const guint8 addr[16])
{
  PhEndpoint endpoint = { .port = server->port };

  memcpy (endpoint.addr, addr, 16);
  if (server->kind == SERVER_STUN)
    {
      self->config->n_stun++;
      ph_stun_probe_add (self->probe, &endpoint);
    }
  else
    {
      PhTurnServer *turn = g_new0 (PhTurnServer, 1);

      turn->address = endpoint;
      turn->transport = server->transport;
      turn->user = g_strdup (server->user);
      turn->password = g_strdup (server->password);
      g_ptr_array_add (self->config->turn, turn);
    }
}

/* Done once every name is known and, where there is a STUN server, one has answered. */
static void
finish_if_complete (GTask *task)
{
  Resolving *self = g_task_get_task_data (task);

  if (!self->is_done && self->n_lookups == 0 &&
      (self->config->has_stun || self->config->n_stun == 0))
    resolving_finish (task);
}

static gboolean
take_lookup_result (Resolving *self, const Server *server, GList *addresses)
{
  guint8 addr[16];

  for (GList *l = addresses; l != NULL; l = l->next)
    if (ph_address_from_inet_address (l->data, addr) && ph_address_is_ipv4 (addr))
      {
        add_address (self, server, addr);
        return TRUE;
      }
  if (addresses == NULL || !ph_address_from_inet_address (addresses->data, addr))
    return FALSE;
  add_address (self, server, addr);
  return TRUE;
}

static void
on_looked_up (GObject *resolver, GAsyncResult *result, gpointer user_data)
{
  g_autofree Lookup *lookup = user_data;
  g_autoptr (GTask) task = lookup->task;
  Resolving *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (resolver), result, &error);

  lookup->server->is_looked_up = TRUE;
  if (!self->is_done && !take_lookup_result (self, lookup->server, addresses))
    warn_of_server (self, lookup->server, error != NULL ? error->message : _ ("no address"));
  g_resolver_free_addresses (addresses);
  self->n_lookups--;
  finish_if_complete (task);
}

static void
look_up (GTask *task, Server *server)
{
  Resolving *self = g_task_get_task_data (task);
  g_autoptr (GResolver) resolver = NULL;
  guint8 addr[16];
  Lookup *lookup;

  if (ph_address_parse (server->host, addr))
    {
      server->is_looked_up = TRUE;
      add_address (self, server, addr);
      return;
    }
  resolver = g_resolver_get_default ();
  lookup = g_new0 (Lookup, 1);
  lookup->task = g_object_ref (task);
  lookup->server = server;
  self->n_lookups++;
  g_resolver_lookup_by_name_async (resolver, server->host, self->lookups, on_looked_up, lookup);
}

void
ph_ice_servers_resolve_async (PhIceServers *servers,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Resolving *self = g_new0 (Resolving, 1);

  g_task_set_source_tag (task, ph_ice_servers_resolve_async);
  g_task_set_task_data (task, self, resolving_free);
  self->config = ice_config_new (servers->relay_only);
  self->servers = g_ptr_array_new_with_free_func (server_free);
  self->lookups = g_cancellable_new ();
  self->probe = ph_stun_probe_new (g_task_get_context (task), on_probed, task);
  self->deadline =
      ph_timer_new (g_task_get_context (task), "[porthole] ICE servers", on_deadline, task);
  ph_timer_arm (self->deadline, PH_ICE_SERVERS_LIMIT_MS);
  watch_cancellable (task, self);
  for (guint i = 0; i < servers->servers->len; i++)
    g_ptr_array_add (self->servers, server_copy (g_ptr_array_index (servers->servers, i)));
  for (guint i = 0; i < self->servers->len; i++)
    {
      Server *server = g_ptr_array_index (self->servers, i);

      self->config->n_turn += server->kind == SERVER_TURN ? 1 : 0;
      look_up (task, server);
    }
  finish_if_complete (task);
}

PhIceConfig *
ph_ice_servers_resolve_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
