/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-session-page.h"

#include "ph-application.h"
#include "ph-client-view.h"
#include "ph-connections-view.h"
#include "ph-ended-view.h"
#include "ph-events-view.h"
#include "ph-host-view.h"
#include "ph-main-menu.h"
#include "ph-pairing-view.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhSessionPage
{
  AdwBin parent_instance;

  PhLive *live;
  gboolean is_pairing; /* Host without a server: another person is being paired with */
  guint narrowing;     /* a source's id: the switcher of views has moved */

  AdwViewSwitcherTitle *switcher;
  GtkWidget *bar; /* the views below, where there is no room for them above */
  AdwViewStack *stack;
  GtkStack *overview; /* host, client, pairing or ended */
  GtkWidget *status_bar;
  GtkSpinner *spinner;
  GtkImage *path_icon;
  GtkLabel *status;
  GtkLabel *path;
  GtkButton *stop;
  PhConnectionsView *connections;
  PhEventsView *events;
};

G_DEFINE_FINAL_TYPE (PhSessionPage, ph_session_page, ADW_TYPE_BIN)

static void on_pair (GtkWidget *widget, const char *action, GVariant *parameter);
static void on_overview (GtkWidget *widget, const char *action, GVariant *parameter);

static void
ph_session_page_dispose (GObject *object)
{
  PhSessionPage *self = PH_SESSION_PAGE (object);

  g_clear_handle_id (&self->narrowing, g_source_remove);
  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_session_page_parent_class)->dispose (object);
}

static gboolean
on_narrow (gpointer user_data)
{
  PhSessionPage *self = user_data;

  self->narrowing = 0;
  gtk_widget_set_visible (self->bar, adw_view_switcher_title_get_title_visible (self->switcher));
  return G_SOURCE_REMOVE;
}

/* This comes while the page is laid out; what changes its height can only come after that. */
static void
on_title (PhSessionPage *self)
{
  if (self->narrowing == 0)
    self->narrowing = g_idle_add (on_narrow, self);
}

static void
ph_session_page_class_init (PhSessionPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_session_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-session-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, switcher);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, bar);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, stack);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, overview);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, status_bar);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, path_icon);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, status);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, path);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, stop);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, connections);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, events);
  gtk_widget_class_bind_template_callback (widget_class, on_title);
  gtk_widget_class_install_action (widget_class, "session.pair", NULL, on_pair);
  gtk_widget_class_install_action (widget_class, "session.overview", NULL, on_overview);
}

static void
ph_session_page_init (PhSessionPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static guint
count_connected (PhSnapshot *snapshot)
{
  guint n = 0;

  for (guint i = 0; i < snapshot->n_peers; i++)
    if (snapshot->peers[i].stage == PH_STAGE_CONNECTED)
      n++;
  return n;
}

/* Who is there. Owned. */
static char *
dup_connected (PhLive *live)
{
  const PhSnapshotPeer *peer = ph_live_get_only_peer (live);
  guint n = count_connected (ph_live_get_snapshot (live));

  if (peer != NULL)
    return g_strdup_printf (_ ("Connected with %s"), peer->name);
  return g_strdup_printf (ngettext ("%u person is connected", "%u people are connected", n), n);
}

/* The steps themselves say what goes on. */
static gboolean
is_being_paired (PhLive *live)
{
  PhSessionState state = ph_live_get_state (live);

  return ph_live_is_manual (live) && (state == PH_SESSION_STARTING || state == PH_SESSION_WAITING);
}

static const char *
get_host_waiting (PhLive *live)
{
  return g_list_model_get_n_items (ph_live_get_questions (live)) > 0
             ? _ ("Somebody wants to join")
             : _ ("Waiting for someone to join");
}

/* How the session stands and what happens next. Owned. */
static char *
dup_status (PhLive *live)
{
  gboolean is_host = ph_live_get_role (live) == PH_SESSION_HOST;

  if (is_being_paired (live))
    return g_strdup (_ ("Pairing without a server"));
  switch (ph_live_get_state (live))
    {
    case PH_SESSION_STARTING:
      return g_strdup (is_host ? _ ("Creating the session…") : _ ("Joining…"));
    case PH_SESSION_WAITING:
      return g_strdup (is_host ? get_host_waiting (live)
                               : _ ("Waiting for the Host to let you in"));
    case PH_SESSION_CONNECTING:
      return g_strdup (_ ("Looking for a direct path…"));
    case PH_SESSION_CONNECTED:
      return dup_connected (live);
    case PH_SESSION_ENDED:
      return g_strdup (_ ("Ended"));
    }
  g_return_val_if_reached (g_strdup (""));
}

static const char *const path_icons[] = {
  [PH_PATH_LAN] = "ph-path-lan-symbolic",
  [PH_PATH_NAT] = "ph-path-nat-symbolic",
  [PH_PATH_RELAYED] = "ph-path-relay-symbolic",
};

/* The way to the other side, where there is one way. */
static void
update_path (PhSessionPage *self)
{
  const PhSnapshotPeer *peer = ph_live_get_only_peer (self->live);
  gboolean has_path = peer != NULL && peer->stage == PH_STAGE_CONNECTED &&
                      ph_live_get_state (self->live) == PH_SESSION_CONNECTED;
  g_autofree char *round_trip = NULL;
  g_autofree char *text = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->path), has_path);
  gtk_widget_set_visible (GTK_WIDGET (self->path_icon), has_path);
  if (!has_path)
    return;
  round_trip = ph_words_dup_round_trip (peer->round_trip_us);
  text = g_strdup_printf ("%s · %s", ph_words_path (peer->path.kind), round_trip);
  gtk_label_set_label (self->path, text);
  gtk_image_set_from_icon_name (self->path_icon, path_icons[peer->path.kind]);
}

