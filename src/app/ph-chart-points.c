/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-chart-points.h"

#include "ph-words.h"

#include <glib/gi18n.h>
#include <math.h>

#define GREATEST_RATE 1e15

/* Whole bytes are fine enough for words. */
static char *
dup_rate (double bytes_per_s)
{
  return ph_words_dup_rate ((guint64)bytes_per_s);
}

static void
copy_rates (double *to, const double *from, guint n)
{
  for (guint i = 0; i < n; i++)
    to[i] = from[i] > 0 ? MIN (from[i], GREATEST_RATE) : 0; /* not for what is no number */
}

void
ph_chart_points_set (PhChartPoints *self,
                     const double *in,
                     const double *out,
                     guint n,
                     double interval_s)
{
  guint kept;

  g_return_if_fail (n == 0 || interval_s > 0);
  kept = n == 0 ? 0 : (guint)MIN (PH_CHART_SECONDS / interval_s + 1, PH_CHART_MAX_POINTS);
  kept = MIN (kept, n);
  copy_rates (self->in, in + (n - kept), kept);
  copy_rates (self->out, out + (n - kept), kept);
  self->n = kept;
  self->interval_s = interval_s;
}

double
ph_chart_points_age (const PhChartPoints *self, guint i)
{
  return (self->n - 1 - i) * self->interval_s;
}

int
ph_chart_points_find (const PhChartPoints *self, double age_s)
{
  double back, nearest;

  if (self->n == 0)
    return -1;
  back = age_s / self->interval_s;
  nearest = CLAMP (round (back), 0, self->n - 1);
  return fabs (back - nearest) <= 1 ? (int)(self->n - 1 - (guint)nearest) : -1;
}

double
ph_chart_points_max (const PhChartPoints *self)
{
  double max = 0;

  for (guint i = 0; i < self->n; i++)
    max = MAX (max, MAX (self->in[i], self->out[i]));
  return max;
}

char *
ph_chart_points_dup_reading (const PhChartPoints *self, guint i)
{
  g_autofree char *in = dup_rate (self->in[i]);
  g_autofree char *out = dup_rate (self->out[i]);
  double age_s = round (ph_chart_points_age (self, i));

  if (age_s == 0)
    return g_strdup_printf (_ ("Now: ↓ %s ↑ %s"), in, out);
  return g_strdup_printf (_ ("%.0f s ago: ↓ %s ↑ %s"), age_s, in, out);
}

char *
ph_chart_points_dup_spoken (const PhChartPoints *self, guint i)
{
  g_autofree char *in = dup_rate (self->in[i]);
  g_autofree char *out = dup_rate (self->out[i]);
  guint age_s = (guint)round (ph_chart_points_age (self, i));

  if (age_s == 0)
    return g_strdup_printf (_ ("Now: incoming %s, outgoing %s"), in, out);
  return g_strdup_printf (ngettext ("%u second ago: incoming %s, outgoing %s",
                                    "%u seconds ago: incoming %s, outgoing %s", age_s),
                          age_s, in, out);
}

char *
ph_chart_points_dup_summary (const PhChartPoints *self)
{
  guint last = self->n - 1;
  g_autofree char *in = dup_rate (self->n > 0 ? self->in[last] : 0);
  g_autofree char *out = dup_rate (self->n > 0 ? self->out[last] : 0);
  g_autofree char *max = dup_rate (ph_chart_points_max (self));

  return g_strdup_printf (_ ("Incoming %s, outgoing %s; in the last minute at most %s"), in, out,
                          max);
}
