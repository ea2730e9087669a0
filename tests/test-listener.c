/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "ph-pipe-channel.h"
#include "ph-stream.h"
#include "tunnel/ph-listener.h"

static PhListener *
listen_on (PhPoll *poll, const char *spec, GError **error)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse (spec, NULL);

  g_assert_nonnull (mapping);
  return ph_listener_new (poll, mapping, error);
}

static void
test_picks_port (void)
{
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  PhListener *listener = listen_on (poll, "0:example.com:80", NULL);

  g_assert_cmpuint (ph_listener_get_local (listener)->port, >, 0);
  g_assert_cmpuint (ph_listener_get_mapping (listener)->local.port, ==, 0);
  g_assert_cmpstr (ph_listener_get_mapping (listener)->remote.name, ==, "example.com");
  ph_listener_free (listener);
}

static void
test_port_in_use (void)
{
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  guint16 port;
  g_autoptr (GSocket) taken = ph_stream_listen (&port);
  g_autofree char *spec = g_strdup_printf ("%u", port);

  g_assert_null (listen_on (poll, spec, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_LISTEN);
  g_assert_nonnull (strstr (error->message, spec));
  g_assert_nonnull (strstr (error->message, "in use"));
}

static void
test_foreign_address (void)
{
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (listen_on (poll, "192.0.2.1:0:127.0.0.1:80", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_LISTEN);
}

typedef struct
{
  PhMux *mux;
  guint n;
} Waiting;

static gboolean
all_there (gpointer user_data)
{
  Waiting *waiting = user_data;
  PhMuxCounters counters;

  ph_mux_get_counters (waiting->mux, &counters);
  return counters.connections == waiting->n;
}

static gboolean
is_connected (gpointer user_data)
{
  return g_socket_condition_check (user_data, G_IO_OUT) != 0 &&
         g_socket_check_connect_result (user_data, NULL);
}

/* A burst while the tunnel is busy: nobody has to try again. */
static void
test_burst (void)
{
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  PhListener *listener = listen_on (poll, "0:127.0.0.1:80", NULL);
  g_autoptr (GPtrArray) apps = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 300; i++)
    g_ptr_array_add (apps, ph_stream_connect (ph_listener_get_local (listener)->port));
  for (guint i = 0; i < 300; i++)
    g_assert_true (is_connected (g_ptr_array_index (apps, i)));
  ph_listener_free (listener);
}

/* Connections made before there is a mux wait, and are not lost. */
static void
test_backlog (void)
{
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  const PhMuxEvents events = { NULL, NULL, NULL };
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  PhPipe *pipe = ph_pipe_new (NULL, &options);
  PhMux *mux = ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (pipe, 0), poll, NULL,
                           PH_EXTENSIONS_OURS, &events, NULL);
  PhListener *listener = listen_on (poll, "0:127.0.0.1:80", NULL);
  g_autoptr (GPtrArray) apps = g_ptr_array_new_with_free_func (g_object_unref);
  Waiting waiting = { mux, 0 };

  for (guint i = 0; i < 5; i++)
    g_ptr_array_add (apps, ph_stream_connect (ph_listener_get_local (listener)->port));
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (all_there (&waiting));
  ph_listener_set_mux (listener, mux);
  waiting.n = 5;
  ph_test_wait (NULL, all_there, &waiting);
  ph_listener_free (listener);
  ph_mux_free (mux);
  ph_pipe_free (pipe);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listener/picks-port", test_picks_port);
  g_test_add_func ("/listener/port-in-use", test_port_in_use);
  g_test_add_func ("/listener/foreign-address", test_foreign_address);
  g_test_add_func ("/listener/backlog", test_backlog);
  g_test_add_func ("/listener/burst", test_burst);
  return g_test_run ();
}
