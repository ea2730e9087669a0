/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-raw-peer.h"

#include <stdlib.h>
#include <string.h>

#include "core/ph-frame.h"
#include "core/ph-timer.h"

#define SCTP_TAG_OFFSET 4
#define SCTP_CHUNK_OFFSET 12
#define SCTP_INIT 1
#define SCTP_INIT_TSN_OFFSET (SCTP_CHUNK_OFFSET + 16)

void
ph_raw_die (const char *format, ...)
{
  g_autofree char *words = NULL;
  va_list arguments;

  va_start (arguments, format);
  words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_printerr ("%s\n", words);
  exit (1);
}

static void
report_close (PhRawPeer *self, const char *why)
{
  if (self->is_closed)
    return;
  self->is_closed = TRUE;
  self->events->closed (why, self->user_data);
}

/* SCTP */

static void
on_sctp_output (guint8 *packet, gsize size, gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->tag = ph_read_u32 (packet + SCTP_TAG_OFFSET);
  if (size >= SCTP_INIT_TSN_OFFSET + 4 && packet[SCTP_CHUNK_OFFSET] == SCTP_INIT)
    self->tsn = ph_read_u32 (packet + SCTP_INIT_TSN_OFFSET);
  if (!self->is_silent)
    ph_dtls_send (self->dtls, packet, size);
}

static void
on_sctp_opened (gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->events->connected (self->user_data);
}

static void
on_sctp_readable (gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->events->readable (self->user_data);
}

static void
on_sctp_writable (gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->events->writable (self->user_data);
}

static void
on_sctp_closed (PhSctpEnd end, gpointer user_data)
{
  static const char *const words[] = { [PH_SCTP_END_ORDERLY] = "sctp-orderly",
                                       [PH_SCTP_END_ABORTED] = "sctp-aborted",
                                       [PH_SCTP_END_FAILED] = "sctp-failed" };

  report_close (user_data, words[end]);
}

static const PhSctpEvents sctp_events = { .output = on_sctp_output,
                                          .opened = on_sctp_opened,
                                          .readable = on_sctp_readable,
                                          .writable = on_sctp_writable,
                                          .closed = on_sctp_closed };

/* DTLS */

static void
on_dtls_output (const guint8 *datagram, gsize size, gpointer user_data)
{
  PhRawPeer *self = user_data;

  g_byte_array_set_size (self->last_sent, 0);
  g_byte_array_append (self->last_sent, datagram, (guint)size);
  ph_ice_queue (self->ice, datagram, size);
  ph_timer_arm (self->pump, 0);
}

static void
on_dtls_received (const guint8 *plaintext, gsize size, gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->n_received++;
  ph_sctp_input (self->sctp, plaintext, size);
}

static void
on_dtls_connected (gpointer user_data)
{
  PhRawPeer *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!ph_sctp_connect (self->sctp, &error))
    ph_raw_die ("%s", error->message);
}

static void
on_dtls_closed (const GError *error, gpointer user_data)
{
  report_close (user_data, "dtls");
}

static const PhDtlsEvents dtls_events = { .output = on_dtls_output,
                                          .received = on_dtls_received,
                                          .connected = on_dtls_connected,
                                          .closed = on_dtls_closed };

/* ICE */

static void
on_ice_gathered (gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->is_gathered = TRUE;
  ph_timer_arm (self->pump, 0);
}

static void
on_ice_connected (const PhPath *path, gpointer user_data)
{
  PhRawPeer *self = user_data;

  self->path = *path;
  ph_timer_arm (self->pump, 0);
}

static void
on_ice_received (const guint8 *datagram, gsize size, gpointer user_data)
{
  PhRawPeer *self = user_data;

  if (self->dtls != NULL)
    ph_dtls_input (self->dtls, datagram, size);
}

static void
on_ice_flooded (gpointer user_data)
{
}

static const PhIceEvents ice_events = { .gathered = on_ice_gathered,
                                        .connected = on_ice_connected,
                                        .received = on_ice_received,
                                        .flooded = on_ice_flooded };

static gboolean
on_pump (gpointer user_data)
{
  PhRawPeer *self = user_data;

  if (self->ice == NULL)
    return G_SOURCE_CONTINUE;
  if (self->is_gathered && self->dtls == NULL)
    self->events->gathered (self->user_data);
  if (self->path.remote.port != 0 && self->dtls != NULL)
    ph_dtls_start (self->dtls);
  ph_ice_flush (self->ice);
  return G_SOURCE_CONTINUE;
}

