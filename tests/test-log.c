/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-log.h"

/* A process has one log: the tests share it, in this order. */

static GPtrArray *lines;

static void
on_line (const char *line, gpointer user_data)
{
  g_ptr_array_add (lines, g_strdup (line));
}

/* The last line behind its time. */
static const char *
last_line (void)
{
  const char *line = lines->len > 0 ? lines->pdata[lines->len - 1] : NULL;
  const char *space = line != NULL ? strchr (line, ' ') : NULL;

  return space != NULL ? space + 1 : NULL;
}

static void
test_off (void)
{
  g_autoptr (GError) error = NULL;

  ph_log_set_sink (on_line, NULL);
  g_assert_true (ph_log_start (NULL, NULL, &error));
  g_assert_true (ph_log_start ("off", NULL, &error));
  g_assert_false (ph_log_wants (PH_LOG_ERROR));
  ph_log (PH_LOG_ERROR, "error", NULL);
  g_assert_cmpuint (lines->len, ==, 0);
}

static void
test_wrong_level (void)
{
  static const char *const wrong[] = { "", "INFO", "info ", "6", "debug\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (ph_log_start (wrong[i], NULL, &error));
      g_assert_nonnull (error);
      g_assert_false (ph_log_wants (PH_LOG_ERROR));
    }
}

static void
test_levels (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ph_log_start ("info", NULL, &error));
  g_assert_true (ph_log_wants (PH_LOG_WARNING));
  g_assert_false (ph_log_wants (PH_LOG_DEBUG));
  ph_log (PH_LOG_DEBUG, "connection", NULL);
  g_assert_cmpuint (lines->len, ==, 0);
  ph_log (PH_LOG_INFO, "ended", NULL);
  g_assert_cmpstr (last_line (), ==, "level=info event=ended\n");
}

/* No value can end its line, or begin a pair. */
static void
test_quoting (void)
{
  static const struct
  {
    const char *value, *logged;
  } cases[] = {
    { "anna", "peer=anna" },
    { "127.0.0.1:80", "peer=127.0.0.1:80" },
    { "", "peer=\"\"" },
    { "anna (2)", "peer=\"anna (2)\"" },
    { "a\nlevel=error", "peer=\"a\\x0alevel=error\"" },
    { "a\" event=b", "peer=\"a\\\" event=b\"" },
    { "a\\", "peer=\"a\\\\\"" },
    { "a=b", "peer=\"a=b\"" },
    { "\x1b[2J\x7f", "peer=\"\\x1b[2J\\x7f\"" },
    { "é", "peer=é" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *wanted = g_strdup_printf ("level=info event=x %s\n", cases[i].logged);

      ph_log (PH_LOG_INFO, "x", "peer", cases[i].value, "left-out", NULL, NULL);
      g_assert_cmpstr (last_line (), ==, wanted);
    }
}

/* What libraries say comes through if it is an alarm, and ours at level debug. */
static void
test_libraries (void)
{
  guint before = lines->len;

  g_log_structured ("GLib", G_LOG_LEVEL_INFO, "MESSAGE", "babble");
  g_log_structured ("porthole-tunnel", G_LOG_LEVEL_DEBUG, "MESSAGE", "not at this level");
  g_assert_cmpuint (lines->len, ==, before);
  g_log_structured ("porthole-tunnel", G_LOG_LEVEL_INFO, "MESSAGE", "two words");
  g_assert_cmpstr (last_line (), ==, "level=info domain=porthole-tunnel message=\"two words\"\n");
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lines = g_ptr_array_new_with_free_func (g_free);
  g_test_add_func ("/log/off", test_off);
  g_test_add_func ("/log/wrong-level", test_wrong_level);
  g_test_add_func ("/log/levels", test_levels);
  g_test_add_func ("/log/quoting", test_quoting);
  g_test_add_func ("/log/libraries", test_libraries);
  status = g_test_run ();
  ph_log_set_sink (NULL, NULL);
  g_ptr_array_unref (lines);
  return status;
}
