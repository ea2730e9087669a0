/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "app/ph-secrets.h"
#include "core/ph-error.h"

#include "ph-desk.h"

#define SECRETS "/org/freedesktop/secrets"
#define ERROR_NOT_SUPPORTED "org.freedesktop.DBus.Error.NotSupported"
#define ERROR_LOCKED "org.freedesktop.Secret.Error.IsLocked"

/* A Secret Service with room for one item a kind and id. */
typedef enum
{
  OPEN,
  LOCKED, /* and its person dismisses the question for the password */
  SILENT,
  BROKEN,
} Mode;

typedef struct
{
  GDBusConnection *bus;
  Mode mode;
  GHashTable *values; /* object path => secret */
  GHashTable *labels; /* object path => label */
  GPtrArray *unanswered;
} Service;

static const char service_xml[] =
    "<node><interface name='org.freedesktop.Secret.Service'>"
    "<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
    "<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
    "<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
    "<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
    "<method name='Unlock'><arg type='ao' direction='in'/>"
    "<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
    "<method name='GetSecrets'><arg type='ao' direction='in'/><arg type='o' direction='in'/>"
    "<arg type='a{o(oayays)}' direction='out'/></method>"
    "<method name='ReadAlias'><arg type='s' direction='in'/><arg type='o' direction='out'/>"
    "</method></interface></node>";
static const char collection_xml[] =
    "<node><interface name='org.freedesktop.Secret.Collection'>"
    "<method name='CreateItem'><arg type='a{sv}' direction='in'/>"
    "<arg type='(oayays)' direction='in'/><arg type='b' direction='in'/>"
    "<arg type='o' direction='out'/><arg type='o' direction='out'/></method></interface></node>";
static const char item_xml[] = "<node><interface name='org.freedesktop.Secret.Item'>"
                               "<method name='Delete'><arg type='o' direction='out'/></method>"
                               "<property name='Locked' type='b' access='read'/>"
                               "</interface></node>";
static const char prompt_xml[] =
    "<node><interface name='org.freedesktop.Secret.Prompt'>"
    "<method name='Prompt'><arg type='s' direction='in'/></method><method name='Dismiss'/>"
    "<signal name='Completed'><arg type='b'/><arg type='v'/></signal></interface></node>";

static char *
dup_item_path (GVariant *attributes)
{
  const char *kind = "";
  const char *id = "";
  const char *schema = "";
  g_autofree char *text = NULL;
  g_autofree char *sum = NULL;

  g_variant_lookup (attributes, "kind", "&s", &kind);
  g_variant_lookup (attributes, "id", "&s", &id);
  g_variant_lookup (attributes, "xdg:schema", "&s", &schema);
  g_assert_cmpstr (schema, ==, "io.github.porthole.Porthole");
  text = g_strjoin ("\n", kind, id, NULL);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);
  return g_strconcat (SECRETS "/item/", sum, NULL);
}

static GVariant *
make_secret (const char *value)
{
  GVariant *nothing = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "", 0, 1);
  GVariant *bytes = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, value, strlen (value), 1);

  return g_variant_new ("(o@ay@ays)", SECRETS "/session", nothing, bytes, "text/plain");
}

static GVariant *
search (Service *service, GVariant *parameters)
{
  g_autoptr (GVariant) attributes = g_variant_get_child_value (parameters, 0);
  g_autofree char *path = dup_item_path (attributes);
  const char *found[] = { path, NULL };
  const char *none[] = { NULL };
  gboolean is_there = g_hash_table_contains (service->values, path);

  return g_variant_new ("(^ao^ao)", is_there && service->mode == OPEN ? found : none,
                        is_there && service->mode == LOCKED ? found : none);
}

static GVariant *
get_secrets (Service *service, GVariant *parameters)
{
  GVariantBuilder secrets;
  g_autofree const char **paths = NULL;

  g_variant_get (parameters, "(^a&o&o)", &paths, NULL);
  g_variant_builder_init (&secrets, G_VARIANT_TYPE ("a{o(oayays)}"));
  for (gsize i = 0; paths[i] != NULL; i++)
    g_variant_builder_add (&secrets, "{o@(oayays)}", paths[i],
                           make_secret (g_hash_table_lookup (service->values, paths[i])));
  return g_variant_new ("(a{o(oayays)})", &secrets);
}

