/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-pipe-channel.h"
#include "tunnel/ph-mux.h"

/* Any frames at a Host that dials nothing: the table, the held frames and the bounds. */

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* Two names, near numbers, all events: bytes of the input choose. */
static gsize
make_message (const guint8 *data, gsize size, guint8 *message)
{
  PhFrame frame = { .event = (PhEvent)(data[0] % 8),
                    .chunk_id = (guint16)(65533 + data[1] % 8),
                    .chunk_index = data[2] % 3,
                    .total_chunks = data[2] / 64,
                    .payload_size = (guint16)(size - 3) };

  frame.name.src.port = data[0] / 128;
  ph_frame_encode_header (&frame, message);
  memcpy (message + PH_FRAME_HEADER_SIZE, data + 3, size - 3);
  return PH_FRAME_HEADER_SIZE + size - 3;
}

static void
run_loop (GMainContext *context)
{
  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (context, FALSE);
}

/* The peer's end takes whatever comes. */
static void
drain (gpointer user_data)
{
  const guint8 *message;
  gsize size;

  while (ph_channel_receive (user_data, &message, &size) == PH_CHANNEL_OK)
    ;
}

static void
do_nothing (gpointer user_data)
{
}

static void
play (PhMux *mux, PhChannel *peer, GMainContext *context, const guint8 *data, gsize size)
{
  guint8 message[PH_FRAME_HEADER_SIZE + 256];

  while (size > 1)
    {
      gsize length = MIN (data[0], size - 1);

      if (length >= 3)
        ph_channel_send (peer, message, make_message (data + 1, length, message));
      else if (length == 0)
        run_loop (context);
      else if (length == 1)
        ph_mux_set_held (mux, data[1] & 1);
      else
        ph_channel_send (peer, data, size);
      data += 1 + length;
      size -= 1 + length;
    }
  run_loop (context);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  static const PhMuxEvents events = { NULL, NULL, NULL };
  static const PhChannelEvents peer_events = { drain, do_nothing, do_nothing };
  const PhPipeOptions options = { 1, 1, 1 << 20, 0 };
  g_autoptr (GMainContext) context = g_main_context_new ();
  PhPoll *poll = ph_poll_new (context, NULL);
  PhPipe *pipe = ph_pipe_new (context, &options);
  PhRules *rules = ph_rules_new ();
  PhExtensions extensions = size > 0 && data[0] & 1 ? PH_EXTENSIONS_OURS : PH_EXTENSIONS_NONE;
  PhMux *mux = ph_mux_new (PH_MUX_HOST, ph_pipe_get_channel (pipe, 0), poll, rules, extensions,
                           &events, NULL);
  PhChannel *peer = ph_pipe_get_channel (pipe, 1);

  ph_channel_set_events (peer, &peer_events, peer);
  if (size > 0)
    play (mux, peer, context, data + 1, size - 1);
  ph_mux_free (mux);
  ph_rules_unref (rules);
  ph_pipe_free (pipe);
  ph_poll_free (poll);
  return 0;
}
