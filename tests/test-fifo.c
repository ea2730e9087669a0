/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-fifo.h"

#include <string.h>

#include <gio/gio.h>

/* What the queue must hold: a plain array that is moved down on every pop. */
typedef struct
{
  PhFifo fifo;
  GByteArray *model;
  guint8 next; /* the next byte to push: a counter, so that any loss or swap shows */
} Fixture;

static void
fixture_init (Fixture *self, gsize limit)
{
  ph_fifo_init (&self->fifo, limit);
  self->model = g_byte_array_new ();
  self->next = 0;
}

static void
fixture_clear (Fixture *self)
{
  ph_fifo_clear (&self->fifo);
  g_clear_pointer (&self->model, g_byte_array_unref);
}

static void
assert_same (const Fixture *self)
{
  gsize size;
  const guint8 *bytes = ph_fifo_peek (&self->fifo, &size);
  gsize rest = self->model->len - size;

  g_assert_cmpuint (ph_fifo_size (&self->fifo), ==, self->model->len);
  g_assert_cmpmem (bytes, (int)size, self->model->data, (int)size);
  if (rest > 0) /* behind the turn */
    g_assert_cmpmem (self->fifo.bytes, (int)rest, self->model->data + size, (int)rest);
  g_assert_cmpuint (ph_fifo_allocated (&self->fifo), <=, self->fifo.limit);
  if (size == 0)
    g_assert_null (bytes);
}

static void
push (Fixture *self, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size + 1);
  gboolean fits = self->model->len + size <= self->fifo.limit;

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8)(self->next + i);
  g_assert_cmpint (ph_fifo_push (&self->fifo, bytes, size), ==, fits);
  if (!fits)
    return;
  self->next = (guint8)(self->next + size);
  g_byte_array_append (self->model, bytes, (guint)size);
}

static void
pop (Fixture *self, gsize size)
{
  ph_fifo_pop (&self->fifo, size);
  g_byte_array_remove_range (self->model, 0, (guint)size);
}

static void
test_empty (void)
{
  Fixture self;

  fixture_init (&self, 100);
  assert_same (&self);
  pop (&self, 0);
  push (&self, 0);
  assert_same (&self);
  ph_fifo_clear (&self.fifo);
  assert_same (&self);
  fixture_clear (&self);
}

static void
test_limit (void)
{
  static const gsize limits[] = { 0, 1, 4095, 4096, 4097, 65536, 100000 };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      Fixture self;

      fixture_init (&self, limits[i]);
      push (&self, limits[i] + 1);
      assert_same (&self);
      push (&self, limits[i]);
      push (&self, 1);
      assert_same (&self);
      g_assert_false (ph_fifo_push (&self.fifo, (const guint8 *)"", G_MAXSIZE));
      if (limits[i] > 0)
        {
          pop (&self, 1);
          push (&self, 2);
          push (&self, 1);
        }
      assert_same (&self);
      fixture_clear (&self);
    }
}

/* An empty queue holds no memory, and a cleared one keeps its limit. */
static void
test_gives_back (void)
{
  Fixture self;

  fixture_init (&self, 50000);
  push (&self, 50000);
  pop (&self, 49999);
  g_assert_nonnull (self.fifo.bytes);
  pop (&self, 1);
  g_assert_null (self.fifo.bytes);
  g_assert_cmpuint (self.fifo.allocated, ==, 0);
  push (&self, 10);
  ph_fifo_clear (&self.fifo);
  g_byte_array_set_size (self.model, 0);
  assert_same (&self);
  push (&self, 50001);
  push (&self, 50000);
  assert_same (&self);
  fixture_clear (&self);
}

static void
random_step (Fixture *self)
{
  gsize most = (gsize)g_test_rand_int_range (1, 4) == 1 ? self->fifo.limit + 2 : 300;

  if (g_test_rand_bit ())
    push (self, (gsize)g_test_rand_int_range (0, (gint32)most));
  else
    pop (self, (gsize)g_test_rand_int_range (0, (gint32)MIN (self->model->len, most) + 1));
}

/* Whatever is done to it, it holds what the model holds, in memory that the limit bounds. */
static void
test_model (void)
{
  static const gsize limits[] = { 1, 7, 300, 5000, 20000, 400000 };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      Fixture self;

      fixture_init (&self, limits[i]);
      for (guint step = 0; step < 5000; step++)
        {
          random_step (&self);
          assert_same (&self);
        }
      fixture_clear (&self);
    }
}

/* What a burst took is given back although the queue never runs empty. */
static void
test_shrinks (void)
{
  Fixture self;

  fixture_init (&self, 8 << 20);
  push (&self, (8 << 20) - 300000);
  push (&self, 300000);
  pop (&self, 4 << 20);
  push (&self, 4 << 20); /* turns */
  assert_same (&self);
  while (ph_fifo_size (&self.fifo) > 1000000)
    {
      pop (&self, 1000000);
      g_assert_cmpuint (ph_fifo_allocated (&self.fifo), <=, 4 * ph_fifo_size (&self.fifo));
    }
  assert_same (&self);
  pop (&self, ph_fifo_size (&self.fifo) - 1);
  g_assert_cmpuint (ph_fifo_allocated (&self.fifo), <=, 65536);
  assert_same (&self);
  fixture_clear (&self);
}

/* A queue that never runs empty keeps its place: memory does not creep. */
static void
test_steady (void)
{
  Fixture self;

  fixture_init (&self, 1 << 20);
  push (&self, 1000);
  for (guint i = 0; i < 100000; i++)
    {
      push (&self, 97);
      pop (&self, 97);
    }
  assert_same (&self);
  g_assert_cmpuint (self.fifo.allocated, <=, 8192);
  fixture_clear (&self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fifo/empty", test_empty);
  g_test_add_func ("/fifo/limit", test_limit);
  g_test_add_func ("/fifo/gives-back", test_gives_back);
  g_test_add_func ("/fifo/model", test_model);
  g_test_add_func ("/fifo/steady", test_steady);
  g_test_add_func ("/fifo/shrinks", test_shrinks);
  return g_test_run ();
}
