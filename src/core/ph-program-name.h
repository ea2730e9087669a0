/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-known-port.h"

G_BEGIN_DECLS

/* What people call a running program. */

#define PH_PROGRAM_MAX_NAME 64 /* bytes */

/* The kernel keeps this many bytes of a name and cuts off the rest. */
#define PH_PROGRAM_MAX_COMMAND 15

/* @command is the name that the system has for a process, @line its arguments, each ended by a NUL,
 * in @size bytes; none is fine. Where the first is a language's interpreter, what it runs says more
 * and is added ("node server.js", "python3 -m http.server") or stands alone ("server.jar"). Of
 * other arguments, which may hold passwords, nothing is taken. Owned, safe to show; NULL: nothing
 * is left that could be shown. */
char *ph_program_dup_name (const char *command, const char *line, gsize size);

/* Whether a process of this name is looked at more closely by the function above, or its name may
 * have been cut: then it is worth to read its arguments. */
gboolean ph_program_wants_line (const char *command);

/* What a program of this name, as made above, usually serves. Static; NULL: not known. */
const PhKnownPort *ph_program_find_known (const char *name);

/* Whether a program of this name belongs to the system and serves it alone. */
gboolean ph_program_is_system (const char *name);

G_END_DECLS
