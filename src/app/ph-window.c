/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

#include "ph-question-dialog.h"
#include "ph-session-page.h"
#include "ph-start-page.h"

#include <glib/gi18n.h>

struct _PhWindow
{
  AdwApplicationWindow parent_instance;

  PhLive *live;
  char *code;          /* what was joined with, to try again; NULL for a Host */
  gboolean is_closing; /* the person has agreed to it */
  gboolean is_asking;  /* one of the session's questions, in a dialog */

  AdwToastOverlay *toasts;
  GtkStack *pages;
  PhStartPage *start;
};

G_DEFINE_FINAL_TYPE (PhWindow, ph_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- leaving a session ------------------------------------------------------------------------ */

static void
drop_session (PhWindow *self)
{
  GtkWidget *session = gtk_stack_get_child_by_name (self->pages, "session");

  if (session != NULL)
    gtk_stack_remove (self->pages, session);
  if (self->live != NULL)
    g_signal_handlers_disconnect_by_data (self->live, self);
  g_clear_object (&self->live);
  g_clear_pointer (&self->code, g_free);
}

static void
on_start_page (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhWindow *self = PH_WINDOW (widget);

  gtk_stack_set_visible_child_name (self->pages, "start");
  drop_session (self);
}

/* Who ended it need not be told so; everybody else is told why on the session's page. */
static void
on_ended (PhWindow *self)
{
  if (ph_live_get_error (self->live) == NULL)
    on_start_page (GTK_WIDGET (self), NULL, NULL);
}

static gboolean
is_running (PhWindow *self)
{
  return self->live != NULL && ph_live_get_state (self->live) != PH_SESSION_ENDED;
}

static gboolean
is_host (PhWindow *self)
{
  return ph_live_get_role (self->live) == PH_SESSION_HOST;
}

/* Asks before connections are closed, else calls @done at once; @done is called, swapped, with the
 * window when it is to be. */
static void
confirm_end (PhWindow *self, GCallback done)
{
  guint n = is_running (self) ? ph_live_get_n_connections (self->live) : 0;
  g_autofree char *body = NULL;
  GtkWidget *dialog;

  if (n == 0)
    {
      ((void (*) (PhWindow *))done) (self);
      return;
    }
  body = g_strdup_printf (ngettext ("%u connection is open and will be closed.",
                                    "%u connections are open and will be closed.", n),
                          n);
  dialog = adw_message_dialog_new (
      GTK_WINDOW (self), is_host (self) ? _ ("Stop Sharing?") : _ ("Leave the Session?"), body);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "end",
                                    is_host (self) ? _ ("_Stop Sharing") : _ ("_Leave"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "end",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response::end", done, self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
end_session (PhWindow *self)
{
  if (self->live != NULL)
    ph_live_end (self->live);
}

static void
on_stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  confirm_end (PH_WINDOW (widget), G_CALLBACK (end_session));
}

static void
close_for_good (PhWindow *self)
{
  self->is_closing = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

/* The session says its goodbyes in the background. */
static gboolean
ph_window_close_request (GtkWindow *window)
{
  PhWindow *self = PH_WINDOW (window);

  if (!self->is_closing && is_running (self) && ph_live_get_n_connections (self->live) > 0)
    {
      confirm_end (self, G_CALLBACK (close_for_good));
      return GDK_EVENT_STOP;
    }
  return GTK_WINDOW_CLASS (ph_window_parent_class)->close_request (window);
}

/* --- questions -------------------------------------------------------------------------------- */

static void ask_next (PhWindow *self);

static void
on_answered (PhWindow *self)
{
  self->is_asking = FALSE;
  if (self->live != NULL)
    ask_next (self);
}

/* One at a time, each once; whoever closed one without an answer finds it in the session's page. */
static void
ask_next (PhWindow *self)
{
  GListModel *questions = ph_live_get_questions (self->live);
  guint n = g_list_model_get_n_items (questions);

  for (guint i = 0; i < n && !self->is_asking; i++)
    {
      g_autoptr (PhQuestion) question = g_list_model_get_item (questions, i);

      if (ph_question_take_turn (question))
        {
          GtkWidget *dialog = ph_question_dialog_new (GTK_WINDOW (self), self->live, question);

          self->is_asking = TRUE;
          g_signal_connect_object (dialog, "destroy", G_CALLBACK (on_answered), self,
                                   G_CONNECT_SWAPPED);
          gtk_window_present (GTK_WINDOW (dialog));
        }
    }
}

/* --- beginning a session ---------------------------------------------------------------------- */

static PhApplication *
get_application (PhWindow *self)
{
  return PH_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
}

/* Takes @live, which may be NULL. */
static gboolean
show_session (PhWindow *self, PhLive *live)
{
  if (live == NULL)
    return FALSE;
  drop_session (self);
  self->live = live;
  gtk_stack_add_named (self->pages, GTK_WIDGET (ph_session_page_new (live)), "session");
  gtk_stack_set_visible_child_name (self->pages, "session");
  g_signal_connect_object (live, "ended", G_CALLBACK (on_ended), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (ph_live_get_questions (live), "items-changed", G_CALLBACK (ask_next),
                           self, G_CONNECT_SWAPPED);
  return TRUE;
}

gboolean
ph_window_host (PhWindow *window, GListModel *rules, gboolean is_manual, GError **error)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  PhHostOptions options = { .is_manual = is_manual,
                            .name = g_get_user_name (),
                            .servers = servers };

  return show_session (window,
                       ph_live_new_host (ph_application_get_engine (get_application (window)),
                                         &options, rules, error));
}

static gboolean
join (PhWindow *self, const char *code, gboolean is_manual, GError **error)
{
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  PhJoinOptions options = { .is_manual = is_manual,
                            .name = g_get_user_name (),
                            .servers = servers };

  return show_session (self, ph_live_new_client (ph_application_get_engine (get_application (self)),
                                                 code, &options, error));
}

gboolean
ph_window_join (PhWindow *window, const char *code, GError **error)
{
  g_autofree char *kept = g_strdup (code);

  if (!join (window, code, FALSE, error))
    return FALSE;
  window->code = g_steal_pointer (&kept);
  return TRUE;
}

gboolean
ph_window_pair (PhWindow *window, GError **error)
{
  return join (window, NULL, TRUE, error);
}

/* The same session once more: with the same code and mappings, or the same rules. */
static void
on_retry (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhWindow *self = PH_WINDOW (widget);
  g_autoptr (PhLive) old = g_object_ref (self->live);
  g_autofree char *code = g_strdup (self->code);
  g_autoptr (GError) error = NULL;
  gboolean is_manual = ph_live_is_manual (old);

  if (is_host (self))
    ph_window_host (self, ph_live_get_rules (old), is_manual, &error);
  else if (is_manual)
    ph_window_pair (self, &error);
  else
    ph_window_join (self, code, &error);
  if (error != NULL)
    ph_window_toast (widget, error->message);
  else
    ph_live_copy_mappings (self->live, old);
}

static void
ph_window_dispose (GObject *object)
{
  PhWindow *self = PH_WINDOW (object);

  if (self->live != NULL)
    g_signal_handlers_disconnect_by_data (self->live, self);
  g_clear_object (&self->live);
  g_clear_pointer (&self->code, g_free);
  G_OBJECT_CLASS (ph_window_parent_class)->dispose (object);
}

static void
ph_window_class_init (PhWindowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  g_type_ensure (PH_TYPE_START_PAGE);
  G_OBJECT_CLASS (class)->dispose = ph_window_dispose;
  GTK_WINDOW_CLASS (class)->close_request = ph_window_close_request;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PhWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, start);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, on_stop);
  gtk_widget_class_install_action (widget_class, "win.start-page", NULL, on_start_page);
  gtk_widget_class_install_action (widget_class, "win.retry", NULL, on_retry);
}

static void
ph_window_init (PhWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PhWindow *
ph_window_new (PhApplication *application)
{
  return g_object_new (PH_TYPE_WINDOW, "application", application, NULL);
}

void
ph_window_offer_code (PhWindow *window, const char *code)
{
  ph_start_page_offer_code (window->start, code);
}

PhLive *
ph_window_get_live (PhWindow *window)
{
  return window->live;
}

/* Texts may hold words of other people, which are never markup. */
static AdwToast *
new_toast (const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  return adw_toast_new (escaped);
}

static void
show_toast (GtkWidget *widget, AdwToast *toast)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  if (PH_IS_WINDOW (root))
    adw_toast_overlay_add_toast (PH_WINDOW (root)->toasts, toast);
  else
    g_object_unref (toast);
}

void
ph_window_toast (GtkWidget *widget, const char *text)
{
  show_toast (widget, new_toast (text));
}

void
ph_window_toast_undo (GtkWidget *widget,
                      const char *text,
                      GCallback undo,
                      gpointer data,
                      GClosureNotify free_data)
{
  AdwToast *toast = new_toast (text);

  adw_toast_set_button_label (toast, _ ("_Undo"));
  g_signal_connect_data (toast, "button-clicked", undo, data, free_data, G_CONNECT_SWAPPED);
  show_toast (widget, toast);
}
