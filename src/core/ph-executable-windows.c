/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-executable.h"

#include <windows.h>

#define MAX_PATH_UNITS 32768 /* the longest that Windows knows */

char *
ph_executable_dup_path (void)
{
  g_autofree wchar_t *path = g_new (wchar_t, MAX_PATH_UNITS);
  DWORD length = GetModuleFileNameW (NULL, path, MAX_PATH_UNITS);

  if (length == 0 || length >= MAX_PATH_UNITS)
    return NULL;
  return g_utf16_to_utf8 ((const gunichar2 *)path, length, NULL, NULL, NULL);
}
