/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-application.h"

#include "core/ph-bundle.h"
#include "core/ph-limits.h"
#include "core/ph-log.h"
#include "core/ph-quit.h"

#include "ph-portable.h"
#include "ph-preferences.h"
#include "ph-types.h"
#include "ph-window.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#define LINK_START "porthole" /* of any scheme that is ours */

struct _PhApplication
{
  AdwApplication parent_instance;

  PhEngine *engine;
  PhSecrets *secrets;
  PhSettings *settings;
  PhSavedSessions *saved;
  PhNotices *notices;
  PhAwake *awake;
  PhBackground *background;
  PhQuit *quit;
  GtkWindow *preferences; /* while it is open */
  gboolean is_background; /* started at login: nobody wants to see a window */
  GError *problem;        /* of starting, for the first window to show */
};

G_DEFINE_FINAL_TYPE (PhApplication, ph_application, ADW_TYPE_APPLICATION)

PhEngine *
ph_application_get_engine (PhApplication *application)
{
  return application->engine;
}

PhSettings *
ph_application_get_settings (PhApplication *application)
{
  return application->settings;
}

PhSavedSessions *
ph_application_get_saved (PhApplication *application)
{
  return application->saved;
}

PhNotices *
ph_application_get_notices (PhApplication *application)
{
  return application->notices;
}

PhAwake *
ph_application_get_awake (PhApplication *application)
{
  return application->awake;
}

PhBackground *
ph_application_get_background (PhApplication *application)
{
  return application->background;
}

/* Borrowed; NULL if it is gone. */
static PhWindow *
find_window (PhApplication *self, const char *name)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (PH_IS_WINDOW (l->data) && g_str_equal (ph_window_get_name (l->data), name))
      return l->data;
  return NULL;
}

/* --- actions ---------------------------------------------------------------------------------- */

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (ph_window_new (user_data)));
}

static gboolean
on_link (GtkWidget *window, const char *uri)
{
  ph_window_show_uri (window, uri);
  return TRUE;
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  static const char *const developers[] = { "The Porthole project", NULL };

  GtkWidget *window = g_object_new (
      ADW_TYPE_ABOUT_WINDOW, "transient-for", gtk_application_get_active_window (user_data),
      "application-name", "Porthole", "application-icon", PH_APP_ID, "version", PH_VERSION,
      "developer-name", "The Porthole project", "developers", developers, "website", PH_PROJECT_URL,
      "copyright", "© 2026 The Porthole project", "license-type", GTK_LICENSE_GPL_3_0, "comments",
      _ ("Share a service of this computer with a friend, directly and encrypted from end to "
         "end."),
      /* Translators: your names, one a line */
      "translator-credits", _ ("translator-credits"), NULL);

  g_signal_connect (window, "activate-link", G_CALLBACK (on_link), NULL);
  gtk_window_present (GTK_WINDOW (window));
}

/* There is one, whichever window it was opened from. */
static void
on_preferences (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  PhApplication *self = user_data;
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (self->preferences == NULL)
    g_set_weak_pointer (&self->preferences, ph_preferences_new (self, active));
  gtk_window_present (self->preferences);
}

/* The system asks, which is not to be answered with a question. */
static void
on_signal (gpointer user_data)
{
  g_application_quit (user_data);
}

/* Each window may have something to ask before it goes, and takes its dialogs along. */
static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows = gtk_application_get_windows (user_data);

  windows = g_list_copy_deep (windows, (GCopyFunc)(gpointer)g_object_ref, NULL);
  for (GList *l = windows; l != NULL; l = l->next)
    if (PH_IS_WINDOW (l->data))
      ph_window_quit (l->data);
    else
      gtk_window_close (l->data);
  g_list_free_full (windows, g_object_unref);
}

static void
answer (PhApplication *self, GVariant *parameter, gboolean is_yes)
{
  const char *name, *peer;
  PhWindow *window;

  g_variant_get (parameter, "(&s&s)", &name, &peer);
  window = find_window (self, name);
  if (window != NULL)
    ph_window_answer (window, peer, is_yes);
}

static void
on_approve (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  answer (user_data, parameter, TRUE);
}

static void
on_reject (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  answer (user_data, parameter, FALSE);
}

static void
on_show (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  PhWindow *window = find_window (user_data, g_variant_get_string (parameter, NULL));

  if (window != NULL)
    gtk_window_present (GTK_WINDOW (window));
}

static void
on_stop (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  PhWindow *window = find_window (user_data, g_variant_get_string (parameter, NULL));

  if (window != NULL && ph_window_get_live (window) != NULL)
    ph_live_end (ph_window_get_live (window));
}

static const GActionEntry actions[] = {
  { .name = "approve", .parameter_type = "(ss)", .activate = on_approve },
  { .name = "reject", .parameter_type = "(ss)", .activate = on_reject },
  { .name = "show", .parameter_type = "s", .activate = on_show },
  { .name = "stop", .parameter_type = "s", .activate = on_stop },
  { .name = "new-window", .activate = on_new_window },
  { .name = "preferences", .activate = on_preferences },
  { .name = "about", .activate = on_about },
  { .name = "quit", .activate = on_quit },
};

