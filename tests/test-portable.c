/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "app/ph-portable.h"
#include "core/ph-executable.h"
#include "app/ph-secrets.h"
#include "core/ph-log.h"

#include "ph-desk.h"

#define SCHEMA "io.github.porthole.Porthole"

/* --- the program that is copied to a folder and run there --------------------------------------
 */

/* Uses all that keeps anything; prints what it knows. */
static int
probe (void)
{
  g_autofree char *data = NULL;
  g_autofree char *problem = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GSettings) gsettings = NULL;
  g_autoptr (PhSecrets) secrets = NULL;
  g_auto (PhAnswer) answer = { 0 };

  ph_portable_start ();
  data = ph_portable_dup_data_folder ();
  problem = ph_portable_dup_problem ();
  if (ph_portable_get_log_file () != NULL)
    {
      g_assert_true (ph_log_start (NULL, ph_portable_get_log_file (), NULL));
      ph_log (PH_LOG_INFO, "probe", NULL);
    }
  gsettings = g_settings_new (SCHEMA);
  g_settings_set_string (gsettings, "name", "Ann");
  g_settings_sync ();
  secrets = ph_secrets_new (data, !ph_portable_is_on ());
  ph_secrets_store_async (secrets, "turn", "id", "Label", "secret", NULL, ph_answer_take, &answer);
  ph_secrets_store_finish (secrets, ph_answer_await (&answer), NULL);
  name = g_settings_get_string (gsettings, "name");
  g_print ("on=%d problem=%s name=%s", ph_portable_is_on (), problem != NULL ? problem : "none",
           name);
  return 0;
}

static int
probe_id (void)
{
  g_autofree char *id = (ph_portable_start (), ph_portable_dup_application_id (SCHEMA));

  g_print ("%s", id);
  return 0;
}

static int
probe_texts (void)
{
  g_autofree char *folder = ph_portable_dup_locale_folder ();

  g_print ("%s", folder != NULL ? folder : "none");
  return 0;
}

/* --- the tests -------------------------------------------------------------------------------- */

typedef struct
{
  char *home;    /* of the person, where nothing may change */
  char *folder;  /* where the program was unpacked to */
  char *program; /* there */
} Fixture;

static char *
dup_in (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
copy (const char *from, const char *to)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autoptr (GError) error = NULL;

  g_file_copy (source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *root = g_dir_make_tmp ("ph-portable-XXXXXX", NULL);
  g_autofree char *bin = NULL;
  g_autofree char *schemas = NULL;
  g_autofree char *compiled = NULL;
  g_autofree char *built = dup_in (g_getenv ("PORTHOLE_SCHEMAS"), "gschemas.compiled");
  g_autofree char *own = ph_executable_dup_path ();

  fixture->home = dup_in (root, "home");
  fixture->folder = dup_in (root, "a folder");
  bin = dup_in (fixture->folder, "bin");
  schemas = dup_in (fixture->folder, "share/glib-2.0/schemas");
  compiled = dup_in (schemas, "gschemas.compiled");
  fixture->program = dup_in (bin, "porthole-probe");
  g_assert_cmpint (g_mkdir_with_parents (fixture->home, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (bin, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (schemas, 0700), ==, 0);
  copy (built, compiled);
  copy (own, fixture->program);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *root = g_path_get_dirname (fixture->folder);

  ph_remove_all (root);
  g_free (fixture->home);
  g_free (fixture->folder);
  g_free (fixture->program);
}

static void
put_marker (Fixture *fixture, const char *name)
{
  g_autofree char *path = dup_in (fixture->folder, name);

  ph_put_file (path, "");
}

/* Runs @program as the person whose home is watched, on a computer where nothing is installed; what
 * it says, of which @errors are a part or not. Owned. */
static char *
run_with (Fixture *fixture, const char *program, const char *argument, GSubprocessFlags errors)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | errors);
  const char *const unset[] = { "XDG_CONFIG_HOME", "XDG_DATA_HOME",        "XDG_CACHE_HOME",
                                "XDG_STATE_HOME",  "GSETTINGS_SCHEMA_DIR", "GSETTINGS_BACKEND" };
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (unset); i++)
    g_subprocess_launcher_unsetenv (launcher, unset[i]);
  g_subprocess_launcher_setenv (launcher, "HOME", fixture->home, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_DATA_DIRS", fixture->home, TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, program, argument, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error));
  g_assert_no_error (error);
  return output;
}

static char *
run (Fixture *fixture, const char *program, const char *argument)
{
  return run_with (fixture, program, argument, G_SUBPROCESS_FLAGS_STDERR_SILENCE);
}

static gboolean
is_empty (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name = g_dir_read_name (folder);

  if (name != NULL)
    g_test_message ("“%s” is in %s", name, path);
  return name == NULL;
}

static void
assert_in_data (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *data = dup_in (fixture->folder, "data");
  g_autofree char *path = dup_in (data, name);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &content, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (content, text));
}

static void
test_on (Fixture *fixture, gconstpointer data)
{
  g_autofree char *output = NULL;

  put_marker (fixture, "portable");
  output = run (fixture, fixture->program, "--probe");
  g_assert_cmpstr (output, ==, "on=1 problem=none name=Ann");
  g_assert_true (is_empty (fixture->home));
  assert_in_data (fixture, "porthole.log", "probe");
  assert_in_data (fixture, "config/glib-2.0/settings/keyfile", "name='Ann'");
  assert_in_data (fixture, "share/porthole/secrets.ini", "secret");
}

