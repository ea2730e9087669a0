/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-test-loop.h"
#include "tunnel/ph-mux.h"

/* Whose turn it is: a mux over a channel that says things once. */

typedef struct
{
  PhChannel base;
  guint n_unread; /* messages that wait, all alike */
  gsize size;
  guint8 message[PH_FRAME_HEADER_SIZE];
} Channel;

static PhChannelStatus
channel_send (PhChannel *channel, const guint8 *message, gsize size)
{
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux-turns/all-is-read", test_all_is_read);
  return g_test_run ();
}
