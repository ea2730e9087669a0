/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-session.h"

G_BEGIN_DECLS

/* Numbers as people read them, in their language. All are owned, never NULL, and need no escaping
 * in markup but for "<", which a round trip may begin with. */

/* "0 B/s", "34 kB/s", "1.2 MB/s": decimal units, as GNOME has them, and of the largest there is at
 * least one of. One digit behind the point below ten, and none that is 0: it stands on an axis, and
 * changes all the time. */
char *ph_words_dup_rate (guint64 bytes_per_second);

/* "1.2 MB" */
char *ph_words_dup_size (guint64 bytes);

/* "12 s", "3 min", "2 h", "5 d": whole ones that have passed. What is below 0 counts as 0. */
char *ph_words_dup_age (gint64 age_us);

/* "0.3 ms", "45 ms", "1.2 s"; "< 0.1 ms" for less. */
char *ph_words_dup_round_trip (guint32 round_trip_us);

/* A service's title in the person's language where it is one of those that Porthole gives by a
 * port, which travel in English; @title itself otherwise. Borrowed from it, or static. */
const char *ph_words_title (const char *title);

/* "Direct, same network". Static. */
const char *ph_words_path (PhPathKind kind);

G_END_DECLS
