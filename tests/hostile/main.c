/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-limits.h"
#include "core/ph-timer.h"
#include "hostile.h"

/*  hostile client MODE LINK TARGET   joins a session; TARGET is a service it allows
 *  hostile host MODE URL             makes a session on a server and waits for a Client
 *
 * Prints "link …", "connected", "begun" once it attacks, "sent N" for each line on its input, and
 * "ended WHY" when the other side has had enough. It ends with its input. */

#define STEPS_PER_TURN 64
#define MAX_QUEUED 512 /* datagrams */
#define KNOCKS_AT_ONCE 16
#define LOOK_AGAIN_MS 100
#define MAX_LOOKS 100

PhFrameName
hostile_name (const Hostile *self, guint64 n)
{
  PhFrameName name = { .src = { .addr = { 0xfd }, .port = (guint16)n }, .dst = self->target };

  ph_write_u32 (name.src.addr + 12, (guint32)(n >> 16));
  return name;
}

gboolean
hostile_send (Hostile *self, const guint8 *message, gsize size)
{
  return ph_sctp_send (self->session.peer.sctp, message, size) == PH_CHANNEL_OK;
}

gboolean
hostile_send_frame (Hostile *self, const PhFrame *frame)
{
  static guint8 message[PH_FRAME_MAX_SIZE];
  guint8 *payload = message + PH_FRAME_HEADER_SIZE;

  ph_frame_encode_header (frame, message);
  if (frame->payload != NULL)
    memcpy (payload, frame->payload, frame->payload_size);
  else
    memset (payload, 0, frame->payload_size);
  return hostile_send (self, message, PH_FRAME_HEADER_SIZE + (gsize)frame->payload_size);
}

gboolean
hostile_flush (Hostile *self)
{
  if (ph_ice_get_queued (self->session.peer.ice) >= STEPS_PER_TURN)
    ph_ice_flush (self->session.peer.ice);
  return ph_ice_get_queued (self->session.peer.ice) < MAX_QUEUED;
}

static void
say_sent (const Hostile *self)
{
  g_print ("sent %" G_GUINT64_FORMAT "\n", self->n_steps);
}

/* Attacking */

static gboolean
on_step (gpointer user_data)
{
  Hostile *self = user_data;
  const HostileMode *mode = self->mode;

  if (self->session.peer.is_closed || self->leave != NULL)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < STEPS_PER_TURN; i++)
    {
      if (mode->most > 0 && self->n_steps == mode->most)
        return G_SOURCE_REMOVE;
      if (!mode->step (self, self->n_steps))
        {
          /* With what made no room may be due: datagrams, or what SCTP has to say. */
          ph_timer_arm (self->source, 1);
          return G_SOURCE_CONTINUE;
        }
      if (self->n_steps++ == 0)
        g_print ("begun\n");
    }
  ph_timer_arm (self->source, 0);
  return G_SOURCE_CONTINUE;
}

static void
begin (Hostile *self)
{
  if (self->source != NULL)
    return;
  self->session.peer.is_silent = self->mode->is_silent;
  self->source = ph_timer_new (g_main_context_default (), "attack", on_step, self);
  ph_timer_arm (self->source, 0);
}

/* The peer */

static void
on_gathered (gpointer user_data)
{
  Hostile *self = user_data;

  ph_raw_session_gathered (&self->session);
}

static void
on_readable (gpointer user_data)
{
  Hostile *self = user_data;
  const guint8 *message;
  gsize size;
  PhFrame frame;

  while (self->is_connected && !self->mode->is_deaf &&
         ph_sctp_receive (self->session.peer.sctp, &message, &size) == PH_CHANNEL_OK)
    if (self->mode->take != NULL && ph_frame_decode (message, size, &frame) == PH_FRAME_OK)
      self->mode->take (self, &frame);
  if (self->is_connected && (!self->mode->is_late || self->has_name))
    begin (self);
}

static void
on_connected (gpointer user_data)
{
  Hostile *self = user_data;

  self->is_connected = TRUE;
  g_print ("connected\n");
  on_readable (self);
}

static void
on_writable (gpointer user_data)
{
  Hostile *self = user_data;

  if (self->source != NULL && self->leave == NULL)
    ph_timer_arm (self->source, 0);
}

static void
on_closed (const char *why, gpointer user_data)
{
  Hostile *self = user_data;

  say_sent (self);
  g_print ("ended %s\n", why);
  g_main_loop_quit (self->loop);
}

static const PhRawEvents peer_events = { .gathered = on_gathered,
                                         .connected = on_connected,
                                         .readable = on_readable,
                                         .writable = on_writable,
                                         .closed = on_closed };