static const struct
{
  const char *action;
  const char *keys[3];
} accelerators[] = {
  { "app.new-window", { "<Control>n" } },
  { "app.preferences", { "<Control>comma" } },
  { "win.copy-link", { "<Control><Shift>c" } },
  { "win.show-help-overlay", { "<Control>question" } },
  { "win.view::overview", { "<Alt>1" } },
  { "win.view::connections", { "<Alt>2" } },
  { "win.view::events", { "<Alt>3" } },
  { "app.quit", { "<Control>q" } },
  { "window.close", { "<Control>w" } },
};

/* --- life ------------------------------------------------------------------------------------- */

/* What this program keeps, and where. */
static void
open_store (PhApplication *self)
{
  g_autofree char *folder = ph_portable_dup_data_folder ();

  self->secrets = ph_secrets_new (folder, !ph_portable_is_on ());
  self->settings = ph_settings_new (self->secrets);
  self->saved = ph_saved_sessions_new (folder, self->secrets);
  ph_saved_sessions_load (self->saved, &self->problem);
}

static void
open_desktop (PhApplication *self)
{
  self->notices = ph_notices_new (G_APPLICATION (self), ph_settings_get_gsettings (self->settings));
  self->awake = ph_awake_new (GTK_APPLICATION (self));
  self->background = ph_background_new ();
}

/* Those of the libraries, which have by now looked where their own distribution has them. */
static void
bind_bundled_texts (void)
{
  static const char *const catalogues[] = { "glib20", "glib-networking", "gtk40", "libadwaita" };
  g_autofree char *folder = ph_portable_dup_locale_folder ();

  if (folder == NULL || ph_bundle_get_root () == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (catalogues); i++)
    bindtextdomain (catalogues[i], folder);
}

static void
ph_application_startup (GApplication *application)
{
  PhApplication *self = PH_APPLICATION (application);

  G_APPLICATION_CLASS (ph_application_parent_class)->startup (application);
  bind_bundled_texts ();
  self->engine = ph_engine_new ();
  self->quit = ph_quit_new (g_main_context_default (), on_signal, self);
  open_store (self);
  open_desktop (self);
  /* The first thing in a page would be its code, selected. */
  g_object_set (gtk_settings_get_default (), "gtk-label-select-on-focus", FALSE, NULL);
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accelerators[i].action,
                                           accelerators[i].keys);
}

/* It is about more than one session, and too long for a toast. */
static void
say_nothing_is_kept (GtkWindow *window, const char *why)
{
  GtkWidget *dialog = adw_message_dialog_new (window, _ ("Nothing Will Be Kept"), why);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Continue"), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* What went wrong before there was a window to say it in. */
static void
show_problems (PhApplication *self, GtkWindow *window)
{
  g_autofree char *portable = ph_portable_dup_problem ();

  if (self->problem != NULL)
    ph_window_toast (GTK_WIDGET (window), self->problem->message);
  g_clear_error (&self->problem);
  if (portable != NULL)
    say_nothing_is_kept (window, portable);
}

/* The kept session that was shared last is shared again. Without one there is nothing to do, and
 * the program ends. */
static void
share_again (PhApplication *self)
{
  GListModel *all = G_LIST_MODEL (self->saved);

  for (guint i = 0; i < g_list_model_get_n_items (all); i++)
    {
      g_autoptr (PhSavedSession) saved = g_list_model_get_item (all, i);
      PhWindow *window;

      if (ph_saved_session_get_role (saved) != PH_SESSION_HOST)
        continue;
      window = ph_window_new (self);
      ph_window_open_saved (window, saved);
      ph_notices_goes_on (self->notices, ph_window_get_name (window));
      return;
    }
}

static void
ph_application_activate (GApplication *application)
{
  PhApplication *self = PH_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (self->is_background)
    {
      self->is_background = FALSE;
      share_again (self);
      return;
    }
  if (window != NULL)
    {
      gtk_window_present (window);
      return;
    }
  window = GTK_WINDOW (ph_window_new (self));
  gtk_window_present (window);
  show_problems (self, window);
}

/* One with no session in it; borrowed, a new one if there is none. */
static PhWindow *
get_idle_window (PhApplication *self)
{
  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next)
    if (PH_IS_WINDOW (l->data) && ph_window_is_idle (l->data))
      return l->data;
  return ph_window_new (self);
}

/* What was typed: a share code looks like a file's name to GLib. Owned. */
static char *
dup_given (GFile *file)
{
  return g_file_is_native (file) ? g_file_get_basename (file) : g_file_get_uri (file);
}

/* Links land where there is no session, and wait there for the person's word. Those of a command
 * line may be any bytes. */
