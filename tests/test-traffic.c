/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-traffic.h"

#define S G_USEC_PER_SEC
#define START (1000 * S) /* a monotonic clock is far from 0 */
#define LAST (PH_TRAFFIC_SECONDS - 1)

static guint64
sum_in (const PhTrafficRate rates[PH_TRAFFIC_SECONDS])
{
  guint64 sum = 0;

  for (guint i = 0; i < PH_TRAFFIC_SECONDS; i++)
    sum += rates[i].in;
  return sum;
}

static void
test_empty (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS], now;

  g_assert_cmpuint (ph_traffic_get_rates (traffic, 0, rates), ==, 0);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START, rates), ==, 0);
  g_assert_cmpuint (sum_in (rates), ==, 0);
  now = ph_traffic_get_current (traffic, START);
  g_assert_cmpuint (now.in + now.out, ==, 0);
}

/* What was there before is no traffic. */
static void
test_begin (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];

  ph_traffic_add (traffic, START, 5000000, 7000000);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + S, rates), ==, 0);
}

/* Ten times a second, 1000 in and 500 out each: a flat line, also now. */
static void
test_steady (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS], now;

  for (guint i = 0; i <= 705; i++)
    {
      ph_traffic_add (traffic, START + i * S / 10, i * 1000, i * 500);
      now = ph_traffic_get_current (traffic, START + i * S / 10);
      g_assert_true (i < 10 || (now.in == 10000 && now.out == 5000));
    }
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + 70 * S + S / 2, rates), ==, 10000);
  for (guint i = 0; i < PH_TRAFFIC_SECONDS; i++)
    {
      g_assert_cmpuint (rates[i].in, ==, 10000);
      g_assert_cmpuint (rates[i].out, ==, 5000);
    }
}

/* Irregular times: nothing is lost and nothing made up. */
static void
test_sum (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];
  gint64 now = START;
  guint64 total = 0;

  ph_traffic_add (traffic, now, 0, 0);
  while (now < START + 50 * S)
    {
      now += g_test_rand_int_range (0, 4 * S);
      total += (guint64)g_test_rand_int_range (0, G_MAXINT32);
      ph_traffic_add (traffic, now, total, 0);
    }
  ph_traffic_get_rates (traffic, now + S, rates);
  g_assert_cmpuint (sum_in (rates), ==, total);
}

/* A window that was busy for two seconds shows two even ones; after a long silence what comes has
 * just come. */
static void
test_gaps (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];

  ph_traffic_add (traffic, START, 0, 0);
  ph_traffic_add (traffic, START + 2 * S, 2000, 0);
  ph_traffic_get_rates (traffic, START + 2 * S, rates);
  g_assert_cmpuint (rates[LAST - 1].in, ==, 1000);
  g_assert_cmpuint (rates[LAST].in, ==, 1000);
  ph_traffic_add (traffic, START + 32 * S, 9000, 0);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + 32 * S, rates), ==, 7000);
  g_assert_cmpuint (rates[LAST].in, ==, 7000);
  g_assert_cmpuint (rates[LAST - 1].in, ==, 0);
  g_assert_cmpuint (rates[LAST - 30].in, ==, 1000);
}

/* It leaves at the left, also when nothing is told for longer than is shown. */
static void
test_leaves (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];

  ph_traffic_add (traffic, START, 0, 0);
  ph_traffic_add (traffic, START + S / 2, 800, 0);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + S / 2, rates), ==, 0);
  g_assert_cmpuint (ph_traffic_get_current (traffic, START + S / 2).in, ==, 800);
  g_assert_cmpuint (ph_traffic_get_current (traffic, START + S + S / 4).in, ==, 600);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + 60 * S, rates), ==, 800);
  g_assert_cmpuint (rates[0].in, ==, 800);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + 61 * S, rates), ==, 0);
  ph_traffic_add (traffic, START + 500 * S, 900, 0);
  ph_traffic_get_rates (traffic, START + 501 * S, rates);
  g_assert_cmpuint (sum_in (rates), ==, 100);
}

/* A counter that begins anew is no traffic, and nor is a clock that goes back. */
static void
test_restart (void)
{
  g_autoptr (PhTraffic) traffic = ph_traffic_new ();
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];

  ph_traffic_add (traffic, START, 1000000, 0);
  ph_traffic_add (traffic, START + S, 10, 0);
  ph_traffic_add (traffic, START + S / 2, 30, 0);
  ph_traffic_add (traffic, START + S, 30, G_MAXUINT64);
  g_assert_cmpuint (ph_traffic_get_rates (traffic, START + 2 * S, rates), ==, G_MAXUINT64);
  g_assert_cmpuint (sum_in (rates), ==, 20);
}

static void
test_phase (void)
{
  g_assert_cmpfloat (ph_traffic_get_phase (START), ==, 0);
  g_assert_cmpfloat (ph_traffic_get_phase (START + S / 4), ==, 0.25);
}

static void
test_axis (void)
{
  static const struct
  {
    guint64 maximum, end, step;
  } cases[] = {
    { 0, 1000, 500 },
    { 1, 1000, 500 },
    { 1001, 1500, 500 },
    { 2000, 2000, 500 },
    { 2001, 3000, 1000 },
    { 4001, 6000, 2000 },
    { 8001, 10000, 5000 },
    { 20001, 30000, 10000 },
    { 123456789, 150000000, 50000000 },
    { G_MAXUINT64, G_GUINT64_CONSTANT (1000000000000000000),
      G_GUINT64_CONSTANT (500000000000000000) },
  };
  guint64 step;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpuint (ph_traffic_get_axis (cases[i].maximum, &step), ==, cases[i].end);
      g_assert_cmpuint (step, ==, cases[i].step);
    }
  for (guint64 maximum = 1; maximum < G_MAXUINT32; maximum = maximum * 3 / 2 + 1)
    {
      guint64 end = ph_traffic_get_axis (maximum, &step);

      g_assert_cmpuint (end, >=, maximum);
      g_assert_cmpuint (end % step, ==, 0);
      g_assert_cmpuint (end / step, <=, PH_TRAFFIC_MAX_STEPS);
      g_assert_cmpuint (end, <=, MAX (1000, maximum * 2));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/traffic/empty", test_empty);
  g_test_add_func ("/traffic/begin", test_begin);
  g_test_add_func ("/traffic/steady", test_steady);
  g_test_add_func ("/traffic/sum", test_sum);
  g_test_add_func ("/traffic/gaps", test_gaps);
  g_test_add_func ("/traffic/leaves", test_leaves);
  g_test_add_func ("/traffic/restart", test_restart);
  g_test_add_func ("/traffic/phase", test_phase);
  g_test_add_func ("/traffic/axis", test_axis);
  return g_test_run ();
}
