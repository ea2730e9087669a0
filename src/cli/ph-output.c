/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-output.h"

#include <json-glib/json-glib.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/ph-error.h"

struct _PhOutput
{
  PhOutputRole role;
  gboolean is_json;
  gboolean asks;
  void (*ended) (const GError *error, gpointer user_data);
  gpointer user_data;
};

PhOutput *
ph_output_new (PhOutputRole role, gboolean is_json)
{
  PhOutput *self = g_new0 (PhOutput, 1);

  self->role = role;
  self->is_json = is_json;
  self->asks = TRUE;
  return self;
}

void
ph_output_free (PhOutput *self)
{
  g_free (self);
}

void
ph_output_set_asks (PhOutput *self, gboolean asks)
{
  self->asks = asks;
}

void
ph_output_set_ended (PhOutput *self,
                     void (*ended) (const GError *error, gpointer user_data),
                     gpointer user_data)
{
  self->ended = ended;
  self->user_data = user_data;
}

/* Lines for people */

void
ph_output_say (PhOutput *self, const char *format, ...)
{
  va_list args;

  if (self->is_json)
    return;
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void G_GNUC_PRINTF (2, 3) prompt (PhOutput *self, const char *format, ...)
{
  va_list args;

  if (!self->asks)
    return;
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fflush (stderr);
}

/* JSON events */

static JsonBuilder *
event_begin (const char *name)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "event");
  json_builder_add_string_value (builder, name);
  return builder;
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  if (value == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_number (JsonBuilder *builder, const char *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64)value);
}

static void
add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

static void
add_endpoint (JsonBuilder *builder, const char *name, const PhEndpoint *endpoint)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  add_string (builder, name, ph_endpoint_format (endpoint, text));
}

/* Prints and frees. */
static void
event_end (JsonBuilder *builder)
{
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  text = json_to_string (node, FALSE);
  puts (text);
  fflush (stdout);
  g_object_unref (builder);
}

/* Trouble */

static void
print_trouble (PhOutput *self, const char *event, const char *code, const char *message)
{
  fprintf (stderr, "porthole: %s\n", message);
  fflush (stderr);
  if (self->is_json)
    {
      JsonBuilder *builder = event_begin (event);

      add_string (builder, "code", code);
      add_string (builder, "message", message);
      event_end (builder);
    }
}

void
ph_output_warn (PhOutput *self, const char *code, const char *message)
{
  print_trouble (self, "warning", code, message);
}

void
ph_output_error (PhOutput *self, const GError *error)
{
  print_trouble (self, "error", ph_error_name (ph_error_code (error)), error->message);
}

/* Events of a session */

static void
say_session (PhOutput *self, const PhSessionInfo *info)
{
  ph_output_say (self, "\nYour session is ready. Pass this link on to whoever shall join:\n");
  ph_output_say (self, "    %s\n", info->link);
  ph_output_say (self, "They paste it into Porthole, or type:\n");
  ph_output_say (self, "    porthole join '%s' -L PORT\n", info->link);
  for (gsize i = 0; info->more_links[i] != NULL; i++)
    ph_output_say (self, "%s    %s", i == 0 ? "From other networks of this computer:\n" : "",
                   info->more_links[i]);
  ph_output_say (self, "Share code (where the same server is set): %s", info->code);
  ph_output_say (self, "Waiting for someone to join. Type “quit” or press Ctrl+C to end.");
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  PhOutput *self = user_data;
  JsonBuilder *builder;

  if (!self->is_json)
    {
      say_session (self, info);
      return;
    }
  builder = event_begin ("session");
  add_string (builder, "id", info->id);
  add_string (builder, "code", info->code);
  add_string (builder, "link", info->link);
  add_string (builder, "signal", info->signal);
  event_end (builder);
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  PhOutput *self = user_data;
  const char *how =
      is_verified ? "verified by the share code" : "NOT verified: joined without the share code";

  ph_output_say (self, "%s wants to join (%s).", client, how);
  if (self->is_json)
    {
      JsonBuilder *builder = event_begin ("join-request");

      add_string (builder, "client", client);
      add_boolean (builder, "verified", is_verified);
      event_end (builder);
    }
  prompt (self, "Let %s in? [y/N] ", client);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  PhOutput *self = user_data;

  ph_output_say (self, "Compare this number with %s by voice: %.4s %.4s %.4s", peer, number,
                 number + 4, number + 8);
  ph_output_say (self, "If it is not the same, somebody stands between you: do not go on.");
  if (self->is_json)
    {
      JsonBuilder *builder = event_begin ("verify");

      add_string (builder, "peer", peer);
      add_string (builder, "number", number);
      event_end (builder);
    }
  if (self->role == PH_OUTPUT_HOST)
    prompt (self, "Does %s see the same number? [y/N] ", peer);
}

static const char *
path_words (PhPathKind kind)
{
  switch (kind)
    {
    case PH_PATH_LAN:
      return "directly, on the same network";
    case PH_PATH_NAT:
      return "directly, through a router";
    case PH_PATH_RELAYED:
      return "through a relay";
    }
  g_assert_not_reached ();
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  PhOutput *self = user_data;

  ph_output_say (self, "Connected to %s %s. Everything is encrypted end to end.", peer,
                 path_words (path->kind));
  if (self->is_json)
    {
      JsonBuilder *builder = event_begin ("connected");

      add_string (builder, "peer", peer);
      add_string (builder, "path", ph_path_kind_name (path->kind));
      add_endpoint (builder, "local", &path->local);
      add_endpoint (builder, "remote", &path->remote);
      event_end (builder);
    }
}

