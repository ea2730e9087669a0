/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What has happened in a session, in words: a GListModel of PhEventItem, oldest first. */

typedef enum
{
  PH_EVENT_INFO,
  PH_EVENT_WARNING,
  PH_EVENT_ERROR,
} PhEventLevel;

/* Emits `changed` when it happened again. */
#define PH_TYPE_EVENT_ITEM (ph_event_item_get_type ())
G_DECLARE_FINAL_TYPE (PhEventItem, ph_event_item, PH, EVENT_ITEM, GObject)

PhEventLevel ph_event_item_get_level (PhEventItem *item);
const char *ph_event_item_get_text (PhEventItem *item); /* borrowed */
gint64 ph_event_item_get_time_us (PhEventItem *item);   /* g_get_real_time, of the last one */
guint ph_event_item_get_count (PhEventItem *item);      /* how often in a row */

#define PH_EVENT_LOG_MAX 1000

#define PH_TYPE_EVENT_LOG (ph_event_log_get_type ())
G_DECLARE_FINAL_TYPE (PhEventLog, ph_event_log, PH, EVENT_LOG, GObject)

PhEventLog *ph_event_log_new (void);

/* What repeats the last event is counted there; of more than PH_EVENT_LOG_MAX the oldest go. @text
 * is copied. */
void ph_event_log_add (PhEventLog *log, PhEventLevel level, const char *text);

G_END_DECLS
