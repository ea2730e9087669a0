/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-snapshot.h"

const char *
ph_session_state_word (PhSessionState state)
{
  switch (state)
    {
    case PH_SESSION_STARTING:
      return "starting";
    case PH_SESSION_WAITING:
      return "waiting";
    case PH_SESSION_CONNECTING:
      return "connecting";
    case PH_SESSION_CONNECTED:
      return "connected";
    case PH_SESSION_ENDED:
      return "ended";
    }
  g_return_val_if_reached ("");
}

/* A snapshot: all of its text lies in one place and goes with it */

typedef struct
{
  PhSnapshot snapshot; /* first: this is what others see */
  gint refs;           /* atomic */
  GStringChunk *strings;
  PhServices *services; /* or NULL */
} Full;

PhSnapshot *
ph_snapshot_ref (PhSnapshot *snapshot)
{
  g_atomic_int_inc (&((Full *)snapshot)->refs);
  return snapshot;
}

void
ph_snapshot_unref (PhSnapshot *snapshot)
{
  Full *full = (Full *)snapshot;

  if (!g_atomic_int_dec_and_test (&full->refs))
    return;
  g_string_chunk_free (full->strings);
  g_clear_pointer (&full->services, ph_services_unref);
  g_free ((gpointer)snapshot->more_links);
  g_free ((gpointer)snapshot->rules);
  g_free ((gpointer)snapshot->peers);
  g_free ((gpointer)snapshot->mappings);
  g_free ((gpointer)snapshot->connections);
  g_free ((gpointer)snapshot->closed);
  g_free (full);
}

/* The same text is kept once. */
static const char *
keep (Full *full, const char *text)
{
  return text != NULL ? g_string_chunk_insert_const (full->strings, text) : NULL;
}

static const char *const *
keep_all (Full *full, const char *const *texts)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    g_ptr_array_add (kept, (gpointer)keep (full, texts[i]));
  g_ptr_array_add (kept, NULL);
  return (const char *const *)g_ptr_array_steal (kept, NULL);
}

/* What a recorder remembers */

typedef struct
{
  char *local;
  char *remote;
  PhMappingState state;
  char *message;
} Mapping;

typedef struct
{
  guint64 serial;
  char *peer;
  PhEndpoint source;
  char *remote;
  gboolean is_open;
  guint64 bytes_in;
  guint64 bytes_out;
  gint64 opened_us;
  gint64 closed_us;
  PhCloseReason reason;
  char *text;
} Closed;

/* What tells without much work whether anything has changed. */
typedef struct
{
  PhSessionState state;
  guint n_peers;
  guint stages; /* added up, as all that follow */
  guint asking;
  guint n_connections;
  guint32 round_trip_us;
  guint64 bytes_in;
  guint64 bytes_out;
} Signs;

struct _PhRecorder
{
  PhSessionRole role;
  char *id;
  char *code;
  char *link;
  char *signal;
  char **more_links;
  guint16 own_port;
  char *block;
  GPtrArray *mappings;  /* of Mapping */
  PhServices *services; /* in the last snapshot */
  GQueue closed;        /* of Closed, at most PH_SNAPSHOT_MAX_CLOSED */
  guint64 n_closed;
  guint64 closed_bytes_in;
  guint64 closed_bytes_out;
  guint64 shown_bytes_in;
  guint64 shown_bytes_out;
  gboolean is_touched;
  gboolean is_over;
  Signs signs; /* of the last snapshot */
};

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  g_free (mapping->local);
  g_free (mapping->remote);
  g_free (mapping->message);
  g_free (mapping);
}

static void
closed_free (gpointer data)
{
  Closed *closed = data;

  g_free (closed->peer);
  g_free (closed->remote);
  g_free (closed->text);
  g_free (closed);
}

PhRecorder *
ph_recorder_new (PhSessionRole role)
{
  PhRecorder *self = g_new0 (PhRecorder, 1);

  self->role = role;
  self->mappings = g_ptr_array_new_with_free_func (mapping_free);
  self->is_touched = TRUE;
  return self;
}

