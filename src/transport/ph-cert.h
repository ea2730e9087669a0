/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

#include "ph-sdp.h"

G_BEGIN_DECLS

/* One session's identity: an ECDSA P-256 key and a self-signed certificate that nobody else ever
 * sees before; what vouches for it is its fingerprint in the description (RFC 8122, RFC 8827
 * section 6.5). Immutable once made, shared by reference; any thread. */
typedef struct _PhCert PhCert;

/* Errors: PH_ERROR_FAILED. */
PhCert *ph_cert_new (GError **error);
PhCert *ph_cert_ref (PhCert *cert);
void ph_cert_unref (PhCert *cert);

/* SHA-256 of the certificate's DER. Borrowed. */
const guint8 *ph_cert_get_fingerprint (PhCert *cert);

/* For the DTLS layer: makes @credentials present this certificate. */
gboolean
ph_cert_install (PhCert *cert, gnutls_certificate_credentials_t credentials, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhCert, ph_cert_unref)

G_END_DECLS
