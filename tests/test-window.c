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

/* Only a window that is used up quickly may be what limits the path, and only a reader that lets
 * bytes stand is slow. Each step receives and consumes so much at a time after the start. */
typedef struct
{
  guint receive;
  guint consume;
  gint64 at_ms;
  PhWindowPace pace;
} Step;

typedef struct
{
  const char *name;
  Step steps[6];
} Pace;

static const Pace paces[] = {
  { "fast", { { 1000, 999, 0, PH_WINDOW_STEADY }, { 0, 1, 200, PH_WINDOW_FAST } } },
  { "at-once", { { 1000, 1000, 0, PH_WINDOW_FAST } } },
  { "steady", { { 1000, 500, 0, PH_WINDOW_STEADY }, { 0, 500, 400, PH_WINDOW_STEADY } } },
  { "slow", { { 1000, 500, 0, PH_WINDOW_STEADY }, { 0, 500, 1100, PH_WINDOW_SLOW } } },
  { "slow-to-begin",
    { { 1000, 1000, 0, PH_WINDOW_FAST },
      { 1000, 10, 100, PH_WINDOW_STEADY },
      { 0, 990, 1200, PH_WINDOW_SLOW } } },
  { "idle-between", { { 1000, 1000, 0, PH_WINDOW_FAST }, { 1000, 1000, 90000, PH_WINDOW_FAST } } },
  { "idle-inside",
    { { 500, 500, 0, PH_WINDOW_STEADY },
      { 500, 500, 90000, PH_WINDOW_STEADY },
      { 500, 500, 90100, PH_WINDOW_FAST } } },
};

/* The clock's start means nothing. */
static void
test_pace (gconstpointer data)
{
  static const gint64 starts_us[] = { 0, 1, 900000, G_GINT64_CONSTANT (86400000000) };
  const Pace *pace = data;

  for (gsize i = 0; i < G_N_ELEMENTS (starts_us); i++)
    {
      PhWindow window;

      ph_window_init (&window, 1000);
      window.granted = 100000;
      for (const Step *step = pace->steps; step->consume > 0; step++)
        {
          g_assert_true (ph_window_receive (&window, step->receive));
          g_assert_cmpint (
              ph_window_consume (&window, step->consume, starts_us[i] + step->at_ms * 1000), ==,
              step->pace);
        }
    }
}

/* What was granted before the window shrank is still promised. */
static void
test_promised (void)
{
  PhWindow window;

  ph_window_init (&window, 1000);
  g_assert_cmpuint (ph_window_get_promised (&window), ==, 1000);
  window.size = 400;
  g_assert_cmpuint (ph_window_get_promised (&window), ==, 1000);
  ph_window_consume (&window, 700, 0);
  g_assert_cmpuint (ph_window_get_promised (&window), ==, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/overrun", test_overrun);
  g_test_add_func ("/window/give-back", test_give_back);
  g_test_add_func ("/window/shrink", test_shrink);
  g_test_add_func ("/window/promised", test_promised);
  for (gsize i = 0; i < G_N_ELEMENTS (paces); i++)
    {
      g_autofree char *path = g_strdup_printf ("/window/pace/%s", paces[i].name);

      g_test_add_data_func (path, &paces[i], test_pace);
    }
  return g_test_run ();
}
