/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-slice.h"
#include "ph-lookup.h"
#include "ph-mux.h"

G_BEGIN_DECLS

/* What the mux keeps, and what its connections may ask of it. Nobody else includes this. */

typedef struct _PhConn PhConn;

typedef enum
{
  PH_MUX_RUNNING,
  PH_MUX_STOPPING, /* CLOSEs are on their way */
  PH_MUX_STOPPED,
  PH_MUX_FAILED, /* the channel is of no use any more */
  PH_MUX_N_STATES
} PhMuxState;

/* What one connection adds to the mux's sums. */
typedef struct
{
  gsize held_bytes;
  gsize raised_bytes;
  guint live;
  guint fullness; /* bits of held_bytes; its queue among `fullness` */
  guint crowding; /* 1: without credit, and the channel is not read because of it */
} PhMuxShare;

#define PH_MUX_N_FULLNESS 33

/* What a connection may wait for; each kind equally long. */
typedef enum
{
  PH_WAIT_STEP,   /* of dialling */
  PH_WAIT_LINGER, /* the application's end, 5 s */
  PH_WAIT_ANSWER, /* OPENED, 60 s */
  PH_WAIT_NAME,   /* without a socket, 60 s */
  PH_WAIT_READER, /* of a crowding connection, to take anything, 5 s */
  PH_N_WAITS,
  PH_WAIT_NONE = PH_N_WAITS
} PhWait;

struct _PhMux
{
  PhMuxRole role;
  PhMuxState state;
  PhExtensions extensions;
  PhChannel *channel;
  PhPoll *poll;
  PhRules *rules;
  PhLookups *lookups;
  const PhMuxEvents *events;
  gpointer user_data;

  GHashTable *by_name;      /* PhFrameName in PhConn -> PhConn; each name's newest */
  GQueue all;               /* every PhConn but those gone, oldest first */
  GQueue ready;             /* wait for room in the channel or for time, in turn */
  GQueue reports;           /* have something to report, or to be freed */
  GQueue waits[PH_N_WAITS]; /* with a deadline each, the first one's is the earliest */
  gboolean held;

  guint8 *used_names; /* Client: which names were used, in bits */
  guint64 next_made_up;

  PhSlice receiving; /* messages from the channel */
  PhSlice sending;   /* what sockets and the channel have room or bytes for */
  gboolean unread;   /* messages were left in the channel, see ph_mux_is_paused */
  gboolean blocked;  /* the channel has no room: nobody reads or sends */
  PhConn *pending;   /* whose frame in `buffer` the channel did not take */
  gsize pending_size;
  guint8 buffer[PH_FRAME_MAX_SIZE];

  GBytes *services_out; /* Host: the message, until the channel has taken it; else NULL */
  GBytes *services_in;  /* Client: the newest list, until it is told; else NULL */
  gint64 services_us;   /* when the next may be told */
  guint16 services_id;  /* the next list's number: what is before it is old */

  PhMuxShare sum;                     /* of all connections */
  GQueue fullness[PH_MUX_N_FULLNESS]; /* those that hold anything, by powers of two */
  gsize peak_load_bytes;              /* since memory was last given back */
  gint64 give_back_us;                /* when that is to be done again; G_MAXINT64: not now */
  guint64 bytes_in;
  guint64 bytes_out;
  guint n_malformed;

  GSource *deadlines;
  gint64 deadline_us; /* when that is ready */
  GSource *soon;
  gint64 stop_deadline_us;
  void (*stop_done) (gpointer user_data);
  gpointer stop_user_data;
  GError *error; /* why it is about to be FAILED */

  guint depth; /* calls of ours on the stack */
  gboolean freed;
};

/* A Client's, before the first ph_mux_open. */
void ph_mux_init_names (PhMux *mux);

/* Around everything that the main loop calls. The outermost leave reports to the user, frees what
 * is gone and sets the timer, when no code of a connection is on the stack. */
void ph_mux_enter (PhMux *mux);
void ph_mux_leave (PhMux *mux);

/* The same for what the user calls: what there is to report comes from the main loop. */
void ph_mux_leave_quietly (PhMux *mux);

static inline gboolean
ph_mux_has (const PhMux *mux, PhExtensions extension)
{
  return (mux->extensions & extension) != 0;
}

/* Around what a socket is ready for. FALSE: not now, the other muxes have their turn. */
gboolean ph_mux_begin_sending (PhMux *mux);
void ph_mux_end_sending (PhMux *mux);

/* Sends one whole message. FALSE, nothing sent, while the channel has no room. */
gboolean ph_mux_send_message (PhMux *mux, const guint8 *message, gsize size);

/* Sends one small frame. FALSE, nothing sent, while the channel has no room. */
gboolean ph_mux_send_control (PhMux *mux, const PhFrame *frame);

/* Sends @frame, whose payload stands in the mux's buffer behind room for the header; the mux keeps
 * it if the channel has no room, and FALSE says that this was the last for now. */
gboolean ph_mux_send_data (PhMux *mux, PhConn *conn, const PhFrame *frame);

/* Forgets a frame of @conn that the channel did not take. TRUE if there was one. */
gboolean ph_mux_drop_pending (PhMux *mux, PhConn *conn);

/* @conn waits for its turn to send: for room in the channel, or for time. */
void ph_mux_queue (PhMux *mux, PhConn *conn);

/* @conn has something to report or is gone. */
void ph_mux_report (PhMux *mux, PhConn *conn);

/* Sets @conn's deadline anew, or takes it away. */
void ph_mux_set_wait (PhMux *mux, PhConn *conn, PhWait wait);

/* Whether there are more connections than there may be. */
gboolean ph_mux_is_full (const PhMux *mux);

/* Takes @conn out of the table and all queues. */
void ph_mux_forget (PhMux *mux, PhConn *conn);

/* Counts something malformed; with a connection, closes it. */
void ph_mux_malformed (PhMux *mux, PhConn *conn);

/* Services: sends what waits to be sent, if there is room; takes a frame that came; tells what
 * came, if it is time, and says when it will be (G_MAXINT64: there is nothing). */
void ph_mux_flush_services (PhMux *mux);
void ph_mux_take_services (PhMux *mux, const PhFrame *frame);
void ph_mux_tell_services (PhMux *mux);
gint64 ph_mux_get_services_deadline (const PhMux *mux);

/* Nothing is received for now: a Host owes too much, or a reader without credit is behind. */
gboolean ph_mux_is_paused (const PhMux *mux);

/* Keeps the sums right. After everything that changes what @conn holds, its window or whether it is
 * live. */
void ph_mux_account (PhMux *mux, PhConn *conn);

/* Closes the fullest connections until all together are within the budget. */
void ph_mux_enforce_budget (PhMux *mux);

/* Notes how much there is to carry, and sets give_back_us once a great load has gone. */
void ph_mux_note_load (PhMux *mux);

/* Gives the memory that a load has left behind back to the system. */
void ph_mux_give_back (PhMux *mux);

/* What is left to raise windows to their full size with. */
gsize ph_mux_get_headroom (const PhMux *mux);

G_END_DECLS
