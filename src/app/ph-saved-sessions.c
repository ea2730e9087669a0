/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-saved-sessions.h"

#include <glib/gi18n.h>

#include "core/ph-error.h"

#include "ph-private-file.h"

#define SECRET_KIND "session"

struct _PhSavedSessions
{
  GObject parent_instance;
  char *path;
  PhSecrets *secrets;
  GKeyFile *content;  /* as read, with what we do not know; NULL: the file must not be written */
  GPtrArray *entries; /* of PhSavedSession, the one used last first */
};

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PhSavedSessions,
                               ph_saved_sessions,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  FORGOTTEN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* --- the list -------------------------------------------------------------------------------- */

static GType
get_item_type (GListModel *model)
{
  return PH_TYPE_SAVED_SESSION;
}

static guint
get_n_items (GListModel *model)
{
  return PH_SAVED_SESSIONS (model)->entries->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *entries = PH_SAVED_SESSIONS (model)->entries;

  return position < entries->len ? g_object_ref (entries->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Behind all that were used at the same time or later. */
static void
insert (PhSavedSessions *self, PhSavedSession *session)
{
  const gint64 last_used = ph_saved_session_get_last_used (session);
  guint position = 0;

  while (position < self->entries->len &&
         ph_saved_session_get_last_used (self->entries->pdata[position]) >= last_used)
    position++;
  g_ptr_array_insert (self->entries, (int)position, g_object_ref (session));
  g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
}

static gboolean
take_out (PhSavedSessions *self, PhSavedSession *session)
{
  guint position;

  if (!g_ptr_array_find (self->entries, session, &position))
    return FALSE;
  g_ptr_array_remove_index (self->entries, position);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  return TRUE;
}

static gboolean
is_in_place (PhSavedSessions *self, guint position)
{
  PhSavedSession **entries = (PhSavedSession **)self->entries->pdata;
  const gint64 last_used = ph_saved_session_get_last_used (entries[position]);

  return (position == 0 || ph_saved_session_get_last_used (entries[position - 1]) >= last_used) &&
         (position + 1 == self->entries->len ||
          ph_saved_session_get_last_used (entries[position + 1]) <= last_used);
}

/* --- the file -------------------------------------------------------------------------------- */

/* Takes the first thing that is wrong with the file's entries into *@ret_why. */
static void
read_entries (PhSavedSessions *self, char **ret_why)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->content, NULL);

  for (gsize i = 0; groups[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PhSavedSession) session = NULL;

      if (self->entries->len < PH_SAVED_SESSIONS_MAX)
        session = ph_saved_session_read (self->content, groups[i], &error);
      if (session != NULL)
        {
          insert (self, session);
          continue;
        }
      g_key_file_remove_group (self->content, groups[i], NULL);
      if (*ret_why == NULL)
        *ret_why = error != NULL ? g_strdup (error->message) : g_strdup (_ ("too many sessions"));
    }
}

/* What is left goes into a new file at once. */
static void
keep_the_rest (PhSavedSessions *self, const char *why, GError **error)
{
  GError *aside = NULL;

  ph_private_file_set_aside (self->path, why, &aside);
  if (g_error_matches (aside, PH_ERROR, PH_ERROR_INVALID))
    ph_private_file_write (self->path, self->content, NULL);
  else
    g_clear_pointer (&self->content, g_key_file_unref);
  g_propagate_error (error, aside);
}

gboolean
ph_saved_sessions_load (PhSavedSessions *self, GError **error)
{
  g_autofree char *why = NULL;
  GError *wrong = NULL;

  self->content = ph_private_file_read (self->path, &wrong);
  if (self->content != NULL)
    read_entries (self, &why);
  else if (g_error_matches (wrong, PH_ERROR, PH_ERROR_INVALID))
    self->content = g_key_file_new ();
  if (why != NULL)
    keep_the_rest (self, why, &wrong);
  if (wrong != NULL)
    g_propagate_error (error, wrong);
  return wrong == NULL;
}

/* Another process may have written meanwhile: what it saved stays, but for what is written now.
 * What cannot be read is made anew of what was read last. */
static void
read_again (PhSavedSessions *self)
{
  g_autoptr (GKeyFile) content = g_key_file_new ();

  if (!g_key_file_load_from_file (content, self->path, G_KEY_FILE_NONE, NULL))
    return;
  g_key_file_unref (self->content);
  self->content = g_steal_pointer (&content);
}

static gboolean
begin_writing (PhSavedSessions *self, GError **error)
{
  if (self->content != NULL)
    {
      read_again (self);
      return TRUE;
    }
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED,
               _ ("“%s” could not be read, so it is not written either. Move it away, then start "
                  "Porthole again"),
               self->path);
  return FALSE;
}

