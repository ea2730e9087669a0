/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Linked into a program, takes chance out of GnuTLS and usrsctp: the same numbers follow each time,
 * so that what a fuzzer found happens again. */
void ph_fixed_random_restart (void);

G_END_DECLS
