/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-sctp.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>
#include <usrsctp.h>

#include "core/ph-error.h"
#include "core/ph-frame.h"
#include "core/ph-timer.h"

#include "ph-crc32c.h"

#define SCTP_PORT 5000
#define STREAM_ID 0
#define N_STREAMS 16
#define PPID_BINARY 53 /* RFC 8831 section 8 */
#define COMMON_HEADER_SIZE 12
#define CHECKSUM_OFFSET 8

#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)
#define MIN_SEND_BUFFER_BYTES (256 * 1024)
#define MAX_SEND_BUFFER_BYTES (4 * 1024 * 1024)

/* chunk_id counts a connection's messages in 16 bits, so fewer than 32768 may be under way. usrsctp
 * bounds bytes, and chunks only once they are on their way. Hence: a message below SMALL_MESSAGE
 * goes only while less than SMALL_MESSAGES_LIMIT is queued. At 45 bytes and more each that is at
 * most 15,930 small ones, and 4 MiB hold at most 16,384 others. */
#define SMALL_MESSAGE_BYTES 256
#define SMALL_MESSAGES_LIMIT_BYTES (700 * 1024)

/* Messages of other streams and kinds that are read past in a row. */
#define MAX_SKIPPED 256

/* usrsctp limits what waits to be read by its bytes. It means to count the messages too but never
 * does, and a window that is shut because of what keeping them costs does not keep it from taking
 * more: 4 MiB of messages of a byte would cost gigabytes. So once this much has come and nobody has
 * read to the end, packets with data are taken only while there is a window. */
#define UNREAD_BYTES (256 * 1024)
#define LEAST_WINDOW_BYTES PH_SCTP_PATH_MTU
#define CHUNK_HEADER_SIZE 4
#define CHUNK_DATA 0
#define CHUNK_I_DATA 64

#define BUSY_TICK_MS 10
#define IDLE_TICK_MS 500
#define BUSY_AFTER_TRAFFIC_US (100 * 1000) /* outlasts the SACK delay */
#define SACK_DELAY_MS 20
#define RTO_INITIAL_MS 1000
#define RTO_MIN_MS 250
#define RTO_MAX_MS 5000
#define INITIAL_CWND_MTUS 10
#define MAX_BURST_MTUS 32
#define MAX_CHUNKS_ON_QUEUE 10240
/* Who is gone is decided by the time since something came (see ph-peer), not by counting. */
#define RETRANSMISSIONS_WITHOUT_END 1000

static const gboolean legal_edges[5][5] = {
  [PH_SCTP_NEW] = { [PH_SCTP_CONNECTING] = TRUE, [PH_SCTP_CLOSED] = TRUE },
  [PH_SCTP_CONNECTING] = { [PH_SCTP_OPEN] = TRUE, [PH_SCTP_CLOSED] = TRUE },
  [PH_SCTP_OPEN] = { [PH_SCTP_SHUTTING_DOWN] = TRUE, [PH_SCTP_CLOSED] = TRUE },
  [PH_SCTP_SHUTTING_DOWN] = { [PH_SCTP_CLOSED] = TRUE },
};

struct _PhSctp
{
  PhSctpState state;
  guint id; /* what usrsctp knows us by: never a pointer, as it travels in the state cookie */
  struct socket *socket;
  GSource *pump;
  gboolean is_close_reported;
  PhSctpEnd end;
  gboolean wants_writable;
  gboolean has_message; /* a whole message lies in @message, not yet taken */
  gsize message_size;
  gboolean is_notification; /* what is being gathered */
  int path_buffer_bytes;    /* what the path can use */
  int send_buffer_bytes;    /* SO_SNDBUF as it is set */
  gsize unread_bytes;       /* in packets that came since all was read */
  gint64 busy_until_us;
  const PhSctpEvents *events;
  gpointer user_data;
  guint8 message[PH_SCTP_MAX_MESSAGE];
};

/* usrsctp's process-wide side: initialisation, the table of ids, the clock. */

