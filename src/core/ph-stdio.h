/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Standard input, output and error as a program finds them when it is started. */

/* Puts the null device where one of the three is closed, so that no socket gets its number and is
 * written to, and has writes beyond a limit fail instead of ending the program. Called once, before
 * anything else opens a descriptor. */
void ph_stdio_open_closed (void);

/* Whether standard input may be read now. FALSE while it is the terminal of another process group:
 * a program in the background is stopped for reading that. After the first call reading fails
 * instead, for as long as it is so. */
gboolean ph_stdio_may_read (void);

/* A descriptor to read standard input by. Where that is a terminal, reading it never waits, even if
 * what had come is dropped before it is read, as Ctrl+C does; yet nobody else who has the terminal
 * finds its flags changed. To be closed if it is not 0. */
int ph_stdio_open_input (void);

/* Writes all @size bytes to descriptor @fd and takes the time it takes. FALSE: it does not take
 * them, and will not. */
gboolean ph_stdio_write (int fd, const char *bytes, gsize size);

/* Whether descriptor @fd would take something now. */
gboolean ph_stdio_has_room (int fd);

G_END_DECLS
