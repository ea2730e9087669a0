/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-signal-call.h"
#include "ph-signal-callers.h"
#include "ph-signal-polls.h"
#include "ph-signal-server.h"
#include "ph-signal-store.h"

G_BEGIN_DECLS

/* The paths and methods of the signaling API: each call is checked against the limits of who makes
 * it, put to the store, and answered. */
typedef struct _PhSignalApi PhSignalApi;

/* On the thread-default context. All but @options are borrowed to the end; what @options points to,
 * too. */
PhSignalApi *ph_signal_api_new (const PhSignalServerOptions *options,
                                PhSignalCallers *callers,
                                PhSignalTally *tally);
void ph_signal_api_free (PhSignalApi *api);

/* Answers @call, at once or, with a held poll, later. @path is decoded; @query (name -> value) may
 * be NULL. */
void
ph_signal_api_answer (PhSignalApi *api, PhSignalCall *call, const char *path, GHashTable *query);

/* @call is over. */
void ph_signal_api_forget (PhSignalApi *api, PhSignalCall *call);

/* Whether @call comes from the Host whose own server this is: nobody else knows the token that the
 * session's id was made from. */
gboolean ph_signal_api_is_own (PhSignalApi *api, PhSignalCall *call);

/* Drops what is expired: once a second. */
void ph_signal_api_tick (PhSignalApi *api, gint64 now_us);

/* Answers all held polls, and from now on holds none. */
void ph_signal_api_stop (PhSignalApi *api);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalApi, ph_signal_api_free)

G_END_DECLS
