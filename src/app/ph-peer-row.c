/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-peer-row.h"

#include "ph-application.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhPeerRow
{
  AdwActionRow parent_instance;

  PhLive *live;
  PhEntry *entry;

  GtkImage *mark;
  GtkButton *answer;
  GtkButton *disconnect;
};

G_DEFINE_FINAL_TYPE (PhPeerRow, ph_peer_row, ADW_TYPE_ACTION_ROW)

static void
ph_peer_row_dispose (GObject *object)
{
  PhPeerRow *self = PH_PEER_ROW (object);

  g_clear_object (&self->live);
  g_clear_object (&self->entry);
  G_OBJECT_CLASS (ph_peer_row_parent_class)->dispose (object);
}

static void
on_answer (PhPeerRow *self)
{
  ph_live_ask_again (self->live, ph_entry_get_peer (self->entry)->name);
}

static void
on_disconnect (PhPeerRow *self)
{
  ph_live_kick (self->live, ph_entry_get_peer (self->entry)->name);
}

static void
ph_peer_row_class_init (PhPeerRowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_peer_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-peer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PhPeerRow, mark);
  gtk_widget_class_bind_template_child (widget_class, PhPeerRow, answer);
  gtk_widget_class_bind_template_child (widget_class, PhPeerRow, disconnect);
  gtk_widget_class_bind_template_callback (widget_class, on_answer);
  gtk_widget_class_bind_template_callback (widget_class, on_disconnect);
}

static void
ph_peer_row_init (PhPeerRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static char *
dup_connected (const PhSnapshotPeer *peer)
{
  g_autofree char *round_trip = ph_words_dup_round_trip (peer->round_trip_us);
  g_autofree char *in = ph_words_dup_size (peer->bytes_in);
  g_autofree char *out = ph_words_dup_size (peer->bytes_out);
  g_autofree char *connections = g_strdup_printf (
      ngettext ("%u connection", "%u connections", peer->n_connections), peer->n_connections);

  return g_strdup_printf ("%s · %s · %s · ↓ %s ↑ %s", ph_words_path (peer->path.kind), round_trip,
                          connections, in, out);
}

static char *
dup_state (const PhSnapshotPeer *peer, gboolean is_host)
{
  switch (peer->stage)
    {
    case PH_STAGE_ASKING: /* who asks whom */
      return g_strdup (is_host ? _ ("Wants to join") : _ ("Has not let you in yet"));
    case PH_STAGE_CONNECTING:
      return g_strdup (_ ("Looking for a path…"));
    case PH_STAGE_CONNECTED:
      return peer->is_asking ? g_strdup (_ ("Waits for you to compare the number"))
                             : dup_connected (peer);
    case PH_STAGE_LEAVING:
      return g_strdup (_ ("Leaving…"));
    }
  g_return_val_if_reached (g_strdup (""));
}

static void
update (PhPeerRow *self)
{
  const PhSnapshotPeer *peer = ph_entry_get_peer (self->entry);
  gboolean is_host = ph_live_get_role (self->live) == PH_SESSION_HOST;
  g_autofree char *state = dup_state (peer, is_host);
  const char *words =
      peer->is_verified ? _ ("Verified by the share code") : _ ("Not verified by the share code");

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), peer->name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), state);
  gtk_image_set_from_icon_name (self->mark, peer->is_verified ? "ph-verified-symbolic"
                                                              : "ph-unverified-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->mark), words);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->mark), GTK_ACCESSIBLE_PROPERTY_LABEL, words,
                                  -1);
  gtk_widget_set_visible (GTK_WIDGET (self->answer), peer->is_asking);
  gtk_button_set_label (self->answer, is_host ? _ ("_Answer…") : _ ("_Compare Number…"));
  gtk_widget_set_visible (GTK_WIDGET (self->disconnect),
                          is_host && !peer->is_asking && peer->stage != PH_STAGE_LEAVING);
}

GtkWidget *
ph_peer_row_new (PhLive *live, PhEntry *entry)
{
  PhPeerRow *self = g_object_new (PH_TYPE_PEER_ROW, NULL);

  self->live = g_object_ref (live);
  self->entry = g_object_ref (entry);
  g_signal_connect_object (entry, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}
