/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the server counts, for whoever runs it. */
typedef struct
{
  guint sessions; /* gauges: what there is now */
  guint held_polls;
  guint connections;
  gsize buffered_bytes; /* bodies on their way in, and answers on their way out */

  guint64 created; /* counters: what there has been */
  guint64 joined;
  guint64 limited;    /* requests refused by a limit */
  guint64 answers[6]; /* by hundreds of the status */
} PhSignalTally;

void ph_signal_tally_answer (PhSignalTally *tally, guint status);

/* In Prometheus' text format, version 0.0.4. Owned. */
char *ph_signal_tally_to_text (const PhSignalTally *tally);

G_END_DECLS
