/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two associations joined by a pipe in memory that loses, reorders and repeats. usrsctp's clock is
 * its own, so that minutes can pass at once. */
#include <string.h>
#include <usrsctp.h>

#include "core/ph-frame.h"
#include "core/ph-timer.h"
#include "transport/ph-sctp.h"

#include "ph-test-loop.h"

#define POOL_BYTES (256 * 1024)
#define MAX_MESSAGE 65535
#define NUMBER_BYTES 4
#define HEADER_BYTES 12 /* of a packet */
#define DATA_CHUNK 0
#define INIT_CHUNK 1

typedef struct
{
  const char *name;
  guint n_messages; /* each way */
  guint loss;       /* percent, as the others */
  guint reorder;
  guint duplicate;
} Faults;

typedef struct _Pipe Pipe;

typedef struct
{
  Pipe *pipe;
  PhSctp *sctp;
  GQueue inbox; /* of GBytes: packets on the way to it */
  gboolean is_open;
  gboolean is_closed;
  PhSctpEnd end;
  gboolean is_deaf; /* does not take messages */
  gboolean was_told_again;
  guint n_to_send;
  guint n_sent;
  guint n_received;
  guint64 sent_bytes;
  guint64 received_bytes;
  gsize last_size; /* of the message that came last */
  GHashTable *seen;
  guint n_packets; /* that it put out */
  gsize largest_packet;
  guint8 tag[4];       /* of its association, as its INIT says */
  guint32 first_tsn;   /* likewise */
  guint32 blocked_tsn; /* its packets with this chunk are lost; 0: none */
  guint n_blocked;     /* how many were */
  gsize (*size_of) (guint32 number);
} Side;

struct _Pipe
{
  Side sides[2];
  Faults faults;
  GRand *random;
  GSource *delivery;
  gboolean is_cut;  /* what is put in is lost */
  gboolean is_held; /* what is put in waits */
  gboolean is_long; /* what is put in arrives bit by bit */
};

/* Messages: a number in four bytes, then a piece of a pool of random bytes. */

static guint8 pool[POOL_BYTES];

static void
fill_pool (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (9260);

  for (gsize i = 0; i < sizeof pool; i++)
    pool[i] = (guint8)g_rand_int (random);
}

/* Small ones, some larger than a packet, some as large as can be. */
static gsize
random_size (guint32 number)
{
  static const guint32 limits[] = { 60, 1200, 5000, MAX_MESSAGE + 1 };
  guint32 hash = number * 2654435761u;
  guint32 limit = limits[hash >> 30];

  if (number % 100 == 7)
    return MAX_MESSAGE;
  return NUMBER_BYTES + (hash >> 8) % (limit - NUMBER_BYTES);
}

static gsize
tiny_size (guint32 number)
{
  return PH_FRAME_HEADER_SIZE;
}

static gsize
bulk_size (guint32 number)
{
  return 60000;
}

static void
make_message (Side *side, guint32 number, guint8 message[MAX_MESSAGE], gsize *ret_size)
{
  *ret_size = side->size_of (number);
  ph_write_u32 (message, number);
  memcpy (message + NUMBER_BYTES, pool + number % (POOL_BYTES - MAX_MESSAGE),
          *ret_size - NUMBER_BYTES);
}

/* The pipe */

static gboolean
chance (Pipe *pipe, guint percent)
{
  return percent > 0 && (guint)g_rand_int_range (pipe->random, 0, 100) < percent;
}

static gboolean
has_chunk (const guint8 *packet, gsize size, guint32 tsn)
{
  for (gsize at = HEADER_BYTES; at + 8 <= size;)
    {
      gsize length = ph_read_u16 (packet + at + 2);

      if (packet[at] == DATA_CHUNK && ph_read_u32 (packet + at + 4) == tsn)
        return TRUE;
      at += MAX (4, (length + 3) / 4 * 4);
    }
  return FALSE;
}

