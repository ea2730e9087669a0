/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-frame.h"
#include "ph-raw-session.h"
#include "tunnel/ph-mux.h"

G_BEGIN_DECLS

/* A peer that breaks the protocol on purpose, in one way at a time. */

typedef struct _Hostile Hostile;

typedef struct
{
  const char *name;

  /* Sends the next thing, number @n. FALSE: no room now, it will be asked again. */
  gboolean (*step) (Hostile *self, guint64 n);

  /* What it does with a frame that came; NULL: nothing. */
  void (*take) (Hostile *self, const PhFrame *frame);

  guint64 most;       /* so many steps, then it waits; 0: without end */
  gboolean is_deaf;   /* takes nothing from SCTP */
  gboolean is_silent; /* SCTP says nothing: packets are made by hand */
  gboolean is_late;   /* waits for the first frame of a Client before it begins */
} HostileMode;

struct _Hostile
{
  PhRawSession session;
  const HostileMode *mode;
  PhEndpoint target; /* a service the Host allows */
  GMainLoop *loop;
  GSource *source; /* steps */
  GSource *leave;
  guint n_looks;    /* whether the other side has come to the end of what was sent */
  guint n_received; /* records, then */
  guint64 n_steps;
  gboolean is_connected;

  PhFrameName name;  /* the connection at hand */
  guint16 chunk_id;  /* its next number */
  guint64 credit;    /* … and what may be sent on it */
  gboolean has_name; /* Host: somebody has connected */
  GSocket *socket;   /* for datagrams past ICE */
  GSocketAddress *address;
  GByteArray *kept; /* a datagram to be played again */
  guint64 n_joins;  /* under way */
};

extern const HostileMode hostile_client_modes[];  /* frames from a Client */
extern const HostileMode hostile_host_modes[];    /* frames from a Host */
extern const HostileMode hostile_packet_modes[];  /* below frames, either */
extern const HostileMode hostile_knocker_modes[]; /* before there is a connection */

/* A name nobody has used: number @n. */
PhFrameName hostile_name (const Hostile *self, guint64 n);

/* One whole message of our own making. FALSE: no room. */
gboolean hostile_send (Hostile *self, const guint8 *message, gsize size);

/* A frame with the fields of @frame; its payload is @frame->payload_size zero bytes unless it says.
 */
gboolean hostile_send_frame (Hostile *self, const PhFrame *frame);

/* Sends what is queued and says whether there is room for more. */
gboolean hostile_flush (Hostile *self);

G_END_DECLS
