/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-connection-table.h"

#include "ph-application.h"
#include "ph-words.h"

#include <glib/gi18n.h>

#define RESORT_US G_USEC_PER_SEC
#define NARROW_PX 560
#define ROW_PX 34 /* as high as a button, with one or without */

/* What a column's factory and sorter are given. */
typedef struct
{
  PhConnectionTable *table;
  PhConnectionColumn id;
  GtkColumnViewColumn *widget; /* borrowed from the view */
  GtkSorter *sorter;           /* the same */
} Column;

struct _PhConnectionTable
{
  AdwBin parent_instance;

  GListModel *connections;
  PhSessionRole role;
  PhCanAllow can_allow;
  gpointer can_allow_data;

  GtkScrolledWindow *scroller;
  GtkColumnView *view;
  GtkPopover *menu;
  Column columns[PH_N_COLUMNS];
  GHashTable *cells; /* GtkListItem that is bound => its Column */
  GtkFilter *filter;
  GtkSingleSelection *selection;

  gboolean hides_closed;
  gint64 cleared_us; /* what was closed by then is not shown */
  gint64 ordered_us; /* when rows last changed places */
  double scroll_to;  /* where to be after the next layout */
  gulong on_frame;   /* handler of the frame clock, while there is something to do */
  gpointer selected; /* what was so last, to compare with: it may be gone */
  gboolean selects;  /* another row has just been selected, and is to be seen */
  gboolean is_narrow;
  guint narrowing; /* a source's id: the width has changed */
};

G_DEFINE_FINAL_TYPE (PhConnectionTable, ph_connection_table, ADW_TYPE_BIN)

enum
{
  SELECTION_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* --- the order ---------------------------------------------------------------------------------
 */

/* GTK's sorting ends the program where an order turns out not to be one, as it would if it were
 * asked about numbers that have changed since rows were put in order. So rows are ordered by what
 * was so then; a copy of that is kept with each entry. */
static GQuark
ordered_by_quark (void)
{
  return g_quark_from_static_string ("porthole-ordered-by");
}

static void
freeze (PhEntry *entry)
{
  PhSnapshotConnection *copy = g_new (PhSnapshotConnection, 1);

  *copy = *ph_entry_get_connection (entry);
  g_object_set_qdata_full (G_OBJECT (entry), ordered_by_quark (), copy, g_free);
}

/* The copy's strings may be gone, but what they say has not changed. */
static PhSnapshotConnection
get_frozen (PhEntry *entry)
{
  const PhSnapshotConnection *now = ph_entry_get_connection (entry);
  PhSnapshotConnection frozen;

  if (g_object_get_qdata (G_OBJECT (entry), ordered_by_quark ()) == NULL)
    freeze (entry);
  frozen = *(PhSnapshotConnection *)g_object_get_qdata (G_OBJECT (entry), ordered_by_quark ());
  frozen.remote = now->remote;
  frozen.peer = now->peer;
  frozen.text = now->text;
  return frozen;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  Column *column = user_data;
  PhSnapshotConnection x = get_frozen ((PhEntry *)a), y = get_frozen ((PhEntry *)b);

  return ph_connection_compare (&x, &y, column->id, column->table->role);
}

/* --- the place scrolled to ---------------------------------------------------------------------
 */

/* All rows are equally high. */
static double
get_row_height (PhConnectionTable *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);

  return gtk_adjustment_get_upper (adjustment) / MAX (ph_connection_table_get_n_rows (self), 1);
}

/* What is told about a row may take room that the row was seen in. */
static void
show_selected (PhConnectionTable *self)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double row_height = get_row_height (self);
  double y = gtk_single_selection_get_selected (self->selection) * row_height;

  if (self->selects && ph_connection_table_get_selected (self) != NULL)
    gtk_adjustment_clamp_page (adjustment, y, y + row_height);
  self->selects = FALSE;
}

static void
after_layout (GdkFrameClock *clock, gpointer user_data)
{
  PhConnectionTable *self = user_data;

  g_clear_signal_handler (&self->on_frame, clock);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), self->scroll_to);
  show_selected (self);
}

