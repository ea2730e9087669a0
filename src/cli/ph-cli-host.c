/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include "core/ph-error.h"
#include "core/ph-quit.h"
#include "core/ph-timer.h"
#include "session/ph-host.h"

#include "ph-input.h"
#include "ph-keep.h"
#include "ph-options.h"
#include "ph-output.h"
#include "ph-paste.h"

typedef struct
{
  GMainLoop *loop;
  PhHost *host;
  PhOutput *output;
  PhInput *input;
  PhPaste *paste;  /* NULL with a server */
  GSource *prompt; /* asks what is to be asked next, once the event that brought it is over */
  guint64 shown;   /* the question that was asked last */
  gboolean approve_all;
  PhExit status;
} HostProgram;

static const char summary[] =
    "Shares services of this computer with whoever you give the link to.\n"
    "\n"
    "Rules say what Clients may reach; nothing is allowed by default:\n"
    "  --allow 127.0.0.1:25565     one port of this computer\n"
    "  --allow 'localhost:8000-8010'  several\n"
    "  --allow '192.168.*:*'       everything on the home network\n"
    "  --allow '[::1]:80'  --allow 10.0.0.0/8:22  --allow '*.example.com:443'\n"
    "Without --signal this computer serves the signaling itself, for its own network.\n"
    "With --manual there is none: you pass an offer on by whatever you chat with, and\n"
    "paste the answer that comes back.";

static gboolean
run_allow (gpointer target, const char *rest, GError **error)
{
  HostProgram *self = target;

  if (!ph_host_allow (self->host, rest, error))
    return FALSE;
  ph_output_say (self->output, "%s is shared now.", rest);
  return TRUE;
}

static gboolean
run_deny (gpointer target, const char *rest, GError **error)
{
  HostProgram *self = target;

  if (!ph_host_deny (self->host, rest, error))
    return FALSE;
  ph_output_say (self->output, "%s is no longer shared.", rest);
  return TRUE;
}

static gboolean
run_rules (gpointer target, const char *rest, GError **error)
{
  HostProgram *self = target;

  ph_output_rules (self->output, ph_host_get_rules (self->host));
  return TRUE;
}

static gboolean
run_clients (gpointer target, const char *rest, GError **error)
{
  ph_output_clients (((HostProgram *)target)->output, ((HostProgram *)target)->host);
  return TRUE;
}

static gboolean
run_kick (gpointer target, const char *rest, GError **error)
{
  return ph_host_kick (((HostProgram *)target)->host, rest, error);
}

static gboolean
run_offer (gpointer target, const char *rest, GError **error)
{
  return ph_host_offer (((HostProgram *)target)->host, error);
}

static gboolean
run_quit (gpointer target, const char *rest, GError **error)
{
  ph_host_end (((HostProgram *)target)->host);
  return TRUE;
}

/* What was said meanwhile stands below the question on the screen. */
static void
ask_again (HostProgram *self)
{
  self->shown = 0;
  ph_timer_arm (self->prompt, 0);
}

static gboolean
answer (HostProgram *self, gboolean is_approved)
{
  if (ph_host_take_withdrawn (self->host))
    ph_output_warn (self->output, "withdrawn",
                    "A request was withdrawn just now, so that answer was not counted. “clients” "
                    "lists who waits; answer again for the one who has waited longest.");
  else if (!ph_host_answer (self->host, is_approved))
    ph_output_say (self->output, "Nobody is waiting for an answer.");
  ask_again (self);
  return TRUE;
}

/* The question on the screen is always the one that an answer is given to: the oldest. */
static gboolean
on_prompt (gpointer user_data)
{
  HostProgram *self = user_data;
  guint64 question = 0;
  gboolean is_number = FALSE;
  const char *name =
      self->host != NULL ? ph_host_get_question (self->host, &question, &is_number) : NULL;

  if (name == NULL || question == self->shown)
    return G_SOURCE_CONTINUE;
  self->shown = question;
  if (is_number)
    ph_output_ask (self->output, "Does “%s” see the same number?", name);
  else
    ph_output_ask (self->output, "Let “%s” in?", name);
  return G_SOURCE_CONTINUE;
}

static void
on_questions_changed (gpointer user_data)
{
  ph_timer_arm (((HostProgram *)user_data)->prompt, 0);
}

static gboolean
run_yes (gpointer target, const char *rest, GError **error)
{
  return answer (target, TRUE);
}

static gboolean
run_no (gpointer target, const char *rest, GError **error)
{
  return answer (target, FALSE);
}

