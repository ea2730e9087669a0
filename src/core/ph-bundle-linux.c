/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-bundle.h"

#include <dlfcn.h>

gboolean
ph_bundle_can_load (const char *library)
{
  void *handle = dlopen (library, RTLD_LAZY | RTLD_LOCAL);

  if (handle == NULL)
    return FALSE;
  dlclose (handle);
  return TRUE;
}
