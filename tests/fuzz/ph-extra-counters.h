/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* libFuzzer sees which of our code an input reaches, and nothing of libraries that are not built
 * for it. What they tell of themselves is counted here, by any number that stands for what
 * happened: inputs that do something new in there are kept, too. */
static guint8 ph_extra_counters[8192]
    __attribute__ ((section ("__libfuzzer_extra_counters"), used));

static inline void
ph_extra_count (guint32 what, guint32 n)
{
  guint8 *counter = &ph_extra_counters[what % G_N_ELEMENTS (ph_extra_counters)];

  *counter = (guint8)MIN (*counter + n, 255);
}

G_END_DECLS
