/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-background.h"

#include <errno.h>
#include <string.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "core/ph-error.h"
#include "core/ph-executable.h"
#include "core/ph-timer.h"

#include "ph-portable.h"

#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL_BACKGROUND "org.freedesktop.portal.Background"
#define PORTAL_REQUEST "org.freedesktop.portal.Request"

#define AUTOSTART_FILE "io.github.porthole.Porthole.desktop"
#define PROGRAM "porthole-gtk"

struct _PhBackground
{
  GObject parent_instance;
  char *autostart_folder; /* NULL inside a sandbox */
  guint limit_ms;
  GDBusConnection *bus; /* kept, so that what was sent last gets there; NULL until asked */
};

G_DEFINE_FINAL_TYPE (PhBackground, ph_background, G_TYPE_OBJECT)

/* --- outside a sandbox ------------------------------------------------------------------------ */

static gboolean
remove_autostart (const char *path, GError **error)
{
  if (g_remove (path) == 0 || errno == ENOENT)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED,
               _ ("Porthole still starts when you log in: “%s” could not be removed (%s)"), path,
               g_strerror (errno));
  return FALSE;
}

/* Its name where that finds it, which outlasts an update that moves it; else where it lies. Owned.
 */
static char *
dup_program (void)
{
  g_autofree char *own = ph_executable_dup_path ();
  g_autofree char *found = g_find_program_in_path (PROGRAM);

  if (own == NULL || g_strcmp0 (own, found) == 0 || !g_file_test (own, G_FILE_TEST_IS_EXECUTABLE))
    return g_strdup (PROGRAM);
  return g_steal_pointer (&own);
}

char *
ph_background_dup_command (const char *program)
{
  GString *command = g_string_new ("\"");

  for (const char *c = program; *c != '\0'; c++)
    {
      if (strchr ("\"`$\\", *c) != NULL)
        g_string_append_c (command, '\\');
      else if (*c == '%')
        g_string_append_c (command, '%');
      g_string_append_c (command, *c);
    }
  g_string_append (command, "\" --background");
  return g_string_free (command, FALSE);
}

static char *
dup_autostart (void)
{
  g_autoptr (GKeyFile) entry = g_key_file_new ();
  g_autofree char *program = dup_program ();
  g_autofree char *command = ph_background_dup_command (program);
  const char *const pairs[][2] = {
    { "Type", "Application" },
    { "Name", "Porthole" },
    { "Exec", command },
    { "Icon", "io.github.porthole.Porthole" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_key_file_set_string (entry, "Desktop Entry", pairs[i][0], pairs[i][1]);
  g_key_file_set_boolean (entry, "Desktop Entry", "X-GNOME-UsesNotifications", TRUE);
  return g_key_file_to_data (entry, NULL, NULL);
}

static gboolean
write_autostart (PhBackground *self, const char *path, GError **error)
{
  g_autofree char *text = dup_autostart ();
  g_autoptr (GError) reason = NULL;

  g_mkdir_with_parents (self->autostart_folder, 0700);
  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &reason))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED,
               _ ("Porthole cannot start when you log in: “%s” could not be written (%s)"), path,
               reason->message);
  return FALSE;
}

static gboolean
set_autostart (PhBackground *self, gboolean start_at_login, GError **error)
{
  g_autofree char *path = g_build_filename (self->autostart_folder, AUTOSTART_FILE, NULL);

  if (!start_at_login)
    return remove_autostart (path, error);
  if (!ph_portable_is_on ())
    return write_autostart (self, path, error);
  g_set_error (error, PH_ERROR, PH_ERROR_REFUSED,
               _ ("In portable mode Porthole changes nothing outside of its folder, so it cannot "
                  "start when you log in. Install it for that"));
  return FALSE;
}

/* --- inside a sandbox ------------------------------------------------------------------------- */

/* A question to the portal, which is over when its task has returned. */
typedef struct
{
  GDBusConnection *bus; /* NULL until connected */
  char *parent_window;
  char *reason;
  gboolean start_at_login;
  char *handle; /* of the request, an object of the portal */
  guint subscription;
  GSource *limit;
  gulong cancelled_id;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_clear_object (&question->bus);
  g_free (question->parent_window);
  g_free (question->reason);
  g_free (question->handle);
  g_free (question);
}

/* Nobody waits for an answer any more: @task has returned, or does so now. */
static void
stop (GTask *task)
{
  Question *question = g_task_get_task_data (task);

  ph_timer_clear (&question->limit);
  g_clear_signal_handler (&question->cancelled_id, g_task_get_cancellable (task));
  if (question->subscription != 0)
    g_dbus_connection_signal_unsubscribe (question->bus, question->subscription);
  question->subscription = 0;
}

/* Takes the desktop's question off the screen. */
static void
close_question (GTask *task)
{
  Question *question = g_task_get_task_data (task);

  if (question->handle != NULL)
    g_dbus_connection_call (question->bus, PORTAL_NAME, question->handle, PORTAL_REQUEST, "Close",
                            NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static gboolean
is_over (GTask *task)
{
  Question *question = g_task_get_task_data (task);

  return question->limit == NULL;
}

static void
fail (GTask *task, PhError code, const char *message)
{
  stop (task);
  g_task_return_new_error (task, PH_ERROR, (int)code, "%s", message);
}

static gboolean
on_limit (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);

  close_question (task);
  fail (task, PH_ERROR_FAILED,
        _ ("The desktop did not answer whether Porthole may run in the background. Try again, or "
           "leave the window open"));
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);

  close_question (task);
  stop (task);
  g_task_return_error_if_cancelled (task);
}

