/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-dtls.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <gnutls/dtls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "core/ph-timer.h"

#define HANDSHAKE_MTU 1200 /* bytes of UDP payload every path carries */
#define RETRANSMIT_MS 400  /* first; doubles from there (RFC 6347 says 1 s; ICE knows the path) */
#define MAX_RECORD 16384
#define RECORD_HEADER_SIZE 13 /* RFC 6347 section 4.1 */
#define RECORD_LENGTH_OFFSET 11
#define MAX_TURNS 256 /* bounds the work for one datagram: each turn uses up a record of it */

/* AES-128-GCM first: browsers refuse AES-256-GCM here, and it is the fastest. The side with our
 * code decides the order in either role. */
#define PRIORITIES                                                                                 \
  "NONE:+VERS-DTLS1.2:+AES-128-GCM:+CHACHA20-POLY1305:+AEAD:+ECDHE-ECDSA:+COMP-NULL:"              \
  "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+GROUP-SECP256R1:+GROUP-X25519:+GROUP-SECP384R1:"         \
  "+CTYPE-X509:%SERVER_PRECEDENCE"

static const gboolean legal_edges[4][4] = {
  [PH_DTLS_NEW] = { [PH_DTLS_HANDSHAKING] = TRUE, [PH_DTLS_CLOSED] = TRUE },
  [PH_DTLS_HANDSHAKING] = { [PH_DTLS_CONNECTED] = TRUE, [PH_DTLS_CLOSED] = TRUE },
  [PH_DTLS_CONNECTED] = { [PH_DTLS_CLOSED] = TRUE },
};

struct _PhDtls
{
  PhDtlsState state;
  PhDtlsRole role;
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
  guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE];
  gboolean is_verified;
  const guint8 *input; /* the datagram GnuTLS may pull, while ph_dtls_input runs */
  gsize input_size;
  gboolean is_dry; /* GnuTLS has asked for more than there was */
  GMainContext *context;
  GSource *timer;
  gint64 deadline_us;
  const PhDtlsEvents *events;
  gpointer user_data;
  guint8 plaintext[MAX_RECORD];
};

static void
set_state (PhDtls *self, PhDtlsState state)
{
  g_assert (legal_edges[self->state][state]);
  self->state = state;
}

static void
fail (PhDtls *self, PhError code, const char *detail)
{
  g_autoptr (GError) error = NULL;

  ph_timer_clear (&self->timer);
  set_state (self, PH_DTLS_CLOSED);
  if (detail != NULL)
    error = g_error_new (PH_ERROR, (int)code, "%s (%s)", ph_error_sentence (code), detail);
  else
    error = ph_error_new (code);
  self->events->closed (error, self->user_data);
}

/* What GnuTLS calls for its bytes. */

static ssize_t
push_datagram (gnutls_transport_ptr_t transport, const void *bytes, size_t size)
{
  PhDtls *self = transport;

  self->events->output (bytes, size, self->user_data);
  return (ssize_t)size;
}

static ssize_t
pull_datagram (gnutls_transport_ptr_t transport, void *buffer, size_t size)
{
  PhDtls *self = transport;
  gsize n = MIN (self->input_size, size);

  if (self->input == NULL)
    {
      self->is_dry = TRUE;
      gnutls_transport_set_errno (self->session, EAGAIN);
      return -1;
    }
  memcpy (buffer, self->input, n);
  self->input = NULL;
  return (ssize_t)n;
}

static int
pull_timeout (gnutls_transport_ptr_t transport, unsigned int timeout_ms)
{
  PhDtls *self = transport;

  if (self->input != NULL)
    return 1;
  self->is_dry = TRUE;
  return 0;
}

/* Runs inside the handshake, for either role; anything but 0 ends it with an alert. */
static int
verify_peer (gnutls_session_t session)
{
  PhDtls *self = gnutls_session_get_ptr (session);
  guint8 seen[PH_SDP_FINGERPRINT_SIZE];
  gsize size = sizeof seen;
  guint n_certificates = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n_certificates);

  if (gnutls_certificate_type_get2 (session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_X509 ||
      chain == NULL || n_certificates == 0 ||
      gnutls_fingerprint (GNUTLS_DIG_SHA256, &chain[0], seen, &size) != 0 || size != sizeof seen ||
      gnutls_memcmp (seen, self->fingerprint, sizeof seen) != 0)
    return GNUTLS_E_CERTIFICATE_ERROR;
  self->is_verified = TRUE;
  return 0;
}

