/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-event-log.h"

struct _PhEventItem
{
  GObject parent_instance;

  PhEventLevel level;
  char *text;
  gint64 time_us;
  guint count;
};

G_DEFINE_FINAL_TYPE (PhEventItem, ph_event_item, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ph_event_item_finalize (GObject *object)
{
  g_free (PH_EVENT_ITEM (object)->text);
  G_OBJECT_CLASS (ph_event_item_parent_class)->finalize (object);
}

static void
ph_event_item_class_init (PhEventItemClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_event_item_finalize;
  signals[CHANGED] = g_signal_new ("changed", PH_TYPE_EVENT_ITEM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
ph_event_item_init (PhEventItem *self)
{
  self->count = 1;
}

PhEventLevel
ph_event_item_get_level (PhEventItem *item)
{
  return item->level;
}

const char *
ph_event_item_get_text (PhEventItem *item)
{
  return item->text;
}

gint64
ph_event_item_get_time_us (PhEventItem *item)
{
  return item->time_us;
}

guint
ph_event_item_get_count (PhEventItem *item)
{
  return item->count;
}

/* --- the log -----------------------------------------------------------------------------------
 */

struct _PhEventLog
{
  GObject parent_instance;

  GQueue items; /* of PhEventItem */
};

static GType
log_get_item_type (GListModel *model)
{
  return PH_TYPE_EVENT_ITEM;
}

static guint
log_get_n_items (GListModel *model)
{
  return PH_EVENT_LOG (model)->items.length;
}

static gpointer
log_get_item (GListModel *model, guint position)
{
  gpointer item = g_queue_peek_nth (&PH_EVENT_LOG (model)->items, position);

  return item != NULL ? g_object_ref (item) : NULL;
}

static void
log_model_init (GListModelInterface *interface)
{
  interface->get_item_type = log_get_item_type;
  interface->get_n_items = log_get_n_items;
  interface->get_item = log_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (PhEventLog,
                               ph_event_log,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, log_model_init))

static void
ph_event_log_finalize (GObject *object)
{
  g_queue_clear_full (&PH_EVENT_LOG (object)->items, g_object_unref);
  G_OBJECT_CLASS (ph_event_log_parent_class)->finalize (object);
}

static void
ph_event_log_class_init (PhEventLogClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_event_log_finalize;
}

static void
ph_event_log_init (PhEventLog *self)
{
  g_queue_init (&self->items);
}

PhEventLog *
ph_event_log_new (void)
{
  return g_object_new (PH_TYPE_EVENT_LOG, NULL);
}

static gboolean
repeats_last (PhEventLog *self, PhEventLevel level, const char *text)
{
  PhEventItem *last = g_queue_peek_tail (&self->items);

  return last != NULL && last->level == level && g_str_equal (last->text, text);
}

static void
drop_oldest (PhEventLog *self)
{
  if (self->items.length < PH_EVENT_LOG_MAX)
    return;
  g_object_unref (g_queue_pop_head (&self->items));
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 1, 0);
}

static void
append (PhEventLog *self, PhEventLevel level, const char *text)
{
  PhEventItem *item = g_object_new (PH_TYPE_EVENT_ITEM, NULL);

  item->level = level;
  item->text = g_strdup (text);
  item->time_us = g_get_real_time ();
  g_queue_push_tail (&self->items, item);
  g_list_model_items_changed (G_LIST_MODEL (self), self->items.length - 1, 0, 1);
}

void
ph_event_log_add (PhEventLog *log, PhEventLevel level, const char *text)
{
  PhEventItem *last = g_queue_peek_tail (&log->items);

  if (!repeats_last (log, level, text))
    {
      drop_oldest (log);
      append (log, level, text);
      return;
    }
  last->count++;
  last->time_us = g_get_real_time ();
  g_signal_emit (last, signals[CHANGED], 0);
}
