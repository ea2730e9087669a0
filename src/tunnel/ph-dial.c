/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-dial.h"

#include "ph-socket.h"

/* More addresses than this for one name are not tried. */
#define MAX_ADDRESSES 16

struct _PhDial
{
  PhPoll *poll;
  PhRules *rules;
  PhLookups *lookups;
  PhDestination destination;
  PhDialFunc func;
  gpointer user_data;

  PhLookup *lookup; /* NULL when no answer is awaited */
  PhEndpoint addresses[MAX_ADDRESSES];
  guint n_addresses;
  guint n_tried;
  guint n_steps;
  GSocket *socket;
  PhPollWatch *watch;

  PhCloseReason reason; /* of the last failure */
  char *text;
};

PhDial *
ph_dial_new (PhPoll *poll,
             PhRules *rules,
             PhLookups *lookups,
             const PhDestination *destination,
             PhDialFunc func,
             gpointer user_data)
{
  PhDial *self = g_new0 (PhDial, 1);

  self->poll = poll;
  self->rules = ph_rules_ref (rules);
  self->lookups = lookups;
  ph_destination_copy (destination, &self->destination);
  self->func = func;
  self->user_data = user_data;
  self->reason = PH_CLOSE_NOT_ALLOWED;
  return self;
}

/* It may be connected by now: the service must not take this for an orderly end. */
static void
drop_socket (PhDial *self)
{
  g_clear_pointer (&self->watch, ph_poll_remove);
  if (self->socket != NULL)
    ph_socket_reset (self->socket);
  g_clear_object (&self->socket);
}

void
ph_dial_free (PhDial *self)
{
  drop_socket (self);
  g_clear_pointer (&self->lookup, ph_lookup_abandon);
  ph_rules_unref (self->rules);
  ph_destination_clear (&self->destination);
  g_free (self->text);
  g_free (self);
}

gboolean
ph_dial_get_endpoint (const PhDial *self, PhEndpoint *ret_endpoint)
{
  if (self->n_tried == 0)
    return FALSE;
  *ret_endpoint = self->addresses[self->n_tried - 1];
  return TRUE;
}

static PhCloseReason
reason_from_error (const GError *error)
{
  static const struct
  {
    int code;
    PhCloseReason reason;
  } reasons[] = {
    { G_IO_ERROR_CONNECTION_REFUSED, PH_CLOSE_REFUSED },
    { G_IO_ERROR_TIMED_OUT, PH_CLOSE_TIMED_OUT },
    { G_IO_ERROR_TOO_MANY_OPEN_FILES, PH_CLOSE_TOO_MANY },
    { G_IO_ERROR_CONNECTION_CLOSED, PH_CLOSE_RESET },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      if (g_error_matches (error, G_IO_ERROR, reasons[i].code))
        return reasons[i].reason;
    }
  return PH_CLOSE_UNREACHABLE;
}

static void
note_failure (PhDial *self, PhCloseReason reason, const char *text)
{
  self->reason = reason;
  g_free (self->text);
  self->text = g_strdup (text);
}

/* The function frees the dial: nothing may touch it afterwards. */
static void
finish (PhDial *self, GSocket *socket)
{
  self->func (socket, socket != NULL ? PH_CLOSE_DONE : self->reason,
              socket != NULL ? NULL : self->text, self->user_data);
}

static void try_next (PhDial *self);

static void
on_connect_result (GIOCondition condition, gpointer user_data)
{
  PhDial *self = user_data;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  if (condition & G_IO_NVAL)
    note_failure (self, PH_CLOSE_TOO_MANY, NULL);
  else if (!g_socket_check_connect_result (self->socket, &error))
    note_failure (self, reason_from_error (error), error->message);
  else if (ph_socket_is_its_own_peer (self->socket))
    note_failure (self, PH_CLOSE_REFUSED, NULL);
  else
    {
      g_clear_pointer (&self->watch, ph_poll_remove);
      socket = g_steal_pointer (&self->socket);
      finish (self, socket);
      return;
    }
  drop_socket (self);
  try_next (self);
}

/* TRUE if the connection is there or under way. */
static gboolean
begin_connect (PhDial *self, const PhEndpoint *endpoint, GError **error)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (endpoint);
  g_autoptr (GError) local_error = NULL;

  self->socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                               G_SOCKET_PROTOCOL_TCP, error);
  if (self->socket == NULL)
    return FALSE;
  g_socket_set_blocking (self->socket, FALSE);
  if (!g_socket_connect (self->socket, address, NULL, &local_error) &&
      !g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_PENDING))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  self->watch = ph_poll_add (self->poll, self->socket, G_IO_OUT, on_connect_result, self);
  return TRUE;
}

/* The rules may have changed since the last attempt, so each address is checked in its turn. */
static void
try_next (PhDial *self)
{
  while (self->n_tried < self->n_addresses)
    {
      const PhEndpoint *endpoint = &self->addresses[self->n_tried++];
      g_autoptr (GError) error = NULL;

      if (!ph_rules_allow (self->rules, self->destination.name, endpoint))
        continue;
      if (begin_connect (self, endpoint, &error))
        return;
      drop_socket (self);
      note_failure (self, reason_from_error (error), error->message);
    }
  finish (self, NULL);
}

static void
add_address (PhDial *self, GInetAddress *address)
{
  PhEndpoint *endpoint = &self->addresses[self->n_addresses];

  if (self->n_addresses == MAX_ADDRESSES || !ph_address_from_inet_address (address, endpoint->addr))
    return;
  endpoint->port = self->destination.endpoint.port;
  self->n_addresses++;
}

static PhRulesScope
get_name_scope (const PhDial *self)
{
  return ph_rules_may_allow (self->rules, self->destination.name, self->destination.endpoint.port);
}

/* Which names exist is told only where a rule matches the name: to all others, one that does not
 * looks like one whose addresses no rule allows. */
static void
on_resolved (GList *addresses, const GError *error, gpointer user_data)
{
  PhDial *self = user_data;

  self->lookup = NULL;
  for (GList *l = addresses; l != NULL; l = l->next)
    add_address (self, l->data);
  if (error != NULL && get_name_scope (self) == PH_RULES_BY_NAME)
    note_failure (self, PH_CLOSE_NAME_NOT_FOUND, error->message);
  try_next (self);
}

void
ph_dial_start (PhDial *self)
{
  if (self->destination.name != NULL)
    {
      if (get_name_scope (self) == PH_RULES_NEVER)
        finish (self, NULL);
      else
        self->lookup = ph_lookups_begin (self->lookups, self->destination.name, on_resolved, self);
      return;
    }
  self->addresses[0] = self->destination.endpoint;
  self->n_addresses = 1;
  try_next (self);
}

void
ph_dial_step (PhDial *self)
{
  gboolean last = ++self->n_steps == PH_DIAL_STEPS;

  if (!last && (self->socket == NULL || self->n_tried == self->n_addresses))
    return;
  note_failure (self, PH_CLOSE_TIMED_OUT, NULL);
  drop_socket (self);
  if (last)
    finish (self, NULL);
  else
    try_next (self);
}
