/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-tunnel.h"

#include "core/ph-error.h"
#include "core/ph-memory.h"

struct _PhTunnel
{
  PhTunnelConfig config;
  PhPeer *peer;
  PhMux *mux; /* from connected on */
  PhExtensions extensions;
  gboolean is_gathered;
  gboolean is_held;
  gboolean is_closing;
  gboolean is_reported; /* `ended` has come */
  const PhTunnelEvents *events;
  gpointer user_data;
  PhPeerDone done;
  gpointer done_data;
};

/* The mux's events */

static void
on_opened (const PhConnectionInfo *info, gpointer user_data)
{
  PhTunnel *self = user_data;

  self->events->opened (info, self->user_data);
}

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  PhTunnel *self = user_data;

  self->events->closed (info, self->user_data);
}

static void
on_services (const guint8 *list, gsize size, gpointer user_data)
{
  PhTunnel *self = user_data;

  self->events->services (list, size, self->user_data);
}

static void
report_end (PhTunnel *self, const GError *error)
{
  if (self->is_closing || self->is_reported)
    return;
  self->is_reported = TRUE;
  self->events->ended (error, self->user_data);
}

/* A channel that closed is the peer's to explain, which it does next. */
static void
on_mux_failed (const GError *error, gpointer user_data)
{
  if (ph_error_code (error) == PH_ERROR_PROTOCOL)
    report_end (user_data, error);
}

static const PhMuxEvents mux_events = { .opened = on_opened,
                                        .closed = on_closed,
                                        .failed = on_mux_failed,
                                        .services = on_services };

/* The peer's events */

static void
on_gathered (gpointer user_data)
{
  PhTunnel *self = user_data;

  self->is_gathered = TRUE;
  self->events->gathered (self->user_data);
}

static void
on_connected (gpointer user_data)
{
  PhTunnel *self = user_data;

  self->mux = ph_mux_new (self->config.role, ph_peer_get_channel (self->peer), self->config.poll,
                          self->config.rules, self->extensions, &mux_events, self);
  ph_mux_set_held (self->mux, self->is_held);
  self->events->connected (self->user_data);
}

static void
on_peer_closed (const GError *error, gpointer user_data)
{
  report_end (user_data, error);
}

static const PhPeerEvents peer_events = { .gathered = on_gathered,
                                          .connected = on_connected,
                                          .closed = on_peer_closed };

/* Setting up */

PhTunnel *
ph_tunnel_new (const PhTunnelConfig *config,
               const PhTunnelEvents *events,
               gpointer user_data,
               GError **error)
{
  PhTunnel *self = g_new0 (PhTunnel, 1);

  self->config = *config;
  self->events = events;
  self->user_data = user_data;
  self->peer = ph_peer_new (ph_poll_get_context (config->poll),
                            config->role == PH_MUX_HOST ? PH_PEER_OFFERER : PH_PEER_ANSWERER,
                            config->cert, config->ice, &peer_events, self, error);
  if (self->peer == NULL)
    {
      g_free (self);
      return NULL;
    }
  if (config->patience_ms != 0)
    ph_peer_set_patient (self->peer, config->patience_ms);
  if (!ph_peer_gather (self->peer, error))
    {
      ph_peer_close (self->peer, NULL, NULL);
      g_free (self);
      return NULL;
    }
  return self;
}

gboolean
ph_tunnel_is_gathered (PhTunnel *self)
{
  return self->is_gathered;
}

PhHalf *
ph_tunnel_describe (PhTunnel *self, const PhSdp *remote)
{
  g_autofree char *sdp = ph_peer_dup_sdp (self->peer, remote);
  g_auto (GStrv) lines = ph_peer_dup_candidates (self->peer);

  return ph_half_new (remote == NULL ? PH_SIGNAL_TYPE_OFFER : PH_SIGNAL_TYPE_ANSWER, sdp,
                      (const char *const *)lines, remote == NULL ? "0" : remote->mid,
                      PH_EXTENSIONS_OURS);
}

gboolean
ph_tunnel_start (PhTunnel *self,
                 const PhSdp *remote,
                 const PhHalf *half,
                 gboolean is_held,
                 GError **error)
{
  g_auto (GStrv) lines = ph_half_dup_lines (half);

  self->extensions = ph_half_get_extensions (half);
  self->is_held = is_held;
  return ph_peer_set_remote (self->peer, remote, (const char *const *)lines,
                             half->description->ours, error);
}

void
ph_tunnel_release (PhTunnel *self)
{
  self->is_held = FALSE;
  if (self->mux != NULL)
    ph_mux_set_held (self->mux, FALSE);
}

PhMux *
ph_tunnel_get_mux (PhTunnel *self)
{
  return self->mux;
}

const PhPath *
ph_tunnel_get_path (PhTunnel *self)
{
  return ph_peer_get_path (self->peer);
}

guint32
ph_tunnel_get_round_trip_us (PhTunnel *self)
{
  return ph_peer_get_round_trip_us (self->peer);
}

/* Tearing down: connections first, while there is still a channel to tell of it */

static void
on_peer_gone (gpointer user_data)
{
  PhTunnel *self = user_data;
  PhPeerDone done = self->done;
  gpointer done_data = self->done_data;

  g_free (self);
  ph_memory_give_back (); /* others go on for days */
  if (done != NULL)
    done (done_data);
}

static void
on_mux_done (gpointer user_data)
{
  PhTunnel *self = user_data;

  g_clear_pointer (&self->mux, ph_mux_free);
  ph_peer_close (self->peer, on_peer_gone, self);
}

void
ph_tunnel_close (PhTunnel *self, PhCloseReason reason, PhPeerDone done, gpointer user_data)
{
  g_return_if_fail (!self->is_closing);

  self->is_closing = TRUE;
  self->done = done;
  self->done_data = user_data;
  if (self->mux != NULL)
    ph_mux_shutdown (self->mux, reason, on_mux_done, self);
  else
    ph_peer_close (self->peer, on_peer_gone, self);
}
