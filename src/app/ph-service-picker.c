/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-service-picker.h"

#include "session/ph-host.h"

#include "ph-application.h"
#include "ph-choices.h"
#include "ph-rule-item.h"

#include <glib/gi18n.h>

#define SEARCH_EVERY_S 3

struct _PhServicePicker
{
  AdwBin parent_instance;

  PhChoices *choices;
  GtkFilter *filter;         /* minor ones only where they are wanted */
  GPtrArray *preset_rows;    /* in `presets` */
  GCancellable *cancellable; /* of the search; NULL while it is not shown */
  guint timer;               /* 0: likewise */
  gboolean is_edit;

  GtkWidget *lists;
  GtkLabel *remark;
  GtkListBox *found;
  GtkCheckButton *show_all;
  AdwExpanderRow *presets;
  AdwEntryRow *rule;
  GtkEventControllerFocus *focus;
  GtkEventControllerMotion *pointer;
  GtkEventControllerFocus *found_focus;
  GtkLabel *help;
};

G_DEFINE_FINAL_TYPE (PhServicePicker, ph_service_picker, ADW_TYPE_BIN)

enum
{
  CHANGED,
  ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* --- rows ------------------------------------------------------------------------------------- */

static void
on_toggled (GtkCheckButton *check, PhChoice *choice)
{
  GtkWidget *picker = gtk_widget_get_ancestor (GTK_WIDGET (check), PH_TYPE_SERVICE_PICKER);

  ph_choice_set_chosen (choice, gtk_check_button_get_active (check));
  if (picker != NULL)
    g_signal_emit (picker, signals[CHANGED], 0);
}

static void
update_row (AdwActionRow *row, PhChoice *choice)
{
  g_autofree char *title = ph_choice_dup_title (choice);
  g_autofree char *detail = ph_choice_dup_detail (choice);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (row, detail);
}

static GtkWidget *
new_icon (PhKind kind)
{
  g_autofree char *name = g_strdup_printf ("ph-%s-symbolic", ph_kind_word (kind));
  GtkWidget *icon = gtk_image_new_from_icon_name (name);

  gtk_accessible_update_state (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  return icon;
}

static GtkWidget *
new_row (PhChoice *choice)
{
  GtkWidget *check = gtk_check_button_new ();
  AdwActionRow *row = g_object_new (ADW_TYPE_ACTION_ROW, "use-markup", FALSE, "title-lines", 1,
                                    "subtitle-lines", 2, NULL);

  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), ph_choice_is_chosen (choice));
  g_signal_connect_object (check, "toggled", G_CALLBACK (on_toggled), choice, 0);
  adw_action_row_add_prefix (row, new_icon (ph_choice_get_kind (choice)));
  adw_action_row_add_prefix (row, check);
  adw_action_row_set_activatable_widget (row, check);
  g_signal_connect_object (choice, "changed", G_CALLBACK (update_row), row, G_CONNECT_SWAPPED);
  update_row (row, choice);
  return GTK_WIDGET (row);
}

static GtkWidget *
new_found_row (gpointer item, gpointer user_data)
{
  return new_row (item);
}

static void
update_presets (PhServicePicker *self)
{
  GListModel *model = ph_choices_get_presets (self->choices);

  for (guint i = 0; i < self->preset_rows->len; i++)
    adw_expander_row_remove (self->presets, self->preset_rows->pdata[i]);
  g_ptr_array_set_size (self->preset_rows, 0);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (PhChoice) choice = g_list_model_get_item (model, i);
      GtkWidget *row = new_row (choice);

      adw_expander_row_add_row (self->presets, row);
      g_ptr_array_add (self->preset_rows, row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->presets), !self->is_edit && self->preset_rows->len > 0);
}

/* --- what runs here --------------------------------------------------------------------------- */

static gboolean
is_shown (gpointer item, gpointer user_data)
{
  PhServicePicker *self = user_data;

  return !ph_choice_is_minor (item) || ph_choice_is_chosen (item) ||
         gtk_check_button_get_active (self->show_all);
}

static void
on_show_all (PhServicePicker *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
show_remark (PhServicePicker *self, const char *text)
{
  gtk_label_set_label (self->remark, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->remark), text != NULL);
}

/* What there is to say about @found, which is NULL where the system does not tell; NULL: nothing.
 */
static const char *
get_remark (GPtrArray *found)
{
  gboolean has_program = FALSE, is_all_system = TRUE;

  if (found == NULL)
    return _ ("This system does not tell Porthole what runs here. Choose from the list, or type an "
              "address.");
  for (guint i = 0; i < found->len; i++)
    {
      const PhListening *listening = found->pdata[i];

      has_program |= listening->program != NULL;
      is_all_system &= listening->is_system;
    }
  if (is_all_system)
    return _ ("Nothing to share was found running on this computer. What you start appears here.");
  if (!has_program)
    return _ ("This system shows Porthole ports, but no programs: the names are guesses.");
  return NULL;
}

