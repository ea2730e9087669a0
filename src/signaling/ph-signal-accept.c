/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-accept.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"
#include "ph-signal-guard.h"

#define ACCEPTS_PER_TURN 64
#define BACKLOG 4096                    /* the system takes what it allows of it */
#define ANSWER_US (15 * G_USEC_PER_SEC) /* for reading an answer to its last byte */
#define CONN_KEY "porthole-conn"

typedef struct
{
  PhSignalAccept *owner;
  GSocket *socket;
  GSource *source; /* NULL while paused */
} Listener;

struct _PhSignalConn
{
  PhSignalAccept *owner;
  GSocket *socket;
  GSocketConnection *stream; /* not a reference: told when it goes */
  PhSignalHead *head;        /* of its request */
  GList *slow;               /* its place among those that have not asked; NULL: it has */
  GSocketAddress *local;
  GSocketAddress *remote;
  PhEndpoint endpoint;
  gint64 opened_us;
  gint64 deadline_us;
  gboolean is_kept;
  gboolean is_cut;
};

struct _PhSignalAccept
{
  GMainContext *context;
  PhSignalTls *tls; /* NULL: plain */
  const PhSignalAcceptEvents *events;
  gpointer user_data;
  guint request_ms;
  GPtrArray *listeners; /* Listener */
  GHashTable *conns;    /* set of PhSignalConn */
  GQueue slow;          /* of PhSignalConn: those that have not asked yet, the oldest first */
};

static void resume_listeners (PhSignalAccept *self);

/* ---- Connections ---- */

gboolean
ph_signal_endpoint_is_local (const PhEndpoint *endpoint)
{
  static const guint8 loopback6[16] = { [15] = 1 };

  return ph_address_is_ipv4 (endpoint->addr) ? endpoint->addr[12] == 127
                                             : memcmp (endpoint->addr, loopback6, 16) == 0;
}

static void
leave_slow (PhSignalConn *conn)
{
  if (conn->slow != NULL)
    g_queue_delete_link (&conn->owner->slow, g_steal_pointer (&conn->slow));
}

static void
conn_free (gpointer data)
{
  PhSignalConn *conn = data;

  leave_slow (conn);
  ph_signal_head_unref (conn->head);
  g_object_set_data (G_OBJECT (conn->remote), CONN_KEY, NULL);
  g_object_unref (conn->socket);
  g_object_unref (conn->local);
  g_object_unref (conn->remote);
  g_free (conn);
}

static void
on_stream_gone (gpointer data, GObject *stream)
{
  PhSignalConn *conn = data;
  PhSignalAccept *self = conn->owner;
  PhEndpoint remote = conn->endpoint;
  guint refused = ph_signal_guard_status (conn->head);

  g_hash_table_remove (self->conns, conn);
  resume_listeners (self);
  self->events->closed (&remote, refused, self->user_data);
}

/* NULL where the other end has gone already. */
static PhSignalConn *
conn_new (PhSignalAccept *self, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  PhEndpoint endpoint;
  PhSignalConn *conn;

  if (local == NULL || remote == NULL || !ph_endpoint_from_socket_address (remote, &endpoint) ||
      !self->events->opening (&endpoint, self->user_data))
    return NULL;
  conn = g_new0 (PhSignalConn, 1);
  conn->owner = self;
  conn->socket = g_object_ref (socket);
  conn->local = g_steal_pointer (&local);
  conn->remote = g_steal_pointer (&remote);
  conn->endpoint = endpoint;
  conn->opened_us = g_get_monotonic_time ();
  conn->deadline_us = conn->opened_us + self->request_ms * G_GINT64_CONSTANT (1000);
  conn->head = ph_signal_head_new ();
  g_queue_push_tail (&self->slow, conn);
  conn->slow = self->slow.tail;
  g_object_set_data (G_OBJECT (conn->remote), CONN_KEY, conn);
  g_hash_table_add (self->conns, conn);
  return conn;
}