static GHashTable *associations; /* id -> PhSctp; NULL until first used */
static guint last_id;
static GMainContext *clock_context;
static GSource *clock_timer; /* exists while an association does */
static gint64 clock_us;      /* up to where usrsctp's timers have been run */

static PhSctp *
find_association (gpointer id)
{
  return g_hash_table_lookup (associations, id);
}

static int
on_output (void *address, void *buffer, size_t size, uint8_t tos, uint8_t set_df)
{
  PhSctp *self = find_association (address);
  guint8 *packet = buffer;
  guint32 checksum;

  if (self == NULL || size < COMMON_HEADER_SIZE)
    return 0;
  checksum = GUINT32_TO_LE (ph_crc32c (packet, size));
  memcpy (packet + CHECKSUM_OFFSET, &checksum, sizeof checksum);
  self->events->output (packet, size, self->user_data);
  return 0;
}

static void
set_sysctls (void)
{
  usrsctp_sysctl_set_sctp_asconf_enable (0);
  usrsctp_sysctl_set_sctp_auth_enable (0);
  usrsctp_sysctl_set_sctp_ecn_enable (0);
  usrsctp_sysctl_set_sctp_pr_enable (0);
  usrsctp_sysctl_set_sctp_nrsack_enable (0);
  usrsctp_sysctl_set_sctp_pktdrop_enable (0);
  usrsctp_sysctl_set_sctp_reconfig_enable (1);
  usrsctp_sysctl_set_sctp_blackhole (2);
  usrsctp_sysctl_set_sctp_initial_cwnd (INITIAL_CWND_MTUS);
  usrsctp_sysctl_set_sctp_max_burst_default (MAX_BURST_MTUS);
  usrsctp_sysctl_set_sctp_fr_max_burst_default (MAX_BURST_MTUS);
  usrsctp_sysctl_set_sctp_max_chunks_on_queue (MAX_CHUNKS_ON_QUEUE);
  usrsctp_sysctl_set_sctp_delayed_sack_time_default (SACK_DELAY_MS);
  usrsctp_sysctl_set_sctp_rto_initial_default (RTO_INITIAL_MS);
  usrsctp_sysctl_set_sctp_rto_min_default (RTO_MIN_MS);
  usrsctp_sysctl_set_sctp_rto_max_default (RTO_MAX_MS);
  usrsctp_sysctl_set_sctp_init_rto_max_default (RTO_MAX_MS);
  usrsctp_sysctl_set_sctp_init_rtx_max_default (RETRANSMISSIONS_WITHOUT_END);
  usrsctp_sysctl_set_sctp_assoc_rtx_max_default (RETRANSMISSIONS_WITHOUT_END);
  usrsctp_sysctl_set_sctp_path_rtx_max_default (RETRANSMISSIONS_WITHOUT_END);
  usrsctp_sysctl_set_sctp_max_retran_chunk (0); /* 30 sends of one chunk would end it */
  usrsctp_sysctl_set_sctp_nr_outgoing_streams_default (N_STREAMS);
}

static void
initialise_once (void)
{
  if (associations != NULL)
    return;
  associations = g_hash_table_new (NULL, NULL);
  usrsctp_init_nothreads (0, on_output, NULL);
  usrsctp_enable_crc32c_offload ();
  set_sysctls ();
}

/* usrsctp's timers count ticks we hand in. They must be up to date before anything is sent or taken
 * in: a timer started by a clock half a second behind would fire at once. */
static void
advance_clock (void)
{
  gint64 elapsed_ms = (g_get_monotonic_time () - clock_us) / 1000;

  if (elapsed_ms < BUSY_TICK_MS)
    return;
  clock_us += elapsed_ms * 1000;
  usrsctp_handle_timers ((guint32)MIN (elapsed_ms, G_MAXINT32));
}

static gboolean follow_path (PhSctp *self);