static void on_call (GDBusConnection *bus,
                     const char *sender,
                     const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *parameters,
                     GDBusMethodInvocation *invocation,
                     gpointer user_data);

static GVariant *
create_item (Service *service, GVariant *parameters)
{
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) secret = NULL;
  g_autoptr (GVariant) attributes = NULL;
  g_autoptr (GVariant) bytes = NULL;
  char *label = NULL;
  char *path;
  gsize size;
  gconstpointer data;

  g_variant_get (parameters, "(@a{sv}@(oayays)b)", &properties, &secret, NULL);
  attributes = g_variant_lookup_value (properties, "org.freedesktop.Secret.Item.Attributes",
                                       G_VARIANT_TYPE ("a{ss}"));
  g_variant_lookup (properties, "org.freedesktop.Secret.Item.Label", "s", &label);
  path = dup_item_path (attributes);
  if (!g_hash_table_contains (service->labels, path))
    ph_fake_bus_export (service->bus, path, item_xml, on_call, service);
  bytes = g_variant_get_child_value (secret, 2);
  data = g_variant_get_fixed_array (bytes, &size, 1);
  g_hash_table_replace (service->values, g_strdup (path), g_strndup (data, size));
  g_hash_table_replace (service->labels, path, label);
  return g_variant_new ("(oo)", path, "/");
}

static void
complete_prompt (Service *service)
{
  const char *none[] = { NULL };

  g_dbus_connection_emit_signal (service->bus, NULL, SECRETS "/prompt",
                                 "org.freedesktop.Secret.Prompt", "Completed",
                                 g_variant_new ("(bv)", TRUE, g_variant_new_objv (none, 0)), NULL);
}

/* Of an item, which libsecret takes for absent where it has none. */
static GVariant *
get_properties (Service *service)
{
  GVariantBuilder properties;

  g_variant_builder_init (&properties, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&properties, "{sv}", "Locked",
                         g_variant_new_boolean (service->mode == LOCKED));
  return g_variant_new ("(a{sv})", &properties);
}

/* NULL: an error with the name that *@ret_error is. */
static GVariant *
answer (Service *service,
        const char *path,
        const char *method,
        GVariant *parameters,
        const char **ret_error)
{
  const char *none[] = { NULL };
  const char *algorithm;

  *ret_error = ERROR_NOT_SUPPORTED;
  if (service->mode == BROKEN)
    return NULL;
  if (g_str_equal (method, "OpenSession"))
    {
      g_variant_get (parameters, "(&s@v)", &algorithm, NULL);
      if (g_str_equal (algorithm, "plain"))
        return g_variant_new ("(vo)", g_variant_new_string (""), SECRETS "/session");
      return NULL;
    }
  if (g_str_equal (method, "SearchItems"))
    return search (service, parameters);
  if (g_str_equal (method, "GetSecrets"))
    return get_secrets (service, parameters);
  if (g_str_equal (method, "ReadAlias"))
    return g_variant_new ("(o)", SECRETS "/aliases/default");
  if (g_str_equal (method, "Unlock"))
    return g_variant_new ("(^aoo)", none, SECRETS "/prompt");
  if (g_str_equal (method, "GetAll"))
    return get_properties (service);
  if (g_str_equal (method, "Prompt"))
    {
      complete_prompt (service);
      return g_variant_new ("()");
    }
  *ret_error = ERROR_LOCKED;
  if (g_str_equal (method, "CreateItem"))
    return service->mode == OPEN ? create_item (service, parameters) : NULL;
  g_assert_cmpstr (method, ==, "Delete");
  g_hash_table_remove (service->values, path);
  return g_variant_new ("(o)", "/");
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
  Service *service = user_data;
  const char *error;
  GVariant *reply;

  if (service->mode == SILENT)
    {
      g_ptr_array_add (service->unanswered, invocation);
      return;
    }
  reply = answer (service, path, method, parameters, &error);
  if (reply != NULL)
    g_dbus_method_invocation_return_value (invocation, reply);
  else
    g_dbus_method_invocation_return_dbus_error (invocation, error, "as the test wants");
}

