/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-poll.h"

G_BEGIN_DECLS

/* For tests: one end of a TCP connection that writes a known sequence of bytes and checks that what
 * it reads is the one the other end writes. The sequence follows from a seed. */
typedef struct _PhStreamPlan PhStreamPlan;

/* Fills in the plan of a service, once it has read which application it serves. */
typedef void (*PhStreamIdentify) (guint32 identity, PhStreamPlan *plan, gpointer user_data);

struct _PhStreamPlan
{
  guint32 write_seed;
  guint64 write_bytes; /* then it shuts down writing, unless keep_open */
  guint32 read_seed;
  gsize chunk_bytes;   /* at most so many in one write or read; 0: as many as fit */
  guint64 write_after; /* starts to write when so many bytes have been read */
  gboolean write_last; /* … or when the other end has ended */
  gboolean keep_open;
  gboolean reset_after; /* resets instead of shutting down */
  guint32 identity;     /* an application's first four bytes, if not 0 */
  PhStreamIdentify identify;
  gpointer user_data;
};

typedef struct
{
  PhStreamPlan plan;
  GSocket *socket;
  PhPollWatch *watch;
  guint64 n_written;
  guint64 n_read;
  guint8 identity[4]; /* as far as read */
  gboolean paused;    /* reads nothing; set with ph_stream_set_paused */
  gboolean shut_down;
  gboolean ended; /* the other end has shut down writing */
  gboolean was_reset;
  gboolean wrong; /* a byte was not what it should be */
} PhStream;

/* Takes over @socket, connected or connecting. */
PhStream *ph_stream_new (PhPoll *poll, GSocket *socket, const PhStreamPlan *plan);
void ph_stream_free (PhStream *stream);

void ph_stream_set_paused (PhStream *stream, gboolean paused);

/* Writes no more than it has, and shuts down. */
void ph_stream_finish (PhStream *stream);

/* Resets at once. */
void ph_stream_reset (PhStream *stream);

/* Has nothing left to do. */
gboolean ph_stream_is_over (const PhStream *stream);

/* Non-blocking connect to 127.0.0.1 or, with IPv6, ::1. */
GSocket *ph_stream_connect (guint16 port);

/* Listens on 127.0.0.1. */
GSocket *ph_stream_listen (guint16 *ret_port);

/* Runs @context until @done says so; fails the test after a deadline. */
void
ph_test_wait (GMainContext *context, gboolean (*done) (gpointer user_data), gpointer user_data);

/* Open descriptors of this process; 0 where the system does not tell. */
guint ph_test_count_descriptors (void);

G_END_DECLS