static gboolean
on_clock (gpointer user_data)
{
  GHashTableIter iter;
  gpointer value;
  gboolean is_busy = FALSE;

  advance_clock ();
  g_hash_table_iter_init (&iter, associations);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    is_busy |= follow_path (value);
  ph_timer_arm (clock_timer, is_busy ? BUSY_TICK_MS : IDLE_TICK_MS);
  return G_SOURCE_CONTINUE;
}

static void
register_association (PhSctp *self, GMainContext *context)
{
  do
    self->id = ++last_id;
  while (self->id == 0 || find_association (GUINT_TO_POINTER (self->id)) != NULL);
  if (clock_timer == NULL)
    {
      clock_context = g_main_context_ref (context);
      clock_us = g_get_monotonic_time ();
      clock_timer = ph_timer_new (context, "[porthole] SCTP clock", on_clock, NULL);
      ph_timer_arm (clock_timer, IDLE_TICK_MS);
    }
  g_assert (clock_context == context);
  g_hash_table_insert (associations, GUINT_TO_POINTER (self->id), self);
  usrsctp_register_address (GUINT_TO_POINTER (self->id));
}

static void
deregister_association (PhSctp *self)
{
  usrsctp_deregister_address (GUINT_TO_POINTER (self->id));
  g_hash_table_remove (associations, GUINT_TO_POINTER (self->id));
  if (g_hash_table_size (associations) > 0)
    return;
  ph_timer_clear (&clock_timer);
  g_clear_pointer (&clock_context, g_main_context_unref);
}

/* One association */

static void
set_state (PhSctp *self, PhSctpState state)
{
  g_assert (legal_edges[self->state][state]);
  self->state = state;
}

static void
note_traffic (PhSctp *self)
{
  gint64 now_us = g_get_monotonic_time ();

  if (self->busy_until_us < now_us)
    ph_timer_arm (clock_timer, BUSY_TICK_MS);
  self->busy_until_us = now_us + BUSY_AFTER_TRAFFIC_US;
}

static void
become_closed (PhSctp *self, PhSctpEnd end)
{
  if (self->state == PH_SCTP_CLOSED)
    return;
  set_state (self, PH_SCTP_CLOSED);
  self->end = end;
  ph_timer_arm (self->pump, 0);
}

static gboolean
query_status (PhSctp *self, struct sctp_status *ret_status)
{
  socklen_t size = sizeof *ret_status;

  memset (ret_status, 0, sizeof *ret_status);
  return usrsctp_getsockopt (self->socket, IPPROTO_SCTP, SCTP_STATUS, ret_status, &size) == 0;
}

/* Takes effect with the next message: usrsctp compares what is queued with it each time. */
static void
limit_send_buffer (PhSctp *self, int limit_bytes)
{
  int wanted = MIN (self->path_buffer_bytes, limit_bytes);

  if (wanted != self->send_buffer_bytes &&
      usrsctp_setsockopt (self->socket, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) == 0)
    self->send_buffer_bytes = wanted;
}

/* Keeps the send buffer at two windows: enough to keep the path full, and not so much that a
 * keystroke waits behind seconds of a download. Returns whether the clock must run fast. */
static gboolean
follow_path (PhSctp *self)
{
  struct sctp_status status;

  if (self->state == PH_SCTP_NEW || self->state == PH_SCTP_CLOSED)
    return FALSE;
  if (self->state != PH_SCTP_OPEN || !query_status (self, &status))
    return TRUE; /* handshakes repeat by the clock, too */
  self->path_buffer_bytes = (int)CLAMP (2 * (guint64)status.sstat_primary.spinfo_cwnd,
                                        MIN_SEND_BUFFER_BYTES, MAX_SEND_BUFFER_BYTES);
  return status.sstat_unackdata > 0 || g_get_monotonic_time () < self->busy_until_us;
}

