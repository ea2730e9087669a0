/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-server-test.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"
#include "signaling/ph-signal-client.h"
#include "transport/ph-turn-probe.h"

typedef struct
{
  PhServerKind kind;
  PhIceServers *servers;
  PhIceConfig *config;
  PhTurnProbe *turn;
  GSource *cancellation; /* of the TURN probe; NULL where nobody can cancel */
  PhSignalClient *signal;
} Test;

static void
test_free (gpointer data)
{
  Test *test = data;

  g_clear_pointer (&test->turn, ph_turn_probe_free);
  ph_timer_clear (&test->cancellation);
  g_clear_pointer (&test->servers, ph_ice_servers_unref);
  g_clear_pointer (&test->config, ph_ice_config_unref);
  g_clear_pointer (&test->signal, ph_signal_client_free);
  g_free (test);
}

PhServerKind
ph_server_kind_of (const char *text)
{
  if (g_str_has_prefix (text, "http://") || g_str_has_prefix (text, "https://"))
    return PH_SERVER_SIGNAL;
  if (g_str_has_prefix (text, "turn:") || g_str_has_prefix (text, "turns:"))
    return PH_SERVER_TURN;
  return PH_SERVER_STUN;
}

/* STUN and TURN */

static void
return_words (GTask *task, char *words)
{
  g_task_return_pointer (task, words, g_free);
  g_object_unref (task);
}

static void
return_failure (GTask *task, const char *words)
{
  g_task_return_new_error (task, PH_ERROR, PH_ERROR_FAILED, "%s", words);
  g_object_unref (task);
}

static void
finish_stun (GTask *task)
{
  const Test *test = g_task_get_task_data (task);
  char text[PH_ENDPOINT_TEXT_SIZE];

  if (test->config->n_stun == 0)
    return_failure (task, g_ptr_array_index (test->config->warnings, 0)); /* its name */
  else if (!test->config->has_stun)
    return_failure (task,
                    _ ("The STUN server does not answer. Check its address and port; where UDP is "
                       "blocked, none does"));
  else if (test->config->seen.port == 0)
    return_words (task, g_strdup (_ ("The STUN server answers")));
  else
    return_words (task,
                  g_strdup_printf (_ ("The STUN server answers, and sees this computer as %s"),
                                   ph_address_format (test->config->seen.addr, text)));
}

static void
on_relay (const PhEndpoint *relay, const GError *error, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Test *test = g_task_get_task_data (task);
  char text[PH_ENDPOINT_TEXT_SIZE];

  ph_timer_clear (&test->cancellation);
  if (relay == NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_pointer (task,
                           g_strdup_printf (_ ("The TURN server works: it relays at %s"),
                                            ph_address_format (relay->addr, text)),
                           g_free);
}

/* The task itself sees to it that an error is all that comes of it. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  Test *test = g_task_get_task_data (task);

  g_clear_pointer (&test->turn, ph_turn_probe_free);
  ph_timer_clear (&test->cancellation);
  return_failure (task, "");
  return G_SOURCE_REMOVE;
}

static void
try_turn (GTask *task)
{
  Test *test = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  test->turn = ph_turn_probe_new (g_task_get_context (task),
                                  g_ptr_array_index (test->config->turn, 0), on_relay, task);
  if (cancellable == NULL)
    return;
  test->cancellation = g_cancellable_source_new (cancellable);
  g_source_set_callback (test->cancellation, G_SOURCE_FUNC (on_cancelled), task, NULL);
  g_source_attach (test->cancellation, g_task_get_context (task));
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Test *test = g_task_get_task_data (task);
  GError *error = NULL;

  test->config = ph_ice_servers_resolve_finish (result, &error);
  if (test->config == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
    }
  else if (test->kind == PH_SERVER_TURN && test->config->turn->len > 0)
    try_turn (task);
  else if (test->kind == PH_SERVER_TURN)
    return_failure (task, g_ptr_array_index (test->config->warnings, 0)); /* its name */
  else
    finish_stun (task);
}

static gboolean
begin_ice (GTask *task, const char *text, GError **error)
{
  Test *test = g_task_get_task_data (task);
  gboolean is_turn = test->kind == PH_SERVER_TURN;

  test->servers = ph_ice_servers_new ();
  if (is_turn ? !ph_ice_servers_add_turn (test->servers, text, error)
              : !ph_ice_servers_add_stun (test->servers, text, error))
    return FALSE;
  ph_ice_servers_resolve_async (test->servers, g_task_get_cancellable (task), on_resolved, task);
  return TRUE;
}

/* Signaling */

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Test *test = g_task_get_task_data (task);
  GError *error = NULL;

  if (ph_signal_client_probe_finish (result, &error))
    return_words (task, g_strdup_printf (_ ("“%s” is a signaling server, and works"),
                                         ph_signal_client_get_url (test->signal)));
  else
    {
      g_task_return_error (task, error);
      g_object_unref (task);
    }
}

static gboolean
begin_signal (GTask *task, const char *text, GError **error)
{
  Test *test = g_task_get_task_data (task);

  test->signal = ph_signal_client_new (text, error);
  if (test->signal == NULL)
    return FALSE;
  ph_signal_client_probe_async (test->signal, g_task_get_cancellable (task), on_probed, task);
  return TRUE;
}

void
ph_server_test_async (PhServerKind kind,
                      const char *text,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Test *test = g_new0 (Test, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, ph_server_test_async);
  test->kind = kind;
  g_task_set_task_data (task, test, test_free);
  if (kind == PH_SERVER_SIGNAL ? begin_signal (task, text, &error) : begin_ice (task, text, &error))
    return;
  g_task_return_error (task, error);
  g_object_unref (task);
}

char *
ph_server_test_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
