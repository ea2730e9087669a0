/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-keep.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "core/ph-error.h"

#define MAX_BYTES 4096
#define OWNER_ONLY 0600
#define OTHERS 0077

gboolean
ph_keep_write (const char *path, const PhKept *kept, GError **error)
{
  g_autofree char *text = ph_kept_dup_text (kept);
  g_autoptr (GError) failure = NULL;

  if (g_file_set_contents_full (path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                OWNER_ONLY, &failure))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "The share code cannot be kept in “%s”: %s; name a file in a folder of yours", path,
               failure->message);
  return FALSE;
}

static gboolean
set_unusable (GError **error, const char *path, const char *reason)
{
  g_set_error (
      error, PH_ERROR, PH_ERROR_INVALID,
      "No share code can be read from “%s”: %s. Restore the file from a copy, or remove it "
      "to begin with a new code",
      path, reason);
  return FALSE;
}

/* Asked of what was opened, so that it is about what is read. */
static gboolean
check_file (GFileInputStream *stream, const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GFileInfo) info = g_file_input_stream_query_info (
      stream, G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_UNIX_MODE, NULL, &failure);
  guint32 mode;

  if (info == NULL)
    return set_unusable (error, path, failure->message);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    return set_unusable (error, path, "it is no ordinary file");
  mode = g_file_info_get_attribute_uint32 (info, G_FILE_ATTRIBUTE_UNIX_MODE);
  if ((mode & OTHERS) == 0) /* as where there are no such modes */
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "“%s” is open to other users (mode %03o), and whoever reads it can take your place; "
               "“chmod 600” makes it yours alone",
               path, mode & 0777);
  return FALSE;
}

static gboolean
read_stream (GFileInputStream *stream, const char *path, PhKept *ret_kept, GError **error)
{
  g_autoptr (GError) failure = NULL;
  char text[MAX_BYTES + 1];
  gsize size = 0;

  if (!check_file (stream, path, error))
    return FALSE;
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), text, sizeof text, &size, NULL, &failure))
    return set_unusable (error, path, failure->message);
  if (size == sizeof text)
    return set_unusable (error, path, "it is too long");
  text[size] = '\0';
  if (!ph_kept_parse (text, ret_kept, &failure))
    return set_unusable (error, path, failure->message);
  return TRUE;
}

/* In a Flatpak, folders that are not let in have namesakes on the sandbox's own file system, which
 * goes with it (flatpak-run(1)). */
static gboolean
check_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  GStatBuf root, there;

  if (!g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_stat ("/", &root) != 0 ||
      g_stat (folder, &there) != 0 || root.st_dev != there.st_dev)
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "The share code cannot be kept in “%s”: that folder is not let into the sandbox, so "
               "the file would be gone when Porthole ends; let it in with “flatpak run "
               "--filesystem=FOLDER …”",
               path);
  return FALSE;
}

gboolean
ph_keep_open (const char *path, PhKept *ret_kept, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) failure = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, &failure);
  PhKept drawn;

  if (stream != NULL)
    return read_stream (stream, path, ret_kept, error);
  if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return set_unusable (error, path, failure->message);
  ph_kept_draw (&drawn);
  if (!check_folder (path, error) || !ph_keep_write (path, &drawn, error))
    return FALSE;
  *ret_kept = drawn;
  return TRUE;
}