/* What the HTTP server gets. A handshake happens with the first read, within the connection's time.
 */
static GIOStream *
wrap_stream (PhSignalAccept *self, GSocketConnection *plain, PhSignalHead *head)
{
  g_autoptr (GIOStream) tls = NULL;

  if (self->tls == NULL)
    return ph_signal_guard_new (G_IO_STREAM (plain), head);
  tls = ph_signal_tls_wrap (self->tls, plain);
  return tls != NULL ? ph_signal_guard_new (tls, head) : NULL;
}

static void
open_conn (PhSignalAccept *self, GSocket *socket)
{
  g_autoptr (GSocketConnection) plain = NULL;
  g_autoptr (GIOStream) stream = NULL;
  PhSignalConn *conn = conn_new (self, socket);

  if (conn == NULL)
    return;
  plain = g_socket_connection_factory_create_connection (socket);
  conn->stream = plain;
  g_object_weak_ref (G_OBJECT (plain), on_stream_gone, conn);
  stream = wrap_stream (self, plain, conn->head);
  if (stream != NULL)
    self->events->opened (conn, stream, self->user_data);
}

PhSignalConn *
ph_signal_conn_from_address (GSocketAddress *remote_address)
{
  return g_object_get_data (G_OBJECT (remote_address), CONN_KEY);
}

GSocketAddress *
ph_signal_conn_get_local (PhSignalConn *conn)
{
  return conn->local;
}

GSocketAddress *
ph_signal_conn_get_remote (PhSignalConn *conn)
{
  return conn->remote;
}

const PhEndpoint *
ph_signal_conn_get_endpoint (PhSignalConn *conn)
{
  return &conn->endpoint;
}

void
ph_signal_conn_allow (PhSignalConn *conn, guint hold_s)
{
  leave_slow (conn);
  conn->deadline_us = g_get_monotonic_time () + hold_s * G_USEC_PER_SEC + ANSWER_US;
}

/* The HTTP server, which owns the stream, then reads the end and lets go. */
void
ph_signal_conn_cut (PhSignalConn *conn)
{
  leave_slow (conn);
  conn->is_cut = TRUE;
  g_socket_shutdown (conn->socket, TRUE, TRUE, NULL);
}

void
ph_signal_conn_keep (PhSignalConn *conn)
{
  conn->is_kept = TRUE;
}

GSource *
ph_signal_conn_create_source (PhSignalConn *conn)
{
  return g_socket_create_source (conn->socket, G_IO_IN | G_IO_HUP | G_IO_ERR, NULL);
}

/* ---- Listening ---- */

static void
listener_free (gpointer data)
{
  Listener *listener = data;

  ph_timer_clear (&listener->source);
  g_socket_close (listener->socket, NULL);
  g_object_unref (listener->socket);
  g_free (listener);
}

static gboolean
is_full (PhSignalAccept *self)
{
  return g_hash_table_size (self->conns) >= PH_SIGNAL_MAX_CONNECTIONS;
}

/* The listener would be ready for ever, so it is left alone until a connection has closed; and if
 * none can be made to, until the next tick. */
static gboolean
pause_listener (Listener *listener)
{
  PhSignalConn *oldest = g_queue_peek_head (&listener->owner->slow);

  ph_timer_clear (&listener->source);
  if (oldest != NULL)
    ph_signal_conn_cut (oldest);
  return G_SOURCE_REMOVE;
}

static gboolean
on_connection (GSocket *socket, GIOCondition condition, gpointer data)
{
  Listener *listener = data;
  PhSignalAccept *self = listener->owner;

  for (guint i = 0; i < ACCEPTS_PER_TURN; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) accepted = NULL;

      if (is_full (self))
        return pause_listener (listener);
      accepted = g_socket_accept (socket, NULL, &error);
      if (accepted != NULL)
        open_conn (self, accepted);
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      else
        return pause_listener (listener);
    }
  return G_SOURCE_CONTINUE;
}

