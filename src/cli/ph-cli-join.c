/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-quit.h"
#include "session/ph-block.h"
#include "session/ph-join.h"

#include "ph-input.h"
#include "ph-options.h"
#include "ph-output.h"
#include "ph-paste.h"

typedef struct
{
  GMainLoop *loop;
  PhJoin *join;
  PhOutput *output;
  PhInput *input;
  PhPaste *paste;     /* NULL with a server */
  const char *offer;  /* from the command line; else NULL */
  gboolean has_offer; /* one has been taken */
  GError *error;      /* why it was ended from here */
  PhExit status;
} JoinProgram;

static const char summary[] =
    "Uses what somebody shares: paste the link or share code they gave you, and say\n"
    "with -L which port here shall be which service there:\n"
    "  -L 25565                      127.0.0.1:25565 on both sides\n"
    "  -L 8080:127.0.0.1:80          port 8080 here is port 80 at the Host\n"
    "  -L 8443:example.com:443       the Host looks the name up\n"
    "  -L '8000:[::1]:8000'          IPv6 addresses stand in brackets\n"
    "  -L 0.0.0.0:8000:10.0.0.7:80   for the other computers here, too\n"
    "  -L 0:127.0.0.1:80             any port that is free here\n"
    "With --manual, paste the offer they sent you, and send back the answer that shows.\n"
    "Nothing is asked. A bare session ID works only with --allow-unverified.";

static gboolean
run_map (gpointer target, const char *rest, GError **error)
{
  return ph_join_map (((JoinProgram *)target)->join, rest, error);
}

static gboolean
run_unmap (gpointer target, const char *rest, GError **error)
{
  return ph_join_unmap (((JoinProgram *)target)->join, rest, error);
}

static gboolean
run_quit (gpointer target, const char *rest, GError **error)
{
  ph_join_end (((JoinProgram *)target)->join);
  return TRUE;
}

static const PhInputCommand commands[] = {
  { "map", "SPEC", "a mapping like 8000:127.0.0.1:80", "maps one port more, as -L does", run_map },
  { "unmap", "PORT", "the local port of a mapping",
    "takes a mapping away, and closes its connections", run_unmap },
  { "quit", NULL, NULL, "ends the session", run_quit },
  { NULL },
};

static void
on_pasted (const char *text, gpointer user_data)
{
  JoinProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  if (ph_join_paste (self->join, text, &error))
    self->has_offer = TRUE;
  else
    ph_output_warn (self->output, ph_error_name (ph_error_code (error)), error->message);
}

static void
on_command (const char *line, gpointer user_data)
{
  JoinProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  if (*line == '\0' || ph_output_help (self->output, commands, line) ||
      ph_input_run (commands, line, self, &error))
    return;
  /* A port that cannot be listened on has been told as an event. */
  if (ph_error_code (error) != PH_ERROR_LISTEN)
    ph_output_warn (self->output, "invalid", error->message);
}

static const PhPasteEvents paste_events = { .pasted = on_pasted, .command = on_command };

static void
on_line (const char *line, gpointer user_data)
{
  JoinProgram *self = user_data;

  if (self->paste != NULL)
    ph_paste_take (self->paste, line);
  else
    on_command (line, self);
}

static void
on_too_long (gpointer user_data)
{
  ph_output_line_too_long (((JoinProgram *)user_data)->output);
}

/* A Client goes on without somebody who types, but for what it cannot begin without. */
static void
on_end_of_input (gpointer user_data)
{
  JoinProgram *self = user_data;

  if (self->paste == NULL)
    return;
  ph_paste_end (self->paste);
  if (self->has_offer)
    return;
  self->error = g_error_new_literal (PH_ERROR, PH_ERROR_INVALID,
                                     "Standard input has ended before an offer came; paste the "
                                     "block that the Host has sent you, whole");
  ph_join_end (self->join);
}

static const PhInputEvents input_events = {
  .line = on_line,
  .too_long = on_too_long,
  .ended = on_end_of_input,
};

static void
on_quit (gpointer user_data)
{
  JoinProgram *self = user_data;

  if (self->join != NULL) /* else it is ending */
    ph_join_end (self->join);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  JoinProgram *self = user_data;

  self->status = ph_cli_exit_status (self->error != NULL ? self->error : error);
  if (self->error != NULL)
    ph_output_error (self->output, self->error);
  g_main_loop_quit (self->loop);
}

/* FALSE if there were mappings and none could listen. */
static gboolean
map_all (PhJoin *join, char **mappings)
{
  guint n_listening = 0;

  for (gsize i = 0; mappings != NULL && mappings[i] != NULL; i++)
    n_listening += ph_join_map (join, mappings[i], NULL) ? 1 : 0;
  return mappings == NULL || n_listening > 0;
}

static void
begin (JoinProgram *self)
{
  ph_join_start (self->join);
  if (self->paste == NULL)
    ph_output_say (self->output, "Asking the Host to let you in …");
  else if (self->offer != NULL)
    on_pasted (self->offer, self);
  else
    ph_output_say (self->output, "Paste the offer that the Host has sent you, all of it:");
}

static void
run_loop (JoinProgram *self)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->input = ph_input_new (NULL, &input_events, self);
  begin (self);
  g_main_loop_run (self->loop);
  ph_input_free (self->input);
  g_main_loop_unref (self->loop);
}

