/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-listener.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

/* Connections taken in a row before others have their turn. */
#define ACCEPTS_PER_TURN 64

/* How long the port rests when even refusing fails for want of descriptors. */
#define REST_MS 250

/* Connections that wait to be taken; the system may allow fewer. */
#define BACKLOG 4096

struct _PhListener
{
  PhPoll *poll;
  PhMapping *mapping;
  PhEndpoint local;
  PhMux *mux;
  GSocket *socket;
  PhPollWatch *watch;
  GSocket *reserve; /* a descriptor to give up when there are no others; NULL while it is used */
  GSource *rest;    /* ready when accepting goes on */
  gboolean resting;
};

static void
update_watch (PhListener *self)
{
  ph_poll_set_condition (self->watch, self->mux != NULL && !self->resting ? G_IO_IN : 0);
}

static gboolean
on_rested (gpointer user_data)
{
  PhListener *self = user_data;

  self->resting = FALSE;
  update_watch (self);
  return G_SOURCE_CONTINUE;
}

static void
rest (PhListener *self)
{
  self->resting = TRUE;
  ph_timer_arm (self->rest, REST_MS);
  update_watch (self);
}

static GSocket *
make_reserve (PhListener *self)
{
  return g_socket_new (g_socket_get_family (self->socket), G_SOCKET_TYPE_STREAM,
                       G_SOCKET_PROTOCOL_TCP, NULL);
}

/* Out of descriptors: the reserve makes room for one connection, long enough to refuse it. */
static void
refuse_one (PhListener *self)
{
  g_autoptr (GSocket) accepted = NULL;

  g_clear_object (&self->reserve);
  accepted = g_socket_accept (self->socket, NULL, NULL);
  if (accepted != NULL)
    ph_mux_refuse (self->mux, accepted, &self->mapping->remote, self);
  g_clear_object (&accepted);
  if (self->mux != NULL)
    self->reserve = make_reserve (self);
  if (self->reserve == NULL)
    rest (self);
}

/* TRUE if there may be another. */
static gboolean
accept_one (PhListener *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) accepted = NULL;

  if (self->reserve == NULL)
    self->reserve = make_reserve (self);
  accepted = g_socket_accept (self->socket, NULL, &error);
  if (accepted != NULL)
    {
      ph_mux_open (self->mux, accepted, &self->mapping->remote, self);
      return TRUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
    refuse_one (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) &&
           !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    rest (self);
  return FALSE;
}

static void
on_incoming (GIOCondition condition, gpointer user_data)
{
  PhListener *self = user_data;

  if (condition & G_IO_NVAL)
    rest (self);
  for (guint i = 0; i < ACCEPTS_PER_TURN && self->mux != NULL; i++)
    {
      if (!accept_one (self))
        return;
    }
}

static GSocket *
open_socket (const PhEndpoint *local, GError **error)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (local);
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static void
set_listen_error (GError **error, const PhEndpoint *local, const GError *cause)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  ph_endpoint_format (local, text);
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error, PH_ERROR, PH_ERROR_LISTEN,
                 _ ("Port %u (%s) is in use by another program; choose another local port, or 0 to "
                    "have one picked"),
                 local->port, text);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, PH_ERROR, PH_ERROR_LISTEN,
                 _ ("Port %u (%s) may not be used by you; choose a local port of 1024 or above"),
                 local->port, text);
  else
    g_set_error (error, PH_ERROR, PH_ERROR_LISTEN,
                 _ ("Port %u (%s) cannot be listened on: %s; choose another local address or port"),
                 local->port, text, cause->message);
}

static void
read_local (PhListener *self)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->socket, NULL);

  self->local = self->mapping->local;
  if (address != NULL)
    ph_endpoint_from_socket_address (address, &self->local);
}

PhListener *
ph_listener_new (PhPoll *poll, const PhMapping *mapping, GError **error)
{
  g_autoptr (GError) cause = NULL;
  GSocket *socket = open_socket (&mapping->local, &cause);
  PhListener *self;

  if (socket == NULL)
    {
      set_listen_error (error, &mapping->local, cause);
      return NULL;
    }
  self = g_new0 (PhListener, 1);
  self->poll = poll;
  self->mapping = ph_mapping_copy (mapping);
  self->socket = socket;
  read_local (self);
  self->reserve = make_reserve (self);
  self->watch = ph_poll_add (poll, socket, 0, on_incoming, self);
  self->rest =
      ph_timer_new (ph_poll_get_context (poll), "[porthole] listener at rest", on_rested, self);
  return self;
}

void
ph_listener_free (PhListener *self)
{
  ph_timer_clear (&self->rest);
  ph_poll_remove (self->watch);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_clear_object (&self->reserve);
  ph_mapping_free (self->mapping);
  g_free (self);
}

const PhMapping *
ph_listener_get_mapping (const PhListener *self)
{
  return self->mapping;
}

const PhEndpoint *
ph_listener_get_local (const PhListener *self)
{
  return &self->local;
}

void
ph_listener_set_mux (PhListener *self, PhMux *mux)
{
  self->mux = mux;
  update_watch (self);
}
