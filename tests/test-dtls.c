/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two ends of DTLS joined by a pipe in memory that loses, reorders, repeats and damages; and ends
 * of plain GnuTLS that do what PhDtls never would. */
#include <errno.h>
#include <gnutls/dtls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"
#include "transport/ph-dtls.h"

#include "ph-test-loop.h"

typedef struct
{
  const char *name;
  guint loss;        /* percent, as all of these */
  guint reorder;     /* overtakes what waits */
  guint duplicate;   /* comes twice */
  guint corrupt;     /* one byte is changed */
  gboolean truncate; /* shortened copies come first */
} Faults;

typedef struct _Pipe Pipe;

/* One end: PhDtls, or a GnuTLS session of our own. */
typedef struct
{
  Pipe *pipe;
  PhCert *cert;
  PhDtls *dtls;
  gnutls_session_t raw;
  gnutls_certificate_credentials_t raw_credentials;
  int raw_result; /* of its handshake: AGAIN, 0 or an error */
  GBytes *raw_input;
  GQueue inbox; /* of GBytes: on the way to it */
  gboolean is_connected;
  GError *closed;
  guint n_received;
  GHashTable *seen; /* numbers of the messages that came */
} Side;

struct _Pipe
{
  Side sides[2]; /* client, server */
  Faults faults;
  GRand *random;
  GSource *delivery;
  gboolean is_cut;
  gboolean loses_alerts;
};

enum
{
  CLIENT,
  SERVER
};

/* Messages: a number, then bytes that follow from it. */

static gsize
make_message (guint32 number, guint8 message[PH_DTLS_MAX_PLAINTEXT])
{
  gsize size = sizeof number + number * 7 % (PH_DTLS_MAX_PLAINTEXT - sizeof number + 1);

  memset (message, (int)(number * 31), size);
  memcpy (message, &number, sizeof number);
  return size;
}

static void
check_message (const guint8 *bytes, gsize size, guint32 *ret_number)
{
  guint8 expected[PH_DTLS_MAX_PLAINTEXT];

  g_assert_cmpuint (size, >=, sizeof *ret_number);
  memcpy (ret_number, bytes, sizeof *ret_number);
  g_assert_cmpuint (size, ==, make_message (*ret_number, expected));
  g_assert_true (memcmp (bytes, expected, size) == 0);
}

/* The pipe */

static gboolean
chance (Pipe *pipe, guint percent)
{
  return (guint)g_rand_int_range (pipe->random, 0, 100) < percent;
}

static GBytes *
damage (Pipe *pipe, GBytes *datagram)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (datagram, &size);
  g_autofree guint8 *copy = g_memdup2 (bytes, size);

  copy[g_rand_int_range (pipe->random, 0, (gint32)size)] ^=
      1 << g_rand_int_range (pipe->random, 0, 8);
  return g_bytes_new_take (g_steal_pointer (&copy), size);
}

static void
enqueue (Side *to, GBytes *datagram)
{
  Pipe *pipe = to->pipe;

  if (chance (pipe, pipe->faults.loss))
    return;
  if (chance (pipe, pipe->faults.reorder))
    g_queue_push_nth (&to->inbox, g_bytes_ref (datagram), (gint)to->inbox.length / 2);
  else
    g_queue_push_tail (&to->inbox, g_bytes_ref (datagram));
}