static Service service;

static void
service_start (void)
{
  service.bus = ph_fake_bus_new ("org.freedesktop.secrets");
  service.values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  service.labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  service.unanswered = g_ptr_array_new_with_free_func (g_object_unref);
  ph_fake_bus_export (service.bus, SECRETS, service_xml, on_call, &service);
  ph_fake_bus_export (service.bus, SECRETS "/aliases/default", collection_xml, on_call, &service);
  ph_fake_bus_export (service.bus, SECRETS "/prompt", prompt_xml, on_call, &service);
}

static void
service_stop (void)
{
  g_ptr_array_unref (service.unanswered);
  g_dbus_connection_close_sync (service.bus, NULL, NULL);
  g_clear_object (&service.bus);
  g_hash_table_unref (service.values);
  g_hash_table_unref (service.labels);
}

/* --- the tests -------------------------------------------------------------------------------- */

static PhSecrets *
make (gboolean use_service)
{
  return ph_secrets_new (ph_test_folder (), use_service);
}

static char *
dup_path (void)
{
  return g_build_filename (ph_test_folder (), "secrets.ini", NULL);
}

static gboolean
has_file (void)
{
  g_autofree char *path = dup_path ();

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static gboolean
store (PhSecrets *secrets, const char *id, const char *secret, GError **error)
{
  g_auto (PhAnswer) answered = { 0 };

  ph_secrets_store_async (secrets, "turn", id, "Label", secret, NULL, ph_answer_take, &answered);
  g_assert_false (answered.is_here);
  return ph_secrets_store_finish (secrets, ph_answer_await (&answered), error);
}

static char *
lookup (PhSecrets *secrets, const char *id, GError **error)
{
  g_auto (PhAnswer) answered = { 0 };

  ph_secrets_lookup_async (secrets, "turn", id, NULL, ph_answer_take, &answered);
  return ph_secrets_lookup_finish (secrets, ph_answer_await (&answered), error);
}

static gboolean
erase (PhSecrets *secrets, const char *id, GError **error)
{
  g_auto (PhAnswer) answered = { 0 };

  ph_secrets_delete_async (secrets, "turn", id, NULL, ph_answer_take, &answered);
  return ph_secrets_delete_finish (secrets, ph_answer_await (&answered), error);
}

static void
assert_secret (PhSecrets *secrets, const char *id, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *secret = lookup (secrets, id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (secret, ==, expected);
}

/* Stores, replaces, finds and deletes what must survive as it is. */
static void
use (PhSecrets *secrets)
{
  const char *const ids[] = { "turn:ann@[::1]:3478?transport=tcp", "a=b;c", " ", "門" };
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_assert_true (store (secrets, ids[i], "first", &error));
      g_assert_true (store (secrets, ids[i], " a;b\\n\n\"密 ", &error));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      assert_secret (secrets, ids[i], " a;b\\n\n\"密 ");
      g_assert_true (erase (secrets, ids[i], &error));
      g_assert_true (erase (secrets, ids[i], &error));
      assert_secret (secrets, ids[i], NULL);
    }
  g_assert_no_error (error);
}

static void
test_file (void)
{
  g_autoptr (PhSecrets) secrets = make (FALSE);
  g_autofree char *path = dup_path ();
  GStatBuf status;

  ph_put_file (path, "[turn]\nkept=yes\n");
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  use (secrets);
  assert_secret (secrets, "kept", "yes");
  g_assert_cmpint (g_stat (path, &status), ==, 0);
#ifndef G_OS_WIN32
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
#endif
}

static void
test_damaged_file (void)
{
  g_autoptr (PhSecrets) secrets = make (FALSE);
  g_autofree char *path = dup_path ();
  g_autofree char *aside = g_strconcat (path, ".damaged-1", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  ph_put_file (path, "precious, but no key file");
  g_assert_false (store (secrets, "a", "b", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, aside));
  g_assert_true (g_file_get_contents (aside, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious, but no key file");
  g_clear_error (&error);
  g_assert_true (store (secrets, "a", "b", &error));
  assert_secret (secrets, "a", "b");
}

static void
test_too_long (void)
{
  g_autoptr (PhSecrets) secrets = make (FALSE);
  g_autofree char *id = g_strnfill (PH_SECRETS_MAX_BYTES + 1, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_false (store (secrets, "id", id, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (store (secrets, "\xff", "x", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_false (has_file ());
}

static void
test_no_service (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);

  use (secrets);
  g_assert_true (has_file ());
}

static void
test_service (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);
  g_autoptr (GError) error = NULL;
  GHashTableIter labels;
  gpointer label;

  service_start ();
  use (secrets);
  g_assert_false (has_file ());
  g_hash_table_iter_init (&labels, service.labels);
  g_assert_true (g_hash_table_iter_next (&labels, NULL, &label));
  g_assert_cmpstr (label, ==, "Label");
  service_stop ();
}

/* What went into the file while there was no service is found, and gives way to what is newer. */
static void
test_from_file_to_service (void)
{
  g_autoptr (PhSecrets) without = make (FALSE);
  g_autoptr (PhSecrets) with = make (TRUE);
  g_autoptr (GError) error = NULL;

  service_start ();
  g_assert_true (store (without, "id", "old", &error));
  assert_secret (with, "id", "old");
  g_assert_true (store (with, "id", "new", &error));
  assert_secret (with, "id", "new");
  assert_secret (without, "id", NULL);
  service_stop ();
}

static void
test_locked (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);
  g_autoptr (GError) error = NULL;

  service_start ();
  g_assert_true (store (secrets, "id", "secret", &error));
  service.mode = LOCKED;
  g_assert_false (store (secrets, "id", "other", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_REFUSED);
  g_assert_false (has_file ());
  g_clear_error (&error);
  g_assert_null (lookup (secrets, "id", &error)); /* which is not to say that there is none */
  g_assert_error (error, PH_ERROR, PH_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (erase (secrets, "id", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_REFUSED);
  assert_secret (secrets, "another", NULL);
  service.mode = OPEN;
  assert_secret (secrets, "id", "secret");
  service_stop ();
}

static void
test_silent (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);
  g_autoptr (GError) error = NULL;
  guint asked;

  service_start ();
  service.mode = SILENT;
  ph_secrets_set_limit (secrets, 50);
  g_assert_true (store (secrets, "id", "secret", &error));
  g_assert_true (has_file ());
  asked = service.unanswered->len;
  g_assert_cmpuint (asked, >, 0);
  assert_secret (secrets, "id", "secret");
  g_assert_null (lookup (secrets, "another", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (erase (secrets, "id", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_REFUSED);
  g_assert_cmpuint (service.unanswered->len, ==, asked);
  service.mode = OPEN;
  service_stop ();
}

static void
test_broken (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);

  service_start ();
  service.mode = BROKEN;
  use (secrets);
  service.mode = OPEN;
  service_stop ();
}

static void
test_cancel (void)
{
  g_autoptr (PhSecrets) secrets = make (TRUE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (PhAnswer) answered = { 0 };
  g_autoptr (GError) error = NULL;

  service_start ();
  service.mode = SILENT;
  ph_secrets_store_async (secrets, "turn", "id", "Label", "secret", cancellable, ph_answer_take,
                          &answered);
  while (service.unanswered->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (cancellable);
  g_assert_false (ph_secrets_store_finish (secrets, ph_answer_await (&answered), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (has_file ());
  service.mode = OPEN;
  service_stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/file", test_file);
  g_test_add_func ("/secrets/damaged-file", test_damaged_file);
  g_test_add_func ("/secrets/too-long", test_too_long);
  g_test_add_func ("/secrets/no-service", test_no_service);
  g_test_add_func ("/secrets/service", test_service);
  g_test_add_func ("/secrets/from-file-to-service", test_from_file_to_service);
  g_test_add_func ("/secrets/locked", test_locked);
  g_test_add_func ("/secrets/silent", test_silent);
  g_test_add_func ("/secrets/broken", test_broken);
  g_test_add_func ("/secrets/cancel", test_cancel);
  return ph_test_run ();
}