/* Nothing moves away from under a pointer or a focus that is about to choose it. */
static gboolean
is_in_use (PhServicePicker *self)
{
  return g_list_model_get_n_items (ph_choices_get_found (self->choices)) > 0 &&
         (gtk_event_controller_motion_contains_pointer (self->pointer) ||
          gtk_event_controller_focus_contains_focus (self->found_focus));
}

static void
update_found (PhServicePicker *self, GPtrArray *found)
{
  GListModel *model = ph_choices_get_found (self->choices);
  gboolean has_minor = FALSE, is_all_system = TRUE;

  if (is_in_use (self))
    ph_choices_append_found (self->choices, found);
  else
    ph_choices_set_found (self->choices, found);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (PhChoice) choice = g_list_model_get_item (model, i);

      has_minor |= ph_choice_is_minor (choice);
      is_all_system &= !ph_choice_is_minor (choice) || ph_choice_is_system (choice);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->show_all), has_minor);
  gtk_check_button_set_label (self->show_all,
                              is_all_system ? _ ("Show System Services") : _ ("Show All Services"));
  show_remark (self, get_remark (found));
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhServicePicker) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = ph_listening_list_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING) || self->cancellable == NULL)
    return;
  update_found (self, found);
}

static gboolean
on_timer (gpointer user_data)
{
  PhServicePicker *self = user_data;

  ph_listening_list_async (self->cancellable, on_found, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
ph_service_picker_map (GtkWidget *widget)
{
  PhServicePicker *self = PH_SERVICE_PICKER (widget);

  GTK_WIDGET_CLASS (ph_service_picker_parent_class)->map (widget);
  if (self->is_edit)
    return;
  self->cancellable = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (SEARCH_EVERY_S, on_timer, self);
  on_timer (self);
}

static void
stop_search (PhServicePicker *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

static void
ph_service_picker_unmap (GtkWidget *widget)
{
  stop_search (PH_SERVICE_PICKER (widget));
  GTK_WIDGET_CLASS (ph_service_picker_parent_class)->unmap (widget);
}

static void
on_found_shown (PhServicePicker *self,
                guint position,
                guint removed,
                guint added,
                GListModel *model)
{
  gtk_widget_set_visible (GTK_WIDGET (self->found), g_list_model_get_n_items (model) > 0);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- what is typed ---------------------------------------------------------------------------- */

static const char *
get_typed (PhServicePicker *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->rule));
}

static void
show_help (PhServicePicker *self, const char *text, gboolean is_problem)
{
  gtk_label_set_label (self->help, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->help), text != NULL);
  gtk_widget_set_css_classes (GTK_WIDGET (self->help),
                              (const char *[]){ is_problem ? "error" : "dim-label", NULL });
  if (is_problem)
    gtk_widget_add_css_class (GTK_WIDGET (self->rule), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->rule), "error");
}

/* The one form of what is typed; owned, NULL with @error for what is no rule. */
static char *
dup_typed (PhServicePicker *self, GError **error)
{
  g_autofree char *text = g_strstrip (g_strdup (get_typed (self)));
  g_autoptr (PhRules) rules = ph_rules_new ();

  if (!ph_rules_add (rules, text, error))
    return NULL;
  return g_strdup (ph_rules_get_text (rules, 0));
}

/* What is not finished yet is no mistake yet: only dup_rules calls it one. */
static void
update_help (PhServicePicker *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rule = *get_typed (self) != '\0' ? dup_typed (self, &error) : NULL;
  g_autofree char *shares = rule != NULL ? g_strdup_printf (_ ("Shares %s"), rule) : NULL;

  if (error != NULL)
    show_help (self, error->message, FALSE);
  else if (shares != NULL)
    show_help (self, shares, FALSE);
  else if (self->is_edit || gtk_event_controller_focus_contains_focus (self->focus))
    show_help (self,
               _ ("An address and a port as this computer sees them; a star stands for any: "
                  "192.168.1.5:22, localhost:8000-8010, 192.168.*:*, *.example.com:443"),
               FALSE);
  else
    show_help (self, NULL, FALSE);
}

