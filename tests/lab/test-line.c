/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-line-command.h"

#include <string.h>

#define MANY 100000
#define PACKET_BYTES 100

static void
take (PhLine *line, gint64 now_us, guint32 number)
{
  guint8 packet[PACKET_BYTES] = { 0 };

  memcpy (packet, &number, sizeof number);
  ph_line_take (line, now_us, packet, sizeof packet);
}

static guint32
give (PhLine *line, gint64 now_us)
{
  gsize size = 0;
  const guint8 *packet = ph_line_give (line, now_us, &size);
  guint32 number;

  if (packet == NULL)
    return G_MAXUINT32;
  g_assert_cmpuint (size, ==, PACKET_BYTES);
  memcpy (&number, packet, sizeof number);
  return number;
}

/* Everything comes out, once, in order, and unchanged; and not a microsecond early. */
static void
test_delay (void)
{
  g_autoptr (PhLine) line = ph_line_new (1);

  g_assert_cmpint (ph_line_next_us (line), ==, G_MAXINT64);
  ph_line_get_settings (line)->delay_us = 1000;
  for (guint32 i = 0; i < 10; i++)
    take (line, i, i);
  for (guint32 i = 0; i < 10; i++)
    {
      g_assert_cmpint (ph_line_next_us (line), ==, 1000 + i);
      g_assert_cmpuint (give (line, 1000 + i - 1), ==, G_MAXUINT32);
      g_assert_cmpuint (give (line, 1000 + i), ==, i);
    }
  g_assert_cmpuint (give (line, G_MAXINT64 - 1), ==, G_MAXUINT32);
}

static guint64
count_lost (guint64 seed, guint64 loss_ppm, guint64 *ret_fates)
{
  g_autoptr (PhLine) line = ph_line_new (seed);

  *ret_fates = 0;
  ph_line_get_settings (line)->loss_ppm = loss_ppm;
  for (guint32 i = 0; i < MANY; i++)
    {
      take (line, i, i);
      *ret_fates = *ret_fates * 31 + (give (line, i) == i);
    }
  g_assert_cmpuint (ph_line_get_counters (line)->given + ph_line_get_counters (line)->lost, ==,
                    MANY);
  return ph_line_get_counters (line)->lost;
}

/* As many are lost as were asked for, within five standard deviations; the same seed loses the
 * same, another seed others. */
static void
test_loss (void)
{
  static const struct
  {
    guint64 loss_ppm, least, most;
  } cases[] = { { 0, 0, 0 },           { 1000, 50, 150 },       { 10000, 843, 1157 },
                { 50000, 4656, 5344 }, { 100000, 9526, 10474 }, { 1000000, MANY, MANY } };
  guint64 fates, same, others;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 lost = count_lost (i, cases[i].loss_ppm, &fates);

      g_assert_cmpuint (lost, >=, cases[i].least);
      g_assert_cmpuint (lost, <=, cases[i].most);
      g_assert_cmpuint (count_lost (i, cases[i].loss_ppm, &same), ==, lost);
      g_assert_cmpuint (same, ==, fates);
    }
  count_lost (1, 50000, &fates);
  count_lost (2, 50000, &others);
  g_assert_cmpuint (fates, !=, others);
}

/* What was lost before does not depend on what else the line does. */
static void
test_independence (void)
{
  g_autoptr (PhLine) plain = ph_line_new (9);
  g_autoptr (PhLine) busy = ph_line_new (9);

  ph_line_get_settings (plain)->loss_ppm = ph_line_get_settings (busy)->loss_ppm = 100000;
  ph_line_get_settings (busy)->duplicate_ppm = 300000;
  ph_line_get_settings (busy)->reorder_ppm = 300000;
  ph_line_get_settings (busy)->delay_us = 777;
  for (guint32 i = 0; i < MANY; i++)
    {
      take (plain, i, i);
      take (busy, 3 * (gint64)i, i);
      g_assert_cmpuint (ph_line_get_counters (plain)->lost, ==, ph_line_get_counters (busy)->lost);
    }
}

static void
test_reordering (void)
{
  g_autoptr (PhLine) line = ph_line_new (4);
  const PhLineCounters *counters = ph_line_get_counters (line);
  g_autofree guint8 *seen = g_new0 (guint8, MANY);
  guint64 n_overtaken = 0;
  guint32 highest = 0;

  ph_line_get_settings (line)->reorder_ppm = 50000;
  ph_line_get_settings (line)->duplicate_ppm = 20000;
  ph_line_get_settings (line)->late_us = 10;
  for (guint32 i = 0; i < MANY; i++)
    take (line, i, i);
  for (guint32 number; (number = give (line, G_MAXINT64 - 1)) != G_MAXUINT32;)
    {
      n_overtaken += seen[number] == 0 && number < highest;
      seen[number]++;
      highest = MAX (highest, number);
    }
  for (guint32 i = 0; i < MANY; i++)
    g_assert_cmpuint (seen[i], >=, 1);
  g_assert_cmpuint (counters->given, ==, MANY + counters->duplicated);
  g_assert_cmpuint (counters->duplicated, >=, 1779);
  g_assert_cmpuint (counters->duplicated, <=, 2221);
  g_assert_cmpuint (counters->reordered, >=, 4656);
  g_assert_cmpuint (counters->reordered, <=, 5344);
  /* A packet that is held back is overtaken, but for those whose own copy came first. */
  g_assert_cmpuint (n_overtaken, >=, counters->reordered * 9 / 10);
  g_assert_cmpuint (n_overtaken, <=, counters->reordered);
}