static void
enqueue (Pipe *pipe, Side *to, const guint8 *packet, gsize size)
{
  gint place = -1;

  if (chance (pipe, pipe->faults.loss))
    return;
  if (chance (pipe, pipe->faults.reorder))
    place = MAX ((gint)to->inbox.length - g_rand_int_range (pipe->random, 1, 8), 0);
  g_queue_push_nth (&to->inbox, g_bytes_new (packet, size), place);
}

static void
on_output (guint8 *packet, gsize size, gpointer user_data)
{
  Side *from = user_data;
  Pipe *pipe = from->pipe;
  Side *to = &pipe->sides[from == &pipe->sides[0] ? 1 : 0];

  from->n_packets++;
  from->largest_packet = MAX (from->largest_packet, size);
  g_assert_cmpuint (size, <=, PH_SCTP_PATH_MTU);
  if (packet[HEADER_BYTES] == INIT_CHUNK)
    {
      memcpy (from->tag, packet + 16, sizeof from->tag);
      from->first_tsn = ph_read_u32 (packet + 28);
    }
  if (from->blocked_tsn != 0 && has_chunk (packet, size, from->blocked_tsn))
    {
      from->n_blocked++;
      return;
    }
  if (pipe->is_cut)
    return;
  enqueue (pipe, to, packet, size);
  if (chance (pipe, pipe->faults.duplicate))
    enqueue (pipe, to, packet, size);
  ph_timer_arm (pipe->delivery, 0);
}

static guint
share_to_deliver (const Pipe *pipe, guint to)
{
  guint n = pipe->sides[to].inbox.length;

  return pipe->is_long ? (n + 3) / 4 : n;
}

static gboolean
on_delivery (gpointer user_data)
{
  Pipe *pipe = user_data;

  for (guint i = 0; i < 2 && !pipe->is_held; i++)
    for (guint n = share_to_deliver (pipe, i); n > 0; n--)
      {
        g_autoptr (GBytes) packet = g_queue_pop_head (&pipe->sides[i].inbox);
        gsize size;
        const guint8 *bytes = g_bytes_get_data (packet, &size);

        if (pipe->sides[i].sctp != NULL)
          ph_sctp_input (pipe->sides[i].sctp, bytes, size);
      }
  if (!pipe->is_held && pipe->sides[0].inbox.length + pipe->sides[1].inbox.length > 0)
    ph_timer_arm (pipe->delivery, pipe->is_long ? 1 : 0);
  return G_SOURCE_CONTINUE;
}

/* The ends */

static void
on_opened (gpointer user_data)
{
  Side *side = user_data;

  g_assert_true (!side->is_open && !side->is_closed);
  side->is_open = TRUE;
}

static void
take_message (Side *side, const guint8 *message, gsize size)
{
  static guint8 expected[MAX_MESSAGE];
  gsize expected_size;
  guint32 number;

  side->last_size = size;
  side->n_received++;
  side->received_bytes += size;
  if (size > MAX_MESSAGE)
    return;
  number = ph_read_u32 (message);
  make_message (&side->pipe->sides[side == &side->pipe->sides[0] ? 1 : 0], number, expected,
                &expected_size);
  g_assert_cmpuint (size, ==, expected_size);
  g_assert_true (memcmp (message, expected, size) == 0);
  g_assert_true (g_hash_table_add (side->seen, GUINT_TO_POINTER (number)));
}

static void
on_readable (gpointer user_data)
{
  Side *side = user_data;
  const guint8 *message;
  gsize size;

  g_assert_true (side->is_open && !side->is_closed);
  while (!side->is_deaf && ph_sctp_receive (side->sctp, &message, &size) == PH_CHANNEL_OK)
    take_message (side, message, size);
}