static void
enqueue_truncated (Side *to, GBytes *datagram)
{
  gsize size = g_bytes_get_size (datagram);
  const gsize lengths[] = { 0, 1, 12, 13, 14, size / 2, size - 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    g_queue_push_tail (&to->inbox, g_bytes_new_from_bytes (datagram, 0, MIN (lengths[i], size)));
}

static void
put (Side *from, const guint8 *bytes, gsize size)
{
  Pipe *pipe = from->pipe;
  Side *to = &pipe->sides[from == &pipe->sides[CLIENT] ? SERVER : CLIENT];
  g_autoptr (GBytes) datagram = g_bytes_new (bytes, size);

  if (pipe->is_cut || (pipe->loses_alerts && bytes[0] == 0x15))
    return;
  if (chance (pipe, pipe->faults.duplicate))
    enqueue (to, datagram);
  if (pipe->faults.truncate)
    enqueue_truncated (to, datagram);
  if (chance (pipe, pipe->faults.corrupt))
    {
      g_autoptr (GBytes) damaged = damage (pipe, datagram);

      enqueue (to, damaged);
    }
  else
    enqueue (to, datagram);
  ph_timer_arm (pipe->delivery, 0);
}

static void raw_input (Side *side, GBytes *datagram);

static void
deliver_to (Side *side)
{
  for (guint n = g_queue_get_length (&side->inbox); n > 0 && side->inbox.length > 0; n--)
    {
      g_autoptr (GBytes) datagram = g_queue_pop_head (&side->inbox);
      gsize size;
      const guint8 *bytes = g_bytes_get_data (datagram, &size);

      if (side->raw != NULL)
        raw_input (side, datagram);
      else
        ph_dtls_input (side->dtls, bytes, size);
    }
}

static gboolean
on_delivery (gpointer user_data)
{
  Pipe *pipe = user_data;

  for (guint i = 0; i < 2; i++)
    deliver_to (&pipe->sides[i]);
  if (pipe->sides[0].inbox.length + pipe->sides[1].inbox.length > 0)
    ph_timer_arm (pipe->delivery, 0);
  return G_SOURCE_CONTINUE;
}

static void
note_received (Side *side, const guint8 *bytes, gsize size)
{
  guint32 number;

  check_message (bytes, size, &number);
  g_assert_true (g_hash_table_add (side->seen, GUINT_TO_POINTER (number))); /* no repetition */
  side->n_received++;
}

/* PhDtls */

static void
on_output (const guint8 *datagram, gsize size, gpointer user_data)
{
  g_assert_cmpuint (size, <=, PH_DTLS_MAX_PLAINTEXT + PH_DTLS_RECORD_OVERHEAD);
  put (user_data, datagram, size);
}

static void
on_received (const guint8 *plaintext, gsize size, gpointer user_data)
{
  Side *side = user_data;

  g_assert_true (side->is_connected && side->closed == NULL);
  note_received (side, plaintext, size);
}

static void
on_connected (gpointer user_data)
{
  Side *side = user_data;

  g_assert_true (!side->is_connected && side->closed == NULL);
  side->is_connected = TRUE;
}

static void
on_closed (const GError *error, gpointer user_data)
{
  Side *side = user_data;

  g_assert_null (side->closed);
  side->closed = g_error_copy (error);
}

static const PhDtlsEvents events = { on_output, on_received, on_connected, on_closed };

static void
side_make_dtls (Side *side, const guint8 *fingerprint)
{
  g_autoptr (GError) error = NULL;
  PhDtlsRole role = side == &side->pipe->sides[CLIENT] ? PH_DTLS_CLIENT : PH_DTLS_SERVER;

  side->dtls =
      ph_dtls_new (role, side->cert, fingerprint, g_main_context_default (), &events, side, &error);
  g_assert_no_error (error);
}

/* Plain GnuTLS */

static ssize_t
raw_push (gnutls_transport_ptr_t transport, const void *bytes, size_t size)
{
  put (transport, bytes, size);
  return (ssize_t)size;
}

static ssize_t
raw_pull (gnutls_transport_ptr_t transport, void *buffer, size_t size)
{
  Side *side = transport;
  g_autoptr (GBytes) input = g_steal_pointer (&side->raw_input);
  gsize n;

  if (input == NULL)
    {
      gnutls_transport_set_errno (side->raw, EAGAIN);
      return -1;
    }
  n = MIN (size, g_bytes_get_size (input));
  memcpy (buffer, g_bytes_get_data (input, NULL), n);
  return (ssize_t)n;
}

static int
raw_pull_timeout (gnutls_transport_ptr_t transport, unsigned int timeout_ms)
{
  return ((Side *)transport)->raw_input != NULL;
}

static void
raw_handshake (Side *side)
{
  side->raw_result = gnutls_handshake (side->raw);
  side->is_connected |= side->raw_result == 0;
  if (side->raw_result != 0 && gnutls_error_is_fatal (side->raw_result))
    gnutls_alert_send_appropriate (side->raw, side->raw_result);
}

static void
raw_input (Side *side, GBytes *datagram)
{
  guint8 bytes[16384];
  ssize_t n;

  if (g_bytes_get_size (datagram) == 0)
    return;
  side->raw_input = g_bytes_ref (datagram);
  if (side->raw_result != 0 && !gnutls_error_is_fatal (side->raw_result))
    raw_handshake (side);
  while (side->raw_result == 0 && (n = gnutls_record_recv (side->raw, bytes, sizeof bytes)) > 0)
    note_received (side, bytes, (gsize)n);
  g_clear_pointer (&side->raw_input, g_bytes_unref);
}

static void
side_make_raw (Side *side, const char *priorities)
{
  gboolean is_client = side == &side->pipe->sides[CLIENT];

  g_assert_cmpint (gnutls_init (&side->raw, GNUTLS_DATAGRAM | GNUTLS_NONBLOCK |
                                                (is_client ? GNUTLS_CLIENT : GNUTLS_SERVER)),
                   ==, 0);
  g_assert_cmpint (gnutls_priority_set_direct (side->raw, priorities, NULL), ==, 0);
  gnutls_certificate_allocate_credentials (&side->raw_credentials);
  gnutls_credentials_set (side->raw, GNUTLS_CRD_CERTIFICATE, side->raw_credentials);
  gnutls_dtls_set_mtu (side->raw, 1200);
  gnutls_transport_set_ptr (side->raw, side);
  gnutls_transport_set_push_function (side->raw, raw_push);
  gnutls_transport_set_pull_function (side->raw, raw_pull);
  gnutls_transport_set_pull_timeout_function (side->raw, raw_pull_timeout);
  side->raw_result = GNUTLS_E_AGAIN;
}

/* A key and certificate of another kind; returns the fingerprint. */
static void
raw_make_certificate (Side *side, gnutls_pk_algorithm_t algorithm, guint bits, guint8 ret_print[32])
{
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gsize size = PH_SDP_FINGERPRINT_SIZE;

  gnutls_x509_privkey_init (&key);
  gnutls_x509_crt_init (&certificate);
  g_assert_cmpint (gnutls_x509_privkey_generate (key, algorithm, bits, 0), ==, 0);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, "\1", 1);
  gnutls_x509_crt_set_activation_time (certificate, 1);
  gnutls_x509_crt_set_expiration_time (certificate, 4000000000);
  gnutls_x509_crt_set_key (certificate, key);
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), ==,
                   0);
  g_assert_cmpint (
      gnutls_x509_crt_get_fingerprint (certificate, GNUTLS_DIG_SHA256, ret_print, &size), ==, 0);
  gnutls_certificate_set_x509_key (side->raw_credentials, &certificate, 1, key);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
}