static void
ph_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *given = dup_given (files[i]);
      g_autofree char *link = g_utf8_make_valid (given, -1);
      PhWindow *window = get_idle_window (PH_APPLICATION (application));

      ph_window_offer_code (window, link);
      gtk_window_present (GTK_WINDOW (window));
    }
}

/* Before the second thread. In portable mode the log stays in the folder. */
static gboolean
start_log (GVariantDict *options, GError **error)
{
  const char *level = NULL, *file = NULL;

  g_variant_dict_lookup (options, "log-level", "&s", &level);
  if (!g_variant_dict_lookup (options, "log-file", "^&ay", &file))
    file = ph_portable_get_log_file ();
  return ph_log_start (level, file, error);
}

/* One that runs already has what there is to share. */
static int
go_to_background (PhApplication *self)
{
  GApplication *application = G_APPLICATION (self);
  g_autoptr (GError) error = NULL;

  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  self->is_background = TRUE;
  return g_application_get_is_remote (application) ? 0 : -1;
}

static int
ph_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  g_autoptr (GError) error = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("porthole-gtk " PH_VERSION "\n");
      return 0;
    }
  if (!ph_settings_check_installed (&error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  if (!start_log (options, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  if (g_variant_dict_contains (options, "new-instance"))
    g_application_set_flags (application,
                             g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  if (g_variant_dict_contains (options, "background"))
    return go_to_background (PH_APPLICATION (application));
  return -1;
}

/* The windows and their dialogs, and with them the sessions, go before the engine does. */
static void
destroy_windows (void)
{
  GListModel *windows = gtk_window_get_toplevels ();
  g_autoptr (GtkWindow) window = NULL;

  while ((window = g_list_model_get_item (windows, 0)) != NULL)
    {
      gtk_window_destroy (window);
      g_clear_object (&window);
    }
}

static void
ph_application_shutdown (GApplication *application)
{
  PhApplication *self = PH_APPLICATION (application);

  destroy_windows ();
  g_clear_pointer (&self->quit, ph_quit_free);
  g_clear_pointer (&self->engine, ph_engine_free);
  g_clear_object (&self->notices);
  g_clear_object (&self->awake);
  g_clear_object (&self->background);
  g_clear_object (&self->saved);
  g_clear_object (&self->settings);
  g_clear_object (&self->secrets);
  g_clear_error (&self->problem);
  G_APPLICATION_CLASS (ph_application_parent_class)->shutdown (application);
}

static void
ph_application_class_init (PhApplicationClass *class)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (class);

  application_class->startup = ph_application_startup;
  application_class->activate = ph_application_activate;
  application_class->open = ph_application_open;
  application_class->handle_local_options = ph_application_handle_local_options;
  application_class->shutdown = ph_application_shutdown;
}

static void
ph_application_init (PhApplication *self)
{
}

static const GOptionEntry option_entries[] = {
  { "background", 0, 0, G_OPTION_ARG_NONE, NULL,
    N_ ("Share the kept session again that was shared last, without a window"), NULL },
  { "new-instance", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Start a process of its own"), NULL },
  { "log-level", 0, 0, G_OPTION_ARG_STRING, NULL, N_ ("How much to log"), PH_LOG_LEVELS },
  { "log-file", 0, 0, G_OPTION_ARG_FILENAME, NULL,
    N_ ("Log to this file, at level info if not told otherwise"), "FILE" },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version"), NULL },
  { NULL },
};

/* A program that is not installed finds its texts where PORTHOLE_LOCALE_DIR says, or beside it. */
static void
set_up_translations (void)
{
  g_autofree char *beside = ph_portable_dup_locale_folder ();
  const char *folder = g_getenv ("PORTHOLE_LOCALE_DIR");

  if (folder == NULL)
    folder = beside;
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : PH_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

/* A copy of them. Other users of this computer see the command line of every process, and whoever
 * has a link can join: it is blotted out there. Owned. */
static char **
take_arguments (int argc, char **argv)
{
  char **taken = g_new0 (char *, (gsize)argc + 1);

  for (int i = 0; i < argc; i++)
    {
      taken[i] = g_strdup (argv[i]);
      if (i > 0 && g_str_has_prefix (argv[i], LINK_START))
        memset (argv[i], '*', strlen (argv[i]));
    }
  return taken;
}

int
ph_application_main (int argc, char **argv)
{
  g_auto (GStrv) arguments = take_arguments (argc, argv);
  g_autofree char *id = ph_portable_dup_application_id (PH_APP_ID);
  g_autoptr (PhApplication) application = NULL;

  ph_limits_raise_descriptors ();
  set_up_translations ();
  ph_types_ensure ();
  application =
      g_object_new (PH_TYPE_APPLICATION, "application-id", id, "flags", G_APPLICATION_HANDLES_OPEN,
                    "resource-base-path", "/io/github/porthole/Porthole", NULL);
  g_application_add_main_option_entries (G_APPLICATION (application), option_entries);
  g_application_set_option_context_parameter_string (G_APPLICATION (application), "[LINK]");
  return g_application_run (G_APPLICATION (application), argc, arguments);
}
