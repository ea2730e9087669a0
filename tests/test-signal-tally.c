/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "signaling/ph-signal-tally.h"

/* Each metric has its help and its type, and then its value. */
static void
test_text (void)
{
  PhSignalTally tally = { .sessions = 7, .held_polls = 3, .limited = G_MAXUINT64 };
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  ph_signal_tally_answer (&tally, 204);
  ph_signal_tally_answer (&tally, 431);
  ph_signal_tally_answer (&tally, 429);
  ph_signal_tally_answer (&tally, 9999);
  text = ph_signal_tally_to_text (&tally);
  lines = g_strsplit (text, "\n", 0);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    g_assert_true (g_regex_match_simple (
        "^(# HELP porthole_[a-z_]+ .*[.]|# TYPE porthole_[a-z_]+ (gauge|counter)|"
        "porthole_[a-z_]+(\\{status=\"[2-5]xx\"\\})? [0-9]+)$",
        lines[i], 0, 0));
  g_assert_nonnull (strstr (text, "# TYPE porthole_sessions gauge\nporthole_sessions 7\n"));
  g_assert_nonnull (strstr (text, "\nporthole_held_polls 3\n"));
  g_assert_nonnull (strstr (text, "\nporthole_limited_total 18446744073709551615\n"));
  g_assert_nonnull (strstr (text, "\nporthole_answers_total{status=\"2xx\"} 1\n"));
  g_assert_nonnull (strstr (text, "\nporthole_answers_total{status=\"4xx\"} 2\n"));
  g_assert_nonnull (strstr (text, "\nporthole_answers_total{status=\"5xx\"} 1\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-tally/text", test_text);
  return g_test_run ();
}