static void
test_beside (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kept = dup_in (fixture->folder, "bin/data/porthole.log");
  g_autofree char *output = NULL;

  put_marker (fixture, "bin/portable");
  output = run (fixture, fixture->program, "--probe");
  g_assert_cmpstr (output, ==, "on=1 problem=none name=Ann");
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  g_assert_true (is_empty (fixture->home));
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *blocked = dup_in (fixture->folder, "data");
  g_autofree char *output = NULL;

  put_marker (fixture, "portable");
  ph_put_file (blocked, "what stands for a folder that cannot be written to");
  output = run (fixture, fixture->program, "--probe");
  g_assert_true (g_str_has_prefix (output, "on=1 problem=Porthole is in portable mode"));
  g_assert_nonnull (strstr (output, blocked));
  g_assert_true (g_str_has_suffix (output, " name=Ann"));
  g_assert_true (is_empty (fixture->home));
}

/* Without the marker it is the person's folders that are used; the schema is found all the same. */
static void
test_off (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kept = dup_in (fixture->folder, "data");
  g_autofree char *output = run (fixture, fixture->program, "--probe");

  g_assert_nonnull (output);
  g_assert_true (g_str_has_prefix (output, "on=0 problem=none name="));
  g_assert_false (is_empty (fixture->home));
  g_assert_false (g_file_test (kept, G_FILE_TEST_EXISTS));
}

/* An installed program, or one in another folder, is not what opens when this one is started. */
static void
test_id (Fixture *fixture, gconstpointer data)
{
  g_autofree char *without = run (fixture, fixture->program, "--probe-id");
  g_autofree char *with = NULL;

  put_marker (fixture, "portable");
  with = run (fixture, fixture->program, "--probe-id");
  g_assert_cmpstr (without, ==, SCHEMA);
  g_assert_true (g_str_has_prefix (with, SCHEMA ".Portable"));
  g_assert_true (g_application_id_is_valid (with));
}

static void
test_texts (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = dup_in (fixture->folder, "share/locale");
  g_autofree char *without = run (fixture, fixture->program, "--probe-texts");
  g_autofree char *with = NULL;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  with = run (fixture, fixture->program, "--probe-texts");
  g_assert_cmpstr (without, ==, "none");
  g_assert_cmpstr (with, ==, folder);
}

/* The real thing, as far as it goes without a display. */
static void
test_program (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bin = g_path_get_dirname (fixture->program);
  g_autofree char *program = dup_in (bin, "porthole-gtk");
  g_autofree char *output = NULL;

  put_marker (fixture, "portable");
  copy (g_getenv ("PORTHOLE_GTK"), program);
  output = run (fixture, program, "--help");
  g_assert_nonnull (strstr (output, "porthole-gtk"));
  g_assert_true (is_empty (fixture->home));
}

/* No crash, but a word on what is missing. */
static void
test_no_settings (Fixture *fixture, gconstpointer data)
{
  g_autofree char *compiled = dup_in (fixture->folder, "share/glib-2.0/schemas/gschemas.compiled");
  g_autofree char *output = NULL;

  g_assert_cmpint (g_remove (compiled), ==, 0);
  output = run_with (fixture, g_getenv ("PORTHOLE_GTK"), "--background",
                     G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_assert_nonnull (strstr (output, "settings are not installed"));
}

/* What is started from here is not to find our settings. */
static void
test_launch (void)
{
  g_autoptr (GAppLaunchContext) context = g_app_launch_context_new ();
  g_auto (GStrv) environment = NULL;

  g_setenv ("XDG_CONFIG_HOME", "/of/the/person", TRUE);
  g_unsetenv ("XDG_DATA_HOME");
  g_unsetenv ("GIO_MODULE_DIR");
  ph_portable_start ();
  g_setenv ("XDG_CONFIG_HOME", "/ours", TRUE);
  g_setenv ("GIO_MODULE_DIR", "/ours", TRUE);
  g_setenv ("XDG_DATA_HOME", "/ours", TRUE);
  ph_portable_prepare_launch (context);
  environment = g_app_launch_context_get_environment (context);
  g_assert_cmpstr (g_environ_getenv (environment, "XDG_CONFIG_HOME"), ==, "/of/the/person");
  g_assert_null (g_environ_getenv (environment, "XDG_DATA_HOME"));
  g_assert_null (g_environ_getenv (environment, "GIO_MODULE_DIR"));
}

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--probe"))
    return probe ();
  if (argc == 2 && g_str_equal (argv[1], "--probe-id"))
    return probe_id ();
  if (argc == 2 && g_str_equal (argv[1], "--probe-texts"))
    return probe_texts ();
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func) g_test_add ("/portable/" name, Fixture, data, set_up, func, tear_down)
  ADD ("on", NULL, test_on);
  ADD ("beside-the-program", NULL, test_beside);
  ADD ("read-only", NULL, test_read_only);
  ADD ("off", NULL, test_off);
  ADD ("id", NULL, test_id);
  ADD ("texts", NULL, test_texts);
  ADD ("program", NULL, test_program);
  ADD ("no-settings", NULL, test_no_settings);
  g_test_add_func ("/portable/launch", test_launch);
  return g_test_run ();
}
