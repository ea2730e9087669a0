/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-line.h"

G_BEGIN_DECLS

/* What a line is told while it runs: a command a line of text, an answer a line of text.
 *
 *   set WAY NAME=NUMBER …   WAY is ab, ba or both; NAME a number of PhLineSettings: delay_us,
 *                           rate_bps, queue_bytes, loss_ppm, duplicate_ppm, reorder_ppm, late_us
 *   down WAY, up WAY        nothing gets through any more; and again
 *   count                   all counters as JSON: {"ab": {"taken": 5, …}, "ba": {…}}
 *
 * The answer is the counters, or "ok", or "error: " and what is wrong. Nothing changes on an error.
 * @lines: from a to b, and from b to a. */
char *ph_line_dup_answer (PhLine *const lines[2], const char *command);

G_END_DECLS
