/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-tls.h"

#include <errno.h>

#include <gnutls/gnutls.h>

#include "core/ph-error.h"

/* GnuTLS would speak 1.0 and 1.1 by itself, which RFC 8996 forbids. */
#define PRIORITIES "-VERS-TLS1.0:-VERS-TLS1.1"

struct _PhSignalTls
{
  gnutls_certificate_credentials_t credentials;
};

/* What both streams of a connection share. */
typedef struct
{
  PhSignalTls *tls;
  GSocketConnection *connection;
  GSocket *socket; /* the connection's */
  gnutls_session_t session;
  gboolean is_open; /* the handshake is done */
} Shared;

/* ---- Credentials ---- */

PhSignalTls *
ph_signal_tls_new (const char *certificate_path, const char *key_path, GError **error)
{
  g_autoptr (PhSignalTls) tls = g_rc_box_new0 (PhSignalTls);
  int code = gnutls_certificate_allocate_credentials (&tls->credentials);

  if (code == GNUTLS_E_SUCCESS)
    code = gnutls_certificate_set_x509_key_file (tls->credentials, certificate_path, key_path,
                                                 GNUTLS_X509_FMT_PEM);
  if (code >= 0)
    return g_steal_pointer (&tls);
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "“%s” and “%s” are no certificate with its key: %s; both should be PEM files",
               certificate_path, key_path, gnutls_strerror (code));
  return NULL;
}

PhSignalTls *
ph_signal_tls_ref (PhSignalTls *tls)
{
  return g_rc_box_acquire (tls);
}

static void
tls_clear (gpointer data)
{
  PhSignalTls *tls = data;

  if (tls->credentials != NULL)
    gnutls_certificate_free_credentials (tls->credentials);
}

void
ph_signal_tls_unref (PhSignalTls *tls)
{
  g_rc_box_release_full (tls, tls_clear);
}

/* ---- What both directions share ---- */

static void
shared_clear (gpointer data)
{
  Shared *shared = data;

  gnutls_deinit (shared->session);
  g_object_unref (shared->connection);
  ph_signal_tls_unref (shared->tls);
}

static void
shared_unref (gpointer shared)
{
  g_rc_box_release_full (shared, shared_clear);
}

static ssize_t
note_error (Shared *shared, GError *error)
{
  gboolean would_block = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  gnutls_transport_set_errno (shared->session, would_block ? EAGAIN : ECONNRESET);
  g_error_free (error);
  return -1;
}

static ssize_t
on_pull (gnutls_transport_ptr_t data, void *bytes, size_t size)
{
  Shared *shared = data;
  GError *error = NULL;
  gssize n = g_socket_receive_with_blocking (shared->socket, bytes, size, FALSE, NULL, &error);

  return n >= 0 ? n : note_error (shared, error);
}

static ssize_t
on_push (gnutls_transport_ptr_t data, const void *bytes, size_t size)
{
  Shared *shared = data;
  GError *error = NULL;
  gssize n = g_socket_send_with_blocking (shared->socket, bytes, size, FALSE, NULL, &error);

  return n >= 0 ? n : note_error (shared, error);
}

/* -1 for what GnuTLS could not do, with @error. */
static gssize
fail (gssize code, GError **error)
{
  gboolean can_go_on = gnutls_error_is_fatal ((int)code) == 0;

  g_set_error_literal (error, G_IO_ERROR,
                       can_go_on ? G_IO_ERROR_WOULD_BLOCK : G_IO_ERROR_CONNECTION_CLOSED,
                       gnutls_strerror ((int)code));
  return -1;
}

/* Who cannot agree with us is told why, if the socket takes that. */
static gboolean
shake_hands (Shared *shared, GError **error)
{
  int code;

  if (shared->is_open)
    return TRUE;
  code = gnutls_handshake (shared->session);
  shared->is_open = code == GNUTLS_E_SUCCESS;
  if (gnutls_error_is_fatal (code))
    gnutls_alert_send_appropriate (shared->session, code);
  if (!shared->is_open)
    fail (code, error);
  return shared->is_open;
}

static GSource *
create_source (gpointer stream, Shared *shared, GIOCondition condition, GCancellable *cancellable)
{
  g_autoptr (GSource) base = g_socket_create_source (shared->socket, condition, NULL);

  return g_pollable_source_new_full (stream, base, cancellable);
}

/* ---- In ---- */

#define PH_TYPE_SIGNAL_TLS_INPUT (ph_signal_tls_input_get_type ())
G_DECLARE_FINAL_TYPE (PhSignalTlsInput, ph_signal_tls_input, PH, SIGNAL_TLS_INPUT, GInputStream)

struct _PhSignalTlsInput
{
  GInputStream parent;
  Shared *shared;
};

static void input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (PhSignalTlsInput,
                         ph_signal_tls_input,
                         G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, input_pollable_init))

