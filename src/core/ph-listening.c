/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-listening-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ph-program-name.h"

static gint is_searching; /* on a thread; atomic */

/* What serves only this computer or its network, whatever the program. */
static const guint16 system_ports[] = {
  25,   /* mail of this computer */
  53,   /* names */
  111,  /* rpcbind */
  631,  /* printing */
  1716, /* KDE Connect */
  5355, /* names, LLMNR */
};

#define X11_FIRST 6000
#define X11_LAST 6063

/* By how an address is reached, best first. */
typedef enum
{
  RANK_IPV4,           /* by 127.0.0.1 */
  RANK_ANY_IPV6,       /* by ::1, and by 127.0.0.1 if that is not somebody else's */
  RANK_OTHER_LOOPBACK, /* 127.0.0.53 */
  RANK_IPV6_LOOPBACK,
  RANK_OWN_IPV4,
  RANK_OWN_IPV6,
  RANK_NONE, /* link-local: its network would have to be named */
} Rank;

static PhEndpoint
loopback (gboolean is_ipv4, guint16 port)
{
  static const guint8 ipv4[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
  static const guint8 ipv6[16] = { [15] = 1 };
  PhEndpoint endpoint = { .port = port };

  memcpy (endpoint.addr, is_ipv4 ? ipv4 : ipv6, sizeof endpoint.addr);
  return endpoint;
}

static Rank
rank_of (const PhEndpoint *bound)
{
  gboolean is_ipv4 = ph_address_is_ipv4 (bound->addr);
  PhEndpoint home = loopback (TRUE, bound->port);

  switch (ph_address_scope (bound->addr))
    {
    case PH_SCOPE_UNSPECIFIED:
      return is_ipv4 ? RANK_IPV4 : RANK_ANY_IPV6;
    case PH_SCOPE_LOOPBACK:
      if (ph_endpoint_equal (bound, &home))
        return RANK_IPV4;
      return is_ipv4 ? RANK_OTHER_LOOPBACK : RANK_IPV6_LOOPBACK;
    case PH_SCOPE_LINK_LOCAL:
      return is_ipv4 ? RANK_OWN_IPV4 : RANK_NONE;
    case PH_SCOPE_PRIVATE:
    case PH_SCOPE_MULTICAST:
    case PH_SCOPE_PUBLIC:
      break;
    }
  return is_ipv4 ? RANK_OWN_IPV4 : RANK_OWN_IPV6;
}

static void
socket_clear (gpointer data)
{
  g_free (((PhListeningSocket *)data)->program);
}

GArray *
ph_listening_sockets_new (void)
{
  GArray *sockets = g_array_new (FALSE, TRUE, sizeof (PhListeningSocket));

  g_array_set_clear_func (sockets, socket_clear);
  return sockets;
}

static void
listening_free (gpointer data)
{
  PhListening *self = data;

  g_free (self->program);
  g_free (self);
}

static gboolean
is_system (const PhListening *self)
{
  guint16 port = self->address.port;

  for (guint i = 0; i < G_N_ELEMENTS (system_ports); i++)
    if (system_ports[i] == port)
      return TRUE;
  if (self->program != NULL && ph_program_is_system (self->program))
    return TRUE;
  /* Others use the ports of X11, too; sshd forwards it there. */
  return port >= X11_FIRST && port <= X11_LAST &&
         (self->program == NULL || g_str_has_prefix (self->program, "sshd"));
}

/* Takes the program's name from @socket. */
static PhListening *
listening_new (PhListeningSocket *socket, PhEndpoint address)
{
  PhListening *self = g_new0 (PhListening, 1);
  const PhKnownPort *known;

  self->address = address;
  self->program = g_steal_pointer (&socket->program);
  self->is_system = is_system (self);
  known = self->program != NULL ? ph_program_find_known (self->program) : NULL;
  if (known == NULL)
    known = ph_known_port_find (address.port);
  if (known != NULL)
    {
      self->title = known->title;
      self->kind = known->kind;
    }
  return self;
}

/* By port, program and rank: what becomes one entry stands together, the best address first. */
static int
compare_sockets (gconstpointer one, gconstpointer other)
{
  const PhListeningSocket *a = one, *b = other;
  Rank rank_a, rank_b;
  int order;

  if (a->bound.port != b->bound.port)
    return a->bound.port < b->bound.port ? -1 : 1;
  order = g_strcmp0 (a->program, b->program);
  if (order != 0)
    return order;
  rank_a = rank_of (&a->bound);
  rank_b = rank_of (&b->bound);
  if (rank_a != rank_b)
    return rank_a < rank_b ? -1 : 1;
  return memcmp (a->bound.addr, b->bound.addr, sizeof a->bound.addr);
}

static int
compare_entries (gconstpointer one, gconstpointer other)
{
  const PhListening *a = *(PhListening *const *)one, *b = *(PhListening *const *)other;
  gboolean is_ipv4 = ph_address_is_ipv4 (a->address.addr);

  if (a->is_system != b->is_system)
    return a->is_system ? 1 : -1;
  if ((a->title == NULL) != (b->title == NULL))
    return a->title == NULL ? 1 : -1;
  if (a->address.port != b->address.port)
    return a->address.port < b->address.port ? -1 : 1;
  if (is_ipv4 != ph_address_is_ipv4 (b->address.addr))
    return is_ipv4 ? -1 : 1;
  return memcmp (a->address.addr, b->address.addr, sizeof a->address.addr);
}

/* One program listens on :: and another one holds 127.0.0.1: then that is not reached by it. */
static PhEndpoint
dial_address (const PhEndpoint *bound, gboolean is_ipv4_held)
{
  switch (rank_of (bound))
    {
    case RANK_IPV4:
      return loopback (TRUE, bound->port);
    case RANK_ANY_IPV6:
      return loopback (!is_ipv4_held, bound->port);
    case RANK_OTHER_LOOPBACK:
    case RANK_IPV6_LOOPBACK:
    case RANK_OWN_IPV4:
    case RANK_OWN_IPV6:
    case RANK_NONE:
      break;
    }
  return *bound;
}

/* The sockets of one port, sorted. */
static void
add_port (GPtrArray *entries, PhListeningSocket *sockets, guint n)
{
  const PhListening *last = NULL;
  gboolean is_ipv4_held = FALSE;

  for (guint i = 0; i < n; i++)
    is_ipv4_held |= rank_of (&sockets[i].bound) == RANK_IPV4;
  for (guint i = 0; i < n; i++)
    {
      PhListeningSocket *socket = &sockets[i];

      if (socket->is_ours || rank_of (&socket->bound) == RANK_NONE ||
          (last != NULL && g_strcmp0 (last->program, socket->program) == 0))
        continue;
      g_ptr_array_add (entries,
                       listening_new (socket, dial_address (&socket->bound, is_ipv4_held)));
      last = entries->pdata[entries->len - 1];
    }
}

GPtrArray *
ph_listening_from_sockets (GArray *sockets)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (listening_free);
  PhListeningSocket *all = (PhListeningSocket *)(gpointer)sockets->data;
  guint n = 0;

  g_array_sort (sockets, compare_sockets);
  for (guint i = 0; i < sockets->len; i += n)
    {
      for (n = 1; i + n < sockets->len && all[i + n].bound.port == all[i].bound.port; n++)
        ;
      add_port (entries, &all[i], n);
    }
  g_ptr_array_sort (entries, compare_entries);
  return entries;
}

GPtrArray *
ph_listening_list (GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) sockets = ph_listening_sockets_new ();

  if (!ph_listening_read_sockets (sockets, cancellable, error))
    return NULL;
  return ph_listening_from_sockets (sockets);
}

static void
search (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  GPtrArray *entries = ph_listening_list (cancellable, &error);

  g_atomic_int_set (&is_searching, FALSE);
  if (entries != NULL)
    g_task_return_pointer (task, entries, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
ph_listening_list_async (GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, ph_listening_list_async);
  g_task_set_return_on_cancel (task, TRUE);
  if (g_atomic_int_compare_and_exchange (&is_searching, FALSE, TRUE))
    g_task_run_in_thread (task, search);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING,
                             _ ("Services of this computer are being looked for already"));
}

GPtrArray *
ph_listening_list_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
