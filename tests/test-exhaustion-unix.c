/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/resource.h>
#include <unistd.h>

#include "ph-pipe-channel.h"
#include "ph-stream.h"
#include "tunnel/ph-listener.h"

/* A process without a descriptor left refuses what is new, stays quiet, and recovers. */

#define LIMIT 128

static void
take_all_descriptors (GArray *taken)
{
  int fd;

  while ((fd = dup (0)) >= 0)
    g_array_append_val (taken, fd);
}

static void
give_back (GArray *taken)
{
  for (guint i = 0; i < taken->len; i++)
    close (g_array_index (taken, int, i));
  g_array_set_size (taken, 0);
}

typedef struct
{
  guint n_closed;
  PhCloseReason reason;
} Seen;

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  Seen *seen = user_data;

  seen->n_closed++;
  seen->reason = info->reason;
}

static const PhMuxEvents events = { .closed = on_closed };

static gboolean
has_closed (gpointer user_data)
{
  return ((Seen *)user_data)->n_closed > 0;
}

static gboolean
has_connection (gpointer user_data)
{
  PhMuxCounters counters;

  ph_mux_get_counters (user_data, &counters);
  return counters.connections > 0;
}

static PhListener *
make_listener (PhPoll *poll, guint16 remote_port)
{
  g_autofree char *spec = g_strdup_printf ("0:127.0.0.1:%u", remote_port);
  g_autoptr (PhMapping) mapping = ph_mapping_parse (spec, NULL);

  return ph_listener_new (poll, mapping, NULL);
}

static void
test_client (void)
{
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  PhPipe *pipe = ph_pipe_new (NULL, &options);
  Seen seen = { 0 };
  PhMux *mux = ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (pipe, 0), poll, NULL,
                           PH_EXTENSIONS_OURS, &events, &seen);
  PhListener *listener = make_listener (poll, 80);
  guint16 port = ph_listener_get_local (listener)->port;
  g_autoptr (GSocket) first = ph_stream_connect (port);
  g_autoptr (GSocket) second = NULL;
  guint n_turns = 0;

  take_all_descriptors (taken);
  ph_listener_set_mux (listener, mux);
  ph_test_wait (NULL, has_closed, &seen);
  g_assert_cmpint (seen.reason, ==, PH_CLOSE_TOO_MANY);
  while (n_turns < 50 && g_main_context_iteration (NULL, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, <, 50); /* it does not spin */
  g_assert_cmpuint (seen.n_closed, ==, 1);
  give_back (taken);
  second = ph_stream_connect (port);
  ph_test_wait (NULL, has_connection, mux);
  ph_listener_free (listener);
  ph_mux_free (mux);
  ph_pipe_free (pipe);
}

/* Nothing left even for refusing: the port rests, and goes on later. */
static void
test_client_without_reserve (void)
{
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  PhPipe *pipe = ph_pipe_new (NULL, &options);
  Seen seen = { 0 };
  PhMux *mux = ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (pipe, 0), poll, NULL,
                           PH_EXTENSIONS_OURS, &events, &seen);
  PhListener *listener = make_listener (poll, 80);
  const struct rlimit low = { 3, LIMIT };
  const struct rlimit high = { LIMIT, LIMIT };
  g_autoptr (GSocket) app = ph_stream_connect (ph_listener_get_local (listener)->port);
  guint n_turns = 0;

  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &low), ==, 0);
  ph_listener_set_mux (listener, mux);
  while (n_turns < 50 && g_main_context_iteration (NULL, FALSE))
    n_turns++;
  g_assert_cmpuint (n_turns, <, 50);
  g_assert_cmpuint (seen.n_closed, ==, 0);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &high), ==, 0);
  ph_test_wait (NULL, has_connection, mux);
  ph_listener_free (listener);
  ph_mux_free (mux);
  ph_pipe_free (pipe);
}

