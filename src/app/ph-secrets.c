/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-secrets.h"

#include <string.h>

#include <glib/gi18n.h>
#include <libsecret/secret.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

#include "ph-private-file.h"

struct _PhSecrets
{
  GObject parent_instance;
  char *path;
  gboolean use_service;
  gboolean is_silent; /* it did not answer in time: nobody knows what it has */
  guint limit_ms;
};

G_DEFINE_FINAL_TYPE (PhSecrets, ph_secrets, G_TYPE_OBJECT)

typedef enum
{
  STORE,
  LOOKUP,
  DELETE,
} Verb;

/* One request, which is over when its task has returned. A late answer of the service finds that it
 * is and is dropped. */
typedef struct
{
  Verb verb;
  char *kind;
  char *id;
  char *label;
  char *secret;              /* what is stored, or what was found */
  gboolean is_hidden;        /* the service has it, or may have it, out of our reach */
  GCancellable *cancellable; /* the service's; follows the caller's */
  gulong cancelled_id;
  GSource *limit;
} Request;

static const SecretSchema schema = {
  .name = "io.github.porthole.Porthole",
  .flags = SECRET_SCHEMA_NONE,
  .attributes = {
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "id", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, SECRET_SCHEMA_ATTRIBUTE_STRING },
  },
};

static void
request_stop (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  ph_timer_clear (&request->limit);
  g_clear_signal_handler (&request->cancelled_id, g_task_get_cancellable (task));
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->kind);
  g_free (request->id);
  g_free (request->label);
  g_clear_pointer (&request->secret, secret_password_free);
  g_clear_object (&request->cancellable);
  g_free (request);
}

/* --- the file ------------------------------------------------------------------------------- */

/* Ids are any text, keys are not. */
static char *
dup_key (const char *id)
{
  return g_uri_escape_string (id, NULL, FALSE);
}

static gboolean
file_store (PhSecrets *self, Request *request, GError **error)
{
  g_autoptr (GKeyFile) content = ph_private_file_read (self->path, error);
  g_autofree char *key = dup_key (request->id);

  if (content == NULL)
    return FALSE;
  g_key_file_set_string (content, request->kind, key, request->secret);
  return ph_private_file_write (self->path, content, error);
}

static gboolean
file_lookup (PhSecrets *self, Request *request, GError **error)
{
  g_autoptr (GKeyFile) content = ph_private_file_read (self->path, error);
  g_autofree char *key = dup_key (request->id);

  if (content == NULL)
    return FALSE;
  request->secret = g_key_file_get_string (content, request->kind, key, NULL);
  return TRUE;
}

static gboolean
file_delete (PhSecrets *self, Request *request, GError **error)
{
  g_autoptr (GKeyFile) content = ph_private_file_read (self->path, error);
  g_autofree char *key = dup_key (request->id);

  if (content == NULL)
    return FALSE;
  return !g_key_file_remove_key (content, request->kind, key, NULL) ||
         ph_private_file_write (self->path, content, error);
}

static void
refuse (GTask *task)
{
  const PhSecrets *self = g_task_get_source_object (task);

  g_task_return_new_error (
      task, PH_ERROR, PH_ERROR_REFUSED, "%s",
      self->is_silent ? _ ("The keyring did not answer. Unlock it, then start Porthole again")
                      : _ ("The keyring is locked. Unlock it, then try again"));
}

static void
ask_file (GTask *task)
{
  static gboolean (*const ask[]) (PhSecrets *, Request *, GError **) = {
    [STORE] = file_store,
    [LOOKUP] = file_lookup,
    [DELETE] = file_delete,
  };
  PhSecrets *self = g_task_get_source_object (task);
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  request_stop (task);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!ask[request->verb](self, request, &error))
    g_task_return_error (task, error);
  else if (request->is_hidden && request->verb != STORE && request->secret == NULL)
    refuse (task); /* what is not in the file either must not be taken for lost, or for deleted */
  else
    g_task_return_pointer (task, g_steal_pointer (&request->secret),
                           (GDestroyNotify)secret_password_free);
}

/* --- the Secret Service --------------------------------------------------------------------- */

/* A person who leaves the keyring locked does not want the secret in a file instead. */
static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What was stored in a file while there was no service lies there still. */
static void
settle (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  if (request->verb == LOOKUP && request->secret != NULL)
    {
      request_stop (task);
      g_task_return_pointer (task, g_steal_pointer (&request->secret),
                             (GDestroyNotify)secret_password_free);
      return;
    }
  if (request->verb == STORE)
    request->verb = DELETE; /* an older one would be found once the service is away */
  ask_file (task);
}

static void
service_finish (GTask *task, GAsyncResult *result, GError **error)
{
  Request *request = g_task_get_task_data (task);

  switch (request->verb)
    {
    case STORE:
      secret_password_store_finish (result, error);
      break;
    case LOOKUP:
      request->secret = secret_password_lookup_finish (result, error);
      break;
    case DELETE:
      secret_password_clear_finish (result, error);
      break;
    }
}

static void
on_searched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GList *items;

  if (request->limit == NULL)
    return;
  items = secret_password_search_finish (result, NULL);
  request->is_hidden = items != NULL;
  g_list_free_full (items, g_object_unref);
  settle (task);
}

/* What a person left locked is neither found nor deleted, as if it were not there; so it is asked
 * for again, in a way that needs no key. */
