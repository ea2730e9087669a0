/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-settings.h"

#include <string.h>

#include <glib/gi18n.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "session/ph-setup.h"

#define SCHEMA "io.github.porthole.Porthole"
#define SECRET_KIND "turn"
#define TURN "turn:"

struct _PhSettings
{
  GObject parent_instance;
  GSettings *gsettings;
  PhSecrets *secrets;
};

G_DEFINE_FINAL_TYPE (PhSettings, ph_settings, G_TYPE_OBJECT)

static const char *const preferences[] = {
  "name",         "signal",     "stun",           "turn",   "ask-each-client",
  "keep-sharing", "relay-only", "start-at-login", "notify", "allow-unverified",
  "same-port",
};

static const char *const states[] = {
  "window-width",
  "window-height",
  "window-maximized",
  "first-run",
};

/* --- before there are any ----------------------------------------------------------------------
 */

static gboolean
has_keys (GSettingsSchema *schema, const char *const *keys, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!g_settings_schema_has_key (schema, keys[i]))
      return FALSE;
  return TRUE;
}

gboolean
ph_settings_check_installed (GError **error)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
      source != NULL ? g_settings_schema_source_lookup (source, SCHEMA, TRUE) : NULL;

  if (schema != NULL && has_keys (schema, preferences, G_N_ELEMENTS (preferences)) &&
      has_keys (schema, states, G_N_ELEMENTS (states)))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED,
               schema == NULL
                   ? _ ("Porthole’s settings are not installed (%s.gschema.xml). Install Porthole "
                        "as a whole, or name the folder that has them compiled in the environment "
                        "variable GSETTINGS_SCHEMA_DIR")
                   : _ ("The settings that are installed are those of another version of Porthole "
                        "(%s.gschema.xml). Install this one as a whole, or name the folder that "
                        "has its settings in the environment variable GSETTINGS_SCHEMA_DIR"),
               SCHEMA);
  return FALSE;
}

/* --- TURN servers and their passwords -------------------------------------------------------- */

static gboolean
check_turn (const char *text, GError **error)
{
  g_autoptr (PhIceServers) scratch = ph_ice_servers_new ();

  return ph_ice_servers_add_turn (scratch, text, error);
}

char *
ph_turn_join (const char *server, const char *password)
{
  const char *at = strrchr (server, '@');

  if (at == NULL)
    return g_strdup (server);
  return g_strdup_printf ("%.*s:%s%s", (int)(at - server), server, password, at);
}

gboolean
ph_turn_split (const char *text, char **ret_server, char **ret_password, GError **error)
{
  const char *login = g_str_has_prefix (text, TURN) ? text + strlen (TURN) : text;
  const char *at = strrchr (login, '@');
  const char *colon = at != NULL ? memchr (login, ':', (gsize)(at - login)) : NULL;
  g_autofree char *whole = colon != NULL ? g_strdup (text) : ph_turn_join (text, "password");

  if (!check_turn (whole, error))
    return FALSE;
  *ret_password = colon != NULL ? g_strndup (colon + 1, (gsize)(at - colon - 1)) : NULL;
  *ret_server =
      g_strdup_printf (TURN "%.*s%s", (int)((colon != NULL ? colon : at) - login), login, at);
  return TRUE;
}

/* --- what a session is begun with --------------------------------------------------------------
 */

void
ph_preset_free (PhPreset *preset)
{
  g_free (preset->signal);
  g_free (preset->name);
  g_clear_pointer (&preset->servers, ph_ice_servers_unref);
  g_free (preset->warning);
  g_free (preset);
}

void
ph_preset_fill_host (const PhPreset *preset, PhHostOptions *options)
{
  options->signal = preset->signal;
  options->name = preset->name;
  options->servers = preset->servers;
  options->approve_all = preset->approve_all;
  options->allow_unverified = preset->allow_unverified;
}

void
ph_preset_fill_join (const PhPreset *preset, PhJoinOptions *options)
{
  options->signal = preset->signal;
  options->name = preset->name;
  options->servers = preset->servers;
  options->allow_unverified = preset->allow_unverified;
}

/* The reading of all settings, which waits for one password after the other. */
typedef struct
{
  char **turn;      /* as it stands in the settings */
  guint next;       /* of them */
  GPtrArray *found; /* of char *, with their passwords */
  char *warning;
} Loading;

static void
loading_free (gpointer data)
{
  Loading *loading = data;

  g_strfreev (loading->turn);
  g_ptr_array_unref (loading->found);
  g_free (loading->warning);
  g_free (loading);
}

/* An empty text is as good as none. Owned. */
static char *
dup_text (PhSettings *self, const char *key)
{
  g_autofree char *text = g_settings_get_string (self->gsettings, key);

  return *g_strstrip (text) != '\0' ? g_steal_pointer (&text) : NULL;
}

static char **
dup_list (PhSettings *self, const char *key)
{
  g_auto (GStrv) list = g_settings_get_strv (self->gsettings, key);

  return *list != NULL ? g_steal_pointer (&list) : NULL;
}

