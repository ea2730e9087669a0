/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-saved-row.h"

#include "ph-application.h"
#include "ph-window.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhSavedRow
{
  AdwActionRow parent_instance;

  PhSavedSessions *sessions;
  PhSavedSession *session;

  GtkImage *role;
};

G_DEFINE_FINAL_TYPE (PhSavedRow, ph_saved_row, ADW_TYPE_ACTION_ROW)

static void
ph_saved_row_dispose (GObject *object)
{
  PhSavedRow *self = PH_SAVED_ROW (object);

  g_clear_object (&self->sessions);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (ph_saved_row_parent_class)->dispose (object);
}

static GtkWidget *
new_dialog (PhSavedRow *self, const char *heading, const char *body)
{
  GtkWidget *dialog =
      adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading, body);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"));
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  return dialog;
}

/* --- renaming --------------------------------------------------------------------------------- */

static void
on_renamed (PhSavedRow *self, const char *response, GtkWidget *dialog)
{
  GtkWidget *entry = adw_message_dialog_get_extra_child (ADW_MESSAGE_DIALOG (dialog));
  g_autoptr (GError) error = NULL;

  g_object_set (self->session, "title", gtk_editable_get_text (GTK_EDITABLE (entry)), NULL);
  if (!ph_saved_sessions_save (self->sessions, self->session, &error))
    ph_window_toast (GTK_WIDGET (self), error->message);
}

static void
on_title_typed (GtkEditable *entry, AdwMessageDialog *dialog)
{
  adw_message_dialog_set_response_enabled (dialog, "rename",
                                           *gtk_editable_get_text (entry) != '\0');
}

static void
on_rename (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhSavedRow *self = PH_SAVED_ROW (widget);
  GtkWidget *dialog = new_dialog (self, _ ("Rename Session"), NULL);
  GtkWidget *entry = gtk_entry_new ();

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "rename", _ ("_Rename"));
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "rename",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "rename");
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Name of the session"), -1);
  g_signal_connect_object (entry, "changed", G_CALLBACK (on_title_typed), dialog, 0);
  gtk_editable_set_text (GTK_EDITABLE (entry), ph_saved_session_get_title (self->session));
  g_signal_connect_object (dialog, "response::rename", G_CALLBACK (on_renamed), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- forgetting ------------------------------------------------------------------------------- */

/* The row may be gone by then, its window is not. */
static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) window = user_data;
  g_autoptr (GError) error = NULL;

  if (!ph_saved_sessions_forget_finish (PH_SAVED_SESSIONS (source), result, &error))
    ph_window_toast (window, error->message);
}

static void
forget (PhSavedRow *self)
{
  ph_saved_sessions_forget_async (self->sessions, self->session, NULL, on_forgotten,
                                  g_object_ref (gtk_widget_get_root (GTK_WIDGET (self))));
}

static void
on_forget (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhSavedRow *self = PH_SAVED_ROW (widget);
  gboolean is_host = ph_saved_session_get_role (self->session) == PH_SESSION_HOST;
  g_autofree char *heading =
      g_strdup_printf (_ ("Forget “%s”?"), ph_saved_session_get_title (self->session));
  GtkWidget *dialog = new_dialog (
      self, heading,
      is_host ? _ ("Its code and link will never work again. Whoever has them needs new ones.")
              : _ ("To join again you will need its code or link."));

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "forget", _ ("_Forget"));
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "forget",
                                              ADW_RESPONSE_DESTRUCTIVE);
  g_signal_connect_object (dialog, "response::forget", G_CALLBACK (forget), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_saved_row_class_init (PhSavedRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_saved_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-saved-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhSavedRow, role);
  gtk_widget_class_install_action (widget_class, "saved.rename", NULL, on_rename);
  gtk_widget_class_install_action (widget_class, "saved.forget", NULL, on_forget);
}

static void
ph_saved_row_init (PhSavedRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static char *
dup_last_used (PhSavedSession *session)
{
  gint64 last_used = ph_saved_session_get_last_used (session);
  gint64 age_us = g_get_real_time () - last_used * G_USEC_PER_SEC;
  g_autofree char *age = ph_words_dup_age (age_us);

  if (last_used == 0)
    return g_strdup (_ ("not used yet"));
  if (age_us < 60 * G_USEC_PER_SEC)
    return g_strdup (_ ("used just now"));
  /* Translators: %s is an age such as “3 h” */
  return g_strdup_printf (_ ("used %s ago"), age);
}

static void
update (PhSavedRow *self)
{
  gboolean is_host = ph_saved_session_get_role (self->session) == PH_SESSION_HOST;
  g_autofree char *used = dup_last_used (self->session);
  g_autofree char *subtitle =
      g_strdup_printf ("%s · %s", is_host ? _ ("You share") : _ ("You join"), used);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self),
                                 ph_saved_session_get_title (self->session));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_image_set_from_icon_name (self->role, is_host ? "ph-share-symbolic" : "ph-join-symbolic");
}

GtkWidget *
ph_saved_row_new (PhSavedSessions *sessions, PhSavedSession *session)
{
  PhSavedRow *self = g_object_new (PH_TYPE_SAVED_ROW, NULL);

  self->sessions = g_object_ref (sessions);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

PhSavedSession *
ph_saved_row_get_session (PhSavedRow *row)
{
  return row->session;
}
