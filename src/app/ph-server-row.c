/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-server-row.h"

#include "core/ph-text.h"
#include "session/ph-setup.h"

#include <glib/gi18n.h>

struct _PhServerRow
{
  AdwActionRow parent_instance;

  PhApplication *application;
  PhServerKind kind;
  char *server;
  GCancellable *testing; /* NULL: nothing is */

  GtkWidget *test;
  GtkSpinner *spinner;
};

G_DEFINE_FINAL_TYPE (PhServerRow, ph_server_row, ADW_TYPE_ACTION_ROW)

static guint removed;

static void
say (PhServerRow *self, const char *words, gboolean is_wrong)
{
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), words);
  if (is_wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "error");
}

/* --- testing ---------------------------------------------------------------------------------- */

static void
set_testing (PhServerRow *self, gboolean is_testing)
{
  g_cancellable_cancel (self->testing);
  g_clear_object (&self->testing);
  if (is_testing)
    self->testing = g_cancellable_new ();
  gtk_widget_set_sensitive (self->test, !is_testing);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), is_testing);
  gtk_spinner_set_spinning (self->spinner, is_testing);
}

static void
conclude (PhServerRow *self, const char *words, const GError *error)
{
  set_testing (self, FALSE);
  say (self, error != NULL ? error->message : words, error != NULL);
}

static void
on_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhServerRow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *words = ph_engine_test_server_finish (result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    conclude (self, words, error);
}

static void
test (PhServerRow *self, const char *server)
{
  ph_engine_test_server_async (ph_application_get_engine (self->application), self->kind, server,
                               self->testing, on_tested, g_object_ref (self));
}

static void
on_password (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhServerRow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = ph_settings_complete_turn_finish (PH_SETTINGS (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (whole != NULL)
    test (self, whole);
  else
    conclude (self, NULL, error);
}

static void
on_test (PhServerRow *self)
{
  set_testing (self, TRUE);
  say (self, _ ("Testing…"), FALSE);
  if (self->kind == PH_SERVER_TURN)
    ph_settings_complete_turn_async (ph_application_get_settings (self->application), self->server,
                                     self->testing, on_password, g_object_ref (self));
  else
    test (self, self->server);
}

static void
on_remove (PhServerRow *self)
{
  g_signal_emit (self, removed, 0);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_server_row_unroot (GtkWidget *widget)
{
  PhServerRow *self = PH_SERVER_ROW (widget);

  g_cancellable_cancel (self->testing);
  g_clear_object (&self->testing);
  GTK_WIDGET_CLASS (ph_server_row_parent_class)->unroot (widget);
}

static void
ph_server_row_finalize (GObject *object)
{
  g_free (PH_SERVER_ROW (object)->server);
  G_OBJECT_CLASS (ph_server_row_parent_class)->finalize (object);
}

static void
ph_server_row_class_init (PhServerRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = ph_server_row_finalize;
  widget_class->unroot = ph_server_row_unroot;
  removed = g_signal_new ("remove", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                          NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-server-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhServerRow, test);
  gtk_widget_class_bind_template_child (widget_class, PhServerRow, spinner);
  gtk_widget_class_bind_template_callback (widget_class, on_test);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
}

static void
ph_server_row_init (PhServerRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* Settings can be changed by other programs, too. */
static void
check (PhServerRow *self)
{
  const char *const stun[] = { self->server, NULL };
  g_autoptr (PhIceServers) servers = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *login = NULL;
  g_autofree char *password = NULL;

  if (self->kind == PH_SERVER_TURN)
    ph_turn_split (self->server, &login, &password, &error);
  else
    servers = ph_setup_servers (stun, NULL, &error);
  if (error != NULL)
    say (self, error->message, TRUE);
  else if (self->kind == PH_SERVER_STUN && g_str_equal (self->server, "none"))
    say (self, _ ("No STUN server is asked."), FALSE);
  if (login != NULL) /* who may use it is no secret, the password is */
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), login);
  gtk_widget_set_visible (self->test, *adw_action_row_get_subtitle (ADW_ACTION_ROW (self)) == '\0');
}

PhServerRow *
ph_server_row_new (PhApplication *application, PhServerKind kind, const char *server)
{
  PhServerRow *self = g_object_new (PH_TYPE_SERVER_ROW, NULL);
  g_autofree char *shown = ph_text_hide_login (server);

  self->application = application;
  self->kind = kind;
  self->server = g_strdup (server);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), shown);
  say (self, "", FALSE);
  check (self);
  return self;
}

const char *
ph_server_row_get_server (PhServerRow *row)
{
  return row->server;
}
