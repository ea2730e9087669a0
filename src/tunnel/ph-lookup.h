/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Resolves names, a few at once; others wait in turn. The system cannot be told to stop resolving,
 * so a lookup that nobody waits for any more keeps its place until the answer comes. One thread,
 * the context's. */
typedef struct _PhLookups PhLookups;
typedef struct _PhLookup PhLookup;

/* @addresses are GInetAddress, borrowed; or NULL and @error. Called once, from the main loop; the
 * lookup is gone then. */
typedef void (*PhLookupFunc) (GList *addresses, const GError *error, gpointer user_data);

PhLookups *ph_lookups_new (GMainContext *context, guint max_at_once);

/* All lookups must have answered or been abandoned. */
void ph_lookups_unref (PhLookups *lookups);

/* @name is copied. Owned by @lookups. */
PhLookup *
ph_lookups_begin (PhLookups *lookups, const char *name, PhLookupFunc func, gpointer user_data);

/* The function is not called any more. */
void ph_lookup_abandon (PhLookup *lookup);

G_END_DECLS