static void
handle_assoc_change (PhSctp *self, const struct sctp_assoc_change *change)
{
  switch (change->sac_state)
    {
    case SCTP_COMM_UP:
      if (self->state == PH_SCTP_CONNECTING)
        {
          set_state (self, PH_SCTP_OPEN);
          self->events->opened (self->user_data);
        }
      break;
    case SCTP_SHUTDOWN_COMP:
      become_closed (self, PH_SCTP_END_ORDERLY);
      break;
    case SCTP_COMM_LOST: /* the peer's ABORT stands behind it, if there was one */
      become_closed (self, change->sac_length > sizeof *change ? PH_SCTP_END_ABORTED
                                                               : PH_SCTP_END_FAILED);
      break;
    case SCTP_CANT_STR_ASSOC:
    case SCTP_RESTART: /* an association that starts over has lost what was under way */
      become_closed (self, PH_SCTP_END_FAILED);
      break;
    default: /* a number from the library, not an enum */
      break;
    }
}

static void
handle_stream_reset (PhSctp *self, const struct sctp_stream_reset_event *reset, gsize size)
{
  gsize n_listed = (size - sizeof *reset) / sizeof reset->strreset_stream_list[0];
  gboolean is_ours = n_listed == 0;

  for (gsize i = 0; i < n_listed; i++)
    is_ours |= reset->strreset_stream_list[i] == STREAM_ID;
  /* RFC 8831 section 6.7: this is how a browser closes a data channel. */
  if (is_ours && (reset->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) &&
      !(reset->strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)))
    become_closed (self, PH_SCTP_END_ORDERLY);
}

static void
handle_notification (PhSctp *self, const guint8 *bytes, gsize size)
{
  union sctp_notification notification;

  memset (&notification, 0, sizeof notification);
  memcpy (&notification, bytes, MIN (size, sizeof notification));
  switch (notification.sn_header.sn_type)
    {
    case SCTP_ASSOC_CHANGE:
      handle_assoc_change (self, &notification.sn_assoc_change);
      break;
    case SCTP_STREAM_RESET_EVENT:
      if (size >= sizeof notification.sn_strreset_event)
        /* The list of streams stands behind the struct: read it where usrsctp wrote it. */
        handle_stream_reset (self, (const void *)bytes, size);
      break;
    case SCTP_SHUTDOWN_EVENT: /* usrsctp delivers what is left, then SHUTDOWN_COMP */
    default:
      break;
    }
}

/* Counts the @n bytes at @run to what is being gathered. Where the kind changes, the end of what
 * came before will never come: it was a message cut off by an abort. */
static void
keep_run (PhSctp *self, const guint8 *run, gsize n, gboolean is_notification)
{
  if (is_notification != self->is_notification)
    {
      memmove (self->message, run, n);
      self->message_size = n;
    }
  else if (run == self->message + self->message_size)
    self->message_size += n;
  self->is_notification = is_notification;
}

/* Reads one run of bytes behind what is there already. Returns FALSE when there is nothing now. */
static gboolean
read_some (PhSctp *self, int *ret_flags, gboolean *ret_is_data)
{
  struct sctp_rcvinfo info = { 0 };
  socklen_t info_size = sizeof info;
  unsigned int info_type = 0;
  guint8 overflow[2048];
  gsize room = sizeof self->message - self->message_size;
  guint8 *run = room > 0 ? self->message + self->message_size : overflow;
  ssize_t n;

  *ret_flags = 0;
  n = usrsctp_recvv (self->socket, run, room > 0 ? room : sizeof overflow, NULL, NULL, &info,
                     &info_size, &info_type, ret_flags);
  if (n <= 0)
    {
      self->unread_bytes = 0;
      if (n == 0 || (errno != EWOULDBLOCK && errno != EAGAIN && errno != EINTR))
        become_closed (self, n == 0 ? PH_SCTP_END_ORDERLY : PH_SCTP_END_FAILED);
      return FALSE;
    }
  keep_run (self, run, (gsize)n, (*ret_flags & MSG_NOTIFICATION) != 0);
  *ret_is_data = info_type == SCTP_RECVV_RCVINFO && info.rcv_sid == STREAM_ID &&
                 g_ntohl (info.rcv_ppid) == PPID_BINARY;
  return TRUE;
}

