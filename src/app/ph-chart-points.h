/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a chart shows: a minute of measured rates, and the words for them. */

#define PH_CHART_SECONDS 60
#define PH_CHART_MAX_POINTS 600

typedef struct
{
  double in[PH_CHART_MAX_POINTS]; /* bytes/s, oldest first, the last one is now */
  double out[PH_CHART_MAX_POINTS];
  guint n;
  double interval_s; /* from one point to the next; above 0 where there are points */
} PhChartPoints;

/* Takes @n points, @interval_s apart; of more than fit, or are within the minute, the last ones.
 * What is no number, or below 0, counts as 0, and what is above 1e15 as that. */
void ph_chart_points_set (PhChartPoints *self,
                          const double *in,
                          const double *out,
                          guint n,
                          double interval_s);

/* How long ago point @i was measured, in seconds. */
double ph_chart_points_age (const PhChartPoints *self, guint i);

/* Which one was measured nearest to @age_s seconds ago; -1 where the nearest is further away than
 * one interval, or there are none. */
int ph_chart_points_find (const PhChartPoints *self, double age_s);

/* The largest of all values; 0 without points. */
double ph_chart_points_max (const PhChartPoints *self);

/* "12 s ago: ↓ 1.2 MB/s ↑ 34 kB/s" of point @i. Owned. */
char *ph_chart_points_dup_reading (const PhChartPoints *self, guint i);

/* The same to be heard: "12 seconds ago: incoming 1.2 MB/s, outgoing 34 kB/s". Owned. */
char *ph_chart_points_dup_spoken (const PhChartPoints *self, guint i);

/* "Incoming 1.2 MB/s, outgoing 34 kB/s; in the last minute at most 3 MB/s". Owned. */
char *ph_chart_points_dup_summary (const PhChartPoints *self);

G_END_DECLS
