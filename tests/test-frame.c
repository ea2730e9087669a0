/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-frame.h"

#include <string.h>

/* One frame, byte for byte, as any other implementation must send it. */
static const guint8 known_message[] = {
  0x00,                                                                  /* DATA */
  0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 20, /* src_addr */
  0xc3, 0x50,                                                            /* src_port 50000 */
  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0,    0,    0,   0,   0, 66, /* dst_addr */
  0x63, 0xdd,                                                            /* dst_port 25565 */
  0x01, 0x02,                                                            /* chunk_id */
  0x00, 0x03,                                                            /* chunk_index */
  0x00, 0x05,                                                            /* total_chunks */
  0x00, 0x04,                                                            /* payload_size */
  'p',  'i',  'n',  'g',
};

/* Offsets of the fields that the tables below write to. */
enum
{
  AT_EVENT = 0,
  AT_ID = 37,
  AT_INDEX = 39,
  AT_TOTAL = 41,
  AT_SIZE = 43,
};

static PhEndpoint
endpoint (const char *text)
{
  PhEndpoint result;

  g_assert_true (ph_endpoint_parse (text, &result, NULL));
  return result;
}

static PhFrame
known_frame (void)
{
  return (PhFrame){
    .event = PH_EVENT_DATA,
    .name = { endpoint ("192.168.1.20:50000"), endpoint ("[2001:db8::42]:25565") },
    .chunk_id = 0x0102,
    .chunk_index = 3,
    .total_chunks = 5,
    .payload_size = 4,
  };
}

static void
test_known_bytes (void)
{
  PhFrame expected = known_frame ();
  guint8 header[PH_FRAME_HEADER_SIZE];
  PhFrame frame;

  g_assert_cmpint (ph_frame_decode (known_message, sizeof known_message, &frame), ==, PH_FRAME_OK);
  g_assert_cmpint (frame.event, ==, PH_EVENT_DATA);
  g_assert_cmpmem (&frame.name, sizeof frame.name, &expected.name, sizeof expected.name);
  g_assert_cmpuint (frame.chunk_id, ==, 0x0102);
  g_assert_cmpuint (frame.chunk_index, ==, 3);
  g_assert_cmpuint (frame.total_chunks, ==, 5);
  g_assert_cmpmem (frame.payload, frame.payload_size, "ping", 4);
  g_assert_true (frame.payload == known_message + PH_FRAME_HEADER_SIZE);

  ph_frame_encode_header (&expected, header);
  g_assert_cmpmem (header, sizeof header, known_message, PH_FRAME_HEADER_SIZE);
}

static void
test_events (void)
{
  guint8 message[sizeof known_message];

  memcpy (message, known_message, sizeof message);
  for (guint event = 0; event <= G_MAXUINT8; event++)
    {
      PhFrame frame;
      gboolean known = event <= PH_EVENT_SERVICES;

      message[AT_EVENT] = (guint8)event;
      g_assert_cmpint (ph_frame_decode (message, sizeof message, &frame), ==,
                       known ? PH_FRAME_OK : PH_FRAME_MALFORMED);
      if (known)
        g_assert_cmpuint (frame.event, ==, event);
    }
}

/* Every header field at the edges of what it may say; size is the whole message's. */
static void
test_fields (void)
{
  static const struct
  {
    guint16 index, total, payload;
    gsize size;
    PhFrameStatus status;
  } rows[] = {
    { 0, 1, 0, 45, PH_FRAME_OK },
    { 0, 1, 4, 49, PH_FRAME_OK },
    { 65534, 65535, 4, 49, PH_FRAME_OK },
    { 0, 65535, 4, 49, PH_FRAME_OK },
    { 0, 1, 65490, 65535, PH_FRAME_OK },
    { 0, 0, 4, 49, PH_FRAME_MALFORMED },
    { 1, 1, 4, 49, PH_FRAME_MALFORMED },
    { 2, 1, 4, 49, PH_FRAME_MALFORMED },
    { 65535, 65535, 4, 49, PH_FRAME_MALFORMED },
    { 65535, 0, 4, 49, PH_FRAME_MALFORMED },
    { 0, 1, 3, 49, PH_FRAME_MALFORMED },
    { 0, 1, 5, 49, PH_FRAME_MALFORMED },
    { 0, 1, 0, 46, PH_FRAME_MALFORMED },
    { 0, 1, 1, 45, PH_FRAME_MALFORMED },
    { 0, 1, 65490, 49, PH_FRAME_MALFORMED },
    { 0, 1, 65491, 65536, PH_FRAME_MALFORMED },
    { 0, 1, 65535, 65580, PH_FRAME_MALFORMED },
    { 0, 1, 0, 65581, PH_FRAME_MALFORMED }, /* the size as 16 bits would fit */
    { 0, 1, 4, 65585, PH_FRAME_MALFORMED },
    { 0, 1, 65490, 65534, PH_FRAME_MALFORMED },
    { 0, 1, 65490, 65536, PH_FRAME_MALFORMED },
  };
  PhFrame expected = known_frame ();

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree guint8 *message = g_malloc0 (rows[i].size);
      PhFrame frame;

      memcpy (message, known_message, PH_FRAME_HEADER_SIZE);
      ph_write_u16 (message + AT_INDEX, rows[i].index);
      ph_write_u16 (message + AT_TOTAL, rows[i].total);
      ph_write_u16 (message + AT_SIZE, rows[i].payload);
      if (ph_frame_decode (message, rows[i].size, &frame) != rows[i].status)
        g_error ("row %" G_GSIZE_FORMAT " decodes otherwise", i);
      g_assert_cmpmem (&frame.name, sizeof frame.name, &expected.name, sizeof expected.name);
    }
}