/* 100 bytes at 800,000 bits a second take 1 ms each; what finds the queue full is dropped. */
static void
test_rate (void)
{
  g_autoptr (PhLine) line = ph_line_new (1);

  ph_line_get_settings (line)->rate_bps = 800000;
  ph_line_get_settings (line)->queue_bytes = 10 * PACKET_BYTES;
  for (guint32 i = 0; i < 30; i++)
    take (line, 0, i);
  g_assert_cmpuint (ph_line_get_counters (line)->overflowed, ==, 20);
  for (guint32 i = 0; i < 10; i++)
    {
      g_assert_cmpint (ph_line_next_us (line), ==, 1000 * (i + 1));
      g_assert_cmpuint (give (line, 1000 * (i + 1)), ==, i);
    }
  take (line, 50000, 7);
  g_assert_cmpint (ph_line_next_us (line), ==, 51000);
}

static void
test_cut (void)
{
  g_autoptr (PhLine) line = ph_line_new (1);

  ph_line_get_settings (line)->delay_us = 5;
  take (line, 0, 0);
  ph_line_get_settings (line)->is_down = TRUE;
  take (line, 1, 1);
  ph_line_get_settings (line)->is_down = FALSE;
  take (line, 2, 2);
  g_assert_cmpuint (give (line, 100), ==, 0);
  g_assert_cmpuint (give (line, 100), ==, 2);
  g_assert_cmpuint (give (line, 100), ==, G_MAXUINT32);
  g_assert_cmpuint (ph_line_get_counters (line)->cut, ==, 1);
}

static void
assert_answer (PhLine *const lines[2], const char *command, const char *beginning)
{
  g_autofree char *answer = ph_line_dup_answer (lines, command);

  if (!g_str_has_prefix (answer, beginning))
    g_error ("“%s” was answered by: %s", command, answer);
}

static void
test_commands (void)
{
  g_autoptr (PhLine) ab = ph_line_new (1);
  g_autoptr (PhLine) ba = ph_line_new (2);
  PhLine *const lines[2] = { ab, ba };

  assert_answer (lines, "set both delay_us=25000 rate_bps=300000000", "ok");
  assert_answer (lines, "set ab loss_ppm=10", "ok");
  assert_answer (lines, "set ba loss_ppm=20 late_us=7", "ok");
  assert_answer (lines, "down ba", "ok");
  g_assert_cmpuint (ph_line_get_settings (ab)->delay_us, ==, 25000);
  g_assert_cmpuint (ph_line_get_settings (ba)->rate_bps, ==, 300000000);
  g_assert_cmpuint (ph_line_get_settings (ab)->loss_ppm, ==, 10);
  g_assert_cmpuint (ph_line_get_settings (ba)->loss_ppm, ==, 20);
  g_assert_true (ph_line_get_settings (ba)->is_down && !ph_line_get_settings (ab)->is_down);
  assert_answer (lines, "up both", "ok");
  g_assert_false (ph_line_get_settings (ba)->is_down);
  assert_answer (lines, "count", "{\"ab\": {\"taken\": 0, ");

  assert_answer (lines, "", "error: “” is no command");
  assert_answer (lines, "up", "error: “up” is no command");
  assert_answer (lines, "stop ab", "error: “stop” is no command");
  assert_answer (lines, "up a", "error: “a” is no way");
  assert_answer (lines, "set ab delay_us=9 delay=5", "error: “delay=5” is no setting");
  assert_answer (lines, "set ab delay_us=-5", "error: “delay_us=-5” is no setting");
  assert_answer (lines, "set ab delay_us", "error: “delay_us” is no setting");
  g_assert_cmpuint (ph_line_get_settings (ab)->delay_us, ==, 25000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/line/delay", test_delay);
  g_test_add_func ("/line/loss", test_loss);
  g_test_add_func ("/line/independence", test_independence);
  g_test_add_func ("/line/reordering", test_reordering);
  g_test_add_func ("/line/rate", test_rate);
  g_test_add_func ("/line/cut", test_cut);
  g_test_add_func ("/line/commands", test_commands);
  return g_test_run ();
}
