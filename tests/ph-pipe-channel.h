/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-channel.h"

G_BEGIN_DECLS

/* For tests: two channels joined in memory, driven by sources of one context. Messages overtake
 * each other at random within a bound; the order follows from the seed. */
typedef struct
{
  guint32 seed;
  guint reorder;           /* a message is picked among so many first ones; 1: in order */
  gsize capacity_bytes;    /* under way in one direction before AGAIN, and not yet received */
  guint messages_per_turn; /* delivered in one turn of the loop; 0: all */
} PhPipeOptions;

typedef struct _PhPipe PhPipe;

PhPipe *ph_pipe_new (GMainContext *context, const PhPipeOptions *options);

/* End 0 or 1; borrowed. */
PhChannel *ph_pipe_get_channel (PhPipe *pipe, guint end);

/* Both ends report closed, in the next turn. What is under way is lost. */
void ph_pipe_close (PhPipe *pipe);

/* Nothing is delivered while paused: a channel without room. */
void ph_pipe_set_paused (PhPipe *pipe, gboolean paused);

/* While full, what end @end sends is not taken. */
void ph_pipe_set_full (PhPipe *pipe, guint end, gboolean full);

void ph_pipe_free (PhPipe *pipe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhPipe, ph_pipe_free)

G_END_DECLS