static const char raw_priorities[] = "NORMAL:-VERS-ALL:+VERS-DTLS1.2";

/* Life of a pipe */

static void
pipe_init_empty (Pipe *pipe, const Faults *faults, guint32 seed)
{
  *pipe = (Pipe){ .faults = *faults, .random = g_rand_new_with_seed (seed) };
  pipe->delivery = ph_timer_new (NULL, "[test] delivery", on_delivery, pipe);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      pipe->sides[i].pipe = pipe;
      g_queue_init (&pipe->sides[i].inbox);
      pipe->sides[i].seen = g_hash_table_new (NULL, NULL);
      pipe->sides[i].cert = ph_cert_new (&error);
      g_assert_no_error (error);
    }
}

static void
pipe_init (Pipe *pipe, const Faults *faults, guint32 seed)
{
  pipe_init_empty (pipe, faults, seed);
  for (guint i = 0; i < 2; i++)
    side_make_dtls (&pipe->sides[i], ph_cert_get_fingerprint (pipe->sides[1 - i].cert));
}

static void
pipe_start (Pipe *pipe)
{
  for (guint i = 0; i < 2; i++)
    if (pipe->sides[i].dtls != NULL)
      ph_dtls_start (pipe->sides[i].dtls);
  for (guint i = 0; i < 2; i++)
    if (pipe->sides[i].raw != NULL)
      raw_handshake (&pipe->sides[i]);
}

