/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Linked into a program, stops its clock: g_get_monotonic_time stands still until time is made to
 * pass, and what g_source_set_ready_time was told to wait for becomes ready then. So what a fuzzer
 * sees follows from its input alone, and an hour costs nothing. GLib's own timeouts, which it sets
 * for itself, still follow the real clock. */
void ph_fake_clock_pass (guint ms);

G_END_DECLS
