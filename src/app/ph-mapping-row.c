/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mapping-row.h"

#include "ph-application.h"
#include "ph-mapping-dialog.h"
#include "ph-offer.h"
#include "ph-removal.h"
#include "ph-window.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhMappingRow
{
  AdwPreferencesRow parent_instance;

  PhLive *live;
  PhMappingItem *item;

  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *remote;
  GtkSwitch *is_on;
  GtkLabel *address;
  GtkButton *copy;
  GtkButton *open;
  GtkLabel *state;
  GtkLabel *problem;
  GtkButton *move;
};

G_DEFINE_FINAL_TYPE (PhMappingRow, ph_mapping_row, ADW_TYPE_PREFERENCES_ROW)

static void
ph_mapping_row_dispose (GObject *object)
{
  PhMappingRow *self = PH_MAPPING_ROW (object);

  g_clear_object (&self->live);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (ph_mapping_row_parent_class)->dispose (object);
}

/* --- what a person does ----------------------------------------------------------------------- */

static gboolean
on_switched (PhMappingRow *self, gboolean is_on)
{
  ph_live_set_mapping_on (self->live, self->item, is_on);
  return FALSE;
}

static void
on_copy (PhMappingRow *self)
{
  g_autofree char *address = ph_mapping_item_dup_address (self->item);
  g_autofree char *text = g_strdup_printf (_ ("%s copied"), address);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), address);
  ph_window_toast (GTK_WIDGET (self), text);
}

static void
on_open (PhMappingRow *self)
{
  g_autofree char *url = ph_mapping_item_dup_url (self->item);

  if (url != NULL)
    ph_window_show_uri (GTK_WIDGET (self), url);
}

/* The next port after the one that it cannot have; 0 if there is none. */
static guint16
find_other_port (PhMappingRow *self)
{
  guint16 port = ph_mapping_item_get_mapping (self->item)->local.port;

  return port < G_MAXUINT16 ? ph_live_find_free_port (self->live, (guint16)(port + 1)) : 0;
}

/* The row goes with its item. */
static void
on_move (PhMappingRow *self)
{
  g_autoptr (PhLive) live = g_object_ref (self->live);
  g_autoptr (PhMappingItem) item = g_object_ref (self->item);
  g_autoptr (PhMapping) mapping = ph_mapping_copy (ph_mapping_item_get_mapping (item));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  mapping->local.port = find_other_port (self);
  text = ph_mapping_dup_text (mapping);
  if (!ph_live_edit_mapping (live, item, text, NULL, &error))
    ph_window_toast (GTK_WIDGET (self), error->message);
}

static void
on_edit (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhMappingRow *self = PH_MAPPING_ROW (widget);

  ph_mapping_dialog_present (GTK_WINDOW (gtk_widget_get_root (widget)), self->live, self->item);
}

static void
restore (PhLive *live, guint position, gpointer item)
{
  ph_live_restore_mapping (live, position, item);
}

static void
on_remove (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhMappingRow *self = PH_MAPPING_ROW (widget);
  g_autoptr (PhLive) live = g_object_ref (self->live);
  g_autofree char *address = ph_mapping_item_dup_address (self->item);
  g_autofree char *text = g_strdup_printf (_ ("Nothing answers at %s any more"), address);

  ph_removal_offer_undo (widget, text, live, ph_live_get_mappings (live), self->item, restore);
  ph_live_remove_mapping (live, self->item);
}

static void
bind_children (GtkWidgetClass *class)
{
  gtk_widget_class_bind_template_child (class, PhMappingRow, icon);
  gtk_widget_class_bind_template_child (class, PhMappingRow, title);
  gtk_widget_class_bind_template_child (class, PhMappingRow, remote);
  gtk_widget_class_bind_template_child (class, PhMappingRow, is_on);
  gtk_widget_class_bind_template_child (class, PhMappingRow, address);
  gtk_widget_class_bind_template_child (class, PhMappingRow, copy);
  gtk_widget_class_bind_template_child (class, PhMappingRow, open);
  gtk_widget_class_bind_template_child (class, PhMappingRow, state);
  gtk_widget_class_bind_template_child (class, PhMappingRow, problem);
  gtk_widget_class_bind_template_child (class, PhMappingRow, move);
}

