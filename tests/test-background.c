/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "app/ph-background.h"
#include "core/ph-executable.h"
#include "core/ph-error.h"

#include "ph-desk.h"

#define PORTAL "/org/freedesktop/portal/desktop"

static const char portal_xml[] =
    "<node><interface name='org.freedesktop.portal.Background'>"
    "<method name='RequestBackground'><arg type='s' direction='in'/>"
    "<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
    "</interface></node>";
static const char request_xml[] =
    "<node><interface name='org.freedesktop.portal.Request'><method name='Close'/></interface>"
    "</node>";

/* A portal that answers as it is told to. */
typedef struct
{
  gboolean is_silent;
  gboolean is_old;   /* it does not know of handle_token */
  gboolean is_early; /* the answer comes before the handle */
  guint32 response;
  gboolean may_run;
  gboolean starts;

  GDBusConnection *bus;
  char *parent_window;
  GVariant *options;
  gboolean is_asked;
  gboolean is_closed;
} Portal;

static void
respond (Portal *portal, const char *handle)
{
  GVariantBuilder results;

  g_variant_builder_init (&results, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&results, "{sv}", "background", g_variant_new_boolean (portal->may_run));
  g_variant_builder_add (&results, "{sv}", "autostart", g_variant_new_boolean (portal->starts));
  g_dbus_connection_emit_signal (portal->bus, NULL, handle, "org.freedesktop.portal.Request",
                                 "Response", g_variant_new ("(ua{sv})", portal->response, &results),
                                 NULL);
}

static char *
dup_handle (Portal *portal, const char *sender)
{
  g_autofree char *name = g_strdup (sender + 1);
  const char *token = NULL;

  g_assert_true (g_variant_lookup (portal->options, "handle_token", "&s", &token));
  return g_strdup_printf (PORTAL "/request/%s/%s", g_strdelimit (name, ".", '_'),
                          portal->is_old ? "another" : token);
}

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
  Portal *portal = user_data;
  g_autofree char *handle = NULL;

  if (g_str_equal (method, "Close"))
    {
      portal->is_closed = TRUE;
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  g_variant_get (parameters, "(s@a{sv})", &portal->parent_window, &portal->options);
  portal->is_asked = TRUE;
  handle = dup_handle (portal, sender);
  ph_fake_bus_export (bus, handle, request_xml, on_call, portal);
  if (!portal->is_silent && portal->is_early)
    respond (portal, handle);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", handle));
  if (!portal->is_silent && !portal->is_early)
    respond (portal, handle);
}

static void
portal_start (Portal *portal)
{
  portal->bus = ph_fake_bus_new ("org.freedesktop.portal.Desktop");
  ph_fake_bus_export (portal->bus, PORTAL, portal_xml, on_call, portal);
}

static void
portal_stop (Portal *portal)
{
  g_dbus_connection_close_sync (portal->bus, NULL, NULL);
  g_clear_object (&portal->bus);
  g_clear_pointer (&portal->parent_window, g_free);
  g_clear_pointer (&portal->options, g_variant_unref);
}

static gboolean
request (PhBackground *background, gboolean start_at_login, GError **error)
{
  g_auto (PhAnswer) answered = { 0 };

  ph_background_request_async (background, "x11:1a", "Because.", start_at_login, NULL,
                               ph_answer_take, &answered);
  g_assert_false (answered.is_here);
  return ph_background_request_finish (background, ph_answer_await (&answered), error);
}

static void
assert_options (Portal *portal, gboolean start_at_login)
{
  const char *reason = NULL;
  gboolean autostart = !start_at_login;
  g_autofree const char **command = NULL;

  g_assert_cmpstr (portal->parent_window, ==, "x11:1a");
  g_assert_true (g_variant_lookup (portal->options, "reason", "&s", &reason));
  g_assert_cmpstr (reason, ==, "Because.");
  g_assert_true (g_variant_lookup (portal->options, "autostart", "b", &autostart));
  g_assert_cmpint (autostart, ==, start_at_login);
  g_assert_true (g_variant_lookup (portal->options, "commandline", "^a&s", &command));
  g_assert_cmpstr (command[0], ==, "porthole-gtk");
  g_assert_cmpstr (command[1], ==, "--background");
  g_assert_null (command[2]);
}

static const struct
{
  const char *name;
  Portal portal;
  gboolean start_at_login;
  int error; /* -1: none */
} answers[] = {
  { "yes", { .may_run = TRUE, .starts = TRUE }, TRUE, -1 },
  { "yes-early", { .may_run = TRUE, .starts = TRUE, .is_early = TRUE }, TRUE, -1 },
  { "yes-old-portal", { .may_run = TRUE, .is_old = TRUE }, FALSE, -1 },
  { "yes-without-start", { .may_run = TRUE }, FALSE, -1 },
  { "no-start", { .may_run = TRUE }, TRUE, PH_ERROR_REFUSED },
  { "no", { .may_run = FALSE }, FALSE, PH_ERROR_REFUSED },
  { "cancelled", { .response = 1 }, FALSE, PH_ERROR_REFUSED },
  { "other", { .response = 2, .may_run = TRUE, .starts = TRUE }, TRUE, PH_ERROR_REFUSED },
};

