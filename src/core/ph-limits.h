/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Raises the number of descriptors this process may hold to what the system allows it, so that
 * thousands of sockets fit. Does nothing where there is no such limit. Called once, at start. */
void ph_limits_raise_descriptors (void);

/* How many that is now; G_MAXUINT where there is no such limit. */
guint ph_limits_get_descriptors (void);

G_END_DECLS
