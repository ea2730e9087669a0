/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tunnel/ph-reorder.h"

#define LIMIT 100000

static PhReorderStatus
push (PhReorder *reorder, PhEvent event, guint16 id, guint16 index, guint16 total, const char *text)
{
  const PhFrame frame = { .event = event,
                          .chunk_id = id,
                          .chunk_index = index,
                          .total_chunks = total,
                          .payload_size = (guint16)strlen (text),
                          .payload = (const guint8 *)text };

  return ph_reorder_push (reorder, &frame);
}

static void
append (GString *text, const PhFrame *frame)
{
  g_string_append_len (text, (const char *)frame->payload, frame->payload_size);
}

/* Pushes, and appends all whose turn has come. */
static PhReorderStatus
feed (PhReorder *reorder, GString *out, guint16 id, guint16 index, guint16 total, const char *text)
{
  PhReorderStatus status = push (reorder, PH_EVENT_DATA, id, index, total, text);
  PhFrame frame;

  if (status == PH_REORDER_NEXT)
    g_string_append (out, text);
  while (ph_reorder_pop (reorder, &frame))
    append (out, &frame);
  return status;
}

typedef struct
{
  guint16 id;
  guint16 index;
  guint16 total;
  const char *text;
  PhReorderStatus status;
} Step;

typedef struct
{
  const char *name;
  guint16 start;
  const char *expected;
  Step steps[8]; /* ended by one with total 0 */
} Case;

#define NEXT PH_REORDER_NEXT
#define HELD PH_REORDER_HELD
#define OLD PH_REORDER_OLD
#define BAD PH_REORDER_MALFORMED

static const Case cases[] = {
  { "in-order", 0, "ab", { { 0, 0, 1, "a", NEXT }, { 1, 0, 1, "b", NEXT } } },
  { "swapped", 0, "ab", { { 1, 0, 1, "b", HELD }, { 0, 0, 1, "a", NEXT } } },
  { "wrap",
    65535,
    "abc",
    { { 1, 0, 1, "c", HELD }, { 0, 0, 1, "b", HELD }, { 65535, 0, 1, "a", NEXT } } },
  { "old", 5, "a", { { 5, 0, 1, "a", NEXT }, { 5, 0, 1, "x", OLD }, { 4, 0, 1, "x", OLD } } },
  { "held-twice",
    0,
    "ab",
    { { 1, 0, 1, "b", HELD }, { 1, 0, 1, "x", OLD }, { 0, 0, 1, "a", NEXT } } },
  { "furthest", 0, "", { { 32767, 0, 1, "z", HELD }, { 32768, 0, 1, "z", OLD } } },
  { "fragments",
    0,
    "abcd",
    { { 0, 0, 3, "a", NEXT },
      { 1, 0, 1, "d", HELD },
      { 0, 2, 3, "c", HELD },
      { 0, 1, 3, "b", NEXT } } },
  { "old-fragment",
    0,
    "ab",
    { { 0, 0, 3, "a", NEXT }, { 0, 0, 3, "x", OLD }, { 0, 1, 3, "b", NEXT } } },
  { "total-grows", 0, "a", { { 0, 0, 2, "a", NEXT }, { 0, 1, 3, "x", BAD } } },
  { "total-shrinks", 0, "", { { 1, 4, 5, "a", HELD }, { 1, 0, 1, "x", BAD } } },
  { "total-differs-below", 0, "", { { 1, 0, 2, "a", HELD }, { 1, 1, 3, "x", BAD } } },
  { "total-differs-in-turn", 0, "", { { 0, 1, 2, "a", HELD }, { 0, 0, 1, "x", BAD } } },
  { "largest-total",
    0,
    "",
    { { 1, 65534, 65535, "a", HELD }, { 1, 0, 65535, "b", HELD }, { 1, 65534, 65535, "x", OLD } } },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GString) out = g_string_new (NULL);
  PhReorder reorder;

  ph_reorder_init (&reorder, LIMIT);
  ph_reorder_start (&reorder, c->start);
  for (const Step *s = c->steps; s < c->steps + G_N_ELEMENTS (c->steps) && s->total > 0; s++)
    g_assert_cmpint (feed (&reorder, out, s->id, s->index, s->total, s->text), ==, s->status);
  g_assert_cmpstr (out->str, ==, c->expected);
  ph_reorder_clear (&reorder);
  g_assert_cmpuint (reorder.held_bytes, ==, 0);
}

static void
test_event_changes (void)
{
  PhReorder reorder;

  ph_reorder_init (&reorder, LIMIT);
  ph_reorder_start (&reorder, 0);
  g_assert_cmpint (push (&reorder, PH_EVENT_DATA, 1, 0, 2, "a"), ==, HELD);
  g_assert_cmpint (push (&reorder, PH_EVENT_CLOSE, 1, 1, 2, "a"), ==, BAD);
  ph_reorder_clear (&reorder);
}

