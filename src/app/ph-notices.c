/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-notices.h"

#include <glib/gi18n.h>

struct _PhNotices
{
  GObject parent_instance;
  GApplication *application; /* borrowed */
  GSettings *gsettings;
  GHashTable *shown; /* char *id => char *session */
};

G_DEFINE_FINAL_TYPE (PhNotices, ph_notices, G_TYPE_OBJECT)

/* --- showing and withdrawing -------------------------------------------------------------------
 */

/* An id is the place of a notification: a later one in the same place replaces it. Peers' names
 * would be long and of any characters. Owned. */
static char *
dup_id (const char *place, const char *session, const char *peer)
{
  g_autofree char *text = g_strjoin ("\n", session, peer, NULL);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);

  return g_strjoin ("-", place, sum, NULL);
}

static void
show (PhNotices *self, const char *session, const char *id, GNotification *notification)
{
  g_notification_set_default_action_and_target (notification, "app.show", "s", session);
  g_application_send_notification (self->application, id, notification);
  g_hash_table_replace (self->shown, g_strdup (id), g_strdup (session));
}

static void
withdraw (PhNotices *self, const char *id)
{
  if (g_hash_table_remove (self->shown, id))
    g_application_withdraw_notification (self->application, id);
}

void
ph_notices_withdraw (PhNotices *self, const char *session)
{
  GHashTableIter iter;
  gpointer id;
  gpointer of;

  g_hash_table_iter_init (&iter, self->shown);
  while (g_hash_table_iter_next (&iter, &id, &of))
    if (g_str_equal (of, session))
      {
        g_application_withdraw_notification (self->application, id);
        g_hash_table_iter_remove (&iter);
      }
}

static gboolean
is_wanted (PhNotices *self)
{
  return g_settings_get_boolean (self->gsettings, "notify");
}

/* --- what there is to tell ----------------------------------------------------------------------
 */

void
ph_notices_ask (PhNotices *self, const char *session, const char *peer, gboolean is_verified)
{
  g_autofree char *id = dup_id ("ask", session, peer);
  g_autofree char *title = g_strdup_printf (_ ("%s wants to join"), peer);
  g_autoptr (GNotification) notification = g_notification_new (title);

  if (!is_wanted (self))
    return;
  g_notification_set_body (
      notification, is_verified ? _ ("Verified by the share code")
                                : _ ("Not verified by the share code: compare the number first"));
  g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_URGENT);
  g_notification_add_button_with_target (notification, _ ("Approve"), "app.approve", "(ss)",
                                         session, peer);
  g_notification_add_button_with_target (notification, _ ("Reject"), "app.reject", "(ss)", session,
                                         peer);
  show (self, session, id, notification);
}

void
ph_notices_answered (PhNotices *self, const char *session, const char *peer)
{
  g_autofree char *id = dup_id ("ask", session, peer);

  withdraw (self, id);
}

static void
tell (PhNotices *self, const char *session, const char *peer, const char *title)
{
  g_autofree char *id = dup_id ("peer", session, peer);
  g_autoptr (GNotification) notification = g_notification_new (title);

  if (is_wanted (self))
    show (self, session, id, notification);
}

void
ph_notices_joined (PhNotices *self, const char *session, const char *peer)
{
  g_autofree char *title = g_strdup_printf (_ ("%s joined"), peer);

  ph_notices_answered (self, session, peer);
  tell (self, session, peer, title);
}

void
ph_notices_left (PhNotices *self, const char *session, const char *peer)
{
  g_autofree char *title = g_strdup_printf (_ ("%s left"), peer);

  ph_notices_answered (self, session, peer);
  tell (self, session, peer, title);
}

void
ph_notices_goes_on (PhNotices *self, const char *session)
{
  g_autofree char *id = dup_id ("on", session, "");
  g_autoptr (GNotification) notification = g_notification_new (_ ("Porthole goes on sharing"));

  g_notification_set_body (notification, _ ("The window is closed, the session is not"));
  g_notification_add_button_with_target (notification, _ ("Stop Sharing"), "app.stop", "s",
                                         session);
  show (self, session, id, notification);
}

/* --- life ----------------------------------------------------------------------------------------
 */

static void
ph_notices_dispose (GObject *object)
{
  PhNotices *self = PH_NOTICES (object);
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, self->shown);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_application_withdraw_notification (self->application, id);
  g_hash_table_remove_all (self->shown);
  g_clear_object (&self->gsettings);
  G_OBJECT_CLASS (ph_notices_parent_class)->dispose (object);
}

static void
ph_notices_finalize (GObject *object)
{
  g_hash_table_unref (PH_NOTICES (object)->shown);
  G_OBJECT_CLASS (ph_notices_parent_class)->finalize (object);
}

static void
ph_notices_class_init (PhNoticesClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_notices_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_notices_finalize;
}

static void
ph_notices_init (PhNotices *self)
{
  self->shown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

PhNotices *
ph_notices_new (GApplication *application, GSettings *gsettings)
{
  PhNotices *self = g_object_new (PH_TYPE_NOTICES, NULL);

  self->application = application;
  self->gsettings = g_object_ref (gsettings);
  return self;
}
