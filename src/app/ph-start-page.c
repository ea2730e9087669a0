/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-start-page.h"

#include "ph-application.h"
#include "ph-columns.h"
#include "ph-join-card.h"
#include "ph-main-menu.h"
#include "ph-saved-row.h"
#include "ph-service-picker.h"
#include "ph-window.h"

#define ICON_SIZE 96 /* pixels */
#define SMALL_ICON_SIZE 64

struct _PhStartPage
{
  AdwBin parent_instance;

  PhSavedSessions *sessions; /* NULL until it is shown */
  gboolean is_offer;         /* of a link that another program opened; there is nothing else then */

  GtkImage *icon;
  GtkWidget *welcome;
  GtkWidget *sentence;
  GtkWidget *share;
  PhServicePicker *picker;
  GtkLabel *problem;
  GtkWidget *create;
  PhJoinCard *join;
  GtkWidget *saved_group;
  GtkListBox *saved;
};

G_DEFINE_FINAL_TYPE (PhStartPage, ph_start_page, ADW_TYPE_BIN)

static PhWindow *
get_window (PhStartPage *self)
{
  return PH_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

static PhApplication *
get_application (PhStartPage *self)
{
  return PH_APPLICATION (gtk_window_get_application (GTK_WINDOW (get_window (self))));
}

static GSettings *
get_settings (PhStartPage *self)
{
  return ph_settings_get_gsettings (ph_application_get_settings (get_application (self)));
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void
update (PhStartPage *self)
{
  gboolean is_first = g_settings_get_boolean (get_settings (self), "first-run");
  guint n_saved = g_list_model_get_n_items (G_LIST_MODEL (self->sessions));

  gtk_image_set_pixel_size (self->icon, is_first || self->is_offer ? ICON_SIZE : SMALL_ICON_SIZE);
  gtk_widget_set_visible (self->welcome, is_first && !self->is_offer);
  gtk_widget_set_visible (self->sentence, is_first && !self->is_offer);
  gtk_widget_set_visible (self->share, !self->is_offer);
  gtk_widget_set_visible (self->saved_group, n_saved > 0 && !self->is_offer);
}

static GtkWidget *
new_saved_row (gpointer item, gpointer user_data)
{
  return ph_saved_row_new (user_data, item);
}

static void
ph_start_page_map (GtkWidget *widget)
{
  PhStartPage *self = PH_START_PAGE (widget);

  if (self->sessions == NULL)
    {
      self->sessions = g_object_ref (ph_application_get_saved (get_application (self)));
      gtk_list_box_bind_model (self->saved, G_LIST_MODEL (self->sessions), new_saved_row,
                               self->sessions, NULL);
      g_signal_connect_object (self->sessions, "items-changed", G_CALLBACK (update), self,
                               G_CONNECT_SWAPPED);
    }
  update (self);
  GTK_WIDGET_CLASS (ph_start_page_parent_class)->map (widget);
  if (gtk_root_get_focus (gtk_widget_get_root (widget)) == NULL)
    ph_join_card_focus (self->join);
}

static void
hide_problem (PhStartPage *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->problem), FALSE);
}

static void
end_offer (PhStartPage *self)
{
  self->is_offer = FALSE;
  ph_join_card_end_offer (self->join);
  update (self);
}

void
ph_start_page_show_problem (PhStartPage *page, PhSessionRole role, const char *message)
{
  if (role == PH_SESSION_CLIENT)
    {
      ph_join_card_show_problem (page->join, message);
      return;
    }
  gtk_label_set_label (page->problem, message);
  gtk_widget_set_visible (GTK_WIDGET (page->problem), TRUE);
  gtk_widget_grab_focus (page->create);
}

/* A link may come before the page is shown the first time. */
void
ph_start_page_offer_code (PhStartPage *page, const char *text)
{
  page->is_offer = TRUE;
  if (page->sessions != NULL)
    update (page);
  ph_join_card_offer (page->join, text);
}

/* --- beginning -------------------------------------------------------------------------------- */

/* Whoever has begun once knows what it is about. Takes @plan. */
static void
begin (PhStartPage *self, PhPlan *plan)
{
  g_settings_set_boolean (get_settings (self), "first-run", FALSE);
  hide_problem (self);
  ph_window_begin (get_window (self), plan);
}

static void
begin_host (PhStartPage *self, gboolean is_manual)
{
  g_autoptr (GListStore) rules = ph_service_picker_dup_rules (self->picker);

  if (rules != NULL)
    begin (self, ph_plan_new_host (G_LIST_MODEL (rules), is_manual));
}

static void
on_create (PhStartPage *self)
{
  begin_host (self, FALSE);
}

static void
on_pair (PhStartPage *self)
{
  begin_host (self, TRUE);
}

static void
on_join (PhStartPage *self, const char *code)
{
  end_offer (self);
  begin (self, ph_plan_new_client (code));
}

static void
on_dismissed (PhStartPage *self)
{
  end_offer (self);
  ph_join_card_focus (self->join);
}

static void
on_saved (PhStartPage *self, GtkListBoxRow *row)
{
  hide_problem (self);
  ph_window_open_saved (get_window (self), ph_saved_row_get_session (PH_SAVED_ROW (row)));
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_start_page_dispose (GObject *object)
{
  g_clear_object (&PH_START_PAGE (object)->sessions);
  G_OBJECT_CLASS (ph_start_page_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *class)
{
  gtk_widget_class_set_template_from_resource (class, PH_RESOURCES "ph-start-page.ui");
  gtk_widget_class_bind_template_child (class, PhStartPage, icon);
  gtk_widget_class_bind_template_child (class, PhStartPage, welcome);
  gtk_widget_class_bind_template_child (class, PhStartPage, sentence);
  gtk_widget_class_bind_template_child (class, PhStartPage, share);
  gtk_widget_class_bind_template_child (class, PhStartPage, picker);
  gtk_widget_class_bind_template_child (class, PhStartPage, problem);
  gtk_widget_class_bind_template_child (class, PhStartPage, create);
  gtk_widget_class_bind_template_child (class, PhStartPage, join);
  gtk_widget_class_bind_template_child (class, PhStartPage, saved_group);
  gtk_widget_class_bind_template_child (class, PhStartPage, saved);
  gtk_widget_class_bind_template_callback (class, hide_problem);
  gtk_widget_class_bind_template_callback (class, on_create);
  gtk_widget_class_bind_template_callback (class, on_pair);
  gtk_widget_class_bind_template_callback (class, on_join);
  gtk_widget_class_bind_template_callback (class, on_dismissed);
  gtk_widget_class_bind_template_callback (class, on_saved);
}

static void
ph_start_page_class_init (PhStartPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_start_page_dispose;
  widget_class->map = ph_start_page_map;
  bind_template (widget_class);
}

static void
ph_start_page_init (PhStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
