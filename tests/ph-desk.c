/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-desk.h"

#include <glib/gstdio.h>

#define LIMIT_S 60

static gboolean
on_too_late (gpointer user_data)
{
  g_assert_not_reached (); /* what was waited for did not happen */
  return G_SOURCE_REMOVE;
}

void
ph_await (const gboolean *condition)
{
  GSource *limit = g_timeout_source_new_seconds (LIMIT_S);

  g_source_set_callback (limit, on_too_late, NULL, NULL);
  g_source_attach (limit, NULL);
  while (!*condition)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (limit);
  g_source_unref (limit);
}

void
ph_answer_take (GObject *source, GAsyncResult *result, gpointer answer)
{
  PhAnswer *self = answer;

  g_assert_false (self->is_here);
  self->is_here = TRUE;
  g_set_object (&self->result, result);
}

GAsyncResult *
ph_answer_await (PhAnswer *answer)
{
  ph_await (&answer->is_here);
  answer->is_here = FALSE;
  return answer->result;
}

void
ph_answer_clear (PhAnswer *answer)
{
  g_clear_object (&answer->result);
}

void
ph_put_file (const char *path, const char *text)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

void
ph_remove_all (const char *path)
{
  g_autoptr (GDir) folder =
      g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      ph_remove_all (inside);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static char *folder_of_test;
static char *folder_path;

const char *
ph_test_folder (void)
{
  if (g_strcmp0 (folder_of_test, g_test_get_path ()) == 0)
    return folder_path;
  if (folder_path != NULL)
    ph_remove_all (folder_path);
  g_free (folder_of_test);
  g_free (folder_path);
  folder_of_test = g_strdup (g_test_get_path ());
  folder_path = g_dir_make_tmp ("ph-test-XXXXXX", NULL);
  g_assert_nonnull (folder_path);
  return folder_path;
}

int
ph_test_run (void)
{
  const int status = g_test_run ();

  if (folder_path != NULL)
    ph_remove_all (folder_path);
  g_clear_pointer (&folder_path, g_free);
  g_clear_pointer (&folder_of_test, g_free);
  return status;
}

GDBusConnection *
ph_fake_bus_new (const char *name)
{
  const guint32 in_place_of_another = 1 | 2; /* the last test's may not be gone yet */
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint32 is_owner;
  GDBusConnection *bus =
      g_dbus_connection_new_for_address_sync (g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);

  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", name, in_place_of_another), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &is_owner);
  g_assert_cmpuint (is_owner, ==, 1);
  return bus;
}

void
ph_fake_bus_export (GDBusConnection *bus,
                    const char *path,
                    const char *xml,
                    GDBusInterfaceMethodCallFunc on_call,
                    gpointer user_data)
{
  static const GDBusInterfaceVTable empty;
  GDBusInterfaceVTable vtable = empty;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);

  g_assert_no_error (error);
  vtable.method_call = on_call;
  g_dbus_connection_register_object (bus, path, node->interfaces[0], &vtable, user_data, NULL,
                                     &error);
  g_assert_no_error (error);
}
