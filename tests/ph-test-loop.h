/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Waiting for conditions: the default main context runs until one holds, or until a deadline that
 * is far beyond what any machine needs. No test measures time. */

#define PH_TEST_DEADLINE_S 60

/* E2E_SCALE stretches it, where programs run many times slower than they are. */
static inline guint
ph_test_get_deadline_s (void)
{
  const char *scale = g_getenv ("E2E_SCALE");

  return PH_TEST_DEADLINE_S * (guint)MAX (1, scale != NULL ? g_ascii_strtoll (scale, NULL, 10) : 1);
}

static inline gboolean
ph_test_on_deadline (gpointer is_over)
{
  *(gboolean *)is_over = TRUE;
  return G_SOURCE_REMOVE;
}

#define ph_test_wait_for(condition)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gboolean is_over = FALSE;                                                                      \
    GSource *deadline = g_timeout_source_new_seconds (ph_test_get_deadline_s ());                  \
                                                                                                   \
    g_source_set_callback (deadline, ph_test_on_deadline, &is_over, NULL);                         \
    g_source_attach (deadline, NULL);                                                              \
    while (!(condition) && !is_over)                                                               \
      g_main_context_iteration (NULL, TRUE);                                                       \
    g_source_destroy (deadline);                                                                   \
    g_source_unref (deadline);                                                                     \
    if (is_over)                                                                                   \
      g_error ("%s:%d: waited in vain for: %s", __FILE__, __LINE__, #condition);                   \
  }                                                                                                \
  G_STMT_END
