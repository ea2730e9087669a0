/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-server.h"

#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>

#include "core/ph-timer.h"
#include "ph-signal-accept.h"
#include "ph-signal-api.h"
#include "ph-signal-call.h"
#include "ph-signal-callers.h"

/* libsoup reads HTTP and writes it. What it does not do is done around it: ph-signal-accept bounds
 * connections and heads, ph-signal-call bodies and answers, and ph-signal-polls watches what is
 * held. A connection carries one request. */

#define MAX_LOCAL 192 /* connections from this computer to a Host's own */
#define REQUEST_MS 20000
#define STOP_MS 500
#define TICK_MS 1000
#define RETRY_S 1

struct _PhSignalServer
{
  PhSignalServerOptions options;
  GMainContext *context;
  SoupServer *soup;
  PhSignalAccept *accept;
  PhSignalCallers *callers;
  PhSignalApi *api;
  PhSignalTally tally;
  PhEndpoint bound; /* of the first listen */
  gboolean listening;
  GHashTable *calls;   /* set of PhSignalCall: requests that are not over */
  GHashTable *counted; /* of these, those that count as a connection of their address */
  guint n_local;       /* connections from this computer, where `only_id` is set */
  GSource *tick;
  gboolean stopping;
  void (*stopped) (gpointer user_data); /* NULL again once it was called */
  gpointer stopped_data;
  GSource *stop_timer;
};

/* ---- Requests ---- */

/* A proxy in front has all the connections, so it is requests that are counted there, by the
 * address that the proxy saw. */
static gboolean
begin_forwarded (PhSignalServer *self, PhSignalCall *call)
{
  if (!self->options.trust_forwarded || g_hash_table_contains (self->counted, call))
    return TRUE;
  if (!ph_signal_callers_begin_connection (self->callers, ph_signal_call_get_address (call)))
    return FALSE;
  g_hash_table_add (self->counted, call);
  return TRUE;
}