static void
resume_listener (Listener *listener)
{
  if (listener->source != NULL)
    return;
  listener->source = g_socket_create_source (listener->socket, G_IO_IN, NULL);
  g_source_set_static_name (listener->source, "[porthole] accept");
  g_source_set_callback (listener->source, G_SOURCE_FUNC (on_connection), listener, NULL);
  g_source_attach (listener->source, listener->owner->context);
}

static void
resume_listeners (PhSignalAccept *self)
{
  for (guint i = 0; i < self->listeners->len && !is_full (self); i++)
    resume_listener (self->listeners->pdata[i]);
}

static GSocket *
bind_socket (const PhEndpoint *endpoint, GError **error)
{
  g_autoptr (GSocketAddress) address = ph_endpoint_dup_socket_address (endpoint);
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

gboolean
ph_signal_accept_listen (PhSignalAccept *self,
                         const PhEndpoint *endpoint,
                         PhEndpoint *ret_bound,
                         GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GSocket) socket = bind_socket (endpoint, &failure);
  g_autoptr (GSocketAddress) bound = NULL;
  char text[PH_ENDPOINT_TEXT_SIZE];
  Listener *listener;

  if (socket != NULL)
    bound = g_socket_get_local_address (socket, &failure);
  if (bound == NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_LISTEN,
                   _ ("“%s” cannot be listened on: %s; choose another port or address"),
                   ph_endpoint_format (endpoint, text), failure->message);
      return FALSE;
    }
  if (ret_bound != NULL)
    ph_endpoint_from_socket_address (bound, ret_bound);
  listener = g_new0 (Listener, 1);
  listener->owner = self;
  listener->socket = g_steal_pointer (&socket);
  resume_listener (listener);
  g_ptr_array_add (self->listeners, listener);
  return TRUE;
}

void
ph_signal_accept_stop_listening (PhSignalAccept *self)
{
  g_ptr_array_set_size (self->listeners, 0);
}

void
ph_signal_accept_tick (PhSignalAccept *self, gint64 now_us)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      PhSignalConn *conn = key;

      if (conn->deadline_us <= now_us)
        ph_signal_conn_cut (conn);
    }
  resume_listeners (self);
}

void
ph_signal_accept_cut_oldest_local (PhSignalAccept *self)
{
  PhSignalConn *oldest = NULL;
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      PhSignalConn *conn = key;

      if (!conn->is_cut && !conn->is_kept && ph_signal_endpoint_is_local (&conn->endpoint) &&
          (oldest == NULL || conn->opened_us < oldest->opened_us))
        oldest = conn;
    }
  if (oldest != NULL)
    ph_signal_conn_cut (oldest);
}

guint
ph_signal_accept_count (PhSignalAccept *self)
{
  return g_hash_table_size (self->conns);
}

/* ---- Life ---- */

PhSignalAccept *
ph_signal_accept_new (PhSignalTls *tls,
                      guint request_ms,
                      const PhSignalAcceptEvents *events,
                      gpointer user_data)
{
  PhSignalAccept *self = g_new0 (PhSignalAccept, 1);

  self->context = g_main_context_ref_thread_default ();
  self->tls = tls != NULL ? ph_signal_tls_ref (tls) : NULL;
  self->request_ms = request_ms;
  self->events = events;
  self->user_data = user_data;
  self->listeners = g_ptr_array_new_with_free_func (listener_free);
  self->conns = g_hash_table_new_full (NULL, NULL, conn_free, NULL);
  return self;
}

void
ph_signal_accept_free (PhSignalAccept *self)
{
  GHashTableIter iter;
  gpointer key;

  if (self == NULL)
    return;
  g_ptr_array_unref (self->listeners);
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      PhSignalConn *conn = key;

      g_object_weak_unref (G_OBJECT (conn->stream), on_stream_gone, conn);
      ph_signal_conn_cut (conn);
    }
  g_hash_table_unref (self->conns);
  g_clear_pointer (&self->tls, ph_signal_tls_unref);
  g_main_context_unref (self->context);
  g_free (self);
}
