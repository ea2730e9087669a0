/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-pairing-view.h"

#include "ph-application.h"
#include "ph-block-box.h"
#include "ph-pairing-step.h"
#include "ph-paste-box.h"
#include "ph-rule-dialog.h"
#include "ph-window.h"

#include <glib/gi18n.h>

struct _PhPairingView
{
  AdwBin parent_instance;

  PhLive *live;
  gboolean is_copied;   /* the block that is shown now */
  gboolean is_offering; /* Host: a new offer is on its way */
  gint64 began_us;      /* g_get_real_time, when the last offer was asked for */

  GtkWidget *steps;
  PhPairingStep *send;
  PhPairingStep *paste;
  PhPairingStep *wait;

  GtkLabel *send_help;
  GtkWidget *preparing;
  PhBlockBox *block;
  GtkLabel *life;
  GtkLabel *problem;
  GtkButton *offer;
  GtkLabel *paste_help;
  PhPasteBox *paste_box;
  GtkSpinner *spinner;
  GtkLabel *waiting;
  GtkWidget *back;
  AdwActionRow *shared;
};

G_DEFINE_FINAL_TYPE (PhPairingView, ph_pairing_view, ADW_TYPE_BIN)

static gboolean
is_host (PhPairingView *self)
{
  return ph_live_get_role (self->live) == PH_SESSION_HOST;
}

/* --- what came of a command ------------------------------------------------------------------- */

/* A command that outlives its view is nobody's concern. */
static gpointer
hold_weakly (PhPairingView *self)
{
  gpointer *cell = g_new0 (gpointer, 1);

  *cell = self;
  g_object_add_weak_pointer (G_OBJECT (self), cell);
  return cell;
}

/* Borrowed; NULL if it is gone. */
static PhPairingView *
release_cell (gpointer *cell)
{
  PhPairingView *self = *cell;

  if (self != NULL)
    g_object_remove_weak_pointer (G_OBJECT (self), cell);
  g_free (cell);
  return self;
}

/* --- where things stand ----------------------------------------------------------------------- */

/* The one who is being connected now. Borrowed; NULL if there is none. */
static const PhSnapshotPeer *
find_connecting (PhLive *live)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (live);

  for (guint i = 0; i < snapshot->n_peers; i++)
    if (snapshot->peers[i].stage == PH_STAGE_CONNECTING)
      return &snapshot->peers[i];
  return NULL;
}

/* Why there is no offer any more: what was last warned of since it was made. Owned. */
static char *
dup_reason (PhPairingView *self)
{
  GListModel *events = G_LIST_MODEL (ph_live_get_events (self->live));

  for (guint i = g_list_model_get_n_items (events); i > 0; i--)
    {
      g_autoptr (PhEventItem) event = g_list_model_get_item (events, i - 1);

      if (ph_event_item_get_time_us (event) < self->began_us)
        break;
      if (ph_event_item_get_level (event) != PH_EVENT_INFO)
        return g_strdup (ph_event_item_get_text (event));
    }
  return g_strdup (_ ("The last offer is used up: each is for one person."));
}

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

/* The parts of the step that sends a block, once it is open. */
static void
show_block (PhPairingView *self, gboolean is_coming, const char *life)
{
  gboolean has_block = ph_live_get_snapshot (self->live)->block != NULL;
  gboolean is_lost = !has_block && !is_coming;
  g_autofree char *reason = is_lost ? dup_reason (self) : NULL;

  gtk_widget_set_visible (self->preparing, !has_block && is_coming);
  gtk_widget_set_visible (GTK_WIDGET (self->send_help), !is_lost);
  gtk_widget_set_visible (GTK_WIDGET (self->block), has_block);
  show_text (self->life, has_block ? life : NULL);
  show_text (self->problem, reason);
  gtk_widget_set_visible (GTK_WIDGET (self->offer), is_host (self) && !is_coming);
}

static void
update_host (PhPairingView *self)
{
  const PhSnapshotPeer *peer = find_connecting (self->live);
  gboolean has_block = ph_live_get_snapshot (self->live)->block != NULL;
  gboolean is_coming = self->is_offering || ph_live_get_state (self->live) == PH_SESSION_STARTING;
  PhProgress sent = self->is_copied || peer != NULL ? PH_PROGRESS_DONE : PH_PROGRESS_NOW;
  const int minutes = PH_BLOCK_LIFETIME_S / 60;
  g_autofree char *life =
      g_strdup_printf (ngettext ("It is good for %d minute, and for one person.",
                                 "It is good for %d minutes, and for one person.", minutes),
                       minutes);
  g_autofree char *waiting = NULL;

  ph_pairing_step_set_progress (self->send, sent, peer == NULL);
  ph_pairing_step_set_progress (self->paste,
                                peer != NULL      ? PH_PROGRESS_DONE
                                : self->is_copied ? PH_PROGRESS_NOW
                                                  : PH_PROGRESS_LATER,
                                peer == NULL && has_block);
  ph_pairing_step_set_progress (self->wait, peer != NULL ? PH_PROGRESS_NOW : PH_PROGRESS_LATER,
                                peer != NULL);
  gtk_widget_set_visible (self->back, ph_live_get_state (self->live) == PH_SESSION_CONNECTED);
  if (peer == NULL)
    {
      show_block (self, is_coming, life);
      return;
    }
  waiting = g_strdup_printf (_ ("Looking for a path to “%s”…"), peer->name);
  gtk_label_set_label (self->waiting, waiting);
}

