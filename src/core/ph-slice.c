/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-slice.h"

/* The loop's time is taken once a turn, so it tells turns apart. */
void
ph_slice_begin (PhSlice *self, GSource *source)
{
  gint64 turn_us = g_source_get_time (source);

  self->begin_us = g_get_monotonic_time ();
  if (turn_us == self->turn_us)
    return;
  self->turn_us = turn_us;
  self->used_us = MAX (self->used_us - PH_SLICE_US, 0);
}

void
ph_slice_end (PhSlice *self)
{
  gint64 used_us = self->used_us + g_get_monotonic_time () - self->begin_us;

  self->used_us = MIN (used_us, PH_SLICE_MAX_USED_US);
}

void
ph_slice_go_on (PhSlice *self, GSource *source)
{
  if (g_source_get_time (source) == self->turn_us)
    return;
  ph_slice_begin (self, source);
  self->used_us = 0;
}

gboolean
ph_slice_is_used_up (const PhSlice *self)
{
  return self->used_us + g_get_monotonic_time () - self->begin_us >= PH_SLICE_US;
}
