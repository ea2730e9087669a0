/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <signal.h>

#include "core/ph-error.h"
#include "ph-test-loop.h"
#include "signaling/ph-signal-client.h"

/* The program itself, as a process. Its path is in the environment. */

#define TIMEOUT_S 20

static GSubprocess *
spawn (const char *const *arguments)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_ptr_array_add (argv, (gpointer)g_getenv ("PORTHOLE_SIGNAL_PROGRAM"));
  for (gsize i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer)arguments[i]);
  g_ptr_array_add (argv, NULL);
  process =
      g_subprocess_newv ((const char *const *)argv->pdata,
                         G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  return process;
}

static char *
read_line (GSubprocess *process)
{
  g_autoptr (GDataInputStream) lines =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));

  return g_data_input_stream_read_line (lines, NULL, NULL, NULL);
}

/* Runs to the end; the exit status. */
static int
run (const char *const *arguments, char **ret_out, char **ret_err)
{
  g_autoptr (GSubprocess) process = spawn (arguments);
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, ret_out, ret_err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  return g_subprocess_get_exit_status (process);
}

/* Started with --json and more; its URL, owned. */
static GSubprocess *
start (const char *const *arguments, char **ret_url)
{
  GSubprocess *process = spawn (arguments);
  g_autofree char *line = read_line (process);
  const char *prefix = "{\"event\":\"listening\",\"url\":\"";

  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, prefix));
  g_assert_true (g_str_has_suffix (line, "\"}"));
  *ret_url = g_strndup (line + strlen (prefix), strlen (line) - strlen (prefix) - 2);
  return process;
}

static void
stop (GSubprocess *process, int signal_number)
{
  g_subprocess_send_signal (process, signal_number);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 0);
}

static gboolean
accept_any (GTlsConnection *tls,
            GTlsCertificate *certificate,
            GTlsCertificateFlags flags,
            gpointer d)
{
  return TRUE;
}

static void
on_event (GSocketClient *client,
          GSocketClientEvent event,
          GSocketConnectable *connectable,
          GIOStream *stream,
          gpointer data)
{
  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING)
    g_signal_connect (stream, "accept-certificate", G_CALLBACK (accept_any), NULL);
}

/* A connection on which @request was sent. */
static GSocketConnection *
ask (const char *url, const char *request)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, TIMEOUT_S);
  g_socket_client_set_tls (client, g_str_has_prefix (url, "https"));
  g_signal_connect (client, "event", G_CALLBACK (on_event), NULL);
  connection = g_socket_client_connect_to_uri (client, url, 80, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                             strlen (request), NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

/* All that comes, until the server closes. */
static char *
read_all (GSocketConnection *connection)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[1024];
  gssize n;

  do
    {
      n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
                               sizeof buffer, NULL, NULL);
      if (n > 0)
        g_string_append_len (text, buffer, n);
    }
  while (n > 0 && text->len < 1024 * 1024);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
call (const char *url, const char *request)
{
  g_autoptr (GSocketConnection) connection = ask (url, request);

  return read_all (connection);
}

static void
test_serves (void)
{
  static const int signals[] = { SIGTERM, SIGINT };
  const char *const arguments[] = { "--listen", "127.0.0.1:0", "--json", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autofree char *url = NULL;
      g_autoptr (GSubprocess) process = start (arguments, &url);
      g_autofree char *health = call (url, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      g_autofree char *rest = NULL;

      g_assert_true (g_str_has_prefix (url, "http://127.0.0.1:"));
      g_assert_true (g_str_has_prefix (health, "HTTP/1.1 200 "));
      stop (process, signals[i]);
      rest = read_line (process);
      g_assert_null (rest);
    }
}

static void
test_plain_output (void)
{
  const char *const arguments[] = { "--listen", "[::1]:0", NULL };
  g_autoptr (GSubprocess) process = spawn (arguments);
  g_autofree char *line = read_line (process);

  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, "Listening on http://[::1]:"));
  stop (process, SIGTERM);
}

