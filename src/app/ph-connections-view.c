/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-connections-view.h"

#include "ph-chart.h"
#include "ph-connection-table.h"
#include "ph-reason.h"
#include "ph-traffic.h"
#include "ph-window.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhConnectionsView
{
  AdwBin parent_instance;

  PhLive *live;
  PhTraffic *traffic;
  guint64 n_cleared; /* of the closed ones, by the person */
  guint tick;        /* a source's id, while this is seen */

  PhChart *chart;
  GtkLabel *counts;
  GtkToggleButton *show_closed;
  GtkButton *clear;
  GtkStack *stack;
  AdwStatusPage *empty;
  PhConnectionTable *table;
  GtkWidget *details;
  GtkLabel *details_title;
  GtkLabel *details_text;
  GtkButton *details_allow;
};

G_DEFINE_FINAL_TYPE (PhConnectionsView, ph_connections_view, ADW_TYPE_BIN)

/* --- the chart ---------------------------------------------------------------------------------
 */

static void
count_traffic (PhConnectionsView *self)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (self->live);

  ph_traffic_add (self->traffic, g_get_monotonic_time (), snapshot->total_bytes_in,
                  snapshot->total_bytes_out);
}

static void
draw_traffic (PhConnectionsView *self)
{
  PhTrafficRate rates[PH_TRAFFIC_SECONDS];
  double in[PH_TRAFFIC_SECONDS], out[PH_TRAFFIC_SECONDS];

  ph_traffic_get_rates (self->traffic, g_get_monotonic_time (), rates);
  for (guint i = 0; i < PH_TRAFFIC_SECONDS; i++)
    {
      in[i] = (double)rates[i].in;
      out[i] = (double)rates[i].out;
    }
  ph_chart_set_points (self->chart, in, out, PH_TRAFFIC_SECONDS, 1);
}

/* --- words -------------------------------------------------------------------------------------
 */

static guint64
count_closed (PhConnectionsView *self)
{
  return ph_live_get_snapshot (self->live)->n_closed_total - self->n_cleared;
}

static void
write_counts (PhConnectionsView *self)
{
  guint n_open = ph_live_get_n_connections (self->live);
  guint n_listed = ph_live_get_snapshot (self->live)->n_connections;
  gulong n_closed = (gulong)count_closed (self);
  g_autofree char *open = g_strdup_printf (ngettext ("%u open", "%u open", n_open), n_open);
  g_autofree char *closed =
      g_strdup_printf (ngettext ("%lu closed", "%lu closed", n_closed), n_closed);
  g_autofree char *listed = NULL;
  g_autofree char *text = NULL;

  if (n_listed < n_open)
    listed = g_strdup_printf (_ (" (%u of them listed)"), n_listed);
  /* Translators: "3 open", perhaps " (2 of them listed)", "12 closed" */
  text = g_strdup_printf (_ ("%s%s, %s"), open, listed != NULL ? listed : "", closed);
  gtk_label_set_label (self->counts, text);
}

static const char *
describe_empty (PhConnectionsView *self)
{
  if (count_closed (self) > 0)
    return _ ("Choose “Show Closed” to see those that are closed.");
  if (ph_live_get_role (self->live) == PH_SESSION_HOST)
    return _ ("When a Client uses one of your services, each of its connections is shown here: who "
              "it is, what it reaches and how much it carries.");
  return _ ("When an application on this computer uses a mapping, each of its connections is shown "
            "here: what it reaches, how much it carries, and why it failed if it did.");
}

static void
show_rows (PhConnectionsView *self)
{
  gboolean is_empty = ph_connection_table_get_n_rows (self->table) == 0;

  gtk_stack_set_visible_child_name (self->stack, is_empty ? "empty" : "table");
  if (!is_empty)
    return;
  adw_status_page_set_title (self->empty, count_closed (self) > 0 ? _ ("No Open Connections")
                                                                  : _ ("No Connections Yet"));
  adw_status_page_set_description (self->empty, describe_empty (self));
}

/* --- the selected one --------------------------------------------------------------------------
 */

static gboolean
can_allow (const char *remote, gpointer user_data)
{
  PhConnectionsView *self = user_data;

  return ph_live_get_state (self->live) != PH_SESSION_ENDED && !ph_live_allows (self->live, remote);
}

static char *
dup_closed_details (PhConnectionsView *self, const PhSnapshotConnection *connection)
{
  const char *help = ph_reason_help (connection->reason, ph_live_get_role (self->live));
  GString *text = g_string_new (ph_reason_of_close (connection->reason));

  if (connection->text != NULL) /* the other side's words, or the system's */
    g_string_append_printf (text, " (%s)", connection->text);
  g_string_append_c (text, '.');
  if (help != NULL)
    g_string_append_printf (text, " %s", help);
  return g_string_free (text, FALSE);
}

static char *
dup_details (PhConnectionsView *self, const PhSnapshotConnection *connection)
{
  char source[PH_ENDPOINT_TEXT_SIZE];
  gboolean is_host = ph_live_get_role (self->live) == PH_SESSION_HOST;

  if (connection->closed_us != 0)
    return dup_closed_details (self, connection);
  if (connection->source.port == 0)
    return g_strdup_printf (_ ("From %s"), connection->peer);
  ph_endpoint_format (&connection->source, source);
  if (is_host) /* Translators: from “a Client's name”, an address on its computer */
    return g_strdup_printf (_ ("From “%s”, %s there"), connection->peer, source);
  return g_strdup_printf (_ ("From %s on this computer, to “%s”"), source, connection->peer);
}

