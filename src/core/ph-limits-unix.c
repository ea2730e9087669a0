/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-limits.h"

#include <sys/resource.h>

void
ph_limits_raise_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_debug ("the descriptor limit stays as it is");
}

guint
ph_limits_get_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > G_MAXUINT)
    return G_MAXUINT;
  return (guint)limit.rlim_cur;
}
