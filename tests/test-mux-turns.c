/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-slice.h"
#include "ph-stream.h"
#include "ph-test-loop.h"
#include "tunnel/ph-mux.h"

/* Whose turn it is: a mux over a channel that says things once, and that is dear to send over. */

#define N_APPS 4
#define N_FRAMES 100 /* of all together */

typedef struct
{
  PhChannel base;
  guint n_unread; /* messages that wait, all alike */
  gsize size;
  guint8 message[PH_FRAME_HEADER_SIZE + 1];
  gboolean is_closing; /* takes nothing any more, and has not said so yet */
  guint n_refused;
  PhFrameName connected; /* of the CONNECT that came last */
  guint n_sent[N_APPS];  /* frames with data, by the connection */
  guint n_sent_in_all;
} Channel;

static guint16 ports[N_APPS];

/* Costs more than a turn has. */
static PhChannelStatus
channel_send (PhChannel *channel, const guint8 *message, gsize size)
{
  Channel *self = (Channel *)channel;
  gint64 begin_us = g_get_monotonic_time ();
  PhFrame frame;

  g_assert_cmpint (ph_frame_decode (message, size, &frame), ==, PH_FRAME_OK);
  self->n_refused += self->is_closing;
  if (self->is_closing)
    return PH_CHANNEL_CLOSED;
  if (frame.event == PH_EVENT_CONNECT)
    self->connected = frame.name;
  if (frame.event != PH_EVENT_DATA)
    return PH_CHANNEL_OK;
  while (g_get_monotonic_time () - begin_us < PH_SLICE_US + PH_SLICE_US / 4)
    ;
  for (guint i = 0; i < N_APPS; i++)
    self->n_sent[i] += frame.name.src.port == ports[i];
  self->n_sent_in_all++;
  return PH_CHANNEL_OK;
}

static PhChannelStatus
channel_receive (PhChannel *channel, const guint8 **ret_message, gsize *ret_size)
{
  Channel *self = (Channel *)channel;

  if (self->n_unread == 0)
    return PH_CHANNEL_AGAIN;
  self->n_unread--;
  *ret_message = self->message;
  *ret_size = self->size;
  return PH_CHANNEL_OK;
}

static const PhChannelClass channel_class = { channel_send, channel_receive };
static const PhMuxEvents no_events;

/* Nothing is announced but what comes new: who stops before AGAIN has to go on by itself. */
static void
test_all_is_read (void)
{
  Channel channel = { .base.klass = &channel_class, .size = PH_FRAME_HEADER_SIZE };
  PhPoll *poll = ph_poll_new (NULL, NULL);
  PhMux *mux =
      ph_mux_new (PH_MUX_CLIENT, &channel.base, poll, NULL, PH_EXTENSIONS_NONE, &no_events, NULL);
  PhFrame stranger = { .event = PH_EVENT_DATA, .total_chunks = 1 };

  ph_frame_encode_header (&stranger, channel.message);
  channel.n_unread = 10000;
  ph_test_wait_for (channel.n_unread == 0);
  ph_mux_free (mux);
  ph_poll_free (poll);
}

static GSocket *
add_app (PhMux *mux, GSocket *listener, guint16 port, guint16 *ret_source)
{
  const PhDestination destination = { .endpoint.port = 80 };
  GSocket *app = ph_stream_connect (port);
  g_autoptr (GSocket) accepted = NULL;
  g_autoptr (GSocketAddress) address = NULL;

  g_socket_set_blocking (listener, TRUE);
  accepted = g_socket_accept (listener, NULL, NULL);
  g_assert_nonnull (accepted);
  address = g_socket_get_remote_address (accepted, NULL);
  *ret_source = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  ph_mux_open (mux, accepted, &destination, NULL);
  return app;
}

/* Meanwhile all applications write as fast as they can. */
static gboolean
has_sent (const Channel *channel, GSocket **apps)
{
  static const char bytes[65536];

  for (guint i = 0; i < N_APPS; i++)
    while (g_socket_send (apps[i], bytes, sizeof bytes, NULL, NULL) > 0)
      ;
  return channel->n_sent_in_all >= N_FRAMES;
}

/* However little of the thread there is for a mux, each of its connections gets some. */
static void
test_all_are_served (void)
{
  Channel channel = { .base.klass = &channel_class };
  PhPoll *poll = ph_poll_new (NULL, NULL);
  PhMux *mux =
      ph_mux_new (PH_MUX_CLIENT, &channel.base, poll, NULL, PH_EXTENSIONS_NONE, &no_events, NULL);
  guint16 port;
  g_autoptr (GSocket) listener = ph_stream_listen (&port);
  GSocket *apps[N_APPS];

  for (guint i = 0; i < N_APPS; i++)
    apps[i] = add_app (mux, listener, port, &ports[i]);
  ph_test_wait_for (has_sent (&channel, apps));
  for (guint i = 0; i < N_APPS; i++)
    {
      g_test_message ("%u: %u", i, channel.n_sent[i]);
      g_assert_cmpuint (channel.n_sent[i], >=, N_FRAMES / N_APPS / 2);
    }
  ph_mux_free (mux);
  for (guint i = 0; i < N_APPS; i++)
    g_object_unref (apps[i]);
  ph_poll_free (poll);
}

/* A channel takes nothing any more before all that came is read. */
static void
test_closing_channel (void)
{
  Channel channel = { .base.klass = &channel_class, .size = PH_FRAME_HEADER_SIZE + 1 };
  PhPoll *poll = ph_poll_new (NULL, NULL);
  PhMux *mux =
      ph_mux_new (PH_MUX_CLIENT, &channel.base, poll, NULL, PH_EXTENSIONS_NONE, &no_events, NULL);
  guint16 port;
  g_autoptr (GSocket) listener = ph_stream_listen (&port);
  g_autoptr (GSocket) app = add_app (mux, listener, port, &ports[0]);
  char byte = 'x';

  channel.is_closing = TRUE;
  g_assert_cmpint (g_socket_send (app, &byte, 1, NULL, NULL), ==, 1);
  ph_test_wait_for (channel.n_refused > 0);
  ph_frame_encode_header (
      &(PhFrame){
          .event = PH_EVENT_DATA, .name = channel.connected, .total_chunks = 1, .payload_size = 1 },
      channel.message);
  channel.message[PH_FRAME_HEADER_SIZE] = 'y';
  channel.n_unread = 1;
  ph_channel_emit_readable (&channel.base);
  g_assert_cmpuint (channel.n_unread, ==, 0);
  g_socket_set_blocking (app, TRUE);
  g_assert_cmpint (g_socket_receive (app, &byte, 1, NULL, NULL), ==, 1);
  g_assert_cmpint (byte, ==, 'y');
  ph_mux_free (mux);
  ph_poll_free (poll);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux-turns/all-is-read", test_all_is_read);
  g_test_add_func ("/mux-turns/all-are-served", test_all_are_served);
  g_test_add_func ("/mux-turns/closing-channel", test_closing_channel);
  return g_test_run ();
}
