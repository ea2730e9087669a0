/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-bundle.h"

#include <string.h>

#include "ph-executable.h"

#define KNOWN_BY "lib/gio-modules"
#define LIBRARIES "LD_LIBRARY_PATH"
#define WITHOUT_GL "gl-disable"
#define SYSTEM_DATA "/usr/local/share:/usr/share" /* where XDG_DATA_DIRS is not set */

/* Which variable leads where in the bundle. */
static const struct
{
  const char *variable;
  const char *path;
} places[] = {
  { "GIO_MODULE_DIR", KNOWN_BY },
  { "GDK_PIXBUF_MODULE_FILE", "lib/pixbuf-loaders.cache" },
  { "GTK_EXE_PREFIX", "" },
  { "FONTCONFIG_FILE", "share/fonts/fonts.conf" },
};

/* With these the host's modules would be loaded, which were made for its own libraries. */
static const char *const foreign[] = { "GIO_EXTRA_MODULES", "GTK_PATH" };

static const char *const variables[] = {
  "GIO_MODULE_DIR",
  "GDK_PIXBUF_MODULE_FILE",
  "GTK_EXE_PREFIX",
  "FONTCONFIG_FILE",
  "GIO_EXTRA_MODULES",
  "GTK_PATH",
  "XDG_DATA_DIRS",
  "GDK_DEBUG",
  NULL,
};

/* Where distributions have the certificates: Debian and Arch, Fedora, openSUSE. */
static const char *const authorities[] = {
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
};

static char *root; /* written once, by ph_bundle_start */

char *
ph_bundle_dup_root (const char *program)
{
  g_autofree char *folder = g_path_get_dirname (program);
  g_autofree char *name = g_path_get_basename (folder);

  return g_str_equal (name, "bin") ? g_path_get_dirname (folder) : g_steal_pointer (&folder);
}

/* Ours come before the host's, which the person's own programs and browser are looked for in. */
static void
add_data (void)
{
  const char *others = g_getenv ("XDG_DATA_DIRS");
  g_autofree char *folder = g_build_filename (root, "share", NULL);
  g_autofree char *both = NULL;

  if (others == NULL || *others == '\0')
    others = SYSTEM_DATA;
  both = g_strjoin (G_SEARCHPATH_SEPARATOR_S, folder, others, NULL);
  g_setenv ("XDG_DATA_DIRS", both, TRUE);
}

/* The launcher has put our libraries before the person's, where these are set. That has been read
 * by now, and is not for what is started from here. */
static void
take_back_libraries (void)
{
  g_autofree char *ours = g_strconcat (root, "/lib:", NULL);
  g_autofree char *all = g_strdup (g_getenv (LIBRARIES));

  if (all != NULL && g_str_has_prefix (all, ours))
    g_setenv (LIBRARIES, all + strlen (ours), TRUE);
}

void
ph_bundle_start (void)
{
  g_autofree char *program = ph_executable_dup_path ();
  g_autofree char *folder = program != NULL ? ph_bundle_dup_root (program) : NULL;
  g_autofree char *known_by = folder != NULL ? g_build_filename (folder, KNOWN_BY, NULL) : NULL;

  if (known_by == NULL || !g_file_test (known_by, G_FILE_TEST_IS_DIR))
    return;
  root = g_steal_pointer (&folder);
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = g_build_filename (root, places[i].path, NULL);

      g_setenv (places[i].variable, path, TRUE);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    g_unsetenv (foreign[i]);
  add_data ();
  take_back_libraries ();
}

void
ph_bundle_check_graphics (void)
{
  const char *others = g_getenv ("GDK_DEBUG");
  g_autofree char *all = NULL;

  if (root == NULL || ph_bundle_can_load ("libGL.so.1") || ph_bundle_can_load ("libOpenGL.so.0"))
    return;
  all = g_strconcat (WITHOUT_GL, others != NULL ? "," : NULL, others, NULL);
  g_setenv ("GDK_DEBUG", all, TRUE);
}

const char *
ph_bundle_get_root (void)
{
  return root;
}

const char *const *
ph_bundle_get_variables (void)
{
  return variables;
}

const char *
ph_bundle_get_authorities (void)
{
  if (root == NULL)
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (authorities); i++)
    if (g_file_test (authorities[i], G_FILE_TEST_EXISTS))
      return authorities[i];
  return NULL;
}
