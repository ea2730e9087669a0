/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-client-private.h"

#include "core/ph-bundle.h"

#define PATIENCE_MS 15000  /* of a first create or join */
#define MAX_CONNECTIONS 64 /* a Host watches its session and each child */

PhSignalClient *
ph_signal_client_ref (PhSignalClient *self)
{
  self->refs++;
  return self;
}

void
ph_signal_client_unref (PhSignalClient *self)
{
  if (--self->refs > 0)
    return;
  g_object_unref (self->session);
  g_hash_table_unref (self->calls);
  g_main_context_unref (self->context);
  g_free (self->url);
  g_free (self);
}

/* A bundled GnuTLS does not know where this host has its certificates. */
static void
find_authorities (SoupSession *session)
{
  const char *path = ph_bundle_get_authorities ();
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  database = g_tls_file_database_new (path, &error);
  if (database == NULL)
    g_warning ("%s: %s", path, error->message);
  else
    soup_session_set_tls_database (session, database);
}

PhSignalClient *
ph_signal_client_new (const char *base_url, GError **error)
{
  g_autofree char *url = ph_code_check_server (base_url, error);
  PhSignalClient *self;

  if (url == NULL)
    return NULL;
  self = g_new0 (PhSignalClient, 1);
  self->refs = 1;
  self->patience_ms = PATIENCE_MS;
  self->url = g_steal_pointer (&url);
  self->context = g_main_context_ref_thread_default ();
  self->calls = g_hash_table_new (NULL, NULL);
  self->session = soup_session_new_with_options ("max-conns", MAX_CONNECTIONS, "max-conns-per-host",
                                                 MAX_CONNECTIONS, "user-agent", "porthole", NULL);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  find_authorities (self->session);
  return self;
}

void
ph_signal_client_set_patience (PhSignalClient *self, guint patience_ms)
{
  self->patience_ms = patience_ms;
}

const char *
ph_signal_client_get_url (PhSignalClient *self)
{
  return self->url;
}

char *
ph_signal_client_dup_url (PhSignalClient *self, const char *id, const char *rest)
{
  return g_strconcat (self->url, "/session", id != NULL ? "/" : "", id != NULL ? id : "", rest,
                      NULL);
}

void
ph_signal_client_free (PhSignalClient *self)
{
  g_autoptr (GList) calls = NULL;

  if (self == NULL)
    return;
  calls = g_hash_table_get_keys (self->calls);
  for (GList *l = calls; l != NULL; l = l->next)
    g_cancellable_cancel (l->data);
  ph_signal_client_unref (self);
}

void
ph_signal_client_create_async (PhSignalClient *self,
                               const char *token,
                               const char *host_name,
                               gboolean multi,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  const PhSignalCreate create = { .host = (char *)host_name, .multi = multi, .auth = TRUE };

  ph_signal_client_call (self, PH_CALL_ENTER, ph_signal_client_dup_url (self, NULL, ""), token,
                         ph_signal_create_to_json (&create), cancellable, callback, user_data);
}

PhSignalSession *
ph_signal_client_create_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* By the answer about a session that cannot be there: nobody has its token. */
void
ph_signal_client_probe_async (PhSignalClient *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  char token[PH_TOKEN_SIZE];
  char id[PH_ID_SIZE];

  ph_code_draw_token (token);
  ph_code_id_from_token (token, id);
  ph_signal_client_call (self, PH_CALL_PROBE, ph_signal_client_dup_url (self, id, ""), NULL, NULL,
                         cancellable, callback, user_data);
}

gboolean
ph_signal_client_probe_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ph_signal_client_join_async (PhSignalClient *self,
                             const char *id,
                             const char *client_name,
                             const PhSignalProof *proof,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  PhSignalJoinCall join = { .client = (char *)client_name, .auth = TRUE };

  if (proof != NULL)
    join.proof = *proof;
  ph_signal_client_call (self, PH_CALL_ENTER, ph_signal_client_dup_url (self, id, ""), NULL,
                         ph_signal_join_call_to_json (&join), cancellable, callback, user_data);
}

PhSignalSession *
ph_signal_client_join_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ph_signal_client_signal_async (PhSignalClient *self,
                               const char *id,
                               const char *token,
                               const PhSignalMessage *message,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  PhSignalCallKind kind = message->type == PH_SIGNAL_TYPE_REJECT ? PH_CALL_REJECT : PH_CALL_SIGNAL;

  ph_signal_client_call (self, kind, ph_signal_client_dup_url (self, id, "/signal"), token,
                         ph_signal_message_to_json (message), cancellable, callback, user_data);
}

gboolean
ph_signal_client_signal_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
ph_signal_client_delete_async (PhSignalClient *self,
                               const char *id,
                               const char *token,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ph_signal_client_call (self, PH_CALL_DELETE, ph_signal_client_dup_url (self, id, ""), token, NULL,
                         cancellable, callback, user_data);
}

gboolean
ph_signal_client_delete_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
