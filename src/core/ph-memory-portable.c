/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-memory.h"

/* Left to the system's own allocator. */
void
ph_memory_give_back (void)
{
}
