/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <usrsctp.h>

#include "core/ph-frame.h"
#include "ph-extra-counters.h"
#include "ph-fake-clock.h"
#include "ph-fixed-random.h"
#include "ph-fuzz.h"
#include "transport/ph-sctp.h"

/* Two associations, connecting or connected, over a line that loses, repeats and alters packets,
 * and packets brought in between theirs. What is brought in gets the ports and tag of a packet that
 * belongs there, and its TSNs count from those that are due, so that it is looked at. As long as
 * packets are only lost, repeated and late, messages arrive whole and once. */

#define MAX_STEPS 64
#define MAX_INBOX 100
#define MAX_PACKET 1500
#define MAX_SENT 64
#define HEADER_BYTES 12
#define TAG_OFFSET 4
#define INIT_TAG_OFFSET 16 /* in a packet whose first chunk is an INIT or INIT ACK */
#define INIT_TSN_OFFSET 28

typedef struct _Side
{
  PhSctp *sctp;
  struct _Side *other;
  GQueue inbox;       /* of GBytes, under way to it */
  guint8 tag[4];      /* that packets to the other side's need */
  guint32 first_tsn;  /* of its own */
  guint32 next_tsn;   /* after those it has sent */
  guint n_sent;       /* messages */
  guint64 taken;      /* bit: message of the other side that has arrived */
  gboolean is_fouled; /* something false has reached it */
  guint n_closed;
} Side;

/* What goes on the line */

/* The numbers that a packet brought in later must fit. */
static void
note_numbers (Side *side, const guint8 *packet, gsize size)
{
  guint8 type = size > HEADER_BYTES ? packet[HEADER_BYTES] : G_MAXUINT8;

  if ((type == 1 || type == 2) && size >= INIT_TSN_OFFSET + 4)
    {
      memcpy (side->tag, packet + INIT_TAG_OFFSET, sizeof side->tag);
      side->first_tsn = side->next_tsn = ph_read_u32 (packet + INIT_TSN_OFFSET);
    }
  for (gsize i = HEADER_BYTES; i + 8 <= size; i += (ph_read_u16 (packet + i + 2) + 3u) & ~3u)
    {
      if (ph_read_u16 (packet + i + 2) < 4)
        break;
      if (packet[i] == 0)
        side->next_tsn = ph_read_u32 (packet + i + 4) + 1;
    }
}

static void
on_output (guint8 *packet, gsize size, gpointer user_data)
{
  Side *side = user_data;

  g_assert_cmpuint (size, <=, PH_SCTP_PATH_MTU);
  note_numbers (side, packet, size);
  if (side->other->inbox.length < MAX_INBOX)
    g_queue_push_tail (&side->other->inbox, g_bytes_new (packet, size));
}

static void
on_opened (gpointer user_data)
{
  g_assert_cmpuint (((Side *)user_data)->n_closed, ==, 0);
}

/* A message says who sent it and which it is, over and over. */
static void
check_message (Side *side, const guint8 *message, gsize size)
{
  guint8 number = message[0];

  g_assert_cmpuint (number, <, side->other->n_sent);
  g_assert_cmpuint (side->taken >> number & 1, ==, 0);
  side->taken |= G_GUINT64_CONSTANT (1) << number;
  g_assert_cmpuint (size, ==, 1 + number * 521u);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpuint (message[i], ==, number);
}

static void
on_readable (gpointer user_data)
{
  Side *side = user_data;
  const guint8 *message;
  gsize size;

  while (ph_sctp_receive (side->sctp, &message, &size) == PH_CHANNEL_OK)
    {
      g_assert_cmpuint (size, >, 0);
      g_assert_cmpuint (size, <=, PH_SCTP_MAX_MESSAGE);
      if (!side->is_fouled && !side->other->is_fouled)
        check_message (side, message, size);
    }
}

static void
on_closed (PhSctpEnd end, gpointer user_data)
{
  Side *side = user_data;

  g_assert_cmpuint (side->n_closed++, ==, 0);
  g_assert_cmpint (ph_sctp_get_state (side->sctp), ==, PH_SCTP_CLOSED);
}

static const PhSctpEvents events = { on_output, on_opened, on_readable, on_opened, on_closed };