static void
test_answer (gconstpointer data)
{
  const int i = GPOINTER_TO_INT (data);
  Portal portal = answers[i].portal;
  g_autoptr (PhBackground) background = ph_background_new_full (NULL, 60000);
  g_autoptr (GError) error = NULL;

  portal_start (&portal);
  g_assert_cmpint (request (background, answers[i].start_at_login, &error), ==,
                   answers[i].error < 0);
  if (answers[i].error < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, PH_ERROR, answers[i].error);
  assert_options (&portal, answers[i].start_at_login);
  portal_stop (&portal);
}

static void
test_no_portal (void)
{
  g_autoptr (PhBackground) background = ph_background_new_full (NULL, 60000);
  g_autoptr (GError) error = NULL;

  g_assert_false (request (background, FALSE, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "Leave the window open"));
}

static void
test_silence (void)
{
  Portal portal = { .is_silent = TRUE };
  g_autoptr (PhBackground) background = ph_background_new_full (NULL, 100);
  g_autoptr (GError) error = NULL;

  portal_start (&portal);
  g_assert_false (request (background, FALSE, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FAILED);
  ph_await (&portal.is_closed);
  portal_stop (&portal);
}

static void
test_cancel (void)
{
  Portal portal = { .is_silent = TRUE };
  g_autoptr (PhBackground) background = ph_background_new_full (NULL, 60000);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (PhAnswer) answered = { 0 };
  g_autoptr (GError) error = NULL;

  portal_start (&portal);
  ph_background_request_async (background, "", "Because.", FALSE, cancellable, ph_answer_take,
                               &answered);
  ph_await (&portal.is_asked);
  g_cancellable_cancel (cancellable);
  g_assert_false (ph_background_request_finish (background, ph_answer_await (&answered), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ph_await (&portal.is_closed);
  portal_stop (&portal);
}

/* As whoever starts it at login takes it apart: arguments first, then what has a percent sign. */
static void
test_command (void)
{
  static const char path[] = "/opt/a folder/100%u \"$HOME\" `x` \\s/porthole-gtk";
  g_autofree char *command = ph_background_dup_command (path);
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GString) program = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_shell_parse_argv (command, NULL, &arguments, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (arguments), ==, 2);
  program = g_string_new (arguments[0]);
  g_assert_cmpuint (g_string_replace (program, "%%", "%", 0), ==, 1);
  g_assert_cmpstr (program->str, ==, path);
  g_assert_cmpstr (arguments[1], ==, "--background");
}

static void
test_autostart_file (void)
{
  g_autofree char *folder = g_build_filename (ph_test_folder (), "autostart", NULL);
  g_autofree char *path = g_build_filename (folder, "io.github.porthole.Porthole.desktop", NULL);
  g_autoptr (PhBackground) background = ph_background_new_full (folder, 60000);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *own = ph_executable_dup_path ();
  g_autofree char *command = NULL;
  g_autofree char *expected = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (request (background, FALSE, &error));
  g_assert_true (request (background, TRUE, &error));
  g_assert_true (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &error));
  command = g_key_file_get_string (file, "Desktop Entry", "Exec", &error);
  expected = ph_background_dup_command (own);
  g_assert_cmpstr (command, ==, expected);
  g_assert_true (request (background, TRUE, &error));
  g_assert_true (request (background, FALSE, &error));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_no_error (error);
}

static void
test_autostart_unwritable (void)
{
  g_autofree char *folder = g_build_filename (ph_test_folder (), "autostart", NULL);
  g_autoptr (PhBackground) background = ph_background_new_full (folder, 60000);
  g_autoptr (GError) error = NULL;

  ph_put_file (folder, "a file where the folder should be");
  g_assert_false (request (background, TRUE, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, folder));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/no-portal", test_no_portal);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *path = g_strconcat ("/background/", answers[i].name, NULL);

      g_test_add_data_func (path, GINT_TO_POINTER (i), test_answer);
    }
  g_test_add_func ("/background/silence", test_silence);
  g_test_add_func ("/background/cancel", test_cancel);
  g_test_add_func ("/background/command", test_command);
  g_test_add_func ("/background/autostart-file", test_autostart_file);
  g_test_add_func ("/background/autostart-unwritable", test_autostart_unwritable);
  return ph_test_run ();
}
