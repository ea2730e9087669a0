/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-channel.h"
#include "tunnel/ph-mux.h"

G_BEGIN_DECLS

/* The other end of a mux's channel. It sends whatever it is told to, remembers what a mux may do in
 * answer, and fails the process when that does more: a message that does not decode, a number out
 * of its turn, anything after CLOSE, bytes beyond the credit that was given, an extension that was
 * not agreed upon, a CLOSE for what nobody asked for. */
typedef struct
{
  PhChannel *channel;
  PhMuxRole mux_role;
  PhExtensions extensions; /* those that are on */
  GHashTable *names;       /* PhFrameName -> PhNameRecord */
} PhHostilePeer;

/* What has passed under one name. */
typedef struct
{
  PhFrameName name;
  guint n_asked;       /* CONNECTs for it that have gone to the mux */
  gboolean is_foul;    /* DATA other than ph_hostile_peer_fill makes it has gone there */
  guint n_gaps;        /* numbers used for what leaves no trace among the bytes */
  guint n_begun;       /* times that the mux's numbers have begun */
  guint64 allowed;     /* bytes that the mux may send */
  guint64 came;        /* … and has sent */
  guint16 next_id;     /* of the mux's next message */
  gboolean is_started; /* one has come */
  gboolean is_closed;
  gboolean has_ended;
  guint8 next_byte; /* applications count: 0, 1, 2 … 255, 0 */
} PhNameRecord;

void ph_hostile_peer_init (PhHostilePeer *peer,
                           PhChannel *channel,
                           PhMuxRole mux_role,
                           PhExtensions extensions);
void ph_hostile_peer_clear (PhHostilePeer *peer);

/* Sends @size bytes as they are. */
void ph_hostile_peer_send (PhHostilePeer *peer, const guint8 *message, gsize size);

/* Sends a frame, whose payload may be NULL: that many zero bytes. */
void ph_hostile_peer_send_frame (PhHostilePeer *peer, const PhFrame *frame);

/* Bytes that tell their place: those of a DATA message are all the same, and what their value and
 * number must be follows from chunk_id and chunk_index. Sets total_chunks, payload_size and payload
 * of a frame with these two, the payload until the next call. */
void ph_hostile_peer_fill (PhFrame *frame);

/* Checks at the other end of a connection that such bytes come in order, each message whole, none
 * twice and none left out. */
typedef struct
{
  gboolean has_begun;
  guint8 value;
  guint length; /* so many of it have come */
} PhOrderCheck;

void
ph_order_check (PhOrderCheck *check, const PhNameRecord *record, const guint8 *bytes, gsize size);

G_END_DECLS
