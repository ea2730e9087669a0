/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "core/ph-bundle.h"
#include "core/ph-executable.h"

/* The program that is copied to a folder and run there prints what it has set. */
static int
probe (void)
{
  const char *const *variables = ph_bundle_get_variables ();

  ph_bundle_start ();
  g_print ("root=%s\n", ph_bundle_get_root () != NULL ? ph_bundle_get_root () : "none");
  for (gsize i = 0; variables[i] != NULL; i++)
    {
      const char *value = g_getenv (variables[i]);

      g_print ("%s=%s\n", variables[i], value != NULL ? value : "none");
    }
  g_print ("LD_LIBRARY_PATH=%s\n", g_getenv ("LD_LIBRARY_PATH"));
  return 0;
}

static void
copy_self (const char *to)
{
  g_autofree char *own = ph_executable_dup_path ();
  g_autoptr (GFile) source = g_file_new_for_path (own);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autoptr (GError) error = NULL;

  g_file_copy (source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* What the copy in @folder prints, where XDG_DATA_DIRS is @data or not set. Owned. */
static char *
run_copy (const char *folder, const char *data)
{
  g_autofree char *libraries = g_build_filename (folder, "lib:/theirs", NULL);
  g_autofree char *program = g_build_filename (folder, "bin", "probe", NULL);
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  for (const char *const *name = ph_bundle_get_variables (); *name != NULL; name++)
    g_subprocess_launcher_unsetenv (launcher, *name);
  g_subprocess_launcher_setenv (launcher, "GTK_PATH", "/theirs", TRUE);
  g_subprocess_launcher_setenv (launcher, "LD_LIBRARY_PATH", libraries, TRUE);
  if (data != NULL)
    g_subprocess_launcher_setenv (launcher, "XDG_DATA_DIRS", data, TRUE);
  process = g_subprocess_launcher_spawn (launcher, &error, program, "--probe", NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, &output, NULL, &error));
  g_assert_no_error (error);
  return output;
}

static void
assert_line (const char *output, const char *start, const char *end)
{
  g_autofree char *line = g_strconcat ("\n", start, end, "\n", NULL);
  g_autofree char *all = g_strconcat ("\n", output, NULL);

  if (strstr (all, line) == NULL)
    g_test_message ("no “%s%s” in “%s”", start, end, output);
  g_assert_nonnull (strstr (all, line));
}

static void
assert_leads (const char *folder, const char *output)
{
  g_autofree char *modules = g_build_filename (folder, "lib/gio-modules", NULL);
  g_autofree char *fonts = g_build_filename (folder, "share/fonts/fonts.conf", NULL);
  g_autofree char *data = g_build_filename (folder, "share", NULL);
  g_autofree char *both = g_strconcat (data, ":/usr/local/share:/usr/share", NULL);

  assert_line (output, "root=", folder);
  assert_line (output, "GIO_MODULE_DIR=", modules);
  assert_line (output, "FONTCONFIG_FILE=", fonts);
  assert_line (output, "XDG_DATA_DIRS=", both);
  assert_line (output, "GTK_PATH=", "none");
  assert_line (output, "LD_LIBRARY_PATH=", "/theirs");
}

static void
test_found (void)
{
  g_autofree char *folder = g_dir_make_tmp ("ph bundle-XXXXXX", NULL);
  g_autofree char *bin = g_build_filename (folder, "bin", NULL);
  g_autofree char *program = g_build_filename (bin, "probe", NULL);
  g_autofree char *lib = g_build_filename (folder, "lib", NULL);
  g_autofree char *modules = g_build_filename (lib, "gio-modules", NULL);
  g_autofree char *data = g_build_filename (folder, "share:/theirs", NULL);
  g_autofree char *without = NULL;
  g_autofree char *with = NULL;
  g_autofree char *with_data = NULL;

  g_assert_cmpint (g_mkdir (bin, 0700), ==, 0);
  copy_self (program);
  without = run_copy (folder, NULL);
  assert_line (without, "root=", "none");
  assert_line (without, "GIO_MODULE_DIR=", "none");
  assert_line (without, "GTK_PATH=", "/theirs");
  assert_line (without, "XDG_DATA_DIRS=", "none");
  g_assert_cmpint (g_mkdir_with_parents (modules, 0700), ==, 0);
  with = run_copy (folder, NULL);
  assert_leads (folder, with);
  with_data = run_copy (folder, "/theirs");
  assert_line (with_data, "XDG_DATA_DIRS=", data);
  g_remove (program);
  g_rmdir (modules);
  g_rmdir (lib);
  g_rmdir (bin);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Outside of a bundle GnuTLS knows best. */
static void
test_authorities (void)
{
  ph_bundle_start ();
  g_assert_null (ph_bundle_get_root ());
  g_assert_null (ph_bundle_get_authorities ());
}

#ifdef __linux__
static void
test_can_load (void)
{
  g_assert_true (ph_bundle_can_load ("libgio-2.0.so.0"));
  g_assert_false (ph_bundle_can_load ("libno-such-thing.so.0"));
}
#endif

int
main (int argc, char **argv)
{
  if (argc == 2 && g_str_equal (argv[1], "--probe"))
    return probe ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bundle/found", test_found);
  g_test_add_func ("/bundle/authorities", test_authorities);
#ifdef __linux__
  g_test_add_func ("/bundle/can-load", test_can_load);
#endif
  return g_test_run ();
}
