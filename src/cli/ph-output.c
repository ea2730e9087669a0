/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-output-private.h"

#include <stdarg.h>

#include "core/ph-error.h"
#include "core/ph-log.h"

static void
on_log_line (const char *line, gpointer user_data)
{
  ph_writer_put (user_data, PH_WRITER_ERR, g_strdup (line), FALSE);
}

PhOutput *
ph_output_new (PhOutputRole role, gboolean is_json)
{
  PhOutput *self = g_new0 (PhOutput, 1);

  self->role = role;
  self->shown = is_json ? &ph_output_json_events : &ph_output_text_events;
  self->is_json = is_json;
  self->mapped = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->writer = ph_writer_new ();
  ph_log_set_sink (on_log_line, self->writer);
  return self;
}

void
ph_output_free (PhOutput *self)
{
  ph_log_set_sink (NULL, NULL);
  g_free (self->compared);
  g_clear_pointer (&self->services, ph_services_unref);
  g_hash_table_unref (self->mapped);
  ph_writer_free (self->writer);
  g_free (self);
}

void
ph_output_set_questions_changed (PhOutput *self, void (*func) (gpointer user_data))
{
  self->questions_changed = func;
}

void
ph_output_set_ended (PhOutput *self,
                     void (*ended) (const GError *error, gpointer user_data),
                     gpointer user_data)
{
  self->ended = ended;
  self->user_data = user_data;
}

const PhSessionEvents *
ph_output_get_events (PhOutput *self)
{
  return ph_log_wants (PH_LOG_ERROR) ? &ph_output_log_events : self->shown;
}

/* Lines */

static void
say_dropped (PhOutput *self)
{
  if (self->has_dropped)
    return;
  self->has_dropped = TRUE;
  ph_output_warn (self, "output-dropped",
                  "Nobody reads the output: some of it is left out, connections first");
}

void
ph_output_line (PhOutput *self, PhWriterStream stream, char *line, gboolean matters)
{
  gboolean ends_prompt = self->is_prompting && (stream == PH_WRITER_ERR || !self->is_json);
  char *whole = g_strconcat (ends_prompt ? "\n" : "", line, "\n", NULL);

  g_free (line);
  self->is_prompting &= !ends_prompt;
  if (!ph_writer_put (self->writer, stream, whole, matters))
    say_dropped (self);
}

void
ph_output_say (PhOutput *self, const char *format, ...)
{
  va_list args;

  if (self->is_json)
    return;
  va_start (args, format);
  ph_output_line (self, PH_WRITER_OUT, g_strdup_vprintf (format, args), TRUE);
  va_end (args);
}

void
ph_output_ask (PhOutput *self, const char *format, ...)
{
  g_autofree char *question = NULL;
  va_list args;

  va_start (args, format);
  question = g_strdup_vprintf (format, args);
  va_end (args);
  /* One that still waits for its answer on this line ends it. */
  self->has_asked = self->is_prompting =
      ph_writer_put (self->writer, PH_WRITER_ERR,
                     g_strconcat (self->is_prompting ? "\n" : "", question, " [y/N] ", NULL), TRUE);
}

void
ph_output_note_question (PhOutput *self)
{
  if (self->questions_changed != NULL)
    self->questions_changed (self->user_data);
}

gboolean
ph_output_take_asked (PhOutput *self)
{
  gboolean has_asked = self->has_asked;

  self->has_asked = self->is_prompting = FALSE;
  g_clear_pointer (&self->compared, g_free);
  return has_asked;
}

/* Trouble */

void
ph_output_complain (PhOutput *self, const char *message)
{
  ph_output_line (self, PH_WRITER_ERR, g_strconcat ("porthole: ", message, NULL), TRUE);
}

/* Messages repeat what was read, which need not be UTF-8. */
static void
print_trouble (PhOutput *self, const char *event, const char *code, const char *message)
{
  g_autofree char *valid = g_utf8_make_valid (message, -1);

  ph_output_complain (self, valid);
  ph_output_log_trouble (event, code, valid);
  if (self->is_json)
    ph_output_json_trouble (self, event, code, valid);
}

void
ph_output_warn (PhOutput *self, const char *code, const char *message)
{
  print_trouble (self, "warning", code, message);
}

void
ph_output_error (PhOutput *self, const GError *error)
{
  print_trouble (self, "error", ph_error_name (ph_error_code (error)), error->message);
}

void
ph_output_line_too_long (PhOutput *self)
{
  g_autofree char *message = g_strdup_printf (
      "That line was too long to be taken; a command has at most %d bytes", PH_INPUT_MAX_LINE);

  ph_output_warn (self, "invalid", message);
}

void
ph_output_on_warning (const char *code, const char *message, gpointer user_data)
{
  ph_output_warn (user_data, code, message);
}

void
ph_output_on_ended (const GError *error, gpointer user_data)
{
  PhOutput *self = user_data;

  if (error != NULL && ph_error_code (error) != PH_ERROR_PEER_ENDED)
    ph_output_error (self, error);
  else
    ph_output_say (self, "The session has ended.");
  self->ended (error, self->user_data);
}

gboolean
ph_output_help (PhOutput *self, const PhInputCommand *commands, const char *line)
{
  g_autofree char *help = NULL;

  if (!g_str_equal (line, "?") && g_ascii_strcasecmp (line, "help") != 0)
    return FALSE;
  help = ph_input_describe (commands);
  ph_output_say (self, "%s", help);
  return TRUE;
}

/* Clients */

void
ph_output_clients (PhOutput *self, PhHost *host)
{
  if (self->is_json)
    ph_output_json_clients (self, host);
  else
    ph_output_text_clients (self, host);
}

void
ph_output_server (PhOutput *self, const char *server, gboolean works, const char *message)
{
  if (self->is_json)
    ph_output_json_server (self, server, works, message);
  else
    ph_output_say (self, "%s: %s. %s.", server, works ? "works" : "does not work", message);
}

void
ph_output_rules (PhOutput *self, const PhRules *rules)
{
  if (self->is_json)
    ph_output_json_rules (self, rules);
  else
    ph_output_text_rules (self, rules);
}