/* Gathers until one whole message lies in the buffer; handles notifications on the way. Where there
 * is more to read past than is done at once, the pump goes on. */
static gboolean
gather_message (PhSctp *self)
{
  int flags;
  gboolean is_data;
  guint n = 0;

  while (!self->has_message && self->state != PH_SCTP_CLOSED && read_some (self, &flags, &is_data))
    {
      if ((flags & MSG_EOR) && (flags & MSG_NOTIFICATION))
        handle_notification (self, self->message, self->message_size);
      else if ((flags & MSG_EOR) && is_data)
        self->has_message = TRUE;
      if ((flags & MSG_EOR) && !self->has_message)
        self->message_size = 0;
      if (++n == MAX_SKIPPED)
        {
          ph_timer_arm (self->pump, 0);
          break;
        }
    }
  return self->has_message;
}

static void
report_close (PhSctp *self)
{
  if (self->is_close_reported)
    return;
  self->is_close_reported = TRUE;
  self->events->closed (self->end, self->user_data);
}

/* A message nobody takes stays where it is and is offered again when the next one comes. */
static gboolean
on_pump (gpointer user_data)
{
  PhSctp *self = user_data;
  gboolean is_taken = FALSE;
  int events;

  if (gather_message (self))
    {
      self->events->readable (self->user_data);
      is_taken = !self->has_message;
    }
  if (self->state == PH_SCTP_CLOSED)
    {
      report_close (self);
      return G_SOURCE_CONTINUE;
    }
  events = usrsctp_get_events (self->socket);
  if (self->wants_writable && (events & SCTP_EVENT_WRITE))
    {
      self->wants_writable = FALSE;
      self->events->writable (self->user_data);
    }
  if (is_taken && (events & SCTP_EVENT_READ))
    ph_timer_arm (self->pump, 0);
  return G_SOURCE_CONTINUE;
}

static void
on_upcall (struct socket *socket, void *id, int flags)
{
  PhSctp *self = find_association (id);

  if (self != NULL)
    ph_timer_arm (self->pump, 0);
}

static gboolean
has_data (const guint8 *packet, gsize size)
{
  gsize at = COMMON_HEADER_SIZE;

  while (at + CHUNK_HEADER_SIZE <= size)
    {
      gsize length = ph_read_u16 (packet + at + 2);

      if (packet[at] == CHUNK_DATA || packet[at] == CHUNK_I_DATA)
        return TRUE;
      at += MAX ((length + 3) & ~(gsize)3, CHUNK_HEADER_SIZE);
    }
  return FALSE;
}

/* Ours: what SCTP_STATUS has is the peer's. */
static guint32
get_window (PhSctp *self)
{
  struct sctp_assocparams params = { 0 };
  socklen_t size = sizeof params;

  if (usrsctp_getsockopt (self->socket, IPPROTO_SCTP, SCTP_ASSOCINFO, &params, &size) != 0)
    return RECEIVE_BUFFER_BYTES;
  return params.sasoc_local_rwnd;
}

/* A whole message, not parts that others are missing from: those must be able to come. */
static gboolean
is_waited_for (PhSctp *self)
{
  return self->has_message || (usrsctp_get_events (self->socket) & SCTP_EVENT_READ);
}

/* Whether there is no room for @packet. What says how our own data fares goes on being heard. */
static gboolean
is_too_much (PhSctp *self, const guint8 *packet, gsize size)
{
  return self->unread_bytes > UNREAD_BYTES && is_waited_for (self) &&
         get_window (self) < LEAST_WINDOW_BYTES && has_data (packet, size);
}

