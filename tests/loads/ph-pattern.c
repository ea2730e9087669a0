/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-pattern.h"

/* A prime, so that neither frames nor packets nor windows are a whole number of periods. */
#define PERIOD_BYTES 1048573
#define SEED 9293

const guint8 *
ph_pattern_get (guint32 number, guint64 at)
{
  static guint8 pool[PERIOD_BYTES + PH_PATTERN_RUN_BYTES];
  static gboolean is_filled;

  if (!is_filled)
    {
      g_autoptr (GRand) random = g_rand_new_with_seed (SEED);

      for (gsize i = 0; i < sizeof pool; i++)
        pool[i] = i < PERIOD_BYTES ? (guint8)g_rand_int (random) : pool[i - PERIOD_BYTES];
      is_filled = TRUE;
    }
  return pool + (at + (guint64)number * 7919) % PERIOD_BYTES;
}
