/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Gives memory that was freed back to the system, where the C library would keep it for later. It
 * takes milliseconds: for the end of a great load, not for the path of a byte. */
void ph_memory_give_back (void);

G_END_DECLS
