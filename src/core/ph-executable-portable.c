/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-executable.h"

char *
ph_executable_dup_path (void)
{
  return NULL;
}
