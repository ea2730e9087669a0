/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-frame.h"

G_BEGIN_DECLS

/* Puts the frames of one connection and direction back in order: messages by chunk_id, which wraps,
 * and the fragments of a message by chunk_index. Fragments are handed on one by one as their turn
 * comes, so a message may be larger than what can be held. Memory follows the bytes that came, plus
 * a fixed charge for each held frame; what total_chunks claims costs nothing. Pure: no sockets. */

#define PH_REORDER_FRAME_CHARGE_BYTES 128

typedef struct
{
  GTree *held; /* HeldFrame by position; NULL until needed */
  gpointer popped;
  guint64 next; /* position whose turn it is: sequence number << 16 | chunk_index */
  gsize held_bytes;
  gsize limit_bytes;
  guint8 event;  /* of the message at `next`, once its first fragment has been handed on */
  guint16 total; /* likewise */
  gboolean started;
  gboolean only_counts;
} PhReorder;

typedef enum
{
  PH_REORDER_NEXT,      /* it is this frame's turn: use it, then pop; it was not copied */
  PH_REORDER_HELD,      /* copied until its turn */
  PH_REORDER_OLD,       /* came before, or lies before the start: drop it */
  PH_REORDER_MALFORMED, /* contradicts another fragment of its message */
  PH_REORDER_FULL,      /* would pass the limit */
} PhReorderStatus;

/* Everything is held until ph_reorder_start. */
void ph_reorder_init (PhReorder *reorder, gsize limit_bytes);
void ph_reorder_clear (PhReorder *reorder);

/* Says which chunk_id is first; held frames from before it are dropped. Once. */
void ph_reorder_start (PhReorder *reorder, guint16 chunk_id);

/* From now on keeps each frame's place but not its payload, which nobody will read. */
void ph_reorder_only_count (PhReorder *reorder);

/* Takes a decoded, sequenced frame. */
PhReorderStatus ph_reorder_push (PhReorder *reorder, const PhFrame *frame);

/* The event and chunk_id of the held frame whose turn it is; FALSE if it has not come. */
gboolean ph_reorder_peek (const PhReorder *reorder, PhEvent *ret_event, guint16 *ret_chunk_id);

/* Hands on the held frame whose turn it is; FALSE if it has not come. event, chunk_id, chunk_index,
 * total_chunks and the payload are set, the name is not. The payload lasts until the next call. */
gboolean ph_reorder_pop (PhReorder *reorder, PhFrame *ret_frame);

G_END_DECLS
