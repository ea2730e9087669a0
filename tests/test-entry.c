/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-entry.h"

#include <gio/gio.h>
#include <string.h>

/* Lists of entries over snapshots made here: this program is linked with the list alone, and has a
 * snapshot of its own that ends up poisoned. */

typedef struct
{
  PhSnapshot snapshot; /* first: it is cast */
  PhSnapshotConnection connections[64];
  PhSnapshotConnection closed[64];
  PhSnapshotPeer peers[8];
  guint refs;
} Fake;

static guint n_fakes;

PhSnapshot *
ph_snapshot_ref (PhSnapshot *snapshot)
{
  ((Fake *)snapshot)->refs++;
  return snapshot;
}

void
ph_snapshot_unref (PhSnapshot *snapshot)
{
  Fake *fake = (Fake *)snapshot;

  if (--fake->refs > 0)
    return;
  memset (fake, 0xa5, sizeof *fake);
  g_free (fake);
  n_fakes--;
}

static Fake *
fake_new (void)
{
  Fake *fake = g_new0 (Fake, 1);

  fake->refs = 1;
  fake->snapshot.connections = fake->connections;
  fake->snapshot.closed = fake->closed;
  fake->snapshot.peers = fake->peers;
  n_fakes++;
  return fake;
}

static void
add_open (Fake *fake, guint64 serial, guint64 bytes)
{
  PhSnapshotConnection *connection = &fake->connections[fake->snapshot.n_connections++];

  g_assert_cmpuint (fake->snapshot.n_connections, <=, G_N_ELEMENTS (fake->connections));
  connection->serial = serial;
  connection->is_open = TRUE;
  connection->bytes_in = bytes;
}

static void
add_closed (Fake *fake, guint64 serial)
{
  PhSnapshotConnection *connection = &fake->closed[fake->snapshot.n_closed++];

  g_assert_cmpuint (fake->snapshot.n_closed, <=, G_N_ELEMENTS (fake->closed));
  connection->serial = serial;
  connection->closed_us = 1;
}

/* A view: what one knows of a list that hears its signals only. */
typedef struct
{
  PhEntryList *list;
  GPtrArray *seen; /* owned PhEntry */
  guint n_signals;
  guint n_changed; /* of entries */
} View;

static void
on_changed (View *view)
{
  view->n_changed++;
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, View *view)
{
  g_assert_true (removed > 0 || added > 0);
  g_assert_cmpuint (position + removed, <=, view->seen->len);
  for (guint i = 0; i < removed; i++)
    g_signal_handlers_disconnect_by_data (view->seen->pdata[position + i], view);
  if (removed > 0)
    g_ptr_array_remove_range (view->seen, position, removed);
  for (guint i = 0; i < added; i++)
    {
      PhEntry *entry = g_list_model_get_item (list, position + i);

      g_signal_connect_swapped (entry, "changed", G_CALLBACK (on_changed), view);
      g_ptr_array_insert (view->seen, (int)(position + i), entry);
    }
  view->n_signals++;
}

static void
view_init (View *view)
{
  view->list = ph_entry_list_new ();
  view->seen = g_ptr_array_new_with_free_func (g_object_unref);
  view->n_signals = 0;
  view->n_changed = 0;
  g_signal_connect (view->list, "items-changed", G_CALLBACK (on_items_changed), view);
}

static void
view_clear (View *view)
{
  for (guint i = 0; i < view->seen->len; i++)
    g_signal_handlers_disconnect_by_data (view->seen->pdata[i], view);
  g_clear_object (&view->list);
  g_clear_pointer (&view->seen, g_ptr_array_unref);
  g_assert_cmpuint (n_fakes, ==, 0);
}

/* Takes @fake. What was heard since the call before is forgotten. */
static void
view_update (View *view, Fake *fake)
{
  GListModel *list = G_LIST_MODEL (view->list);

  view->n_signals = 0;
  view->n_changed = 0;
  ph_entry_list_set_connections (view->list, &fake->snapshot);
  ph_snapshot_unref (&fake->snapshot);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, view->seen->len);
  for (guint i = 0; i < view->seen->len; i++)
    {
      g_autoptr (PhEntry) entry = g_list_model_get_item (list, i);

      g_assert_true (entry == view->seen->pdata[i]);
    }
  g_assert_null (g_list_model_get_item (list, view->seen->len));
}

static guint64
get_serial (View *view, guint position)
{
  return ph_entry_get_connection (view->seen->pdata[position])->serial;
}

static void
test_in_place (void)
{
  View view;
  PhEntry *first;
  Fake *fake = fake_new ();

  view_init (&view);
  add_open (fake, 7, 10);
  add_open (fake, 9, 10);
  view_update (&view, fake);
  g_assert_cmpuint (view.n_signals, ==, 1);
  first = view.seen->pdata[0];

  fake = fake_new ();
  add_open (fake, 7, 11);
  add_open (fake, 9, 10);
  view_update (&view, fake);
  g_assert_cmpuint (view.n_signals, ==, 0);
  g_assert_cmpuint (view.n_changed, ==, 1);
  g_assert_true (view.seen->pdata[0] == first);
  g_assert_cmpuint (ph_entry_get_connection (first)->bytes_in, ==, 11);

  fake = fake_new (); /* closed, it stays where it was */
  add_closed (fake, 7);
  add_open (fake, 9, 10);
  view_update (&view, fake);
  g_assert_cmpuint (view.n_signals, ==, 0);
  g_assert_cmpuint (view.n_changed, ==, 1);
  g_assert_cmpint (ph_entry_get_connection (first)->closed_us, ==, 1);
  view_clear (&view);
}