static void
write_details (PhConnectionsView *self)
{
  PhEntry *entry = ph_connection_table_get_selected (self->table);
  const PhSnapshotConnection *connection;
  g_autofree char *text = NULL;
  g_autofree char *allow = NULL;

  gtk_widget_set_visible (self->details, entry != NULL);
  if (entry == NULL)
    return;
  connection = ph_entry_get_connection (entry);
  text = dup_details (self, connection);
  allow = g_strdup_printf (_ ("Allow %s"), connection->remote);
  gtk_label_set_label (self->details_title, connection->remote);
  gtk_label_set_label (self->details_text, text);
  gtk_button_set_label (self->details_allow, allow);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->details_allow), "s", connection->remote);
  gtk_widget_set_visible (
      GTK_WIDGET (self->details_allow),
      ph_live_get_role (self->live) == PH_SESSION_HOST && connection->closed_us != 0 &&
          connection->reason == PH_CLOSE_NOT_ALLOWED && can_allow (connection->remote, self));
}

static PhRuleItem *
find_rule (PhLive *live, const char *text)
{
  GListModel *rules = ph_live_get_rules (live);

  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (g_str_equal (ph_rule_item_get_text (item), text))
        return item; /* the list's */
    }
  return NULL;
}

static void
refresh (PhConnectionsView *self)
{
  ph_connection_table_refresh (self->table);
  show_rows (self);
  write_counts (self);
  write_details (self);
}

/* A rule that is there but switched off is what was asked for as well. */
static void
allow (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhConnectionsView *self = PH_CONNECTIONS_VIEW (widget);
  g_autofree char *remote = g_variant_dup_string (parameter, NULL);
  PhRuleItem *item = find_rule (self->live, remote);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (ph_live_get_role (self->live) != PH_SESSION_HOST)
    return;
  if (item != NULL)
    ph_live_set_rule_on (self->live, item, TRUE);
  else if (ph_live_add_rule (self->live, remote, &error) == NULL)
    {
      ph_window_toast (widget, error->message);
      return;
    }
  text = g_strdup_printf (_ ("%s is shared now"), remote);
  ph_window_toast (widget, text);
  refresh (self);
}

static void
copy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhConnectionsView *self = PH_CONNECTIONS_VIEW (widget);
  PhEntry *entry = ph_connection_table_get_selected (self->table);

  if (entry == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget),
                          ph_entry_get_connection (entry)->remote);
  ph_window_toast (widget, _ ("Address copied"));
}

/* --- what happens ------------------------------------------------------------------------------
 */

static void
on_updated (PhConnectionsView *self)
{
  count_traffic (self);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    refresh (self);
}

static gboolean
on_tick (gpointer user_data)
{
  PhConnectionsView *self = user_data;

  count_traffic (self);
  draw_traffic (self);
  ph_connection_table_refresh (self->table);
  return G_SOURCE_CONTINUE;
}

static void
on_show_closed (PhConnectionsView *self)
{
  ph_connection_table_set_shows_closed (self->table,
                                        gtk_toggle_button_get_active (self->show_closed));
  gtk_widget_set_sensitive (GTK_WIDGET (self->clear),
                            gtk_toggle_button_get_active (self->show_closed));
  refresh (self);
}

static void
on_clear (PhConnectionsView *self)
{
  self->n_cleared = ph_live_get_snapshot (self->live)->n_closed_total;
  ph_connection_table_clear_closed (self->table);
  refresh (self);
}

static void
ph_connections_view_map (GtkWidget *widget)
{
  PhConnectionsView *self = PH_CONNECTIONS_VIEW (widget);

  GTK_WIDGET_CLASS (ph_connections_view_parent_class)->map (widget);
  refresh (self);
  on_tick (self);
  self->tick = g_timeout_add_seconds (1, on_tick, self);
}

static void
ph_connections_view_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&PH_CONNECTIONS_VIEW (widget)->tick, g_source_remove);
  GTK_WIDGET_CLASS (ph_connections_view_parent_class)->unmap (widget);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void
ph_connections_view_dispose (GObject *object)
{
  PhConnectionsView *self = PH_CONNECTIONS_VIEW (object);

  g_clear_pointer (&self->traffic, ph_traffic_free);
  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_connections_view_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-connections-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, chart);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, counts);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, show_closed);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, clear);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, stack);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, empty);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, table);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, details);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, details_title);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, details_text);
  gtk_widget_class_bind_template_child (widget_class, PhConnectionsView, details_allow);
  gtk_widget_class_bind_template_callback (widget_class, on_show_closed);
  gtk_widget_class_bind_template_callback (widget_class, on_clear);
  gtk_widget_class_bind_template_callback (widget_class, write_details);
}

static void
ph_connections_view_class_init (PhConnectionsViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_connections_view_dispose;
  widget_class->map = ph_connections_view_map;
  widget_class->unmap = ph_connections_view_unmap;
  bind_children (widget_class);
  gtk_widget_class_install_action (widget_class, "connections.allow", "s", allow);
  gtk_widget_class_install_action (widget_class, "connections.copy", NULL, copy);
}

static void
ph_connections_view_init (PhConnectionsView *self)
{
  self->traffic = ph_traffic_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_connections_view_set_live (PhConnectionsView *view, PhLive *live)
{
  PhSessionRole role = ph_live_get_role (live);

  view->live = g_object_ref (live);
  ph_connection_table_set_connections (view->table, ph_live_get_connections (live), role,
                                       role == PH_SESSION_HOST ? can_allow : NULL, view);
  g_signal_connect_object (live, "updated", G_CALLBACK (on_updated), view, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "ended", G_CALLBACK (on_updated), view, G_CONNECT_SWAPPED);
  on_updated (view);
}
