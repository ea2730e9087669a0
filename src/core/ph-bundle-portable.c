/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-bundle.h"

gboolean
ph_bundle_can_load (const char *library)
{
  return TRUE;
}
