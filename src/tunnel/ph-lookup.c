/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-lookup.h"

struct _PhLookups
{
  guint ref_count; /* the owner's, and one for each that runs */
  GMainContext *context;
  guint max_at_once;
  guint n_running;
  GQueue waiting;
};

struct _PhLookup
{
  PhLookups *lookups;
  char *name;
  PhLookupFunc func; /* NULL once abandoned */
  gpointer user_data;
  gboolean running;
  GList link;
};

PhLookups *
ph_lookups_new (GMainContext *context, guint max_at_once)
{
  PhLookups *self = g_new0 (PhLookups, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->max_at_once = max_at_once;
  return self;
}

void
ph_lookups_unref (PhLookups *self)
{
  if (--self->ref_count > 0)
    return;
  g_main_context_unref (self->context);
  g_free (self);
}

static void
lookup_free (PhLookup *lookup)
{
  g_free (lookup->name);
  g_free (lookup);
}

static void run_next (PhLookups *self);

static void
on_resolved (GObject *resolver, GAsyncResult *result, gpointer user_data)
{
  PhLookup *lookup = user_data;
  PhLookups *self = lookup->lookups;
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (resolver), result, &error);

  self->n_running--;
  run_next (self);
  if (lookup->func != NULL)
    lookup->func (addresses, error, lookup->user_data);
  g_resolver_free_addresses (addresses);
  lookup_free (lookup);
  ph_lookups_unref (self);
}

static void
run_next (PhLookups *self)
{
  g_autoptr (GResolver) resolver = NULL;
  PhLookup *lookup;

  if (self->n_running == self->max_at_once || self->waiting.length == 0)
    return;
  lookup = g_queue_pop_head_link (&self->waiting)->data;
  lookup->running = TRUE;
  self->n_running++;
  self->ref_count++;
  resolver = g_resolver_get_default ();
  g_main_context_push_thread_default (self->context);
  g_resolver_lookup_by_name_async (resolver, lookup->name, NULL, on_resolved, lookup);
  g_main_context_pop_thread_default (self->context);
}

PhLookup *
ph_lookups_begin (PhLookups *self, const char *name, PhLookupFunc func, gpointer user_data)
{
  PhLookup *lookup = g_new0 (PhLookup, 1);

  lookup->lookups = self;
  lookup->name = g_strdup (name);
  lookup->func = func;
  lookup->user_data = user_data;
  lookup->link.data = lookup;
  g_queue_push_tail_link (&self->waiting, &lookup->link);
  run_next (self);
  return lookup;
}

void
ph_lookup_abandon (PhLookup *lookup)
{
  lookup->func = NULL;
  if (lookup->running)
    return; /* its answer frees it */
  g_queue_unlink (&lookup->lookups->waiting, &lookup->link);
  lookup_free (lookup);
}