static void
pipe_connect (Pipe *pipe)
{
  pipe_start (pipe);
  ph_test_wait_for (pipe->sides[0].is_connected && pipe->sides[1].is_connected);
}

/* Lets everything that is under way arrive. */
static void
pipe_settle (Pipe *pipe)
{
  ph_test_wait_for (pipe->sides[0].inbox.length + pipe->sides[1].inbox.length == 0);
}

static void
side_clear (Side *side)
{
  g_clear_pointer (&side->dtls, ph_dtls_free);
  g_clear_pointer (&side->raw, gnutls_deinit);
  g_clear_pointer (&side->raw_credentials, gnutls_certificate_free_credentials);
  g_queue_clear_full (&side->inbox, (GDestroyNotify)g_bytes_unref);
  g_hash_table_unref (side->seen);
  g_clear_error (&side->closed);
  ph_cert_unref (side->cert);
}

static void
pipe_clear (Pipe *pipe)
{
  for (guint i = 0; i < 2; i++)
    side_clear (&pipe->sides[i]);
  ph_timer_clear (&pipe->delivery);
  g_rand_free (pipe->random);
}

static void
send_numbers (Side *side, guint32 first, guint32 n)
{
  for (guint32 i = first; i < first + n; i++)
    {
      guint8 message[PH_DTLS_MAX_PLAINTEXT];
      gsize size = make_message (i, message);

      if (side->raw != NULL)
        g_assert_cmpint (gnutls_record_send (side->raw, message, size), ==, size);
      else
        g_assert_true (ph_dtls_send (side->dtls, message, size));
    }
}

/* What is sent now arrives: the connection is whole. */
static void
assert_alive (Pipe *pipe)
{
  guint before[2] = { pipe->sides[0].n_received, pipe->sides[1].n_received };

  pipe->faults = (Faults){ 0 };
  for (guint i = 0; i < 2; i++)
    send_numbers (&pipe->sides[i], 1000000 + before[1 - i], 3);
  ph_test_wait_for (pipe->sides[0].n_received == before[0] + 3 &&
                    pipe->sides[1].n_received == before[1] + 3);
}

/* The tests */

static const Faults no_faults = { "clean" };

static const Faults fault_table[] = {
  { "clean" },
  { "loss", .loss = 15 },
  { "reorder", .reorder = 40 },
  { "duplicate", .duplicate = 50 },
  { "truncated-copies", .truncate = TRUE },
  { "all", .loss = 5, .reorder = 30, .duplicate = 30, .truncate = TRUE },
};

static void
test_connect (gconstpointer data)
{
  const Faults *faults = data;

  for (guint32 seed = 1; seed <= 2; seed++)
    {
      Pipe pipe;

      pipe_init (&pipe, faults, seed);
      pipe_connect (&pipe);
      for (guint n = 0; n < 200; n += 20)
        {
          for (guint i = 0; i < 2; i++)
            send_numbers (&pipe.sides[i], n, 20);
          pipe_settle (&pipe);
        }
      for (guint i = 0; i < 2; i++)
        {
          g_assert_cmpuint (pipe.sides[i].n_received, >, 100);
          /* Without loss everything arrives; GnuTLS drops what was overtaken by 64 and more. */
          g_assert_true (faults->loss > 0 || faults->reorder > 0 ||
                         pipe.sides[i].n_received == 200);
        }
      assert_alive (&pipe);
      pipe_clear (&pipe);
    }
}

/* A damaged record is one that was lost. */
static void
test_damaged_records (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 5);
  pipe_connect (&pipe);
  pipe.faults.corrupt = 50;
  for (guint i = 0; i < 2; i++)
    send_numbers (&pipe.sides[i], 0, 300);
  pipe_settle (&pipe);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_null (pipe.sides[i].closed);
      g_assert_cmpuint (pipe.sides[i].n_received, >, 50);
      g_assert_cmpuint (pipe.sides[i].n_received, <, 250);
    }
  assert_alive (&pipe);
  pipe_clear (&pipe);
}

