/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "ph-conn.h"

/* A Client's mux: names and opens connections for accepted sockets. */

/* Names that were used are remembered by a bit of their hash each: no session, however long, takes
 * more for it, and one that only shares the bit is made up, which harms nothing. */
#define N_NAME_BITS (1u << 19)

static gboolean
is_made_up_address (const guint8 addr[16])
{
  static const guint8 prefix[8] = { 0xfd };

  return memcmp (addr, prefix, sizeof prefix) == 0;
}

void
ph_mux_init_names (PhMux *self)
{
  self->used_names = g_new0 (guint8, N_NAME_BITS / 8);
}

/* FALSE if the name may have been used before. */
static gboolean
use_name (PhMux *self, const PhFrameName *name)
{
  guint bit = ph_frame_name_hash (name) % N_NAME_BITS;
  guint8 mask = (guint8)(1u << bit % 8);

  if (self->used_names[bit / 8] & mask)
    return FALSE;
  self->used_names[bit / 8] |= mask;
  return TRUE;
}

/* The application's own address names the connection once; after that an address is made up. */
static void
choose_name (PhMux *self, const PhEndpoint *source, const PhEndpoint *dst, PhFrameName *ret_name)
{
  *ret_name = (PhFrameName){ .src = *source, .dst = *dst };
  if (!is_made_up_address (source->addr) && use_name (self, ret_name))
    return;
  memset (ret_name->src.addr, 0, sizeof ret_name->src.addr);
  ret_name->src.addr[0] = 0xfd;
  ph_write_u32 (ret_name->src.addr + 8, (guint32)(self->next_made_up >> 32));
  ph_write_u32 (ret_name->src.addr + 12, (guint32)self->next_made_up);
  self->next_made_up++;
}

static void
get_source (GSocket *socket, PhEndpoint *ret_source)
{
  g_autoptr (GSocketAddress) address = g_socket_get_remote_address (socket, NULL);

  if (address == NULL || !ph_endpoint_from_socket_address (address, ret_source))
    *ret_source = (PhEndpoint){ .addr = { 0xfd } }; /* gone already: a name is made up */
}

static PhConn *
make_accepted (PhMux *self, GSocket *socket, const PhDestination *remote, gconstpointer owner)
{
  PhEndpoint source;
  PhFrameName name;
  PhConn *conn;

  get_source (socket, &source);
  choose_name (self, &source, &remote->endpoint, &name);
  conn = ph_conn_new_accepted (self, &name, socket);
  conn->source = source;
  conn->owner = owner;
  ph_destination_copy (remote, &conn->remote);
  return conn;
}

/* Without the extension the Client itself turns the one name that means the same everywhere into an
 * address. FALSE for every other name. */
static gboolean
resolve_without_host (const PhMux *self, PhDestination *destination)
{
  if (destination->name == NULL || ph_mux_has (self, PH_EXTENSION_NAME))
    return TRUE;
  if (strcmp (destination->name, "localhost") != 0)
    return FALSE;
  g_clear_pointer (&destination->name, g_free);
  return ph_address_parse ("127.0.0.1", destination->endpoint.addr);
}

void
ph_mux_open (PhMux *self, GSocket *socket, const PhDestination *remote, gconstpointer owner)
{
  PhDestination destination;
  gboolean resolved;
  PhConn *conn;

  g_return_if_fail (self->role == PH_MUX_CLIENT);

  ph_mux_enter (self);
  ph_destination_copy (remote, &destination);
  resolved = resolve_without_host (self, &destination);
  conn = make_accepted (self, socket, &destination, owner);
  ph_destination_clear (&destination);
  if (self->state != PH_MUX_RUNNING || self->error != NULL)
    ph_conn_abort (conn, PH_CLOSE_SESSION_ENDING, NULL);
  else if (!resolved)
    ph_conn_abort (conn, PH_CLOSE_NAME_NOT_FOUND,
                   N_ ("this Host does not resolve names; map an address instead"));
  else if (ph_mux_is_full (self))
    ph_conn_abort (conn, PH_CLOSE_TOO_MANY, NULL);
  else if (!self->held)
    ph_conn_begin (conn);
  ph_mux_leave_quietly (self);
}

void
ph_mux_refuse (PhMux *self, GSocket *socket, const PhDestination *remote, gconstpointer owner)
{
  g_return_if_fail (self->role == PH_MUX_CLIENT);

  ph_mux_enter (self);
  ph_conn_abort (make_accepted (self, socket, remote, owner), PH_CLOSE_TOO_MANY, NULL);
  ph_mux_leave_quietly (self);
}
