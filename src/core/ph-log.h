/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The log of a program: what happened, for whoever looks later, beside what it prints for the
 * person who sits there. A line has a time, a level, and either an event with its fields or a
 * library's words. Lines go to a file; without one to systemd's journal, field by field, where
 * standard error leads there; else to standard error.
 *
 * Programs log events. Libraries only ever use g_debug (). Nobody hands over what opens a session:
 * no share code, link, secret, token, session description, password or whole session ID. */

typedef enum
{
  PH_LOG_OFF,
  PH_LOG_ERROR,   /* the program has to end */
  PH_LOG_WARNING, /* a person should look */
  PH_LOG_INFO,    /* what an administrator would want to know a week later */
  PH_LOG_DEBUG,   /* what a developer would */
} PhLogLevel;

/* The values of --log-level, for its help. */
#define PH_LOG_LEVELS "off|error|warning|info|debug"

/* Once in a process, before its second thread: logs everything up to @level from now on. @level is
 * one of PH_LOG_LEVELS or NULL: "info" if there is a @file, else "off". @file, created for its
 * owner alone and appended to, or NULL; it is written to at once, so it has to be one on a disk.
 * Errors: PH_ERROR_INVALID. */
gboolean ph_log_start (const char *level, const char *file, GError **error);

/* Whether lines of @level are wanted. Any thread. */
gboolean ph_log_wants (PhLogLevel level);

/* Logs that @event, a word, happened. Pairs of name and value follow, ended by NULL: names are
 * lower-case words, a pair whose value is NULL is left out. Any thread. */
void ph_log (PhLogLevel level, const char *event, ...) G_GNUC_NULL_TERMINATED;

/* Takes over what would go to standard error: @sink gets each line with its line break, on any
 * thread, and may not log. NULL gives it back. */
void ph_log_set_sink (void (*sink) (const char *line, gpointer user_data), gpointer user_data);

G_END_DECLS
