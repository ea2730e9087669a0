/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-manual.h"

#include <string.h>

/* The last word of "porthole host", or the whole of "porthole". */
static const char *
last_word (const char *name)
{
  const char *space = strrchr (name, ' ');

  return space != NULL ? space + 1 : name;
}

static const GOptionEntry *
get_options (const PhCommand *command)
{
  return (const GOptionEntry *)command->options->data;
}

/* "--allow --yes -L", those that take a value or all. */
static char *
dup_option_words (const PhCommand *command)
{
  GString *words = g_string_new ("--help");

  for (const GOptionEntry *option = get_options (command); option->long_name != NULL; option++)
    {
      g_string_append_printf (words, " --%s", option->long_name);
      if (option->short_name != '\0')
        g_string_append_printf (words, " -%c", option->short_name);
    }
  return g_string_free (words, FALSE);
}

/* The words among "HOST[:PORT]|none" that are to be typed as they stand: those in small letters. */
static char *
dup_choices (const char *argument)
{
  g_auto (GStrv) parts = g_strsplit (argument, "|", -1);
  GString *words = g_string_new (NULL);

  for (gsize i = 0; parts[1] != NULL && parts[i] != NULL; i++)
    if (strspn (parts[i], "abcdefghijklmnopqrstuvwxyz") == strlen (parts[i]))
      g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", parts[i]);
  return g_string_free (words, FALSE);
}

/* How the value of an option is completed: file names, of which folders are gone on with, words, or
 * not at all. */
static void
append_value (GString *script, const GOptionEntry *option)
{
  g_autofree char *choices = NULL;

  if (option->arg_description == NULL)
    return;
  g_string_append_printf (script, "    --%s", option->long_name);
  if (option->short_name != '\0')
    g_string_append_printf (script, " | -%c", option->short_name);
  g_string_append (script, ")\n");
  choices = dup_choices (option->arg_description);
  if (g_str_equal (option->arg_description, "FILE"))
    g_string_append (script, "      compopt -o filenames 2> /dev/null\n"
                             "      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n");
  else if (*choices != '\0')
    g_string_append_printf (
        script, "      mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")\n", choices);
  g_string_append (script, "      return ;;\n");
}

/* A function that completes @command's options and their values. */
static void
append_function (GString *script, const PhCommand *command)
{
  g_autofree char *function = g_strdelimit (g_strdup (command->name), " -", '_');
  g_autofree char *words = dup_option_words (command);

  g_string_append_printf (
      script, "_%s_options ()\n{\n  local word=$1 option=$2\n  case $option in\n", function);
  for (const GOptionEntry *option = get_options (command); option->long_name != NULL; option++)
    append_value (script, option);
  g_string_append_printf (script,
                          "  esac\n"
                          "  mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")\n}\n\n",
                          words);
}

/* Bash makes a word of the “=” in --option=VALUE. */
static const char find_option[] =
    "  local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "  COMPREPLY=()\n"
    "  if [ \"$word\" = '=' ]; then\n"
    "    word=\n"
    "  elif [ \"$option\" = '=' ]; then\n"
    "    option=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "  fi\n";

static void
append_subcommands (GString *script, PhCommand **subcommands, gsize n_subcommands)
{
  g_autoptr (GString) words = g_string_new (NULL);

  for (gsize i = 0; i < n_subcommands; i++)
    {
      const char *word = last_word (subcommands[i]->name);
      g_autofree char *function = g_strdelimit (g_strdup (subcommands[i]->name), " -", '_');

      g_string_append_printf (words, "%s ", word);
      g_string_append_printf (
          script,
          "  if [ \"$COMP_CWORD\" -gt 1 ] && [ \"${COMP_WORDS[1]}\" = %s ]; then\n"
          "    _%s_options \"$word\" \"$option\"\n    return\n  fi\n",
          word, function);
    }
  if (n_subcommands > 0)
    g_string_append_printf (script,
                            "  if [ \"$COMP_CWORD\" = 1 ] && [ \"${word#-}\" = \"$word\" ]; then\n"
                            "    mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\")\n"
                            "    return\n  fi\n",
                            g_strchomp (words->str));
}

char *
ph_manual_dup_bash (const PhCommand *program, PhCommand **subcommands, gsize n_subcommands)
{
  GString *script = g_string_new (NULL);
  g_autofree char *function = g_strdelimit (g_strdup (program->name), " -", '_');

  g_string_append_printf (script, "# bash completion for %s\n\n", program->name);
  append_function (script, program);
  for (gsize i = 0; i < n_subcommands; i++)
    append_function (script, subcommands[i]);
  g_string_append_printf (script, "_%s ()\n{\n%s", function, find_option);
  append_subcommands (script, subcommands, n_subcommands);
  g_string_append_printf (script, "  _%s_options \"$word\" \"$option\"\n}\n", function);
  g_string_append_printf (script, "complete -F _%s %s\n", function, program->name);
  return g_string_free (script, FALSE);
}
