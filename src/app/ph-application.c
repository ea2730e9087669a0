/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-application.h"

#include "ph-types.h"
#include "ph-window.h"

#include <glib/gi18n.h>
#include <locale.h>

struct _PhApplication
{
  AdwApplication parent_instance;

  PhEngine *engine;
};

G_DEFINE_FINAL_TYPE (PhApplication, ph_application, ADW_TYPE_APPLICATION)

PhEngine *
ph_application_get_engine (PhApplication *application)
{
  return application->engine;
}

/* --- actions ---------------------------------------------------------------------------------- */

static void
on_new_window (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_window_present (GTK_WINDOW (ph_window_new (user_data)));
}

static void
on_about (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GtkApplication *self = user_data;

  adw_show_about_window (gtk_application_get_active_window (self), "application-name", "Porthole",
                         "application-icon", PH_APP_ID, "version", PH_VERSION, "license-type",
                         GTK_LICENSE_GPL_3_0, "comments",
                         _ ("Share a service of this computer with a friend, directly."), NULL);
}

/* Each window may have something to ask before it goes. */
static void
on_quit (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autoptr (GList) windows = g_list_copy (gtk_application_get_windows (user_data));

  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
}

static const GActionEntry actions[] = {
  { .name = "new-window", .activate = on_new_window },
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
  { "app.quit", { "<Control>q" } },
  { "window.close", { "<Control>w" } },
};

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_application_startup (GApplication *application)
{
  PhApplication *self = PH_APPLICATION (application);

  G_APPLICATION_CLASS (ph_application_parent_class)->startup (application);
  self->engine = ph_engine_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accelerators[i].action,
                                           accelerators[i].keys);
}

static void
ph_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window == NULL)
    window = GTK_WINDOW (ph_window_new (PH_APPLICATION (application)));
  gtk_window_present (window);
}

/* Links land in a window that has no session, and wait there for the person's word. */
static void
ph_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *link = g_file_get_uri (files[i]);
      PhWindow *window = ph_window_new (PH_APPLICATION (application));

      ph_window_offer_code (window, link);
      gtk_window_present (GTK_WINDOW (window));
    }
}

static int
ph_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("porthole-gtk " PH_VERSION "\n");
      return 0;
    }
  if (g_variant_dict_contains (options, "new-instance"))
    g_application_set_flags (application,
                             g_application_get_flags (application) | G_APPLICATION_NON_UNIQUE);
  return -1;
}

/* The windows, and with them their sessions, go before the engine does. */
static void
ph_application_shutdown (GApplication *application)
{
  PhApplication *self = PH_APPLICATION (application);
  GtkWindow *window;

  while ((window = gtk_application_get_active_window (GTK_APPLICATION (self))) != NULL)
    gtk_window_destroy (window);
  g_clear_pointer (&self->engine, ph_engine_free);
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
  { "new-instance", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Start a process of its own"), NULL },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version"), NULL },
  { NULL },
};

/* A program that is not installed finds its texts where PORTHOLE_LOCALE_DIR says. */
static void
set_up_translations (void)
{
  const char *folder = g_getenv ("PORTHOLE_LOCALE_DIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : PH_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

int
ph_application_main (int argc, char **argv)
{
  g_autoptr (PhApplication) application = g_object_new (
      PH_TYPE_APPLICATION, "application-id", PH_APP_ID, "flags", G_APPLICATION_HANDLES_OPEN,
      "resource-base-path", "/io/github/porthole/Porthole", NULL);

  set_up_translations ();
  g_application_add_main_option_entries (G_APPLICATION (application), option_entries);
  ph_types_ensure ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
