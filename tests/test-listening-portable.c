/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "core/ph-listening.h"

/* Where the system does not tell, both forms say so. */

static void
assert_cannot_know (GPtrArray *services, const GError *error)
{
  g_assert_null (services);
  g_assert_error (error, PH_ERROR, PH_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "127.0.0.1:25565"));
}

static void
test_list (void)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *services = ph_listening_list (NULL, &error);

  assert_cannot_know (services, error);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *services = ph_listening_list_finish (result, &error);

  assert_cannot_know (services, error);
  *(gboolean *)user_data = TRUE;
}

static void
test_async (void)
{
  gboolean is_done = FALSE;

  ph_listening_list_async (NULL, on_listed, &is_done);
  while (!is_done)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listening-portable/list", test_list);
  g_test_add_func ("/listening-portable/async", test_async);
  return g_test_run ();
}
