/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

/* A window that is used up faster than this could hold back a path with a round trip as long. Ones
 * with a longer round trip are rare, and the largest window still carries 64 MiB/s there. */
#define ROUND_US (250 * 1000)

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

gboolean
ph_window_consume (PhWindow *window, gsize bytes, gint64 now_us)
{
  gboolean fast;

  window->consumed += bytes;
  if (window->consumed - window->round_consumed < window->size)
    return FALSE;
  fast = now_us - window->round_start_us < ROUND_US;
  window->round_consumed = window->consumed;
  window->round_start_us = now_us;
  return fast;
}

guint32
ph_window_get_due (const PhWindow *window)
{
  guint64 due = window->consumed + window->size - window->granted;

  return due >= window->size / 4 ? (guint32)due : 0;
}
