/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-paste.h"

#include "core/ph-timer.h"
#include "session/ph-block.h"

#define BLOCK_PAUSE_MS 2000 /* whoever pastes does so at once */
#define LINE_PAUSE_MS 500   /* … and nobody types two lines in this time */

typedef enum
{
  STATE_QUIET,
  STATE_LINES, /* a command, or what stands before a block */
  STATE_BLOCK,
  STATE_REST, /* what stands behind a block */
  N_STATES
} State;

static const gboolean legal_edges[N_STATES][N_STATES] = {
  [STATE_QUIET] = { [STATE_LINES] = TRUE, [STATE_BLOCK] = TRUE },
  [STATE_LINES] = { [STATE_QUIET] = TRUE, [STATE_BLOCK] = TRUE },
  [STATE_BLOCK] = { [STATE_QUIET] = TRUE, [STATE_REST] = TRUE },
  [STATE_REST] = { [STATE_QUIET] = TRUE, [STATE_BLOCK] = TRUE },
};

struct _PhPaste
{
  State state;
  GString *text; /* of the lines, or of the block from its first line on */
  guint n_lines; /* that are in it, without empty ones */
  GSource *pause;
  gboolean has_paused; /* what came in the pause itself is being looked for */
  gboolean is_typed;
  const PhPasteEvents *events;
  gpointer user_data;
};

static void
set_state (PhPaste *self, State state)
{
  g_assert (legal_edges[self->state][state]);
  self->state = state;
}

static void
wait_for_more (PhPaste *self)
{
  self->has_paused = FALSE;
  ph_timer_arm (self->pause, self->state == STATE_BLOCK ? BLOCK_PAUSE_MS : LINE_PAUSE_MS);
}

/* Nothing may be touched after this. */
static void
flush (PhPaste *self, State next)
{
  g_autofree char *text = g_strndup (self->text->str, self->text->len);
  gboolean is_command = self->state == STATE_LINES && self->n_lines == 1;

  g_string_truncate (self->text, 0);
  self->n_lines = 0;
  set_state (self, next);
  if (next == STATE_QUIET)
    ph_timer_disarm (self->pause);
  else
    wait_for_more (self);
  if (is_command)
    self->events->command (g_strstrip (text), self->user_data);
  else
    self->events->pasted (text, self->user_data);
}

/* A program that was stopped for a while finds the pause over although the next line is there: it
 * is taken before the second look. */
static gboolean
on_pause (gpointer user_data)
{
  PhPaste *self = user_data;

  if (!self->has_paused)
    {
      self->has_paused = TRUE;
      ph_timer_arm (self->pause, 0);
    }
  else if (self->state == STATE_REST)
    set_state (self, STATE_QUIET);
  else
    flush (self, STATE_QUIET);
  return G_SOURCE_CONTINUE;
}

PhPaste *
ph_paste_new (GMainContext *context,
              gboolean is_typed,
              const PhPasteEvents *events,
              gpointer user_data)
{
  PhPaste *self = g_new0 (PhPaste, 1);

  self->text = g_string_new (NULL);
  self->pause = ph_timer_new (context, "[porthole] paste", on_pause, self);
  self->is_typed = is_typed;
  self->events = events;
  self->user_data = user_data;
  return self;
}

void
ph_paste_free (PhPaste *self)
{
  ph_timer_clear (&self->pause);
  g_string_free (self->text, TRUE);
  g_free (self);
}

/* Beyond what is looked at, only the end of it is waited for. */
static void
append (PhPaste *self, const char *line)
{
  if (self->text->len <= PH_BLOCK_MAX_TEXT)
    g_string_append_printf (self->text, "%s\n", line);
  self->n_lines += *line != '\0' ? 1 : 0;
  wait_for_more (self);
}

static void
take_block_line (PhPaste *self, const char *line)
{
  append (self, line);
  if (ph_block_ends (self->text->len <= PH_BLOCK_MAX_TEXT ? self->text->str : line) ||
      ph_block_has_end_line (line))
    flush (self, self->is_typed ? STATE_REST : STATE_QUIET);
}

static void
take_other_line (PhPaste *self, const char *line)
{
  if (!self->is_typed)
    self->events->command (line, self->user_data);
  else if (self->state == STATE_REST)
    wait_for_more (self);
  else if (self->state == STATE_LINES || *line != '\0')
    {
      if (self->state == STATE_QUIET)
        set_state (self, STATE_LINES);
      append (self, line);
    }
}

void
ph_paste_take (PhPaste *self, const char *line)
{
  if (self->state != STATE_BLOCK && ph_block_begins (line))
    {
      g_string_truncate (self->text, 0);
      self->n_lines = 0;
      set_state (self, STATE_BLOCK);
    }
  if (self->state == STATE_BLOCK)
    take_block_line (self, line);
  else if (!ph_block_has_end_line (line)) /* its block was whole before it came */
    take_other_line (self, line);
}

void
ph_paste_end (PhPaste *self)
{
  if (self->state == STATE_LINES || self->state == STATE_BLOCK)
    flush (self, STATE_QUIET);
}
