/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

#include "ph-session-page.h"
#include "ph-start-page.h"

#include <glib/gi18n.h>

struct _PhWindow
{
  AdwApplicationWindow parent_instance;

  PhLive *live;

  AdwToastOverlay *toasts;
  GtkStack *pages;
  PhStartPage *start;
};

G_DEFINE_FINAL_TYPE (PhWindow, ph_window, ADW_TYPE_APPLICATION_WINDOW)

static void
show_start (PhWindow *self)
{
  GtkWidget *session = gtk_stack_get_child_by_name (self->pages, "session");

  gtk_stack_set_visible_child_name (self->pages, "start");
  if (session != NULL)
    gtk_stack_remove (self->pages, session);
  g_clear_object (&self->live);
}

static void
on_stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhWindow *self = PH_WINDOW (widget);

  if (self->live != NULL)
    ph_live_end (self->live);
}

static void
on_start_page (GtkWidget *widget, const char *action, GVariant *parameter)
{
  show_start (PH_WINDOW (widget));
}

static void
ph_window_dispose (GObject *object)
{
  g_clear_object (&PH_WINDOW (object)->live);
  G_OBJECT_CLASS (ph_window_parent_class)->dispose (object);
}

static void
ph_window_class_init (PhWindowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  g_type_ensure (PH_TYPE_START_PAGE);
  G_OBJECT_CLASS (class)->dispose = ph_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PhWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, start);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, on_stop);
  gtk_widget_class_install_action (widget_class, "win.start-page", NULL, on_start_page);
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
  self->live = live;
  gtk_stack_add_named (self->pages, GTK_WIDGET (ph_session_page_new (live)), "session");
  gtk_stack_set_visible_child_name (self->pages, "session");
  return TRUE;
}

gboolean
ph_window_host (PhWindow *window, GListModel *rules, gboolean is_manual, GError **error)
{
  PhApplication *application = get_application (window);
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  PhHostOptions options = { .is_manual = is_manual,
                            .name = g_get_user_name (),
                            .servers = servers };

  return show_session (
      window, ph_live_new_host (ph_application_get_engine (application), &options, rules, error));
}

static gboolean
join (PhWindow *self, const char *code, gboolean is_manual, GError **error)
{
  PhApplication *application = get_application (self);
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  PhJoinOptions options = { .is_manual = is_manual,
                            .name = g_get_user_name (),
                            .servers = servers };

  return show_session (
      self, ph_live_new_client (ph_application_get_engine (application), code, &options, error));
}

gboolean
ph_window_join (PhWindow *window, const char *code, GError **error)
{
  return join (window, code, FALSE, error);
}

gboolean
ph_window_pair (PhWindow *window, GError **error)
{
  return join (window, NULL, TRUE, error);
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
ph_window_toast_undo (GtkWidget *widget, const char *text, GCallback undo, GObject *data)
{
  AdwToast *toast = new_toast (text);

  adw_toast_set_button_label (toast, _ ("_Undo"));
  g_signal_connect_data (toast, "button-clicked", undo, g_object_ref (data),
                         (GClosureNotify)(GCallback)g_object_unref, G_CONNECT_SWAPPED);
  show_toast (widget, toast);
}