/* All that the person does comes before this, and what the list does after it. */
static void
before_layout (GdkFrameClock *clock, gpointer user_data)
{
  PhConnectionTable *self = user_data;

  g_clear_signal_handler (&self->on_frame, clock);
  self->scroll_to = gtk_adjustment_get_value (gtk_scrolled_window_get_vadjustment (self->scroller));
  self->on_frame = g_signal_connect_after (clock, "layout", G_CALLBACK (after_layout), self);
}

/* GTK's lists follow one of the rows that are seen; when rows change places it may go far. Puts the
 * view back where it is now, before anything is drawn. */
static void
keep_place (PhConnectionTable *self)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (self));

  if (clock == NULL || self->on_frame != 0)
    return;
  self->on_frame = g_signal_connect_after (clock, "update", G_CALLBACK (before_layout), self);
  gdk_frame_clock_request_phase (clock,
                                 GDK_FRAME_CLOCK_PHASE_UPDATE | GDK_FRAME_CLOCK_PHASE_LAYOUT);
}

/* Where somebody looks at the first rows new ones are to be seen; elsewhere rows stand still. */
static void
on_connections (PhConnectionTable *self)
{
  if (gtk_adjustment_get_value (gtk_scrolled_window_get_vadjustment (self->scroller)) <= 0)
    keep_place (self);
}

static void
put_in_order (PhConnectionTable *self)
{
  gint64 now_us = g_get_monotonic_time ();

  if (now_us - self->ordered_us < RESORT_US)
    return;
  self->ordered_us = now_us;
  for (guint i = 0; i < g_list_model_get_n_items (self->connections); i++)
    {
      g_autoptr (PhEntry) entry = g_list_model_get_item (self->connections, i);

      freeze (entry);
    }
  for (guint i = 0; i < PH_N_COLUMNS; i++)
    if (ph_connection_column_is_moving (self->columns[i].id))
      gtk_sorter_changed (self->columns[i].sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

/* --- cells -------------------------------------------------------------------------------------
 */

/* GtkInscription, because its size does not depend on its text: writing it lays nothing out. */
static GtkWidget *
new_text (PhConnectionColumn id)
{
  static const guint min_chars[] = { 12, 6, 6, 7, 7, 5 };
  static const guint chars[] = { 24, 12, 26, 9, 9, 7 };
  gboolean is_number = id == PH_COLUMN_IN || id == PH_COLUMN_OUT || id == PH_COLUMN_AGE;

  G_STATIC_ASSERT (G_N_ELEMENTS (min_chars) == PH_N_COLUMNS);
  G_STATIC_ASSERT (G_N_ELEMENTS (chars) == PH_N_COLUMNS);
  return g_object_new (GTK_TYPE_INSCRIPTION, "valign", GTK_ALIGN_CENTER, "min-chars", min_chars[id],
                       "nat-chars", chars[id], "text-overflow",
                       GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END, "xalign", is_number ? 1.0 : 0.0,
                       "hexpand", TRUE, "css-classes",
                       is_number ? (const char *[]){ "numeric", NULL } : NULL, NULL);
}

static GtkWidget *
new_allow_button (void)
{
  return g_object_new (GTK_TYPE_BUTTON, "label", _ ("Allow"), "valign", GTK_ALIGN_CENTER,
                       "action-target", g_variant_new_string (""), "action-name",
                       "connections.allow", "visible", FALSE, NULL);
}

static void
on_pressed (GtkGesture *gesture, int n_press, double x, double y, GtkListItem *item)
{
  GtkWidget *cell = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));
  GtkWidget *view = gtk_widget_get_ancestor (cell, PH_TYPE_CONNECTION_TABLE);
  PhConnectionTable *self = PH_CONNECTION_TABLE (view);
  graphene_point_t point;

  gtk_single_selection_set_selected (self->selection, gtk_list_item_get_position (item));
  if (!gtk_widget_compute_point (cell, view, &GRAPHENE_POINT_INIT ((float)x, (float)y), &point))
    return;
  gtk_popover_set_pointing_to (self->menu, &(GdkRectangle){ (int)point.x, (int)point.y, 1, 1 });
  gtk_popover_popup (self->menu);
}