/* Sends until it is done or told to wait. What is under way stays bounded. */
static void
send_more (Side *side)
{
  static guint8 message[MAX_MESSAGE];
  const Side *other = &side->pipe->sides[side == &side->pipe->sides[0] ? 1 : 0];

  while (side->n_sent < side->n_to_send)
    {
      gsize size;
      PhChannelStatus status;

      make_message (side, side->n_sent, message, &size);
      status = ph_sctp_send (side->sctp, message, size);
      side->was_told_again |= status == PH_CHANNEL_AGAIN;
      if (status != PH_CHANNEL_OK)
        return;
      side->n_sent++;
      side->sent_bytes += size;
      g_assert_cmpuint (side->sent_bytes - other->received_bytes, <=, 9 * 1024 * 1024);
    }
}

static void
on_writable (gpointer user_data)
{
  Side *side = user_data;

  g_assert_true (side->is_open && !side->is_closed && side->was_told_again);
  send_more (side);
}

static void
on_closed (PhSctpEnd end, gpointer user_data)
{
  Side *side = user_data;

  g_assert_false (side->is_closed);
  side->is_closed = TRUE;
  side->end = end;
}

static const PhSctpEvents events = { on_output, on_opened, on_readable, on_writable, on_closed };

static void
pipe_init (Pipe *pipe, const Faults *faults, guint32 seed)
{
  *pipe = (Pipe){ .faults = *faults, .random = g_rand_new_with_seed (seed) };
  pipe->delivery = ph_timer_new (NULL, "[test] delivery", on_delivery, pipe);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      Side *side = &pipe->sides[i];

      side->pipe = pipe;
      side->size_of = random_size;
      g_queue_init (&side->inbox);
      side->seen = g_hash_table_new (NULL, NULL);
      side->sctp = ph_sctp_new (g_main_context_default (), &events, side, &error);
      g_assert_no_error (error);
    }
}

static void
pipe_connect (Pipe *pipe)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      ph_sctp_connect (pipe->sides[i].sctp, &error);
      g_assert_no_error (error);
    }
  ph_test_wait_for (pipe->sides[0].is_open && pipe->sides[1].is_open);
}

static void
pipe_clear (Pipe *pipe)
{
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&pipe->sides[i].sctp, ph_sctp_free);
  for (guint i = 0; i < 2; i++)
    {
      g_queue_clear_full (&pipe->sides[i].inbox, (GDestroyNotify)g_bytes_unref);
      g_hash_table_unref (pipe->sides[i].seen);
    }
  ph_timer_clear (&pipe->delivery);
  g_rand_free (pipe->random);
}

static void
side_send (Side *side, guint n)
{
  side->n_to_send += n;
  send_more (side);
}

static gboolean
is_all_there (const Pipe *pipe)
{
  return pipe->sides[0].n_received == pipe->sides[1].n_to_send &&
         pipe->sides[1].n_received == pipe->sides[0].n_to_send;
}

static void
release (Pipe *pipe)
{
  pipe->is_cut = pipe->is_held = FALSE;
  ph_timer_arm (pipe->delivery, 0);
}

static void
pass_time (guint ms)
{
  for (guint passed = 0; passed < ms; passed += 50)
    usrsctp_handle_timers (50);
}

/* The tests */

static const Faults no_faults = { "clean", 3000 };

static const Faults fault_table[] = {
  { "clean", 3000 },
  { "loss-1", 2000, .loss = 1 },
  { "loss-5", 1000, .loss = 5 },
  { "loss-10", 200, .loss = 10 },
  { "reorder", 2000, .reorder = 20 },
  { "duplicate", 2000, .duplicate = 20 },
  { "all", 1000, .loss = 3, .reorder = 10, .duplicate = 10 },
};

static void
test_exchange (gconstpointer data)
{
  const Faults *faults = data;
  Pipe pipe;

  pipe_init (&pipe, faults, 1);
  pipe_connect (&pipe);
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], faults->n_messages);
  ph_test_wait_for (is_all_there (&pipe));
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (pipe.sides[i].was_told_again);
      g_assert_false (pipe.sides[i].is_closed);
      /* The path's size is used, up to the padding of chunks. */
      g_assert_cmpuint (pipe.sides[i].largest_packet, >, PH_SCTP_PATH_MTU - 4);
    }
  pipe_clear (&pipe);
}

