/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-events-view.h"

#include "ph-event-row.h"
#include "ph-event-text.h"
#include "ph-window.h"

#include <glib/gi18n.h>

struct _PhEventsView
{
  AdwBin parent_instance;

  PhLive *live;
  PhEventLevel least;
  char *needle; /* casefolded */
  GtkFilter *filter;
  GtkMultiSelection *selection;
  GtkFileChooserNative *chooser; /* while it is open */
  gboolean is_at_end;            /* and is to stay there when something is added */
  guint scrolling;               /* a source's id: to the end, once rows have their places */

  GtkDropDown *level;
  GtkToggleButton *search;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkStack *stack;
  AdwStatusPage *empty;
  GtkScrolledWindow *scroller;
  GtkListView *list;
  GtkRevealer *latest;
};

G_DEFINE_FINAL_TYPE (PhEventsView, ph_events_view, ADW_TYPE_BIN)

/* --- what is shown -----------------------------------------------------------------------------
 */

static gboolean
is_shown (gpointer item, gpointer user_data)
{
  PhEventsView *self = user_data;

  return ph_event_matches (item, self->least, self->needle);
}

static void
show_rows (PhEventsView *self)
{
  gboolean has_events =
      g_list_model_get_n_items (G_LIST_MODEL (ph_live_get_events (self->live))) > 0;
  gboolean has_rows = g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0;

  gtk_stack_set_visible_child_name (self->stack, has_rows ? "list" : "empty");
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "events.copy", has_rows);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "events.export", has_rows);
  if (has_rows)
    return;
  adw_status_page_set_title (self->empty, has_events ? _ ("No Matches") : _ ("No Events Yet"));
  adw_status_page_set_description (
      self->empty, has_events ? _ ("Search for something else, or show all events.")
                              : _ ("Who comes and goes, and what went wrong, is written here."));
}

static void
on_level (PhEventsView *self)
{
  self->least = (PhEventLevel)MIN (gtk_drop_down_get_selected (self->level), PH_EVENT_ERROR);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
on_search (PhEventsView *self)
{
  g_free (self->needle);
  self->needle = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), -1);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

/* --- the end of the list -----------------------------------------------------------------------
 */

static void
scroll_to_end (PhEventsView *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_upper (adjustment));
}

static gboolean
on_scroll (gpointer user_data)
{
  PhEventsView *self = user_data;

  scroll_to_end (self);
  self->scrolling = 0;
  return G_SOURCE_REMOVE;
}

/* The list has another height; this comes while it is laid out. */
static void
on_resized (PhEventsView *self)
{
  if (self->is_at_end && self->scrolling == 0)
    self->scrolling = g_idle_add (on_scroll, self);
}

static void
on_scrolled (PhEventsView *self, GtkAdjustment *adjustment)
{
  double end = gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);

  if (self->scrolling != 0)
    return;
  self->is_at_end = gtk_adjustment_get_value (adjustment) >= end - 1;
  gtk_revealer_set_reveal_child (self->latest, !self->is_at_end);
}

/* Twice, because the heights of rows far away are guessed. */
static void
on_latest (PhEventsView *self)
{
  self->is_at_end = TRUE;
  gtk_revealer_set_reveal_child (self->latest, FALSE);
  on_resized (self);
  scroll_to_end (self);
}

/* --- copies ------------------------------------------------------------------------------------
 */

/* Of those that are selected, or else of all that are shown. */
static char *
dup_text (PhEventsView *self)
{
  g_autoptr (GtkSelectionFilterModel) selected =
      gtk_selection_filter_model_new (GTK_SELECTION_MODEL (self->selection));

  if (g_list_model_get_n_items (G_LIST_MODEL (selected)) > 0)
    return ph_event_dup_lines (G_LIST_MODEL (selected));
  return ph_event_dup_lines (G_LIST_MODEL (self->selection));
}

static void
copy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autofree char *text = dup_text (PH_EVENTS_VIEW (widget));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  ph_window_toast (widget, _ ("Events copied"));
}

