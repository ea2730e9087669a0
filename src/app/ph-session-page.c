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

#include <glib/gi18n.h>

struct _PhSessionPage
{
  AdwBin parent_instance;

  PhLive *live;

  AdwViewStack *stack;
  GtkStack *overview; /* host, client, pairing or ended */
  GtkLabel *status;
  GtkButton *stop;
  PhConnectionsView *connections;
  PhEventsView *events;
};

G_DEFINE_FINAL_TYPE (PhSessionPage, ph_session_page, ADW_TYPE_BIN)

static void
ph_session_page_dispose (GObject *object)
{
  PhSessionPage *self = PH_SESSION_PAGE (object);

  g_clear_object (&self->live);
  G_OBJECT_CLASS (ph_session_page_parent_class)->dispose (object);
}

static void
ph_session_page_class_init (PhSessionPageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  g_type_ensure (PH_TYPE_CONNECTIONS_VIEW);
  g_type_ensure (PH_TYPE_EVENTS_VIEW);
  g_type_ensure (PH_TYPE_MAIN_MENU);
  G_OBJECT_CLASS (class)->dispose = ph_session_page_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-session-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, stack);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, overview);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, status);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, stop);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, connections);
  gtk_widget_class_bind_template_child (widget_class, PhSessionPage, events);
}

static void
ph_session_page_init (PhSessionPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* How the session stands and what happens next. */
static const char *
get_status (PhLive *live)
{
  gboolean is_host = ph_live_get_role (live) == PH_SESSION_HOST;

  switch (ph_live_get_state (live))
    {
    case PH_SESSION_STARTING:
      return is_host ? _ ("Creating the session…") : _ ("Joining…");
    case PH_SESSION_WAITING:
      return is_host ? _ ("Waiting for someone to join") : _ ("Waiting for the Host to let you in");
    case PH_SESSION_CONNECTING:
      return _ ("Looking for a direct path…");
    case PH_SESSION_CONNECTED:
      return _ ("Connected");
    case PH_SESSION_ENDED:
      return _ ("Ended");
    }
  g_return_val_if_reached ("");
}

static const char *
get_overview (PhLive *live)
{
  PhSessionState state = ph_live_get_state (live);

  if (state == PH_SESSION_ENDED)
    return "ended";
  if (ph_live_is_manual (live) && state != PH_SESSION_CONNECTED)
    return "pairing";
  return ph_live_get_role (live) == PH_SESSION_HOST ? "host" : "client";
}

static void
update (PhSessionPage *self)
{
  gtk_label_set_label (self->status, get_status (self->live));
  gtk_stack_set_visible_child_name (self->overview, get_overview (self->live));
  gtk_widget_set_visible (GTK_WIDGET (self->stop),
                          ph_live_get_state (self->live) != PH_SESSION_ENDED);
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

PhSessionPage *
ph_session_page_new (PhLive *live)
{
  PhSessionPage *self = g_object_new (PH_TYPE_SESSION_PAGE, NULL);

  self->live = g_object_ref (live);
  add_overviews (self);
  ph_connections_view_set_live (self->connections, live);
  ph_events_view_set_live (self->events, live);
  g_signal_connect_object (live, "updated", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "ended", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}
