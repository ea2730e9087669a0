/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-signal-call.h"
#include "ph-signal-callers.h"
#include "ph-signal-store.h"

G_BEGIN_DECLS

/* The polls that are held: each until its session changes, its time is over, its caller hangs up or
 * says more, or the server stops. libsoup leaves a socket alone while its message is paused, so
 * that is watched here. */
typedef struct _PhSignalPolls PhSignalPolls;

/* What a poll asks for. */
typedef struct
{
  char id[PH_ID_SIZE];
  PhStoreWait wait;
  guint64 since;
  guint hold_s; /* 0: not at all */
} PhSignalPollQuery;

/* On the thread-default context. @store, @callers and @tally are borrowed. */
PhSignalPolls *
ph_signal_polls_new (PhSignalStore *store, PhSignalCallers *callers, PhSignalTally *tally);
void ph_signal_polls_free (PhSignalPolls *polls);

/* Answers @call, now or later. A poll @is_limited counts among those of its address. */
void ph_signal_polls_answer (PhSignalPolls *polls,
                             PhSignalCall *call,
                             const PhSignalPollQuery *query,
                             gboolean is_limited);

/* @call is over: forgets it, if it was a held poll. */
void ph_signal_polls_forget (PhSignalPolls *polls, PhSignalCall *call);

/* The session @id is another one, or gone: soon its polls are looked at. */
void ph_signal_polls_changed (PhSignalPolls *polls, const char *id);

/* Answers all there are, and from now on holds none. */
void ph_signal_polls_stop (PhSignalPolls *polls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalPolls, ph_signal_polls_free)

G_END_DECLS
