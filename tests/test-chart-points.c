/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-chart-points.h"

#include <math.h>

#define MANY (2 * PH_CHART_MAX_POINTS)

static double ramp[MANY]; /* 0, 1, 2 … */
static double zeros[MANY];

static void
test_minute (void)
{
  PhChartPoints points = { 0 };

  ph_chart_points_set (&points, ramp, zeros, 100, 1);
  g_assert_cmpuint (points.n, ==, PH_CHART_SECONDS + 1); /* both ends of it */
  g_assert_cmpfloat (points.in[0], ==, 39);
  g_assert_cmpfloat (points.in[points.n - 1], ==, 99);
  g_assert_cmpfloat (ph_chart_points_age (&points, 0), ==, PH_CHART_SECONDS);
  g_assert_cmpfloat (ph_chart_points_age (&points, points.n - 1), ==, 0);
}

static void
test_most (void)
{
  PhChartPoints points = { 0 };

  ph_chart_points_set (&points, ramp, zeros, MANY, 1e-9);
  g_assert_cmpuint (points.n, ==, PH_CHART_MAX_POINTS);
  g_assert_cmpfloat (points.in[0], ==, MANY - PH_CHART_MAX_POINTS);
  g_assert_cmpfloat (points.in[points.n - 1], ==, MANY - 1);
}

static void
test_few (void)
{
  PhChartPoints points = { 0 };

  ph_chart_points_set (&points, ramp, ramp, 3, 1);
  g_assert_cmpuint (points.n, ==, 3);
  g_assert_cmpfloat (ph_chart_points_age (&points, 0), ==, 2);
  ph_chart_points_set (&points, NULL, NULL, 0, 0);
  g_assert_cmpuint (points.n, ==, 0);
  g_assert_cmpfloat (ph_chart_points_max (&points), ==, 0);
}

static void
test_no_numbers (void)
{
  const double in[] = { NAN, -1, -INFINITY, 7 }, out[] = { 1, 2, INFINITY, 3 };
  PhChartPoints points = { 0 };

  ph_chart_points_set (&points, in, out, G_N_ELEMENTS (in), 1);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpfloat (points.in[i], ==, 0);
  g_assert_cmpfloat (points.in[3], ==, 7);
  g_assert_cmpfloat (points.out[2], ==, 1e15);
  g_assert_cmpfloat (ph_chart_points_max (&points), ==, 1e15);
}

static void
test_find (void)
{
  PhChartPoints points = { 0 };

  g_assert_cmpint (ph_chart_points_find (&points, 0), ==, -1);
  ph_chart_points_set (&points, ramp, zeros, 5, 2);
  g_assert_cmpint (ph_chart_points_find (&points, 0), ==, 4);
  g_assert_cmpint (ph_chart_points_find (&points, 0.9), ==, 4);
  g_assert_cmpint (ph_chart_points_find (&points, 1.1), ==, 3);
  g_assert_cmpint (ph_chart_points_find (&points, 8), ==, 0);
  /* A little beside the ends, and further. */
  g_assert_cmpint (ph_chart_points_find (&points, -1.9), ==, 4);
  g_assert_cmpint (ph_chart_points_find (&points, -2.1), ==, -1);
  g_assert_cmpint (ph_chart_points_find (&points, 9.9), ==, 0);
  g_assert_cmpint (ph_chart_points_find (&points, 10.1), ==, -1);
  g_assert_cmpint (ph_chart_points_find (&points, 1e300), ==, -1);
}

/* Spaces that no line breaks at, as plain ones. */
static void
assert_words (char *words, const char *expected)
{
  g_autofree char *owned = words;
  g_auto (GStrv) parts = g_strsplit (owned, "\u00a0", -1);
  g_autofree char *plain = g_strjoinv (" ", parts);

  g_assert_cmpstr (plain, ==, expected);
}

static void
test_words (void)
{
  const double in[] = { 3e6, 20, 1.2e6 }, out[] = { 0, 34e3, 34e3 };
  PhChartPoints points = { 0 };

  assert_words (ph_chart_points_dup_summary (&points),
                "Incoming 0 B/s, outgoing 0 B/s; in the last minute at most 0 B/s");
  ph_chart_points_set (&points, in, out, G_N_ELEMENTS (in), 1);
  assert_words (ph_chart_points_dup_summary (&points),
                "Incoming 1.2 MB/s, outgoing 34 kB/s; in the last minute at most 3 MB/s");
  assert_words (ph_chart_points_dup_reading (&points, 0), "2 s ago: ↓ 3 MB/s ↑ 0 B/s");
  assert_words (ph_chart_points_dup_reading (&points, 2), "Now: ↓ 1.2 MB/s ↑ 34 kB/s");
  assert_words (ph_chart_points_dup_spoken (&points, 1),
                "1 second ago: incoming 20 B/s, outgoing 34 kB/s");
  assert_words (ph_chart_points_dup_spoken (&points, 0),
                "2 seconds ago: incoming 3 MB/s, outgoing 0 B/s");
  assert_words (ph_chart_points_dup_spoken (&points, 2),
                "Now: incoming 1.2 MB/s, outgoing 34 kB/s");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < MANY; i++)
    ramp[i] = i;
  g_test_add_func ("/chart-points/minute", test_minute);
  g_test_add_func ("/chart-points/most", test_most);
  g_test_add_func ("/chart-points/few", test_few);
  g_test_add_func ("/chart-points/no-numbers", test_no_numbers);
  g_test_add_func ("/chart-points/find", test_find);
  g_test_add_func ("/chart-points/words", test_words);
  return g_test_run ();
}