static const PhInputCommand commands[] = {
  { "allow", "RULE", "a rule like 127.0.0.1:8000", "shares something more", run_allow },
  { "deny", "RULE", "a rule like 127.0.0.1:8000",
    "takes a rule away, and closes the connections that only it allowed", run_deny },
  { "rules", NULL, NULL, "tells what is shared", run_rules },
  { "clients", NULL, NULL, "tells who is there", run_clients },
  { "kick", "NAME", "a Client's name", "sends somebody away", run_kick },
  { "y", NULL, NULL, "says yes to the request that has waited longest", run_yes },
  { "yes", NULL, NULL, NULL, run_yes },
  { "n", NULL, NULL, "says no to it", run_no },
  { "no", NULL, NULL, NULL, run_no },
  { "offer", NULL, NULL, "with --manual: makes a new offer, for another Client", run_offer },
  { "quit", NULL, NULL, "ends the session", run_quit },
  { NULL },
};

static void
on_pasted (const char *text, gpointer user_data)
{
  HostProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  if (ph_host_paste (self->host, text, &error))
    ph_output_say (self->output, "That is the answer. Connecting …");
  else
    ph_output_warn (self->output, ph_error_name (ph_error_code (error)), error->message);
}

static void
on_command (const char *line, gpointer user_data)
{
  HostProgram *self = user_data;
  g_autoptr (GError) error = NULL;

  if (*line != '\0' && !ph_output_help (self->output, commands, line) &&
      !ph_input_run (commands, line, self, &error))
    ph_output_warn (self->output, "invalid", error->message);
}

static const PhPasteEvents paste_events = { .pasted = on_pasted, .command = on_command };

/* An empty line says no to a question, as the prompt promises, and nothing otherwise: one that was
 * typed before the question answers nothing. */
static void
on_line (const char *line, gpointer user_data)
{
  HostProgram *self = user_data;
  gboolean was_asked = ph_output_take_asked (self->output);

  if (self->paste != NULL)
    ph_paste_take (self->paste, line);
  else if (*line == '\0' && was_asked)
    answer (self, FALSE);
  else
    {
      on_command (line, self);
      if (was_asked)
        ask_again (self);
    }
}

static void
on_too_long (gpointer user_data)
{
  ph_output_line_too_long (((HostProgram *)user_data)->output);
}

static void
on_end_of_input (gpointer user_data)
{
  HostProgram *self = user_data;

  if (self->paste != NULL)
    {
      ph_paste_end (self->paste);
      ph_output_warn (self->output, "input-ended",
                      "Standard input has ended, so no answer can be pasted any more. Who is here "
                      "stays");
      return;
    }
  if (self->approve_all)
    return;
  ph_output_warn (
      self->output, "input-ended",
      "Standard input has ended, so nobody can be asked: who wants to join is declined. "
      "--yes lets everybody in");
  ph_host_decline_all (self->host);
}

static const PhInputEvents input_events = {
  .line = on_line,
  .too_long = on_too_long,
  .ended = on_end_of_input,
};

static void
on_quit (gpointer user_data)
{
  HostProgram *self = user_data;

  if (self->host != NULL) /* else it is ending */
    ph_host_end (self->host);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  HostProgram *self = user_data;

  self->status = ph_cli_exit_status (error);
  g_main_loop_quit (self->loop);
}

static gboolean
allow_all (PhHost *host, char **rules, GError **error)
{
  for (gsize i = 0; rules != NULL && rules[i] != NULL; i++)
    if (!ph_host_allow (host, rules[i], error))
      return FALSE;
  return TRUE;
}

static void
run_loop (HostProgram *self)
{
  self->loop = g_main_loop_new (NULL, FALSE);
  self->input = ph_input_new (NULL, &input_events, self);
  g_main_loop_run (self->loop);
  ph_input_free (self->input);
  g_main_loop_unref (self->loop);
}

/* What the command line says. */
typedef struct
{
  PhOptions options;
  PhHostOptions host;
  char **rules;
  char *keep; /* a file, or NULL */
  PhKept kept;
} Arguments;

/* So that links lead here the next time as well. */
static void
keep_port (HostProgram *self, const Arguments *arguments)
{
  guint16 port = ph_host_get_own_port (self->host);
  PhKept kept = arguments->kept;
  g_autoptr (GError) error = NULL;

  if (arguments->keep == NULL || port == 0 || port == kept.port)
    return;
  kept.port = port;
  if (!ph_keep_write (arguments->keep, &kept, &error))
    ph_output_warn (self->output, "not-kept", error->message);
}