static void
on_invited (const char *link, gpointer user_data)
{
  g_print ("link %s\n", link);
}

/* Knocking */

static void
on_knocked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Hostile *self = user_data;
  g_autoptr (PhSignalSession) session = ph_signal_client_join_finish (result, NULL);

  self->n_joins--;
  if (session != NULL)
    self->n_steps++;
  ph_timer_arm (self->source, 0);
}

static gboolean
on_knock (gpointer user_data)
{
  Hostile *self = user_data;
  PhSignalProof proof = { 0 };

  for (; self->n_joins < KNOCKS_AT_ONCE; self->n_joins++)
    {
      ph_raw_session_prove (self->session.code, "mallory", &proof);
      proof.mac[0] ^= g_str_equal (self->mode->name, "knock-wrong");
      ph_signal_client_join_async (self->session.signal, self->session.code->id, "mallory", &proof,
                                   NULL, on_knocked, self);
    }
  return G_SOURCE_CONTINUE;
}

static void
knock (Hostile *self, const char *link)
{
  g_autoptr (GError) error = NULL;

  self->session.code = ph_code_parse (link, &error);
  if (self->session.code != NULL)
    self->session.signal = ph_signal_client_new (self->session.code->server, &error);
  if (self->session.signal == NULL)
    ph_raw_die ("%s", error->message);
  self->source = ph_timer_new (g_main_context_default (), "knock", on_knock, self);
  ph_timer_arm (self->source, 0);
  g_print ("begun\n");
}

const HostileMode hostile_knocker_modes[] = { { "knock" }, { "knock-wrong" }, { NULL } };

/* Leaving: a goodbye behind a flood would be lost with the rest of it, so it waits until nothing is
 * on its way any more, there or back. */

static gboolean
on_leave (gpointer user_data)
{
  Hostile *self = user_data;
  PhRawPeer *peer = &self->session.peer;
  guint n_new = peer->n_received - self->n_received;

  if (peer->is_closed || self->n_looks == MAX_LOOKS || (self->n_looks > 0 && n_new == 0))
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_REMOVE;
    }
  self->n_looks++;
  self->n_received = peer->n_received;
  ph_timer_arm (self->leave, LOOK_AGAIN_MS);
  return G_SOURCE_CONTINUE;
}

static void
leave (Hostile *self)
{
  if (!self->is_connected)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  self->leave = ph_timer_new (g_main_context_default (), "leave", on_leave, self);
  ph_timer_arm (self->leave, 0);
}

/* The program */

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Hostile *self = user_data;
  g_autofree char *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      leave (self);
      return G_SOURCE_REMOVE;
    }
  say_sent (self);
  return G_SOURCE_CONTINUE;
}

static const HostileMode *
find_mode (const HostileMode *modes, const char *name)
{
  for (; modes->name != NULL; modes++)
    if (g_str_equal (modes->name, name))
      return modes;
  return NULL;
}

static gboolean
start (Hostile *self, int n, char **words)
{
  gboolean is_host = n > 1 && g_str_equal (words[1], "host");

  if (n != (is_host ? 4 : 5) || (!is_host && !g_str_equal (words[1], "client")))
    return FALSE;
  if (!is_host && !ph_endpoint_parse (words[4], &self->target, NULL))
    return FALSE;
  self->mode = find_mode (is_host ? hostile_host_modes : hostile_client_modes, words[2]);
  if (self->mode == NULL)
    self->mode = find_mode (hostile_packet_modes, words[2]);
  if (self->mode != NULL && is_host)
    ph_raw_session_host (&self->session, words[3], on_invited, &peer_events, self);
  else if (self->mode != NULL)
    ph_raw_session_join (&self->session, words[3], &peer_events, self);
  else if (!is_host && (self->mode = find_mode (hostile_knocker_modes, words[2])) != NULL)
    knock (self, words[3]);
  return self->mode != NULL;
}

int
main (int n, char **words)
{
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (GSource) watch = NULL;
  Hostile self = { 0 };

  ph_limits_raise_descriptors ();
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!start (&self, n, words))
    ph_raw_die ("usage: hostile client MODE LINK TARGET | hostile host MODE URL");
  watch = g_io_create_watch (input, G_IO_IN | G_IO_HUP);
  g_source_set_callback (watch, G_SOURCE_FUNC (on_input), &self, NULL);
  g_source_attach (watch, g_main_context_default ());
  g_main_loop_run (self.loop);
  ph_raw_session_drop (&self.session);
  g_main_loop_unref (self.loop);
  return 0;
}
