/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-stream.h"

#include "core/ph-endpoint.h"
#include "tunnel/ph-socket.h"

#define DEADLINE_US (60 * G_USEC_PER_SEC)
#define BUFFER_BYTES 65536

static guint8
byte_at (guint32 seed, guint64 position)
{
  guint64 mixed = (position / 8 + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + seed;

  mixed ^= mixed >> 29;
  mixed *= G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  return (guint8)(mixed >> (position % 8 * 8));
}

static guint8
planned_byte (const PhStreamPlan *plan, guint64 position)
{
  if (plan->identity != 0 && position < 4)
    return (guint8)(plan->identity >> (position * 8));
  return byte_at (plan->write_seed, position);
}

static void on_socket (GIOCondition condition, gpointer user_data);

static gboolean
may_write (const PhStream *self)
{
  return !self->shut_down && self->plan.identify == NULL &&
         (!self->plan.write_last || self->ended) && self->n_read >= self->plan.write_after;
}

static void
update_watch (PhStream *self)
{
  GIOCondition wanted = 0;

  if (self->was_reset)
    wanted = 0;
  else
    wanted =
        (self->ended || self->paused ? 0 : G_IO_IN) |
        (may_write (self) && (self->n_written < self->plan.write_bytes || !self->plan.keep_open)
             ? G_IO_OUT
             : 0);
  ph_poll_set_condition (self->watch, wanted);
}

PhStream *
ph_stream_new (PhPoll *poll, GSocket *socket, const PhStreamPlan *plan)
{
  PhStream *self = g_new0 (PhStream, 1);

  self->plan = *plan;
  self->socket = socket;
  g_socket_set_blocking (socket, FALSE);
  self->watch = ph_poll_add (poll, socket, 0, on_socket, self);
  update_watch (self);
  return self;
}

void
ph_stream_free (PhStream *self)
{
  ph_poll_remove (self->watch);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_free (self);
}

void
ph_stream_set_paused (PhStream *self, gboolean paused)
{
  self->paused = paused;
  update_watch (self);
}

void
ph_stream_finish (PhStream *self)
{
  self->plan.write_bytes = self->n_written;
  self->plan.keep_open = FALSE;
  update_watch (self);
}

gboolean
ph_stream_is_over (const PhStream *self)
{
  return self->was_reset || (self->ended && self->shut_down);
}

void
ph_stream_reset (PhStream *self)
{
  ph_poll_set_condition (self->watch, 0);
  ph_socket_reset (self->socket);
  self->was_reset = TRUE;
}

static void
end_writing (PhStream *self)
{
  self->shut_down = TRUE;
  if (self->plan.reset_after)
    ph_stream_reset (self);
  else
    g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

static void
write_some (PhStream *self)
{
  guint8 buffer[BUFFER_BYTES];
  gsize chunk = self->plan.chunk_bytes > 0 ? self->plan.chunk_bytes : sizeof buffer;
  gsize size = (gsize)MIN (MIN (chunk, sizeof buffer), self->plan.write_bytes - self->n_written);
  gsize written = 0;

  for (gsize i = 0; i < size; i++)
    buffer[i] = planned_byte (&self->plan, self->n_written + i);
  if (size > 0 && ph_socket_write (self->socket, buffer, size, &written) == PH_SOCKET_FAILED)
    self->was_reset = TRUE;
  self->n_written += written;
  if (self->n_written == self->plan.write_bytes && !self->plan.keep_open && !self->was_reset)
    end_writing (self);
}

static void
check_bytes (PhStream *self, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++, self->n_read++)
    {
      if (self->plan.identify == NULL)
        {
          self->wrong |= bytes[i] != byte_at (self->plan.read_seed, self->n_read);
          continue;
        }
      self->identity[self->n_read] = bytes[i];
      if (self->n_read == 3)
        {
          PhStreamIdentify identify = self->plan.identify;
          const guint8 *id = self->identity;

          self->plan.identify = NULL;
          identify ((guint32)(id[0] | id[1] << 8 | id[2] << 16 | id[3] << 24), &self->plan,
                    self->plan.user_data);
        }
    }
}

static void
read_some (PhStream *self)
{
  guint8 buffer[BUFFER_BYTES];
  gsize chunk = self->plan.chunk_bytes > 0 ? self->plan.chunk_bytes : sizeof buffer;
  gsize size = 0;

  switch (ph_socket_read (self->socket, buffer, MIN (chunk, sizeof buffer), &size))
    {
    case PH_SOCKET_OK:
      check_bytes (self, buffer, size);
      break;
    case PH_SOCKET_AGAIN:
      break;
    case PH_SOCKET_END:
      self->ended = TRUE;
      self->shut_down |= self->plan.identify != NULL; /* nobody to answer */
      break;
    case PH_SOCKET_FAILED:
      self->was_reset = TRUE;
      break;
    }
}

static void
on_socket (GIOCondition condition, gpointer user_data)
{
  PhStream *self = user_data;
  GIOCondition trouble = condition & (G_IO_ERR | G_IO_HUP);

  if (!self->paused && !self->ended && ((condition & G_IO_IN) || trouble != 0))
    read_some (self);
  if (!self->was_reset && may_write (self) && ((condition & G_IO_OUT) || trouble != 0))
    write_some (self);
  update_watch (self);
}

GSocket *
ph_stream_connect (guint16 port)
{
  PhEndpoint endpoint = { .port = port };
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  ph_address_parse ("127.0.0.1", endpoint.addr);
  address = ph_endpoint_dup_socket_address (&endpoint);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  if (!g_socket_connect (socket, address, NULL, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  return socket;
}

GSocket *
ph_stream_listen (guint16 *ret_port)
{
  PhEndpoint endpoint = { .port = 0 };
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  ph_address_parse ("127.0.0.1", endpoint.addr);
  address = ph_endpoint_dup_socket_address (&endpoint);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, 1024);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  g_assert_true (ph_endpoint_from_socket_address (bound, &endpoint));
  *ret_port = endpoint.port;
  return socket;
}

static gboolean
on_deadline (gpointer user_data)
{
  g_error ("nothing came of it in time");
  return G_SOURCE_REMOVE;
}

void
ph_test_wait (GMainContext *context, gboolean (*done) (gpointer user_data), gpointer user_data)
{
  g_autoptr (GSource) deadline = g_timeout_source_new (DEADLINE_US / 1000);

  g_source_set_callback (deadline, on_deadline, NULL, NULL);
  g_source_attach (deadline, context);
  while (!done (user_data))
    g_main_context_iteration (context, TRUE);
  g_source_destroy (deadline);
}

guint
ph_test_count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}
