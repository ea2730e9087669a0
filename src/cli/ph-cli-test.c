/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-cli.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-quit.h"
#include "core/ph-text.h"
#include "session/ph-server-test.h"

#include "ph-output.h"

static const char summary[] =
    "Tries servers that connecting may need, from this computer, and says whether each works:\n"
    "  porthole test https://signal.example.org\n"
    "  porthole test stun.example.org 'turn:USER:PASS@example.org'\n"
    "A STUN server is asked what it sees this computer as; a TURN server is asked for a relay,\n"
    "which is given back; a signaling server, whether it is one.";

#define MAX_SERVERS 64

typedef struct
{
  GMainLoop *loop;
  PhOutput *output;
  GCancellable *cancellable;
  guint n_open;
  PhExit status;
} TestProgram;

/* One of the servers. */
typedef struct
{
  TestProgram *program;
  char *text;
} Server;

static void
on_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Server *server = user_data;
  TestProgram *self = server->program;
  g_autofree char *text = server->text;
  g_autofree char *shown = ph_text_hide_login (text);
  g_autoptr (GError) error = NULL;
  g_autofree char *words = ph_server_test_finish (result, &error);

  if (words != NULL)
    ph_output_server (self->output, shown, TRUE, words);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    ph_output_server (self->output, shown, FALSE, error->message);
  if (error != NULL && self->status != PH_EXIT_USAGE)
    self->status = ph_error_code (error) == PH_ERROR_INVALID ? PH_EXIT_USAGE : PH_EXIT_FAILED;
  if (--self->n_open == 0)
    g_main_loop_quit (self->loop);
}

static void
on_quit (gpointer user_data)
{
  g_cancellable_cancel (((TestProgram *)user_data)->cancellable);
}

/* Other users of this computer see the command line of every process. */
static char *
take_text (char *argument)
{
  char *text = g_strdup (argument);

  if (ph_server_kind_of (text) == PH_SERVER_TURN)
    memset (argument, '*', strlen (argument));
  return text;
}

static PhExit
run (char **texts, gboolean is_json)
{
  TestProgram self = { .status = PH_EXIT_ENDED };
  g_autoptr (PhQuit) quit = ph_quit_new (NULL, on_quit, &self);

  self.output = ph_output_new (PH_OUTPUT_HOST, is_json);
  self.cancellable = g_cancellable_new ();
  self.loop = g_main_loop_new (NULL, FALSE);
  for (gsize i = 0; texts[i] != NULL; i++)
    {
      Server *server = g_new0 (Server, 1);

      server->program = &self;
      server->text = take_text (texts[i]);
      self.n_open++;
      ph_server_test_async (ph_server_kind_of (server->text), server->text, self.cancellable,
                            on_tested, server);
    }
  g_main_loop_run (self.loop);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* what was cancelled comes home */
  g_main_loop_unref (self.loop);
  g_object_unref (self.cancellable);
  ph_output_free (self.output);
  return self.status;
}

static PhCommand *
new_command (gboolean *ret_is_json)
{
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, ret_is_json, "Print one JSON object a line instead of text",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  PhCommand *command = ph_command_new ("porthole test", "try the servers that connecting may need",
                                       "SERVER…", summary);

  ph_command_add_options (command, entries);
  return command;
}

PhCommand *
ph_cli_describe_test (void)
{
  static gboolean is_json;

  return new_command (&is_json);
}

int
ph_cli_test (int argc, char **argv)
{
  gboolean is_json = ph_cli_wants_json (argv);
  g_autoptr (PhCommand) command = new_command (&is_json);
  g_autoptr (GError) error = NULL;

  if (!ph_cli_parse (command, &argc, &argv, &error))
    return ph_cli_fail (is_json, error);
  if (argc >= 2 && argc - 1 <= MAX_SERVERS)
    return run (argv + 1, is_json);
  g_set_error (&error, PH_ERROR, PH_ERROR_INVALID,
               "Say which servers to try, %d at most: http://…, https://…, turn:USER:PASS@HOST or "
               "a STUN server's HOST",
               MAX_SERVERS);
  return ph_cli_fail (is_json, error);
}
