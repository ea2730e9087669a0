/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A share of the main loop: how long one of many may work before the others have their turn. Work
 * that others cause (datagrams, frames, sockets that are ready) is done between begin and end; once
 * the slice is used up the rest waits for the loop's next turn, when everybody has a new one. So
 * one whom others flood, or who sends what is cheap to send and dear to take, takes no more of the
 * thread than anybody else. Who has worked longer than a slice, because one piece took so long, has
 * that much less in the turns that follow; but not for ever because the whole program stood still
 * meanwhile. */
typedef struct
{
  gint64 turn_us;  /* the loop's time in the turn it was last used in */
  gint64 used_us;  /* in that turn, and too long before */
  gint64 begin_us; /* of the work under way */
} PhSlice;

#define PH_SLICE_US 1000
#define PH_SLICE_MAX_USED_US (50 * PH_SLICE_US)

/* @source: any that is attached to the loop's context. Not twice without an end. */
void ph_slice_begin (PhSlice *slice, GSource *source);
void ph_slice_end (PhSlice *slice);

/* Instead of both, for work that is not interrupted by others': counts from the first call in a
 * turn of the loop. */
void ph_slice_go_on (PhSlice *slice, GSource *source);

/* Between begin and end, or after going on: whether the others are to have their turn. */
gboolean ph_slice_is_used_up (const PhSlice *slice);

G_END_DECLS