static const char *
get_overview (PhSessionPage *self)
{
  PhSessionState state = ph_live_get_state (self->live);

  if (state == PH_SESSION_ENDED)
    return "ended";
  if (ph_live_get_role (self->live) == PH_SESSION_HOST)
    return self->is_pairing ? "pairing" : "host";
  return ph_live_is_manual (self->live) && state != PH_SESSION_CONNECTED ? "pairing" : "client";
}

/* The page of a Client that is not connected yet says the same, larger. */
static gboolean
is_told_below (PhSessionPage *self)
{
  return ph_live_get_role (self->live) == PH_SESSION_CLIENT && !ph_live_is_manual (self->live) &&
         ph_live_get_state (self->live) != PH_SESSION_CONNECTED &&
         g_strcmp0 (adw_view_stack_get_visible_child_name (self->stack), "overview") == 0;
}

/* A Host that waits is at rest; everybody else who is not connected has something going on. */
static gboolean
is_busy (PhLive *live)
{
  PhSessionState state = ph_live_get_state (live);

  if (is_being_paired (live))
    return FALSE;
  return state == PH_SESSION_STARTING || state == PH_SESSION_CONNECTING ||
         (state == PH_SESSION_WAITING && ph_live_get_role (live) == PH_SESSION_CLIENT);
}

static void
update (PhSessionPage *self)
{
  gboolean has_ended = ph_live_get_state (self->live) == PH_SESSION_ENDED;
  g_autofree char *status = dup_status (self->live);

  gtk_label_set_label (self->status, status);
  gtk_spinner_set_spinning (self->spinner, is_busy (self->live));
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), is_busy (self->live));
  update_path (self);
  gtk_stack_set_visible_child_name (self->overview, get_overview (self));
  gtk_widget_set_visible (self->status_bar, !has_ended && !is_told_below (self));
  gtk_widget_set_visible (GTK_WIDGET (self->stop), !has_ended);
}

/* Whoever has just been paired with is seen among the others. */
static void
on_joined (PhSessionPage *self)
{
  self->is_pairing = FALSE;
  update (self);
}

static void
on_pair (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhSessionPage *self = PH_SESSION_PAGE (widget);
  GtkWidget *pairing = gtk_stack_get_child_by_name (self->overview, "pairing");

  self->is_pairing = TRUE;
  if (ph_live_get_snapshot (self->live)->block == NULL)
    ph_pairing_view_offer (PH_PAIRING_VIEW (pairing));
  update (self);
}

static void
on_overview (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhSessionPage *self = PH_SESSION_PAGE (widget);

  self->is_pairing = FALSE;
  update (self);
}

static void
add_overviews (PhSessionPage *self)
{
  GtkWidget *pairing = g_object_new (PH_TYPE_PAIRING_VIEW, NULL);
  GtkWidget *ended = g_object_new (PH_TYPE_ENDED_VIEW, NULL);
  GtkWidget *view;

  if (ph_live_get_role (self->live) == PH_SESSION_HOST)
    {
      view = g_object_new (PH_TYPE_HOST_VIEW, NULL);
      ph_host_view_set_live (PH_HOST_VIEW (view), self->live);
      gtk_stack_add_named (self->overview, view, "host");
    }
  else
    {
      view = g_object_new (PH_TYPE_CLIENT_VIEW, NULL);
      ph_client_view_set_live (PH_CLIENT_VIEW (view), self->live);
      gtk_stack_add_named (self->overview, view, "client");
    }
  ph_pairing_view_set_live (PH_PAIRING_VIEW (pairing), self->live);
  gtk_stack_add_named (self->overview, pairing, "pairing");
  ph_ended_view_set_live (PH_ENDED_VIEW (ended), self->live);
  gtk_stack_add_named (self->overview, ended, "ended");
}

/* Short, for it stands beside much else where the window is narrow; in full to who points at it. */
static void
label_stop (PhSessionPage *self)
{
  gboolean is_host = ph_live_get_role (self->live) == PH_SESSION_HOST;

  gtk_button_set_label (self->stop, is_host ? _ ("_Stop") : _ ("_Leave"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->stop),
                               is_host ? _ ("Stop Sharing") : _ ("Leave the Session"));
}

PhSessionPage *
ph_session_page_new (PhLive *live)
{
  PhSessionPage *self = g_object_new (PH_TYPE_SESSION_PAGE, NULL);

  self->live = g_object_ref (live);
  label_stop (self);
  self->is_pairing = ph_live_is_manual (live) && ph_live_get_role (live) == PH_SESSION_HOST;
  add_overviews (self);
  ph_connections_view_set_live (self->connections, live);
  ph_events_view_set_live (self->events, live);
  g_signal_connect_object (live, "updated", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (ph_live_get_questions (live), "items-changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "joined", G_CALLBACK (on_joined), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "ended", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->stack, "notify::visible-child", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  update (self);
  return self;
}

void
ph_session_page_show_view (PhSessionPage *page, const char *name)
{
  adw_view_stack_set_visible_child_name (page->stack, name);
}
