/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-paste.h"

#include "core/ph-timer.h"
#include "session/ph-block.h"

#define PAUSE_MS 2000 /* whoever pastes does so at once */

struct _PhPaste
{
  GString *text; /* of the block that is under way; empty while none is */
  GSource *pause;
  void (*pasted) (const char *text, gpointer user_data);
  gpointer user_data;
};

static void
flush (PhPaste *self)
{
  g_autofree char *text = g_strndup (self->text->str, self->text->len);

  g_string_truncate (self->text, 0);
  ph_timer_disarm (self->pause);
  self->pasted (text, self->user_data);
}

static gboolean
on_pause (gpointer user_data)
{
  flush (user_data);
  return G_SOURCE_CONTINUE;
}

PhPaste *
ph_paste_new (GMainContext *context,
              void (*pasted) (const char *text, gpointer user_data),
              gpointer user_data)
{
  PhPaste *self = g_new0 (PhPaste, 1);

  self->text = g_string_new (NULL);
  self->pause = ph_timer_new (context, "[porthole] paste", on_pause, self);
  self->pasted = pasted;
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
gboolean
ph_paste_take (PhPaste *self, const char *line)
{
  if (self->text->len == 0 && !ph_block_begins (line))
    return FALSE;
  if (self->text->len <= PH_BLOCK_MAX_TEXT)
    g_string_append_printf (self->text, "%s\n", line);
  ph_timer_arm (self->pause, PAUSE_MS);
  if (ph_block_ends (self->text->len <= PH_BLOCK_MAX_TEXT ? self->text->str : line))
    flush (self);
  return TRUE;
}

void
ph_paste_end (PhPaste *self)
{
  if (self->text->len > 0)
    flush (self);
}