/* The handshake */

static gboolean on_timer (gpointer data);

/* GnuTLS says 0 all the time while it has no flight of its own to repeat: a server that waits for
 * its first ClientHello, or one that has lost a part of the client's flight. */
static void
schedule_retransmission (PhDtls *self)
{
  guint timeout_ms = gnutls_dtls_get_timeout (self->session);
  gint64 next_us =
      g_get_monotonic_time () + (timeout_ms > 0 ? timeout_ms : RETRANSMIT_MS) * (gint64)1000;

  if (self->timer == NULL)
    self->timer = ph_timer_new (self->context, "[porthole] DTLS timer", on_timer, self);
  ph_timer_arm_at (self->timer, MIN (next_us, self->deadline_us));
}

static void
finish_handshake (PhDtls *self)
{
  ph_timer_clear (&self->timer);
  /* GnuTLS has called verify_peer by now, or this is no connection. */
  if (!self->is_verified)
    {
      fail (self, PH_ERROR_NOT_VERIFIED, NULL);
      return;
    }
  gnutls_dtls_set_data_mtu (self->session, PH_DTLS_MAX_PLAINTEXT);
  set_state (self, PH_DTLS_CONNECTED);
  self->events->connected (self->user_data);
}

static void
fail_handshake (PhDtls *self, int rc)
{
  gboolean is_certificate_alert = rc == GNUTLS_E_FATAL_ALERT_RECEIVED &&
                                  gnutls_alert_get (self->session) == GNUTLS_A_BAD_CERTIFICATE;

  if (rc == GNUTLS_E_CERTIFICATE_ERROR || rc == GNUTLS_E_NO_CERTIFICATE_FOUND ||
      rc == GNUTLS_E_CERTIFICATE_REQUIRED)
    gnutls_alert_send (self->session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
  else if (rc != GNUTLS_E_FATAL_ALERT_RECEIVED)
    gnutls_alert_send_appropriate (self->session, rc);
  if (is_certificate_alert || rc == GNUTLS_E_CERTIFICATE_ERROR ||
      rc == GNUTLS_E_NO_CERTIFICATE_FOUND || rc == GNUTLS_E_CERTIFICATE_REQUIRED)
    fail (self, PH_ERROR_NOT_VERIFIED, NULL);
  else if (rc == GNUTLS_E_TIMEDOUT)
    fail (self, PH_ERROR_NO_PATH, _ ("DTLS handshake timed out"));
  else
    fail (self, PH_ERROR_PROTOCOL, gnutls_strerror (rc));
}

/* GnuTLS says AGAIN for each record it drops, too, and others of the same datagram may stand behind
 * it: go on until it has asked for more. */
static void
continue_handshake (PhDtls *self)
{
  int rc;
  guint turns = 0;

  self->is_dry = FALSE;
  do
    rc = gnutls_handshake (self->session);
  while (rc != 0 && !gnutls_error_is_fatal (rc) && !self->is_dry && ++turns < MAX_TURNS);

  if (rc == 0)
    finish_handshake (self);
  else if (rc == GNUTLS_E_AGAIN || !gnutls_error_is_fatal (rc))
    schedule_retransmission (self);
  else
    fail_handshake (self, rc);
}

static gboolean
on_timer (gpointer data)
{
  PhDtls *self = data;

  if (g_get_monotonic_time () >= self->deadline_us)
    fail (self, PH_ERROR_NO_PATH, _ ("DTLS handshake timed out"));
  else
    continue_handshake (self);
  return G_SOURCE_CONTINUE;
}

/* Records */

static void
receive_records (PhDtls *self)
{
  self->is_dry = FALSE;
  for (guint turns = 0; self->state == PH_DTLS_CONNECTED && !self->is_dry && turns < MAX_TURNS;
       turns++)
    {
      ssize_t n = gnutls_record_recv (self->session, self->plaintext, sizeof self->plaintext);

      if (n > 0)
        self->events->received (self->plaintext, (gsize)n, self->user_data);
      else if (n == 0)
        fail (self, PH_ERROR_PEER_ENDED, NULL);
      else if (n == GNUTLS_E_REHANDSHAKE)
        gnutls_alert_send (self->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
      else if (gnutls_error_is_fatal ((int)n))
        fail (self, PH_ERROR_PROTOCOL, gnutls_strerror ((int)n));
    }
}

/* How many bytes of @datagram are whole records. GnuTLS would take an empty datagram for the end of
 * a stream, and complete a record that was cut short with the next datagram, which costs that one
 * too. */
static gsize
size_of_whole_records (const guint8 *datagram, gsize size)
{
  gsize end = 0;

  while (size - end >= RECORD_HEADER_SIZE)
    {
      gsize next = end + RECORD_HEADER_SIZE + ph_read_u16 (datagram + end + RECORD_LENGTH_OFFSET);

      if (next > size)
        break;
      end = next;
    }
  return end;
}

void
ph_dtls_input (PhDtls *self, const guint8 *datagram, gsize size)
{
  size = size_of_whole_records (datagram, size);
  if (self->state == PH_DTLS_NEW || self->state == PH_DTLS_CLOSED || size == 0)
    return;
  self->input = datagram;
  self->input_size = size;
  if (self->state == PH_DTLS_HANDSHAKING)
    continue_handshake (self);
  /* A datagram may hold the end of the handshake and the first records. */
  if (self->state == PH_DTLS_CONNECTED)
    receive_records (self);
  self->input = NULL;
}

gboolean
ph_dtls_send (PhDtls *self, const guint8 *plaintext, gsize size)
{
  if (self->state != PH_DTLS_CONNECTED || size > PH_DTLS_MAX_PLAINTEXT)
    return FALSE;
  return gnutls_record_send (self->session, plaintext, size) == (ssize_t)size;
}

/* Life */

void
ph_dtls_start (PhDtls *self)
{
  if (self->state != PH_DTLS_NEW)
    return;
  set_state (self, PH_DTLS_HANDSHAKING);
  self->deadline_us = g_get_monotonic_time () + PH_DTLS_TIMEOUT_MS * (gint64)1000;
  continue_handshake (self);
}

static int
set_up_session (PhDtls *self)
{
  guint flags = GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL |
                (self->role == PH_DTLS_SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT);
  int rc = gnutls_init (&self->session, flags);

  if (rc == 0)
    rc = gnutls_priority_set_direct (self->session, PRIORITIES, NULL);
  if (rc == 0)
    rc = gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, self->credentials);
  if (rc != 0)
    return rc;
  /* Without this a GnuTLS server asks for no certificate, and nobody would be authenticated. */
  if (self->role == PH_DTLS_SERVER)
    gnutls_certificate_server_set_request (self->session, GNUTLS_CERT_REQUIRE);
  gnutls_session_set_ptr (self->session, self);
  gnutls_dtls_set_mtu (self->session, HANDSHAKE_MTU);
  gnutls_dtls_set_timeouts (self->session, RETRANSMIT_MS, PH_DTLS_TIMEOUT_MS);
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_push_function (self->session, push_datagram);
  gnutls_transport_set_pull_function (self->session, pull_datagram);
  gnutls_transport_set_pull_timeout_function (self->session, pull_timeout);
  return 0;
}

PhDtls *
ph_dtls_new (PhDtlsRole role,
             PhCert *cert,
             const guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE],
             GMainContext *context,
             const PhDtlsEvents *events,
             gpointer user_data,
             GError **error)
{
  g_autoptr (PhDtls) self = g_new0 (PhDtls, 1);
  int rc;

  self->role = role;
  self->context = g_main_context_ref (context);
  self->events = events;
  self->user_data = user_data;
  memcpy (self->fingerprint, fingerprint, sizeof self->fingerprint);
  rc = gnutls_certificate_allocate_credentials (&self->credentials);
  if (rc == 0 && !ph_cert_install (cert, self->credentials, error))
    return NULL;
  if (rc == 0)
    {
      gnutls_certificate_set_verify_function (self->credentials, verify_peer);
      rc = set_up_session (self);
    }
  if (rc != 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("DTLS cannot be set up: %s"),
                   gnutls_strerror (rc));
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
ph_dtls_close (PhDtls *self)
{
  ph_timer_clear (&self->timer);
  if (self->state == PH_DTLS_CLOSED)
    return;
  if (self->state == PH_DTLS_CONNECTED)
    gnutls_bye (self->session, GNUTLS_SHUT_WR);
  set_state (self, PH_DTLS_CLOSED);
}

PhDtlsState
ph_dtls_get_state (PhDtls *self)
{
  return self->state;
}

void
ph_dtls_free (PhDtls *self)
{
  ph_timer_clear (&self->timer);
  if (self->session != NULL)
    gnutls_deinit (self->session);
  if (self->credentials != NULL)
    gnutls_certificate_free_credentials (self->credentials);
  g_main_context_unref (self->context);
  g_free (self);
}
