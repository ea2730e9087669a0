/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-types.h"

#include "ph-window.h"

void
ph_types_ensure (void)
{
  g_type_ensure (PH_TYPE_WINDOW);
}
