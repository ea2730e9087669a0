/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-frame.h"
#include "core/ph-text.h"
#include "session/ph-block.h"
#include "transport/ph-crc32c.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What parses is within its limits, and means the same once it has been through the transport's
 * form, or printed again. */
static void
try_text (const char *text, PhBlockKind wanted)
{
  g_autoptr (PhBlock) block = ph_block_parse (text, wanted, NULL);
  g_autoptr (PhBlock) again = NULL;
  g_autoptr (PhHalf) half = NULL;
  g_autofree char *printed = NULL;

  if (block == NULL)
    return;
  g_assert_cmpint (block->kind, ==, wanted);
  g_assert_cmpuint (strlen (block->name), <=, PH_TEXT_MAX_NAME);
  g_assert_cmpuint (block->sdp->candidates->len, <=, PH_SDP_MAX_CANDIDATES);
  printed = ph_block_print (block);
  again = ph_block_parse (printed, wanted, NULL);
  g_assert_nonnull (again);
  g_assert_true (g_bytes_equal (again->covered, block->covered));
  half = ph_block_dup_half (block);
  g_assert_cmpuint (g_strv_length (half->candidates), ==, block->sdp->candidates->len);
}

/* Past the CRC, which no fuzzer finds. */
static char *
seal (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *base64 = NULL;
  guint8 crc[4];

  g_byte_array_append (bytes, data, (guint)size);
  if (size >= 4)
    ph_write_u16 (bytes->data + 2, (guint16)(size + sizeof crc));
  ph_write_u32 (crc, ph_crc32c (bytes->data, bytes->len));
  g_byte_array_append (bytes, crc, sizeof crc);
  base64 = g_base64_encode (bytes->data, bytes->len);
  return g_strdup_printf ("BEGIN PORTHOLE OFFER\n%s\nEND PORTHOLE OFFER", base64);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *sealed = seal (data, size);

  try_text (text, PH_BLOCK_OFFER);
  try_text (text, PH_BLOCK_ANSWER);
  try_text (sealed, PH_BLOCK_OFFER);
  try_text (sealed, PH_BLOCK_ANSWER);
  g_assert_true (!ph_block_begins (text) || strstr (text, "BEGIN") != NULL);
  g_assert_true (!ph_block_has_end_line (text) || strstr (text, "END") != NULL);
  return 0;
}
