/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-poll.h"

G_BEGIN_DECLS

/* For tests: one end of a TCP connection that writes a known sequence of bytes and checks that what
 * it reads is the one the other end writes. The sequence follows from a seed. */
typedef struct
{
  guint32 write_seed;
  guint64 write_bytes;   /* then it shuts down writing, unless keep_open */
  guint32 read_seed;
  gsize chunk_bytes;     /* at most so many in one write or read; 0: as many as fit */
  gboolean keep_open;    /* writes no end */
  gboolean write_last;   /* starts to write when the other end has ended */
  gboolean reset_after;  /* resets instead of shutting down */
} PhStreamPlan;

typedef struct
{
  PhStreamPlan plan;
  GSocket *socket;
  PhPollWatch *watch;
  guint64 n_written;
  guint64 n_read;
  gboolean paused;   /* reads nothing; set with ph_stream_set_paused */
  gboolean shut_down;
  gboolean ended;    /* the other end has shut down writing */
  gboolean was_reset;
  gboolean wrong;    /* a byte was not what it should be */
} PhStream;

/* Takes over @socket, connected or connecting. */
PhStream *ph_stream_new (PhPoll *poll, GSocket *socket, const PhStreamPlan *plan);
void ph_stream_free (PhStream *stream);

void ph_stream_set_paused (PhStream *stream, gboolean paused);

/* Writes no more than it has, and shuts down. */
void ph_stream_finish (PhStream *stream);

/* Has nothing left to do. */
gboolean ph_stream_is_over (const PhStream *stream);

/* Non-blocking connect to 127.0.0.1 or, with IPv6, ::1. */
GSocket *ph_stream_connect (guint16 port);

/* Listens on 127.0.0.1. */
GSocket *ph_stream_listen (guint16 *ret_port);

/* Runs @context until @done says so; fails the test after a deadline. */
void ph_test_wait (GMainContext *context, gboolean (*done) (gpointer user_data), gpointer user_data);

/* Open descriptors of this process; 0 where the system does not tell. */
guint ph_test_count_descriptors (void);

G_END_DECLS