static void
test_smallest_message (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  g_assert_cmpint (ph_sctp_send (pipe.sides[0].sctp, pool, 1), ==, PH_CHANNEL_AGAIN);
  pipe_connect (&pipe);
  pipe.sides[1].is_deaf = TRUE;
  g_assert_cmpint (ph_sctp_send (pipe.sides[0].sctp, pool, 1), ==, PH_CHANNEL_OK);
  for (PhChannelStatus status = PH_CHANNEL_AGAIN; status != PH_CHANNEL_OK;)
    {
      const guint8 *message;
      gsize size;

      g_main_context_iteration (NULL, TRUE);
      status = ph_sctp_receive (pipe.sides[1].sctp, &message, &size);
      g_assert_true (status == PH_CHANNEL_AGAIN || (size == 1 && message[0] == pool[0]));
    }
  pipe_clear (&pipe);
}

/* A message longer than any frame comes out cut, and the next one whole. */
static void
test_too_long (void)
{
  g_autofree guint8 *message = g_malloc0 (200000);
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  for (gsize size = PH_SCTP_MAX_MESSAGE; size <= 200000; size += 60000)
    {
      guint before = pipe.sides[1].n_received;

      g_assert_cmpint (ph_sctp_send (pipe.sides[0].sctp, message, size), ==, PH_CHANNEL_OK);
      ph_test_wait_for (pipe.sides[1].n_received == before + 1);
      g_assert_cmpuint (pipe.sides[1].last_size, ==, PH_SCTP_MAX_MESSAGE);
    }
  pipe.sides[1].n_received = 0;
  pipe.sides[1].received_bytes = 0;
  side_send (&pipe.sides[0], 50);
  ph_test_wait_for (is_all_there (&pipe));
  pipe_clear (&pipe);
}

static gboolean
is_window_open (Pipe *pipe)
{
  PhSctpStatus status;

  ph_sctp_get_status (pipe->sides[0].sctp, &status);
  return status.cwnd_bytes >= 2 * 1024 * 1024;
}

/* A path that is long and never empty: the window grows until the send buffer is as large as it
 * becomes. */
static void
open_window (Pipe *pipe)
{
  pipe->is_long = TRUE;
  pipe->sides[0].size_of = bulk_size;
  side_send (&pipe->sides[0], 1000000);
  ph_test_wait_for (is_window_open (pipe));
  for (guint turn = 0; turn < 20; turn++) /* for the send buffer to follow */
    g_main_context_iteration (NULL, TRUE);
  pipe->sides[0].n_to_send = pipe->sides[0].n_sent;
  pipe->is_long = FALSE;
  ph_test_wait_for (is_all_there (pipe));
}

/* What is sent and has not come: fewer than half of what 16 bits count. */
static void
test_tiny_messages_held (void)
{
  Pipe pipe;
  Side *side = &pipe.sides[0];
  guint n_under_way = 0;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  open_window (&pipe);
  pipe.is_held = TRUE;
  for (guint round = 0; round < 4; round++)
    for (gsize size = PH_FRAME_HEADER_SIZE; size <= 1024; size++)
      while (n_under_way < 100000 && ph_sctp_send (side->sctp, pool, size) == PH_CHANNEL_OK)
        n_under_way++;
  g_test_message ("%u messages under way", n_under_way);
  g_assert_cmpuint (n_under_way, >, 5000);
  g_assert_cmpuint (n_under_way, <, 32768);
  pipe_clear (&pipe);
}

/* One packet is lost over and over, and all others pass: no message overtakes by 32768. */
static void
test_tiny_messages_overtaking (void)
{
  Pipe pipe;
  Side *side = &pipe.sides[0];
  guint before;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  side->size_of = tiny_size;
  side_send (side, 1);
  ph_test_wait_for (is_all_there (&pipe));
  before = side->n_sent;
  side->blocked_tsn = side->first_tsn + before;
  side_send (side, 200000);
  ph_test_wait_for (side->n_blocked >= 4);
  g_test_message ("%u messages sent meanwhile", side->n_sent - before);
  g_assert_cmpuint (side->n_sent - before, >, 1000);
  g_assert_cmpuint (side->n_sent - before, <, 32768);
  g_assert_cmpuint (pipe.sides[1].n_received, >, before);
  side->blocked_tsn = 0;
  ph_test_wait_for (is_all_there (&pipe));
  pipe_clear (&pipe);
}