/* Life */

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PhRawPeer *self = user_data;
  g_autoptr (GError) error = NULL;

  self->config = ph_ice_servers_resolve_finish (result, &error);
  if (self->config != NULL)
    self->ice = ph_ice_new (g_main_context_default (), self->is_host, self->config, &ice_events,
                            self, &error);
  if (self->ice == NULL || !ph_ice_gather (self->ice, &error))
    ph_raw_die ("%s", error->message);
}

void
ph_raw_peer_init (PhRawPeer *self, gboolean is_host, const PhRawEvents *events, gpointer user_data)
{
  g_autoptr (PhIceServers) none = ph_ice_servers_new ();
  g_autoptr (GError) error = NULL;

  *self = (PhRawPeer){ .is_host = is_host, .events = events, .user_data = user_data };
  self->cert = ph_cert_new (&error);
  if (self->cert == NULL)
    ph_raw_die ("%s", error->message);
  self->last_sent = g_byte_array_new ();
  self->pump = ph_timer_new (g_main_context_default (), "raw peer", on_pump, self);
  ph_ice_servers_resolve_async (none, NULL, on_resolved, self);
}

char *
ph_raw_peer_dup_sdp (PhRawPeer *self, const PhSdp *remote)
{
  PhSdp sdp = { .mid = remote != NULL ? remote->mid : (char *)"0",
                .setup = remote != NULL ? PH_SDP_SETUP_ACTIVE : PH_SDP_SETUP_ACTPASS,
                .sctp_port = PH_SDP_SCTP_PORT,
                .max_message_size = PH_SDP_MAX_MESSAGE_SIZE };
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;

  memcpy (sdp.fingerprint, ph_cert_get_fingerprint (self->cert), sizeof sdp.fingerprint);
  ph_ice_dup_credentials (self->ice, &ufrag, &pwd);
  sdp.ice_ufrag = ufrag;
  sdp.ice_pwd = pwd;
  return ph_sdp_print (&sdp);
}

char **
ph_raw_peer_dup_candidates (PhRawPeer *self)
{
  g_autoptr (GArray) candidates = ph_ice_dup_candidates (self->ice);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();

  for (guint i = 0; i < candidates->len; i++)
    {
      g_autofree char *line = ph_sdp_print_candidate (&g_array_index (candidates, PhCandidate, i));

      g_strv_builder_add (lines, line);
    }
  return g_strv_builder_end (lines);
}

void
ph_raw_peer_connect (PhRawPeer *self, const PhSdp *remote, const char *const *lines)
{
  g_autoptr (GArray) candidates = g_array_copy (remote->candidates);
  PhDtlsRole role = self->is_host ? PH_DTLS_SERVER : PH_DTLS_CLIENT;
  g_autoptr (GError) error = NULL;
  PhCandidate candidate;

  for (gsize i = 0; lines[i] != NULL; i++)
    if (ph_sdp_parse_candidate (lines[i], &candidate))
      g_array_append_val (candidates, candidate);
  ph_candidates_keep_best (candidates);
  self->remote_ufrag = g_strdup (remote->ice_ufrag);
  self->remote_pwd = g_strdup (remote->ice_pwd);
  self->sctp = ph_sctp_new (g_main_context_default (), &sctp_events, self, &error);
  if (self->sctp != NULL)
    self->dtls = ph_dtls_new (role, self->cert, remote->fingerprint, g_main_context_default (),
                              &dtls_events, self, &error);
  if (self->dtls == NULL ||
      !ph_ice_set_remote (self->ice, remote->ice_ufrag, remote->ice_pwd, candidates, &error))
    ph_raw_die ("%s", error->message);
  ph_ice_set_runs (self->ice, TRUE);
  if (self->is_host)
    ph_dtls_start (self->dtls);
}

void
ph_raw_peer_drop (PhRawPeer *self)
{
  self->is_closed = TRUE;
  self->is_silent = FALSE;
  g_clear_pointer (&self->sctp, ph_sctp_free);
  if (self->dtls != NULL)
    ph_dtls_close (self->dtls);
  if (self->ice != NULL)
    ph_ice_flush (self->ice);
  g_clear_pointer (&self->dtls, ph_dtls_free);
  g_clear_pointer (&self->ice, ph_ice_close);
  if (self->pump != NULL)
    ph_timer_clear (&self->pump);
  g_clear_pointer (&self->cert, ph_cert_unref);
  g_clear_pointer (&self->config, ph_ice_config_unref);
  g_clear_pointer (&self->last_sent, g_byte_array_unref);
  g_free (self->remote_ufrag);
  g_free (self->remote_pwd);
}
