/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-output-private.h"

#include "core/ph-error.h"
#include "core/ph-log.h"
#include "core/ph-text.h"

/* Logs what a session tells, and passes it on to the table that shows it. Left out is what opens a
 * session: its code, its link, its id, the blocks that are passed on by hand, the number to
 * compare.
 */

static const PhSessionEvents *
shown (gpointer user_data)
{
  return ((PhOutput *)user_data)->shown;
}

static const char *
word (gboolean is_so)
{
  return is_so ? "yes" : "no";
}

static void
on_session (const PhSessionInfo *info, gpointer user_data)
{
  g_autofree char *signal = info->signal != NULL ? ph_text_hide_login (info->signal) : NULL;

  ph_log (PH_LOG_INFO, "session", "signal", signal, NULL);
  shown (user_data)->session (info, user_data);
}

static void
on_block (const char *text, gpointer user_data)
{
  ph_log (PH_LOG_INFO, "block", "open", word (text != NULL), NULL);
  shown (user_data)->block (text, user_data);
}

static void
on_join_request (const char *client, gboolean is_verified, gpointer user_data)
{
  ph_log (PH_LOG_INFO, "join-request", "peer", client, "verified", word (is_verified), NULL);
  shown (user_data)->join_request (client, is_verified, user_data);
}

static void
on_verify (const char *peer, const char *number, gpointer user_data)
{
  ph_log (PH_LOG_INFO, "verify", "peer", peer, NULL);
  shown (user_data)->verify (peer, number, user_data);
}

static void
on_connected (const char *peer, const PhPath *path, gpointer user_data)
{
  char local[PH_ENDPOINT_TEXT_SIZE];
  char remote[PH_ENDPOINT_TEXT_SIZE];

  ph_log (PH_LOG_INFO, "connected", "peer", peer, "path", ph_path_kind_name (path->kind), "local",
          ph_endpoint_format (&path->local, local), "remote",
          ph_endpoint_format (&path->remote, remote), NULL);
  shown (user_data)->connected (peer, path, user_data);
}

static const char *
mapping_state_word (PhMappingState state)
{
  switch (state)
    {
    case PH_MAPPING_LISTENING:
      return "listening";
    case PH_MAPPING_FAILED:
      return "failed";
    case PH_MAPPING_REMOVED:
      return "removed";
    }
  g_assert_not_reached ();
}

static void
on_mapping (const char *local,
            const char *remote,
            PhMappingState state,
            const char *message,
            gpointer user_data)
{
  ph_log (state == PH_MAPPING_FAILED ? PH_LOG_WARNING : PH_LOG_INFO, "mapping", "local", local,
          "remote", remote, "state", mapping_state_word (state), "message", message, NULL);
  shown (user_data)->mapping (local, remote, state, message, user_data);
}

static void
on_services (PhServices *services, gpointer user_data)
{
  g_autofree char *number = NULL;
  guint n;

  ph_services_get (services, &n);
  number = g_strdup_printf ("%u", n);
  ph_log (PH_LOG_INFO, "services", "number", number, NULL);
  shown (user_data)->services (services, user_data);
}

/* Connections that come and go as they should are there by the thousand. */
static void
log_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open)
{
  gboolean failed = !is_open && info->reason != PH_CLOSE_DONE;
  PhLogLevel level = failed ? PH_LOG_INFO : PH_LOG_DEBUG;
  g_autofree char *dst = ph_log_wants (level) ? ph_destination_dup_text (info->remote) : NULL;
  g_autofree char *in = g_strdup_printf ("%" G_GUINT64_FORMAT, info->bytes_in);
  g_autofree char *out = g_strdup_printf ("%" G_GUINT64_FORMAT, info->bytes_out);

  if (is_open)
    ph_log (level, "connection", "state", "open", "peer", peer, "dst", dst, NULL);
  else
    ph_log (level, "connection", "state", "closed", "peer", peer, "dst", dst, "reason",
            ph_close_reason_to_word (info->reason), "text", info->text, "bytes-in", in, "bytes-out",
            out, NULL);
}

static void
on_connection (const char *peer, const PhConnectionInfo *info, gboolean is_open, gpointer user_data)
{
  log_connection (peer, info, is_open);
  shown (user_data)->connection (peer, info, is_open, user_data);
}

static void
on_disconnected (const char *peer, const char *reason, gpointer user_data)
{
  ph_log (PH_LOG_INFO, "disconnected", "peer", peer, "reason", reason, NULL);
  shown (user_data)->disconnected (peer, reason, user_data);
}

/* A line that was not understood is repeated in its message, and may have been a link. */
void
ph_output_log_trouble (const char *event, const char *code, const char *message)
{
  gboolean repeats = g_str_equal (code, ph_error_name (PH_ERROR_INVALID));

  ph_log (g_str_equal (event, "error") ? PH_LOG_ERROR : PH_LOG_WARNING, event, "code", code,
          "message", repeats ? NULL : message, NULL);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  shown (user_data)->ended (error, user_data);
  ph_log (PH_LOG_INFO, "ended", "reason",
          error != NULL ? ph_error_name (ph_error_code (error)) : NULL, NULL);
}

const PhSessionEvents ph_output_log_events = {
  .session = on_session,
  .block = on_block,
  .join_request = on_join_request,
  .verify = on_verify,
  .connected = on_connected,
  .mapping = on_mapping,
  .services = on_services,
  .connection = on_connection,
  .disconnected = on_disconnected,
  .warning = ph_output_on_warning,
  .ended = on_ended,
};
