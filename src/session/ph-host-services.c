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
tell (PhHost *self, PhHostClient *client)
{
  PhTunnel *tunnel = ph_host_client_get_tunnel (client);
  PhMux *mux = tunnel != NULL ? ph_tunnel_get_mux (tunnel) : NULL;
  g_autoptr (GBytes) list = NULL;

  if (mux == NULL)
    return;
  list = ph_services_print (self->offered);
  ph_mux_send_services (mux, list);
}

/* FALSE, nobody told, if it is what they know. */
static gboolean
tell_changes (PhHost *self)
{
  g_autoptr (PhServices) offered = find_offered (self);

  if (ph_services_equal (offered, self->offered))
    return FALSE;
  g_clear_pointer (&self->offered, ph_services_unref);
  self->offered = g_steal_pointer (&offered);
  self->services_us = g_get_monotonic_time () + TELL_EVERY_US;
  for (guint i = 0; i < self->clients->len; i++)
    tell (self, g_ptr_array_index (self->clients, i));
  return TRUE;
}

static gboolean
on_timer (gpointer user_data)
{
  tell_changes (user_data);
  return G_SOURCE_CONTINUE;
}

/* Where a change still waits to be told, it is told to all now. */
void
ph_host_services_greet (PhHost *self, PhHostClient *client)
{
  guint n;

  if (tell_changes (self))
    return;
  ph_services_get (self->offered, &n);
  if (n > 0)
    tell (self, client);
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
  PhServices *old = self->services;

  self->services = services != NULL ? ph_services_ref (services) : NULL;
  g_clear_pointer (&old, ph_services_unref);
  ph_host_services_changed (self);
}

PhServices *
ph_host_get_services (PhHost *self)
{
  return self->offered;
}