/* One signal for each run that goes, however long. */
static void
test_runs (void)
{
  View view;
  Fake *fake = fake_new ();

  view_init (&view);
  for (guint i = 0; i < 40; i++)
    add_open (fake, i, 0);
  view_update (&view, fake);

  fake = fake_new ();
  for (guint i = 0; i < 40; i++)
    if (i >= 5 && (i < 10 || i >= 20) && i != 30)
      add_open (fake, i, 0);
  add_open (fake, 100, 0);
  add_open (fake, 101, 0);
  view_update (&view, fake);
  g_assert_cmpuint (view.n_signals, ==, 4);
  g_assert_cmpuint (view.seen->len, ==, 26);
  g_assert_cmpuint (get_serial (&view, 0), ==, 5);
  g_assert_cmpuint (get_serial (&view, 5), ==, 20);
  g_assert_cmpuint (get_serial (&view, 25), ==, 101);

  view_update (&view, fake_new ());
  g_assert_cmpuint (view.n_signals, ==, 1);
  g_assert_cmpuint (view.seen->len, ==, 0);
  view_clear (&view);
}

/* One that is said twice is one entry. */
static void
test_twice (void)
{
  View view;

  view_init (&view);
  for (guint i = 0; i < 3; i++)
    {
      Fake *fake = fake_new ();

      add_closed (fake, 3);
      add_open (fake, 3, i);
      add_open (fake, 3, i);
      view_update (&view, fake);
      g_assert_cmpuint (view.seen->len, ==, 1);
    }
  view_clear (&view);
}

/* An entry that somebody keeps goes on saying what it last said. */
static void
test_outlives (void)
{
  View view;
  Fake *fake = fake_new ();
  g_autoptr (PhEntry) entry = NULL;

  view_init (&view);
  add_open (fake, 3, 33);
  view_update (&view, fake);
  entry = g_object_ref (view.seen->pdata[0]);
  view_update (&view, fake_new ());
  g_assert_cmpuint (view.seen->len, ==, 0);
  g_assert_cmpuint (ph_entry_get_connection (entry)->bytes_in, ==, 33);
  g_clear_object (&entry);
  view_clear (&view);
}

/* --- random sequences against a plain list of numbers ------------------------------------------
 */

typedef struct
{
  guint64 serial;
  guint64 bytes;
  gboolean is_closed;
} Plain;

/* What happens between two snapshots; returns how many of those that stay have changed. */
static guint
mutate (GArray *model, guint64 *next_serial)
{
  guint n_changed = 0;

  for (guint i = model->len; i > 0; i--)
    {
      Plain *plain = &g_array_index (model, Plain, i - 1);
      int dice = g_test_rand_int_range (0, 10);

      if (dice == 0 || model->len > 60)
        g_array_remove_index (model, i - 1);
      else if (dice == 1 && !plain->is_closed)
        plain->is_closed = TRUE, plain->bytes = 0, n_changed++;
      else if (dice < 5 && !plain->is_closed)
        plain->bytes++, n_changed++;
    }
  for (int n = g_test_rand_int_range (0, 6); n > 0; n--)
    {
      Plain plain = { .serial = (*next_serial)++, .bytes = 1 };

      g_array_append_val (model, plain);
    }
  return n_changed;
}

static Fake *
take (GArray *model)
{
  Fake *fake = fake_new ();

  for (guint i = 0; i < model->len; i++)
    {
      const Plain *plain = &g_array_index (model, Plain, i);

      if (plain->is_closed)
        add_closed (fake, plain->serial);
      else
        add_open (fake, plain->serial, plain->bytes);
    }
  return fake;
}

static void
test_random (void)
{
  g_autoptr (GArray) model = g_array_new (FALSE, FALSE, sizeof (Plain));
  guint64 next_serial = G_MAXUINT32 - 50; /* hashes are of 32 bits */
  View view;

  view_init (&view);
  for (guint round = 0; round < 2000; round++)
    {
      guint n_changed = mutate (model, &next_serial);

      view_update (&view, take (model));
      g_assert_cmpuint (view.n_changed, ==, n_changed);
      g_assert_cmpuint (view.seen->len, ==, model->len);
      for (guint i = 0; i < model->len; i++)
        g_assert_cmpuint (get_serial (&view, i), ==, g_array_index (model, Plain, i).serial);
    }
  view_clear (&view);
}

static void
test_peers (void)
{
  PhEntryList *list = ph_entry_list_new ();
  g_autoptr (PhEntry) first = NULL;

  for (guint i = 0; i < 3; i++)
    {
      Fake *fake = fake_new ();
      g_autoptr (PhEntry) entry = NULL;

      fake->peers[0].name = i == 0 ? "Ann" : "Zoe";
      fake->peers[1].name = i == 0 ? "Ben" : "Ann";
      fake->peers[1].n_connections = i;
      fake->snapshot.n_peers = 2;
      ph_entry_list_set_peers (list, &fake->snapshot);
      ph_snapshot_unref (&fake->snapshot);
      entry = g_list_model_get_item (G_LIST_MODEL (list), 0);
      g_assert_cmpstr (ph_entry_get_peer (entry)->name, ==, "Ann");
      g_assert_cmpuint (ph_entry_get_peer (entry)->n_connections, ==, i);
      g_assert_true (first == NULL || first == entry);
      g_set_object (&first, entry);
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 2);
  g_clear_object (&first);
  g_object_unref (list);
  g_assert_cmpuint (n_fakes, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/entry/in-place", test_in_place);
  g_test_add_func ("/entry/runs", test_runs);
  g_test_add_func ("/entry/twice", test_twice);
  g_test_add_func ("/entry/outlives", test_outlives);
  g_test_add_func ("/entry/random", test_random);
  g_test_add_func ("/entry/peers", test_peers);
  return g_test_run ();
}