static void
clear_session (PhRecorder *self)
{
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->code, g_free);
  g_clear_pointer (&self->link, g_free);
  g_clear_pointer (&self->signal, g_free);
  g_clear_pointer (&self->more_links, g_strfreev);
}

void
ph_recorder_free (PhRecorder *self)
{
  clear_session (self);
  g_free (self->block);
  g_clear_pointer (&self->services, ph_services_unref);
  g_ptr_array_unref (self->mappings);
  g_queue_clear_full (&self->closed, closed_free);
  g_free (self);
}

void
ph_recorder_touch (PhRecorder *self)
{
  self->is_touched = TRUE;
}

void
ph_recorder_end (PhRecorder *self)
{
  self->is_over = TRUE;
  ph_recorder_touch (self);
}

void
ph_recorder_session (PhRecorder *self, const PhSessionInfo *info)
{
  clear_session (self);
  self->id = g_strdup (info->id);
  self->code = g_strdup (info->code);
  self->link = g_strdup (info->link);
  self->signal = g_strdup (info->signal);
  self->more_links = g_strdupv ((char **)info->more_links);
  self->own_port = info->own_port;
  ph_recorder_touch (self);
}

void
ph_recorder_block (PhRecorder *self, const char *text)
{
  g_free (self->block);
  self->block = g_strdup (text);
  ph_recorder_touch (self);
}

/* What is there on @local is over with what has come now: a failure with the next try, and what
 * listened with its removal. */
static void
forget_mapping (PhRecorder *self, const char *local)
{
  for (guint i = self->mappings->len; i-- > 0;)
    if (g_str_equal (((Mapping *)g_ptr_array_index (self->mappings, i))->local, local))
      g_ptr_array_remove_index (self->mappings, i);
}

static gboolean
is_listening (PhRecorder *self, const char *local)
{
  for (guint i = 0; i < self->mappings->len; i++)
    {
      const Mapping *mapping = g_ptr_array_index (self->mappings, i);

      if (mapping->state == PH_MAPPING_LISTENING && g_str_equal (mapping->local, local))
        return TRUE;
    }
  return FALSE;
}

void
ph_recorder_mapping (PhRecorder *self,
                     const char *local,
                     const char *remote,
                     PhMappingState state,
                     const char *message)
{
  Mapping *mapping;

  ph_recorder_touch (self);
  if (state == PH_MAPPING_FAILED && is_listening (self, local))
    return; /* a second one on the same port: the first goes on */
  forget_mapping (self, local);
  if (state == PH_MAPPING_REMOVED)
    return;
  mapping = g_new0 (Mapping, 1);
  mapping->local = g_strdup (local);
  mapping->remote = g_strdup (remote);
  mapping->state = state;
  mapping->message = g_strdup (message);
  g_ptr_array_add (self->mappings, mapping);
}

gboolean
ph_recorder_unmap (PhRecorder *self, const char *text)
{
  guint n_before = self->mappings->len;

  for (guint i = self->mappings->len; i-- > 0;)
    {
      const Mapping *mapping = g_ptr_array_index (self->mappings, i);
      PhEndpoint local;

      if (mapping->state == PH_MAPPING_FAILED && ph_endpoint_parse (mapping->local, &local, NULL) &&
          ph_join_is_meant (&local, text))
        g_ptr_array_remove_index (self->mappings, i);
    }
  ph_recorder_touch (self);
  return self->mappings->len < n_before;
}

