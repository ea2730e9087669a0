/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-memory.h"

#include <malloc.h>

void
ph_memory_give_back (void)
{
#ifdef __GLIBC__ /* musl does so by itself */
  malloc_trim (0);
#endif
}
