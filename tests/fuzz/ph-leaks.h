/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Called after each run, fails the process once runs have left descriptors open. What GLib opens
 * for itself, once, is allowed for. Does nothing where the system does not tell. */
static inline void
ph_leaks_check (void)
{
  static guint n_runs;
  static guint n_first;
  g_autoptr (GDir) folder = n_runs++ % 256 == 0 ? g_dir_open ("/proc/self/fd", 0, NULL) : NULL;
  guint n = 0;

  if (folder == NULL)
    return;
  while (g_dir_read_name (folder) != NULL)
    n++;
  if (n_first == 0)
    n_first = n;
  g_assert_cmpuint (n, <=, n_first + 16);
}

G_END_DECLS
