/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-frame.h"
#include "transport/ph-dtls.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A client and a server in the middle of their handshake, or after it, and datagrams that come
 * between theirs. The input is a row of steps: a byte that says which side is meant and what
 * happens, and where bytes are brought in, their number as u16 and themselves. */

enum
{
  STEP_SIDE = 1,    /* bit: which side */
  STEP_DELIVER = 2, /* bit: first, what is under way to it arrives */
  STEP_ALTER = 4,   /* bit: the bytes replace the beginning of a datagram that is under way */
};

#define MAX_STEPS 64

typedef struct _Side
{
  PhDtls *dtls;
  struct _Side *other;
  GQueue inbox; /* of GBytes */
  gboolean is_connected;
} Side;

static void
on_output (const guint8 *datagram, gsize size, gpointer user_data)
{
  g_queue_push_tail (&((Side *)user_data)->other->inbox, g_bytes_new (datagram, size));
}

/* Nothing but what the other side sent can come out: and it sends nothing. */
static void
on_received (const guint8 *plaintext, gsize size, gpointer user_data)
{
  g_assert_not_reached ();
}

static void
on_connected (gpointer user_data)
{
  ((Side *)user_data)->is_connected = TRUE;
}

static void
on_closed (const GError *error, gpointer user_data)
{
}

static const PhDtlsEvents events = { on_output, on_received, on_connected, on_closed };

static void
deliver (Side *side)
{
  for (guint n = side->inbox.length; n > 0; n--)
    {
      g_autoptr (GBytes) datagram = g_queue_pop_head (&side->inbox);

      ph_dtls_input (side->dtls, g_bytes_get_data (datagram, NULL), g_bytes_get_size (datagram));
    }
}

static void
bring_in (Side *side, const guint8 *bytes, gsize size, gboolean is_altering)
{
  g_autoptr (GBytes) under_way = is_altering ? g_queue_pop_head (&side->inbox) : NULL;
  g_autoptr (GByteArray) datagram = g_byte_array_new ();

  g_byte_array_append (datagram, bytes, (guint)size);
  if (under_way != NULL && g_bytes_get_size (under_way) > size)
    g_byte_array_append (datagram, (const guint8 *)g_bytes_get_data (under_way, NULL) + size,
                         (guint)(g_bytes_get_size (under_way) - size));
  ph_dtls_input (side->dtls, datagram->data, datagram->len);
}

static void
run_steps (Side sides[2], const guint8 *data, gsize size)
{
  for (guint i = 0; i < MAX_STEPS && size >= 3; i++)
    {
      guint step = data[0];
      gsize n = MIN (ph_read_u16 (data + 1), size - 3);
      Side *side = &sides[step & STEP_SIDE];

      if (step & STEP_DELIVER)
        deliver (side);
      else
        bring_in (side, data + 3, n, (step & STEP_ALTER) != 0);
      if (step & STEP_DELIVER)
        n = 0;
      data += 3 + n;
      size -= 3 + n;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static PhCert *certs[2];
  Side sides[2] = { { .other = &sides[1] }, { .other = &sides[0] } };

  for (guint i = 0; i < 2; i++)
    if (certs[i] == NULL)
      certs[i] = ph_cert_new (NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_queue_init (&sides[i].inbox);
      sides[i].dtls = ph_dtls_new (i == 0 ? PH_DTLS_CLIENT : PH_DTLS_SERVER, certs[i],
                                   ph_cert_get_fingerprint (certs[1 - i]),
                                   g_main_context_default (), &events, &sides[i], NULL);
    }
  for (guint i = 0; i < 2; i++)
    ph_dtls_start (sides[i].dtls);
  run_steps (sides, data, size);
  for (guint i = 0; i < 2; i++)
    {
      ph_dtls_free (sides[i].dtls);
      g_queue_clear_full (&sides[i].inbox, (GDestroyNotify)g_bytes_unref);
    }
  return 0;
}
