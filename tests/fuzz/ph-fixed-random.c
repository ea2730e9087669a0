/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-fixed-random.h"

#include <gnutls/crypto.h>

/* Both functions stand before those of the libraries, which call them by name. */

int read_random (void *bytes, int size);

static guint64 state;

void
ph_fixed_random_restart (void)
{
  state = 1;
}

static void
fill (guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      state = state * G_GUINT64_CONSTANT (6364136223846793005) +
              G_GUINT64_CONSTANT (1442695040888963407);
      bytes[i] = (guint8)(state >> 56);
    }
}

int
gnutls_rnd (gnutls_rnd_level_t level, void *data, size_t len)
{
  fill (data, len);
  return 0;
}

int
read_random (void *bytes, int size)
{
  fill (bytes, (gsize)size);
  return size;
}
