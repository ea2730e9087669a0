/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostile.h"

/* What a peer can do below the frames: SCTP packets, DTLS records, STUN and other datagrams made by
 * hand. */

#define SCTP_HEADER_SIZE 12
#define PACKET_SIZE 1160

typedef struct
{
  guint8 bytes[PACKET_SIZE];
  gsize size;
} Packet;

static void
begin (const Hostile *self, Packet *packet, guint32 tag)
{
  memset (packet->bytes, 0, sizeof packet->bytes);
  ph_write_u16 (packet->bytes, PH_SDP_SCTP_PORT);
  ph_write_u16 (packet->bytes + 2, PH_SDP_SCTP_PORT);
  ph_write_u32 (packet->bytes + 4, tag);
  packet->size = SCTP_HEADER_SIZE;
}

/* Appends a chunk header and returns where its @size bytes of value stand. */
static guint8 *
append (Packet *packet, guint8 type, guint8 flags, gsize size)
{
  guint8 *chunk = packet->bytes + packet->size;

  chunk[0] = type;
  chunk[1] = flags;
  ph_write_u16 (chunk + 2, (guint16)(4 + size));
  packet->size += (4 + size + 3) / 4 * 4;
  return chunk + 4;
}

static gboolean
has_room (const Packet *packet, gsize size)
{
  return packet->size + 4 + size + 3 <= sizeof packet->bytes;
}

static gboolean
send_packet (Hostile *self, const Packet *packet)
{
  return hostile_flush (self) &&
         ph_dtls_send (self->session.peer.dtls, packet->bytes, packet->size);
}

/* SCTP */

enum
{
  CHUNK_DATA = 0,
  CHUNK_INIT = 1,
  CHUNK_HEARTBEAT = 4,
  CHUNK_ABORT = 6,
  CHUNK_UNKNOWN = 0xfe, /* high bits: skip it and report it */
  CHUNK_RECONFIG = 130,
};

enum
{
  LAST = 1,
  FIRST = 2,
  UNORDERED = 4,
};

static void
append_data (Packet *packet,
             guint8 flags,
             guint32 tsn,
             guint16 stream,
             guint16 ssn,
             guint32 ppid,
             gsize size)
{
  guint8 *value = append (packet, CHUNK_DATA, flags, 12 + size);

  ph_write_u32 (value, tsn);
  ph_write_u16 (value + 4, stream);
  ph_write_u16 (value + 6, ssn);
  ph_write_u32 (value + 8, ppid);
}

static gboolean
send_rubbish (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, n % 2 == 0 ? self->session.peer.tag : g_random_int ());
  packet.size += 4 + n % 1000;
  for (gsize i = SCTP_HEADER_SIZE; i < packet.size; i++)
    packet.bytes[i] = (guint8)g_random_int ();
  /* An ABORT by chance would end it too soon. */
  packet.bytes[SCTP_HEADER_SIZE] |= 0x40;
  return send_packet (self, &packet);
}

static gboolean
send_unknown (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  while (has_room (&packet, 4))
    append (&packet, CHUNK_UNKNOWN, 0, 4);
  return send_packet (self, &packet);
}

static gboolean
send_heartbeats (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  while (has_room (&packet, 44))
    {
      guint8 *value = append (&packet, CHUNK_HEARTBEAT, 0, 44);

      ph_write_u16 (value, 1);
      ph_write_u16 (value + 2, 44);
    }
  return send_packet (self, &packet);
}

static gboolean
send_init (Hostile *self, guint64 n)
{
  Packet packet;
  guint8 *value;

  begin (self, &packet, 0);
  value = append (&packet, CHUNK_INIT, 0, 16);
  ph_write_u32 (value, g_random_int () | 1);
  ph_write_u32 (value + 4, 1 << 20);
  ph_write_u16 (value + 8, (guint16)(1 + n % 60000));
  ph_write_u16 (value + 10, (guint16)(1 + n % 60000));
  ph_write_u32 (value + 12, g_random_int ());
  return send_packet (self, &packet);
}

static gboolean
send_abort (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  append (&packet, CHUNK_ABORT, 0, 0);
  return send_packet (self, &packet);
}

/* Outgoing SSN reset requests of streams we do not use, each with the number it must have. */
static gboolean
send_resets (Hostile *self, guint64 n)
{
  Packet packet;
  guint8 *value;

  begin (self, &packet, self->session.peer.tag);
  value = append (&packet, CHUNK_RECONFIG, 0, 18);
  ph_write_u16 (value, 13);
  ph_write_u16 (value + 2, 18);
  ph_write_u32 (value + 4, self->session.peer.tsn + (guint32)n);
  ph_write_u32 (value + 12, self->session.peer.tsn - 1);
  ph_write_u16 (value + 16, (guint16)(1 + n % 15));
  return send_packet (self, &packet);
}

