/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include "core/ph-error.h"
#include "core/ph-quit.h"
#include "session/ph-join.h"

#include "ph-input.h"
#include "ph-options.h"
#include "ph-output.h"

typedef struct
{
  GMainLoop *loop;
  PhJoin *join;
  PhOutput *output;
  PhInput *input;
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
    "  -L 0:127.0.0.1:80             any port that is free here";

static const char description[] =
    "While it runs, it reads commands from standard input:\n"
    "  map SPEC     as -L\n"
    "  unmap PORT   takes it away and closes its connections\n"
    "  quit         end the session\n"
    "\n"
    "Nothing is asked. A bare session ID works only with --allow-unverified.\n";

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
  { "map", "a mapping like 8000:127.0.0.1:80", run_map },
  { "unmap", "the local port of a mapping", run_unmap },
  { "quit", NULL, run_quit },
  { NULL },
};

static void
on_line (const char *line, gpointer user_data)
{
  JoinProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  if (line == NULL || *line == '\0' || ph_input_run (commands, line, self, &error))
    return;
  /* A port that cannot be listened on has been told as an event. */
  if (ph_error_code (error) != PH_ERROR_LISTEN)
    ph_output_warn (self->output, "invalid", error->message);
}

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

  self->status = ph_cli_exit_status (error);
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

static gboolean
check_mappings (char **mappings, GError **error)
{
  for (gsize i = 0; mappings != NULL && mappings[i] != NULL; i++)
    {
      g_autoptr (PhMapping) mapping = ph_mapping_parse (mappings[i], error);

      if (mapping == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
run_loop (JoinProgram *self)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->input = ph_input_new (NULL, on_line, self);
  ph_join_start (self->join);
  g_main_loop_run (self->loop);
  ph_input_free (self->input);
  g_main_loop_unref (self->loop);
}

static PhExit
run (const PhOptions *options, const PhJoinOptions *join_options, char **mappings)
{
  JoinProgram self = { 0 };
  /* First and to the end: a signal never finds the program half made, nor kills it. */
  g_autoptr (PhQuit) quit = ph_quit_new (NULL, on_quit, &self);
  g_autoptr (GError) error = NULL;

  self.output = ph_output_new (PH_OUTPUT_JOIN, options->is_json);
  ph_output_set_ended (self.output, on_ended, &self);
  self.join = ph_join_new (join_options, ph_output_get_events (), self.output, &error);
  if (self.join != NULL && !map_all (self.join, mappings))
    g_set_error_literal (&error, PH_ERROR, PH_ERROR_LISTEN,
                         "None of the ports could be used, so there was no point in joining");
  if (error != NULL)
    {
      ph_output_error (self.output, error);
      self.status = ph_cli_exit_status (error);
    }
  else
    run_loop (&self);
  g_clear_pointer (&self.join, ph_join_free);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* what was cancelled comes home */
  ph_output_free (self.output);
  return self.status;
}

int
ph_cli_join (int argc, char **argv)
{
  g_auto (PhOptions) options = { 0 };
  PhJoinOptions join_options = { 0 };
  g_autoptr (PhCode) code = NULL;
  g_auto (GStrv) mappings = NULL;
  const GOptionEntry entries[] = {
    { "map", 'L', 0, G_OPTION_ARG_STRING_ARRAY, &mappings,
      "Which port here is which service there, may repeat", "[BIND:]PORT[:HOST:HOSTPORT]" },
    G_OPTION_ENTRY_NULL,
  };
  GOptionContext *context = g_option_context_new ("CODE|LINK|ID");
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  ph_options_add (&options, context);
  if (ph_cli_parse (context, &argc, &argv, &error) && argc < 2)
    g_set_error_literal (&error, PH_ERROR, PH_ERROR_INVALID,
                         "Say what to join: the link or share code that the Host shows");
  else if (error == NULL && argc > 2)
    g_set_error (&error, PH_ERROR, PH_ERROR_INVALID,
                 "“%s” is too much: one link or share code is expected; a link stands in quotes, "
                 "and mappings stand behind -L",
                 argv[2]);
  if (error == NULL)
    code = ph_code_parse (argv[1], &error);
  if (code == NULL || !check_mappings (mappings, &error) || !ph_options_finish (&options, &error))
    return ph_cli_fail (options.is_json, error);
  join_options.code = code;
  join_options.signal = options.signal;
  join_options.name = options.name;
  join_options.allow_unverified = options.allow_unverified;
  join_options.servers = options.servers;
  return run (&options, &join_options, mappings);
}
