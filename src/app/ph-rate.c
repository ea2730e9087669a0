/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rate.h"

#include <glib/gi18n.h>
#include <math.h>

#define AXIS_LINES 3
#define SMALLEST_STEP 5e3
#define LARGEST_STEP 1e18

static char *
with_unit (const char *number, guint thousands)
{
  switch (thousands)
    {
    case 0:
      return g_strdup_printf (_ ("%s\u00a0B/s"), number);
    case 1:
      return g_strdup_printf (_ ("%s\u00a0kB/s"), number);
    case 2:
      return g_strdup_printf (_ ("%s\u00a0MB/s"), number);
    case 3:
      return g_strdup_printf (_ ("%s\u00a0GB/s"), number);
    }
  return g_strdup_printf (_ ("%s\u00a0TB/s"), number);
}

char *
ph_rate_dup_text (double bytes_per_s)
{
  double value = isfinite (bytes_per_s) && bytes_per_s > 0 ? bytes_per_s : 0;
  guint thousands = 0;
  g_autofree char *number = NULL;

  for (; value >= 999.5 && thousands < 4; thousands++)
    value /= 1000;
  /* What rounds to a whole number is written as one. */
  if (thousands > 0 && value < 9.95 && fabs (value - round (value)) >= 0.05)
    number = g_strdup_printf ("%.1f", value);
  else
    number = g_strdup_printf ("%.0f", value);
  return with_unit (number, thousands);
}

double
ph_rate_axis_step (double max_bytes_per_s)
{
  static const double factors[] = { 2, 2, 2.5 }; /* from 5 to 10, 20, 50 */
  double step = SMALLEST_STEP;

  for (guint i = 0; step * AXIS_LINES < max_bytes_per_s && step < LARGEST_STEP; i++)
    step *= factors[i % G_N_ELEMENTS (factors)];
  return step;
}