void
ph_recorder_connection (PhRecorder *self,
                        const char *peer,
                        const PhConnectionInfo *info,
                        gboolean is_open)
{
  Closed *closed;

  ph_recorder_touch (self);
  if (is_open)
    return;
  self->n_closed++;
  self->closed_bytes_in += info->bytes_in;
  self->closed_bytes_out += info->bytes_out;
  closed = g_new0 (Closed, 1);
  closed->serial = info->serial;
  closed->peer = g_strdup (peer);
  closed->source = info->source;
  closed->remote = ph_destination_dup_text (info->remote);
  closed->is_open = info->is_open;
  closed->bytes_in = info->bytes_in;
  closed->bytes_out = info->bytes_out;
  closed->opened_us = info->opened_us;
  closed->closed_us = info->closed_us;
  closed->reason = info->reason;
  closed->text = g_strdup (info->text);
  g_queue_push_tail (&self->closed, closed);
  if (self->closed.length > PH_SNAPSHOT_MAX_CLOSED)
    closed_free (g_queue_pop_head (&self->closed));
}

/* The other side, one of them on a Client, any number on a Host */

static PhPeerStage
stage_of_join (PhJoin *join)
{
  switch (ph_join_get_state (join))
    {
    case PH_SESSION_STARTING:
    case PH_SESSION_WAITING:
      return PH_STAGE_ASKING;
    case PH_SESSION_CONNECTING:
      return PH_STAGE_CONNECTING;
    case PH_SESSION_CONNECTED:
      return PH_STAGE_CONNECTED;
    case PH_SESSION_ENDED:
      break;
    }
  return PH_STAGE_LEAVING;
}

/* Makes of a join what a Host knows of each of its Clients. */
static void
describe_join (PhJoin *join, PhHostClientInfo *ret_info)
{
  PhTunnel *tunnel = ph_join_get_tunnel (join);

  *ret_info = (PhHostClientInfo){ .name = ph_join_get_host_name (join),
                                  .stage = stage_of_join (join),
                                  .is_connected = tunnel != NULL,
                                  .is_asking = ph_join_is_asking (join),
                                  .is_verified = ph_join_is_verified (join) };
  if (tunnel == NULL)
    return;
  ret_info->path = ph_tunnel_get_path (tunnel);
  ret_info->round_trip_us = ph_tunnel_get_round_trip_us (tunnel);
  ph_mux_get_counters (ph_tunnel_get_mux (tunnel), &ret_info->counters);
}

typedef void (*PeerFunc) (const PhHostClientInfo *info, gpointer user_data);

static void
foreach_peer (PhHost *host, PhJoin *join, PeerFunc func, gpointer user_data)
{
  PhHostClientInfo info;

  if (host != NULL)
    ph_host_foreach_client (host, func, user_data);
  if (join == NULL || ph_join_get_host_name (join) == NULL)
    return;
  describe_join (join, &info);
  func (&info, user_data);
}

static PhSessionState
get_state (const PhRecorder *self, PhHost *host, PhJoin *join)
{
  if (self->is_over)
    return PH_SESSION_ENDED;
  if (host != NULL)
    return ph_host_get_state (host);
  return join != NULL ? ph_join_get_state (join) : PH_SESSION_STARTING;
}

static void
add_signs (const PhHostClientInfo *info, gpointer user_data)
{
  Signs *signs = user_data;

  signs->n_peers++;
  signs->stages += (guint)info->stage;
  signs->asking += info->is_asking ? 1 : 0;
  signs->n_connections += info->counters.connections;
  signs->round_trip_us += info->round_trip_us;
  signs->bytes_in += info->counters.bytes_in;
  signs->bytes_out += info->counters.bytes_out;
}

static void
read_signs (const PhRecorder *self, PhHost *host, PhJoin *join, Signs *ret_signs)
{
  *ret_signs = (Signs){ .state = get_state (self, host, join) };
  foreach_peer (host, join, add_signs, ret_signs);
}

static PhServices *
get_services (PhHost *host, PhJoin *join)
{
  if (host != NULL)
    return ph_host_get_services (host);
  return join != NULL ? ph_join_get_services (join) : NULL;
}

gboolean
ph_recorder_has_news (PhRecorder *self, PhHost *host, PhJoin *join)
{
  Signs *old = &self->signs;
  Signs new;

  if (self->is_touched || get_services (host, join) != self->services)
    return TRUE;
  read_signs (self, host, join, &new);
  return new.state != old->state || new.n_peers != old->n_peers || new.stages != old->stages ||
         new.asking != old->asking || new.n_connections != old->n_connections ||
         new.round_trip_us != old->round_trip_us || new.bytes_in != old->bytes_in ||
         new.bytes_out != old->bytes_out;
}

