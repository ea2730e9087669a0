/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Key files that only their owner reads. Any thread, but one at a time for a file. */

#define PH_PRIVATE_FILE_MAX_BYTES (4 * 1024 * 1024)

/* Reads @path, a file that may be absent: then it is empty. Owned. One that cannot be understood or
 * is larger than PH_PRIVATE_FILE_MAX_BYTES is kept under another name beside it, which @error says:
 * PH_ERROR_INVALID. One that cannot be read stays as it is: PH_ERROR_FAILED. */
GKeyFile *ph_private_file_read (const char *path, GError **error);

/* Puts the other content in the file's place as a whole, or leaves what was there; makes its folder
 * where there is none. Errors: PH_ERROR_FAILED. */
gboolean ph_private_file_write (const char *path, GKeyFile *content, GError **error);

/* What is wrong with the file whose reading failed: keeps it under another name beside it. @why, a
 * sentence's part, and the new name go into @error. */
void ph_private_file_set_aside (const char *path, const char *why, GError **error);

G_END_DECLS
