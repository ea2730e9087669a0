/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>

#include "core/ph-error.h"

static void
test_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint code = 0; code < PH_ERROR_N_CODES; code++)
    {
      const char *name = ph_error_name ((PhError)code);

      g_assert_nonnull (name);
      g_assert_true (g_regex_match_simple ("^[a-z]+(-[a-z]+)*$", name, 0, 0));
      g_assert_true (g_hash_table_add (seen, (gpointer)name));
    }
  g_assert_cmpstr (ph_error_name (PH_ERROR_SESSION_UNKNOWN), ==, "session-unknown");
}

/* Each sentence is whole and fits a terminal line or three. */
static void
test_sentences (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint code = 0; code < PH_ERROR_N_CODES; code++)
    {
      const char *sentence = ph_error_sentence ((PhError)code);

      g_assert_nonnull (sentence);
      g_assert_true (g_ascii_isupper (sentence[0]));
      g_assert_true (g_str_has_suffix (sentence, "."));
      g_assert_cmpuint (strlen (sentence), <, 240);
      g_assert_true (g_hash_table_add (seen, (gpointer)sentence));
    }
}

static void
test_new (void)
{
  for (guint code = 0; code < PH_ERROR_N_CODES; code++)
    {
      g_autoptr (GError) error = ph_error_new ((PhError)code);

      g_assert_error (error, PH_ERROR, (int)code);
      g_assert_cmpuint (ph_error_code (error), ==, code);
      g_assert_cmpstr (error->message, ==, ph_error_sentence ((PhError)code));
    }
}

static void
test_foreign (void)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not one of ours");

  g_assert_cmpuint (ph_error_code (error), ==, PH_ERROR_FAILED);
  g_assert_cmpuint (ph_error_code (NULL), ==, PH_ERROR_FAILED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/names", test_names);
  g_test_add_func ("/error/sentences", test_sentences);
  g_test_add_func ("/error/new", test_new);
  g_test_add_func ("/error/foreign", test_foreign);
  return g_test_run ();
}
