/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <usrsctp.h>

#include "core/ph-frame.h"
#include "transport/ph-sctp.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Two associations, connecting or connected, and packets that come between theirs with the right
 * ports and tag. The input is a row of steps: a byte that says which side is meant and what
 * happens, and where chunks are brought in, their bytes' number as u16 and themselves. */

enum
{
  STEP_SIDE = 1,    /* bit: which side */
  STEP_DELIVER = 2, /* bit: what is under way to it arrives */
  STEP_TIME = 4,    /* bit: some time passes */
  STEP_SEND = 8,    /* bit: it sends something */
  STEP_NO_TAG = 16, /* bit: the tag is 0, as in an INIT */
};

#define MAX_STEPS 64
#define MAX_PACKET 1500
#define HEADER_BYTES 12

typedef struct _Side
{
  PhSctp *sctp;
  struct _Side *other;
  GQueue inbox; /* of GBytes */
  guint8 tag[4];
} Side;

static void
on_output (guint8 *packet, gsize size, gpointer user_data)
{
  Side *side = user_data;

  g_assert_cmpuint (size, <=, PH_SCTP_PATH_MTU);
  if (size >= 20 && (packet[HEADER_BYTES] == 1 || packet[HEADER_BYTES] == 2)) /* INIT, INIT ACK */
    memcpy (side->tag, packet + 16, sizeof side->tag);
  if (side->other->inbox.length < 100)
    g_queue_push_tail (&side->other->inbox, g_bytes_new (packet, size));
}

static void
on_event (gpointer user_data)
{
}

static void
on_readable (gpointer user_data)
{
  const guint8 *message;
  gsize size;

  while (ph_sctp_receive (((Side *)user_data)->sctp, &message, &size) == PH_CHANNEL_OK)
    g_assert_cmpuint (size, <=, PH_SCTP_MAX_MESSAGE);
}

static void
on_closed (PhSctpEnd end, gpointer user_data)
{
}

static const PhSctpEvents events = { on_output, on_event, on_readable, on_event, on_closed };

static void
deliver (Side *side)
{
  for (guint n = side->inbox.length; n > 0; n--)
    {
      g_autoptr (GBytes) packet = g_queue_pop_head (&side->inbox);

      ph_sctp_input (side->sctp, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
    }
}

static void
bring_in (Side *side, const guint8 *chunks, gsize size, gboolean has_tag)
{
  guint8 packet[MAX_PACKET] = { 0x13, 0x88, 0x13, 0x88 }; /* port 5000, twice */

  size = MIN (size, sizeof packet - HEADER_BYTES);
  if (has_tag)
    memcpy (packet + 4, side->tag, sizeof side->tag);
  memcpy (packet + HEADER_BYTES, chunks, size);
  ph_sctp_input (side->sctp, packet, HEADER_BYTES + size);
}

static void
run_events (void)
{
  for (guint i = 0; i < 10 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

static void
run_steps (Side sides[2], const guint8 *data, gsize size)
{
  for (guint i = 0; i < MAX_STEPS && size >= 3; i++)
    {
      guint step = data[0];
      gsize n = 0;
      Side *side = &sides[step & STEP_SIDE];

      if (step & STEP_DELIVER)
        deliver (side);
      else if (step & STEP_TIME)
        usrsctp_handle_timers (100);
      else if (step & STEP_SEND)
        ph_sctp_send (side->sctp, data, MIN (size, 5000));
      else
        {
          n = MIN (ph_read_u16 (data + 1), size - 3);
          bring_in (side, data + 3, n, (step & STEP_NO_TAG) == 0);
        }
      run_events ();
      data += 3 + n;
      size -= 3 + n;
    }
}

/* An odd first byte: they are connected when it begins. */
static void
connect_both (Side sides[2], gboolean is_complete)
{
  for (guint i = 0; i < 2; i++)
    ph_sctp_connect (sides[i].sctp, NULL);
  for (guint turn = 0; turn < 6 && is_complete; turn++)
    deliver (&sides[turn % 2]);
  run_events ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Side sides[2] = { { .other = &sides[1] }, { .other = &sides[0] } };

  if (size < 1)
    return 0;
  for (guint i = 0; i < 2; i++)
    {
      g_queue_init (&sides[i].inbox);
      sides[i].sctp = ph_sctp_new (g_main_context_default (), &events, &sides[i], NULL);
    }
  connect_both (sides, data[0] & 1);
  run_steps (sides, data + 1, size - 1);
  for (guint i = 0; i < 2; i++)
    ph_sctp_free (sides[i].sctp);
  for (guint i = 0; i < 2; i++)
    g_queue_clear_full (&sides[i].inbox, (GDestroyNotify)g_bytes_unref);
  usrsctp_handle_timers (10000); /* what usrsctp puts off until nobody uses it */
  return 0;
}
