/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-limits.h"

/* Windows sockets are handles: there is no limit to raise. */
void
ph_limits_raise_descriptors (void)
{
}

guint
ph_limits_get_descriptors (void)
{
  return G_MAXUINT;
}
