/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rule-dialog.h"

#include "ph-application.h"

#include <glib/gi18n.h>

#define PH_TYPE_RULE_DIALOG (ph_rule_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PhRuleDialog, ph_rule_dialog, PH, RULE_DIALOG, AdwWindow)

struct _PhRuleDialog
{
  AdwWindow parent_instance;

  PhLive *live;
  PhRuleItem *item; /* NULL: a new one */

  AdwEntryRow *rule;
  GtkLabel *problem;
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
  gtk_widget_set_visible (GTK_WIDGET (self->problem), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->apply),
                            *gtk_editable_get_text (GTK_EDITABLE (self->rule)) != '\0');
}

static void
on_apply (PhRuleDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->rule));
  g_autoptr (GError) error = NULL;
  gboolean is_done = self->item != NULL ? ph_live_edit_rule (self->live, self->item, text, &error)
                                        : ph_live_add_rule (self->live, text, &error) != NULL;

  if (is_done)
    {
      gtk_window_close (GTK_WINDOW (self));
      return;
    }
  gtk_label_set_label (self->problem, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->problem), TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->rule));
}

static void
ph_rule_dialog_class_init (PhRuleDialogClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_rule_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-rule-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PhRuleDialog, rule);
  gtk_widget_class_bind_template_child (widget_class, PhRuleDialog, problem);
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
      gtk_editable_set_text (GTK_EDITABLE (self->rule), ph_rule_item_get_text (item));
    }
  gtk_window_present (GTK_WINDOW (self));
}
