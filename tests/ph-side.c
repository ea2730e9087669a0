/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-side.h"

#include <string.h>

#include "ph-test-loop.h"

#define HELLO "hello"

static void
hear (PhSide *self, PhSideEvent event)
{
  g_assert_cmpuint (self->n[PH_SIDE_ENDED], ==, 0);
  self->n[event]++;
  if (self->hook_at == event && self->hook != NULL)
    self->hook (self->hook_data);
}

static void
replace (char **text, const char *new_text)
{
  g_free (*text);
  *text = g_strdup (new_text);
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->id, info->id);
  replace (&self->code, info->code);
  g_free (self->signal);
  self->signal = g_strconcat ("http://127.0.0.1", strrchr (info->signal, ':'), NULL);
  hear (self, PH_SIDE_SESSION);
}

static void
on_block (const char *text, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->block, text);
  if (text != NULL)
    hear (self, PH_SIDE_BLOCK);
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->requested, client);
  self->is_verified = is_verified;
  hear (self, PH_SIDE_JOIN_REQUEST);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->number, number);
  hear (self, PH_SIDE_VERIFY);
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->connected, peer);
  self->path = *path;
  hear (self, PH_SIDE_CONNECTED);
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *message,
            gpointer user_data)
{
  PhSide *self = user_data;

  g_assert_true ((message != NULL) == (state == PH_MAPPING_FAILED));
  replace (&self->local, local);
  self->mapping_state = state;
  hear (self, PH_SIDE_MAPPING);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  PhSide *self = user_data;

  g_assert_false (ph_services_equal (services, self->services)); /* else there is nothing to tell */
  g_clear_pointer (&self->services, ph_services_unref);
  self->services = ph_services_ref (services);
  hear (self, PH_SIDE_SERVICES);
}

static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  PhSide *self = user_data;

  if (is_open)
    self->n_opened++;
  else
    {
      self->n_closed++;
      self->close_reason = info->reason;
    }
  hear (self, PH_SIDE_CONNECTION);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->disconnected, peer);
  replace (&self->reason, reason);
  hear (self, PH_SIDE_DISCONNECTED);
}

static void
on_warning (const char *code, const char *message, gpointer user_data)
{
  PhSide *self = user_data;

  replace (&self->warning, code);
  hear (self, PH_SIDE_WARNING);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  PhSide *self = user_data;

  self->error = error != NULL ? g_error_copy (error) : NULL;
  hear (self, PH_SIDE_ENDED);
}

const PhSessionEvents *
ph_side_get_events (void)
{
  static const PhSessionEvents events = { .session = on_session,
                                          .block = on_block,
                                          .join_request = on_join_request,
                                          .verify = on_verify,
                                          .connected = on_connected,
                                          .mapping = on_mapping,
                                          .services = on_services,
                                          .connection = on_connection,
                                          .disconnected = on_disconnected,
                                          .warning = on_warning,
                                          .ended = on_ended };

  return &events;
}

void
ph_side_clear (PhSide *self)
{
  g_free (self->id);
  g_free (self->code);
  g_free (self->signal);
  g_free (self->block);
  g_clear_pointer (&self->services, ph_services_unref);
  g_free (self->requested);
  g_free (self->number);
  g_free (self->connected);
  g_free (self->local);
  g_free (self->disconnected);
  g_free (self->reason);
  g_free (self->warning);
  g_clear_error (&self->error);
  *self = (PhSide){ 0 };
}

guint16
ph_side_get_port (const PhSide *self)
{
  guint16 port = 0;

  g_assert_true (ph_port_parse (strrchr (self->local, ':') + 1, &port));
  return port;
}

/* The service */

static void
on_echoed (GObject *stream, GAsyncResult *result, gpointer connection)
{
  g_output_stream_splice_finish (G_OUTPUT_STREAM (stream), result, NULL);
  g_object_unref (connection);
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  PhEcho *self = user_data;
  GIOStream *stream = G_IO_STREAM (connection);

  self->n_accepted++;
  g_output_stream_splice_async (
      g_io_stream_get_output_stream (stream), g_io_stream_get_input_stream (stream),
      G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, G_PRIORITY_DEFAULT,
      NULL, on_echoed, g_object_ref (connection));
  return TRUE;
}

void
ph_echo_start (PhEcho *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), wanted, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
}

void
ph_echo_stop (PhEcho *self)
{
  if (self->service == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
}

/* The application */

static void
on_read (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  PhTalk *self = user_data;
  gsize n_read;

  if (!g_input_stream_read_all_finish (G_INPUT_STREAM (stream), result, &n_read, NULL) ||
      n_read < strlen (HELLO))
    {
      self->is_over = TRUE;
      return;
    }
  self->has_heard = self->has_heard || memcmp (self->heard, HELLO, strlen (HELLO)) == 0;
  g_input_stream_read_all_async (G_INPUT_STREAM (stream), self->heard, strlen (HELLO),
                                 G_PRIORITY_DEFAULT, NULL, on_read, self);
}

static void
on_said (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  PhTalk *self = user_data;
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, NULL);
  g_input_stream_read_all_async (input, self->heard, strlen (HELLO), G_PRIORITY_DEFAULT, NULL,
                                 on_read, self);
}

static void
on_reached (GObject *client, GAsyncResult *result, gpointer user_data)
{
  PhTalk *self = user_data;

  self->connection =
      g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (client), result, NULL);
  if (self->connection == NULL)
    {
      self->is_over = TRUE;
      return;
    }
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)),
                                   HELLO, strlen (HELLO), G_PRIORITY_DEFAULT, NULL, on_said, self);
}

void
ph_talk_start (PhTalk *self, guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  *self = (PhTalk){ 0 };
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client, "127.0.0.1", port, NULL, on_reached, self);
}

void
ph_talk_stop (PhTalk *self)
{
  ph_test_wait_for (self->connection != NULL || self->is_over);
  if (self->connection != NULL)
    g_socket_shutdown (g_socket_connection_get_socket (self->connection), TRUE, TRUE, NULL);
  ph_test_wait_for (self->is_over);
  g_clear_object (&self->connection);
}

void
ph_test_drain (void)
{
  for (guint i = 0; i < 1000 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}
