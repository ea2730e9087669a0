/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-ended-view.h"

#include "ph-application.h"
#include "ph-problem.h"

#include <glib/gi18n.h>

struct _PhEndedView
{
  AdwBin parent_instance;

  PhLive *live;

  AdwStatusPage *status;
  GtkLabel *mappings;
  GtkButton *retry;
};

G_DEFINE_FINAL_TYPE (PhEndedView, ph_ended_view, ADW_TYPE_BIN)

static void
ph_ended_view_dispose (GObject *object)
{
  PhEndedView *self = PH_ENDED_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_ended_view_parent_class)->dispose (object);
}

static void
ph_ended_view_class_init (PhEndedViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_ended_view_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-ended-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PhEndedView, status);
  gtk_widget_class_bind_template_child (widget_class, PhEndedView, mappings);
  gtk_widget_class_bind_template_child (widget_class, PhEndedView, retry);
}

static void
ph_ended_view_init (PhEndedView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* The local addresses that led somewhere, and do not any more: owned, NULL if there are none. */
static char *
dup_mappings_text (PhLive *live)
{
  GListModel *mappings = ph_live_get_mappings (live);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (mappings); i++)
    {
      g_autoptr (PhMappingItem) item = g_list_model_get_item (mappings, i);
      g_autofree char *address = ph_mapping_item_dup_address (item);

      if (ph_mapping_item_get_message (item) == NULL)
        continue; /* nothing did */
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", address);
    }
  if (list->len == 0)
    return NULL;
  return g_strdup_printf (_ ("Nothing answers any more at %s on this computer."), list->str);
}

static void
on_ended (PhEndedView *self)
{
  const GError *error = ph_live_get_error (self->live);
  g_autofree char *mappings = dup_mappings_text (self->live);
  g_autofree char *text = NULL;
  g_autofree char *escaped = NULL;

  gtk_label_set_label (self->mappings, mappings != NULL ? mappings : "");
  gtk_widget_set_visible (GTK_WIDGET (self->mappings), mappings != NULL);
  if (error == NULL)
    return; /* by this side's own person: the template's words */
  text = ph_problem_dup_text (error, ph_live_get_role (self->live));
  escaped = g_markup_escape_text (text, -1);
  adw_status_page_set_title (self->status, ph_problem_title (error));
  adw_status_page_set_icon_name (self->status, ph_problem_icon (error));
  adw_status_page_set_description (self->status, escaped);
  gtk_widget_set_visible (GTK_WIDGET (self->retry), ph_problem_is_worth_retrying (error));
}

void
ph_ended_view_set_live (PhEndedView *view, PhLive *live)
{
  view->live = g_object_ref (live);
  g_signal_connect_object (live, "ended", G_CALLBACK (on_ended), view, G_CONNECT_SWAPPED);
}