/* Taking a snapshot */

typedef struct
{
  PhRecorder *recorder;
  Full *full;
  GArray *peers;
  GArray *connections;
  PhJoin *join;
  guint64 bytes_in; /* of those connections that are open */
  guint64 bytes_out;
} Taking;

static void
take_peer (const PhHostClientInfo *info, gpointer user_data)
{
  Taking *taking = user_data;
  PhSnapshotPeer peer = { .name = keep (taking->full, info->name),
                          .stage = info->stage,
                          .is_asking = info->is_asking,
                          .is_verified = info->is_verified,
                          .round_trip_us = info->round_trip_us,
                          .n_connections = info->counters.connections,
                          .bytes_in = info->counters.bytes_in,
                          .bytes_out = info->counters.bytes_out };

  if (info->path != NULL)
    peer.path = *info->path;
  g_array_append_val (taking->peers, peer);
}

static void
take_connection (const char *name, const PhConnectionInfo *info, gpointer user_data)
{
  Taking *taking = user_data;
  g_autofree char *remote = NULL;
  PhSnapshotConnection connection = { .serial = info->serial,
                                      .source = info->source,
                                      .is_open = info->is_open,
                                      .bytes_in = info->bytes_in,
                                      .bytes_out = info->bytes_out,
                                      .opened_us = info->opened_us };

  taking->bytes_in += info->bytes_in;
  taking->bytes_out += info->bytes_out;
  if (taking->connections->len >= PH_SNAPSHOT_MAX_CONNECTIONS)
    return;
  remote = ph_destination_dup_text (info->remote);
  connection.peer = keep (taking->full, name);
  connection.remote = keep (taking->full, remote);
  g_array_append_val (taking->connections, connection);
}

static void
take_connection_of_join (const PhConnectionInfo *info, gpointer user_data)
{
  Taking *taking = user_data;

  take_connection (ph_join_get_host_name (taking->join), info, taking);
}

static void
take_live (Taking *taking, PhHost *host)
{
  PhTunnel *tunnel = taking->join != NULL ? ph_join_get_tunnel (taking->join) : NULL;

  foreach_peer (host, taking->join, take_peer, taking);
  if (host != NULL)
    ph_host_foreach_connection (host, take_connection, taking);
  if (tunnel != NULL)
    ph_mux_foreach (ph_tunnel_get_mux (tunnel), take_connection_of_join, taking);
}

static void
take_closed (Taking *taking)
{
  g_autoptr (GArray) array = g_array_new (FALSE, FALSE, sizeof (PhSnapshotConnection));
  PhSnapshot *snapshot = &taking->full->snapshot;

  for (GList *l = taking->recorder->closed.head; l != NULL; l = l->next)
    {
      const Closed *closed = l->data;
      PhSnapshotConnection connection = { .serial = closed->serial,
                                          .peer = keep (taking->full, closed->peer),
                                          .source = closed->source,
                                          .remote = keep (taking->full, closed->remote),
                                          .is_open = closed->is_open,
                                          .bytes_in = closed->bytes_in,
                                          .bytes_out = closed->bytes_out,
                                          .opened_us = closed->opened_us,
                                          .closed_us = closed->closed_us,
                                          .reason = closed->reason,
                                          .text = keep (taking->full, closed->text) };

      g_array_append_val (array, connection);
    }
  snapshot->n_closed = array->len;
  snapshot->n_closed_total = taking->recorder->n_closed;
  snapshot->closed = g_array_steal (array, NULL);
}

