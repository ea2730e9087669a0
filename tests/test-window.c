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

/* What was granted stays granted: after shrinking nothing is given until it has been used. */
static void
test_shrink (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  window.size = 400;
  ph_window_consume (&window, 600, 0);
  g_assert_cmpuint (ph_window_get_due (&window), ==, 0);
  ph_window_consume (&window, 100, 0);
  g_assert_cmpuint (ph_window_get_due (&window), ==, 100);
}

/* Only a window that is used up quickly may be what limits the path. */
static void
test_pace (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  g_assert_cmpint (ph_window_consume (&window, 999, 900000), ==, PH_WINDOW_STEADY);
  g_assert_cmpint (ph_window_consume (&window, 1, 900000), ==, PH_WINDOW_STEADY);
  g_assert_cmpint (ph_window_consume (&window, 1000, 1000000), ==, PH_WINDOW_FAST);
  g_assert_cmpint (ph_window_consume (&window, 500, 1100000), ==, PH_WINDOW_STEADY);
  g_assert_cmpint (ph_window_consume (&window, 500, 1300000), ==, PH_WINDOW_STEADY);
  g_assert_cmpint (ph_window_consume (&window, 1000, 2400000), ==, PH_WINDOW_SLOW);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/overrun", test_overrun);
  g_test_add_func ("/window/give-back", test_give_back);
  g_test_add_func ("/window/shrink", test_shrink);
  g_test_add_func ("/window/pace", test_pace);
  return g_test_run ();
}
