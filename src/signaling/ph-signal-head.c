/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-head.h"

#include <string.h>

#define MAX_LINE 128 /* of those that are looked at: their names and legal values are shorter */

/* libsoup refuses every head with a NUL in it, but takes none that begins with one. */
static const char refused[] = { '-', '\0', '\r', '\n', '\r', '\n' };

/* The reading side. */

#define PH_TYPE_HEAD_INPUT (ph_head_input_get_type ())
G_DECLARE_FINAL_TYPE (PhHeadInput, ph_head_input, PH, HEAD_INPUT, GFilterInputStream)

struct _PhHeadInput
{
  GFilterInputStream parent;
  char line[MAX_LINE]; /* its beginning, without a terminator */
  gsize line_size;     /* of the whole line so far */
  guint n_lines;
  gboolean has_length; /* a Content-Length or a Transfer-Encoding */
  gboolean is_over;    /* the head has ended: the rest is none of our business */
  gboolean is_refused;
  gsize n_refused; /* bytes of `refused` that were read */
};

/* What stands behind the colon, without spaces around it, if @line begins with @name; owned. */
static char *
dup_value (const char *line, const char *name)
{
  gsize size = strlen (name);

  if (g_ascii_strncasecmp (line, name, size) != 0 || line[size] != ':')
    return NULL;
  return g_strstrip (g_strdup (line + size + 1));
}

static gboolean
is_number (const char *text)
{
  gsize n_digits = strspn (text, "0123456789");

  return n_digits > 0 && n_digits <= 18 && text[n_digits] == '\0';
}

/* One length, or chunks, and not both. */
static gboolean
take_length (PhHeadInput *self, gboolean is_good)
{
  gboolean is_first = !self->has_length;

  self->has_length = TRUE;
  return is_good && is_first;
}

static gboolean
check_field (PhHeadInput *self, const char *line)
{
  g_autofree char *length = dup_value (line, "Content-Length");
  g_autofree char *encoding = dup_value (line, "Transfer-Encoding");
  g_autofree char *host = dup_value (line, "Host");

  if (length != NULL)
    return take_length (self, is_number (length));
  if (encoding != NULL)
    return take_length (self, g_ascii_strcasecmp (encoding, "chunked") == 0);
  return host == NULL || strchr (host, '/') == NULL;
}

/* Whether a line longer than we keep could matter. */
static gboolean
is_looked_at (const char *line)
{
  return g_ascii_strncasecmp (line, "Content-Length", 14) == 0 ||
         g_ascii_strncasecmp (line, "Transfer-Encoding", 17) == 0 ||
         g_ascii_strncasecmp (line, "Host", 4) == 0;
}

/* A whole line has come, without its line feed. FALSE if the head is to be refused. */
static gboolean
check_line (PhHeadInput *self)
{
  g_autofree char *line = g_strndup (self->line, MIN (self->line_size, sizeof self->line));
  gsize size = self->line_size;
  gboolean is_empty = size == 0 || (size == 1 && line[0] == '\r');
  gboolean is_request_line = self->n_lines == 0 && !is_empty;

  self->line_size = 0;
  if (is_empty)
    {
      self->is_over = self->n_lines > 0; /* before the request they are skipped */
      return TRUE;
    }
  self->n_lines++;
  if (is_request_line)
    return TRUE;
  if (line[0] == ' ' || line[0] == '\t' || (size > sizeof self->line && is_looked_at (line)))
    return FALSE;
  return check_field (self, line);
}

static void
look_at (PhHeadInput *self, const char *bytes, gsize size)
{
  for (gsize i = 0; i < size && !self->is_over && !self->is_refused; i++)
    {
      if (bytes[i] == '\n')
        self->is_refused = !check_line (self);
      else if (self->line_size++ < sizeof self->line)
        self->line[self->line_size - 1] = bytes[i];
    }
}

static gssize
read_refused (PhHeadInput *self, void *buffer, gsize size)
{
  gsize n = MIN (size, sizeof refused - self->n_refused);

  memcpy (buffer, refused + self->n_refused, n);
  self->n_refused += n;
  return (gssize)n;
}

