/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-command.h"

#include "ph-error.h"

static void
section_free (gpointer data)
{
  PhCommandSection *section = data;

  g_free (section->text);
  g_free (section);
}

PhCommand *
ph_command_new (const char *name, const char *purpose, const char *arguments, const char *summary)
{
  PhCommand *self = g_new0 (PhCommand, 1);

  self->name = name;
  self->purpose = purpose;
  self->arguments = arguments;
  self->summary = summary;
  self->options = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  self->sections = g_ptr_array_new_with_free_func (section_free);
  return self;
}

void
ph_command_free (PhCommand *self)
{
  g_array_unref (self->options);
  g_ptr_array_unref (self->sections);
  g_free (self);
}

void
ph_command_add_options (PhCommand *self, const GOptionEntry *entries)
{
  for (; entries->long_name != NULL; entries++)
    g_array_append_vals (self->options, entries, 1);
}

void
ph_command_add_section (PhCommand *self, const char *title, char *text)
{
  PhCommandSection *section = g_new0 (PhCommandSection, 1);

  section->title = title;
  section->text = text;
  g_ptr_array_add (self->sections, section);
}

static char *
dup_sections (PhCommand *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->sections->len; i++)
    {
      PhCommandSection *section = self->sections->pdata[i];

      g_string_append_printf (text, "%s%s:\n%s", i > 0 ? "\n" : "", section->title, section->text);
    }
  return g_string_free (text, FALSE);
}

static GOptionContext *
new_context (PhCommand *self)
{
  GOptionContext *context = g_option_context_new (self->arguments);
  g_autofree char *sections = dup_sections (self);

  g_set_prgname (self->name); /* what the help calls it */
  g_option_context_set_summary (context, self->summary);
  g_option_context_set_description (context, sections);
  g_option_context_add_main_entries (context, (const GOptionEntry *)self->options->data, NULL);
  return context;
}

gboolean
ph_command_parse (PhCommand *self, int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = new_context (self);
  g_autoptr (GError) failure = NULL;

  if (g_option_context_parse (context, argc, argv, &failure))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "%s; “%s --help” tells what is possible",
               failure->message, self->name);
  return FALSE;
}

char *
ph_command_dup_help (PhCommand *self)
{
  g_autoptr (GOptionContext) context = new_context (self);

  return g_option_context_get_help (context, TRUE, NULL);
}