/* Who does not read holds up the sender, and loses nothing. */
static void
test_slow_reader (void)
{
  Pipe pipe;
  guint n_sent;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  pipe.sides[1].is_deaf = TRUE;
  side_send (&pipe.sides[0], 3000);
  do
    {
      n_sent = pipe.sides[0].n_sent;
      for (guint turn = 0; turn < 200; turn++)
        g_main_context_iteration (NULL, FALSE);
    }
  while (pipe.sides[0].n_sent > n_sent);
  g_assert_cmpuint (n_sent, <, 3000);
  pipe.sides[1].is_deaf = FALSE;
  on_readable (&pipe.sides[1]);
  ph_test_wait_for (is_all_there (&pipe));
  pipe_clear (&pipe);
}

#define CHUNKS_PER_PACKET 50
#define CHUNK_BYTES 20 /* with one byte of data */

/* As a sender that heeds no window: @n messages of one byte. */
static void
flood (Pipe *pipe, guint n)
{
  guint8 packet[HEADER_BYTES + CHUNKS_PER_PACKET * CHUNK_BYTES] = { 0x13, 0x88, 0x13, 0x88 };
  guint32 tsn = pipe->sides[0].first_tsn;

  memcpy (packet + 4, pipe->sides[1].tag, 4);
  for (guint sent = 0; sent < n; sent += CHUNKS_PER_PACKET)
    {
      for (guint i = 0; i < CHUNKS_PER_PACKET; i++)
        {
          guint8 *chunk = packet + HEADER_BYTES + i * CHUNK_BYTES;

          chunk[0] = DATA_CHUNK;
          chunk[1] = 7; /* unordered, and all of a message */
          ph_write_u16 (chunk + 2, 16 + 1);
          ph_write_u32 (chunk + 4, tsn++);
          ph_write_u32 (chunk + 12, 53); /* binary */
        }
      ph_sctp_input (pipe->sides[1].sctp, packet, sizeof packet);
    }
}

/* A sender that heeds no window fills nothing: what a message costs counts, too. */
static void
test_flood (void)
{
  Pipe pipe;
  Side *deaf = &pipe.sides[1];
  const guint8 *message;
  gsize size;
  guint n = 0;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  deaf->is_deaf = TRUE;
  flood (&pipe, 100000);
  while (ph_sctp_receive (deaf->sctp, &message, &size) == PH_CHANNEL_OK)
    n++;
  g_test_message ("%u messages kept", n);
  g_assert_cmpuint (n, >, 1000);
  g_assert_cmpuint (n, <, 32768);
  pipe_clear (&pipe);
}

/* One whose own window is shut is heard all the same. */
static void
test_deaf_speaker (void)
{
  Pipe pipe;
  Side *listener = &pipe.sides[1];
  guint n_sent;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  pipe.sides[0].is_deaf = TRUE;
  side_send (listener, 3000);
  do
    {
      n_sent = listener->n_sent;
      for (guint turn = 0; turn < 200; turn++)
        g_main_context_iteration (NULL, FALSE);
    }
  while (listener->n_sent > n_sent);
  listener->is_deaf = TRUE;
  pipe.sides[0].size_of = bulk_size;
  side_send (&pipe.sides[0], 20);
  for (guint turn = 0; turn < 200; turn++)
    g_main_context_iteration (NULL, FALSE);
  listener->is_deaf = FALSE;
  on_readable (listener);
  g_assert_cmpuint (listener->n_received, ==, 20);
  pipe_clear (&pipe);
}

/* Everything that was sent arrives before the end is reported, on both sides as orderly; also with
 * loss, and while the other side is sending as fast as it can. */