static void
judge (GTask *task, guint32 response, GVariant *results)
{
  Question *question = g_task_get_task_data (task);
  gboolean may_run = response == 0;
  gboolean starts = question->start_at_login;

  g_variant_lookup (results, "background", "b", &may_run);
  g_variant_lookup (results, "autostart", "b", &starts);
  if (response != 0 || !may_run)
    fail (task, PH_ERROR_REFUSED,
          _ ("Porthole may not run in the background. Allow it in the system’s settings under "
             "Applications, or leave the window open"));
  else if (question->start_at_login && !starts)
    fail (task, PH_ERROR_REFUSED,
          _ ("Porthole may not start when you log in. Allow it in the system’s settings under "
             "Applications"));
  else
    {
      stop (task);
      g_task_return_boolean (task, TRUE);
    }
}

static void
on_response (GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal,
             GVariant *parameters,
             gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  Question *question = g_task_get_task_data (task);
  g_autoptr (GVariant) results = NULL;
  guint32 response;

  if (is_over (task) || !g_str_equal (path, question->handle) ||
      !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    return;
  g_variant_get (parameters, "(u@a{sv})", &response, &results);
  judge (task, response, results);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Question *question = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const char *handle;

  if (is_over (task))
    return;
  if (answer == NULL)
    {
      g_debug ("no background portal: %s", error->message);
      fail (task, PH_ERROR_FAILED,
            _ ("This desktop cannot be asked whether Porthole may run in the background. Leave the "
               "window open"));
      return;
    }
  g_variant_get (answer, "(&o)", &handle);
  g_free (question->handle); /* portals before 0.9 choose another one */
  question->handle = g_strdup (handle);
}

/* The object that will answer: its path is known beforehand, so that no answer comes too early. */
static char *
dup_handle (GDBusConnection *bus, const char *token)
{
  g_autofree char *sender = g_strdup (g_dbus_connection_get_unique_name (bus) + 1);

  return g_strdup_printf (PORTAL_PATH "/request/%s/%s", g_strdelimit (sender, ".", '_'), token);
}

static GVariant *
make_options (const Question *question, const char *token)
{
  const char *const command[] = { PROGRAM, "--background", NULL };
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  g_variant_builder_add (&options, "{sv}", "reason", g_variant_new_string (question->reason));
  g_variant_builder_add (&options, "{sv}", "autostart",
                         g_variant_new_boolean (question->start_at_login));
  g_variant_builder_add (&options, "{sv}", "commandline", g_variant_new_strv (command, -1));
  return g_variant_builder_end (&options);
}

static void
ask (GTask *task)
{
  Question *question = g_task_get_task_data (task);
  g_autofree char *token = g_strdup_printf ("porthole%u", g_random_int ());

  question->handle = dup_handle (question->bus, token);
  question->subscription = g_dbus_connection_signal_subscribe (
      question->bus, PORTAL_NAME, PORTAL_REQUEST, "Response", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_response, g_object_ref (task), g_object_unref);
  g_dbus_connection_call (
      question->bus, PORTAL_NAME, PORTAL_PATH, PORTAL_BACKGROUND, "RequestBackground",
      g_variant_new ("(s@a{sv})", question->parent_window, make_options (question, token)),
      G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_asked,
      g_object_ref (task));
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Question *question = g_task_get_task_data (task);
  PhBackground *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_finish (result, &error);

  question->bus = bus;
  g_set_object (&self->bus, bus);
  if (is_over (task))
    return;
  if (bus != NULL)
    ask (task);
  else
    fail (task, PH_ERROR_FAILED, error->message);
}

static void
ask_portal (GTask *task)
{
  Question *question = g_task_get_task_data (task);
  PhBackground *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  question->limit = ph_timer_new (g_main_context_default (), "ph-background", on_limit, task);
  ph_timer_arm (question->limit, self->limit_ms);
  if (cancellable != NULL)
    question->cancelled_id =
        g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (on_cancelled), task, 0);
  g_bus_get (G_BUS_TYPE_SESSION, NULL, on_bus, g_object_ref (task));
}

/* --- what is called --------------------------------------------------------------------------- */

void
ph_background_request_async (PhBackground *self,
                             const char *parent_window,
                             const char *reason,
                             gboolean start_at_login,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);
  GError *error = NULL;

  question->parent_window = g_strdup (parent_window);
  question->reason = g_strdup (reason);
  question->start_at_login = start_at_login;
  g_task_set_source_tag (task, ph_background_request_async);
  g_task_set_task_data (task, question, question_free);
  if (self->autostart_folder == NULL)
    ask_portal (task);
  else if (set_autostart (self, start_at_login, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

gboolean
ph_background_request_finish (PhBackground *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
ph_background_finalize (GObject *object)
{
  PhBackground *self = PH_BACKGROUND (object);

  g_clear_object (&self->bus);
  g_free (self->autostart_folder);
  G_OBJECT_CLASS (ph_background_parent_class)->finalize (object);
}

static void
ph_background_class_init (PhBackgroundClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_background_finalize;
}

static void
ph_background_init (PhBackground *self)
{
}

PhBackground *
ph_background_new_full (const char *autostart_folder, guint limit_ms)
{
  PhBackground *self = g_object_new (PH_TYPE_BACKGROUND, NULL);

  self->autostart_folder = g_strdup (autostart_folder);
  self->limit_ms = limit_ms;
  return self;
}

PhBackground *
ph_background_new (void)
{
  g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "autostart", NULL);
  const gboolean is_sandboxed = g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);

  return ph_background_new_full (is_sandboxed ? NULL : folder, PH_BACKGROUND_LIMIT_MS);
}
