/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gnutls/gnutls.h>

#include "core/ph-frame.h"
#include "ph-extra-counters.h"
#include "ph-fake-clock.h"
#include "ph-fixed-random.h"
#include "ph-fuzz.h"
#include "transport/ph-dtls.h"

/* A client and a server before, in and after their handshake, over a line that loses, repeats and
 * alters datagrams, and datagrams brought in between theirs. Whatever comes: what one side receives
 * the other has sent, each record once, and connected are only those who hold the right keys. */

#define MAX_STEPS 96
#define MAX_INBOX 100
#define MAX_SENT 64
#define MAX_DATAGRAM 4096

typedef struct _Side
{
  PhDtls *dtls;
  struct _Side *other;
  GQueue inbox; /* of GBytes, under way to it */
  gboolean is_connected;
  gboolean is_impostor; /* shows another certificate than is expected of it */
  guint n_closed;
  guint n_sent;
  guint64 taken; /* bit: record of the other side that has arrived */
} Side;

static void
on_output (const guint8 *datagram, gsize size, gpointer user_data)
{
  Side *side = user_data;

  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (size, <=, PH_DTLS_MAX_PLAINTEXT + PH_DTLS_RECORD_OVERHEAD);
  if (side->other->inbox.length < MAX_INBOX)
    g_queue_push_tail (&side->other->inbox, g_bytes_new (datagram, size));
}

/* A record says which it is, over and over. */
static void
on_received (const guint8 *plaintext, gsize size, gpointer user_data)
{
  Side *side = user_data;
  guint8 number = plaintext[0];

  g_assert_true (side->is_connected && side->n_closed == 0);
  g_assert_cmpuint (number, <, side->other->n_sent);
  g_assert_cmpuint (size, ==, 1 + number * 21u);
  g_assert_cmpuint (side->taken >> number & 1, ==, 0);
  side->taken |= G_GUINT64_CONSTANT (1) << number;
  for (gsize i = 0; i < size; i++)
    g_assert_cmpuint (plaintext[i], ==, number);
}

static void
on_connected (gpointer user_data)
{
  Side *side = user_data;

  g_assert_false (side->is_connected);
  g_assert_false (side->other->is_impostor);
  side->is_connected = TRUE;
}

static void
on_closed (const GError *error, gpointer user_data)
{
  g_assert_nonnull (error);
  g_assert_cmpuint (((Side *)user_data)->n_closed++, ==, 0);
}

static const PhDtlsEvents events = { on_output, on_received, on_connected, on_closed };

static void
deliver (Side *side, guint n)
{
  for (n = MIN (n, side->inbox.length); n > 0; n--)
    {
      g_autoptr (GBytes) datagram = g_queue_pop_head (&side->inbox);

      ph_dtls_input (side->dtls, g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram));
    }
}

static void
deliver_all (Side *side)
{
  deliver (side, G_MAXUINT);
}

static void
deliver_one (Side *side)
{
  deliver (side, 1);
}

static void
repeat (Side *side)
{
  GBytes *datagram = g_queue_peek_head (&side->inbox);

  if (datagram != NULL)
    ph_dtls_input (side->dtls, g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram));
}

static void
lose (Side *side)
{
  g_autoptr (GBytes) datagram = g_queue_pop_head (&side->inbox);
}

static void
make_late (Side *side)
{
  if (side->inbox.length > 1)
    g_queue_push_tail (&side->inbox, g_queue_pop_head (&side->inbox));
}

static void
send_one (Side *side)
{
  guint8 record[1 + MAX_SENT * 21];
  gsize size = 1 + side->n_sent * 21u;

  memset (record, (int)side->n_sent, size);
  if (side->n_sent < MAX_SENT && ph_dtls_send (side->dtls, record, size))
    side->n_sent++;
}

static void
close_side (Side *side)
{
  ph_dtls_close (side->dtls);
}

/* Datagrams of a record each, or of what the input says. */
static void
bring_in (Side *side, PhFuzz *input)
{
  guint8 datagram[MAX_DATAGRAM] = { 22, 0xfe, 0xfd };
  guint8 choice = ph_fuzz_take_u8 (input);
  gsize size = ph_fuzz_take_u16 (input);
  gsize header = choice & 1 ? 13 : 0;
  const guint8 *bytes = ph_fuzz_take (input, MIN (size, sizeof datagram - header), &size);

  if (choice & 1)
    {
      datagram[0] = (guint8)(20 + choice / 2 % 8); /* the type; epoch and number: */
      datagram[4] = choice / 16 % 2;
      datagram[10] = choice / 32;
      ph_write_u16 (datagram + 11, (guint16)size);
    }
  memcpy (datagram + header, bytes, size);
  ph_dtls_input (side->dtls, datagram, header + size);
}

