/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How fast something goes, as people read it. */

/* "0 B/s", "34 kB/s", "1.2 MB/s": in the largest unit there is at least one of, with one digit
 * behind the point below ten. Units are powers of 1000, as those of file sizes in the desktop. What
 * is no number, or below 0, reads as 0. Owned; translated. */
char *ph_rate_dup_text (double bytes_per_s);

/* How far apart the lines of an axis are that reaches up to @max: 1, 2 or 5 of a power of ten, so
 * that two or three of them hold @max. Never below 5 kB/s: what a quiet session says to stay alive
 * does not fill a chart. */
double ph_rate_axis_step (double max_bytes_per_s);

G_END_DECLS
