/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rule-row.h"

#include "ph-application.h"
#include "ph-removal.h"
#include "ph-rule-dialog.h"

#include <glib/gi18n.h>

struct _PhRuleRow
{
  AdwActionRow parent_instance;

  PhLive *live;
  PhRuleItem *item;

  GtkSwitch *is_on;
};

G_DEFINE_FINAL_TYPE (PhRuleRow, ph_rule_row, ADW_TYPE_ACTION_ROW)

static void
ph_rule_row_dispose (GObject *object)
{
  PhRuleRow *self = PH_RULE_ROW (object);

  g_clear_object (&self->live);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (ph_rule_row_parent_class)->dispose (object);
}

static gboolean
on_switched (PhRuleRow *self, gboolean is_on)
{
  ph_live_set_rule_on (self->live, self->item, is_on);
  return FALSE;
}

static void
on_edit (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhRuleRow *self = PH_RULE_ROW (widget);

  ph_rule_dialog_present (GTK_WINDOW (gtk_widget_get_root (widget)), self->live, self->item);
}

static void
restore (PhLive *live, guint position, gpointer item)
{
  ph_live_restore_rule (live, position, item);
}

static void
on_remove (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhRuleRow *self = PH_RULE_ROW (widget);
  g_autofree char *text =
      g_strdup_printf (_ ("%s is no longer shared"), ph_rule_item_get_text (self->item));
  g_autoptr (PhLive) live = g_object_ref (self->live);

  ph_removal_offer_undo (widget, text, live, ph_live_get_rules (live), self->item, restore);
  ph_live_remove_rule (live, self->item);
}

static void
ph_rule_row_class_init (PhRuleRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_rule_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-rule-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhRuleRow, is_on);
  gtk_widget_class_bind_template_callback (widget_class, on_switched);
  gtk_widget_class_install_action (widget_class, "rule.edit", NULL, on_edit);
  gtk_widget_class_install_action (widget_class, "rule.remove", NULL, on_remove);
}

static void
ph_rule_row_init (PhRuleRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static char *
dup_use (PhRuleItem *item)
{
  guint n = ph_rule_item_get_n_connections (item);

  if (!ph_rule_item_is_on (item))
    return g_strdup (_ ("Switched off"));
  if (n == 0)
    return g_strdup (_ ("Not in use"));
  return g_strdup_printf (ngettext ("%u connection of %s", "%u connections of %s", n), n,
                          ph_rule_item_get_users (item));
}

static void
update (PhRuleRow *self)
{
  const char *rule = ph_rule_item_get_text (self->item);
  const char *title = ph_rule_item_get_title (self->item);
  g_autofree char *use = dup_use (self->item);
  g_autofree char *subtitle = title != rule ? g_strdup_printf ("%s · %s", rule, use) : NULL;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle != NULL ? subtitle : use);
  gtk_switch_set_active (self->is_on, ph_rule_item_is_on (self->item));
}

GtkWidget *
ph_rule_row_new (PhLive *live, PhRuleItem *item)
{
  PhRuleRow *self = g_object_new (PH_TYPE_RULE_ROW, NULL);

  self->live = g_object_ref (live);
  self->item = g_object_ref (item);
  g_signal_connect_object (item, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
