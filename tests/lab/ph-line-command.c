/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-line-command.h"

#include <string.h>

static const struct
{
  const char *name;
  gsize offset;
} settings_table[] = {
  { "delay_us", G_STRUCT_OFFSET (PhLineSettings, delay_us) },
  { "rate_bps", G_STRUCT_OFFSET (PhLineSettings, rate_bps) },
  { "queue_bytes", G_STRUCT_OFFSET (PhLineSettings, queue_bytes) },
  { "loss_ppm", G_STRUCT_OFFSET (PhLineSettings, loss_ppm) },
  { "duplicate_ppm", G_STRUCT_OFFSET (PhLineSettings, duplicate_ppm) },
  { "reorder_ppm", G_STRUCT_OFFSET (PhLineSettings, reorder_ppm) },
  { "late_us", G_STRUCT_OFFSET (PhLineSettings, late_us) },
};

static const struct
{
  const char *name;
  gboolean is_chosen[2];
} ways[] = {
  { "ab", { TRUE, FALSE } },
  { "ba", { FALSE, TRUE } },
  { "both", { TRUE, TRUE } },
};

static char *
dup_error (const char *what, const char *read, const char *right)
{
  return g_strdup_printf ("error: “%s” is no %s; it is %s", read, what, right);
}

/* Parses "NAME=NUMBER" into @settings. */
static gboolean
apply_setting (PhLineSettings *settings, const char *text)
{
  const char *equals = strchr (text, '=');
  guint64 number;

  if (equals == NULL ||
      !g_ascii_string_to_unsigned (equals + 1, 10, 0, G_MAXINT64 / 1000000000, &number, NULL))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (settings_table); i++)
    if (strlen (settings_table[i].name) == (gsize)(equals - text) &&
        g_str_has_prefix (text, settings_table[i].name))
      {
        G_STRUCT_MEMBER (guint64, settings, settings_table[i].offset) = number;
        return TRUE;
      }
  return FALSE;
}

static char *
dup_applied (PhLineSettings *settings, char **words)
{
  if (strcmp (words[0], "down") == 0 || strcmp (words[0], "up") == 0)
    settings->is_down = words[0][0] == 'd';
  else if (strcmp (words[0], "set") == 0)
    for (guint i = 2; words[i] != NULL; i++)
      {
        if (!apply_setting (settings, words[i]))
          return dup_error ("setting", words[i], "NAME=NUMBER, such as delay_us=25000");
      }
  else
    return dup_error ("command", words[0], "set, down, up or count");
  return NULL;
}

static char *
dup_answer_for_way (PhLine *const lines[2], const gboolean is_chosen[2], char **words)
{
  PhLineSettings changed[2];

  for (guint i = 0; i < 2; i++)
    {
      changed[i] = *ph_line_get_settings (lines[i]);
      if (is_chosen[i])
        {
          char *error = dup_applied (&changed[i], words);

          if (error != NULL)
            return error;
        }
    }
  for (guint i = 0; i < 2; i++)
    *ph_line_get_settings (lines[i]) = changed[i];
  return g_strdup ("ok");
}

static char *
dup_counters (PhLine *line)
{
  const PhLineCounters *c = ph_line_get_counters (line);

  return g_strdup_printf ("{\"taken\": %" G_GUINT64_FORMAT ", \"taken_bytes\": %" G_GUINT64_FORMAT
                          ", \"given\": %" G_GUINT64_FORMAT ", \"given_bytes\": %" G_GUINT64_FORMAT
                          ", \"lost\": %" G_GUINT64_FORMAT ", \"duplicated\": %" G_GUINT64_FORMAT
                          ", \"reordered\": %" G_GUINT64_FORMAT
                          ", \"overflowed\": %" G_GUINT64_FORMAT ", \"cut\": %" G_GUINT64_FORMAT
                          "}",
                          c->taken, c->taken_bytes, c->given, c->given_bytes, c->lost,
                          c->duplicated, c->reordered, c->overflowed, c->cut);
}

char *
ph_line_dup_answer (PhLine *const lines[2], const char *command)
{
  g_auto (GStrv) words = g_strsplit (command, " ", -1);

  if (g_strcmp0 (words[0], "count") == 0)
    {
      g_autofree char *ab = dup_counters (lines[0]);
      g_autofree char *ba = dup_counters (lines[1]);

      return g_strdup_printf ("{\"ab\": %s, \"ba\": %s}", ab, ba);
    }
  if (words[0] == NULL || words[1] == NULL)
    return dup_error ("command", command, "set, down or up with ab, ba or both, or count");
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    if (strcmp (words[1], ways[i].name) == 0)
      return dup_answer_for_way (lines, ways[i].is_chosen, words);
  return dup_error ("way", words[1], "ab, ba or both");
}