static void
say_mapping (PhOutput *self,
             const char *local,
             const char *remote,
             PhMappingState state,
             const char *why)
{
  switch (state)
    {
    case PH_MAPPING_LISTENING:
      ph_output_say (self, "%s here is now %s at the Host.", local, remote);
      break;
    case PH_MAPPING_FAILED:
      fprintf (stderr, "porthole: %s\n", why);
      break;
    case PH_MAPPING_REMOVED:
      ph_output_say (self, "%s is no longer mapped.", local);
      break;
    }
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *message,
            gpointer user_data)
{
  static const char *const states[] = { [PH_MAPPING_LISTENING] = "listening",
                                        [PH_MAPPING_FAILED] = "failed",
                                        [PH_MAPPING_REMOVED] = "removed" };
  PhOutput *self = user_data;
  JsonBuilder *builder;

  say_mapping (self, local, remote, state, message);
  if (!self->is_json)
    return;
  builder = event_begin ("mapping");
  add_string (builder, "local", local);
  add_string (builder, "remote", remote);
  add_string (builder, "state", states[state]);
  add_string (builder, "message", message);
  event_end (builder);
}

/* People are told of what went wrong; connections that come and go as they should say nothing. */
static void
say_connection (PhOutput *self, const char *peer, const PhConnectionInfo *info, const char *dst)
{
  if (info->reason != PH_CLOSE_DONE && info->reason != PH_CLOSE_SESSION_ENDING)
    ph_output_say (self, "A connection of %s to %s was closed: %s%s%s",
                   self->role == PH_OUTPUT_HOST ? peer : "yours", dst,
                   ph_close_reason_to_word (info->reason), info->text != NULL ? ": " : "",
                   info->text != NULL ? info->text : "");
}

static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  PhOutput *self = user_data;
  g_autofree char *dst = ph_destination_dup_text (info->remote);
  JsonBuilder *builder;

  if (!is_open)
    say_connection (self, peer, info, dst);
  if (!self->is_json)
    return;
  builder = event_begin ("connection");
  add_string (builder, "state", is_open ? "open" : "closed");
  add_endpoint (builder, "src", &info->source);
  add_string (builder, "dst", dst);
  if (!is_open)
    {
      add_string (builder, "reason", ph_close_reason_to_word (info->reason));
      add_number (builder, "bytes_in", info->bytes_in);
      add_number (builder, "bytes_out", info->bytes_out);
    }
  event_end (builder);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  PhOutput *self = user_data;

  ph_output_say (self, "%s is disconnected (%s).", peer, reason);
  if (self->is_json)
    {
      JsonBuilder *builder = event_begin ("disconnected");

      add_string (builder, "peer", peer);
      add_string (builder, "reason", reason);
      event_end (builder);
    }
}

static void
on_warning (const char *code, const char *message, gpointer user_data)
{
  ph_output_warn (user_data, code, message);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  PhOutput *self = user_data;

  if (error != NULL && ph_error_code (error) != PH_ERROR_PEER_ENDED)
    ph_output_error (self, error);
  else
    ph_output_say (self, "The session has ended.");
  self->ended (error, self->user_data);
}

const PhSessionEvents *
ph_output_get_events (void)
{
  static const PhSessionEvents events = { .session = on_session,
                                          .join_request = on_join_request,
                                          .verify = on_verify,
                                          .connected = on_connected,
                                          .mapping = on_mapping,
                                          .connection = on_connection,
                                          .disconnected = on_disconnected,
                                          .warning = on_warning,
                                          .ended = on_ended };

  return &events;
}

/* Clients */

static void
say_client (const PhHostClientInfo *info, gpointer user_data)
{
  PhOutput *self = user_data;

  if (info->is_connected)
    ph_output_say (self, "%s: connected (%s), %u connections, %.1f ms round trip", info->name,
                   ph_path_kind_name (info->path->kind), info->counters.connections,
                   info->round_trip_us / 1000.0);
  else
    ph_output_say (self, "%s: %s", info->name,
                   info->is_asking ? "waiting for your answer" : "connecting");
}

static void
add_client (const PhHostClientInfo *info, gpointer user_data)
{
  JsonBuilder *builder = user_data;

  json_builder_begin_object (builder);
  add_string (builder, "name", info->name);
  add_boolean (builder, "connected", info->is_connected);
  if (info->is_connected)
    {
      add_string (builder, "path", ph_path_kind_name (info->path->kind));
      add_number (builder, "connections", info->counters.connections);
      add_number (builder, "round_trip_us", info->round_trip_us);
      add_number (builder, "bytes_in", info->counters.bytes_in);
      add_number (builder, "bytes_out", info->counters.bytes_out);
    }
  json_builder_end_object (builder);
}

static void
count_client (const PhHostClientInfo *info, gpointer user_data)
{
  ++*(guint *)user_data;
}

void
ph_output_clients (PhOutput *self, PhHost *host)
{
  JsonBuilder *builder;
  guint n_clients = 0;

  if (!self->is_json)
    {
      ph_host_foreach_client (host, say_client, self);
      ph_host_foreach_client (host, count_client, &n_clients);
      if (n_clients == 0)
        ph_output_say (self, "Nobody is here yet.");
      return;
    }
  builder = event_begin ("clients");
  json_builder_set_member_name (builder, "clients");
  json_builder_begin_array (builder);
  ph_host_foreach_client (host, add_client, builder);
  json_builder_end_array (builder);
  event_end (builder);
}