static PhExit
run (const Arguments *arguments)
{
  const PhHostOptions *host_options = &arguments->host;
  gboolean is_json = arguments->options.is_json;
  char **rules = arguments->rules;
  HostProgram self = { .approve_all = host_options->approve_all };
  /* First and to the end: a signal never finds the program half made, nor kills it. */
  g_autoptr (PhQuit) quit = ph_quit_new (NULL, on_quit, &self);
  g_autoptr (GError) error = NULL;

  self.output = ph_output_new (PH_OUTPUT_HOST, is_json);
  ph_output_set_ended (self.output, on_ended, &self);
  self.prompt = ph_timer_new (NULL, "[porthole] prompt", on_prompt, &self);
  if (host_options->is_manual)
    self.paste = ph_paste_new (NULL, !is_json, &paste_events, &self);
  if (!self.approve_all)
    ph_output_set_questions_changed (self.output, on_questions_changed);
  self.host = ph_host_new (host_options, ph_output_get_events (self.output), self.output, &error);
  if (self.host == NULL || !allow_all (self.host, rules, &error))
    {
      ph_output_error (self.output, error);
      self.status = ph_cli_exit_status (error);
    }
  else
    {
      keep_port (&self, arguments);
      if (rules == NULL)
        ph_output_warn (self.output, "no-rules",
                        "Nothing is shared yet: no --allow was given. Type “allow 127.0.0.1:PORT”");
      run_loop (&self);
    }
  g_clear_pointer (&self.host, ph_host_free);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* what was cancelled comes home */
  g_clear_pointer (&self.paste, ph_paste_free);
  ph_timer_clear (&self.prompt);
  ph_output_free (self.output);
  return self.status;
}

static void
arguments_clear (Arguments *arguments)
{
  ph_options_clear (&arguments->options);
  g_strfreev (arguments->rules);
  g_free (arguments->keep);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

static PhCommand *
new_command (Arguments *ret, int *ret_max_clients)
{
  const GOptionEntry entries[] = {
    { "allow", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &ret->rules, "What Clients may reach, may repeat",
      "RULE" },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &ret->host.approve_all, "Let everybody in without asking",
      NULL },
    { "keep", 0, 0, G_OPTION_ARG_FILENAME, &ret->keep,
      "Keep the share code in this file: the next time it is the same", "FILE" },
    { "max-clients", 0, 0, G_OPTION_ARG_INT, ret_max_clients, "At most so many at once (16)", "N" },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command =
      ph_command_new ("porthole host", "share services of this computer", "", summary);

  ph_command_add_options (command, entries);
  ph_options_add (&ret->options, command);
  ph_command_add_section (command, "Commands while it runs", ph_input_describe (commands));
  ph_options_add_environment (command);
  return command;
}

PhCommand *
ph_cli_describe_host (void)
{
  static Arguments arguments;
  static int max_clients;

  return new_command (&arguments, &max_clients);
}

static gboolean
read_arguments (int argc, char **argv, Arguments *ret, GError **error)
{
  int max_clients = PH_HOST_MAX_CLIENTS;
  g_autoptr (PhCommand) command = new_command (ret, &max_clients);

  if (!ph_cli_parse (command, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "“%s” is too much: host takes options only; a rule goes behind --allow",
                   argv[1]);
      return FALSE;
    }
  if (max_clients < 1 || max_clients > PH_HOST_MAX_CLIENTS)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "--max-clients %d is out of range; use 1 to %d", max_clients,
                   PH_HOST_MAX_CLIENTS);
      return FALSE;
    }
  if (ret->options.is_manual && ret->host.approve_all)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "--yes cannot stand beside --manual: nobody is asked there, because you "
                           "let somebody in by pasting their answer");
      return FALSE;
    }
  if (ret->options.is_manual && ret->keep != NULL)
    {
      g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                           "--keep cannot stand beside --manual: there is no share code to keep, "
                           "each Client gets an offer of its own");
      return FALSE;
    }
  ret->host.max_clients = (guint)max_clients;
  /* Before anything else happens, so that a slip of the pen costs nothing. */
  if (!ph_rules_check ((const char *const *)ret->rules, error) ||
      !ph_options_finish (&ret->options, error))
    return FALSE;
  return ret->keep == NULL || ph_keep_open (ret->keep, &ret->kept, error);
}

int
ph_cli_host (int argc, char **argv)
{
  gboolean wants_json = ph_cli_wants_json (argv);
  g_auto (Arguments) arguments = { 0 };
  g_autoptr (GError) error = NULL;

  if (!read_arguments (argc, argv, &arguments, &error))
    return ph_cli_fail (wants_json, error);
  arguments.host.signal = arguments.options.signal;
  arguments.host.is_manual = arguments.options.is_manual;
  arguments.host.name = arguments.options.name;
  arguments.host.allow_unverified = arguments.options.allow_unverified;
  arguments.host.servers = arguments.options.servers;
  arguments.host.kept = arguments.keep != NULL ? &arguments.kept : NULL;
  return run (&arguments);
}
