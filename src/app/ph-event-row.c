/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-event-row.h"

#include "ph-application.h"
#include "ph-event-text.h"

#include <glib/gi18n.h>

struct _PhEventRow
{
  AdwBin parent_instance;

  PhEventItem *event;

  GtkImage *icon;
  GtkLabel *text;
  GtkLabel *count;
  GtkLabel *time;
};

G_DEFINE_FINAL_TYPE (PhEventRow, ph_event_row, ADW_TYPE_BIN)

static const char *
get_icon_name (PhEventLevel level)
{
  switch (level)
    {
    case PH_EVENT_INFO:
      return "dialog-information-symbolic";
    case PH_EVENT_WARNING:
      return "dialog-warning-symbolic";
    case PH_EVENT_ERROR:
      return "dialog-error-symbolic";
    }
  g_return_val_if_reached ("");
}

static const char *
get_style (PhEventLevel level)
{
  switch (level)
    {
    case PH_EVENT_INFO:
      return "dim-label";
    case PH_EVENT_WARNING:
      return "warning";
    case PH_EVENT_ERROR:
      return "error";
    }
  g_return_val_if_reached ("");
}

static void
write_level (PhEventRow *self)
{
  PhEventLevel level = ph_event_item_get_level (self->event);
  const char *style[] = { get_style (level), NULL };
  const char *title = ph_event_level_title (level);

  gtk_image_set_from_icon_name (self->icon, get_icon_name (level));
  gtk_widget_set_css_classes (GTK_WIDGET (self->icon), style);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->icon), GTK_ACCESSIBLE_PROPERTY_LABEL, title,
                                  -1);
}

/* What a repetition changes. */
static void
write_repeats (PhEventRow *self)
{
  guint n = ph_event_item_get_count (self->event);
  gint64 time_us = ph_event_item_get_time_us (self->event);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (time_us / G_USEC_PER_SEC);
  g_autofree char *clock = g_date_time_format (time, "%H:%M:%S");
  g_autofree char *count = g_strdup_printf ("×%u", n);
  g_autofree char *spoken = g_strdup_printf (ngettext ("%u time", "%u times", n), n);

  gtk_label_set_label (self->time, clock);
  gtk_label_set_label (self->count, count);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->count), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  spoken, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->count), n > 1);
}

/* Made when it is asked for: to set one asks the display server, each time. */
static gboolean
on_query_tooltip (PhEventRow *self, int x, int y, gboolean is_keyboard, GtkTooltip *tooltip)
{
  g_autofree char *line = NULL;

  if (self->event == NULL)
    return FALSE;
  line = ph_event_dup_line (self->event);
  gtk_tooltip_set_text (tooltip, line);
  return TRUE;
}

void
ph_event_row_set_event (PhEventRow *row, PhEventItem *event)
{
  if (row->event != NULL)
    g_signal_handlers_disconnect_by_data (row->event, row);
  g_set_object (&row->event, event);
  if (event == NULL)
    return;
  g_signal_connect_object (event, "changed", G_CALLBACK (write_repeats), row, G_CONNECT_SWAPPED);
  gtk_label_set_label (row->text, ph_event_item_get_text (event));
  write_level (row);
  write_repeats (row);
}

static void
ph_event_row_dispose (GObject *object)
{
  ph_event_row_set_event (PH_EVENT_ROW (object), NULL);
  G_OBJECT_CLASS (ph_event_row_parent_class)->dispose (object);
}

static void
ph_event_row_class_init (PhEventRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_event_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-event-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhEventRow, icon);
  gtk_widget_class_bind_template_child (widget_class, PhEventRow, text);
  gtk_widget_class_bind_template_child (widget_class, PhEventRow, count);
  gtk_widget_class_bind_template_child (widget_class, PhEventRow, time);
  gtk_widget_class_bind_template_callback (widget_class, on_query_tooltip);
}

static void
ph_event_row_init (PhEventRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
ph_event_row_new (void)
{
  return g_object_new (PH_TYPE_EVENT_ROW, NULL);
}
