/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-input.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-stdio.h"
#include "core/ph-text.h"
#include "core/ph-timer.h"

#define LOOK_AGAIN_MS 1000
#define MAX_REPEATED 100 /* bytes of a line that is no command */

struct _PhInput
{
  GMainContext *context;
  GIOChannel *channel;
  GSource *source; /* NULL while in the background, and once the input has ended */
  GSource *look_again;
  GString *line;
  gboolean is_too_long; /* what is left of this line is dropped */
  const PhInputEvents *events;
  gpointer user_data;
  gboolean *is_freed; /* set by a callback that frees us */
};

/* FALSE once the callback has freed the input. */
static gboolean
emit (PhInput *self, const char *line)
{
  gboolean is_freed = FALSE;

  self->is_freed = &is_freed;
  if (line == NULL)
    self->events->ended (self->user_data);
  else if (self->is_too_long)
    self->events->too_long (self->user_data);
  else
    self->events->line (line, self->user_data);
  if (is_freed)
    return FALSE;
  self->is_freed = NULL;
  self->is_too_long = FALSE;
  return TRUE;
}

static gboolean
end_line (PhInput *self)
{
  g_autofree char *line = ph_text_clean (self->line->str, (gssize)self->line->len, G_MAXSSIZE);

  g_string_truncate (self->line, 0);
  return emit (self, line);
}

static gboolean
take_byte (PhInput *self, char byte)
{
  if (byte == '\n')
    return end_line (self);
  if (self->line->len >= PH_INPUT_MAX_LINE)
    self->is_too_long = TRUE;
  else
    g_string_append_c (self->line, byte);
  return TRUE;
}

static void
pause_reading (PhInput *self)
{
  ph_timer_clear (&self->source);
  ph_timer_arm (self->look_again, LOOK_AGAIN_MS);
}

static gboolean
on_ready (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  PhInput *self = user_data;
  char buffer[1024];
  gsize n = 0;
  GIOStatus status = G_IO_STATUS_ERROR;

  if (ph_stdio_may_read ())
    status = g_io_channel_read_chars (channel, buffer, sizeof buffer, &n, NULL);
  for (gsize i = 0; i < n; i++)
    if (!take_byte (self, buffer[i]))
      return G_SOURCE_REMOVE;
  if (status == G_IO_STATUS_NORMAL || status == G_IO_STATUS_AGAIN)
    return G_SOURCE_CONTINUE;
  if (status == G_IO_STATUS_ERROR && !ph_stdio_may_read ())
    {
      pause_reading (self);
      return G_SOURCE_REMOVE;
    }
  if (self->line->len == 0 || end_line (self))
    emit (self, NULL);
  return G_SOURCE_REMOVE;
}

/* The channel's callback has a signature of its own, which g_source_set_callback cannot check. */
static gboolean
watch (gpointer data)
{
  PhInput *self = data;

  self->source = g_io_create_watch (self->channel, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, self->context);
  return G_SOURCE_CONTINUE;
}

PhInput *
ph_input_new (GMainContext *context, const PhInputEvents *events, gpointer user_data)
{
  PhInput *self = g_new0 (PhInput, 1);
  int fd = ph_stdio_open_input ();

  self->context = context;
  self->events = events;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
#ifdef G_OS_WIN32
  self->channel = g_io_channel_win32_new_fd (fd);
#else
  self->channel = g_io_channel_unix_new (fd);
#endif
  g_io_channel_set_close_on_unref (self->channel, fd != 0);
  /* Unbuffered and without an encoding, one read for one wake-up: a pipe never blocks it, either,
   * and no flag is set on one that others use, too. */
  g_io_channel_set_encoding (self->channel, NULL, NULL);
  g_io_channel_set_buffered (self->channel, FALSE);
  self->look_again = ph_timer_new (context, "[porthole] input", watch, self);
  watch (self);
  return self;
}

void
ph_input_free (PhInput *self)
{
  if (self->is_freed != NULL)
    *self->is_freed = TRUE;
  ph_timer_clear (&self->source);
  ph_timer_clear (&self->look_again);
  g_io_channel_unref (self->channel);
  g_string_free (self->line, TRUE);
  g_free (self);
}

/* What stands behind @word if @line begins with it, in capitals or not; else NULL. */
static const char *
match (const char *line, const char *word)
{
  gsize length = strlen (word);

  if (g_ascii_strncasecmp (line, word, length) != 0 ||
      (line[length] != '\0' && !g_ascii_isspace (line[length])))
    return NULL;
  for (line += length; g_ascii_isspace (*line);)
    line++;
  return line;
}

static gboolean
set_unknown (const PhInputCommand *commands, const char *line, GError **error)
{
  g_autoptr (GString) words = g_string_new (NULL);
  g_autofree char *beginning = ph_text_clean (line, -1, MAX_REPEATED);

  for (const PhInputCommand *command = commands; command->word != NULL; command++)
    g_string_append_printf (words, "%s%s", words->len > 0 ? ", " : "", command->word);
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "“%s%s” is no command; there are: %s", beginning,
               strlen (beginning) < strlen (line) ? "…" : "", words->str);
  return FALSE;
}

char *
ph_input_describe (const PhInputCommand *commands)
{
  GString *text = g_string_new (NULL);

  for (const PhInputCommand *command = commands; command->word != NULL; command++)
    {
      g_autofree char *form =
          g_strjoin (" ", command->word, command->argument, NULL); /* ends at a NULL argument */

      if (command->help != NULL)
        g_string_append_printf (text, "  %-14s%s\n", form, command->help);
    }
  return g_string_free (text, FALSE);
}

gboolean
ph_input_run (const PhInputCommand *commands, const char *line, gpointer target, GError **error)
{
  for (const PhInputCommand *command = commands; command->word != NULL; command++)
    {
      const char *rest = match (line, command->word);

      if (rest == NULL || (command->needs == NULL && *rest != '\0'))
        continue;
      if (command->needs == NULL || *rest != '\0')
        return command->run (target, rest, error);
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, "“%s” needs %s behind it", command->word,
                   command->needs);
      return FALSE;
    }
  return set_unknown (commands, line, error);
}
