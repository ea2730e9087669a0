/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-event-log.h"

G_BEGIN_DECLS

/* "Information", "Warning" or "Error". Static, translated. */
const char *ph_event_level_title (PhEventLevel level);

/* One event as text for people elsewhere, without a line's end: the time of its last repetition
 * (ISO 8601, local, with its distance to UTC), its level, its text on one line and how often it
 * happened, if more than once. Owned. */
char *ph_event_dup_line (PhEventItem *event);

/* All of @events, PhEventItem, each on its line. Owned. */
char *ph_event_dup_lines (GListModel *events);

/* Whether @event is at @least or worse, and has @needle in its text: as people read it, whatever
 * the case. @needle: as g_utf8_casefold makes it, may be empty. */
gboolean ph_event_matches (PhEventItem *event, PhEventLevel least, const char *needle);

G_END_DECLS
