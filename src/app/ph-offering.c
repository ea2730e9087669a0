/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-offering.h"

#include "core/ph-listening.h"

#define LOOK_EVERY_S 5

struct _PhOffering
{
  PhLive *live;
  GCancellable *cancellable;
  guint timer;
  PhServices *told; /* NULL: nothing yet */
};

/* The rules that are on. Owned. */
static PhRules *
dup_rules (PhLive *live)
{
  GListModel *items = ph_live_get_rules (live);
  PhRules *rules = ph_rules_new ();

  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (items, i);

      if (ph_rule_item_is_on (item))
        ph_rules_add (rules, ph_rule_item_get_text (item), NULL);
    }
  return rules;
}

static void
add_found (GArray *services, GPtrArray *addresses, const PhListening *found)
{
  char buffer[PH_ENDPOINT_TEXT_SIZE];
  char *address = g_strdup (ph_address_format (found->address.addr, buffer));
  const char *title = found->title != NULL ? found->title : found->program;
  PhService service = { .title = title != NULL ? title : "",
                        .address = address,
                        .port = found->address.port,
                        .kind = found->kind };

  g_ptr_array_add (addresses, address);
  g_array_append_val (services, service);
}

/* What was found by a program's name comes before what is named after its port only: of two with
 * one address and port the first stays. Owned. */
static PhServices *
dup_services (PhLive *live, GPtrArray *found)
{
  g_autoptr (PhRules) rules = dup_rules (live);
  g_autoptr (PhServices) named = ph_services_new_from_rules (rules);
  g_autoptr (GArray) services = g_array_new (FALSE, FALSE, sizeof (PhService));
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (PhServices) all = NULL;
  const PhService *by_rule;
  guint n;

  for (guint i = 0; found != NULL && i < found->len; i++)
    add_found (services, addresses, found->pdata[i]);
  by_rule = ph_services_get (named, &n);
  if (n > 0)
    g_array_append_vals (services, by_rule, n);
  all = ph_services_new ((const PhService *)(gpointer)services->data, services->len);
  return ph_services_dup_allowed (all, rules);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhOffering *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = ph_listening_list_finish (result, &error);
  g_autoptr (PhServices) services = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
    return; /* gone, or somebody else is looking just now */
  services = dup_services (self->live, found);
  if (self->told != NULL && ph_services_equal (self->told, services))
    return;
  ph_live_set_services (self->live, services);
  g_clear_pointer (&self->told, ph_services_unref);
  self->told = g_steal_pointer (&services);
}

static gboolean
look (gpointer user_data)
{
  PhOffering *self = user_data;

  if (ph_live_get_state (self->live) == PH_SESSION_CONNECTED)
    ph_listening_list_async (self->cancellable, on_found, self);
  return G_SOURCE_CONTINUE;
}

static void
look_now (PhOffering *self)
{
  look (self);
}

PhOffering *
ph_offering_new (PhLive *live)
{
  PhOffering *self = g_new0 (PhOffering, 1);

  self->live = live;
  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (LOOK_EVERY_S, look, self);
  g_signal_connect_swapped (live, "edited", G_CALLBACK (look_now), self);
  g_signal_connect_swapped (live, "notify::state", G_CALLBACK (look_now), self);
  return self;
}

void
ph_offering_free (PhOffering *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->live, self);
  g_clear_pointer (&self->told, ph_services_unref);
  g_free (self);
}
