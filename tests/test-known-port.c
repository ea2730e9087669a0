/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-known-port.h"

static void
test_order (void)
{
  guint n;
  const PhKnownPort *all = ph_known_port_get_all (&n);

  for (guint i = 1; i < n; i++)
    g_assert_cmpuint (all[i - 1].port, <, all[i].port);
}

static void
test_find (void)
{
  g_assert_cmpstr (ph_known_port_find (25565)->title, ==, "Minecraft");
  g_assert_null (ph_known_port_find (1));
}

static void
test_kind_words (void)
{
  for (guint kind = 0; kind < PH_N_KINDS; kind++)
    g_assert_cmpuint (ph_kind_from_word (ph_kind_word ((PhKind)kind)), ==, kind);
  g_assert_cmpuint (ph_kind_from_word ("Web"), ==, PH_KIND_OTHER);
  g_assert_cmpuint (ph_kind_from_word (NULL), ==, PH_KIND_OTHER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/known-port/order", test_order);
  g_test_add_func ("/known-port/find", test_find);
  g_test_add_func ("/known-port/kind-words", test_kind_words);
  return g_test_run ();
}
