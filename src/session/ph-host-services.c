/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-timer.h"

#include "ph-host-private.h"

/* What Clients are told that is offered. */

#define TELL_EVERY_US (G_USEC_PER_SEC / 2)

/* What the rules name is allowed by that. */
static PhServices *
find_offered (PhHost *self)
{
  return self->services != NULL ? ph_services_dup_allowed (self->services, self->rules)
                                : ph_services_new_from_rules (self->rules);
}

static void
tell (PhHost *self, PhHostClient *client, const PhServices *offered)
{
  PhTunnel *tunnel = ph_host_client_get_tunnel (client);
  PhMux *mux = tunnel != NULL ? ph_tunnel_get_mux (tunnel) : NULL;
  g_autoptr (GBytes) list = NULL;

  if (mux == NULL)
    return;
  list = ph_services_print (offered, ++self->n_lists);
  ph_mux_send_services (mux, list);
}

/* What has changed and is not told yet is no news to who comes only now. */
void
ph_host_services_greet (PhHost *self, PhHostClient *client)
{
  g_autoptr (PhServices) offered = find_offered (self);
  guint n;

  ph_services_get (offered, &n);
  if (n > 0)
    tell (self, client, offered);
}

static gboolean
on_timer (gpointer user_data)
{
  PhHost *self = user_data;
  g_autoptr (PhServices) offered = find_offered (self);

  if (ph_services_equal (offered, self->offered))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->offered, ph_services_unref);
  self->offered = g_steal_pointer (&offered);
  self->services_us = g_get_monotonic_time () + TELL_EVERY_US;
  for (guint i = 0; i < self->clients->len; i++)
    tell (self, g_ptr_array_index (self->clients, i), self->offered);
  return G_SOURCE_CONTINUE;
}

void
ph_host_services_open (PhHost *self)
{
  self->services_timer = ph_timer_new (self->context, "[porthole] services", on_timer, self);
}

void
ph_host_services_close (PhHost *self)
{
  ph_timer_clear (&self->services_timer);
  g_clear_pointer (&self->services, ph_services_unref);
  g_clear_pointer (&self->offered, ph_services_unref);
}

void
ph_host_services_changed (PhHost *self)
{
  ph_timer_arm_at (self->services_timer, self->services_us);
}

void
ph_host_set_services (PhHost *self, PhServices *services)
{
  g_autoptr (PhServices) old = g_steal_pointer (&self->services);

  self->services = services != NULL ? ph_services_ref (services) : NULL;
  ph_host_services_changed (self);
}

PhServices *
ph_host_get_services (PhHost *self)
{
  return self->offered;
}
