/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <glib.h>

/* Linked into a program for ThreadSanitizer, tells it what it cannot see: that GLib's locks and
 * queues, which are not built for it, order what comes before them in one thread and behind them in
 * another. These functions stand before GLib's of the same name. */

void __tsan_acquire (void *address);
void __tsan_release (void *address);

/* Borrows GLib's own @name as a pointer to a function of the type of the one it is named in. */
#define REAL(name) ((__typeof__ (&name))dlsym (RTLD_NEXT, #name))

#undef g_mutex_lock
#undef g_mutex_unlock

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean result;

  __tsan_release (mutex);
  result = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return result;
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (data);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (data);
  return data;
}

void
g_atomic_rc_box_release_full (gpointer block, GDestroyNotify clear_func)
{
  __tsan_release (block);
  __tsan_acquire (block);
  REAL (g_atomic_rc_box_release_full) (block, clear_func);
}