static void
on_typed (PhServicePicker *self)
{
  update_help (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
on_activated (PhServicePicker *self)
{
  g_signal_emit (self, signals[ACTIVATED], 0);
}

void
ph_service_picker_show_problem (PhServicePicker *picker, const char *message)
{
  gtk_widget_grab_focus (GTK_WIDGET (picker->rule)); /* which writes its own help */
  show_help (picker, message, TRUE);
}

/* --- what is chosen --------------------------------------------------------------------------- */

gboolean
ph_service_picker_is_empty (PhServicePicker *picker)
{
  g_autoptr (GListStore) rules = ph_choices_dup_rules (picker->choices);

  return *get_typed (picker) == '\0' && g_list_model_get_n_items (G_LIST_MODEL (rules)) == 0;
}

static gboolean
has_rule (GListModel *rules, const char *text)
{
  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (g_str_equal (ph_rule_item_get_text (item), text))
        return TRUE;
    }
  return FALSE;
}

GListStore *
ph_service_picker_dup_rules (PhServicePicker *picker)
{
  g_autoptr (GListStore) rules = ph_choices_dup_rules (picker->choices);
  g_autoptr (GError) error = NULL;
  g_autofree char *typed = NULL;

  if (*get_typed (picker) == '\0')
    return g_steal_pointer (&rules);
  typed = dup_typed (picker, &error);
  if (typed == NULL)
    {
      ph_service_picker_show_problem (picker, error->message);
      return NULL;
    }
  if (!has_rule (G_LIST_MODEL (rules), typed))
    {
      g_autoptr (PhRuleItem) item = ph_rule_item_new (typed, TRUE);

      g_list_store_append (rules, item);
    }
  return g_steal_pointer (&rules);
}

void
ph_service_picker_leave_out (PhServicePicker *picker, GListModel *rules)
{
  ph_choices_leave_out (picker->choices, rules);
}

void
ph_service_picker_edit (PhServicePicker *picker, const char *text)
{
  picker->is_edit = TRUE;
  gtk_widget_set_visible (picker->lists, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (picker->presets), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (picker->rule), _ ("Rule"));
  gtk_editable_set_text (GTK_EDITABLE (picker->rule), text);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_service_picker_dispose (GObject *object)
{
  PhServicePicker *self = PH_SERVICE_PICKER (object);

  stop_search (self);
  if (self->choices != NULL)
    g_signal_handlers_disconnect_by_data (ph_choices_get_presets (self->choices), self);
  g_clear_object (&self->filter);
  g_clear_pointer (&self->preset_rows, g_ptr_array_unref);
  G_OBJECT_CLASS (ph_service_picker_parent_class)->dispose (object);
  g_clear_pointer (&self->choices, ph_choices_free);
}

static void
bind_template (GtkWidgetClass *class)
{
  gtk_widget_class_set_template_from_resource (class, PH_RESOURCES "ph-service-picker.ui");
  gtk_widget_class_bind_template_child (class, PhServicePicker, lists);
  gtk_widget_class_bind_template_child (class, PhServicePicker, remark);
  gtk_widget_class_bind_template_child (class, PhServicePicker, found);
  gtk_widget_class_bind_template_child (class, PhServicePicker, show_all);
  gtk_widget_class_bind_template_child (class, PhServicePicker, presets);
  gtk_widget_class_bind_template_child (class, PhServicePicker, rule);
  gtk_widget_class_bind_template_child (class, PhServicePicker, focus);
  gtk_widget_class_bind_template_child (class, PhServicePicker, pointer);
  gtk_widget_class_bind_template_child (class, PhServicePicker, found_focus);
  gtk_widget_class_bind_template_child (class, PhServicePicker, help);
  gtk_widget_class_bind_template_callback (class, on_show_all);
  gtk_widget_class_bind_template_callback (class, on_typed);
  gtk_widget_class_bind_template_callback (class, on_activated);
  gtk_widget_class_bind_template_callback (class, update_help);
}

static void
ph_service_picker_class_init (PhServicePickerClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_service_picker_dispose;
  widget_class->map = ph_service_picker_map;
  widget_class->unmap = ph_service_picker_unmap;
  bind_template (widget_class);
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[ACTIVATED] = g_signal_new ("activated", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ph_service_picker_init (PhServicePicker *self)
{
  g_autoptr (GtkFilterListModel) shown = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));
  self->choices = ph_choices_new ();
  self->preset_rows = g_ptr_array_new ();
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_shown, self, NULL));
  shown = gtk_filter_list_model_new (g_object_ref (ph_choices_get_found (self->choices)),
                                     g_object_ref (self->filter));
  g_signal_connect_object (shown, "items-changed", G_CALLBACK (on_found_shown), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_swapped (ph_choices_get_presets (self->choices), "items-changed",
                            G_CALLBACK (update_presets), self);
  gtk_list_box_bind_model (self->found, G_LIST_MODEL (shown), new_found_row, NULL, NULL);
  update_presets (self);
}