static void
take_mappings (Taking *taking)
{
  g_autoptr (GArray) array = g_array_new (FALSE, FALSE, sizeof (PhSnapshotMapping));
  PhSnapshot *snapshot = &taking->full->snapshot;

  for (guint i = 0; i < taking->recorder->mappings->len; i++)
    {
      const Mapping *from = g_ptr_array_index (taking->recorder->mappings, i);
      PhSnapshotMapping mapping = { .local = keep (taking->full, from->local),
                                    .remote = keep (taking->full, from->remote),
                                    .state = from->state,
                                    .message = keep (taking->full, from->message) };

      g_array_append_val (array, mapping);
    }
  snapshot->n_mappings = array->len;
  snapshot->mappings = g_array_steal (array, NULL);
}

static void
take_rules (Taking *taking, PhHost *host)
{
  const PhRules *rules = host != NULL ? ph_host_get_rules (host) : NULL;
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  for (guint i = 0; rules != NULL && i < ph_rules_get_count (rules); i++)
    g_ptr_array_add (texts, (gpointer)keep (taking->full, ph_rules_get_text (rules, i)));
  g_ptr_array_add (texts, NULL);
  taking->full->snapshot.rules = (const char *const *)g_ptr_array_steal (texts, NULL);
}

/* The recorder's reference keeps another list from taking this one's place in memory. */
static void
take_services (Taking *taking, PhHost *host)
{
  PhServices *services = get_services (host, taking->join);
  PhSnapshot *snapshot = &taking->full->snapshot;

  g_clear_pointer (&taking->recorder->services, ph_services_unref);
  if (services != NULL)
    {
      taking->recorder->services = ph_services_ref (services);
      taking->full->services = ph_services_ref (services);
    }
  snapshot->services = ph_services_get (services, &snapshot->n_services);
}

static void
take_session (Taking *taking)
{
  PhSnapshot *snapshot = &taking->full->snapshot;
  PhRecorder *recorder = taking->recorder;

  snapshot->id = keep (taking->full, recorder->id);
  snapshot->code = keep (taking->full, recorder->code);
  snapshot->link = keep (taking->full, recorder->link);
  snapshot->signal = keep (taking->full, recorder->signal);
  snapshot->block = keep (taking->full, recorder->block);
  snapshot->more_links = keep_all (taking->full, (const char *const *)recorder->more_links);
  snapshot->own_port = recorder->own_port;
}

/* Totals never go back, even while a connection is no longer listed and not yet reported. */
static void
take_totals (Taking *taking)
{
  PhRecorder *recorder = taking->recorder;
  PhSnapshot *snapshot = &taking->full->snapshot;

  recorder->shown_bytes_in =
      MAX (recorder->shown_bytes_in, recorder->closed_bytes_in + taking->bytes_in);
  recorder->shown_bytes_out =
      MAX (recorder->shown_bytes_out, recorder->closed_bytes_out + taking->bytes_out);
  snapshot->total_bytes_in = recorder->shown_bytes_in;
  snapshot->total_bytes_out = recorder->shown_bytes_out;
}

PhSnapshot *
ph_recorder_take (PhRecorder *self, PhHost *host, PhJoin *join)
{
  Full *full = g_new0 (Full, 1);
  PhSnapshot *snapshot = &full->snapshot;
  g_autoptr (GArray) peers = g_array_new (FALSE, FALSE, sizeof (PhSnapshotPeer));
  g_autoptr (GArray) connections = g_array_new (FALSE, FALSE, sizeof (PhSnapshotConnection));
  Taking taking = {
    .recorder = self, .full = full, .peers = peers, .connections = connections, .join = join
  };

  full->refs = 1;
  full->strings = g_string_chunk_new (512);
  snapshot->role = self->role;
  snapshot->state = get_state (self, host, join);
  take_session (&taking);
  take_rules (&taking, host);
  take_services (&taking, host);
  take_mappings (&taking);
  take_live (&taking, host);
  take_closed (&taking);
  take_totals (&taking);
  snapshot->n_peers = peers->len;
  snapshot->peers = g_array_steal (peers, NULL);
  snapshot->n_connections = connections->len;
  snapshot->connections = g_array_steal (connections, NULL);
  read_signs (self, host, join, &self->signs);
  self->is_touched = FALSE;
  return snapshot;
}
