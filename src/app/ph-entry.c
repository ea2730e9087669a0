/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-entry.h"

#include <gio/gio.h>

struct _PhEntry
{
  GObject parent_instance;

  PhSnapshot *snapshot; /* that `what` lies in */
  gconstpointer what;
};

G_DEFINE_FINAL_TYPE (PhEntry, ph_entry, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ph_entry_dispose (GObject *object)
{
  PhEntry *self = PH_ENTRY (object);

  g_clear_pointer (&self->snapshot, ph_snapshot_unref);
  self->what = NULL;
  G_OBJECT_CLASS (ph_entry_parent_class)->dispose (object);
}

static void
ph_entry_class_init (PhEntryClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_entry_dispose;
  signals[CHANGED] = g_signal_new ("changed", PH_TYPE_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 0);
}

static void
ph_entry_init (PhEntry *self)
{
}

const PhSnapshotPeer *
ph_entry_get_peer (PhEntry *entry)
{
  return entry->what;
}

const PhSnapshotConnection *
ph_entry_get_connection (PhEntry *entry)
{
  return entry->what;
}

static void
entry_set (PhEntry *self, PhSnapshot *snapshot, gconstpointer what)
{
  PhSnapshot *old = self->snapshot;

  self->snapshot = ph_snapshot_ref (snapshot);
  self->what = what;
  g_clear_pointer (&old, ph_snapshot_unref);
}

/* --- the list ----------------------------------------------------------------------------------
 */

struct _PhEntryList
{
  GObject parent_instance;

  GPtrArray *entries; /* of PhEntry */
};

static GType
list_get_item_type (GListModel *model)
{
  return PH_TYPE_ENTRY;
}

static guint
list_get_n_items (GListModel *model)
{
  return PH_ENTRY_LIST (model)->entries->len;
}

static gpointer
list_get_item (GListModel *model, guint position)
{
  GPtrArray *entries = PH_ENTRY_LIST (model)->entries;

  return position < entries->len ? g_object_ref (entries->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *interface)
{
  interface->get_item_type = list_get_item_type;
  interface->get_n_items = list_get_n_items;
  interface->get_item = list_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PhEntryList,
                               ph_entry_list,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static void
ph_entry_list_dispose (GObject *object)
{
  g_ptr_array_set_size (PH_ENTRY_LIST (object)->entries, 0);
  G_OBJECT_CLASS (ph_entry_list_parent_class)->dispose (object);
}

static void
ph_entry_list_finalize (GObject *object)
{
  g_ptr_array_unref (PH_ENTRY_LIST (object)->entries);
  G_OBJECT_CLASS (ph_entry_list_parent_class)->finalize (object);
}

static void
ph_entry_list_class_init (PhEntryListClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_entry_list_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_entry_list_finalize;
}

static void
ph_entry_list_init (PhEntryList *self)
{
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
}

PhEntryList *
ph_entry_list_new (void)
{
  return g_object_new (PH_TYPE_ENTRY_LIST, NULL);
}

/* How entries of one kind are told apart and compared. */
typedef struct
{
  GHashFunc hash;
  GEqualFunc equal;
  gboolean (*is_same) (gconstpointer a, gconstpointer b); /* nothing to be seen has changed */
} EntryKind;

/* Takes out those in `entries` that are not in @found, a set of what the snapshot has; in runs from
 * the end, so that a view hears of few changes. */
static void
remove_missing (PhEntryList *self, GHashTable *found)
{
  guint end = self->entries->len;

  while (end > 0)
    {
      guint start = end;

      while (start > 0 &&
             !g_hash_table_contains (found, ((PhEntry *)self->entries->pdata[start - 1])->what))
        start--;
      if (start < end)
        {
          g_ptr_array_remove_range (self->entries, start, end - start);
          g_list_model_items_changed (G_LIST_MODEL (self), start, end - start, 0);
        }
      end = start > 0 ? start - 1 : 0;
    }
}

/* Gives each entry what the snapshot has under its name, and takes that out of @found. */
static void
refresh (PhEntryList *self, PhSnapshot *snapshot, GHashTable *found, const EntryKind *kind)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      PhEntry *entry = self->entries->pdata[i];
      gconstpointer new_one = g_hash_table_lookup (found, entry->what);
      gboolean is_same = kind->is_same (entry->what, new_one);

      g_hash_table_remove (found, new_one);
      entry_set (entry, snapshot, new_one);
      if (!is_same)
        g_signal_emit (entry, signals[CHANGED], 0);
    }
}

static void
append (PhEntryList *self, PhSnapshot *snapshot, gconstpointer what)
{
  PhEntry *entry = g_object_new (PH_TYPE_ENTRY, NULL);

  entry_set (entry, snapshot, what);
  g_ptr_array_add (self->entries, entry);
}

/* @all: what the snapshot has, in order. */
static void
update (PhEntryList *self, PhSnapshot *snapshot, GPtrArray *all, const EntryKind *kind)
{
  g_autoptr (GHashTable) found = g_hash_table_new (kind->hash, kind->equal);
  guint n_before;

  for (guint i = 0; i < all->len; i++)
    g_hash_table_add (found, all->pdata[i]);
  remove_missing (self, found);
  refresh (self, snapshot, found, kind);
  n_before = self->entries->len;
  for (guint i = 0; i < all->len; i++)
    if (g_hash_table_remove (found, all->pdata[i]))
      append (self, snapshot, all->pdata[i]);
  if (self->entries->len > n_before)
    g_list_model_items_changed (G_LIST_MODEL (self), n_before, 0, self->entries->len - n_before);
}

/* --- the two kinds -----------------------------------------------------------------------------
 */

static guint
peer_hash (gconstpointer peer)
{
  return g_str_hash (((const PhSnapshotPeer *)peer)->name);
}

static gboolean
peer_equal (gconstpointer a, gconstpointer b)
{
  return g_str_equal (((const PhSnapshotPeer *)a)->name, ((const PhSnapshotPeer *)b)->name);
}

static gboolean
peer_is_same (gconstpointer a, gconstpointer b)
{
  const PhSnapshotPeer *x = a, *y = b;

  return x->stage == y->stage && x->is_asking == y->is_asking && x->is_verified == y->is_verified &&
         x->path.kind == y->path.kind && x->round_trip_us == y->round_trip_us &&
         x->n_connections == y->n_connections && x->bytes_in == y->bytes_in &&
         x->bytes_out == y->bytes_out;
}

void
ph_entry_list_set_peers (PhEntryList *list, PhSnapshot *snapshot)
{
  static const EntryKind kind = { peer_hash, peer_equal, peer_is_same };
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (guint i = 0; i < snapshot->n_peers; i++)
    g_ptr_array_add (all, (gpointer)&snapshot->peers[i]);
  update (list, snapshot, all, &kind);
}

static guint
connection_hash (gconstpointer connection)
{
  return (guint)((const PhSnapshotConnection *)connection)->serial;
}

static gboolean
connection_equal (gconstpointer a, gconstpointer b)
{
  return ((const PhSnapshotConnection *)a)->serial == ((const PhSnapshotConnection *)b)->serial;
}

static gboolean
connection_is_same (gconstpointer a, gconstpointer b)
{
  const PhSnapshotConnection *x = a, *y = b;

  return x->is_open == y->is_open && x->bytes_in == y->bytes_in && x->bytes_out == y->bytes_out &&
         x->closed_us == y->closed_us;
}

void
ph_entry_list_set_connections (PhEntryList *list, PhSnapshot *snapshot)
{
  static const EntryKind kind = { connection_hash, connection_equal, connection_is_same };
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (guint i = 0; i < snapshot->n_closed; i++)
    g_ptr_array_add (all, (gpointer)&snapshot->closed[i]);
  for (guint i = 0; i < snapshot->n_connections; i++)
    g_ptr_array_add (all, (gpointer)&snapshot->connections[i]);
  update (list, snapshot, all, &kind);
}
