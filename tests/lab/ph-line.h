/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One direction of a line between two networks: what it does to packets, without I/O and without a
 * clock. Packets go in with the time it is, and come out when their time has come.
 *
 * A packet passes, in this order: the cut (a line that is down loses everything), the queue before
 * the bottleneck, the bottleneck (`rate_bps`), loss, delay, and for some of them a further delay
 * that lets others overtake, or a copy that comes `late_us` behind.
 *
 * Chance is a function of the seed and of how many packets have gone in before, and of nothing
 * else: the same packets meet the same fate again, whatever the clock says. */

typedef struct
{
  guint64 delay_us;    /* one way */
  guint64 rate_bps;    /* bits a second; 0: without limit */
  guint64 queue_bytes; /* what may wait for its turn at the bottleneck; what is more is dropped */
  guint64 loss_ppm;    /* packets in a million, as are the next two */
  guint64 duplicate_ppm;
  guint64 reorder_ppm;
  guint64 late_us; /* how much later those that are overtaken arrive, and copies */
  gboolean is_down;
} PhLineSettings;

typedef struct
{
  guint64 taken;
  guint64 taken_bytes;
  guint64 given; /* copies included */
  guint64 given_bytes;
  guint64 lost;
  guint64 duplicated;
  guint64 reordered; /* held back so that others may overtake; lost ones are not among them */
  guint64 overflowed;
  guint64 cut; /* lost because the line was down */
} PhLineCounters;

typedef struct _PhLine PhLine;

PhLine *ph_line_new (guint64 seed);

/* For what goes in from now on. Borrowed, and may be changed in place. */
PhLineSettings *ph_line_get_settings (PhLine *line);

/* Copies @packet, if it is to arrive. */
void ph_line_take (PhLine *line, gint64 now_us, const guint8 *packet, gsize size);

/* The next packet whose time has come, or NULL; borrowed until the next call. */
const guint8 *ph_line_give (PhLine *line, gint64 now_us, gsize *ret_size);

/* When ph_line_give has something next; G_MAXINT64 while nothing is under way. */
gint64 ph_line_next_us (PhLine *line);

const PhLineCounters *ph_line_get_counters (PhLine *line);

void ph_line_free (PhLine *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhLine, ph_line_free)

G_END_DECLS
