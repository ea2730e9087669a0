/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tunnel/ph-window.h"

static void
test_overrun (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  g_assert_true (ph_window_receive (&window, 600));
  g_assert_false (ph_window_receive (&window, 401));
  g_assert_true (ph_window_receive (&window, 400));
  g_assert_true (ph_window_receive (&window, 0));
  g_assert_false (ph_window_receive (&window, 1));
}

/* Nothing is given before it is worth a frame, and all that was used comes back. */
static void
test_give_back (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  g_assert_cmpuint (ph_window_get_due (&window), ==, 0);
  ph_window_consume (&window, 249, 0);
  g_assert_cmpuint (ph_window_get_due (&window), ==, 0);
  ph_window_consume (&window, 1, 0);
  g_assert_cmpuint (ph_window_get_due (&window), ==, 250);
  window.granted += 250;
  g_assert_cmpuint (ph_window_get_due (&window), ==, 0);
  window.size = 3000; /* raised */
  g_assert_cmpuint (ph_window_get_due (&window), ==, 2000);
}

/* Only a window that is used up quickly may be what limits the path. */
static void
test_growth (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  g_assert_false (ph_window_consume (&window, 999, 1000000));
  g_assert_false (ph_window_consume (&window, 1, 1000000)); /* since 0: 1 s */
  g_assert_true (ph_window_consume (&window, 1000, 1100000));
  g_assert_false (ph_window_consume (&window, 500, 1200000));
  g_assert_false (ph_window_consume (&window, 500, 1400000));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/overrun", test_overrun);
  g_test_add_func ("/window/give-back", test_give_back);
  g_test_add_func ("/window/growth", test_growth);
  return g_test_run ();
}
