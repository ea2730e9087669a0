/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-start-page.h"

#include "ph-application.h"
#include "ph-rule-item.h"
#include "ph-window.h"

struct _PhStartPage
{
  AdwBin parent_instance;

  AdwEntryRow *rule;
  AdwEntryRow *code;
  GtkLabel *problem;
};

G_DEFINE_FINAL_TYPE (PhStartPage, ph_start_page, ADW_TYPE_BIN)

static PhWindow *
get_window (PhStartPage *self)
{
  return PH_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

static void
on_create (PhStartPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->rule));
  g_autoptr (GListStore) rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  g_autoptr (PhRuleItem) rule = ph_rule_item_new (text, TRUE);

  if (*text != '\0')
    g_list_store_append (rules, rule);
  ph_window_begin (get_window (self), ph_plan_new_host (G_LIST_MODEL (rules), FALSE));
}

static void
on_join (PhStartPage *self)
{
  ph_window_begin (get_window (self),
                   ph_plan_new_client (gtk_editable_get_text (GTK_EDITABLE (self->code))));
}

void
ph_start_page_show_problem (PhStartPage *page, PhSessionRole role, const char *message)
{
  gtk_label_set_label (page->problem, message);
  gtk_widget_set_visible (GTK_WIDGET (page->problem), TRUE);
}

static void
ph_start_page_class_init (PhStartPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PhStartPage, rule);
  gtk_widget_class_bind_template_child (widget_class, PhStartPage, code);
  gtk_widget_class_bind_template_child (widget_class, PhStartPage, problem);
  gtk_widget_class_bind_template_callback (widget_class, on_create);
  gtk_widget_class_bind_template_callback (widget_class, on_join);
}

static void
ph_start_page_init (PhStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_start_page_offer_code (PhStartPage *page, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (page->code), text);
  gtk_widget_grab_focus (GTK_WIDGET (page->code));
}
