/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-kept.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"

#define GROUP "session"

void
ph_kept_draw (PhKept *ret_kept)
{
  *ret_kept = (PhKept){ 0 };
  ph_code_draw_token (ret_kept->token);
  ph_code_draw (ret_kept->secret, sizeof ret_kept->secret);
}

char *
ph_kept_dup_text (const PhKept *kept)
{
  g_autofree char *secret = ph_base64url_encode (kept->secret, sizeof kept->secret);

  return g_strdup_printf ("# The share code of a Porthole session. Whoever reads this can take its "
                          "Host's place.\n"
                          "[" GROUP "]\ntoken=%s\nsecret=%s\nport=%u\n",
                          kept->token, secret, kept->port);
}

static gboolean
read_port (GKeyFile *file, guint16 *ret_port)
{
  g_autofree char *text = g_key_file_get_value (file, GROUP, "port", NULL);
  guint64 port = 0;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &port, NULL))
    return FALSE;
  *ret_port = (guint16)port;
  return TRUE;
}

static gboolean
set_error (GError **error, const char *part)
{
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("“%s” is missing in it, or damaged"), part);
  return FALSE;
}

gboolean
ph_kept_parse (const char *text, PhKept *ret_kept, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *token = NULL;
  g_autofree char *secret = NULL;
  char id[PH_ID_SIZE];
  PhKept kept = { 0 };

  if (!g_key_file_load_from_data (file, text, (gsize)-1, G_KEY_FILE_NONE, NULL))
    return set_error (error, "[" GROUP "]");
  token = g_key_file_get_value (file, GROUP, "token", NULL);
  secret = g_key_file_get_value (file, GROUP, "secret", NULL);
  if (token == NULL || !ph_code_id_from_token (token, id))
    return set_error (error, "token");
  if (secret == NULL || !ph_base64url_decode (secret, kept.secret, sizeof kept.secret))
    return set_error (error, "secret");
  if (!read_port (file, &kept.port))
    return set_error (error, "port");
  g_strlcpy (kept.token, token, sizeof kept.token);
  *ret_kept = kept;
  return TRUE;
}