/* Damage to the handshake, which is not protected yet, may end it, and nothing worse. */
static void
test_damaged_handshake (void)
{
  static const Faults faults = { .corrupt = 10 };

  for (guint32 seed = 0; seed < 12; seed++)
    {
      Pipe pipe;

      pipe_init (&pipe, &faults, seed);
      pipe_start (&pipe);
      ph_test_wait_for ((pipe.sides[0].is_connected && pipe.sides[1].is_connected) ||
                        pipe.sides[0].closed != NULL || pipe.sides[1].closed != NULL);
      pipe_clear (&pipe);
    }
}

/* The side that was told the wrong fingerprint refuses; the other is refused. Neither connects. The
 * alert, if it arrives, tells the refused side why. */
static void
test_wrong_fingerprint (gconstpointer data)
{
  guint deceived = GPOINTER_TO_UINT (data);

  for (guint bit = 0; bit < 256; bit += 85)
    {
      Pipe pipe;
      guint8 wrong[PH_SDP_FINGERPRINT_SIZE];
      Side *refusing = &pipe.sides[deceived];
      Side *refused = &pipe.sides[1 - deceived];

      pipe_init_empty (&pipe, &no_faults, 1);
      memcpy (wrong, ph_cert_get_fingerprint (refused->cert), sizeof wrong);
      wrong[bit / 8] ^= 1 << bit % 8;
      side_make_dtls (refusing, wrong);
      side_make_dtls (refused, ph_cert_get_fingerprint (refusing->cert));
      pipe_start (&pipe);
      ph_test_wait_for (refusing->closed != NULL && refused->closed != NULL);
      g_assert_error (refusing->closed, PH_ERROR, PH_ERROR_NOT_VERIFIED);
      g_assert_error (refused->closed, PH_ERROR, PH_ERROR_NOT_VERIFIED);
      for (guint i = 0; i < 2; i++)
        {
          g_assert_false (pipe.sides[i].is_connected);
          g_assert_cmpint (ph_dtls_get_state (pipe.sides[i].dtls), ==, PH_DTLS_CLOSED);
          g_assert_false (ph_dtls_send (pipe.sides[i].dtls, wrong, sizeof wrong));
        }
      pipe_clear (&pipe);
    }
}

/* The alert is lost: the refused side goes on trying, and gets nowhere. */
static void
test_wrong_fingerprint_silent (gconstpointer data)
{
  guint deceived = GPOINTER_TO_UINT (data);
  Pipe pipe;
  guint8 wrong[PH_SDP_FINGERPRINT_SIZE] = { 0 };
  Side *refusing = &pipe.sides[deceived];
  Side *refused = &pipe.sides[1 - deceived];

  pipe_init_empty (&pipe, &no_faults, 1);
  side_make_dtls (refusing, wrong);
  side_make_dtls (refused, ph_cert_get_fingerprint (refusing->cert));
  pipe.loses_alerts = TRUE;
  pipe_start (&pipe);
  ph_test_wait_for (refusing->closed != NULL);
  g_assert_cmpint (ph_dtls_get_state (refused->dtls), ==, PH_DTLS_HANDSHAKING);
  /* It repeats its flight to nobody: the refusing side has closed for good. */
  ph_test_wait_for (refusing->inbox.length > 0);
  pipe_settle (&pipe);
  g_assert_cmpint (ph_dtls_get_state (refused->dtls), ==, PH_DTLS_HANDSHAKING);
  g_assert_false (refused->is_connected);
  pipe_clear (&pipe);
}

