/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-kept.h"

G_BEGIN_DECLS

/* The file behind `porthole host --keep`. */

/* Reads @path; where there is nothing, draws what is to be kept and makes the file, which only its
 * owner can read. Errors: PH_ERROR_INVALID for one that others can read too, that is no such file,
 * cannot be read or made, or would be gone with the sandbox. */
gboolean ph_keep_open (const char *path, PhKept *ret_kept, GError **error);

/* Puts @kept in the place of what is there, wholly or not at all. Errors: PH_ERROR_INVALID. */
gboolean ph_keep_write (const char *path, const PhKept *kept, GError **error);

G_END_DECLS