static void
test_host (void)
{
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  g_autoptr (PhRules) rules = ph_rules_new ();
  PhPipe *pipe = ph_pipe_new (NULL, &options);
  PhChannel *peer = ph_pipe_get_channel (pipe, 1);
  Seen seen = { 0 };
  PhMux *mux = ph_mux_new (PH_MUX_HOST, ph_pipe_get_channel (pipe, 0), poll, rules,
                           PH_EXTENSIONS_OURS, &events, &seen);
  PhFrame frame = { .event = PH_EVENT_CONNECT, .total_chunks = 1, .name.dst.port = 80 };
  guint8 message[PH_FRAME_HEADER_SIZE];

  g_assert_true (ph_rules_add (rules, "127.0.0.1:80", NULL));
  g_assert_true (ph_address_parse ("127.0.0.1", frame.name.dst.addr));
  ph_frame_encode_header (&frame, message);
  take_all_descriptors (taken);
  g_assert_cmpint (ph_channel_send (peer, message, sizeof message), ==, PH_CHANNEL_OK);
  ph_test_wait (NULL, has_closed, &seen);
  g_assert_cmpint (seen.reason, ==, PH_CLOSE_TOO_MANY);
  give_back (taken);
  ph_mux_free (mux);
  ph_pipe_free (pipe);
}

/* One session takes half of the descriptors at most: the rest is for others. */
static void
test_share (void)
{
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  g_autoptr (PhRules) rules = ph_rules_new ();
  PhPipe *pipe = ph_pipe_new (NULL, &options);
  Seen seen = { 0 };
  PhMux *mux = ph_mux_new (PH_MUX_HOST, ph_pipe_get_channel (pipe, 0), poll, rules,
                           PH_EXTENSIONS_OURS, &events, &seen);
  PhFrame frame = { .event = PH_EVENT_CONNECT, .total_chunks = 1, .name.dst.port = 80 };
  guint8 message[PH_FRAME_HEADER_SIZE];
  PhMuxCounters counters;

  ph_mux_set_held (mux, TRUE);
  for (guint16 port = 1; port <= LIMIT / 2 + 1; port++)
    {
      frame.name.src.port = port;
      ph_frame_encode_header (&frame, message);
      ph_channel_send (ph_pipe_get_channel (pipe, 1), message, sizeof message);
    }
  ph_test_wait (NULL, has_closed, &seen);
  ph_mux_get_counters (mux, &counters);
  g_assert_cmpuint (counters.connections, ==, LIMIT / 2);
  g_assert_cmpint (seen.reason, ==, PH_CLOSE_TOO_MANY);
  ph_mux_free (mux);
  ph_pipe_free (pipe);
}

typedef struct
{
  PhPollWatch *watch;
  GIOCondition seen;
  guint calls;
} Refused;

static void
on_refused (GIOCondition condition, gpointer user_data)
{
  Refused *refused = user_data;

  refused->seen |= condition;
  refused->calls++;
  ph_poll_set_condition (refused->watch, 0);
}

/* A socket that cannot be watched is not forgotten in silence. */
static void
test_refused (void)
{
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, NULL);
  Refused refused = { 0 };

  g_assert_true (g_socket_close (socket, NULL));
  refused.watch = ph_poll_add (poll, socket, G_IO_IN, on_refused, &refused);
  g_assert_cmpuint (refused.calls, ==, 0);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (refused.calls, ==, 1);
  g_assert_true (refused.seen & G_IO_NVAL);
  ph_poll_set_condition (refused.watch, G_IO_OUT); /* and removed before it is told again */
  ph_poll_remove (refused.watch);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (refused.calls, ==, 1);
}

int
main (int argc, char **argv)
{
  const struct rlimit limit = { LIMIT, LIMIT };

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_test_add_func ("/exhaustion/client", test_client);
  g_test_add_func ("/exhaustion/client-without-reserve", test_client_without_reserve);
  g_test_add_func ("/exhaustion/host", test_host);
  g_test_add_func ("/exhaustion/share", test_share);
  g_test_add_func ("/exhaustion/unwatchable", test_refused);
  return g_test_run ();
}
