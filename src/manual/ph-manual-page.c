/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-manual.h"

#include <string.h>

/* What man(7) would read otherwise than it stands: a dash is no hyphen, a backslash no escape, and
 * a dot at the start of a line no request. */
static void
append_text (GString *page, const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    {
      gboolean begins_line = c == text || c[-1] == '\n';

      if (begins_line && (*c == '.' || *c == '\''))
        g_string_append (page, "\\&");
      if (*c == '-')
        g_string_append (page, "\\-");
      else if (*c == '\\')
        g_string_append (page, "\\e");
      else
        g_string_append_c (page, *c);
    }
}

static char *
dup_page_name (const char *name)
{
  return g_strdelimit (g_strdup (name), " ", '-');
}

/* Lines that begin with white space stand as they are, others flow. */
static void
append_block (GString *page, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean as_it_stands = FALSE;

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      gboolean is_indented = *lines[i] == ' ';

      if (*lines[i] == '\0' && lines[i + 1] == NULL)
        break;
      if (is_indented != as_it_stands)
        g_string_append (page, is_indented ? ".PP\n.nf\n" : ".fi\n.PP\n");
      as_it_stands = is_indented;
      if (*lines[i] == '\0')
        g_string_append (page, ".PP");
      append_text (page, lines[i]);
      g_string_append_c (page, '\n');
    }
  if (as_it_stands)
    g_string_append (page, ".fi\n");
}

static void
append_section (GString *page, const char *title, const char *text)
{
  g_autofree char *upper = g_utf8_strup (title, -1);

  g_string_append (page, ".SH ");
  append_text (page, upper);
  g_string_append_c (page, '\n');
  append_block (page, text);
}

static void
append_option (GString *page, const GOptionEntry *option)
{
  g_string_append (page, ".TP\n");
  if (option->short_name != '\0')
    g_string_append_printf (page, "\\fB\\-%c\\fR, ", option->short_name);
  g_string_append (page, "\\fB\\-\\-");
  append_text (page, option->long_name);
  g_string_append (page, "\\fR");
  if (option->arg_description != NULL)
    {
      g_string_append (page, "=\\fI");
      append_text (page, option->arg_description);
      g_string_append (page, "\\fR");
    }
  g_string_append_c (page, '\n');
  append_text (page, option->description);
  g_string_append (page, ".\n");
}

static void
append_options (GString *page, const PhCommand *command)
{
  const GOptionEntry *options = (const GOptionEntry *)command->options->data;

  g_string_append (page, ".SH OPTIONS\n");
  for (guint i = 0; i < command->options->len; i++)
    append_option (page, &options[i]);
  g_string_append (page, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nTell all this in short.\n");
}

static void
append_head (GString *page, const PhCommand *command, const char *version)
{
  g_autofree char *name = dup_page_name (command->name);
  g_autofree char *upper = g_ascii_strup (name, -1);

  g_string_append_printf (page, ".TH \"%s\" 1 \"\" \"Porthole %s\" \"Porthole\"\n", upper, version);
  g_string_append (page, ".nh\n.SH NAME\n");
  append_text (page, name);
  g_string_append_printf (page, " \\- %s\n.SH SYNOPSIS\n.B ", command->purpose);
  append_text (page, command->name);
  g_string_append (page, "\n[\\fIOPTION\\fR…] ");
  append_text (page, command->arguments);
  g_string_append_c (page, '\n');
}

static void
append_others (GString *page, const PhCommand *command, const char *const *others)
{
  g_autofree char *self = dup_page_name (command->name);
  gboolean is_first = TRUE;

  g_string_append (page, ".SH SEE ALSO\n");
  for (; *others != NULL; others++)
    {
      g_autofree char *name = dup_page_name (*others);

      if (g_str_equal (name, self))
        continue;
      g_string_append (page, is_first ? ".BR " : ",\n.BR ");
      append_text (page, name);
      g_string_append (page, " (1)");
      is_first = FALSE;
    }
  g_string_append_c (page, '\n');
}

char *
ph_manual_dup_page (const PhCommand *command, const char *version, const char *const *others)
{
  GString *page = g_string_new (NULL);

  append_head (page, command, version);
  append_section (page, "Description", command->summary);
  append_options (page, command);
  for (guint i = 0; i < command->sections->len; i++)
    {
      const PhCommandSection *section = command->sections->pdata[i];

      append_section (page, section->title, section->text);
    }
  append_others (page, command, others);
  return g_string_free (page, FALSE);
}
