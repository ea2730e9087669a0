/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-rate.h"

#include <math.h>
#include <string.h>

static void
test_text (void)
{
  static const struct
  {
    double rate;
    const char *text;
  } cases[] = {
    { 0, "0 B/s" },         { 0.4, "0 B/s" },       { 1, "1 B/s" },        { 999.4, "999 B/s" },
    { 999.5, "1 kB/s" }, /* never “1000 B/s” */
    { 1000, "1 kB/s" },     { 1040, "1 kB/s" },     { 1060, "1.1 kB/s" },  { 9940, "9.9 kB/s" },
    { 9950, "10 kB/s" },    { 34e3, "34 kB/s" },    { 500e3, "500 kB/s" }, { 999499, "999 kB/s" },
    { 999500, "1 MB/s" },   { 1.2e6, "1.2 MB/s" },  { 1.96e6, "2 MB/s" },  { 3e9, "3 GB/s" },
    { 2.5e12, "2.5 TB/s" }, { 1e16, "10000 TB/s" }, { -5, "0 B/s" },       { NAN, "0 B/s" },
    { INFINITY, "0 B/s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = ph_rate_dup_text (cases[i].rate);
      g_auto (GStrv) parts = g_strsplit (text, "\u00a0", 2); /* a space no line breaks at */
      g_autofree char *plain = g_strjoinv (" ", parts);

      g_assert_cmpuint (g_strv_length (parts), ==, 2);
      g_assert_cmpstr (plain, ==, cases[i].text);
    }
}

static void
test_axis_step (void)
{
  static const struct
  {
    double max, step;
  } cases[] = {
    { 0, 5e3 },      { 15e3, 5e3 },  { 15001, 10e3 }, { 31e3, 20e3 },
    { 61e3, 50e3 },  { 1e6, 500e3 }, { 1.2e6, 5e5 },  { 1.6e6, 1e6 },
    { 117e6, 50e6 }, { NAN, 5e3 },   { -1, 5e3 },     { INFINITY, 1e18 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat_with_epsilon (ph_rate_axis_step (cases[i].max), cases[i].step, 1e-3);
}

/* Whatever the maximum: two or three lines hold it, and their labels are short. */
static void
test_axis_holds (void)
{
  for (double max = 10.1e3; max < 1e13; max *= 1.017)
    {
      double step = ph_rate_axis_step (max);
      double n = ceil (max / step);

      g_assert_cmpfloat (n, >=, 2);
      g_assert_cmpfloat (n, <=, 3);
      for (guint i = 1; i <= (guint)n; i++)
        {
          g_autofree char *text = ph_rate_dup_text (step * i);
          g_auto (GStrv) parts = g_strsplit (text, "\u00a0", 2);

          g_assert_cmpuint (strlen (parts[0]), <=, 3);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate/text", test_text);
  g_test_add_func ("/rate/axis-step", test_axis_step);
  g_test_add_func ("/rate/axis-holds", test_axis_holds);
  return g_test_run ();
}
