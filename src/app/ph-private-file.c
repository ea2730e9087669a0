/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-private-file.h"

#include <errno.h>

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "core/ph-error.h"

#define MAX_DAMAGED 100

/* Owned; NULL where all names are taken. */
static char *
dup_free_name (const char *path)
{
  for (guint i = 1; i <= MAX_DAMAGED; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s.damaged-%u", path, i);

      if (!g_file_test (name, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&name);
    }
  return NULL;
}

void
ph_private_file_set_aside (const char *path, const char *why, GError **error)
{
  g_autofree char *name = dup_free_name (path);

  if (name != NULL && g_rename (path, name) == 0)
    g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                 _ ("“%s” could not be understood (%s). It is kept as “%s”, and an empty one takes "
                    "its place"),
                 path, why, name);
  else
    g_set_error (error, PH_ERROR, PH_ERROR_FAILED,
                 _ ("“%s” could not be understood (%s) and could not be kept under another name. "
                    "Move it away, then start Porthole again"),
                 path, why);
}

static gboolean
is_too_large (const char *path)
{
  GStatBuf status;

  return g_stat (path, &status) == 0 && status.st_size > PH_PRIVATE_FILE_MAX_BYTES;
}

GKeyFile *
ph_private_file_read (const char *path, GError **error)
{
  g_autoptr (GKeyFile) content = g_key_file_new ();
  g_autoptr (GError) reason = NULL;

  if (is_too_large (path))
    ph_private_file_set_aside (path, _ ("it is too large"), error);
  else if (g_key_file_load_from_file (content, path, G_KEY_FILE_NONE, &reason) ||
           g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&content);
  else if (reason->domain == G_KEY_FILE_ERROR)
    ph_private_file_set_aside (path, reason->message, error);
  else
    g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("“%s” could not be read: %s"), path,
                 reason->message);
  return NULL;
}

gboolean
ph_private_file_write (const char *path, GKeyFile *content, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("The folder “%s” could not be made: %s"),
                   folder, g_strerror (errno));
      return FALSE;
    }
  text = g_key_file_to_data (content, &size, NULL);
  if (g_file_set_contents_full (path, text, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                &reason))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("“%s” could not be written: %s"), path,
               reason->message);
  return FALSE;
}