static void
test_shutdown (gconstpointer data)
{
  const Faults *faults = data;

  for (guint n_back = 0; n_back <= 100000; n_back += 100000)
    {
      Pipe pipe;
      Side *leaving = &pipe.sides[0];
      Side *left = &pipe.sides[1];

      pipe_init (&pipe, faults, 1);
      pipe_connect (&pipe);
      side_send (left, n_back);
      side_send (leaving, 40);
      ph_test_wait_for (leaving->n_sent == 40);
      ph_sctp_shutdown (leaving->sctp);
      g_assert_cmpint (ph_sctp_send (leaving->sctp, pool, 4), ==, PH_CHANNEL_CLOSED);
      ph_test_wait_for (leaving->is_closed && left->is_closed);
      g_assert_cmpint (leaving->end, ==, PH_SCTP_END_ORDERLY);
      g_assert_cmpint (left->end, ==, PH_SCTP_END_ORDERLY);
      g_assert_cmpuint (left->n_received, ==, 40);
      g_assert_cmpuint (leaving->n_received, ==, left->n_sent);
      g_assert_cmpint (ph_sctp_send (left->sctp, pool, 4), ==, PH_CHANNEL_CLOSED);
      pipe_clear (&pipe);
    }
}

/* Both say goodbye at once. */
static void
test_shutdown_by_both (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], 3);
  for (guint i = 0; i < 2; i++)
    ph_sctp_shutdown (pipe.sides[i].sctp);
  ph_test_wait_for (pipe.sides[0].is_closed && pipe.sides[1].is_closed);
  g_assert_true (is_all_there (&pipe));
  pipe_clear (&pipe);
}

static void
test_abort (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  side_send (&pipe.sides[1], 3);
  g_clear_pointer (&pipe.sides[0].sctp, ph_sctp_free);
  ph_test_wait_for (pipe.sides[1].is_closed);
  g_assert_cmpint (pipe.sides[1].end, ==, PH_SCTP_END_ABORTED);
  pipe_clear (&pipe);
}

/* As a browser closes a data channel: with a request to reset the stream (RFC 6525 section 4.1). */
static void
test_stream_reset (void)
{
  guint8 packet[HEADER_BYTES + 4 + 20] = { 0x13, 0x88, 0x13, 0x88 };
  guint8 *chunk = packet + HEADER_BYTES;
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  memcpy (packet + 4, pipe.sides[1].tag, 4);
  chunk[0] = 130; /* RE-CONFIG */
  ph_write_u16 (chunk + 2, 4 + 18);
  ph_write_u16 (chunk + 4, 13); /* outgoing SSN reset request */
  ph_write_u16 (chunk + 6, 18);
  ph_write_u32 (chunk + 8, pipe.sides[0].first_tsn);
  ph_write_u32 (chunk + 12, pipe.sides[1].first_tsn - 1);
  ph_write_u32 (chunk + 16, pipe.sides[0].first_tsn - 1); /* the last one sent: none was */
  ph_sctp_input (pipe.sides[1].sctp, packet, sizeof packet);
  ph_test_wait_for (pipe.sides[1].is_closed);
  g_assert_cmpint (pipe.sides[1].end, ==, PH_SCTP_END_ORDERLY);
  pipe_clear (&pipe);
}

/* A network that is away for a minute, with data under way and without: no association ends by
 * itself, and it goes on at once when the network is back. */
static void
test_outage (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  for (guint round = 0; round < 2; round++)
    {
      pipe.is_cut = TRUE;
      if (round == 0)
        for (guint i = 0; i < 2; i++)
          side_send (&pipe.sides[i], 1000);
      /* Ten minutes: who is gone is decided elsewhere, by silence. */
      for (guint i = 0; i < 600; i++)
        {
          ph_sctp_heartbeat (pipe.sides[0].sctp);
          pass_time (1000);
        }
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_false (pipe.sides[0].is_closed || pipe.sides[1].is_closed);
      release (&pipe);
      ph_test_wait_for (is_all_there (&pipe));
    }
  pipe_clear (&pipe);
}

