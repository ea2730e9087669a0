/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-tally.h"

void
ph_signal_tally_answer (PhSignalTally *tally, guint status)
{
  tally->answers[MIN (status / 100, G_N_ELEMENTS (tally->answers) - 1)]++;
}

static void
add (GString *text, const char *name, const char *type, const char *help, guint64 value)
{
  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n%s %" G_GUINT64_FORMAT "\n", name,
                          help, name, type, name, value);
}

char *
ph_signal_tally_to_text (const PhSignalTally *tally)
{
  GString *text = g_string_new (NULL);

  add (text, "porthole_sessions", "gauge", "Sessions held, children too.", tally->sessions);
  add (text, "porthole_held_polls", "gauge", "Polls waiting for a change.", tally->held_polls);
  add (text, "porthole_connections", "gauge", "Open connections.", tally->connections);
  add (text, "porthole_buffered_bytes", "gauge", "Bodies and answers on their way.",
       tally->buffered_bytes);
  add (text, "porthole_created_total", "counter", "Sessions created.", tally->created);
  add (text, "porthole_joined_total", "counter", "Joins accepted.", tally->joined);
  add (text, "porthole_limited_total", "counter", "Requests refused by a limit.", tally->limited);
  g_string_append (text, "# HELP porthole_answers_total Answers by status.\n"
                         "# TYPE porthole_answers_total counter\n");
  for (guint i = 2; i < G_N_ELEMENTS (tally->answers); i++)
    g_string_append_printf (text, "porthole_answers_total{status=\"%uxx\"} %" G_GUINT64_FORMAT "\n",
                            i, tally->answers[i]);
  return g_string_free (text, FALSE);
}
