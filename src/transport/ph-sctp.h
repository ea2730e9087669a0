/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-channel.h"

G_BEGIN_DECLS

/* One SCTP association (RFC 9260) that carries one WebRTC data channel (RFC 8831: stream 0,
 * negotiated, unordered, reliable, binary), without I/O: packets go in and come out through
 * functions. Both ends connect at once, from and to port 5000.
 *
 * usrsctp keeps process-wide state, so all associations of a process live on one thread: the one
 * whose GMainContext is given first while any is alive.
 *
 * `output` is called with usrsctp on the stack: it may copy the packet away and arm a source, and
 * nothing else. All other events come from the association's own source. */

#define PH_SCTP_PATH_MTU 1176 /* bytes of the largest packet; a browser's own is 1191 */

typedef enum
{
  PH_SCTP_NEW,
  PH_SCTP_CONNECTING,
  PH_SCTP_OPEN,
  PH_SCTP_SHUTTING_DOWN, /* we began it; what was sent is still delivered */
  PH_SCTP_CLOSED,
} PhSctpState;

typedef enum
{
  PH_SCTP_END_ORDERLY, /* shut down by either side, nothing lost */
  PH_SCTP_END_ABORTED, /* by the peer: it has gone, on purpose */
  PH_SCTP_END_FAILED,  /* by our own side, which can make no sense of it or got nowhere */
} PhSctpEnd;

typedef struct
{
  void (*output) (guint8 *packet, gsize size, gpointer user_data);
  void (*opened) (gpointer user_data);
  void (*readable) (gpointer user_data);              /* receive until AGAIN, or be told again */
  void (*writable) (gpointer user_data);              /* after send said AGAIN */
  void (*closed) (PhSctpEnd end, gpointer user_data); /* once, last */
} PhSctpEvents;

typedef struct
{
  guint32 round_trip_us; /* smoothed; 0 before the first measurement */
  guint32 cwnd_bytes;
  guint32 unacked_chunks;
} PhSctpStatus;

typedef struct _PhSctp PhSctp;

/* Errors: PH_ERROR_FAILED. */
PhSctp *
ph_sctp_new (GMainContext *context, const PhSctpEvents *events, gpointer user_data, GError **error);

/* Sends INIT; input before this is dropped. */
gboolean ph_sctp_connect (PhSctp *sctp, GError **error);

/* One packet from the peer, any bytes. DTLS has authenticated it, so its checksum is not looked at
 * again. */
void ph_sctp_input (PhSctp *sctp, const guint8 *packet, gsize size);

/* One message of 1 to 65535 bytes. */
PhChannelStatus ph_sctp_send (PhSctp *sctp, const guint8 *message, gsize size);

/* The next message, borrowed until the next call. One longer than a frame can be comes out cut to
 * PH_SCTP_MAX_MESSAGE bytes, which no decoder takes for a frame. */
#define PH_SCTP_MAX_MESSAGE 65536
PhChannelStatus ph_sctp_receive (PhSctp *sctp, const guint8 **ret_message, gsize *ret_size);

/* Whether a message waits to be received. What was borrowed is gone after this. */
gboolean ph_sctp_has_message (PhSctp *sctp);

/* Asks the peer for a sign of life: it answers a HEARTBEAT whatever else goes on. */
void ph_sctp_heartbeat (PhSctp *sctp);

/* Delivers what was sent, then ends; `closed` follows. */
void ph_sctp_shutdown (PhSctp *sctp);

PhSctpState ph_sctp_get_state (PhSctp *sctp);
void ph_sctp_get_status (PhSctp *sctp, PhSctpStatus *ret_status);

/* Aborts if it is still open (the ABORT goes out through `output`). Not inside `output`. */
void ph_sctp_free (PhSctp *sctp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSctp, ph_sctp_free)

G_END_DECLS