static void
test_connect_to_nobody (void)
{
  Pipe pipe;
  g_autoptr (GError) error = NULL;

  pipe_init (&pipe, &no_faults, 1);
  pipe.is_cut = TRUE;
  for (guint i = 0; i < 2; i++)
    ph_sctp_connect (pipe.sides[i].sctp, &error);
  pass_time (60000);
  g_assert_cmpuint (pipe.sides[0].n_packets, >, 5);
  g_assert_cmpint (ph_sctp_get_state (pipe.sides[0].sctp), ==, PH_SCTP_CONNECTING);
  release (&pipe);
  ph_test_wait_for (pipe.sides[0].is_open && pipe.sides[1].is_open);
  pipe_clear (&pipe);
}

static void
test_heartbeat (void)
{
  Pipe pipe;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  for (guint i = 0; i < 5; i++)
    {
      guint before = pipe.sides[1].n_packets;

      ph_sctp_heartbeat (pipe.sides[0].sctp);
      ph_test_wait_for (pipe.sides[1].n_packets > before);
    }
  pipe_clear (&pipe);
}

/* Nothing but what is asked for: an idle association is silent. */
static void
test_idle_is_silent (void)
{
  Pipe pipe;
  guint before;

  pipe_init (&pipe, &no_faults, 1);
  pipe_connect (&pipe);
  pass_time (5000);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  before = pipe.sides[0].n_packets + pipe.sides[1].n_packets;
  pass_time (30 * 60 * 1000);
  g_assert_cmpuint (pipe.sides[0].n_packets + pipe.sides[1].n_packets, ==, before);
  pipe_clear (&pipe);
}

/* Bytes that are no SCTP, or not ours: dropped. */
static void
test_junk (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  Pipe pipe;
  guint8 packet[1500];

  pipe_init (&pipe, &no_faults, 1);
  ph_sctp_input (pipe.sides[0].sctp, pool, 1000); /* before there is anything */
  pipe_connect (&pipe);
  for (guint i = 0; i < 20000; i++)
    {
      gsize size = (gsize)g_rand_int_range (random, 0, sizeof packet);

      memcpy (packet, pool + g_rand_int_range (random, 0, sizeof pool - sizeof packet), size);
      memcpy (packet, "\x13\x88\x13\x88", 4);
      packet[HEADER_BYTES] %= 16;
      if (i % 2 == 0) /* a chunk that ends where the packet does */
        ph_write_u16 (packet + HEADER_BYTES + 2, (guint16)(size - MIN (size, HEADER_BYTES)));
      for (guint side = 0; side < 2; side++)
        ph_sctp_input (pipe.sides[side].sctp, packet, size);
    }
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], 100);
  ph_test_wait_for (is_all_there (&pipe));
  pipe_clear (&pipe);
}

/* The clock counts milliseconds in 32 bits: timers work across the end of each half. */
static void
test_clock_wrap (gconstpointer data)
{
  static const Faults faults = { .loss = 4 };
  Pipe pipe;

  if (!g_test_subprocess ()) /* a process whose clock stands at zero */
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  pipe_init (&pipe, &faults, 1);
  pipe_clear (&pipe);
  usrsctp_handle_timers (0x7fffff00);
  if (GPOINTER_TO_UINT (data) > 1)
    usrsctp_handle_timers (0x80000000);
  pipe_init (&pipe, &faults, 1);
  pipe_connect (&pipe);
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], 300);
  ph_test_wait_for (is_all_there (&pipe));
  pass_time (1000);
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], 300);
  ph_test_wait_for (is_all_there (&pipe));
  ph_sctp_shutdown (pipe.sides[0].sctp);
  ph_test_wait_for (pipe.sides[0].is_closed && pipe.sides[1].is_closed);
  pipe_clear (&pipe);
}

/* Minutes in which the clock wraps and the line is gone: what is under way, and what was asked,
 * arrives afterwards. */