static char *
call_metrics (const char *url)
{
  return call (url, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void
wait_until_held (const char *url, guint n)
{
  g_autofree char *line = g_strdup_printf ("\nporthole_held_polls %u\n", n);
  gint64 end_us = g_get_monotonic_time () + TIMEOUT_S * G_TIME_SPAN_SECOND;
  gboolean held = FALSE;

  while (!held && g_get_monotonic_time () < end_us)
    {
      g_autofree char *metrics = call_metrics (url);

      held = strstr (metrics, line) != NULL;
    }
  g_assert_true (held);
}

/* A poll that the server holds, on a fresh session. */
static GSocketConnection *
start_poll (const char *url)
{
  g_autofree char *created =
      call (url, "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n"
                 "\r\n{\"host\":\"a\"}");
  const char *id = strstr (created, "\"id\":\"");
  g_autofree char *request = NULL;
  GSocketConnection *held;

  g_assert_nonnull (id);
  request = g_strdup_printf ("GET /session/%.21s?since=1&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n",
                             id + strlen ("\"id\":\""));
  held = ask (url, request);
  wait_until_held (url, 1);
  return held;
}

/* A poll that is held when the end comes is answered. */
static void
test_end_answers_polls (void)
{
  const char *const arguments[] = { "--listen", "127.0.0.1:0", "--json", NULL };
  g_autofree char *url = NULL;
  g_autoptr (GSubprocess) process = start (arguments, &url);
  g_autoptr (GSocketConnection) held = start_poll (url);
  g_autofree char *answer = NULL;

  stop (process, SIGTERM);
  answer = read_all (held);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
}

typedef struct
{
  const char *arguments[4];
  const char *words; /* of standard error */
} Bad;

static void
test_bad_options (void)
{
  static const Bad bad[] = {
    { { "--listen", "8080" }, "“8080” is not an address with a port" },
    { { "--listen", "localhost:8080" }, "“localhost:8080” is not an address" },
    { { "--listen", "127.0.0.1:99999" }, "“127.0.0.1:99999”" },
    { { "--waiting-ttl", "-1" }, "“--waiting-ttl -1” is below zero" },
    { { "--create-rate", "many" }, "many" },
    { { "--max-sessions", "99999999999" }, "99999999999" },
    { { "--tls-cert", "/dev/null" }, "“--tls-cert” is given without “--tls-key”" },
    { { "--tls-key", "/dev/null" }, "“--tls-key” is given without “--tls-cert”" },
    { { "--tls-cert=/dev/null", "--tls-key=/dev/null" }, "no certificate with its key" },
    { { "--no-such-option" }, "--no-such-option" },
    { { "something" }, "“something” is no option" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *out = NULL;
      g_autofree char *err = NULL;

      g_assert_cmpint (run (bad[i].arguments, &out, &err), ==, 2);
      g_assert_cmpstr (out, ==, "");
      if (strstr (err, bad[i].words) == NULL)
        g_error ("“%s” does not say “%s”", err, bad[i].words);
      g_assert_cmpuint (strcspn (err, "\n"), ==, strlen (err) - 1);
    }
}

static void
test_port_in_use (void)
{
  const char *const arguments[] = { "--listen", "127.0.0.1:0", "--json", NULL };
  g_autofree char *url = NULL;
  g_autoptr (GSubprocess) process = start (arguments, &url);
  const char *const same[] = { "--listen", url + strlen ("http://"), NULL };
  g_autofree char *err = NULL;

  g_assert_cmpint (run (same, NULL, &err), ==, 1);
  g_assert_nonnull (strstr (err, same[1]));
  stop (process, SIGTERM);
}

static void
test_help_and_version (void)
{
  static const char *const words[] = {
    "--listen",          "--json",         "--tls-cert",     "--tls-key",
    "--trust-forwarded", "--require-auth", "--waiting-ttl",  "--joined-ttl",
    "--create-rate",     "--poll-limit",   "--max-sessions", "Examples:"
  };
  const char *const help[] = { "--help", NULL };
  const char *const version[] = { "--version", NULL };
  g_autofree char *out = NULL;
  g_autofree char *version_out = NULL;

  g_assert_cmpint (run (help, &out, NULL), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (out, words[i]));
  g_assert_cmpint (run (version, &version_out, NULL), ==, 0);
  g_assert_true (g_str_has_prefix (version_out, "porthole-signal "));
}

/* ---- TLS ---- */

static void
write_pem (const char *path, gnutls_datum_t *pem)
{
  g_assert_true (g_file_set_contents (path, (const char *)pem->data, pem->size, NULL));
  gnutls_free (pem->data);
}

/* A self-signed certificate and its key. */
static void
write_certificate (const char *cert_path, const char *key_path)
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t cert;
  gnutls_datum_t pem;

  g_assert_cmpint (gnutls_x509_privkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_generate (
                       key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                   ==, 0);
  g_assert_cmpint (gnutls_x509_crt_init (&cert), ==, 0);
  gnutls_x509_crt_set_version (cert, 3);
  gnutls_x509_crt_set_serial (cert, "\x01", 1);
  gnutls_x509_crt_set_dn (cert, "CN=localhost", NULL);
  gnutls_x509_crt_set_activation_time (cert, 0);
  gnutls_x509_crt_set_expiration_time (cert, 4000000000);
  gnutls_x509_crt_set_key (cert, key);
  g_assert_cmpint (gnutls_x509_crt_sign2 (cert, cert, key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_x509_crt_export2 (cert, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
  write_pem (cert_path, &pem);
  g_assert_cmpint (
      gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem),
      ==, 0);
  write_pem (key_path, &pem);
  gnutls_x509_crt_deinit (cert);
  gnutls_x509_privkey_deinit (key);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PhSignalSession) session = ph_signal_client_create_finish (result, data);

  g_assert_null (session);
}

/* How creating a session at @url fails. Owned. */
static GError *
create_error (const char *url)
{
  g_autoptr (PhSignalClient) client = ph_signal_client_new (url, NULL);
  GError *error = NULL;

  ph_signal_client_set_patience (client, 30); /* what is wrong is said at once */
  ph_signal_client_create_async (client, NULL, "anna", TRUE, NULL, on_created, &error);
  ph_test_wait_for (error != NULL);
  g_assert_error (error, PH_ERROR, PH_ERROR_SIGNAL_UNREACHABLE);
  return error;
}

/* Speaks TLS; a client that does not know the certificate says so at once. */
static void
test_tls (void)
{
  g_autofree char *directory = g_dir_make_tmp ("porthole-XXXXXX", NULL);
  g_autofree char *cert = g_build_filename (directory, "cert.pem", NULL);
  g_autofree char *key = g_build_filename (directory, "key.pem", NULL);
  const char *const arguments[] = { "--listen", "127.0.0.1:0", "--json", "--tls-cert",
                                    cert,       "--tls-key",   key,      NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GSocketConnection) held = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) plain_error = NULL;
  g_autofree char *plain = NULL;
  g_autofree char *url = NULL;
  g_autofree char *health = NULL;

  write_certificate (cert, key);
  process = start (arguments, &url);
  g_assert_true (g_str_has_prefix (url, "https://127.0.0.1:"));
  health = call (url, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  g_assert_true (g_str_has_prefix (health, "HTTP/1.1 200 "));

  held = start_poll (url); /* hanging up lets go of it here, too */
  g_io_stream_close (G_IO_STREAM (held), NULL, NULL);
  wait_until_held (url, 0);

  error = create_error (url);
  g_assert_nonnull (strstr (error->message, "certificate is not trusted"));
  plain = g_strconcat ("http://", url + strlen ("https://"), NULL);
  plain_error = create_error (plain);
  g_assert_nonnull (strstr (plain_error->message, "written with https://"));
  stop (process, SIGTERM);
  g_remove (cert);
  g_remove (key);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("PORTHOLE_SIGNAL_PROGRAM"));
  g_test_add_func ("/daemon/serves", test_serves);
  g_test_add_func ("/daemon/plain-output", test_plain_output);
  g_test_add_func ("/daemon/end-answers-polls", test_end_answers_polls);
  g_test_add_func ("/daemon/bad-options", test_bad_options);
  g_test_add_func ("/daemon/port-in-use", test_port_in_use);
  g_test_add_func ("/daemon/help-and-version", test_help_and_version);
  g_test_add_func ("/daemon/tls", test_tls);
  return g_test_run ();
}
