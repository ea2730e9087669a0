/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-cert.h"

G_BEGIN_DECLS

/* DTLS 1.2 (RFC 6347) without I/O: datagrams go in and come out through functions. The peer is
 * whoever holds the key to the certificate with the expected fingerprint; nobody else gets past the
 * handshake, in either role. Who refuses a certificate takes in nothing more. Who is refused has
 * not finished either, as the last flight is missing: it hears PH_ERROR_NOT_VERIFIED too if the
 * alert arrives, and runs into its time limit if not. One thread, the one whose GMainContext runs
 * the timer.
 *
 * Callbacks are made from inside ph_dtls_start, ph_dtls_input, ph_dtls_send, ph_dtls_close and the
 * timer; they must not free the object. */

#define PH_DTLS_RECORD_OVERHEAD 37 /* bytes around one record: header 13, nonce 8, tag 16 */
#define PH_DTLS_MAX_PLAINTEXT 1340 /* bytes in one record we send */
#define PH_DTLS_TIMEOUT_MS 30000   /* for the whole handshake */

typedef enum
{
  PH_DTLS_CLIENT, /* setup:active */
  PH_DTLS_SERVER, /* setup:passive */
} PhDtlsRole;

typedef enum
{
  PH_DTLS_NEW,
  PH_DTLS_HANDSHAKING,
  PH_DTLS_CONNECTED,
  PH_DTLS_CLOSED, /* the peer's or our close_notify, a fatal error, or a failed handshake */
} PhDtlsState;

typedef struct
{
  void (*output) (const guint8 *datagram, gsize size, gpointer user_data);
  void (*received) (const guint8 *plaintext, gsize size, gpointer user_data);
  void (*connected) (gpointer user_data);
  /* @error is borrowed: PH_ERROR_NOT_VERIFIED, PH_ERROR_PEER_ENDED (close_notify), PH_ERROR_NO_PATH
   * (handshake timed out) or PH_ERROR_PROTOCOL. Not called after ph_dtls_close. */
  void (*closed) (const GError *error, gpointer user_data);
} PhDtlsEvents;

typedef struct _PhDtls PhDtls;

/* @fingerprint: SHA-256 of the only certificate the peer may show. @context runs the retransmission
 * timer. Errors: PH_ERROR_FAILED. */
PhDtls *ph_dtls_new (PhDtlsRole role,
                     PhCert *cert,
                     const guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE],
                     GMainContext *context,
                     const PhDtlsEvents *events,
                     gpointer user_data,
                     GError **error);

/* Begins the handshake: a client sends its first flight. Input before this is dropped. */
void ph_dtls_start (PhDtls *dtls);

/* One datagram from the network, any bytes. */
void ph_dtls_input (PhDtls *dtls, const guint8 *datagram, gsize size);

/* Encrypts and outputs one record of at most PH_DTLS_MAX_PLAINTEXT bytes; FALSE and nothing sent
 * unless connected. */
gboolean ph_dtls_send (PhDtls *dtls, const guint8 *plaintext, gsize size);

/* Sends close_notify where there is somebody to tell, and is silent from then on. */
void ph_dtls_close (PhDtls *dtls);

PhDtlsState ph_dtls_get_state (PhDtls *dtls);

void ph_dtls_free (PhDtls *dtls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhDtls, ph_dtls_free)

G_END_DECLS
