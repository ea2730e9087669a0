/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-portable.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "core/ph-bundle.h"
#include "core/ph-executable.h"

#define MARKER "portable"
#define OPENER "xdg-open"
#define SCHEMAS "share/glib-2.0/schemas"
#define TEXTS "share/locale"
#define ID_DIGITS 16 /* enough to tell folders apart */

/* Which variable leads where below `data`. */
static const struct
{
  const char *variable;
  const char *folder;
} homes[] = {
  { "XDG_CONFIG_HOME", "config" },
  { "XDG_DATA_HOME", "share" },
  { "XDG_CACHE_HOME", "cache" },
  { "XDG_STATE_HOME", "state" },
};

/* Written once, by ph_portable_start; they last as long as the process. */
static char *data_folder; /* NULL: portable mode is off */
static gboolean is_writable;
static char *log_file;
static char **environment; /* the one the program was started with */

static gboolean
has_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* Owned; NULL if there is no marker. */
static char *
dup_marked_folder (const char *program)
{
  g_autofree char *beside = g_path_get_dirname (program);
  g_autofree char *root = ph_bundle_dup_root (program);

  if (has_file (beside, MARKER))
    return g_steal_pointer (&beside);
  return has_file (root, MARKER) ? g_steal_pointer (&root) : NULL;
}

static void
find_schemas (const char *program)
{
  const char *others = g_getenv ("GSETTINGS_SCHEMA_DIR");
  g_autofree char *root = ph_bundle_dup_root (program);
  g_autofree char *folder = g_build_filename (root, SCHEMAS, NULL);
  g_autofree char *both = NULL;

  if (!has_file (folder, "gschemas.compiled"))
    return;
  if (others != NULL && *others != '\0')
    both = g_strjoin (G_SEARCHPATH_SEPARATOR_S, folder, others, NULL);
  g_setenv ("GSETTINGS_SCHEMA_DIR", both != NULL ? both : folder, TRUE);
}

/* Permissions do not tell: the medium may be write-protected, or full. */
static gboolean
can_write (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "try-XXXXXX", NULL);
  int descriptor;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    return FALSE;
  descriptor = g_mkstemp (path);
  if (descriptor < 0)
    return FALSE;
  g_close (descriptor, NULL);
  return g_remove (path) == 0;
}

static void
move_homes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      g_autofree char *folder = g_build_filename (data_folder, homes[i].folder, NULL);

      g_setenv (homes[i].variable, folder, TRUE);
    }
}

void
ph_portable_start (void)
{
  g_autofree char *program = ph_executable_dup_path ();
  g_autofree char *folder = NULL;

  environment = g_get_environ ();
  ph_bundle_start ();
  ph_bundle_check_graphics ();
  if (program == NULL)
    return;
  find_schemas (program);
  folder = dup_marked_folder (program);
  if (folder == NULL)
    return;
  data_folder = g_build_filename (folder, "data", NULL);
  move_homes ();
  is_writable = can_write (data_folder);
  if (is_writable)
    log_file = g_build_filename (data_folder, "porthole.log", NULL);
  g_setenv ("GSETTINGS_BACKEND", is_writable ? "keyfile" : "memory", TRUE);
}

gboolean
ph_portable_is_on (void)
{
  return data_folder != NULL;
}

char *
ph_portable_dup_problem (void)
{
  if (data_folder == NULL || is_writable)
    return NULL;
  return g_strdup_printf (_ ("Porthole is in portable mode and cannot write to “%s”, so nothing is "
                             "kept when it closes. Move its folder to where you can write"),
                          data_folder);
}

const char *
ph_portable_get_log_file (void)
{
  return log_file;
}

char *
ph_portable_dup_data_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "porthole", NULL);
}

char *
ph_portable_dup_locale_folder (void)
{
  g_autofree char *program = ph_executable_dup_path ();
  g_autofree char *root = program != NULL ? ph_bundle_dup_root (program) : NULL;
  g_autofree char *folder = root != NULL ? g_build_filename (root, TEXTS, NULL) : NULL;

  if (folder == NULL || !g_file_test (folder, G_FILE_TEST_IS_DIR))
    return NULL;
  return g_steal_pointer (&folder);
}

char *
ph_portable_dup_application_id (const char *id)
{
  g_autofree char *sum = NULL;

  if (data_folder == NULL)
    return g_strdup (id);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, data_folder, -1);
  return g_strdup_printf ("%s.Portable%.*s", id, ID_DIGITS, sum);
}

static void
give_back (GAppLaunchContext *context, const char *variable)
{
  const char *value = g_environ_getenv (environment, variable);

  if (value != NULL)
    g_app_launch_context_setenv (context, variable, value);
  else
    g_app_launch_context_unsetenv (context, variable);
}

void
ph_portable_prepare_launch (GAppLaunchContext *context)
{
  const char *const *bundle = ph_bundle_get_variables ();

  for (gsize i = 0; bundle[i] != NULL; i++)
    give_back (context, bundle[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (homes); i++)
    give_back (context, homes[i].variable);
  give_back (context, "GSETTINGS_BACKEND");
  give_back (context, "GSETTINGS_SCHEMA_DIR");
}

gboolean
ph_portable_open (const char *uri)
{
  g_autoptr (GAppLaunchContext) context = g_app_launch_context_new ();
  g_autofree char *tool = data_folder != NULL ? g_find_program_in_path (OPENER) : NULL;
  g_auto (GStrv) given_back = NULL;
  const char *const arguments[] = { tool, uri, NULL };

  if (tool == NULL)
    return FALSE;
  ph_portable_prepare_launch (context);
  given_back = g_app_launch_context_get_environment (context);
  return g_spawn_async (NULL, (char **)arguments, given_back, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                        NULL);
}