/* Whole little messages of other streams and other kinds: read, and nobody's. */
static gboolean
send_others (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  for (guint32 i = 0; has_room (&packet, 13); i++)
    append_data (&packet, FIRST | LAST | UNORDERED, self->session.peer.tsn + (guint32)n * 40 + i,
                 (guint16)(n % 16), 0, n % 16 == 0 ? 51 : 53, 1);
  return packet.size > SCTP_HEADER_SIZE && send_packet (self, &packet);
}

/* One message that never ends. */
static gboolean
send_endless (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  append_data (&packet, n == 0 ? FIRST | UNORDERED : UNORDERED, self->session.peer.tsn + (guint32)n,
               0, 0, 53, 1000);
  return send_packet (self, &packet);
}

/* Crumbs past a gap that is never filled, the last ones first: whoever sorts them by walking walks
 * far. Then the same again, all of them known by now. */
static gboolean
send_gaps (Hostile *self, guint64 n)
{
  Packet packet;
  guint32 at = 3900 - (guint32)(n * 40 % 3900);

  begin (self, &packet, self->session.peer.tag);
  for (guint32 i = 0; has_room (&packet, 13); i++)
    append_data (&packet, UNORDERED, self->session.peer.tsn + 1 + (at > i ? at - i : 0), 0, 0, 53,
                 1);
  return send_packet (self, &packet);
}

/* One crumb a packet, each of which keeps hold of a whole buffer. */
static gboolean
send_heavy_crumbs (Hostile *self, guint64 n)
{
  Packet packet;

  begin (self, &packet, self->session.peer.tag);
  append_data (&packet, FIRST | UNORDERED, self->session.peer.tsn + 1 + (guint32)(n * 2 % 3900), 0,
               0, 53, 1);
  append (&packet, CHUNK_UNKNOWN & ~0x40, 0, 1000);
  return send_packet (self, &packet);
}

/* DTLS */

static gboolean
queue (Hostile *self, const guint8 *datagram, gsize size)
{
  if (!hostile_flush (self))
    return FALSE;
  ph_ice_queue (self->session.peer.ice, datagram, size);
  return TRUE;
}

static void
begin_record (guint8 *record, guint8 type, guint16 epoch, guint64 sequence, gsize size)
{
  record[0] = type;
  ph_write_u16 (record + 1, 0xfefd);
  ph_write_u16 (record + 3, epoch);
  ph_write_u16 (record + 5, (guint16)(sequence >> 32));
  ph_write_u32 (record + 7, (guint32)sequence);
  ph_write_u16 (record + 11, (guint16)size);
}

static gboolean
send_forged (Hostile *self, guint64 n)
{
  guint8 record[1200] = { 0 };

  begin_record (record, (guint8)(20 + n % 5), 1, 1000 + n, sizeof record - 13);
  return queue (self, record, sizeof record);
}

static gboolean
send_empty_records (Hostile *self, guint64 n)
{
  guint8 records[1196] = { 0 };

  for (gsize i = 0; i + 13 <= sizeof records; i += 13)
    begin_record (records + i, 23, 1, n * 100 + i, 0);
  return queue (self, records, sizeof records / 13 * 13);
}

static gboolean
send_hello (Hostile *self, guint64 n)
{
  guint8 record[13 + 12 + 60] = { 0 };

  begin_record (record, 22, 0, n, sizeof record - 13);
  record[13] = 1; /* ClientHello */
  record[16] = 60;
  ph_write_u16 (record + 17, (guint16)n);
  record[24] = 60;
  return queue (self, record, sizeof record);
}

static gboolean
send_replayed (Hostile *self, guint64 n)
{
  if (self->kept == NULL)
    {
      if (self->session.peer.last_sent->len == 0)
        return FALSE;
      self->kept = g_byte_array_ref (self->session.peer.last_sent);
      self->session.peer.last_sent = g_byte_array_new ();
    }
  return queue (self, self->kept->data, self->kept->len);
}

/* STUN (RFC 8489), and datagrams of strangers */

static void
open_socket (Hostile *self)
{
  const PhEndpoint *to = &self->session.peer.path.remote;
  g_autoptr (GError) error = NULL;

  if (self->socket != NULL)
    return;
  self->address = ph_endpoint_dup_socket_address (to);
  self->socket = g_socket_new (g_socket_address_get_family (self->address), G_SOCKET_TYPE_DATAGRAM,
                               G_SOCKET_PROTOCOL_UDP, &error);
  if (self->socket == NULL)
    ph_raw_die ("%s", error->message);
}

