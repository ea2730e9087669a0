/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-event-log.h"
#include "app/ph-event-text.h"

#include <string.h>

/* What is heard of a log, checked against what it then has. */
typedef struct
{
  PhEventLog *log;
  guint n_items;
  guint n_signals;
} View;

static void
on_items_changed (GListModel *log, guint position, guint removed, guint added, View *view)
{
  g_assert_cmpuint (position + removed, <=, view->n_items);
  view->n_items = view->n_items - removed + added;
  g_assert_cmpuint (g_list_model_get_n_items (log), ==, view->n_items);
  view->n_signals++;
}

static void
view_init (View *view)
{
  view->log = ph_event_log_new ();
  view->n_items = 0;
  view->n_signals = 0;
  g_signal_connect (view->log, "items-changed", G_CALLBACK (on_items_changed), view);
}

static void
count (guint *n)
{
  (*n)++;
}

static PhEventItem *
get (View *view, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (view->log), position);
}

static void
test_repeats (void)
{
  View view;
  g_autoptr (PhEventItem) first = NULL;
  guint n_changed = 0;
  char text[] = "a";

  view_init (&view);
  ph_event_log_add (view.log, PH_EVENT_INFO, text);
  text[0] = 'x'; /* it was copied */
  first = get (&view, 0);
  g_signal_connect_swapped (first, "changed", G_CALLBACK (count), &n_changed);
  for (guint i = 0; i < 11; i++)
    ph_event_log_add (view.log, PH_EVENT_INFO, "a");
  g_assert_cmpuint (view.n_items, ==, 1);
  g_assert_cmpuint (view.n_signals, ==, 1);
  g_assert_cmpuint (n_changed, ==, 11);
  g_assert_cmpuint (ph_event_item_get_count (first), ==, 12);

  ph_event_log_add (view.log, PH_EVENT_WARNING, "a"); /* another level is another event */
  ph_event_log_add (view.log, PH_EVENT_INFO, "a");    /* and not in a row */
  g_assert_cmpuint (view.n_items, ==, 3);
  g_assert_cmpuint (n_changed, ==, 11);
  g_object_unref (view.log);
}

static void
test_bound (void)
{
  View view;
  g_autoptr (PhEventItem) first = NULL;
  g_autoptr (PhEventItem) last = NULL;

  view_init (&view);
  for (guint i = 0; i < PH_EVENT_LOG_MAX + 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      ph_event_log_add (view.log, PH_EVENT_INFO, text);
    }
  first = get (&view, 0);
  last = get (&view, PH_EVENT_LOG_MAX - 1);
  g_assert_cmpuint (view.n_items, ==, PH_EVENT_LOG_MAX);
  g_assert_cmpstr (ph_event_item_get_text (first), ==, "5");
  g_assert_cmpstr (ph_event_item_get_text (last), ==, "1004");
  g_assert_null (get (&view, PH_EVENT_LOG_MAX));
  g_object_unref (view.log);
}

/* "2026-11-20T12:00:00+00:00" */
static void
assert_time (const char *text)
{
  g_autofree char *time = g_strndup (text, strlen ("2026-11-20T12:00:00+00:00"));
  g_autoptr (GDateTime) parsed = g_date_time_new_from_iso8601 (time, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  g_assert_nonnull (parsed);
  g_assert_cmpint (g_date_time_difference (now, parsed), >=, 0);
  g_assert_cmpint (g_date_time_difference (now, parsed), <, G_TIME_SPAN_HOUR);
}

static void
test_lines (void)
{
  View view;
  g_autofree char *none = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  view_init (&view);
  none = ph_event_dup_lines (G_LIST_MODEL (view.log));
  g_assert_cmpstr (none, ==, "");
  ph_event_log_add (view.log, PH_EVENT_INFO, "came");
  ph_event_log_add (view.log, PH_EVENT_WARNING, "two\r\nlines");
  ph_event_log_add (view.log, PH_EVENT_ERROR, "100 % wrong");
  ph_event_log_add (view.log, PH_EVENT_ERROR, "100 % wrong");
  text = ph_event_dup_lines (G_LIST_MODEL (view.log));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  for (guint i = 0; i < 3; i++)
    assert_time (lines[i]);
  g_assert_true (g_str_has_suffix (lines[0], "  Information: came"));
  g_assert_true (g_str_has_suffix (lines[1], "  Warning: two  lines"));
  g_assert_true (g_str_has_suffix (lines[2], "  Error: 100 % wrong (×2)"));
  g_assert_cmpstr (lines[3], ==, "");
  g_object_unref (view.log);
}

static void
test_matches (void)
{
  View view;
  g_autoptr (PhEventItem) event = NULL;

  view_init (&view);
  ph_event_log_add (view.log, PH_EVENT_WARNING, "“Jürgen” CAME");
  event = get (&view, 0);
  g_assert_true (ph_event_matches (event, PH_EVENT_INFO, ""));
  g_assert_true (ph_event_matches (event, PH_EVENT_WARNING, "jürgen” c"));
  g_assert_false (ph_event_matches (event, PH_EVENT_WARNING, "went"));
  g_assert_false (ph_event_matches (event, PH_EVENT_ERROR, "came"));
  g_object_unref (view.log);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/event-log/repeats", test_repeats);
  g_test_add_func ("/event-log/bound", test_bound);
  g_test_add_func ("/event-log/lines", test_lines);
  g_test_add_func ("/event-log/matches", test_matches);
  return g_test_run ();
}
