/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-fixed-resolver.h"

#include <string.h>

struct _PhFixedResolver
{
  GResolver parent;
  const PhFixedName *names;
  gboolean held;
  GQueue waiting; /* GTask, with the name as its data */
  guint n_asked;
};

#define PH_TYPE_FIXED_RESOLVER (ph_fixed_resolver_get_type ())
G_DECLARE_FINAL_TYPE (PhFixedResolver, ph_fixed_resolver, PH, FIXED_RESOLVER, GResolver)
G_DEFINE_FINAL_TYPE (PhFixedResolver, ph_fixed_resolver, G_TYPE_RESOLVER)

static void
free_addresses (gpointer addresses)
{
  g_resolver_free_addresses (addresses);
}

static void
answer (PhFixedResolver *self, GTask *task)
{
  const char *hostname = g_task_get_task_data (task);
  const PhFixedName *found = self->names;
  GList *addresses = NULL;

  while (found->name != NULL && strcmp (found->name, hostname) != 0)
    found++;
  for (gsize i = 0; found->name != NULL && found->addresses[i] != NULL; i++)
    addresses = g_list_append (addresses, g_inet_address_new_from_string (found->addresses[i]));
  if (addresses != NULL)
    g_task_return_pointer (task, addresses, free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such host");
}

static void
lookup_async (GResolver *resolver,
              const char *hostname,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  PhFixedResolver *self = PH_FIXED_RESOLVER (resolver);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_task_data (task, g_strdup (hostname), g_free);
  self->n_asked++;
  if (self->held)
    g_queue_push_tail (&self->waiting, g_steal_pointer (&task));
  else
    answer (self, task);
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
ph_fixed_resolver_class_init (PhFixedResolverClass *klass)
{
  G_RESOLVER_CLASS (klass)->lookup_by_name_async = lookup_async;
  G_RESOLVER_CLASS (klass)->lookup_by_name_finish = lookup_finish;
}

static void
ph_fixed_resolver_init (PhFixedResolver *self)
{
}

void
ph_fixed_resolver_install (const PhFixedName *names)
{
  g_autoptr (PhFixedResolver) self = g_object_new (PH_TYPE_FIXED_RESOLVER, NULL);

  self->names = names;
  g_resolver_set_default (G_RESOLVER (self));
}

static PhFixedResolver *
get_installed (void)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();

  return PH_FIXED_RESOLVER (resolver); /* GIO keeps it */
}

void
ph_fixed_resolver_set_held (gboolean held)
{
  PhFixedResolver *self = get_installed ();
  GTask *task;

  self->held = held;
  while (!held && (task = g_queue_pop_head (&self->waiting)) != NULL)
    {
      answer (self, task);
      g_object_unref (task);
    }
}

guint
ph_fixed_resolver_count_asked (void)
{
  return get_installed ()->n_asked;
}
