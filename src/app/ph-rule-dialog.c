/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rule-dialog.h"

#include "ph-application.h"
#include "ph-service-picker.h"

#include <glib/gi18n.h>

#define PH_TYPE_RULE_DIALOG (ph_rule_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PhRuleDialog, ph_rule_dialog, PH, RULE_DIALOG, AdwWindow)

struct _PhRuleDialog
{
  AdwWindow parent_instance;

  PhLive *live;
  PhRuleItem *item; /* NULL: a new one */

  PhServicePicker *picker;
  GtkButton *apply;
};

G_DEFINE_FINAL_TYPE (PhRuleDialog, ph_rule_dialog, ADW_TYPE_WINDOW)

static void
ph_rule_dialog_dispose (GObject *object)
{
  PhRuleDialog *self = PH_RULE_DIALOG (object);

  g_clear_object (&self->live);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (ph_rule_dialog_parent_class)->dispose (object);
}

static void
on_changed (PhRuleDialog *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->apply), !ph_service_picker_is_empty (self->picker));
}

/* All of them, or up to the first that cannot be added: what was is left out, and may be tried
 * again. */
static gboolean
add_rules (PhRuleDialog *self, GListModel *rules, GError **error)
{
  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) rule = g_list_model_get_item (rules, i);

      if (ph_live_add_rule (self->live, ph_rule_item_get_text (rule), error) == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
apply (PhRuleDialog *self, GListModel *rules, GError **error)
{
  g_autoptr (PhRuleItem) first = g_list_model_get_item (rules, 0);

  if (self->item == NULL || first == NULL)
    return add_rules (self, rules, error);
  return ph_live_edit_rule (self->live, self->item, ph_rule_item_get_text (first), error);
}

static void
on_apply (PhRuleDialog *self)
{
  g_autoptr (GListStore) rules = NULL;
  g_autoptr (GError) error = NULL;

  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->apply)))
    return;
  rules = ph_service_picker_dup_rules (self->picker);
  if (rules == NULL)
    return;
  if (apply (self, G_LIST_MODEL (rules), &error))
    gtk_window_close (GTK_WINDOW (self));
  else
    ph_service_picker_show_problem (self->picker, error->message);
}

static void
ph_rule_dialog_class_init (PhRuleDialogClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_rule_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-rule-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PhRuleDialog, picker);
  gtk_widget_class_bind_template_child (widget_class, PhRuleDialog, apply);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_apply);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
ph_rule_dialog_init (PhRuleDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_rule_dialog_present (GtkWindow *parent, PhLive *live, PhRuleItem *item)
{
  PhRuleDialog *self = g_object_new (PH_TYPE_RULE_DIALOG, "transient-for", parent, NULL);

  self->live = g_object_ref (live);
  g_signal_connect_object (live, "ended", G_CALLBACK (gtk_window_destroy), self, G_CONNECT_SWAPPED);
  if (item != NULL)
    {
      self->item = g_object_ref (item);
      gtk_window_set_title (GTK_WINDOW (self), _ ("Edit Rule"));
      gtk_button_set_label (self->apply, _ ("_Change"));
      ph_service_picker_edit (self->picker, ph_rule_item_get_text (item));
    }
  else
    ph_service_picker_leave_out (self->picker, ph_live_get_rules (live));
  gtk_window_present (GTK_WINDOW (self));
}
