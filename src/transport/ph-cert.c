/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cert.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <time.h>

#include "core/ph-error.h"

#define DAY_S (24 * 60 * 60)

struct _PhCert
{
  gatomicrefcount refs;
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE];
};

/* Sets the fields a certificate cannot do without; nobody reads them. A day to the past allows for
 * clocks that differ. */
static int
fill_certificate (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
  static const char name[] = "CN=Porthole";
  guint8 serial[16];
  time_t now = time (NULL);
  int rc = gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);

  serial[0] = (guint8)((serial[0] & 0x3f) | 0x40); /* positive, and of one length */
  if (rc == 0)
    rc = gnutls_x509_crt_set_version (certificate, 3);
  if (rc == 0)
    rc = gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
  if (rc == 0)
    rc = gnutls_x509_crt_set_dn (certificate, name, NULL);
  if (rc == 0)
    rc = gnutls_x509_crt_set_activation_time (certificate, now - DAY_S);
  if (rc == 0)
    rc = gnutls_x509_crt_set_expiration_time (certificate, now + 3650 * (time_t)DAY_S);
  if (rc == 0)
    rc = gnutls_x509_crt_set_key (certificate, key);
  return rc != 0 ? rc : gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
}

PhCert *
ph_cert_new (GError **error)
{
  g_autoptr (PhCert) self = g_new0 (PhCert, 1);
  gsize size = sizeof self->fingerprint;
  int rc;

  g_atomic_ref_count_init (&self->refs);
  rc = gnutls_x509_privkey_init (&self->key);
  if (rc == 0)
    rc = gnutls_x509_crt_init (&self->certificate);
  if (rc == 0)
    rc = gnutls_x509_privkey_generate (self->key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (rc == 0)
    rc = fill_certificate (self->certificate, self->key);
  if (rc == 0)
    rc = gnutls_x509_crt_get_fingerprint (self->certificate, GNUTLS_DIG_SHA256, self->fingerprint,
                                          &size);
  if (rc != 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("No certificate could be made: %s"),
                   gnutls_strerror (rc));
      return NULL;
    }
  return g_steal_pointer (&self);
}

PhCert *
ph_cert_ref (PhCert *cert)
{
  g_atomic_ref_count_inc (&cert->refs);
  return cert;
}

void
ph_cert_unref (PhCert *cert)
{
  if (!g_atomic_ref_count_dec (&cert->refs))
    return;
  if (cert->certificate != NULL)
    gnutls_x509_crt_deinit (cert->certificate);
  if (cert->key != NULL)
    gnutls_x509_privkey_deinit (cert->key);
  g_free (cert);
}

const guint8 *
ph_cert_get_fingerprint (PhCert *cert)
{
  return cert->fingerprint;
}

gboolean
ph_cert_install (PhCert *cert, gnutls_certificate_credentials_t credentials, GError **error)
{
  int rc = gnutls_certificate_set_x509_key (credentials, &cert->certificate, 1, cert->key);

  if (rc < 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("The certificate cannot be used: %s"),
                   gnutls_strerror (rc));
      return FALSE;
    }
  return TRUE;
}
