/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-slice.h"
#include "core/ph-timer.h"

/* Two that always have more to do, one of whose pieces are dear, share a loop. */

#define TURNS 200

typedef struct
{
  PhSlice slice;
  GSource *source;
  guint piece_us;
  guint n_pieces;
  guint n_turns;
  gint64 used_us;
} Worker;

static gboolean
on_turn (gpointer user_data)
{
  Worker *self = user_data;

  ph_slice_begin (&self->slice, self->source);
  while (!ph_slice_is_used_up (&self->slice))
    {
      gint64 begin_us = g_get_monotonic_time ();

      while (g_get_monotonic_time () - begin_us < self->piece_us)
        ;
      self->used_us += self->piece_us;
      self->n_pieces++;
    }
  ph_slice_end (&self->slice);
  self->n_turns++;
  ph_timer_arm (self->source, 0);
  return G_SOURCE_CONTINUE;
}

/* However dear the pieces: nobody gets more turns, and who takes too long in one has less later. */
static void
test_share (void)
{
  Worker cheap = { .piece_us = 1 };
  Worker dear = { .piece_us = 5 * PH_SLICE_US };

  cheap.source = ph_timer_new (NULL, "cheap", on_turn, &cheap);
  dear.source = ph_timer_new (NULL, "dear", on_turn, &dear);
  ph_timer_arm (cheap.source, 0);
  ph_timer_arm (dear.source, 0);
  while (cheap.n_turns < TURNS)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (cheap.n_turns - dear.n_turns + 1, <=, 2);
  g_assert_cmpuint (dear.n_pieces, >, 0);
  g_assert_cmpuint (dear.n_pieces, <=, TURNS / 5 + 1);
  ph_timer_clear (&cheap.source);
  ph_timer_clear (&dear.source);
}

typedef struct
{
  PhSlice slice;
  GSource *source;
  gboolean has_stalled;
  gboolean has_time;
  guint n_turns; /* since then */
} Staller;

static gboolean
on_stall (gpointer user_data)
{
  Staller *self = user_data;
  gint64 begin_us = g_get_monotonic_time ();
  gint64 piece_us = self->has_stalled ? 2 : 3 * PH_SLICE_MAX_USED_US; /* 2: turns differ by time */

  ph_slice_begin (&self->slice, self->source);
  while (g_get_monotonic_time () - begin_us < piece_us)
    ;
  self->has_time = self->has_stalled && !ph_slice_is_used_up (&self->slice);
  ph_slice_end (&self->slice);
  self->has_stalled = TRUE;
  self->n_turns++;
  ph_timer_arm (self->source, 0);
  return G_SOURCE_CONTINUE;
}

/* Who was stopped in the middle of a turn, by a person or with the machine, goes on soon. */
static void
test_standstill (void)
{
  Staller staller = { 0 };

  staller.source = ph_timer_new (NULL, "staller", on_stall, &staller);
  ph_timer_arm (staller.source, 0);
  while (!staller.has_time)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (staller.n_turns, <=, 2 * PH_SLICE_MAX_USED_US / PH_SLICE_US);
  ph_timer_clear (&staller.source);
}

typedef struct
{
  PhSlice slice;
  GSource *source;
  guint n_calls;
} Goer;

static gboolean
on_go (gpointer user_data)
{
  Goer *self = user_data;

  ph_slice_go_on (&self->slice, self->source);
  while (!ph_slice_is_used_up (&self->slice))
    ph_slice_go_on (&self->slice, self->source); /* the same turn: it goes on counting */
  self->n_calls++;
  ph_timer_arm (self->source, 0);
  return G_SOURCE_CONTINUE;
}

static void
test_go_on (void)
{
  Goer goer = { 0 };

  goer.source = ph_timer_new (NULL, "goer", on_go, &goer);
  ph_timer_arm (goer.source, 0);
  while (goer.n_calls < 3)
    g_main_context_iteration (NULL, TRUE);
  ph_timer_clear (&goer.source);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/slice/share", test_share);
  g_test_add_func ("/slice/standstill", test_standstill);
  g_test_add_func ("/slice/go-on", test_go_on);
  return g_test_run ();
}