void
ph_sctp_input (PhSctp *self, const guint8 *packet, gsize size)
{
  if (self->state == PH_SCTP_NEW || self->state == PH_SCTP_CLOSED || size < COMMON_HEADER_SIZE ||
      is_too_much (self, packet, size))
    return;
  self->unread_bytes += size;
  advance_clock ();
  note_traffic (self);
  usrsctp_conninput (GUINT_TO_POINTER (self->id), packet, size, 0);
}

PhChannelStatus
ph_sctp_send (PhSctp *self, const guint8 *message, gsize size)
{
  struct sctp_sndinfo info = { .snd_sid = STREAM_ID,
                               .snd_flags = SCTP_UNORDERED,
                               .snd_ppid = g_htonl (PPID_BINARY) };
  ssize_t n;

  if (self->state != PH_SCTP_OPEN)
    return self->state < PH_SCTP_OPEN ? PH_CHANNEL_AGAIN : PH_CHANNEL_CLOSED;
  advance_clock ();
  note_traffic (self);
  limit_send_buffer (self, size < SMALL_MESSAGE_BYTES ? SMALL_MESSAGES_LIMIT_BYTES
                                                      : MAX_SEND_BUFFER_BYTES);
  n = usrsctp_sendv (self->socket, message, size, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO,
                     0);
  if (n == (ssize_t)size)
    return PH_CHANNEL_OK;
  if (n < 0 && (errno == EWOULDBLOCK || errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
    {
      self->wants_writable = TRUE;
      return PH_CHANNEL_AGAIN;
    }
  /* Where the peer has begun to end it, reading finds what it sent before, and then the end. */
  if (errno == ECONNRESET || errno == EPIPE)
    ph_timer_arm (self->pump, 0);
  else
    become_closed (self, PH_SCTP_END_FAILED);
  return PH_CHANNEL_CLOSED;
}

PhChannelStatus
ph_sctp_receive (PhSctp *self, const guint8 **ret_message, gsize *ret_size)
{
  if (self->state == PH_SCTP_NEW || self->state == PH_SCTP_CONNECTING)
    return PH_CHANNEL_AGAIN;
  if (!gather_message (self))
    return self->state == PH_SCTP_CLOSED ? PH_CHANNEL_CLOSED : PH_CHANNEL_AGAIN;
  *ret_message = self->message;
  *ret_size = self->message_size;
  self->has_message = FALSE;
  self->message_size = 0;
  return PH_CHANNEL_OK;
}

gboolean
ph_sctp_has_message (PhSctp *self)
{
  return self->state != PH_SCTP_NEW && gather_message (self);
}

void
ph_sctp_heartbeat (PhSctp *self)
{
  struct sctp_paddrparams params = { 0 };
  struct sockaddr_conn *address = (void *)&params.spp_address;

  if (self->state != PH_SCTP_OPEN && self->state != PH_SCTP_SHUTTING_DOWN)
    return;
  advance_clock ();
  note_traffic (self);
  address->sconn_family = AF_CONN;
  address->sconn_port = g_htons (SCTP_PORT);
  address->sconn_addr = GUINT_TO_POINTER (self->id);
  params.spp_flags = SPP_HB_DEMAND;
  usrsctp_setsockopt (self->socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &params, sizeof params);
}

void
ph_sctp_shutdown (PhSctp *self)
{
  if (self->state != PH_SCTP_OPEN)
    return;
  set_state (self, PH_SCTP_SHUTTING_DOWN);
  note_traffic (self);
  usrsctp_shutdown (self->socket, SHUT_WR);
}

PhSctpState
ph_sctp_get_state (PhSctp *self)
{
  return self->state;
}

void
ph_sctp_get_status (PhSctp *self, PhSctpStatus *ret_status)
{
  struct sctp_status status;

  *ret_status = (PhSctpStatus){ 0 };
  if (self->state == PH_SCTP_NEW || !query_status (self, &status))
    return;
  ret_status->round_trip_us = status.sstat_primary.spinfo_srtt * 1000;
  ret_status->cwnd_bytes = status.sstat_primary.spinfo_cwnd;
  ret_status->unacked_chunks = status.sstat_unackdata;
}

/* Life */

static gboolean
set_option (PhSctp *self, int level, int name, const void *value, gsize size)
{
  return usrsctp_setsockopt (self->socket, level, name, value, (socklen_t)size) == 0;
}

static gboolean
subscribe (PhSctp *self, guint16 type)
{
  struct sctp_event event = { .se_assoc_id = SCTP_ALL_ASSOC, .se_type = type, .se_on = 1 };

  return set_option (self, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event);
}

static gboolean
set_options (PhSctp *self)
{
  const int on = 1;
  const int receive_buffer = RECEIVE_BUFFER_BYTES;
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 }; /* close aborts */
  const struct sctp_assoc_value resets = { .assoc_id = SCTP_ALL_ASSOC,
                                           .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ };
  const struct sctp_initmsg streams = { .sinit_num_ostreams = N_STREAMS,
                                        .sinit_max_instreams = N_STREAMS };
  const struct sctp_paddrparams path = { .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
                                         .spp_pathmtu = PH_SCTP_PATH_MTU - COMMON_HEADER_SIZE };

  self->path_buffer_bytes = self->send_buffer_bytes = MIN_SEND_BUFFER_BYTES;
  return usrsctp_set_non_blocking (self->socket, 1) == 0 &&
         set_option (self, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) &&
         set_option (self, SOL_SOCKET, SO_SNDBUF, &self->send_buffer_bytes, sizeof (int)) &&
         set_option (self, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) &&
         set_option (self, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on) &&
         set_option (self, IPPROTO_SCTP, SCTP_RECVRCVINFO, &on, sizeof on) &&
         set_option (self, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets) &&
         set_option (self, IPPROTO_SCTP, SCTP_INITMSG, &streams, sizeof streams) &&
         set_option (self, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path) &&
         subscribe (self, SCTP_ASSOC_CHANGE) && subscribe (self, SCTP_STREAM_RESET_EVENT);
}

static gboolean
set_failed (GError **error, const char *what)
{
  g_set_error (error, PH_ERROR, PH_ERROR_FAILED, _ ("SCTP cannot be set up: %s: %s"), what,
               g_strerror (errno));
  return FALSE;
}

PhSctp *
ph_sctp_new (GMainContext *context, const PhSctpEvents *events, gpointer user_data, GError **error)
{
  g_autoptr (PhSctp) self = g_new0 (PhSctp, 1);

  initialise_once ();
  self->events = events;
  self->user_data = user_data;
  register_association (self, context);
  self->pump = ph_timer_new (context, "[porthole] SCTP pump", on_pump, self);
  self->socket = usrsctp_socket (AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  if (self->socket == NULL || !set_options (self))
    {
      set_failed (error, "socket");
      return NULL;
    }
  usrsctp_set_upcall (self->socket, on_upcall, GUINT_TO_POINTER (self->id));
  return g_steal_pointer (&self);
}

gboolean
ph_sctp_connect (PhSctp *self, GError **error)
{
  struct sockaddr_conn address = { .sconn_family = AF_CONN,
                                   .sconn_port = g_htons (SCTP_PORT),
                                   .sconn_addr = GUINT_TO_POINTER (self->id) };

  set_state (self, PH_SCTP_CONNECTING);
  advance_clock ();
  note_traffic (self);
  if (usrsctp_bind (self->socket, (struct sockaddr *)&address, sizeof address) != 0)
    return set_failed (error, "bind");
  if (usrsctp_connect (self->socket, (struct sockaddr *)&address, sizeof address) != 0 &&
      errno != EINPROGRESS)
    return set_failed (error, "connect");
  return TRUE;
}

void
ph_sctp_free (PhSctp *self)
{
  if (self->socket != NULL)
    {
      usrsctp_set_upcall (self->socket, NULL, NULL);
      usrsctp_close (self->socket);
    }
  deregister_association (self);
  ph_timer_clear (&self->pump);
  g_free (self);
}