/* A client that shows no certificate at all. */
static void
test_no_certificate (void)
{
  static const char *const priorities[] = { raw_priorities,
                                            "NORMAL:-VERS-ALL:+VERS-DTLS1.2:+ANON-ECDH" };

  for (gsize i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      Pipe pipe;

      pipe_init_empty (&pipe, &no_faults, 1);
      side_make_raw (&pipe.sides[CLIENT], priorities[i]);
      side_make_dtls (&pipe.sides[SERVER], ph_cert_get_fingerprint (pipe.sides[CLIENT].cert));
      pipe_start (&pipe);
      ph_test_wait_for (pipe.sides[SERVER].closed != NULL);
      g_assert_error (pipe.sides[SERVER].closed, PH_ERROR, PH_ERROR_NOT_VERIFIED);
      pipe_settle (&pipe);
      g_assert_false (pipe.sides[SERVER].is_connected);
      g_assert_false (pipe.sides[CLIENT].is_connected);
      g_assert_cmpint (pipe.sides[CLIENT].raw_result, ==, GNUTLS_E_FATAL_ALERT_RECEIVED);
      pipe_clear (&pipe);
    }
}

typedef struct
{
  const char *name;
  guint raw; /* which side shows the certificate */
  gnutls_pk_algorithm_t algorithm;
  guint bits;
  gboolean is_taken;
} Kind;

static const Kind kind_table[] = {
  { "p256-client", CLIENT, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
    TRUE },
  { "p256-server", SERVER, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
    TRUE },
  { "p384-client", CLIENT, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP384R1),
    TRUE },
  { "rsa-client", CLIENT, GNUTLS_PK_RSA, 2048, FALSE },
  { "rsa-server", SERVER, GNUTLS_PK_RSA, 2048, FALSE },
};

static void
raw_pair_init (Pipe *pipe, const Kind *kind)
{
  guint8 fingerprint[PH_SDP_FINGERPRINT_SIZE];

  pipe_init_empty (pipe, &no_faults, 1);
  side_make_raw (&pipe->sides[kind->raw], raw_priorities);
  raw_make_certificate (&pipe->sides[kind->raw], kind->algorithm, kind->bits, fingerprint);
  if (kind->raw == SERVER)
    gnutls_certificate_server_set_request (pipe->sides[SERVER].raw, GNUTLS_CERT_REQUEST);
  side_make_dtls (&pipe->sides[1 - kind->raw], fingerprint);
}

static void
test_certificate_kind (gconstpointer data)
{
  const Kind *kind = data;
  Pipe pipe;
  Side *ours = &pipe.sides[1 - kind->raw];

  raw_pair_init (&pipe, kind);
  if (kind->is_taken)
    {
      pipe_connect (&pipe);
      assert_alive (&pipe);
    }
  else
    {
      pipe_start (&pipe);
      ph_test_wait_for (ours->closed != NULL);
      g_assert_false (ours->is_connected);
    }
  pipe_clear (&pipe);
}

