/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes known every type of ours that a template names. To be called before the first window; more
 * than once does no harm. */
void ph_types_ensure (void);

G_END_DECLS