static void
on_got_headers (SoupServerMessage *message, gpointer data)
{
  PhSignalServer *self = data;
  PhSignalCall *call = ph_signal_call_from_message (message);

  /* libsoup would answer in as many parts as are asked for. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  ph_signal_call_read_address (call, self->options.trust_forwarded);
  begin_forwarded (self, call);
}

static void
on_request (SoupServer *soup,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer data)
{
  PhSignalServer *self = data;
  PhSignalCall *call = ph_signal_call_from_message (message);
  PhSignalConn *conn = ph_signal_call_get_conn (call);

  if (conn == NULL)
    {
      ph_signal_call_answer_bad_request (call, "This connection is closed.");
      return;
    }
  ph_signal_conn_allow (conn, 0);
  if (ph_signal_api_is_own (self->api, call))
    ph_signal_conn_keep (conn);
  if (begin_forwarded (self, call))
    ph_signal_api_answer (self->api, call, path, query);
  else
    ph_signal_call_answer_too_many (
        call, N_ ("Too many requests from this address; wait a little."), RETRY_S);
}

static void
on_call_over (PhSignalCall *call, gpointer data)
{
  PhSignalServer *self = data;

  ph_signal_api_forget (self->api, call);
  if (g_hash_table_remove (self->counted, call))
    ph_signal_callers_end_connection (self->callers, ph_signal_call_get_address (call));
  g_hash_table_remove (self->calls, call);
}

static void
on_request_started (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  PhSignalServer *self = data;

  g_hash_table_add (self->calls, ph_signal_call_new (message, &self->tally, on_call_over, self));
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), self);
}

/* ---- Connections ---- */

/* A Host's own calls come from where those of every process on its computer come from. So nobody is
 * turned away there: whoever comes takes the place of the oldest that is not the Host. */
static gboolean
is_unlimited (PhSignalServer *self, const PhEndpoint *remote)
{
  return self->options.only_id != NULL && ph_signal_endpoint_is_local (remote);
}

static gboolean
begin_connection (PhSignalServer *self, const PhEndpoint *remote)
{
  if (!is_unlimited (self, remote))
    return self->options.trust_forwarded ||
           ph_signal_callers_begin_connection (self->callers, remote->addr);
  if (self->n_local >= MAX_LOCAL)
    ph_signal_accept_cut_oldest_local (self->accept);
  self->n_local++;
  return TRUE;
}

static gboolean
on_opening (const PhEndpoint *remote, gpointer data)
{
  PhSignalServer *self = data;

  if (!begin_connection (self, remote))
    return FALSE;
  self->tally.connections++;
  return TRUE;
}

static void
on_opened (PhSignalConn *conn, GIOStream *stream, gpointer data)
{
  PhSignalServer *self = data;

  soup_server_accept_iostream (self->soup, stream, ph_signal_conn_get_local (conn),
                               ph_signal_conn_get_remote (conn), NULL);
}

static void
on_closed (const PhEndpoint *remote, guint refused, gpointer data)
{
  PhSignalServer *self = data;

  self->tally.connections--;
  if (refused != 0)
    ph_signal_tally_answer (&self->tally, refused);
  if (is_unlimited (self, remote))
    self->n_local--;
  else if (!self->options.trust_forwarded)
    ph_signal_callers_end_connection (self->callers, remote->addr);
  if (self->stopping && self->tally.connections == 0)
    ph_timer_arm (self->stop_timer, 0);
}

static const PhSignalAcceptEvents accept_events = {
  .opening = on_opening,
  .opened = on_opened,
  .closed = on_closed,
};

/* ---- Life ---- */

static gboolean
on_stop_over (gpointer data)
{
  PhSignalServer *self = data;
  void (*stopped) (gpointer user_data) = g_steal_pointer (&self->stopped);

  if (stopped != NULL)
    stopped (self->stopped_data); /* may free self */
  return G_SOURCE_CONTINUE;
}

static gboolean
on_tick (gpointer data)
{
  PhSignalServer *self = data;
  gint64 now_us = g_get_monotonic_time ();

  ph_signal_accept_tick (self->accept, now_us);
  ph_signal_api_tick (self->api, now_us);
  ph_signal_callers_sweep (self->callers, now_us);
  ph_timer_arm (self->tick, TICK_MS);
  return G_SOURCE_CONTINUE;
}

static guint
saturate (guint64 n)
{
  return (guint)MIN (n, G_MAXUINT);
}

static PhSignalCallers *
new_callers (const PhSignalServerOptions *options)
{
  guint64 polls = options->polls_per_address;
  PhSignalCallerLimits limits = {
    .create_per_minute = options->create_per_minute,
    .polls = options->polls_per_address,
    .sessions = saturate (4 * polls),
  };

  if (polls > 0)
    limits.connections = saturate (2 * polls + 64);
  return ph_signal_callers_new (&limits);
}

static SoupServer *
new_soup (PhSignalServer *self)
{
  SoupServer *soup = soup_server_new (NULL, NULL);

  soup_server_add_handler (soup, NULL, on_request, self, NULL);
  g_signal_connect (soup, "request-started", G_CALLBACK (on_request_started), self);
  return soup;
}

PhSignalServer *
ph_signal_server_new (const PhSignalServerOptions *options)
{
  PhSignalServer *self = g_new0 (PhSignalServer, 1);

  self->options = *options;
  self->options.only_id = g_strdup (options->only_id);
  self->context = g_main_context_ref_thread_default ();
  self->callers = new_callers (options);
  self->api = ph_signal_api_new (&self->options, self->callers, &self->tally);
  self->accept = ph_signal_accept_new (options->tls,
                                       options->request_ms > 0 ? options->request_ms : REQUEST_MS,
                                       &accept_events, self);
  self->calls = g_hash_table_new (NULL, NULL);
  self->counted = g_hash_table_new (NULL, NULL);
  self->soup = new_soup (self);
  self->stop_timer = ph_timer_new (self->context, "[porthole] stop", on_stop_over, self);
  self->tick = ph_timer_new (self->context, "[porthole] tick", on_tick, self);
  ph_timer_arm (self->tick, TICK_MS);
  return self;
}

gboolean
ph_signal_server_listen (PhSignalServer *self, const PhEndpoint *endpoint, GError **error)
{
  PhEndpoint bound;

  if (!ph_signal_accept_listen (self->accept, endpoint, &bound, error))
    return FALSE;
  if (!self->listening)
    self->bound = bound;
  self->listening = TRUE;
  return TRUE;
}

guint16
ph_signal_server_get_port (PhSignalServer *self)
{
  return self->bound.port;
}

char *
ph_signal_server_dup_url (PhSignalServer *self)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  return g_strdup_printf ("%s://%s", self->options.tls != NULL ? "https" : "http",
                          ph_endpoint_format (&self->bound, text));
}

void
ph_signal_server_stop (PhSignalServer *self,
                       void (*stopped) (gpointer user_data),
                       gpointer user_data)
{
  g_return_if_fail (!self->stopping);
  self->stopping = TRUE;
  self->stopped = stopped;
  self->stopped_data = user_data;
  ph_signal_accept_stop_listening (self->accept);
  ph_signal_api_stop (self->api);
  ph_timer_arm (self->stop_timer, self->tally.connections == 0 ? 0 : STOP_MS);
}

/* Messages may outlive the server inside libsoup; they find no server then. */
static void
detach_calls (PhSignalServer *self)
{
  g_autoptr (GList) calls = g_hash_table_get_keys (self->calls);

  for (GList *l = calls; l != NULL; l = l->next)
    ph_signal_call_detach (l->data, self);
}

void
ph_signal_server_free (PhSignalServer *self)
{
  if (self == NULL)
    return;
  self->stopping = FALSE; /* what closes from here on is no news */
  ph_timer_clear (&self->tick);
  ph_timer_clear (&self->stop_timer);
  detach_calls (self);
  g_signal_handlers_disconnect_by_data (self->soup, self);
  soup_server_remove_handler (self->soup, NULL);
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);
  ph_signal_accept_free (self->accept);
  ph_signal_api_free (self->api);
  ph_signal_callers_free (self->callers);
  g_hash_table_unref (self->counted);
  g_hash_table_unref (self->calls);
  g_free ((char *)self->options.only_id);
  g_main_context_unref (self->context);
  g_free (self);
}