/* Bytes that are no DTLS, or not now, at any time: dropped. */
static const struct
{
  guint8 bytes[32];
  gsize size;
} junk_table[] = {
  { { 0 }, 0 },
  { { 0 }, 1 },
  { { 0x16 }, 1 },
  { { 0x16, 0xfe, 0xfd }, 12 },                                           /* half a header */
  { { 0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 13 },             /* empty record */
  { { 0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2 }, 15 }, /* says 65535 */
  { { 0x17, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4 }, 17 }, /* not our key */
  { { 0x17, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4 }, 17 }, /* plain data */
  { { 0x15, 0xfe, 0xfd, 0, 7, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 }, 15 },      /* alert, other epoch */
  { { 0x80, 0x2e, 1, 3, 3 }, 32 },                                        /* SSL 2 */
  { { 0x16, 3, 1, 0, 4, 1, 0, 0, 0 }, 9 },                                /* TLS */
  { { 0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42 }, 20 },                   /* STUN */
  { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 32 },
};

static void
feed_junk (PhDtls *dtls, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autofree guint8 *large = g_malloc (65536);

  for (gsize i = 0; i < G_N_ELEMENTS (junk_table); i++)
    ph_dtls_input (dtls, junk_table[i].bytes, junk_table[i].size);
  for (gsize i = 0; i < 65536; i++)
    large[i] = (guint8)g_rand_int (random);
  for (gsize size = 1; size <= 65536; size *= 4)
    ph_dtls_input (dtls, large, size);
  /* One record as long as the length field allows, of a kind and an epoch that are expected. */
  memcpy (large, (const guint8[]){ 0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xf3 }, 13);
  ph_dtls_input (dtls, large, 65536);
}

static void
test_junk (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  for (guint i = 0; i < 2; i++)
    feed_junk (pipe.sides[i].dtls, i);
  pipe_start (&pipe);
  for (guint turns = 0; turns < 1000 && !(pipe.sides[0].is_connected && pipe.sides[1].is_connected);
       turns++)
    {
      g_main_context_iteration (NULL, TRUE);
      for (guint i = 0; i < 2; i++)
        feed_junk (pipe.sides[i].dtls, turns);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_no_error (pipe.sides[i].closed);
      g_assert_true (pipe.sides[i].is_connected);
      feed_junk (pipe.sides[i].dtls, i);
      g_assert_no_error (pipe.sides[i].closed);
    }
  assert_alive (&pipe);
  pipe_clear (&pipe);
}

/* Records that share a datagram all count, also behind one that is dropped. */
static void
test_records_in_one_datagram (void)
{
  Pipe pipe;
  GByteArray *all = g_byte_array_new ();
  GBytes *datagram;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  pipe_settle (&pipe);
  send_numbers (&pipe.sides[CLIENT], 0, 3);
  g_byte_array_append (all, junk_table[6].bytes, (guint)junk_table[6].size);
  while ((datagram = g_queue_pop_head (&pipe.sides[SERVER].inbox)) != NULL)
    {
      for (guint i = 0; i < 2; i++) /* the second is a repetition */
        g_byte_array_append (all, g_bytes_get_data (datagram, NULL),
                             (guint)g_bytes_get_size (datagram));
      g_bytes_unref (datagram);
    }
  ph_dtls_input (pipe.sides[SERVER].dtls, all->data, all->len);
  g_assert_cmpuint (pipe.sides[SERVER].n_received, ==, 3);
  g_byte_array_unref (all);
  pipe_clear (&pipe);
}

/* The other side wants to negotiate anew: it is told no, and the connection goes on. */
static void
test_renegotiation (gconstpointer data)
{
  guint raw = GPOINTER_TO_UINT (data);
  Pipe pipe;

  raw_pair_init (&pipe, &kind_table[raw == CLIENT ? 0 : 1]);
  pipe_connect (&pipe);
  assert_alive (&pipe);
  for (guint i = 0; i < 20; i++)
    {
      if (raw == CLIENT)
        gnutls_handshake (pipe.sides[CLIENT].raw);
      else
        gnutls_rehandshake (pipe.sides[SERVER].raw);
      pipe_settle (&pipe);
    }
  g_assert_no_error (pipe.sides[1 - raw].closed);
  assert_alive (&pipe);
  pipe_clear (&pipe);
}

static void
test_close (gconstpointer data)
{
  guint leaving = GPOINTER_TO_UINT (data);
  Pipe pipe;
  Side *left = &pipe.sides[1 - leaving];

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  send_numbers (&pipe.sides[leaving], 0, 5);
  ph_dtls_close (pipe.sides[leaving].dtls);
  pipe_settle (&pipe);
  g_assert_error (left->closed, PH_ERROR, PH_ERROR_PEER_ENDED);
  g_assert_cmpuint (left->n_received, ==, 5);
  /* Who closed hears nothing any more, not even this. */
  send_numbers (&pipe.sides[leaving], 0, 0);
  g_assert_null (pipe.sides[leaving].closed);
  g_assert_false (ph_dtls_send (left->dtls, (const guint8 *)"\1\0\0\0", 4));
  pipe_clear (&pipe);
}

/* Waiting costs nothing: a server whose client has not come yet, and ends whose partner is gone. */
static void
test_waiting_is_idle (void)
{
  for (guint cut_after = 0; cut_after < 6; cut_after++)
    {
      Pipe pipe;

      pipe_init (&pipe, &no_faults, 1);
      pipe_start (&pipe);
      for (guint turn = 0; turn < cut_after; turn++)
        if (!pipe.sides[0].is_connected && !pipe.sides[1].is_connected)
          g_main_context_iteration (NULL, TRUE);
      pipe.is_cut = TRUE;
      for (guint i = 0; i < 2; i++)
        g_queue_clear_full (&pipe.sides[i].inbox, (GDestroyNotify)g_bytes_unref);
      for (guint turn = 0; turn < 20; turn++)
        g_main_context_iteration (NULL, FALSE);
      g_assert_false (g_main_context_pending (NULL));
      pipe_clear (&pipe);
    }
}

/* A ClientHello larger than a datagram, as key shares of post-quantum size make it; its fragments
 * in any order, and twice. */

#define LARGE_EXTENSION 0xff77
#define LARGE_EXTENSION_BYTES 3000

static int
send_large_extension (gnutls_session_t session, gnutls_buffer_t buffer)
{
  static const guint8 bytes[LARGE_EXTENSION_BYTES];

  gnutls_buffer_append_data (buffer, bytes, sizeof bytes);
  return (int)sizeof bytes;
}

static int
ignore_extension (gnutls_session_t session, const guint8 *bytes, size_t size)
{
  return 0;
}

static void
test_large_client_hello (gconstpointer data)
{
  const Faults *faults = data;
  Pipe pipe;

  raw_pair_init (&pipe, &kind_table[0]);
  pipe.faults = *faults;
  g_assert_cmpint (gnutls_session_ext_register (pipe.sides[CLIENT].raw, "large", LARGE_EXTENSION,
                                                GNUTLS_EXT_TLS, ignore_extension,
                                                send_large_extension, NULL, NULL, NULL,
                                                GNUTLS_EXT_FLAG_CLIENT_HELLO),
                   ==, 0);
  pipe_start (&pipe);
  g_assert_cmpuint (pipe.sides[SERVER].inbox.length, >, 2);
  ph_test_wait_for (pipe.sides[SERVER].is_connected);
  pipe_clear (&pipe);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (fault_table); i++)
    {
      g_autofree char *path = g_strconcat ("/dtls/connect/", fault_table[i].name, NULL);

      g_test_add_data_func (path, &fault_table[i], test_connect);
    }
  g_test_add_func ("/dtls/damaged/records", test_damaged_records);
  g_test_add_func ("/dtls/damaged/handshake", test_damaged_handshake);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-server", GUINT_TO_POINTER (CLIENT),
                        test_wrong_fingerprint);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-client", GUINT_TO_POINTER (SERVER),
                        test_wrong_fingerprint);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-server-alert-lost", GUINT_TO_POINTER (CLIENT),
                        test_wrong_fingerprint_silent);
  g_test_add_data_func ("/dtls/wrong-fingerprint/of-client-alert-lost", GUINT_TO_POINTER (SERVER),
                        test_wrong_fingerprint_silent);
  g_test_add_func ("/dtls/no-certificate", test_no_certificate);
  for (gsize i = 0; i < G_N_ELEMENTS (kind_table); i++)
    {
      g_autofree char *path = g_strconcat ("/dtls/certificate/", kind_table[i].name, NULL);

      g_test_add_data_func (path, &kind_table[i], test_certificate_kind);
    }
  g_test_add_func ("/dtls/junk", test_junk);
  g_test_add_func ("/dtls/records-in-one-datagram", test_records_in_one_datagram);
  g_test_add_data_func ("/dtls/renegotiation/by-client", GUINT_TO_POINTER (CLIENT),
                        test_renegotiation);
  g_test_add_data_func ("/dtls/renegotiation/by-server", GUINT_TO_POINTER (SERVER),
                        test_renegotiation);
  g_test_add_data_func ("/dtls/close/client", GUINT_TO_POINTER (CLIENT), test_close);
  g_test_add_data_func ("/dtls/close/server", GUINT_TO_POINTER (SERVER), test_close);
  g_test_add_func ("/dtls/waiting-is-idle", test_waiting_is_idle);
  g_test_add_data_func ("/dtls/large-client-hello/clean", &fault_table[0], test_large_client_hello);
  g_test_add_data_func ("/dtls/large-client-hello/reorder", &fault_table[2],
                        test_large_client_hello);
  g_test_add_data_func ("/dtls/large-client-hello/duplicate", &fault_table[3],
                        test_large_client_hello);
  return g_test_run ();
}