/* Cut after any byte, it is never taken and never read past its end (each copy has its own
 * allocation, for the sanitizers); whether it still names a connection is told apart. */
static void
test_cut (void)
{
  PhFrame expected = known_frame ();

  for (gsize size = 0; size < sizeof known_message; size++)
    {
      g_autofree guint8 *message = g_memdup2 (known_message, size);
      PhFrame frame, untouched;

      memset (&frame, 0xa5, sizeof frame);
      memset (&untouched, 0xa5, sizeof untouched);
      if (size < AT_ID)
        {
          g_assert_cmpint (ph_frame_decode (message, size, &frame), ==, PH_FRAME_UNNAMED);
          g_assert_cmpmem (&frame, sizeof frame, &untouched, sizeof untouched);
          continue;
        }
      g_assert_cmpint (ph_frame_decode (message, size, &frame), ==, PH_FRAME_MALFORMED);
      g_assert_cmpmem (&frame.name, sizeof frame.name, &expected.name, sizeof expected.name);
      g_assert_cmpint (frame.event, ==, untouched.event);
      g_assert_true (frame.payload == untouched.payload);
    }
}

/* Every payload size there is comes out as it went in. */
static void
test_sizes (void)
{
  g_autofree guint8 *message = g_malloc0 (PH_FRAME_MAX_SIZE);
  PhFrame in = known_frame ();

  for (guint size = 0; size <= PH_FRAME_MAX_PAYLOAD; size++)
    {
      PhFrame out;

      in.payload_size = (guint16)size;
      ph_frame_encode_header (&in, message);
      if (ph_frame_decode (message, PH_FRAME_HEADER_SIZE + size, &out) != PH_FRAME_OK ||
          out.payload_size != size)
        g_error ("payload of %u bytes", size);
      if (ph_frame_decode (message, PH_FRAME_HEADER_SIZE + size + 1, &out) != PH_FRAME_MALFORMED)
        g_error ("one byte too many behind %u", size);
    }
}

static void
test_random_round_trip (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      guint8 message[PH_FRAME_HEADER_SIZE], again[PH_FRAME_HEADER_SIZE];
      PhFrame frame;

      for (gsize i = 0; i < sizeof message; i++)
        message[i] = (guint8)g_test_rand_int_range (0, 256);
      message[AT_EVENT] &= 7;
      ph_write_u16 (message + AT_SIZE, 0);
      if (ph_frame_decode (message, sizeof message, &frame) != PH_FRAME_OK)
        continue;
      ph_frame_encode_header (&frame, again);
      g_assert_cmpmem (again, sizeof again, message, sizeof message);
    }
}

static void
test_integers (void)
{
  guint8 bytes[7] = { 0 };

  for (guint at = 0; at < 3; at++)
    {
      ph_write_u32 (bytes + at, 0x01020304);
      g_assert_cmpmem (bytes + at, 4, "\1\2\3\4", 4);
      g_assert_cmphex (ph_read_u32 (bytes + at), ==, 0x01020304);
      ph_write_u16 (bytes + at, 0xfffe);
      g_assert_cmpmem (bytes + at, 4, "\xff\xfe\3\4", 4);
      g_assert_cmphex (ph_read_u16 (bytes + at), ==, 0xfffe);
    }
}

static void
test_name_equal (void)
{
  PhFrameName a = known_frame ().name;

  for (gsize i = 0; i < sizeof a; i++)
    {
      PhFrameName b = a;

      g_assert_true (ph_frame_name_equal (&a, &b));
      g_assert_cmpuint (ph_frame_name_hash (&a), ==, ph_frame_name_hash (&b));
      ((guint8 *)&b)[i] ^= 0x80;
      g_assert_false (ph_frame_name_equal (&a, &b));
    }
}

/* Names that differ in one port or one byte, as real ones do, spread over the table. */
static void
test_name_hash (void)
{
  g_autoptr (GHashTable) low_bits = g_hash_table_new (NULL, NULL);
  PhFrameName name = known_frame ().name;

  for (guint port = 0; port <= G_MAXUINT16; port++)
    {
      name.src.port = (guint16)port;
      g_hash_table_add (low_bits, GUINT_TO_POINTER (ph_frame_name_hash (&name) & 0xffff));
    }
  /* 65536 keys thrown at random into 65536 places fill 63 % of them. */
  g_assert_cmpuint (g_hash_table_size (low_bits), >, 65536 * 50 / 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/known-bytes", test_known_bytes);
  g_test_add_func ("/frame/events", test_events);
  g_test_add_func ("/frame/fields", test_fields);
  g_test_add_func ("/frame/cut", test_cut);
  g_test_add_func ("/frame/sizes", test_sizes);
  g_test_add_func ("/frame/random-round-trip", test_random_round_trip);
  g_test_add_func ("/frame/integers", test_integers);
  g_test_add_func ("/frame/name-equal", test_name_equal);
  g_test_add_func ("/frame/name-hash", test_name_hash);
  return g_test_run ();
}
