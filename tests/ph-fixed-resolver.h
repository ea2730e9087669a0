/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* For tests: names without a network. */
typedef struct
{
  const char *name;
  const char *addresses[4]; /* in this order */
} PhFixedName;

/* Answers from @names, ended by one without a name, and that there is no such host for all others.
 * Becomes the process's resolver. @names is borrowed for good. */
void ph_fixed_resolver_install (const PhFixedName *names);

/* While held, nothing is answered. */
void ph_fixed_resolver_set_held (gboolean held);

/* Names asked for since it was installed. */
guint ph_fixed_resolver_count_asked (void);

G_END_DECLS