/* A datagram that is under way, with some bytes changed or its end missing. */
static void
alter (Side *side, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  gsize where = ph_fuzz_take_u16 (input);
  gsize n_bytes;
  const guint8 *bytes = ph_fuzz_take (input, choice % 8, &n_bytes);
  g_autoptr (GBytes) datagram = g_queue_pop_head (&side->inbox);
  gsize size = datagram != NULL ? g_bytes_get_size (datagram) : 0;
  g_autofree guint8 *copy = NULL;

  if (datagram == NULL)
    return;
  copy = g_memdup2 (g_bytes_get_data (datagram, NULL), size);
  for (gsize i = 0; i < n_bytes; i++)
    copy[(where + i) % size] ^= bytes[i];
  ph_dtls_input (side->dtls, copy, choice >= 128 ? MIN (where, size) : size);
}

static void
pass_time (Side *side, PhFuzz *input)
{
  static const guint steps_ms[] = { 1, 400, 1600, 30000 };

  ph_fake_clock_pass (steps_ms[ph_fuzz_take_u8 (input) % G_N_ELEMENTS (steps_ms)]);
  for (guint i = 0; i < 4 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

typedef void (*Step) (Side *side);
typedef void (*FedStep) (Side *side, PhFuzz *input);

static const Step steps[] = { deliver_all, deliver_one, deliver_all, repeat,
                              lose,        make_late,   send_one,    close_side };
static const FedStep fed_steps[] = { alter, bring_in, alter, pass_time };

static void
run_step (Side sides[2], PhFuzz *input)
{
  guint8 step = ph_fuzz_take_u8 (input);
  Side *side = &sides[step & 1];

  step /= 2;
  if (step < 64)
    steps[step % G_N_ELEMENTS (steps)](side);
  else
    fed_steps[step % G_N_ELEMENTS (fed_steps)](side, input);
}

/* The two that know each other, and a stranger. */
static PhCert *
get_cert (guint index)
{
  static PhCert *certs[3];

  if (certs[index] == NULL)
    certs[index] = ph_cert_new (NULL);
  return certs[index];
}

static void
set_up (Side sides[2], guint8 choice)
{
  sides[choice / 2 % 2].is_impostor = choice / 4 % 4 == 3;
  for (guint i = 0; i < 2; i++)
    {
      PhCert *cert = get_cert (sides[i].is_impostor ? 2 : i);

      sides[i].other = &sides[1 - i];
      g_queue_init (&sides[i].inbox);
      sides[i].dtls = ph_dtls_new (i == 0 ? PH_DTLS_CLIENT : PH_DTLS_SERVER, cert,
                                   ph_cert_get_fingerprint (get_cert (1 - i)),
                                   g_main_context_default (), &events, &sides[i], NULL);
    }
}

/* An odd first byte: the handshake is over when it begins. */
static void
start_both (Side sides[2], gboolean is_complete)
{
  for (guint i = 0; i < 2; i++)
    ph_dtls_start (sides[i].dtls);
  for (guint turn = 0; turn < 10 && is_complete; turn++)
    deliver_all (&sides[turn % 2]);
}

/* GnuTLS says where in its sources it stood when it found fault with something. */
static void
on_log (int level, const char *text)
{
  if (g_str_has_prefix (text, "ASSERT: "))
    ph_extra_count (g_str_hash (text), 1);
}

static void
set_up_once (void)
{
  static gboolean is_set_up;

  if (is_set_up)
    return;
  is_set_up = TRUE;
  gnutls_global_set_log_function (on_log);
  gnutls_global_set_log_level (3);
  for (guint i = 0; i < 3; i++)
    get_cert (i);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PhFuzz input = { data, size };
  Side sides[2] = { { 0 }, { 0 } };
  guint8 choice = ph_fuzz_take_u8 (&input);

  set_up_once ();
  ph_fixed_random_restart ();
  set_up (sides, choice);
  start_both (sides, choice & 1);
  for (guint i = 0; i < MAX_STEPS && input.size > 0; i++)
    run_step (sides, &input);
  for (guint i = 0; i < 2; i++)
    {
      ph_dtls_free (sides[i].dtls);
      g_queue_clear_full (&sides[i].inbox, (GDestroyNotify)g_bytes_unref);
    }
  ph_fake_clock_pass (0);
  return 0;
}
