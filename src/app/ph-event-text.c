/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-event-text.h"

#include <glib/gi18n.h>
#include <string.h>

const char *
ph_event_level_title (PhEventLevel level)
{
  switch (level)
    {
    case PH_EVENT_INFO:
      return _ ("Information");
    case PH_EVENT_WARNING:
      return _ ("Warning");
    case PH_EVENT_ERROR:
      return _ ("Error");
    }
  g_return_val_if_reached ("");
}

char *
ph_event_dup_line (PhEventItem *event)
{
  gint64 time_us = ph_event_item_get_time_us (event);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (time_us / G_USEC_PER_SEC);
  g_autofree char *iso = g_date_time_format (time, "%FT%T%:z");
  g_autofree char *text = g_strdup (ph_event_item_get_text (event));
  g_autofree char *line = NULL;

  g_strdelimit (text, "\r\n", ' ');
  line = g_strdup_printf ("%s  %s: %s", iso, ph_event_level_title (ph_event_item_get_level (event)),
                          text);
  if (ph_event_item_get_count (event) == 1)
    return g_steal_pointer (&line);
  return g_strdup_printf ("%s (×%u)", line, ph_event_item_get_count (event));
}

char *
ph_event_dup_lines (GListModel *events)
{
  GString *lines = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (events); i++)
    {
      g_autoptr (PhEventItem) event = g_list_model_get_item (events, i);
      g_autofree char *line = ph_event_dup_line (event);

      g_string_append_printf (lines, "%s\n", line);
    }
  return g_string_free (lines, FALSE);
}

gboolean
ph_event_matches (PhEventItem *event, PhEventLevel least, const char *needle)
{
  g_autofree char *text = NULL;

  if (ph_event_item_get_level (event) < least)
    return FALSE;
  if (*needle == '\0')
    return TRUE;
  text = g_utf8_casefold (ph_event_item_get_text (event), -1);
  return strstr (text, needle) != NULL;
}