static gboolean
send_as_stranger (Hostile *self, const guint8 *datagram, gsize size)
{
  GOutputVector vector = { datagram, size };
  GOutputMessage messages[64];

  open_socket (self);
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    messages[i] =
        (GOutputMessage){ .address = self->address, .vectors = &vector, .num_vectors = 1 };
  g_socket_send_messages (self->socket, messages, G_N_ELEMENTS (messages), 0, NULL, NULL);
  return TRUE;
}

static gsize
begin_binding (guint8 *message, guint64 n)
{
  ph_write_u16 (message, 1); /* Binding request */
  ph_write_u16 (message + 2, 0);
  ph_write_u32 (message + 4, 0x2112a442);
  ph_write_u32 (message + 8, (guint32)n);
  ph_write_u32 (message + 12, (guint32)(n >> 32));
  ph_write_u32 (message + 16, 1);
  return 20;
}

static void
append_attribute (guint8 *message, gsize *size, guint16 type, const void *value, guint16 n)
{
  ph_write_u16 (message + *size, type);
  ph_write_u16 (message + *size + 2, n);
  memset (message + *size + 4, 0, (n + 3u) / 4 * 4);
  memcpy (message + *size + 4, value, n);
  *size += 4 + (n + 3u) / 4 * 4;
  ph_write_u16 (message + 2, (guint16)(*size - 20));
}

static gboolean
flood_stun (Hostile *self, guint64 n)
{
  guint8 message[20];

  return send_as_stranger (self, message, begin_binding (message, n));
}

static gboolean
flood_udp (Hostile *self, guint64 n)
{
  static const guint8 datagram[64] = { 23, 0xfe, 0xfd };

  return send_as_stranger (self, datagram, sizeof datagram);
}

/* A request that only the peer can make; the other side answers, and remembers where from. */
static gsize
make_check (Hostile *self, guint64 n, guint8 *message)
{
  static const guint8 priority[4] = { 0x6e, 0, 1, 0xff };
  g_autofree char *own_ufrag = NULL;
  g_autofree char *own_pwd = NULL;
  g_autofree char *user = NULL;
  g_autoptr (GHmac) hmac = NULL;
  guint8 role[8] = { 1 };
  guint8 digest[20];
  gsize digest_size = sizeof digest;
  gsize size = begin_binding (message, n);
  guint32 crc = 0xffffffff;

  ph_ice_dup_credentials (self->session.peer.ice, &own_ufrag, &own_pwd);
  user = g_strdup_printf ("%s:%s", self->session.peer.remote_ufrag, own_ufrag);
  append_attribute (message, &size, 0x0006, user, (guint16)strlen (user));
  append_attribute (message, &size, 0x0024, priority, sizeof priority);
  append_attribute (message, &size, 0x8029, role, sizeof role);
  ph_write_u16 (message + 2, (guint16)(size - 20 + 24)); /* as if the HMAC stood there */
  hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guint8 *)self->session.peer.remote_pwd,
                     strlen (self->session.peer.remote_pwd));
  g_hmac_update (hmac, message, (gssize)size);
  g_hmac_get_digest (hmac, digest, &digest_size);
  append_attribute (message, &size, 0x0008, digest, sizeof digest);
  ph_write_u16 (message + 2, (guint16)(size - 20 + 8));
  for (gsize i = 0; i < size; i++)
    {
      crc ^= message[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
  ph_write_u32 (digest, ~crc ^ 0x5354554e);
  append_attribute (message, &size, 0x8028, digest, 4);
  return size;
}

/* Each from a port of its own. */
static gboolean
check_from_everywhere (Hostile *self, guint64 n)
{
  guint8 message[512];
  gsize size = make_check (self, n, message);

  g_clear_object (&self->socket);
  g_clear_object (&self->address);
  open_socket (self);
  g_socket_send_to (self->socket, self->address, (const char *)message, size, NULL, NULL);
  return TRUE;
}

const HostileMode hostile_packet_modes[] = {
  { "sctp-rubbish", send_rubbish },
  { "sctp-unknown", send_unknown },
  { "sctp-heartbeat", send_heartbeats },
  { "sctp-init", send_init },
  { "sctp-abort", send_abort, .is_silent = TRUE },
  { "sctp-reset", send_resets, .is_silent = TRUE },
  { "sctp-others", send_others, .is_silent = TRUE },
  { "sctp-endless", send_endless, .is_silent = TRUE },
  { "sctp-gaps", send_gaps, .is_silent = TRUE },
  { "sctp-crumbs", send_heavy_crumbs, .is_silent = TRUE },
  { "dtls-forged", send_forged },
  { "dtls-empty", send_empty_records },
  { "dtls-hello", send_hello },
  { "dtls-replay", send_replayed },
  { "stun", flood_stun },
  { "stun-checks", check_from_everywhere },
  { "udp", flood_udp },
  { NULL },
};
