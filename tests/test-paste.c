/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/ph-paste.h"

#include "ph-test-loop.h"

#define BLOCK                                                                                      \
  "-----BEGIN PORTHOLE ANSWER-----\n"                                                              \
  "AAAA\n"                                                                                         \
  "-----END PORTHOLE ANSWER-----\n"

typedef struct
{
  PhPaste *paste;
  GString *told; /* "pasted …" and "command …", each ended by a bar */
} Fixture;

static void
on_pasted (const char *text, gpointer user_data)
{
  g_string_append_printf (((Fixture *)user_data)->told, "pasted %s|", text);
}

static void
on_command (const char *line, gpointer user_data)
{
  g_string_append_printf (((Fixture *)user_data)->told, "command %s|", line);
}

static const PhPasteEvents events = { .pasted = on_pasted, .command = on_command };

static void
set_up (Fixture *self, gconstpointer is_typed)
{
  self->told = g_string_new (NULL);
  self->paste = ph_paste_new (NULL, GPOINTER_TO_INT (is_typed), &events, self);
}

static void
tear_down (Fixture *self, gconstpointer is_typed)
{
  ph_paste_free (self->paste);
  g_string_free (self->told, TRUE);
}

static void
take (Fixture *self, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL && (lines[i + 1] != NULL || *lines[i] != '\0'); i++)
    ph_paste_take (self->paste, lines[i]);
}

static void
expect (Fixture *self, const char *told)
{
  ph_test_wait_for (self->told->len > 0);
  g_assert_cmpstr (self->told->str, ==, told);
  g_string_truncate (self->told, 0);
}

static void
test_one_line (Fixture *self, gconstpointer is_typed)
{
  take (self, "\n\nallow *:80\n\n");
  g_assert_cmpstr (self->told->str, ==, "");
  expect (self, "command allow *:80|");
  take (self, "quit\n");
  expect (self, "command quit|");
}

/* There is no end of it before the pause, in which a line may come that makes them two. */
static void
test_two_lines (Fixture *self, gconstpointer is_typed)
{
  take (self, "see below\nallow *:*\n");
  expect (self, "pasted see below\nallow *:*\n|");
}

static void
test_around (Fixture *self, gconstpointer is_typed)
{
  take (self, "allow *:*\n" BLOCK "allow *:*\n\nquit\n");
  expect (self, "pasted " BLOCK "|");
  take (self, "quit\n" BLOCK);
  expect (self, "pasted " BLOCK "|");
  for (guint i = 0; i < 100 && self->told->len == 0; i++)
    {
      GSource *pause = g_timeout_source_new (1000);
      gboolean is_over = FALSE;

      take (self, "offer\n"); /* nothing as long as it comes with the block */
      g_source_set_callback (pause, ph_test_on_deadline, &is_over, NULL);
      g_source_attach (pause, NULL);
      while (!is_over && self->told->len == 0)
        g_main_context_iteration (NULL, TRUE);
      g_source_destroy (pause);
      g_source_unref (pause);
    }
  g_assert_cmpstr (self->told->str, ==, "command offer|");
}

static void
test_cut (Fixture *self, gconstpointer is_typed)
{
  take (self, "hello\n-----BEGIN PORTHOLE ANSWER-----\nAAAA\n");
  expect (self, "pasted -----BEGIN PORTHOLE ANSWER-----\nAAAA\n|");
}

static void
test_end (Fixture *self, gconstpointer is_typed)
{
  take (self, "quit\n");
  ph_paste_end (self->paste);
  g_assert_cmpstr (self->told->str, ==, "command quit|");
  ph_paste_end (self->paste);
  g_assert_cmpstr (self->told->str, ==, "command quit|");
}

/* What has come while the program was stopped is taken before the pause is believed. */
static gboolean
on_more (gpointer user_data)
{
  take (user_data, BLOCK);
  return G_SOURCE_REMOVE;
}

static void
test_stopped (Fixture *self, gconstpointer is_typed)
{
  GSource *more = g_timeout_source_new (10);
  gint64 long_ago_us = g_get_monotonic_time () + 600 * G_TIME_SPAN_MILLISECOND;

  g_source_set_callback (more, on_more, self, NULL);
  g_source_attach (more, NULL);
  take (self, "allow *:*\n");
  while (g_get_monotonic_time () < long_ago_us)
    ; /* both are due in the loop's next turn */
  expect (self, "pasted " BLOCK "|");
  g_source_unref (more);
}

static void
test_program (Fixture *self, gconstpointer is_typed)
{
  take (self, "clients\n\noffer\n" BLOCK "quit\n");
  g_assert_cmpstr (self->told->str, ==,
                   "command clients|command |command offer|pasted " BLOCK "|command quit|");
}

static void
add (const char *path, gboolean is_typed, void (*test) (Fixture *self, gconstpointer is_typed))
{
  g_test_add (path, Fixture, GINT_TO_POINTER (is_typed), set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/paste/one-line", TRUE, test_one_line);
  add ("/paste/two-lines", TRUE, test_two_lines);
  add ("/paste/around", TRUE, test_around);
  add ("/paste/cut", TRUE, test_cut);
  add ("/paste/end", TRUE, test_end);
  add ("/paste/stopped", TRUE, test_stopped);
  add ("/paste/program", FALSE, test_program);

  return g_test_run ();
}
