/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/ph-notices.h"

#include "ph-desk.h"

#define PATH "/org/freedesktop/Notifications"

static const char xml[] =
    "<node><interface name='org.freedesktop.Notifications'>"
    "<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='i' direction='in'/><arg type='u' direction='out'/></method>"
    "<method name='CloseNotification'><arg type='u' direction='in'/></method>"
    "<signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>"
    "</interface></node>";

/* A desktop that shows notifications, and a person who pushes their buttons. */
typedef struct
{
  GDBusConnection *bus;
  guint32 last;
  guint32 replaced;
  guint32 closed;
  char *title;
  char *body;
  char **buttons; /* action, label, … */
  gboolean is_shown;
  gboolean is_closed;
} Desktop;

typedef struct
{
  Desktop desktop;
  GApplication *application;
  GSettings *gsettings;
  PhNotices *notices;
  gboolean is_pushed;
  char *pushed;
} Fixture;

static void
on_call (GDBusConnection *bus,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  Desktop *desktop = user_data;

  if (g_str_equal (method, "CloseNotification"))
    {
      g_variant_get (parameters, "(u)", &desktop->closed);
      desktop->is_closed = TRUE;
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  g_free (desktop->title);
  g_free (desktop->body);
  g_strfreev (desktop->buttons);
  g_variant_get (parameters, "(&su&sss^as@a{sv}i)", NULL, &desktop->replaced, NULL, &desktop->title,
                 &desktop->body, &desktop->buttons, NULL, NULL);
  if (desktop->replaced == 0)
    desktop->last++;
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", desktop->last));
  desktop->is_shown = TRUE;
}

static void
on_action (GSimpleAction *action, GVariant *target, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autofree char *text = g_variant_print (target, FALSE);

  g_free (fixture->pushed);
  fixture->pushed = g_strjoin (" ", g_action_get_name (G_ACTION (action)), text, NULL);
  fixture->is_pushed = TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const GActionEntry actions[] = {
    { "approve", on_action, "(ss)", NULL, NULL, { 0 } },
    { "reject", on_action, "(ss)", NULL, NULL, { 0 } },
    { "show", on_action, "s", NULL, NULL, { 0 } },
    { "stop", on_action, "s", NULL, NULL, { 0 } },
  };
  g_autoptr (GError) error = NULL;

  fixture->desktop.bus = ph_fake_bus_new ("org.freedesktop.Notifications");
  ph_fake_bus_export (fixture->desktop.bus, PATH, xml, on_call, &fixture->desktop);
  fixture->application = g_application_new ("io.github.porthole.Test", G_APPLICATION_NON_UNIQUE);
  g_assert_true (g_application_register (fixture->application, NULL, &error));
  g_action_map_add_action_entries (G_ACTION_MAP (fixture->application), actions,
                                   G_N_ELEMENTS (actions), fixture);
  fixture->gsettings = g_settings_new ("io.github.porthole.Porthole");
  g_settings_reset (fixture->gsettings, "notify");
  fixture->notices = ph_notices_new (fixture->application, fixture->gsettings);
}

/* Until the application has read what the desktop has answered so far. */
static void
settle (Fixture *fixture)
{
  g_auto (PhAnswer) answer = { 0 };
  g_autoptr (GVariant) reply = NULL;

  g_dbus_connection_call (g_application_get_dbus_connection (fixture->application),
                          "org.freedesktop.Notifications", PATH, "org.freedesktop.DBus.Peer",
                          "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, ph_answer_take,
                          &answer);
  reply = g_dbus_connection_call_finish (g_application_get_dbus_connection (fixture->application),
                                         ph_answer_await (&answer), NULL);
  g_assert_nonnull (reply);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  settle (fixture); /* GLib forgets what it has sent only once that was answered */
  g_object_unref (fixture->notices);
  settle (fixture);
  g_object_unref (fixture->gsettings);
  g_object_unref (fixture->application);
  g_dbus_connection_close_sync (fixture->desktop.bus, NULL, NULL);
  g_object_unref (fixture->desktop.bus);
  g_free (fixture->desktop.title);
  g_free (fixture->desktop.body);
  g_strfreev (fixture->desktop.buttons);
  g_free (fixture->pushed);
}

static void
await_shown (Fixture *fixture, const char *title)
{
  ph_await (&fixture->desktop.is_shown);
  fixture->desktop.is_shown = FALSE;
  g_assert_cmpstr (fixture->desktop.title, ==, title);
}

static void
push (Fixture *fixture, const char *label, const char *expected)
{
  char **buttons = fixture->desktop.buttons;
  const char *action = NULL;

  for (gsize i = 0; buttons[i] != NULL && buttons[i + 1] != NULL; i += 2)
    if (g_str_equal (buttons[i + 1], label))
      action = buttons[i];
  g_assert_nonnull (action);
  g_dbus_connection_emit_signal (fixture->desktop.bus, NULL, PATH, "org.freedesktop.Notifications",
                                 "ActionInvoked",
                                 g_variant_new ("(us)", fixture->desktop.last, action), NULL);
  ph_await (&fixture->is_pushed);
  fixture->is_pushed = FALSE;
  g_assert_cmpstr (fixture->pushed, ==, expected);
}

static void
await_closed (Fixture *fixture, guint32 number)
{
  ph_await (&fixture->desktop.is_closed);
  fixture->desktop.is_closed = FALSE;
  g_assert_cmpuint (fixture->desktop.closed, ==, number);
}

static void
test_approve (Fixture *fixture, gconstpointer data)
{
  ph_notices_ask (fixture->notices, "s1", "Ann <b>'", TRUE);
  await_shown (fixture, "Ann <b>' wants to join");
  g_assert_null (strstr (fixture->desktop.body, "Ann"));
  push (fixture, "Approve", "approve ('s1', \"Ann <b>'\")");
}

static void
test_reject (Fixture *fixture, gconstpointer data)
{
  ph_notices_ask (fixture->notices, "s1", "Ann", FALSE);
  await_shown (fixture, "Ann wants to join");
  g_assert_nonnull (strstr (fixture->desktop.body, "number"));
  push (fixture, "Reject", "reject ('s1', 'Ann')");
}

static void
test_answered (Fixture *fixture, gconstpointer data)
{
  ph_notices_ask (fixture->notices, "s1", "Ann", TRUE);
  await_shown (fixture, "Ann wants to join");
  ph_notices_answered (fixture->notices, "s1", "Bob");
  ph_notices_answered (fixture->notices, "s2", "Ann");
  ph_notices_ask (fixture->notices, "s1", "Bob", TRUE);
  await_shown (fixture, "Bob wants to join");
  g_assert_false (fixture->desktop.is_closed);
  settle (fixture);
  ph_notices_answered (fixture->notices, "s1", "Ann");
  await_closed (fixture, 1);
}

static void
test_come_and_go (Fixture *fixture, gconstpointer data)
{
  ph_notices_joined (fixture->notices, "s1", "Ann");
  await_shown (fixture, "Ann joined");
  settle (fixture);
  ph_notices_left (fixture->notices, "s1", "Ann");
  await_shown (fixture, "Ann left");
  g_assert_cmpuint (fixture->desktop.replaced, ==, 1);
}

static void
test_goes_on (Fixture *fixture, gconstpointer data)
{
  ph_notices_goes_on (fixture->notices, "s1");
  await_shown (fixture, "Porthole goes on sharing");
  push (fixture, "Stop Sharing", "stop 's1'");
  ph_notices_goes_on (fixture->notices, "s2");
  await_shown (fixture, "Porthole goes on sharing");
  settle (fixture);
  ph_notices_withdraw (fixture->notices, "s2");
  await_closed (fixture, 2);
}

/* What is switched off does not come; what does come after it is the first. */
static void
test_switched_off (Fixture *fixture, gconstpointer data)
{
  g_settings_set_boolean (fixture->gsettings, "notify", FALSE);
  ph_notices_ask (fixture->notices, "s1", "Ann", TRUE);
  ph_notices_joined (fixture->notices, "s1", "Ann");
  ph_notices_left (fixture->notices, "s1", "Ann");
  ph_notices_goes_on (fixture->notices, "s1");
  await_shown (fixture, "Porthole goes on sharing");
  g_assert_cmpuint (fixture->desktop.last, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("GNOTIFICATION_BACKEND", "freedesktop", TRUE);
#define ADD(name, func) g_test_add ("/notices/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("approve", test_approve);
  ADD ("reject", test_reject);
  ADD ("answered", test_answered);
  ADD ("come-and-go", test_come_and_go);
  ADD ("goes-on", test_goes_on);
  ADD ("switched-off", test_switched_off);
  return g_test_run ();
}
