/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-text.h"

#include <string.h>

/* Letters by category that draw nothing at all: a name made of them would look like no name. */
static gboolean
is_blank_letter (gunichar c)
{
  return c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || c == 0x2800 ||
         c == 0x3164 || c == 0xffa0;
}

/* Bidi and zero-width characters are all of category Cf. */
static gboolean
is_hidden (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_SURROGATE ||
         type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR ||
         is_blank_letter (c);
}

static gboolean
is_break (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static void
trim (GString *text)
{
  gsize start = 0;

  while (start < text->len && g_unichar_isspace (g_utf8_get_char (text->str + start)))
    start += (gsize)(g_utf8_next_char (text->str + start) - (text->str + start));
  g_string_erase (text, 0, (gssize)start);
  while (text->len > 0)
    {
      const char *last = g_utf8_prev_char (text->str + text->len);

      if (!g_unichar_isspace (g_utf8_get_char (last)))
        break;
      g_string_truncate (text, (gsize)(last - text->str));
    }
}

static void
shorten (GString *text, gsize max_bytes)
{
  gsize end = max_bytes;

  if (text->len <= max_bytes)
    return;
  while (end > 0 && ((guchar)text->str[end] & 0xc0) == 0x80)
    end--;
  g_string_truncate (text, end);
}

char *
ph_text_clean (const char *text, gssize size, gsize max_bytes)
{
  g_autofree char *valid = g_utf8_make_valid (text, size);
  GString *clean = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_break (c))
        g_string_append_c (clean, ' ');
      else if (!is_hidden (c))
        g_string_append_unichar (clean, c);
    }
  trim (clean);
  shorten (clean, max_bytes);
  trim (clean);
  return g_string_free (clean, FALSE);
}

char *
ph_text_hide_login (const char *text)
{
  const char *at = strrchr (text, '@');
  const char *colon = strchr (text, ':');
  gsize shown = 0;

  if (at == NULL)
    return g_strdup (text);
  if (colon != NULL && colon < at)
    shown = (gsize)(colon + 1 - text) + strspn (colon + 1, "/");
  return g_strdup_printf ("%.*s…%s", (int)shown, text, at);
}

gboolean
ph_text_is_name (const char *text)
{
  gboolean is_blank = TRUE;

  if (strlen (text) > PH_TEXT_MAX_NAME || !g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_hidden (c))
        return FALSE;
      is_blank = is_blank && g_unichar_isspace (c);
    }
  return !is_blank;
}