static void
run_events (void)
{
  for (guint i = 0; i < 10 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

static void
deliver (Side *side, guint n)
{
  for (n = MIN (n, side->inbox.length); n > 0; n--)
    {
      g_autoptr (GBytes) packet = g_queue_pop_head (&side->inbox);

      ph_sctp_input (side->sctp, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
    }
}

/* What is brought in */

typedef enum
{
  FROM_SENDER, /* counts from what the other side would send next */
  FROM_TAKER,  /* … from what this side has sent last */
  FROM_FIRST,  /* … from the other side's first number */
} Base;

/* Where chunks have numbers that are only looked at if they are near those that are due. */
static const struct
{
  guint8 type;
  guint8 offset;
  Base base;
} numbers[] = {
  { 0, 4, FROM_SENDER },    /* DATA */
  { 64, 4, FROM_SENDER },   /* I-DATA */
  { 192, 4, FROM_SENDER },  /* FORWARD TSN */
  { 194, 4, FROM_SENDER },  /* I-FORWARD TSN */
  { 3, 4, FROM_TAKER },     /* SACK */
  { 16, 4, FROM_TAKER },    /* NR-SACK */
  { 8, 4, FROM_TAKER },     /* SHUTDOWN */
  { 12, 4, FROM_TAKER },    /* ECNE */
  { 13, 4, FROM_TAKER },    /* CWR */
  { 193, 4, FROM_FIRST },   /* ASCONF */
  { 128, 4, FROM_TAKER },   /* ASCONF ACK */
  { 130, 8, FROM_FIRST },   /* RE-CONFIG: request's number */
  { 130, 12, FROM_TAKER },  /* … response's */
  { 130, 16, FROM_SENDER }, /* … sender's last TSN */
};

static guint32
get_base (const Side *side, Base base)
{
  switch (base)
    {
    case FROM_SENDER:
      return side->other->next_tsn;
    case FROM_TAKER:
      return side->next_tsn - 1;
    case FROM_FIRST:
      break;
    }
  return side->other->first_tsn;
}

static void
shift_numbers (const Side *side, guint8 *chunk, gsize size)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      guint8 *field = chunk + numbers[i].offset;

      if (numbers[i].type == chunk[0] && numbers[i].offset + 4u <= size)
        ph_write_u32 (field, ph_read_u32 (field) + get_base (side, numbers[i].base));
    }
}

static void
bring_in (Side *side, PhFuzz *input)
{
  guint8 packet[MAX_PACKET] = { 0x13, 0x88, 0x13, 0x88 }; /* port 5000, twice */
  guint8 choice = ph_fuzz_take_u8 (input);
  gsize size = ph_fuzz_take_u16 (input);
  const guint8 *chunks = ph_fuzz_take (input, MIN (size, MAX_PACKET - HEADER_BYTES), &size);
  gsize length;

  if (!(choice & 1)) /* an INIT has none */
    memcpy (packet + TAG_OFFSET, side->tag, sizeof side->tag);
  memcpy (packet + HEADER_BYTES, chunks, size);
  for (gsize i = 0; i + 4 <= size && !(choice & 2); i += length)
    {
      guint8 *chunk = packet + HEADER_BYTES + i;

      length = MAX (4u, (ph_read_u16 (chunk + 2) + 3u) & ~3u);
      shift_numbers (side, chunk, MIN (length, size - i));
    }
  side->is_fouled = TRUE;
  ph_sctp_input (side->sctp, packet, HEADER_BYTES + size);
}

/* A packet that is under way, with some bytes changed or its end missing. */
static void
alter (Side *side, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  gsize size = ph_fuzz_take_u16 (input);
  gsize n_bytes;
  const guint8 *bytes = ph_fuzz_take (input, choice % 8, &n_bytes);
  g_autoptr (GBytes) packet = g_queue_pop_head (&side->inbox);
  g_autofree guint8 *copy = NULL;

  if (packet == NULL)
    return;
  copy = g_memdup2 (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
  for (gsize i = 0; i < n_bytes; i++)
    copy[(HEADER_BYTES + size + i) % g_bytes_get_size (packet)] ^= bytes[i];
  side->is_fouled = TRUE;
  ph_sctp_input (side->sctp, copy,
                 choice >= 128 ? MIN (size, g_bytes_get_size (packet)) : g_bytes_get_size (packet));
}

/* Steps */

static void
send_one (Side *side)
{
  static guint8 message[1 + MAX_SENT * 521];
  gsize size = 1 + side->n_sent * 521u;

  if (side->n_sent == MAX_SENT)
    return;
  memset (message, (int)side->n_sent, size);
  if (ph_sctp_send (side->sctp, message, size) == PH_CHANNEL_OK)
    side->n_sent++;
}

static void
repeat (Side *side)
{
  GBytes *packet = g_queue_peek_head (&side->inbox);

  if (packet != NULL)
    ph_sctp_input (side->sctp, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
}

static void
lose (Side *side)
{
  g_autoptr (GBytes) packet = g_queue_pop_head (&side->inbox);
}

static void
make_late (Side *side)
{
  if (side->inbox.length > 1)
    g_queue_push_tail (&side->inbox, g_queue_pop_head (&side->inbox));
}

static void
pass_time (PhFuzz *input)
{
  static const guint steps_ms[] = { 10, 20, 250, 1000, 5000, 60000 };

  ph_fake_clock_pass (steps_ms[ph_fuzz_take_u8 (input) % G_N_ELEMENTS (steps_ms)]);
}

static void
run_step (Side sides[2], PhFuzz *input)
{
  guint8 step = ph_fuzz_take_u8 (input);
  Side *side = &sides[step & 1];

  switch (step / 2 % 12)
    {
    case 0:
      deliver (side, G_MAXUINT);
      break;
    case 1:
      deliver (side, 1);
      break;
    case 2:
      lose (side);
      break;
    case 3:
      repeat (side);
      break;
    case 4:
      make_late (side);
      break;
    case 5:
      alter (side, input);
      break;
    case 6:
      pass_time (input);
      break;
    case 7:
      send_one (side);
      break;
    case 8:
      ph_sctp_heartbeat (side->sctp);
      break;
    case 9:
      ph_sctp_shutdown (side->sctp);
      break;
    default:
      bring_in (side, input);
      break;
    }
  run_events ();
}

/* An odd first byte: they are connected when it begins. */
static void
connect_both (Side sides[2], gboolean is_complete)
{
  for (guint i = 0; i < 2; i++)
    ph_sctp_connect (sides[i].sctp, NULL);
  for (guint turn = 0; turn < 6 && is_complete; turn++)
    {
      deliver (&sides[turn % 2], G_MAXUINT);
      run_events ();
    }
}

/* What usrsctp has counted in this run: packets of all kinds, and why some were dropped. */
static void
count_stats (void)
{
  static struct sctpstat last;
  struct sctpstat stats = { 0 };
  const guint32 *values = (const guint32 *)&stats.sctps_currestab;
  const guint32 *last_values = (const guint32 *)&last.sctps_currestab;
  gsize n = (sizeof stats - G_STRUCT_OFFSET (struct sctpstat, sctps_currestab)) / sizeof *values;

  usrsctp_get_stat (&stats);
  for (gsize i = 0; i < n; i++)
    ph_extra_count ((guint32)i, values[i] - last_values[i]);
  last = stats;
}

static void
check_status (Side *side)
{
  PhSctpStatus status;

  ph_sctp_get_status (side->sctp, &status);
  g_assert_true (ph_sctp_get_state (side->sctp) == PH_SCTP_CLOSED || side->n_closed == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PhFuzz input = { data, size };
  Side sides[2] = { { .other = &sides[1] }, { .other = &sides[0] } };

  ph_fixed_random_restart ();
  for (guint i = 0; i < 2; i++)
    {
      g_queue_init (&sides[i].inbox);
      sides[i].sctp = ph_sctp_new (g_main_context_default (), &events, &sides[i], NULL);
    }
  connect_both (sides, ph_fuzz_take_u8 (&input) & 1);
  for (guint i = 0; i < MAX_STEPS && input.size > 0; i++)
    run_step (sides, &input);
  for (guint i = 0; i < 2; i++)
    check_status (&sides[i]);
  for (guint i = 0; i < 2; i++)
    ph_sctp_free (sides[i].sctp);
  for (guint i = 0; i < 2; i++)
    g_queue_clear_full (&sides[i].inbox, (GDestroyNotify)g_bytes_unref);
  count_stats ();
  usrsctp_handle_timers (10000); /* what usrsctp puts off until nobody uses it */
  ph_fake_clock_pass (0);
  return 0;
}
