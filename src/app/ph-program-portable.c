/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-program.h"

char *
ph_program_dup_path (void)
{
  return NULL;
}