static gssize
input_read (GPollableInputStream *stream, void *buffer, gsize size, GError **error)
{
  Shared *shared = PH_SIGNAL_TLS_INPUT (stream)->shared;
  gssize n;

  if (!shake_hands (shared, error))
    return -1;
  n = gnutls_record_recv (shared->session, buffer, size);
  return n >= 0 ? n : fail (n, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  Shared *shared = PH_SIGNAL_TLS_INPUT (stream)->shared;

  return gnutls_record_check_pending (shared->session) > 0 ||
         g_socket_condition_check (shared->socket, G_IO_IN) != 0;
}

/* What was decrypted already is ready; a handshake may wait to write. */
static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  Shared *shared = PH_SIGNAL_TLS_INPUT (stream)->shared;
  gboolean writes = !shared->is_open && gnutls_record_get_direction (shared->session) == 1;

  if (gnutls_record_check_pending (shared->session) > 0)
    {
      g_autoptr (GSource) ready = g_timeout_source_new (0);

      return g_pollable_source_new_full (stream, ready, cancellable);
    }
  return create_source (stream, shared, writes ? G_IO_OUT : G_IO_IN, cancellable);
}

static void
input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read;
}

static void
input_finalize (GObject *object)
{
  g_clear_pointer (&PH_SIGNAL_TLS_INPUT (object)->shared, shared_unref);
  G_OBJECT_CLASS (ph_signal_tls_input_parent_class)->finalize (object);
}

static void
ph_signal_tls_input_class_init (PhSignalTlsInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = input_finalize;
}

static void
ph_signal_tls_input_init (PhSignalTlsInput *self)
{
}

/* ---- Out ---- */

#define PH_TYPE_SIGNAL_TLS_OUTPUT (ph_signal_tls_output_get_type ())
G_DECLARE_FINAL_TYPE (PhSignalTlsOutput, ph_signal_tls_output, PH, SIGNAL_TLS_OUTPUT, GOutputStream)

struct _PhSignalTlsOutput
{
  GOutputStream parent;
  Shared *shared;
};

static void output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (PhSignalTlsOutput,
                         ph_signal_tls_output,
                         G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                output_pollable_init))

/* A record that the socket did not take whole is finished first: whoever was told to wait comes
 * again with the same bytes. */
static gssize
output_write (GPollableOutputStream *stream, const void *buffer, gsize size, GError **error)
{
  Shared *shared = PH_SIGNAL_TLS_OUTPUT (stream)->shared;
  gssize n;

  if (!shake_hands (shared, error))
    return -1;
  n = gnutls_record_send (shared->session, buffer, size);
  return n >= 0 ? n : fail (n, error);
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return g_socket_condition_check (PH_SIGNAL_TLS_OUTPUT (stream)->shared->socket, G_IO_OUT) != 0;
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return create_source (stream, PH_SIGNAL_TLS_OUTPUT (stream)->shared, G_IO_OUT, cancellable);
}

static void
output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write;
}

/* Says that nothing follows, if the socket takes that. */
static gboolean
output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  Shared *shared = PH_SIGNAL_TLS_OUTPUT (stream)->shared;

  if (shared->is_open)
    gnutls_bye (shared->session, GNUTLS_SHUT_WR);
  return TRUE;
}

static void
output_finalize (GObject *object)
{
  g_clear_pointer (&PH_SIGNAL_TLS_OUTPUT (object)->shared, shared_unref);
  G_OBJECT_CLASS (ph_signal_tls_output_parent_class)->finalize (object);
}

static void
ph_signal_tls_output_class_init (PhSignalTlsOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = output_close;
}

static void
ph_signal_tls_output_init (PhSignalTlsOutput *self)
{
}

/* ---- Both ---- */

static Shared *
shared_new (PhSignalTls *tls, GSocketConnection *connection)
{
  gnutls_session_t session;
  Shared *shared;

  if (gnutls_init (&session, GNUTLS_SERVER | GNUTLS_NONBLOCK) != GNUTLS_E_SUCCESS)
    return NULL;
  shared = g_rc_box_new0 (Shared);
  shared->tls = ph_signal_tls_ref (tls);
  shared->connection = g_object_ref (connection);
  shared->socket = g_socket_connection_get_socket (connection);
  shared->session = session;
  gnutls_transport_set_ptr (session, shared);
  gnutls_transport_set_pull_function (session, on_pull);
  gnutls_transport_set_push_function (session, on_push);
  return shared;
}

GIOStream *
ph_signal_tls_wrap (PhSignalTls *tls, GSocketConnection *connection)
{
  g_autoptr (PhSignalTlsInput) input = g_object_new (PH_TYPE_SIGNAL_TLS_INPUT, NULL);
  g_autoptr (PhSignalTlsOutput) output = g_object_new (PH_TYPE_SIGNAL_TLS_OUTPUT, NULL);
  Shared *shared = shared_new (tls, connection);

  if (shared == NULL)
    return NULL;
  input->shared = shared;
  output->shared = g_rc_box_acquire (shared);
  if (gnutls_set_default_priority_append (shared->session, PRIORITIES, NULL, 0) !=
          GNUTLS_E_SUCCESS ||
      gnutls_credentials_set (shared->session, GNUTLS_CRD_CERTIFICATE, tls->credentials) !=
          GNUTLS_E_SUCCESS)
    return NULL;
  return g_simple_io_stream_new (G_INPUT_STREAM (input), G_OUTPUT_STREAM (output));
}