static void
set_up_cell (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  Column *column = user_data;
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkGesture *gesture = gtk_gesture_click_new ();

  gtk_widget_set_size_request (box, -1, ROW_PX);
  gtk_box_append (GTK_BOX (box), new_text (column->id));
  if (column->id == PH_COLUMN_STATE)
    gtk_box_append (GTK_BOX (box), new_allow_button ());
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (gesture), GDK_BUTTON_SECONDARY);
  g_signal_connect (gesture, "pressed", G_CALLBACK (on_pressed), item);
  gtk_widget_add_controller (box, GTK_EVENT_CONTROLLER (gesture));
  gtk_list_item_set_child (item, box);
}

static gboolean
may_be_allowed (PhConnectionTable *self, const PhSnapshotConnection *connection)
{
  return self->can_allow != NULL && connection->closed_us != 0 &&
         connection->reason == PH_CLOSE_NOT_ALLOWED &&
         self->can_allow (connection->remote, self->can_allow_data);
}

static void
write_allow_button (PhConnectionTable *self,
                    GtkWidget *button,
                    const PhSnapshotConnection *connection)
{
  g_autofree char *text = NULL;
  gboolean is_visible = !self->is_narrow && may_be_allowed (self, connection);

  if (gtk_widget_get_visible (button) == is_visible)
    return;
  /* Translators: %s is an address, such as 127.0.0.1:80 */
  text = g_strdup_printf (_ ("Allow %s"), connection->remote);
  gtk_widget_set_visible (button, is_visible);
  gtk_widget_set_tooltip_text (button, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", connection->remote);
}

static void
write_cell (Column *column, GtkListItem *item)
{
  const PhSnapshotConnection *connection =
      ph_entry_get_connection (PH_ENTRY (gtk_list_item_get_item (item)));
  g_autofree char *text =
      ph_connection_dup_text (connection, column->id, column->table->role, g_get_monotonic_time ());
  GtkWidget *inscription = gtk_widget_get_first_child (gtk_list_item_get_child (item));

  gtk_inscription_set_text (GTK_INSCRIPTION (inscription), text);
  if (connection->closed_us != 0)
    gtk_widget_add_css_class (inscription, "dim-label");
  else
    gtk_widget_remove_css_class (inscription, "dim-label");
  if (column->id == PH_COLUMN_STATE)
    write_allow_button (column->table, gtk_widget_get_next_sibling (inscription), connection);
}

static void
bind_cell (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  Column *column = user_data;
  GtkWidget *button = gtk_widget_get_last_child (gtk_list_item_get_child (item));

  if (column->id == PH_COLUMN_STATE)
    gtk_widget_set_visible (button, FALSE); /* it was another connection's */
  g_hash_table_insert (column->table->cells, item, column);
  write_cell (column, item);
}

static void
unbind_cell (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  Column *column = user_data;

  g_hash_table_remove (column->table->cells, item);
}

/* GTK keeps two hundred rows ready. */
static gboolean
is_seen (PhConnectionTable *self, GtkListItem *item)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double top = gtk_adjustment_get_value (adjustment);
  double row_height = get_row_height (self);
  double y = gtk_list_item_get_position (item) * row_height;

  return y + 2 * row_height >= top &&
         y - row_height <= top + gtk_adjustment_get_page_size (adjustment);
}

static void
write_seen_cells (PhConnectionTable *self)
{
  GHashTableIter iter;
  gpointer item, column;

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &item, &column))
    if (is_seen (self, item))
      write_cell (column, item);
}

static void
write_all_cells (PhConnectionTable *self)
{
  GHashTableIter iter;
  gpointer item, column;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &item, &column))
    write_cell (column, item);
}

/* --- rows --------------------------------------------------------------------------------------
 */

static gboolean
is_shown (gpointer item, gpointer user_data)
{
  PhConnectionTable *self = user_data;
  gint64 closed_us = ph_entry_get_connection (item)->closed_us;

  return closed_us == 0 || (!self->hides_closed && closed_us > self->cleared_us);
}

void
ph_connection_table_refresh (PhConnectionTable *table)
{
  if (table->hides_closed)
    gtk_filter_changed (table->filter, GTK_FILTER_CHANGE_MORE_STRICT);
  put_in_order (table);
  write_seen_cells (table);
}

