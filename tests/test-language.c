/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n-lib.h>
#include <locale.h>

#include "core/ph-error.h"

static const char in_english[] = "The other side ended the session.";

/* As the window does. */
static gboolean
speak_chinese (void)
{
  if (setlocale (LC_ALL, "C.UTF-8") != NULL)
    return TRUE;
  g_test_skip ("there is no locale C.UTF-8, in which any language can be chosen");
  return FALSE;
}

static void
test_window (void)
{
  const char *sentence;

  if (!speak_chinese ())
    return;
  sentence = ph_error_sentence (PH_ERROR_PEER_ENDED);
  g_assert_cmpstr (sentence, !=, in_english);
  g_assert_true (g_utf8_validate (sentence, -1, NULL));
  g_assert_cmpstr (ph_error_name (PH_ERROR_PEER_ENDED), ==, "peer-ended");
}

/* Scripts read what the command line says, and people ask about it in forums. */
static void
test_command_line (void)
{
  if (!speak_chinese ())
    return;
  setlocale (LC_MESSAGES, "C");
  g_assert_cmpstr (ph_error_sentence (PH_ERROR_PEER_ENDED), ==, in_english);
}

int
main (int argc, char *argv[])
{
  g_setenv ("LANGUAGE", "zh_TW", TRUE);
  g_test_init (&argc, &argv, NULL);
  bindtextdomain (GETTEXT_PACKAGE, g_getenv ("PORTHOLE_LOCALE_DIR"));
  g_test_add_func ("/language/window", test_window);
  g_test_add_func ("/language/command-line", test_command_line);
  return g_test_run ();
}