static gboolean
blame (const char *where, GError **error)
{
  g_prefix_error (error, "%s: ", where);
  return FALSE;
}

static gboolean
set_signal (PhSettings *self, PhPreset *preset, GError **error)
{
  g_autofree char *given = dup_text (self, "signal");

  if (ph_setup_signal (given, &preset->signal, error))
    return TRUE;
  return blame (_ ("Signaling server in Preferences"), error);
}

static void
set_name (PhSettings *self, PhPreset *preset)
{
  g_autofree char *given = dup_text (self, "name");

  preset->name = ph_setup_name (given);
  if (preset->name == NULL)
    preset->name = ph_setup_name (NULL); /* nothing in it that could be shown */
}

static gboolean
set_servers (PhSettings *self, PhPreset *preset, Loading *loading, GError **error)
{
  g_auto (GStrv) stun = dup_list (self, "stun");
  const gboolean relay_only = g_settings_get_boolean (self->gsettings, "relay-only");
  const char *const *turn = NULL;

  if (loading->turn != NULL)
    {
      g_ptr_array_add (loading->found, NULL);
      turn = (const char *const *)loading->found->pdata;
    }
  preset->servers = ph_setup_servers ((const char *const *)stun, turn, error);
  if (preset->servers == NULL)
    return blame (_ ("Servers in Preferences"), error);
  ph_ice_servers_set_relay_only (preset->servers, relay_only);
  if (!relay_only || ph_ice_servers_has_turn (preset->servers))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               _ ("Only relays are to be used, and there is no TURN server to relay. Add one in "
                  "Preferences, or allow direct connections there. %s"),
               loading->warning != NULL ? loading->warning : "");
  return FALSE;
}

static void
load_rest (GTask *task)
{
  PhSettings *self = g_task_get_source_object (task);
  Loading *loading = g_task_get_task_data (task);
  g_autoptr (PhPreset) preset = g_new0 (PhPreset, 1);
  GError *error = NULL;

  set_name (self, preset);
  preset->approve_all = !g_settings_get_boolean (self->gsettings, "ask-each-client");
  preset->allow_unverified = g_settings_get_boolean (self->gsettings, "allow-unverified");
  if (set_signal (self, preset, &error) && set_servers (self, preset, loading, &error))
    {
      preset->warning = g_steal_pointer (&loading->warning);
      g_task_return_pointer (task, g_steal_pointer (&preset), (GDestroyNotify)ph_preset_free);
    }
  else
    g_task_return_error (task, error);
}

static void load_next (GTask *task);

/* The first trouble is told; the others are like it. */
static void
leave_out (Loading *loading, const char *server, const char *why)
{
  if (loading->warning == NULL)
    loading->warning = g_strdup_printf (_ ("TURN server “%s” is not used: %s"), server, why);
}

static void
on_password (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Loading *loading = g_task_get_task_data (task);
  const char *server = loading->turn[loading->next++];
  g_autoptr (GError) error = NULL;
  g_autofree char *password = ph_secrets_lookup_finish (PH_SECRETS (source), result, &error);

  if (g_task_return_error_if_cancelled (task))
    return;
  if (password != NULL)
    g_ptr_array_add (loading->found, ph_turn_join (server, password));
  else
    leave_out (loading, server,
               error != NULL ? error->message
                             : _ ("its password is not known here. Add it again in Preferences"));
  load_next (task);
}

/* Goes on to the next whose password has to be looked up. */
static void
load_next (GTask *task)
{
  PhSettings *self = g_task_get_source_object (task);
  Loading *loading = g_task_get_task_data (task);

  for (; loading->turn != NULL && loading->turn[loading->next] != NULL; loading->next++)
    {
      g_autofree char *server = NULL;
      g_autofree char *password = NULL;
      g_autoptr (GError) error = NULL;

      if (!ph_turn_split (loading->turn[loading->next], &server, &password, &error))
        {
          g_autofree char *shown = ph_text_hide_login (loading->turn[loading->next]);

          leave_out (loading, shown, error->message);
        }
      else if (password != NULL)
        g_ptr_array_add (loading->found, g_strdup (loading->turn[loading->next]));
      else
        {
          ph_secrets_lookup_async (self->secrets, SECRET_KIND, loading->turn[loading->next],
                                   g_task_get_cancellable (task), on_password, g_object_ref (task));
          return;
        }
    }
  load_rest (task);
}

void
ph_settings_load_async (PhSettings *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Loading *loading = g_new0 (Loading, 1);

  loading->turn = dup_list (self, "turn");
  loading->found = g_ptr_array_new_with_free_func (g_free);
  g_task_set_source_tag (task, ph_settings_load_async);
  g_task_set_task_data (task, loading, loading_free);
  load_next (task);
}