static void
ph_mapping_row_class_init (PhMappingRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_mapping_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-mapping-row.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_move);
  gtk_widget_class_install_action (widget_class, "mapping.edit", NULL, on_edit);
  gtk_widget_class_install_action (widget_class, "mapping.remove", NULL, on_remove);
}

static void
ph_mapping_row_init (PhMappingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* --- what it shows ---------------------------------------------------------------------------- */

static gboolean
is_connected (PhMappingRow *self)
{
  return ph_live_get_state (self->live) == PH_SESSION_CONNECTED;
}

/* A game is not opened from here, so it is said what to do there. */
static char *
dup_use (PhMappingRow *self)
{
  guint n = ph_mapping_item_get_n_connections (self->item);
  g_autofree char *address = ph_mapping_item_dup_address (self->item);

  if (!is_connected (self))
    return g_strdup (_ ("Ready for when you are connected"));
  if (n > 0)
    return g_strdup_printf (ngettext ("%u connection", "%u connections", n), n);
  if (ph_mapping_item_get_kind (self->item) == PH_KIND_GAME)
    return g_strdup_printf (_ ("In the game, connect to %s"), address);
  return g_strdup (_ ("Ready, nothing is connected yet"));
}

static char *
dup_state (PhMappingRow *self)
{
  switch (ph_mapping_item_get_state (self->item))
    {
    case PH_MAPPING_ITEM_OFF:
      return g_strdup (_ ("Switched off"));
    case PH_MAPPING_ITEM_BUSY:
      return g_strdup (_ ("Just a moment…"));
    case PH_MAPPING_ITEM_ON:
      return dup_use (self);
    case PH_MAPPING_ITEM_FAILED:
      return g_strdup (_ ("Does not answer"));
    }
  g_return_val_if_reached (g_strdup (""));
}

static void
update_title (PhMappingRow *self)
{
  const char *title = ph_mapping_item_get_title (self->item);
  g_autofree char *address = ph_mapping_item_dup_address (self->item);
  g_autofree char *icon = ph_offer_dup_icon_name (ph_mapping_item_get_kind (self->item));
  g_autofree char *remote =
      g_strdup_printf (_ ("%s at the Host"), ph_mapping_item_get_remote (self->item));

  title = title != NULL ? ph_words_title (title) : address;
  gtk_image_set_from_icon_name (self->icon, icon);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->remote, remote);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->is_on), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title, -1);
}

static void
update_address (PhMappingRow *self)
{
  gboolean is_listening = ph_mapping_item_get_state (self->item) == PH_MAPPING_ITEM_ON;
  g_autofree char *address = ph_mapping_item_dup_address (self->item);
  g_autofree char *url = ph_mapping_item_dup_url (self->item);
  g_autofree char *text = g_strdup_printf (_ ("Now at %s"), address);

  gtk_label_set_label (self->address, is_listening ? text : address);
  gtk_widget_set_visible (GTK_WIDGET (self->copy), is_listening);
  gtk_widget_set_visible (GTK_WIDGET (self->open), is_listening && url != NULL);
}

static void
update_problem (PhMappingRow *self)
{
  PhMappingItemState state = ph_mapping_item_get_state (self->item);
  const char *trouble = ph_mapping_item_get_trouble (self->item);
  const char *message = ph_mapping_item_get_message (self->item);
  const char *problem = message != NULL || state == PH_MAPPING_ITEM_OFF ? message : trouble;
  guint16 port = state == PH_MAPPING_ITEM_FAILED ? find_other_port (self) : 0;
  g_autofree char *move = g_strdup_printf (_ ("Use Port %u Instead"), port);

  gtk_label_set_label (self->problem, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), problem != NULL);
  gtk_button_set_label (self->move, move);
  gtk_widget_set_visible (GTK_WIDGET (self->move), port != 0);
}

static void
update (PhMappingRow *self)
{
  g_autofree char *state = dup_state (self);

  update_title (self);
  update_address (self);
  update_problem (self);
  gtk_label_set_label (self->state, state);
  gtk_switch_set_active (self->is_on,
                         ph_mapping_item_get_state (self->item) != PH_MAPPING_ITEM_OFF);
}

GtkWidget *
ph_mapping_row_new (PhLive *live, PhMappingItem *item)
{
  PhMappingRow *self = g_object_new (PH_TYPE_MAPPING_ROW, NULL);

  self->live = g_object_ref (live);
  self->item = g_object_ref (item);
  g_signal_connect_object (item, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "notify::state", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
