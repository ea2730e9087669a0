/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How fast bytes went in and out over the last minute, for a chart: made from counters that only
 * grow, whenever they are told. One thread. */

#define PH_TRAFFIC_SECONDS 60

typedef struct
{
  guint64 in; /* bytes a second */
  guint64 out;
} PhTrafficRate;

typedef struct _PhTraffic PhTraffic;

PhTraffic *ph_traffic_new (void);
void ph_traffic_free (PhTraffic *traffic);

/* All bytes so far at @now_us, a monotonic time that does not go back. The first call, and one with
 * less than before (another session), only say where counting begins. What has come since the call
 * before is spread evenly over the time between; where that is longer than the counters take to
 * tell of something, over its last second, for nothing flowed before. */
void
ph_traffic_add (PhTraffic *traffic, gint64 now_us, guint64 total_bytes_in, guint64 total_bytes_out);

/* Fills in the PH_TRAFFIC_SECONDS seconds before the one that @now_us is in, oldest first; what was
 * before the first call is 0. Returns the greatest rate among them. */
guint64 ph_traffic_get_rates (PhTraffic *traffic,
                              gint64 now_us,
                              PhTrafficRate ret_rates[PH_TRAFFIC_SECONDS]);

/* The rate now: over the second that ends at @now_us. */
PhTrafficRate ph_traffic_get_current (PhTraffic *traffic, gint64 now_us);

/* How far @now_us is into its second, 0 to below 1: a chart that moves to the left by this much of
 * a second moves evenly. */
double ph_traffic_get_phase (gint64 now_us);

/* An axis that @maximum fits on, with at most PH_TRAFFIC_MAX_STEPS lines above zero, at numbers
 * that people say: 1, 2 or 5 and zeros, which is round in the decimal units of ph_words_rate.
 * Returns where it ends, a whole number of steps, at least 1000. */
#define PH_TRAFFIC_MAX_STEPS 4
guint64 ph_traffic_get_axis (guint64 maximum, guint64 *ret_step);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhTraffic, ph_traffic_free)

G_END_DECLS
