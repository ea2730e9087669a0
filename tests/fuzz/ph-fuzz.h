/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A fuzzer's input, taken piece by piece from its beginning. What is taken past its end is 0, or
 * fewer bytes than were asked for. */
typedef struct
{
  const guint8 *data;
  gsize size;
} PhFuzz;

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* At most @size bytes; borrowed. */
static inline const guint8 *
ph_fuzz_take (PhFuzz *input, gsize size, gsize *ret_size)
{
  const guint8 *bytes = input->data;

  *ret_size = MIN (size, input->size);
  if (*ret_size > 0)
    input->data += *ret_size;
  input->size -= *ret_size;
  return bytes;
}

static inline guint8
ph_fuzz_take_u8 (PhFuzz *input)
{
  gsize size;
  const guint8 *byte = ph_fuzz_take (input, 1, &size);

  return size > 0 ? *byte : 0;
}

static inline guint16
ph_fuzz_take_u16 (PhFuzz *input)
{
  guint high = ph_fuzz_take_u8 (input);

  return (guint16)(high << 8 | ph_fuzz_take_u8 (input));
}

G_END_DECLS
