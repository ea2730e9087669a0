/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-guard.h"

#include <string.h>

#include "ph-signal.h"

/* libsoup reads on as long as something comes: one caller who pours would have the main loop to
 * himself. So after so many bytes there seems to be nothing more until the loop has been around;
 * fewer of them for who has sent more than requests commonly have. */
#define TURN_BYTES 4096
#define LONG_TURN_BYTES 512
#define COMMON_BYTES 16384

/* Of a connection in all. A body may come in chunks of one byte, and what is more than that is read
 * on for a while so that its sender hears of it; this is more than both take. */
#define MAX_BYTES (2 * 1024 * 1024)

#define STREAM_KEY "porthole-stream"
#define PH_TYPE_SIGNAL_GUARD (ph_signal_guard_get_type ())
G_DECLARE_FINAL_TYPE (PhSignalGuard, ph_signal_guard, PH, SIGNAL_GUARD, GFilterInputStream)

struct _PhSignalGuard
{
  GFilterInputStream parent;
  PhSignalHead *head;
  GOutputStream *output;
  gsize turn_bytes; /* since the loop was waited for */
  gsize bytes;      /* in all */
};

static void pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (PhSignalGuard,
                         ph_signal_guard,
                         G_TYPE_FILTER_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

/* ---- The answer ---- */

guint
ph_signal_guard_status (PhSignalHead *head)
{
  switch (ph_signal_head_get_state (head))
    {
    case PH_SIGNAL_HEAD_MORE:
    case PH_SIGNAL_HEAD_DONE:
      return 0;
    case PH_SIGNAL_HEAD_BAD:
      return 400;
    case PH_SIGNAL_HEAD_TOO_LARGE:
      return 431;
    }
  return 0;
}

/* As much of it as the socket takes at once: nobody is owed more. */
static void
refuse (PhSignalGuard *self)
{
  gboolean is_large = ph_signal_head_get_state (self->head) == PH_SIGNAL_HEAD_TOO_LARGE;
  g_autofree char *body =
      is_large ? ph_signal_error_to_json ("too-large", "A request's head is at most 8 KiB and 100 "
                                                       "fields.")
               : ph_signal_error_to_json ("bad-request", "This is no HTTP/1.1 request.");
  g_autofree char *answer = g_strdup_printf (
      "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
      is_large ? "431 Request Header Fields Too Large" : "400 Bad Request", strlen (body), body);

  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (self->output), answer,
                                              strlen (answer), NULL, NULL);
}

/* @n as it was read, or -1 with @error. libsoup takes a head that breaks off at the end of a line
 * for a whole one, so its end is looked at, too. */
static gssize
inspect (PhSignalGuard *self, const void *buffer, gssize n, GError **error)
{
  if (n < 0)
    return n;
  self->turn_bytes += (gsize)n;
  self->bytes += (gsize)n;
  if (self->bytes > MAX_BYTES)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "a request without end");
      return -1;
    }
  if (n == 0)
    ph_signal_head_end (self->head);
  else
    ph_signal_head_take (self->head, buffer, (gsize)n);
  if (ph_signal_guard_status (self->head) == 0)
    return n;
  refuse (self);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no HTTP/1.1 request");
  return -1;
}

/* ---- The stream ---- */

static GInputStream *
get_base (gpointer self)
{
  return g_filter_input_stream_get_base_stream (self);
}

static gssize
guard_read (GInputStream *stream,
            void *buffer,
            gsize size,
            GCancellable *cancellable,
            GError **error)
{
  gssize n = g_input_stream_read (get_base (stream), buffer, size, cancellable, error);

  return inspect (PH_SIGNAL_GUARD (stream), buffer, n, error);
}

/* How much may be read until the loop has been around. */
static gsize
get_turn (PhSignalGuard *self)
{
  gsize turn = self->bytes < COMMON_BYTES ? TURN_BYTES : LONG_TURN_BYTES;

  return turn - MIN (turn, self->turn_bytes);
}

static gssize
guard_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  PhSignalGuard *self = PH_SIGNAL_GUARD (stream);
  gsize turn = get_turn (self);
  gssize n;

  if (turn == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "others have their turn");
      return -1;
    }
  n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (get_base (stream)), buffer,
                                                MIN (size, turn), NULL, error);
  return inspect (self, buffer, n, error);
}

static gboolean
guard_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (get_base (stream)));
}

static GSource *
guard_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) base =
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (get_base (stream)), NULL);

  PH_SIGNAL_GUARD (stream)->turn_bytes = 0;
  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
guard_finalize (GObject *object)
{
  PhSignalGuard *self = PH_SIGNAL_GUARD (object);

  g_clear_pointer (&self->head, ph_signal_head_unref);
  g_clear_object (&self->output);
  G_OBJECT_CLASS (ph_signal_guard_parent_class)->finalize (object);
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = guard_is_readable;
  iface->create_source = guard_create_source;
  iface->read_nonblocking = guard_read_nonblocking;
}

static void
ph_signal_guard_class_init (PhSignalGuardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = guard_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = guard_read;
}

static void
ph_signal_guard_init (PhSignalGuard *self)
{
}

GIOStream *
ph_signal_guard_new (GIOStream *stream, PhSignalHead *head)
{
  g_autoptr (PhSignalGuard) guard = g_object_new (PH_TYPE_SIGNAL_GUARD, "base-stream",
                                                  g_io_stream_get_input_stream (stream), NULL);
  GIOStream *guarded;

  guard->head = ph_signal_head_ref (head);
  guard->output = g_object_ref (g_io_stream_get_output_stream (stream));
  guarded = g_simple_io_stream_new (G_INPUT_STREAM (guard), guard->output);
  g_object_set_data_full (G_OBJECT (guarded), STREAM_KEY, g_object_ref (stream), g_object_unref);
  return guarded;
}