static char *
dup_wait_limit (void)
{
  const int minutes = PH_BLOCK_WAIT_MS / 60000;

  return g_strdup_printf (ngettext ("It is good for %d minute: send it now.",
                                    "It is good for %d minutes: send it now.", minutes),
                          minutes);
}

static void
update_client (PhPairingView *self)
{
  PhSnapshot *snapshot = ph_live_get_snapshot (self->live);
  gboolean is_taken = ph_live_get_state (self->live) != PH_SESSION_STARTING;
  gboolean has_block = snapshot->block != NULL;
  gboolean is_sent = has_block && self->is_copied;
  g_autofree char *life = dup_wait_limit ();
  g_autofree char *waiting = NULL;

  ph_pairing_step_set_progress (self->paste, is_taken ? PH_PROGRESS_DONE : PH_PROGRESS_NOW,
                                !is_taken);
  ph_pairing_step_set_progress (self->send,
                                !is_taken ? PH_PROGRESS_LATER
                                : is_sent ? PH_PROGRESS_DONE
                                          : PH_PROGRESS_NOW,
                                is_taken);
  ph_pairing_step_set_progress (self->wait, is_sent ? PH_PROGRESS_NOW : PH_PROGRESS_LATER,
                                has_block);
  if (is_taken)
    show_block (self, TRUE, life);
  waiting = g_strdup_printf (
      _ ("Once “%s” has pasted it, you are connected, and see here what they share."),
      snapshot->n_peers > 0 ? snapshot->peers[0].name : _ ("somebody"));
  gtk_label_set_label (self->waiting, waiting);
}

/* The block that is to be sent, as soon as there is one or another one. */
static void
update_block (PhPairingView *self)
{
  const char *block = ph_live_get_snapshot (self->live)->block;

  if (g_strcmp0 (block, ph_block_box_get_text (self->block)) == 0)
    return;
  self->is_copied = FALSE;
  if (block != NULL)
    self->is_offering = FALSE;
  ph_block_box_set_text (self->block, block);
  ph_paste_box_set_own (self->paste_box, block);
}

static void
update (PhPairingView *self)
{
  if (ph_live_get_state (self->live) == PH_SESSION_ENDED)
    return;
  update_block (self);
  if (is_host (self))
    update_host (self);
  else
    update_client (self);
  gtk_spinner_set_spinning (self->spinner, gtk_widget_get_visible (GTK_WIDGET (self->wait)));
}

/* --- what the person does --------------------------------------------------------------------- */

static void
on_copied (PhPairingView *self)
{
  self->is_copied = TRUE;
  update (self);
  ph_window_toast (GTK_WIDGET (self), _ ("Text copied. Send it to the other person"));
}

static void
on_pasted (const GError *error, gpointer user_data)
{
  PhPairingView *self = release_cell (user_data);

  if (self == NULL)
    return;
  if (error != NULL)
    ph_paste_box_show_problem (self->paste_box, error->message);
  else
    ph_paste_box_clear (self->paste_box);
  update (self);
}

static void
on_submitted (PhPairingView *self, const char *text)
{
  ph_live_paste (self->live, text, on_pasted, hold_weakly (self));
}

static void
on_offered (const GError *error, gpointer user_data)
{
  PhPairingView *self = release_cell (user_data);

  if (self == NULL)
    return;
  if (error != NULL)
    ph_window_toast (GTK_WIDGET (self), error->message);
  if (error != NULL)
    self->is_offering = FALSE;
  update (self);
}

void
ph_pairing_view_offer (PhPairingView *view)
{
  view->is_offering = TRUE;
  view->began_us = g_get_real_time ();
  ph_live_offer (view->live, on_offered, hold_weakly (view));
  update (view);
}

static void
on_offer (PhPairingView *self)
{
  ph_pairing_view_offer (self);
}

static void
on_share (PhPairingView *self)
{
  ph_rule_dialog_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->live, NULL);
}

/* --- what is shared --------------------------------------------------------------------------- */