void
ph_connection_table_set_shows_closed (PhConnectionTable *table, gboolean shows_closed)
{
  table->hides_closed = !shows_closed;
  gtk_filter_changed (table->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

void
ph_connection_table_clear_closed (PhConnectionTable *table)
{
  for (guint i = 0; i < g_list_model_get_n_items (table->connections); i++)
    {
      g_autoptr (PhEntry) entry = g_list_model_get_item (table->connections, i);

      table->cleared_us = MAX (table->cleared_us, ph_entry_get_connection (entry)->closed_us);
    }
  gtk_filter_changed (table->filter, GTK_FILTER_CHANGE_MORE_STRICT);
}

guint
ph_connection_table_get_n_rows (PhConnectionTable *table)
{
  return g_list_model_get_n_items (G_LIST_MODEL (table->selection));
}

PhEntry *
ph_connection_table_get_selected (PhConnectionTable *table)
{
  return gtk_single_selection_get_selected_item (table->selection);
}

static void
write_menu (PhConnectionTable *self)
{
  PhEntry *entry = ph_connection_table_get_selected (self);
  gboolean is_denied = entry != NULL && may_be_allowed (self, ph_entry_get_connection (entry));
  g_autoptr (GMenu) menu = g_menu_new ();

  g_menu_append (menu, _ ("_Copy Address"), "connections.copy");
  if (is_denied)
    {
      const char *remote = ph_entry_get_connection (entry)->remote;
      g_autofree char *shown = ph_words_dup_menu_label (remote);
      g_autofree char *label = g_strdup_printf (_ ("Allow %s"), shown);
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

      g_menu_item_set_action_and_target (item, "connections.allow", "s", remote);
      g_menu_append_item (menu, item);
    }
  gtk_popover_menu_set_menu_model (GTK_POPOVER_MENU (self->menu), G_MENU_MODEL (menu));
}

static void
on_selected (PhConnectionTable *self)
{
  PhEntry *entry = ph_connection_table_get_selected (self);

  if (entry != self->selected)
    {
      self->selected = entry;
      self->selects = TRUE;
      keep_place (self);
    }
  write_menu (self);
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static gboolean
on_menu_key (GtkWidget *view, GVariant *arguments, gpointer user_data)
{
  PhConnectionTable *self = user_data;

  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (self->scroller);
  double y = gtk_single_selection_get_selected (self->selection) * get_row_height (self) -
             gtk_adjustment_get_value (adjustment);

  if (ph_connection_table_get_selected (self) == NULL)
    return FALSE;
  y = CLAMP (y, 0, gtk_adjustment_get_page_size (adjustment));
  gtk_popover_set_pointing_to (
      self->menu, &(GdkRectangle){ gtk_widget_get_width (view) / 2, (int)y + ROW_PX, 1, 1 });
  gtk_popover_popup (self->menu);
  return TRUE;
}

void
ph_connection_table_set_connections (PhConnectionTable *table,
                                     GListModel *connections,
                                     PhSessionRole role,
                                     PhCanAllow can_allow,
                                     gpointer user_data)
{
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;

  table->role = role;
  table->can_allow = can_allow;
  table->can_allow_data = user_data;
  table->connections = g_object_ref (connections);
  g_signal_connect_object (connections, "items-changed", G_CALLBACK (on_connections), table,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_column_view_get_sorter (table->view), "changed",
                           G_CALLBACK (keep_place), table, G_CONNECT_SWAPPED);
  filtered = gtk_filter_list_model_new (g_object_ref (connections), g_object_ref (table->filter));
  sorted = gtk_sort_list_model_new (G_LIST_MODEL (filtered),
                                    g_object_ref (gtk_column_view_get_sorter (table->view)));
  gtk_single_selection_set_model (table->selection, G_LIST_MODEL (sorted));
  g_object_unref (sorted);
}

/* --- the width ---------------------------------------------------------------------------------
 */

static gboolean
on_narrow (gpointer user_data)
{
  PhConnectionTable *self = user_data;

  self->narrowing = 0;
  gtk_column_view_column_set_visible (self->columns[PH_COLUMN_FROM].widget, !self->is_narrow);
  gtk_column_view_column_set_visible (self->columns[PH_COLUMN_AGE].widget, !self->is_narrow);
  write_all_cells (self);
  return G_SOURCE_REMOVE;
}

/* This comes while the table is laid out; columns come and go after that. */
static void
on_width (PhConnectionTable *self, GtkAdjustment *adjustment)
{
  gboolean is_narrow = gtk_adjustment_get_page_size (adjustment) < NARROW_PX;

  if (is_narrow == self->is_narrow)
    return;
  self->is_narrow = is_narrow;
  if (self->narrowing == 0)
    self->narrowing = g_idle_add (on_narrow, self);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void
ph_connection_table_unrealize (GtkWidget *widget)
{
  PhConnectionTable *self = PH_CONNECTION_TABLE (widget);

  g_clear_signal_handler (&self->on_frame, gtk_widget_get_frame_clock (widget));
  GTK_WIDGET_CLASS (ph_connection_table_parent_class)->unrealize (widget);
}

static void
ph_connection_table_dispose (GObject *object)
{
  PhConnectionTable *self = PH_CONNECTION_TABLE (object);

  g_clear_handle_id (&self->narrowing, g_source_remove);
  if (self->menu != NULL)
    gtk_widget_unparent (GTK_WIDGET (g_steal_pointer (&self->menu)));
  if (self->selection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->selection, self);
      gtk_single_selection_set_model (self->selection, NULL);
    }
  g_clear_object (&self->selection);
  g_clear_object (&self->filter);
  g_clear_object (&self->connections);
  G_OBJECT_CLASS (ph_connection_table_parent_class)->dispose (object);
}

static void
ph_connection_table_finalize (GObject *object)
{
  g_hash_table_unref (PH_CONNECTION_TABLE (object)->cells);
  G_OBJECT_CLASS (ph_connection_table_parent_class)->finalize (object);
}

static void
ph_connection_table_class_init (PhConnectionTableClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_connection_table_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_connection_table_finalize;
  widget_class->unrealize = ph_connection_table_unrealize;
  signals[SELECTION_CHANGED] =
      g_signal_new ("selection-changed", PH_TYPE_CONNECTION_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-connection-table.ui");
  gtk_widget_class_bind_template_child (widget_class, PhConnectionTable, scroller);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionTable, view);
}

static void
add_column (PhConnectionTable *self, PhConnectionColumn id)
{
  Column *column = &self->columns[id];
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (set_up_cell), column);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cell), column);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cell), column);
  column->table = self;
  column->id = id;
  column->widget = gtk_column_view_column_new (ph_connection_column_title (id), factory);
  column->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, column, NULL));
  gtk_column_view_column_set_sorter (column->widget, column->sorter);
  gtk_column_view_column_set_resizable (column->widget, TRUE);
  gtk_column_view_column_set_expand (column->widget,
                                     id == PH_COLUMN_SERVICE || id == PH_COLUMN_STATE);
  gtk_column_view_append_column (self->view, column->widget);
  g_object_unref (column->sorter);
  g_object_unref (column->widget);
}