static void
on_exported (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhEventsView) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (g_file_replace_contents_finish (G_FILE (file), result, NULL, &error))
    text = g_strdup (_ ("Events exported"));
  else
    text = g_strdup_printf (_ ("The events could not be exported: %s"), error->message);
  ph_window_toast (GTK_WIDGET (self), text);
}

static void
on_chosen (PhEventsView *self, int response)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      char *text = ph_event_dup_lines (G_LIST_MODEL (self->selection));

      bytes = g_bytes_new_take (text, strlen (text));
      file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (self->chooser));
      g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL,
                                           on_exported, g_object_ref (self));
    }
  g_clear_object (&self->chooser);
}

static void export(GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhEventsView *self = PH_EVENTS_VIEW (widget);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "porthole-%F.txt");

  g_clear_object (&self->chooser);
  self->chooser =
      gtk_file_chooser_native_new (_ ("Export Events"), GTK_WINDOW (gtk_widget_get_root (widget)),
                                   GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gtk_toggle_button_set_active (PH_EVENTS_VIEW (widget)->search, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (PH_EVENTS_VIEW (widget)->search_entry));
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void
set_up_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  gtk_list_item_set_child (item, ph_event_row_new ());
}

static void
bind_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  ph_event_row_set_event (PH_EVENT_ROW (gtk_list_item_get_child (item)),
                          gtk_list_item_get_item (item));
}

static void
unbind_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  ph_event_row_set_event (PH_EVENT_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
set_up_list (PhEventsView *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  g_signal_connect (factory, "setup", G_CALLBACK (set_up_row), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_row), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_row), NULL);
  gtk_list_view_set_factory (self->list, factory);
  g_object_unref (factory);
  gtk_list_view_set_model (self->list, GTK_SELECTION_MODEL (self->selection));
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (on_resized), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (on_scrolled), self,
                           G_CONNECT_SWAPPED);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void
ph_events_view_dispose (GObject *object)
{
  PhEventsView *self = PH_EVENTS_VIEW (object);

  g_clear_handle_id (&self->scrolling, g_source_remove);
  if (self->selection != NULL)
    gtk_multi_selection_set_model (self->selection, NULL);
  g_clear_object (&self->selection);
  g_clear_object (&self->filter);
  g_clear_object (&self->chooser);
  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_events_view_parent_class)->dispose (object);
}

static void
ph_events_view_finalize (GObject *object)
{
  g_free (PH_EVENTS_VIEW (object)->needle);
  G_OBJECT_CLASS (ph_events_view_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-events-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, level);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, search);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, search_bar);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, search_entry);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, stack);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, empty);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, scroller);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, list);
  gtk_widget_class_bind_template_child (widget_class, PhEventsView, latest);
  gtk_widget_class_bind_template_callback (widget_class, on_level);
  gtk_widget_class_bind_template_callback (widget_class, on_search);
  gtk_widget_class_bind_template_callback (widget_class, on_latest);
}

static void
ph_events_view_class_init (PhEventsViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_events_view_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_events_view_finalize;
  bind_children (widget_class);
  gtk_widget_class_install_action (widget_class, "events.copy", NULL, copy);
  gtk_widget_class_install_action (widget_class, "events.export", NULL, export);
  gtk_widget_class_install_action (widget_class, "events.search", NULL, search);
}

static void
ph_events_view_init (PhEventsView *self)
{
  self->needle = g_strdup ("");
  self->is_at_end = TRUE;
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_shown, self, NULL));
  self->selection = gtk_multi_selection_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_search_bar_set_key_capture_widget (self->search_bar, GTK_WIDGET (self));
  set_up_list (self);
}

void
ph_events_view_set_live (PhEventsView *view, PhLive *live)
{
  GListModel *events = G_LIST_MODEL (ph_live_get_events (live));
  GtkFilterListModel *filtered =
      gtk_filter_list_model_new (g_object_ref (events), g_object_ref (view->filter));

  view->live = g_object_ref (live);
  gtk_multi_selection_set_model (view->selection, G_LIST_MODEL (filtered));
  g_object_unref (filtered);
  g_signal_connect_object (view->selection, "items-changed", G_CALLBACK (show_rows), view,
                           G_CONNECT_SWAPPED);
  show_rows (view);
}
