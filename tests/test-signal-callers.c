/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-endpoint.h"
#include "signaling/ph-signal-callers.h"

#define S G_TIME_SPAN_SECOND

static void
parse (const char *text, guint8 ret[16])
{
  g_assert_true (ph_address_parse (text, ret));
}

static void
test_rate (void)
{
  const PhSignalCallerLimits limits = { .create_per_minute = 6 };
  g_autoptr (PhSignalCallers) callers = ph_signal_callers_new (&limits);
  gint64 now_us = 1000 * S;
  guint8 a[16];
  guint8 b[16];
  guint retry_s = 0;

  parse ("192.0.2.1", a);
  parse ("192.0.2.2", b);
  for (guint i = 0; i < 6; i++)
    g_assert_true (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
  g_assert_false (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
  g_assert_cmpuint (retry_s, >=, 10);
  g_assert_cmpuint (retry_s, <=, 11);
  g_assert_true (ph_signal_callers_take_create (callers, b, now_us, &retry_s));
  now_us += 10 * S;
  g_assert_true (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
  g_assert_false (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
  now_us += 3600 * S; /* an hour's rest is worth a minute's sessions */
  for (guint i = 0; i < 6; i++)
    g_assert_true (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
  g_assert_false (ph_signal_callers_take_create (callers, a, now_us, &retry_s));
}

static void
test_prefix (void)
{
  const PhSignalCallerLimits limits = { .polls = 1 };
  g_autoptr (PhSignalCallers) callers = ph_signal_callers_new (&limits);
  guint8 a[16];
  guint8 same[16];
  guint8 other[16];

  parse ("2001:db8::1", a);
  parse ("2001:db8::ffff:1", same);
  parse ("2001:db8:0:1::1", other);
  g_assert_true (ph_signal_callers_begin_poll (callers, a));
  g_assert_false (ph_signal_callers_begin_poll (callers, same));
  g_assert_true (ph_signal_callers_begin_poll (callers, other));
  ph_signal_callers_end_poll (callers, same);
  g_assert_true (ph_signal_callers_begin_poll (callers, a));
}

static void
test_sweep (void)
{
  const PhSignalCallerLimits limits = { .create_per_minute = 60, .polls = 2, .connections = 2 };
  g_autoptr (PhSignalCallers) callers = ph_signal_callers_new (&limits);
  guint8 a[16];
  guint8 b[16];
  guint retry_s;

  parse ("192.0.2.1", a);
  parse ("192.0.2.2", b);
  ph_signal_callers_take_create (callers, a, 0, &retry_s);
  g_assert_true (ph_signal_callers_begin_connection (callers, b));
  g_assert_cmpuint (ph_signal_callers_count (callers), ==, 2);
  ph_signal_callers_sweep (callers, 60 * S);
  g_assert_cmpuint (ph_signal_callers_count (callers), ==, 1);
  ph_signal_callers_end_connection (callers, b);
  ph_signal_callers_sweep (callers, 60 * S);
  g_assert_cmpuint (ph_signal_callers_count (callers), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-callers/rate", test_rate);
  g_test_add_func ("/signal-callers/prefix", test_prefix);
  g_test_add_func ("/signal-callers/sweep", test_sweep);
  return g_test_run ();
}
