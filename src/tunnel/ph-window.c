/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

/* A window that is used up faster than this could hold back a path with a round trip as long. Ones
 * with a longer round trip are rare, and the largest window still carries 64 MiB/s there. */
#define FAST_ROUND_US (250 * 1000)
#define SLOW_ROUND_US (4 * FAST_ROUND_US)

void
ph_window_init (PhWindow *window, guint32 size_bytes)
{
  *window = (PhWindow){ .granted = size_bytes, .size = size_bytes };
}

gboolean
ph_window_receive (PhWindow *window, gsize bytes)
{
  if (bytes > window->granted - window->received)
    return FALSE;
  window->received += bytes;
  return TRUE;
}

static void
start_round (PhWindow *window, gint64 now_us)
{
  window->round_consumed = window->consumed;
  window->round_start_us = now_us;
}

PhWindowPace
ph_window_consume (PhWindow *window, gsize bytes, gint64 now_us)
{
  gboolean was_idle = window->was_drained && now_us - window->last_consumed_us > FAST_ROUND_US;
  gint64 elapsed_us;

  if (window->consumed == 0 || was_idle)
    start_round (window, now_us);
  elapsed_us = now_us - window->round_start_us;
  window->consumed += bytes;
  window->last_consumed_us = now_us;
  window->was_drained = window->consumed == window->received;
  if (window->consumed - window->round_consumed < window->size)
    return PH_WINDOW_STEADY;
  start_round (window, now_us);
  if (elapsed_us < FAST_ROUND_US)
    return PH_WINDOW_FAST;
  return elapsed_us > SLOW_ROUND_US ? PH_WINDOW_SLOW : PH_WINDOW_STEADY;
}

guint64
ph_window_get_promised (const PhWindow *window)
{
  return MAX (window->size, window->granted - window->consumed);
}

guint32
ph_window_get_due (const PhWindow *window)
{
  guint64 target = window->consumed + window->size;
  guint64 due = target > window->granted ? target - window->granted : 0;

  return due >= window->size / 4 ? (guint32)due : 0;
}