/* Frames from before the start are thrown away, the others wait. */
static void
test_start_later (gconstpointer data)
{
  guint16 start = (guint16)GPOINTER_TO_UINT (data);
  PhReorder reorder;
  PhFrame frame;

  ph_reorder_init (&reorder, LIMIT);
  g_assert_cmpint (push (&reorder, PH_EVENT_DATA, (guint16)(start + 1), 0, 1, "b"), ==, HELD);
  g_assert_cmpint (push (&reorder, PH_EVENT_DATA, (guint16)(start - 1), 0, 1, "x"), ==, HELD);
  g_assert_false (ph_reorder_pop (&reorder, &frame));
  ph_reorder_start (&reorder, start);
  g_assert_cmpuint (reorder.held_bytes, ==, 1 + PH_REORDER_FRAME_CHARGE_BYTES);
  g_assert_cmpint (push (&reorder, PH_EVENT_CONNECT, start, 0, 1, ""), ==, NEXT);
  g_assert_true (ph_reorder_pop (&reorder, &frame));
  g_assert_cmpuint (frame.chunk_id, ==, (guint16)(start + 1));
  g_assert_cmpmem (frame.payload, frame.payload_size, "b", 1);
  g_assert_false (ph_reorder_pop (&reorder, &frame));
  g_assert_cmpuint (reorder.held_bytes, ==, 0);
  ph_reorder_clear (&reorder);
}

/* The bound counts bytes and frames, not what total_chunks claims, and frees as frames go. */
static void
test_limit (void)
{
  g_autofree char *text = g_strnfill (1000, 'x');
  g_autoptr (GString) out = g_string_new (NULL);
  PhReorder reorder;
  guint16 n = 0;

  ph_reorder_init (&reorder, 10 * (1000 + PH_REORDER_FRAME_CHARGE_BYTES));
  ph_reorder_start (&reorder, 0);
  while (push (&reorder, PH_EVENT_DATA, (guint16)(n + 1), 65534, 65535, text) == HELD)
    n++;
  g_assert_cmpuint (n, ==, 10);
  ph_reorder_clear (&reorder);

  ph_reorder_init (&reorder, 3 * PH_REORDER_FRAME_CHARGE_BYTES);
  ph_reorder_start (&reorder, 0);
  for (n = 1; n <= 3; n++)
    g_assert_cmpint (feed (&reorder, out, n, 0, 1, ""), ==, HELD);
  g_assert_cmpint (feed (&reorder, out, n, 0, 1, ""), ==, PH_REORDER_FULL);
  g_assert_cmpint (feed (&reorder, out, 0, 0, 1, ""), ==, NEXT);
  g_assert_cmpuint (reorder.held_bytes, ==, 0);
  ph_reorder_clear (&reorder);
}

/* Every order of many fragmented messages comes out as the one order; more than all numbers. */
static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GArray) ahead = g_array_new (FALSE, FALSE, sizeof (Step));
  PhReorder reorder;
  guint32 next = 0;

  ph_reorder_init (&reorder, 1 << 20);
  ph_reorder_start (&reorder, 60000);
  while (next < 150000 || ahead->len > 0)
    {
      guint pick;
      Step step;

      while (ahead->len < 200 && next < 150000)
        {
          guint16 total = (guint16)g_rand_int_range (rand, 1, 4);

          for (guint16 i = 0; i < total; i++)
            {
              step = (Step){ (guint16)(60000 + next), i, total, i + 1 == total ? "." : "-", NEXT };
              g_array_append_val (ahead, step);
            }
          next++;
        }
      pick = (guint)g_rand_int_range (rand, 0, (gint32)ahead->len);
      step = g_array_index (ahead, Step, pick);
      g_array_remove_index_fast (ahead, pick);
      g_assert_cmpint (feed (&reorder, out, step.id, step.index, step.total, step.text), <=, HELD);
    }
  g_assert_null (strstr (out->str, "---"));
  g_assert_cmpuint (reorder.held_bytes, ==, 0);
  guint n_ends = 0;
  for (gsize i = 0; i < out->len; i++)
    n_ends += out->str[i] == '.';
  g_assert_cmpuint (n_ends, ==, 150000);
  ph_reorder_clear (&reorder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/reorder/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/reorder/event-changes", test_event_changes);
  g_test_add_data_func ("/reorder/start-later/5", GUINT_TO_POINTER (5), test_start_later);
  g_test_add_data_func ("/reorder/start-later/0", GUINT_TO_POINTER (0), test_start_later);
  g_test_add_data_func ("/reorder/start-later/65535", GUINT_TO_POINTER (65535), test_start_later);
  g_test_add_func ("/reorder/limit", test_limit);
  g_test_add_func ("/reorder/random", test_random);
  return g_test_run ();
}
