/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What each address has used of its share: sessions, and those a minute, held polls, connections.
 * An address that has used nothing for a minute is forgotten. IPv6 addresses share by their /64,
 * which is what one customer has (RFC 6177). No sockets and no clock. */
typedef struct _PhSignalCallers PhSignalCallers;

typedef struct
{
  guint create_per_minute; /* 0 in all of these: no limit */
  guint polls;
  guint connections;
  guint sessions; /* at a time */
} PhSignalCallerLimits;

PhSignalCallers *ph_signal_callers_new (const PhSignalCallerLimits *limits);
void ph_signal_callers_free (PhSignalCallers *callers);

/* One session more for @address; else FALSE and in how many seconds there is room again. */
gboolean ph_signal_callers_take_create (PhSignalCallers *callers,
                                        const guint8 address[16],
                                        gint64 now_us,
                                        guint *ret_retry_s);

/* Pairs: what began must end. FALSE: no more, and nothing began. */
gboolean ph_signal_callers_begin_poll (PhSignalCallers *callers, const guint8 address[16]);
void ph_signal_callers_end_poll (PhSignalCallers *callers, const guint8 address[16]);
gboolean ph_signal_callers_begin_connection (PhSignalCallers *callers, const guint8 address[16]);
void ph_signal_callers_end_connection (PhSignalCallers *callers, const guint8 address[16]);

/* Here asking is apart, for whether a session is a new one shows only when it is there. */
gboolean ph_signal_callers_may_begin_session (PhSignalCallers *callers, const guint8 address[16]);
void ph_signal_callers_begin_session (PhSignalCallers *callers, const guint8 address[16]);
void ph_signal_callers_end_session (PhSignalCallers *callers, const guint8 address[16]);

void ph_signal_callers_sweep (PhSignalCallers *callers, gint64 now_us);
guint ph_signal_callers_count (PhSignalCallers *callers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalCallers, ph_signal_callers_free)

G_END_DECLS
