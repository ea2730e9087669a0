/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-traffic.h"

/* The whole seconds that are shown, and the one that runs. */
#define N_BUCKETS (PH_TRAFFIC_SECONDS + 1)

/* Counters are told every 100 ms while something flows. A busy window takes longer, up to here;
 * beyond it, nothing flowed. */
#define LONGEST_GAP_US (3 * G_USEC_PER_SEC)

#define SMALLEST_STEP 500 /* bytes a second */
#define GREATEST_RATE (G_GUINT64_CONSTANT (1000) * 1000 * 1000 * 1000 * 1000 * 1000)

struct _PhTraffic
{
  PhTrafficRate buckets[N_BUCKETS]; /* bytes in second s stand at s % N_BUCKETS */
  gint64 second;                    /* the newest one there */
  gint64 last_us;
  guint64 last_in;
  guint64 last_out;
  gboolean has_begun;
};

PhTraffic *
ph_traffic_new (void)
{
  return g_new0 (PhTraffic, 1);
}

void
ph_traffic_free (PhTraffic *self)
{
  g_free (self);
}

static PhTrafficRate *
bucket (PhTraffic *self, gint64 second)
{
  return &self->buckets[second % N_BUCKETS];
}

/* Makes room for the second of @now_us, empty like those that were passed over. */
static void
advance (PhTraffic *self, gint64 now_us)
{
  gint64 second = now_us / G_USEC_PER_SEC;
  gint64 first = MAX (self->second + 1, second - N_BUCKETS + 1);

  for (gint64 s = first; s <= second; s++)
    *bucket (self, s) = (PhTrafficRate){ 0 };
  self->second = MAX (self->second, second);
}

/* @bytes that came evenly over @span_us, of which @part_us; no product that could overflow. */
static guint64
share (guint64 bytes, gint64 part_us, gint64 span_us)
{
  guint64 part = (guint64)part_us, span = (guint64)span_us;

  return bytes / span * part + bytes % span * part / span;
}

/* Spreads over [@start_us, @end_us], which may be nothing. What was rounded off goes to the end. */
static void
spread (PhTraffic *self, gint64 start_us, gint64 end_us, guint64 in, guint64 out)
{
  guint64 left_in = in, left_out = out;
  gint64 span = end_us - start_us;

  for (gint64 s = start_us / G_USEC_PER_SEC; s < end_us / G_USEC_PER_SEC; s++)
    {
      gint64 part = (s + 1) * G_USEC_PER_SEC - MAX (start_us, s * G_USEC_PER_SEC);
      PhTrafficRate here = { share (in, part, span), share (out, part, span) };

      bucket (self, s)->in += here.in;
      bucket (self, s)->out += here.out;
      left_in -= here.in;
      left_out -= here.out;
    }
  bucket (self, end_us / G_USEC_PER_SEC)->in += left_in;
  bucket (self, end_us / G_USEC_PER_SEC)->out += left_out;
}

void
ph_traffic_add (PhTraffic *self, gint64 now_us, guint64 total_bytes_in, guint64 total_bytes_out)
{
  gint64 start_us = self->last_us;

  now_us = MAX (now_us, self->last_us);
  advance (self, now_us);
  if (now_us - start_us > LONGEST_GAP_US)
    start_us = now_us - G_USEC_PER_SEC;
  if (self->has_begun && total_bytes_in >= self->last_in && total_bytes_out >= self->last_out)
    spread (self, start_us, now_us, total_bytes_in - self->last_in,
            total_bytes_out - self->last_out);
  self->has_begun = TRUE;
  self->last_us = now_us;
  self->last_in = total_bytes_in;
  self->last_out = total_bytes_out;
}

guint64
ph_traffic_get_rates (PhTraffic *self, gint64 now_us, PhTrafficRate ret_rates[PH_TRAFFIC_SECONDS])
{
  guint64 maximum = 0;

  advance (self, now_us);
  for (gint64 i = 0; i < PH_TRAFFIC_SECONDS; i++)
    {
      gint64 second = self->second - PH_TRAFFIC_SECONDS + i;

      ret_rates[i] = second >= 0 ? *bucket (self, second) : (PhTrafficRate){ 0 };
      maximum = MAX (maximum, MAX (ret_rates[i].in, ret_rates[i].out));
    }
  return maximum;
}

/* The second that runs, and as much of the one before as it lacks. */
PhTrafficRate
ph_traffic_get_current (PhTraffic *self, gint64 now_us)
{
  gint64 rest_us = G_USEC_PER_SEC - now_us % G_USEC_PER_SEC;
  const PhTrafficRate *now, *before;

  advance (self, now_us);
  now = bucket (self, self->second);
  before = bucket (self, self->second + N_BUCKETS - 1);
  return (PhTrafficRate){ now->in + share (before->in, rest_us, G_USEC_PER_SEC),
                          now->out + share (before->out, rest_us, G_USEC_PER_SEC) };
}

double
ph_traffic_get_phase (gint64 now_us)
{
  return (double)(now_us % G_USEC_PER_SEC) / (double)G_USEC_PER_SEC;
}

guint64
ph_traffic_get_axis (guint64 maximum, guint64 *ret_step)
{
  guint64 step = SMALLEST_STEP, n;

  maximum = MIN (maximum, GREATEST_RATE);
  for (guint i = 0; step * PH_TRAFFIC_MAX_STEPS < maximum; i++) /* 500, 1000, 2000, 5000, … */
    step = i % 3 == 2 ? step / 2 * 5 : step * 2;
  n = (maximum + step - 1) / step;
  *ret_step = step;
  return step * MAX (n, 2);
}
