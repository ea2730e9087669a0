/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Endless streams of bytes, one for every number, in which each place can be told from others: what
 * is lost, repeated or swapped with another stream's is seen. */

/* At most so many bytes of a stream can be had at a time. */
#define PH_PATTERN_RUN_BYTES (256 * 1024)

/* PH_PATTERN_RUN_BYTES of stream @number from byte @at on; borrowed, for good. */
const guint8 *ph_pattern_get (guint32 number, guint64 at);

G_END_DECLS