static void
search (GTask *task)
{
  const Request *request = g_task_get_task_data (task);

  secret_password_search (&schema, SECRET_SEARCH_NONE, request->cancellable, on_searched,
                          g_object_ref (task), "kind", request->kind, "id", request->id, NULL);
}

static void
on_service_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (request->limit == NULL)
    return;
  service_finish (task, result, &error);
  if (error == NULL && request->verb != STORE && request->secret == NULL)
    search (task);
  else if (error == NULL)
    settle (task);
  else if (g_task_return_error_if_cancelled (task))
    request_stop (task);
  else if (is_refusal (error))
    {
      request_stop (task);
      refuse (task);
    }
  else
    ask_file (task);
}

static gboolean
on_limit (gpointer user_data)
{
  GTask *task = user_data;
  Request *request = g_task_get_task_data (task);
  PhSecrets *self = g_task_get_source_object (task);
  g_autoptr (GCancellable) cancellable = g_object_ref (request->cancellable);

  g_debug ("the Secret Service does not answer");
  self->use_service = FALSE;
  self->is_silent = TRUE;
  request->is_hidden = TRUE;
  ask_file (task);
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
ask_service (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  PhSecrets *self = g_task_get_source_object (task);

  request->cancellable = g_cancellable_new ();
  request->limit = ph_timer_new (g_main_context_default (), "ph-secrets", on_limit, task);
  ph_timer_arm (request->limit, self->limit_ms);
  if (g_task_get_cancellable (task) != NULL)
    request->cancelled_id = g_signal_connect_object (g_task_get_cancellable (task), "cancelled",
                                                     G_CALLBACK (g_cancellable_cancel),
                                                     request->cancellable, G_CONNECT_SWAPPED);
  switch (request->verb)
    {
    case STORE:
      secret_password_store (&schema, SECRET_COLLECTION_DEFAULT, request->label, request->secret,
                             request->cancellable, on_service_answered, g_object_ref (task), "kind",
                             request->kind, "id", request->id, NULL);
      break;
    case LOOKUP:
      secret_password_lookup (&schema, request->cancellable, on_service_answered,
                              g_object_ref (task), "kind", request->kind, "id", request->id, NULL);
      break;
    case DELETE:
      secret_password_clear (&schema, request->cancellable, on_service_answered,
                             g_object_ref (task), "kind", request->kind, "id", request->id, NULL);
      break;
    }
}

/* --- what is called -------------------------------------------------------------------------- */

static gboolean
is_sound (const char *text)
{
  return text == NULL ||
         (strlen (text) <= PH_SECRETS_MAX_BYTES && g_utf8_validate (text, -1, NULL));
}

static void
start (PhSecrets *self,
       Verb verb,
       const char *kind,
       const char *id,
       const char *label,
       const char *secret,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  request->verb = verb;
  request->kind = g_strdup (kind);
  request->id = g_strdup (id);
  request->label = g_strdup (label);
  request->secret = g_strdup (secret);
  request->is_hidden = self->is_silent;
  g_task_set_source_tag (task, start);
  g_task_set_task_data (task, request, request_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!is_sound (id) || !is_sound (secret))
    g_task_return_new_error (task, PH_ERROR, PH_ERROR_INVALID,
                             _ ("What is to be kept secret is too long; at most %d characters fit"),
                             PH_SECRETS_MAX_BYTES);
  else if (self->use_service)
    ask_service (task);
  else
    ask_file (task);
}

void
ph_secrets_store_async (PhSecrets *self,
                        const char *kind,
                        const char *id,
                        const char *label,
                        const char *secret,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  start (self, STORE, kind, id, label, secret, cancellable, callback, user_data);
}

gboolean
ph_secrets_store_finish (PhSecrets *self, GAsyncResult *result, GError **error)
{
  GError *failure = NULL;

  secret_password_free (g_task_propagate_pointer (G_TASK (result), &failure));
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

void
ph_secrets_lookup_async (PhSecrets *self,
                         const char *kind,
                         const char *id,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  start (self, LOOKUP, kind, id, NULL, NULL, cancellable, callback, user_data);
}

char *
ph_secrets_lookup_finish (PhSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ph_secrets_delete_async (PhSecrets *self,
                         const char *kind,
                         const char *id,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  start (self, DELETE, kind, id, NULL, NULL, cancellable, callback, user_data);
}

gboolean
ph_secrets_delete_finish (PhSecrets *self, GAsyncResult *result, GError **error)
{
  return ph_secrets_store_finish (self, result, error);
}

void
ph_secrets_set_limit (PhSecrets *self, guint limit_ms)
{
  self->limit_ms = limit_ms;
}

static void
ph_secrets_finalize (GObject *object)
{
  g_free (PH_SECRETS (object)->path);
  G_OBJECT_CLASS (ph_secrets_parent_class)->finalize (object);
}

static void
ph_secrets_class_init (PhSecretsClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_secrets_finalize;
}

static void
ph_secrets_init (PhSecrets *self)
{
  self->limit_ms = PH_SECRETS_LIMIT_MS;
}

PhSecrets *
ph_secrets_new (const char *folder, gboolean use_service)
{
  PhSecrets *self = g_object_new (PH_TYPE_SECRETS, NULL);

  self->path = g_build_filename (folder, "secrets.ini", NULL);
  self->use_service = use_service;
  return self;
}
