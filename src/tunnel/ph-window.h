/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The receiving side of one connection's credit: how many bytes the other side may send, counted
 * from the connection's start. Pure; the owner says what time it is and what there is to give. */
typedef struct
{
  guint64 received; /* bytes that came */
  guint64 granted;  /* bytes that may come */
  guint64 consumed; /* bytes that the TCP socket took */
  guint32 size;     /* how far `granted` may be ahead of `consumed` */
  guint64 round_consumed;
  gint64 round_start_us;
  gint64 last_consumed_us;
  gboolean was_drained; /* then, nothing was left to take */
} PhWindow;

void ph_window_init (PhWindow *window, guint32 size_bytes);

/* Counts what came. FALSE, nothing counted, if it is more than was granted. */
gboolean ph_window_receive (PhWindow *window, gsize bytes);

typedef enum
{
  PH_WINDOW_STEADY,
  PH_WINDOW_FAST, /* a whole window was taken so fast that its size may be what limits the path */
  PH_WINDOW_SLOW, /* … so slowly that half of it would do */
} PhWindowPace;

/* Counts what the socket took, and tells how the size fits each time a whole window was taken. Time
 * in which there was nothing to take says nothing about it. The owner may change the size at any
 * time: what was granted stays granted. */
PhWindowPace ph_window_consume (PhWindow *window, gsize bytes, gint64 now_us);

/* What may come before anything more is granted, or as much as is about to be granted. */
guint64 ph_window_get_promised (const PhWindow *window);

/* Bytes to grant now; 0 until it is worth a frame. */
guint32 ph_window_get_due (const PhWindow *window);

G_END_DECLS
