/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* Castagnoli, reflected */

guint32
ph_crc32c_by_table (const guint8 *bytes, gsize size)
{
  static guint32 table[256];
  static gsize is_ready = 0;
  guint32 crc = ~0u;

  if (g_once_init_enter (&is_ready))
    {
      for (guint32 i = 0; i < 256; i++)
        {
          guint32 value = i;

          for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ ((value & 1) ? POLYNOMIAL : 0);
          table[i] = value;
        }
      g_once_init_leave (&is_ready, 1);
    }
  for (gsize i = 0; i < size; i++)
    crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc;
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <nmmintrin.h>

__attribute__ ((target ("sse4.2"))) static guint32
crc32c_hardware (const guint8 *bytes, gsize size)
{
  guint64 crc = ~0u;
  guint64 word;

  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      crc = _mm_crc32_u64 (crc, word);
    }
  for (; size > 0; bytes++, size--)
    crc = _mm_crc32_u8 ((guint32)crc, *bytes);
  return ~(guint32)crc;
}

static gboolean
has_hardware (void)
{
  return __builtin_cpu_supports ("sse4.2") != 0;
}

#elif defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

static guint32
crc32c_hardware (const guint8 *bytes, gsize size)
{
  guint32 crc = ~0u;
  guint64 word;

  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      crc = __crc32cd (crc, word);
    }
  for (; size > 0; bytes++, size--)
    crc = __crc32cb (crc, *bytes);
  return ~crc;
}

static gboolean
has_hardware (void)
{
  return TRUE;
}

#else

#define crc32c_hardware ph_crc32c_by_table

static gboolean
has_hardware (void)
{
  return FALSE;
}

#endif

guint32
ph_crc32c (const guint8 *bytes, gsize size)
{
  return has_hardware () ? crc32c_hardware (bytes, size) : ph_crc32c_by_table (bytes, size);
}