static void
add_keys (PhConnectionTable *self)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();
  GtkShortcut *copy = gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("<Control>c"),
                                        gtk_named_action_new ("connections.copy"));
  GtkShortcut *menu = gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"),
                                        gtk_callback_action_new (on_menu_key, self, NULL));

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), copy);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), menu);
  gtk_widget_add_controller (GTK_WIDGET (self->view), keys);
}

static void
ph_connection_table_init (PhConnectionTable *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cells = g_hash_table_new (NULL, NULL);
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_shown, self, NULL));
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  self->menu = GTK_POPOVER (gtk_popover_menu_new_from_model (NULL));
  gtk_popover_set_has_arrow (self->menu, FALSE);
  gtk_widget_set_parent (GTK_WIDGET (self->menu), GTK_WIDGET (self));
  for (guint i = 0; i < PH_N_COLUMNS; i++)
    add_column (self, (PhConnectionColumn)i);
  add_keys (self);
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  gtk_column_view_sort_by_column (self->view, self->columns[PH_COLUMN_AGE].widget,
                                  GTK_SORT_ASCENDING);
  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected),
                            self);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller), "value-changed",
                           G_CALLBACK (write_seen_cells), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_hadjustment (self->scroller), "changed",
                           G_CALLBACK (on_width), self, G_CONNECT_SWAPPED);
}
