/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "ph-fake-clock.h"

#include <dlfcn.h>

/* Both functions stand before GLib's of the same name, for the program and for all libraries but
 * GLib itself. */

static gint64 now_us = 3600 * G_TIME_SPAN_SECOND;
static GHashTable *waiting; /* GSource, owned -> gint64, owned: when it is to be ready */

typedef void (*SetReadyTime) (GSource *source, gint64 ready_time);

gint64
g_get_monotonic_time (void)
{
  return now_us;
}

static void
set_ready (GSource *source, gint64 ready_time)
{
  static SetReadyTime real;

  if (real == NULL)
    *(void **)&real = dlsym (RTLD_NEXT, "g_source_set_ready_time");
  real (source, ready_time);
}

void
g_source_set_ready_time (GSource *source, gint64 ready_time)
{
  if (waiting == NULL)
    waiting = g_hash_table_new_full (NULL, NULL, (GDestroyNotify)g_source_unref, g_free);
  if (ready_time > now_us)
    g_hash_table_insert (waiting, g_source_ref (source),
                         g_memdup2 (&ready_time, sizeof ready_time));
  else
    g_hash_table_remove (waiting, source);
  set_ready (source, ready_time > now_us ? -1 : MIN (ready_time, 0));
}

static gboolean
is_over (gpointer source, gpointer ready_time, gpointer user_data)
{
  if (g_source_is_destroyed (source))
    return TRUE;
  if (*(gint64 *)ready_time > now_us)
    return FALSE;
  set_ready (source, 0);
  return TRUE;
}

void
ph_fake_clock_pass (guint ms)
{
  now_us += ms * (gint64)1000;
  if (waiting != NULL)
    g_hash_table_foreach_remove (waiting, is_over, NULL);
}