static gboolean
check_room (PhSavedSessions *self, GError **error)
{
  if (self->entries->len < PH_SAVED_SESSIONS_MAX)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_FULL,
               _ ("%d sessions are saved, and no more than that fit. Forget one you do not need"),
               PH_SAVED_SESSIONS_MAX);
  return FALSE;
}

static gboolean
add (PhSavedSessions *self, PhSavedSession *session, GError **error)
{
  if (!check_room (self, error))
    return FALSE;
  ph_saved_session_write (session, self->content);
  if (ph_private_file_write (self->path, self->content, error))
    {
      insert (self, session);
      return TRUE;
    }
  g_key_file_remove_group (self->content, ph_saved_session_get_uuid (session), NULL);
  return FALSE;
}

gboolean
ph_saved_sessions_save (PhSavedSessions *self, PhSavedSession *session, GError **error)
{
  g_autoptr (PhSavedSession) kept = g_object_ref (session);
  guint position;

  if (!begin_writing (self, error))
    return FALSE;
  if (!g_ptr_array_find (self->entries, session, &position))
    return add (self, session, error);
  ph_saved_session_write (session, self->content);
  if (!is_in_place (self, position))
    {
      take_out (self, session);
      insert (self, session);
    }
  return ph_private_file_write (self->path, self->content, error);
}

/* --- what opens them -------------------------------------------------------------------------- */

void
ph_saved_sessions_store_secret_async (PhSavedSessions *self,
                                      PhSavedSession *session,
                                      const char *secret,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autofree char *label =
      g_strdup_printf (_ ("Porthole session “%s”"), ph_saved_session_get_title (session));

  ph_secrets_store_async (self->secrets, SECRET_KIND, ph_saved_session_get_uuid (session), label,
                          secret, cancellable, callback, user_data);
}

gboolean
ph_saved_sessions_store_secret_finish (PhSavedSessions *self, GAsyncResult *result, GError **error)
{
  return ph_secrets_store_finish (self->secrets, result, error);
}

void
ph_saved_sessions_lookup_secret_async (PhSavedSessions *self,
                                       PhSavedSession *session,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  ph_secrets_lookup_async (self->secrets, SECRET_KIND, ph_saved_session_get_uuid (session),
                           cancellable, callback, user_data);
}

char *
ph_saved_sessions_lookup_secret_finish (PhSavedSessions *self, GAsyncResult *result, GError **error)
{
  return ph_secrets_lookup_finish (self->secrets, result, error);
}

static gboolean
forget (PhSavedSessions *self, PhSavedSession *session, GError **error)
{
  if (!begin_writing (self, error))
    return FALSE;
  g_key_file_remove_group (self->content, ph_saved_session_get_uuid (session), NULL);
  take_out (self, session);
  g_signal_emit (self, signals[FORGOTTEN], 0, session);
  return ph_private_file_write (self->path, self->content, error);
}

static void
on_secret_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ph_secrets_delete_finish (PH_SECRETS (source), result, &error) &&
      forget (g_task_get_source_object (task), g_task_get_task_data (task), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ph_saved_sessions_forget_async (PhSavedSessions *self,
                                PhSavedSession *session,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ph_saved_sessions_forget_async);
  g_task_set_task_data (task, g_object_ref (session), g_object_unref);
  ph_secrets_delete_async (self->secrets, SECRET_KIND, ph_saved_session_get_uuid (session),
                           cancellable, on_secret_deleted, g_steal_pointer (&task));
}

gboolean
ph_saved_sessions_forget_finish (PhSavedSessions *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_saved_sessions_dispose (GObject *object)
{
  PhSavedSessions *self = PH_SAVED_SESSIONS (object);

  g_ptr_array_set_size (self->entries, 0);
  g_clear_object (&self->secrets);
  g_clear_pointer (&self->content, g_key_file_unref);
  G_OBJECT_CLASS (ph_saved_sessions_parent_class)->dispose (object);
}

static void
ph_saved_sessions_finalize (GObject *object)
{
  PhSavedSessions *self = PH_SAVED_SESSIONS (object);

  g_ptr_array_unref (self->entries);
  g_free (self->path);
  G_OBJECT_CLASS (ph_saved_sessions_parent_class)->finalize (object);
}

static void
ph_saved_sessions_class_init (PhSavedSessionsClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_saved_sessions_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_saved_sessions_finalize;
  signals[FORGOTTEN] = g_signal_new ("forgotten", PH_TYPE_SAVED_SESSIONS, G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 1, PH_TYPE_SAVED_SESSION);
}

static void
ph_saved_sessions_init (PhSavedSessions *self)
{
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
}

PhSavedSessions *
ph_saved_sessions_new (const char *folder, PhSecrets *secrets)
{
  PhSavedSessions *self = g_object_new (PH_TYPE_SAVED_SESSIONS, NULL);

  self->path = g_build_filename (folder, "sessions.ini", NULL);
  self->secrets = g_object_ref (secrets);
  return self;
}