static void
update_shared (PhPairingView *self)
{
  GListModel *rules = ph_live_get_rules (self->live);
  guint n = g_list_model_get_n_items (rules);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      if (ph_rule_item_is_on (item))
        g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "",
                                ph_rule_item_get_text (item));
    }
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->shared),
                                 list->len > 0 ? _ ("You share") : _ ("Nothing is shared yet"));
  adw_action_row_set_subtitle (self->shared,
                               list->len > 0 ? list->str
                                             : _ ("Whoever joins can reach nothing until you add "
                                                  "something here."));
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_pairing_view_dispose (GObject *object)
{
  PhPairingView *self = PH_PAIRING_VIEW (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_pairing_view_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *class)
{
  gtk_widget_class_set_template_from_resource (class, PH_RESOURCES "ph-pairing-view.ui");
  gtk_widget_class_bind_template_child (class, PhPairingView, steps);
  gtk_widget_class_bind_template_child (class, PhPairingView, send);
  gtk_widget_class_bind_template_child (class, PhPairingView, paste);
  gtk_widget_class_bind_template_child (class, PhPairingView, wait);
  gtk_widget_class_bind_template_child (class, PhPairingView, send_help);
  gtk_widget_class_bind_template_child (class, PhPairingView, preparing);
  gtk_widget_class_bind_template_child (class, PhPairingView, block);
  gtk_widget_class_bind_template_child (class, PhPairingView, life);
  gtk_widget_class_bind_template_child (class, PhPairingView, problem);
  gtk_widget_class_bind_template_child (class, PhPairingView, offer);
  gtk_widget_class_bind_template_child (class, PhPairingView, paste_help);
  gtk_widget_class_bind_template_child (class, PhPairingView, paste_box);
  gtk_widget_class_bind_template_child (class, PhPairingView, spinner);
  gtk_widget_class_bind_template_child (class, PhPairingView, waiting);
  gtk_widget_class_bind_template_child (class, PhPairingView, back);
  gtk_widget_class_bind_template_child (class, PhPairingView, shared);
}

static void
ph_pairing_view_class_init (PhPairingViewClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_pairing_view_dispose;
  bind_template (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_copied);
  gtk_widget_class_bind_template_callback (widget_class, on_submitted);
  gtk_widget_class_bind_template_callback (widget_class, on_offer);
  gtk_widget_class_bind_template_callback (widget_class, on_share);
}

static void
ph_pairing_view_init (PhPairingView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
set_up_host (PhPairingView *self)
{
  GListModel *rules = ph_live_get_rules (self->live);

  ph_pairing_step_set_title (self->send, 1, _ ("Send This to Your Friend"));
  ph_pairing_step_set_title (self->paste, 2, _ ("Paste What Comes Back"));
  ph_pairing_step_set_title (self->wait, 3, _ ("Connect"));
  gtk_label_set_label (self->send_help,
                       _ ("Use any chat or mail that you trust. In Porthole, they choose to join "
                          "without a server, and paste it there."));
  gtk_label_set_label (self->paste_help, _ ("Your friend gets a text, too, and sends it to you."));
  ph_paste_box_set_wanted (self->paste_box, PH_BLOCK_ANSWER, _ ("_Connect"));
  g_signal_connect_object (rules, "items-changed", G_CALLBACK (update_shared), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->live, "edited", G_CALLBACK (update_shared), self,
                           G_CONNECT_SWAPPED);
  update_shared (self);
}

static void
set_up_client (PhPairingView *self)
{
  ph_pairing_step_set_title (self->paste, 1, _ ("Paste What Your Friend Sent"));
  ph_pairing_step_set_title (self->send, 2, _ ("Send This Back"));
  ph_pairing_step_set_title (self->wait, 3, _ ("Wait for Your Friend to Paste It"));
  gtk_label_set_label (self->paste_help,
                       _ ("It begins with “BEGIN PORTHOLE OFFER”. What stands around it does no "
                          "harm."));
  gtk_label_set_label (self->send_help, _ ("The same way as your friend’s text came."));
  ph_paste_box_set_wanted (self->paste_box, PH_BLOCK_OFFER, _ ("C_ontinue"));
  gtk_box_reorder_child_after (GTK_BOX (self->steps), GTK_WIDGET (self->send),
                               GTK_WIDGET (self->paste));
  gtk_widget_set_visible (GTK_WIDGET (self->shared), FALSE);
}

void
ph_pairing_view_set_live (PhPairingView *view, PhLive *live)
{
  view->live = g_object_ref (live);
  view->is_offering = TRUE; /* the first one comes by itself */
  view->began_us = g_get_real_time ();
  if (is_host (view))
    set_up_host (view);
  else
    set_up_client (view);
  g_signal_connect_object (live, "updated", G_CALLBACK (update), view, G_CONNECT_SWAPPED);
  g_signal_connect_object (ph_live_get_events (live), "items-changed", G_CALLBACK (update), view,
                           G_CONNECT_SWAPPED);
  update (view);
}