static void
test_clock_wrap_under_way (gconstpointer data)
{
  Pipe pipe;
  guint n_before;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  pipe_init (&pipe, &no_faults, 1);
  usrsctp_handle_timers (0x7fffffff - 60000); /* a minute before */
  if (GPOINTER_TO_UINT (data) > 1)
    usrsctp_handle_timers (0x80000000);
  pipe_connect (&pipe);
  pipe.is_cut = TRUE;
  for (guint i = 0; i < 2; i++)
    side_send (&pipe.sides[i], 300);
  ph_sctp_heartbeat (pipe.sides[0].sctp);
  pass_time (2 * 60 * 1000);
  release (&pipe);
  ph_test_wait_for (is_all_there (&pipe));
  n_before = pipe.sides[1].n_packets;
  ph_sctp_heartbeat (pipe.sides[0].sctp);
  ph_test_wait_for (pipe.sides[1].n_packets > n_before);
  pipe_clear (&pipe);
}

/* Input and output that come too late, or for one that is gone. */
static void
test_many (void)
{
  Pipe pipes[20];

  for (guint i = 0; i < G_N_ELEMENTS (pipes); i++)
    {
      pipe_init (&pipes[i], &no_faults, i);
      pipe_connect (&pipes[i]);
      side_send (&pipes[i].sides[0], 100);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pipes); i += 2)
    pipe_clear (&pipes[i]);
  pass_time (10000);
  for (guint i = 1; i < G_N_ELEMENTS (pipes); i += 2)
    {
      ph_test_wait_for (is_all_there (&pipes[i]));
      pipe_clear (&pipes[i]);
    }
  pass_time (10000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  fill_pool ();
  for (gsize i = 0; i < G_N_ELEMENTS (fault_table); i++)
    {
      g_autofree char *path = g_strconcat ("/sctp/exchange/", fault_table[i].name, NULL);

      g_test_add_data_func (path, &fault_table[i], test_exchange);
    }
  g_test_add_func ("/sctp/smallest-message", test_smallest_message);
  g_test_add_func ("/sctp/too-long", test_too_long);
  g_test_add_func ("/sctp/tiny-messages/held", test_tiny_messages_held);
  g_test_add_func ("/sctp/tiny-messages/overtaking", test_tiny_messages_overtaking);
  g_test_add_func ("/sctp/slow-reader", test_slow_reader);
  g_test_add_func ("/sctp/flood", test_flood);
  g_test_add_func ("/sctp/deaf-speaker", test_deaf_speaker);
  g_test_add_data_func ("/sctp/shutdown/clean", &fault_table[0], test_shutdown);
  g_test_add_data_func ("/sctp/shutdown/all-faults", &fault_table[6], test_shutdown);
  g_test_add_func ("/sctp/shutdown/by-both", test_shutdown_by_both);
  g_test_add_func ("/sctp/abort", test_abort);
  g_test_add_func ("/sctp/stream-reset", test_stream_reset);
  g_test_add_func ("/sctp/outage", test_outage);
  g_test_add_func ("/sctp/connect-to-nobody", test_connect_to_nobody);
  g_test_add_func ("/sctp/heartbeat", test_heartbeat);
  g_test_add_func ("/sctp/idle-is-silent", test_idle_is_silent);
  g_test_add_func ("/sctp/junk", test_junk);
  g_test_add_func ("/sctp/many", test_many);
  g_test_add_data_func ("/sctp/clock-wrap/half", GUINT_TO_POINTER (1), test_clock_wrap);
  g_test_add_data_func ("/sctp/clock-wrap/whole", GUINT_TO_POINTER (2), test_clock_wrap);
  g_test_add_data_func ("/sctp/clock-wrap-under-way/half", GUINT_TO_POINTER (1),
                        test_clock_wrap_under_way);
  g_test_add_data_func ("/sctp/clock-wrap-under-way/whole", GUINT_TO_POINTER (2),
                        test_clock_wrap_under_way);
  return g_test_run ();
}
