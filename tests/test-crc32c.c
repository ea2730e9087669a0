/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "transport/ph-crc32c.h"

typedef struct
{
  const char *name;
  guint8 bytes[48];
  gsize size;
  guint32 crc;
} Vector;

/* RFC 3720 appendix B.4, whose bytes stand in the order of the wire; and the check value of
 * “123456789” that every list of CRCs gives. */
static const Vector fixed_vectors[] = {
  { "empty", { 0 }, 0, 0x00000000 },
  { "zeros", { 0 }, 32, 0x8a9136aa },
  { "check", "123456789", 9, 0xe3069283 },
  { "iscsi-read",
    { 0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0,
      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0,    0 },
    48,
    0xd9963a56 },
};

static void
assert_crc (const char *name, const guint8 *bytes, gsize size, guint32 expected)
{
  g_test_message ("%s", name);
  g_assert_cmphex (ph_crc32c (bytes, size), ==, expected);
  g_assert_cmphex (ph_crc32c_by_table (bytes, size), ==, expected);
}

static void
test_vectors (void)
{
  guint8 bytes[32];

  for (gsize i = 0; i < G_N_ELEMENTS (fixed_vectors); i++)
    assert_crc (fixed_vectors[i].name, fixed_vectors[i].bytes, fixed_vectors[i].size,
                fixed_vectors[i].crc);
  memset (bytes, 0xff, sizeof bytes);
  assert_crc ("ones", bytes, sizeof bytes, 0x62a8ab43);
  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)i;
  assert_crc ("rising", bytes, sizeof bytes, 0x46dd794e);
  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)(31 - i);
  assert_crc ("falling", bytes, sizeof bytes, 0x113fdb5c);
}

static void
test_hardware_equals_table (void)
{
  guint8 bytes[308];
  g_autoptr (GRand) random = g_rand_new_with_seed (3720);

  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)g_rand_int (random);
  for (gsize offset = 0; offset < 8; offset++)
    for (gsize size = 0; size <= 300; size++)
      g_assert_cmphex (ph_crc32c (bytes + offset, size), ==,
                       ph_crc32c_by_table (bytes + offset, size));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crc32c/vectors", test_vectors);
  g_test_add_func ("/crc32c/hardware-equals-table", test_hardware_equals_table);
  return g_test_run ();
}