PhPreset *
ph_settings_load_finish (PhSettings *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- adding and removing TURN servers ----------------------------------------------------------
 */

static void
list_add (PhSettings *self, const char *server)
{
  g_auto (GStrv) list = g_settings_get_strv (self->gsettings, "turn");
  g_autoptr (GStrvBuilder) longer = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (g_strv_contains ((const char *const *)list, server))
    return;
  g_strv_builder_addv (longer, (const char **)list);
  g_strv_builder_add (longer, server);
  all = g_strv_builder_end (longer);
  g_settings_set_strv (self->gsettings, "turn", (const char *const *)all);
}

static void
list_remove (PhSettings *self, const char *server)
{
  g_auto (GStrv) list = g_settings_get_strv (self->gsettings, "turn");
  g_autoptr (GStrvBuilder) shorter = g_strv_builder_new ();
  g_auto (GStrv) rest = NULL;

  for (gsize i = 0; list[i] != NULL; i++)
    if (!g_str_equal (list[i], server))
      g_strv_builder_add (shorter, list[i]);
  rest = g_strv_builder_end (shorter);
  g_settings_set_strv (self->gsettings, "turn", (const char *const *)rest);
}

static void
on_password_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ph_secrets_store_finish (PH_SECRETS (source), result, &error))
    {
      list_add (g_task_get_source_object (task), g_task_get_task_data (task));
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

/* The password that a TURN server cannot do without. */
static gboolean
split_with_password (const char *text, char **ret_server, char **ret_password, GError **error)
{
  if (!ph_turn_split (text, ret_server, ret_password, error))
    return FALSE;
  if (*ret_password != NULL)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               _ ("“%s” has no password; write it like turn:USER:PASSWORD@example.org:3478"), text);
  return FALSE;
}

void
ph_settings_add_turn_async (PhSettings *self,
                            const char *text,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *server = NULL;
  g_autofree char *password = NULL;
  g_autofree char *label = NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, ph_settings_add_turn_async);
  if (!split_with_password (text, &server, &password, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  label = g_strdup_printf (_ ("Porthole’s password for %s"), server);
  g_task_set_task_data (task, g_strdup (server), g_free);
  ph_secrets_store_async (self->secrets, SECRET_KIND, server, label, password, cancellable,
                          on_password_stored, g_steal_pointer (&task));
}

gboolean
ph_settings_add_turn_finish (PhSettings *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_password_deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ph_secrets_delete_finish (PH_SECRETS (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ph_settings_remove_turn_async (PhSettings *self,
                               const char *server,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ph_settings_remove_turn_async);
  list_remove (self, server);
  ph_secrets_delete_async (self->secrets, SECRET_KIND, server, cancellable, on_password_deleted,
                           g_steal_pointer (&task));
}

gboolean
ph_settings_remove_turn_finish (PhSettings *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_completed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autofree char *password = ph_secrets_lookup_finish (PH_SECRETS (source), result, &error);

  if (password != NULL)
    g_task_return_pointer (task, ph_turn_join (g_task_get_task_data (task), password), g_free);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_new_error (task, PH_ERROR, PH_ERROR_INVALID,
                             _ ("Its password is not known here. Remove it, and add it again"));
}

void
ph_settings_complete_turn_async (PhSettings *self,
                                 const char *server,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *login = NULL;
  g_autofree char *password = NULL;
  GError *error = NULL;

  g_task_set_source_tag (task, ph_settings_complete_turn_async);
  g_task_set_task_data (task, g_strdup (server), g_free);
  if (!ph_turn_split (server, &login, &password, &error))
    g_task_return_error (task, error);
  else if (password != NULL)
    g_task_return_pointer (task, g_strdup (server), g_free);
  else
    ph_secrets_lookup_async (self->secrets, SECRET_KIND, server, cancellable, on_completed,
                             g_steal_pointer (&task));
}

char *
ph_settings_complete_turn_finish (PhSettings *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
ph_settings_reset (PhSettings *self)
{
  g_auto (GStrv) turn = g_settings_get_strv (self->gsettings, "turn");

  for (gsize i = 0; turn[i] != NULL; i++)
    ph_secrets_delete_async (self->secrets, SECRET_KIND, turn[i], NULL, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (preferences); i++)
    g_settings_reset (self->gsettings, preferences[i]);
}

/* --- life --------------------------------------------------------------------------------------
 */

GSettings *
ph_settings_get_gsettings (PhSettings *self)
{
  return self->gsettings;
}

static void
ph_settings_dispose (GObject *object)
{
  PhSettings *self = PH_SETTINGS (object);

  g_clear_object (&self->gsettings);
  g_clear_object (&self->secrets);
  G_OBJECT_CLASS (ph_settings_parent_class)->dispose (object);
}

static void
ph_settings_class_init (PhSettingsClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_settings_dispose;
}

static void
ph_settings_init (PhSettings *self)
{
  self->gsettings = g_settings_new (SCHEMA);
}

PhSettings *
ph_settings_new (PhSecrets *secrets)
{
  PhSettings *self = g_object_new (PH_TYPE_SETTINGS, NULL);

  self->secrets = g_object_ref (secrets);
  return self;
}
