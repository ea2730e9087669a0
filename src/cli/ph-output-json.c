/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-output-private.h"

#include <json-glib/json-glib.h>

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
event_end (PhOutput *self, JsonBuilder *builder, gboolean matters)
{
  g_autoptr (JsonNode) node = NULL;

  json_builder_end_object (builder);
  node = json_builder_get_root (builder);
  ph_output_line (self, PH_WRITER_OUT, json_to_string (node, FALSE), matters);
  g_object_unref (builder);
}

void
ph_output_json_trouble (PhOutput *self, const char *event, const char *code, const char *message)
{
  JsonBuilder *builder = event_begin (event);

  add_string (builder, "code", code);
  add_string (builder, "message", message);
  event_end (self, builder, TRUE);
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  JsonBuilder *builder = event_begin ("session");

  add_string (builder, "id", info->id);
  add_string (builder, "code", info->code);
  add_string (builder, "link", info->link);
  add_string (builder, "signal", info->signal);
  event_end (user_data, builder, TRUE);
}

static void
on_block (const char *text, gpointer user_data)
{
  PhOutput *self = user_data;
  JsonBuilder *builder;

  if (text == NULL)
    return;
  builder = event_begin (self->role == PH_OUTPUT_HOST ? "offer" : "answer");
  add_string (builder, "block", text);
  event_end (self, builder, TRUE);
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  JsonBuilder *builder = event_begin ("join-request");

  add_string (builder, "client", client);
  add_boolean (builder, "verified", is_verified);
  event_end (user_data, builder, TRUE);
  ph_output_note_question (user_data);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  PhOutput *self = user_data;
  JsonBuilder *builder = event_begin ("verify");

  add_string (builder, "peer", peer);
  add_string (builder, "number", number);
  event_end (self, builder, TRUE);
  ph_output_note_question (self);
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  JsonBuilder *builder = event_begin ("connected");

  add_string (builder, "peer", peer);
  add_string (builder, "path", ph_path_kind_name (path->kind));
  add_endpoint (builder, "local", &path->local);
  add_endpoint (builder, "remote", &path->remote);
  event_end (user_data, builder, TRUE);
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
  JsonBuilder *builder = event_begin ("mapping");

  if (state == PH_MAPPING_FAILED)
    ph_output_complain (user_data, message);
  add_string (builder, "local", local);
  add_string (builder, "remote", remote);
  add_string (builder, "state", states[state]);
  add_string (builder, "message", message);
  event_end (user_data, builder, TRUE);
}

static void
add_service (JsonBuilder *builder, const PhService *service)
{
  json_builder_begin_object (builder);
  add_string (builder, "title", service->title);
  add_string (builder, "address", service->address);
  add_number (builder, "port", service->port);
  add_string (builder, "kind", ph_kind_word (service->kind));
  json_builder_end_object (builder);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  JsonBuilder *builder = event_begin ("services");
  guint n;
  const PhService *all = ph_services_get (services, &n);

  json_builder_set_member_name (builder, "services");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n; i++)
    add_service (builder, &all[i]);
  json_builder_end_array (builder);
  event_end (user_data, builder, TRUE);
}

static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  g_autofree char *dst = ph_destination_dup_text (info->remote);
  JsonBuilder *builder = event_begin ("connection");

  add_string (builder, "state", is_open ? "open" : "closed");
  add_number (builder, "serial", info->serial);
  add_string (builder, "peer", peer);
  add_endpoint (builder, "src", &info->source);
  add_string (builder, "dst", dst);
  if (!is_open)
    {
      add_string (builder, "reason", ph_close_reason_to_word (info->reason));
      add_string (builder, "message", info->text);
      add_number (builder, "lasted_us", (guint64)(info->closed_us - info->opened_us));
      add_number (builder, "bytes_in", info->bytes_in);
      add_number (builder, "bytes_out", info->bytes_out);
    }
  event_end (user_data, builder, FALSE);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  JsonBuilder *builder = event_begin ("disconnected");

  add_string (builder, "peer", peer);
  add_string (builder, "reason", reason);
  event_end (user_data, builder, TRUE);
  ph_output_note_question (user_data);
}

const PhSessionEvents ph_output_json_events = {
  .session = on_session,
  .block = on_block,
  .join_request = on_join_request,
  .verify = on_verify,
  .connected = on_connected,
  .mapping = on_mapping,
  .services = on_services,
  .connection = on_connection,
  .disconnected = on_disconnected,
  .warning = ph_output_on_warning,
  .ended = ph_output_on_ended,
};

/* Clients */

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

void
ph_output_json_clients (PhOutput *self, PhHost *host)
{
  JsonBuilder *builder = event_begin ("clients");

  json_builder_set_member_name (builder, "clients");
  json_builder_begin_array (builder);
  ph_host_foreach_client (host, add_client, builder);
  json_builder_end_array (builder);
  event_end (self, builder, TRUE);
}

void
ph_output_json_rules (PhOutput *self, const PhRules *rules)
{
  JsonBuilder *builder = event_begin ("rules");

  json_builder_set_member_name (builder, "rules");
  json_builder_begin_array (builder);
  for (guint i = 0; i < ph_rules_get_count (rules); i++)
    json_builder_add_string_value (builder, ph_rules_get_text (rules, i));
  json_builder_end_array (builder);
  event_end (self, builder, TRUE);
}

void
ph_output_json_server (PhOutput *self, const char *server, gboolean works, const char *message)
{
  JsonBuilder *builder = event_begin ("server");

  add_string (builder, "server", server);
  add_boolean (builder, "works", works);
  add_string (builder, "message", message);
  event_end (self, builder, TRUE);
}
