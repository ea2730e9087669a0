/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-words.h"

#define NBSP "\302\240" /* GLib keeps a number and its unit together */

/* Takes @words. */
static void
assert_words (char *words, const char *wanted)
{
  g_assert_cmpstr (words, ==, wanted);
  g_free (words);
}

static void
test_rate (void)
{
  static const struct
  {
    guint64 rate;
    const char *words;
  } cases[] = {
    { 0, "0" NBSP "B/s" },
    { 1, "1" NBSP "B/s" },
    { 999, "999" NBSP "B/s" },
    { 1000, "1" NBSP "kB/s" },
    { 1040, "1" NBSP "kB/s" },
    { 1060, "1.1" NBSP "kB/s" },
    { 9940, "9.9" NBSP "kB/s" },
    { 9960, "10" NBSP "kB/s" },
    { 34000, "34" NBSP "kB/s" },
    { 500000, "500" NBSP "kB/s" },
    { 999499, "999" NBSP "kB/s" },
    { 999500, "1" NBSP "MB/s" }, /* never “1000 kB/s” */
    { 1200000, "1.2" NBSP "MB/s" },
    { 1960000, "2" NBSP "MB/s" },
    { G_GUINT64_CONSTANT (3000000000), "3" NBSP "GB/s" },
    { G_GUINT64_CONSTANT (2500000000000), "2.5" NBSP "TB/s" },
    { G_MAXUINT64, "18446744" NBSP "TB/s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_words (ph_words_dup_rate (cases[i].rate), cases[i].words);
}

static void
test_size (void)
{
  assert_words (ph_words_dup_size (999), "999 bytes");
  assert_words (ph_words_dup_size (1000), "1.0" NBSP "kB");
  assert_words (ph_words_dup_size (G_GUINT64_CONSTANT (5300000000)), "5.3" NBSP "GB");
}

static void
test_age (void)
{
  static const struct
  {
    gint64 seconds;
    const char *words;
  } cases[] = {
    { -1, "0 s" },     { 0, "0 s" },       { 12, "12 s" },           { 59, "59 s" },
    { 60, "1 min" },   { 3599, "59 min" }, { 3600, "1 h" },          { 7260, "2 h" },
    { 86399, "23 h" }, { 86400, "1 d" },   { 100 * 86400, "100 d" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_words (ph_words_dup_age (cases[i].seconds * G_USEC_PER_SEC), cases[i].words);
  assert_words (ph_words_dup_age (G_USEC_PER_SEC - 1), "0 s");
  assert_words (ph_words_dup_age (G_MAXINT64), "106751991 d");
  assert_words (ph_words_dup_age (G_MININT64), "0 s");
}

static void
test_round_trip (void)
{
  static const struct
  {
    guint32 us;
    const char *words;
  } cases[] = {
    { 0, "< 0.1 ms" },   { 99, "< 0.1 ms" },   { 100, "0.1 ms" },           { 300, "0.3 ms" },
    { 9949, "9.9 ms" },  { 9950, "10 ms" },    { 45000, "45 ms" },          { 999499, "999 ms" },
    { 999500, "1.0 s" }, { 1234567, "1.2 s" }, { G_MAXUINT32, "4295.0 s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_words (ph_words_dup_round_trip (cases[i].us), cases[i].words);
}

static void
test_path (void)
{
  g_assert_cmpstr (ph_words_path (PH_PATH_LAN), ==, "Direct, same network");
  g_assert_cmpstr (ph_words_path (PH_PATH_NAT), ==, "Direct, through routers");
  g_assert_cmpstr (ph_words_path (PH_PATH_RELAYED), ==, "Relayed by a TURN server");
}

static void
test_menu_label (void)
{
  g_autofree char *name = ph_words_dup_menu_label ("my_host.lan:80");
  g_autofree char *edges = ph_words_dup_menu_label ("_a__");
  g_autofree char *none = ph_words_dup_menu_label ("");

  g_assert_cmpstr (name, ==, "my__host.lan:80");
  g_assert_cmpstr (edges, ==, "__a____");
  g_assert_cmpstr (none, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/words/rate", test_rate);
  g_test_add_func ("/words/size", test_size);
  g_test_add_func ("/words/age", test_age);
  g_test_add_func ("/words/round-trip", test_round_trip);
  g_test_add_func ("/words/path", test_path);
  g_test_add_func ("/words/menu-label", test_menu_label);
  return g_test_run ();
}