static PhExit
run (const PhOptions *options,
     const PhJoinOptions *join_options,
     const char *offer,
     char **mappings)
{
  JoinProgram self = { .offer = offer };
  /* First and to the end: a signal never finds the program half made, nor kills it. */
  g_autoptr (PhQuit) quit = ph_quit_new (NULL, on_quit, &self);
  g_autoptr (GError) error = NULL;

  self.output = ph_output_new (PH_OUTPUT_JOIN, options->is_json);
  ph_output_set_ended (self.output, on_ended, &self);
  if (join_options->is_manual)
    self.paste = ph_paste_new (NULL, !options->is_json, &paste_events, &self);
  self.join = ph_join_new (join_options, ph_output_get_events (self.output), self.output, &error);
  if (self.join != NULL && !map_all (self.join, mappings))
    g_set_error_literal (&error, PH_ERROR, PH_ERROR_LISTEN,
                         "None of the ports could be used, so there was no point in joining");
  if (error != NULL)
    {
      ph_output_error (self.output, error);
      self.status = ph_cli_exit_status (error);
    }
  else
    {
      if (mappings == NULL)
        ph_output_warn (self.output, "no-mappings",
                        "Nothing is mapped yet: no -L was given. Type “map PORT”");
      run_loop (&self);
    }
  g_clear_pointer (&self.join, ph_join_free);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* what was cancelled comes home */
  g_clear_pointer (&self.paste, ph_paste_free);
  g_clear_error (&self.error);
  ph_output_free (self.output);
  return self.status;
}

/* What the command line says. */
typedef struct
{
  PhOptions options;
  PhCode *code;
  char *offer;
  char **mappings;
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  ph_options_clear (&arguments->options);
  ph_code_free (arguments->code);
  g_free (arguments->offer);
  g_strfreev (arguments->mappings);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static PhCommand *
new_command (Arguments *ret)
{
  const GOptionEntry entries[] = {
    { "map", 'L', 0, G_OPTION_ARG_FILENAME_ARRAY, &ret->mappings,
      "Which port here is which service there, may repeat", "[BIND:]PORT[:HOST:HOSTPORT]" },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command =
      ph_command_new ("porthole join", "use what somebody shares", "CODE|LINK|ID|OFFER", summary);

  ph_command_add_options (command, entries);
  ph_options_add (&ret->options, command);
  ph_command_add_section (command, "Commands while it runs", ph_input_describe (commands));
  ph_options_add_environment (command);
  return command;
}

PhCommand *
ph_cli_describe_join (void)
{
  static Arguments arguments;

  return new_command (&arguments);
}

/* Other users of this computer see the command line of every process. */
static void
hide_secret (char *text)
{
  char *secret = strchr (text, '#');

  if (secret == NULL)
    secret = strstr (text, "%23");
  if (secret == NULL && strstr (text, "://") == NULL)
    secret = strchr (text, '.');
  if (secret != NULL)
    memset (secret + 1, '*', strlen (secret + 1));
}

/* An offer begins with dashes, which make an option of it; so it is taken out, and out of sight,
 * before options are read. */
static char *
take_offer (int *argc, char **argv)
{
  for (int i = 1; i < *argc; i++)
    if (ph_block_begins (argv[i]))
      {
        char *offer = g_strdup (argv[i]);

        memset (argv[i], '*', strlen (argv[i]));
        memmove (argv + i, argv + i + 1, (gsize)(*argc - i) * sizeof *argv);
        --*argc;
        return offer;
      }
  return NULL;
}

static gboolean
check_offer (const char *text, GError **error)
{
  g_autoptr (PhBlock) offer = ph_block_parse (text, PH_BLOCK_OFFER, error);

  return offer != NULL && ph_block_check_age (offer, g_get_real_time () / G_USEC_PER_SEC, error);
}

static gboolean
read_manual (int argc, char **argv, Arguments *ret, GError **error)
{
  ret->options.is_manual = TRUE;
  if (argc > 1)
    {
      hide_secret (argv[1]);
      g_set_error (
          error, PH_ERROR, PH_ERROR_INVALID,
          "“%s” is no offer, and with --manual nothing else can be joined: an offer begins "
          "with “-----BEGIN PORTHOLE OFFER-----” and stands in quotes",
          argv[1]);
      return FALSE;
    }
  return (ret->offer == NULL || check_offer (ret->offer, error)) &&
         ph_mapping_check ((const char *const *)ret->mappings, error) &&
         ph_options_finish (&ret->options, error);
}

static gboolean
read_arguments (int argc, char **argv, Arguments *ret, GError **error)
{
  g_autoptr (PhCommand) command = new_command (ret);

  ret->offer = take_offer (&argc, argv);
  if (!ph_cli_parse (command, &argc, &argv, error))
    return FALSE;
  if (ret->options.is_manual || ret->offer != NULL)
    return read_manual (argc, argv, ret, error);
  if (argc < 2)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "Say what to join: the link or share code that the Host shows");
      return FALSE;
    }
  if (argc > 2)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "“%s” is too much: one link or share code is expected; a link stands in quotes, "
                   "and mappings stand behind -L",
                   argv[2]);
      return FALSE;
    }
  ret->code = ph_code_parse (argv[1], error);
  hide_secret (argv[1]);
  return ret->code != NULL && ph_mapping_check ((const char *const *)ret->mappings, error) &&
         ph_options_finish (&ret->options, error);
}

int
ph_cli_join (int argc, char **argv)
{
  gboolean wants_json = ph_cli_wants_json (argv);
  g_auto (Arguments) arguments = { 0 };
  PhJoinOptions join_options = { 0 };
  g_autoptr (GError) error = NULL;

  if (!read_arguments (argc, argv, &arguments, &error))
    return ph_cli_fail (wants_json, error);
  join_options.code = arguments.code;
  join_options.is_manual = arguments.options.is_manual;
  join_options.signal = arguments.options.signal;
  join_options.name = arguments.options.name;
  join_options.allow_unverified = arguments.options.allow_unverified;
  join_options.servers = arguments.options.servers;
  return run (&arguments.options, &join_options, arguments.offer, arguments.mappings);
}