/* What was read into @buffer, or what is to be read instead of it. */
static gssize
pass_on (PhHeadInput *self, void *buffer, gsize size, gssize n)
{
  if (n > 0)
    look_at (self, buffer, (gsize)n);
  return self->is_refused ? read_refused (self, buffer, size) : n;
}

static GInputStream *
get_base (PhHeadInput *self)
{
  return g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self));
}

static gssize
head_input_read (GInputStream *stream,
                 void *buffer,
                 gsize count,
                 GCancellable *cancellable,
                 GError **error)
{
  PhHeadInput *self = PH_HEAD_INPUT (stream);

  if (self->is_refused)
    return read_refused (self, buffer, count);
  return pass_on (self, buffer, count,
                  g_input_stream_read (get_base (self), buffer, count, cancellable, error));
}

static gssize
head_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  PhHeadInput *self = PH_HEAD_INPUT (stream);
  GPollableInputStream *base = G_POLLABLE_INPUT_STREAM (get_base (self));

  if (self->is_refused)
    return read_refused (self, buffer, size);
  return pass_on (self, buffer, size,
                  g_pollable_input_stream_read_nonblocking (base, buffer, size, NULL, error));
}

static gboolean
head_input_is_readable (GPollableInputStream *stream)
{
  PhHeadInput *self = PH_HEAD_INPUT (stream);

  return self->is_refused ||
         g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (get_base (self)));
}

static GSource *
head_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  PhHeadInput *self = PH_HEAD_INPUT (stream);
  g_autoptr (GSource) base = NULL;

  if (!self->is_refused)
    base = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (get_base (self)),
                                                  cancellable);
  else
    base = g_timeout_source_new (0); /* it is readable now */
  return g_pollable_source_new_full (stream, base, cancellable);
}

static void
head_input_iface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = head_input_is_readable;
  iface->create_source = head_input_create_source;
  iface->read_nonblocking = head_input_read_nonblocking;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PhHeadInput,
                               ph_head_input,
                               G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      head_input_iface_init))

static void
ph_head_input_class_init (PhHeadInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = head_input_read;
}

static void
ph_head_input_init (PhHeadInput *self)
{
}

/* The stream. */

#define PH_TYPE_HEAD_STREAM (ph_head_stream_get_type ())
G_DECLARE_FINAL_TYPE (PhHeadStream, ph_head_stream, PH, HEAD_STREAM, GIOStream)

struct _PhHeadStream
{
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
};

G_DEFINE_FINAL_TYPE (PhHeadStream, ph_head_stream, G_TYPE_IO_STREAM)

static GInputStream *
head_stream_get_input (GIOStream *stream)
{
  return PH_HEAD_STREAM (stream)->input;
}

static GOutputStream *
head_stream_get_output (GIOStream *stream)
{
  return g_io_stream_get_output_stream (PH_HEAD_STREAM (stream)->base);
}

static gboolean
head_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (PH_HEAD_STREAM (stream)->base, cancellable, error);
}

static void
head_stream_finalize (GObject *object)
{
  PhHeadStream *self = PH_HEAD_STREAM (object);

  G_OBJECT_CLASS (ph_head_stream_parent_class)->finalize (object);
  g_object_unref (self->input);
  g_object_unref (self->base);
}

static void
ph_head_stream_class_init (PhHeadStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = head_stream_finalize;
  G_IO_STREAM_CLASS (klass)->get_input_stream = head_stream_get_input;
  G_IO_STREAM_CLASS (klass)->get_output_stream = head_stream_get_output;
  G_IO_STREAM_CLASS (klass)->close_fn = head_stream_close;
}

static void
ph_head_stream_init (PhHeadStream *self)
{
}

GIOStream *
ph_signal_head_wrap (GIOStream *stream)
{
  PhHeadStream *self = g_object_new (PH_TYPE_HEAD_STREAM, NULL);

  self->base = g_object_ref (stream);
  self->input =
      g_object_new (PH_TYPE_HEAD_INPUT, "base-stream", g_io_stream_get_input_stream (stream),
                    "close-base-stream", FALSE, NULL);
  return G_IO_STREAM (self);
}
