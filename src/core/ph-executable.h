/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path of the program that runs, as this system knows it. Owned; NULL where it cannot be told.
 * Any thread. */
char *ph_executable_dup_path (void);

G_END_DECLS
