/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hostile.h"

/* What a Client can do to a Host with frames. */

#define BULK_BYTES 60000

static gboolean
send_simple (Hostile *self, PhEvent event, guint64 name, guint16 id, guint16 size)
{
  return hostile_send_frame (self, &(PhFrame){ .event = event,
                                               .name = hostile_name (self, name),
                                               .chunk_id = id,
                                               .total_chunks = 1,
                                               .payload_size = size });
}

/* The first step connects, the others do what they do with the connection. */
static gboolean
connect_once (Hostile *self, guint64 n, gboolean *ret_ok)
{
  if (n > 0)
    return FALSE;
  self->name = hostile_name (self, 0);
  self->chunk_id = 1;
  self->credit = 65536;
  *ret_ok = send_simple (self, PH_EVENT_CONNECT, 0, 0, 0);
  return TRUE;
}

static void
count_credit (Hostile *self, const PhFrame *frame)
{
  if (frame->event == PH_EVENT_WINDOW && frame->payload_size == 4 &&
      ph_frame_name_equal (&frame->name, &self->name))
    self->credit += ph_read_u32 (frame->payload);
}

/* Floods */

static gboolean
flood_unknown_event (Hostile *self, guint64 n)
{
  return send_simple (self, (PhEvent)(7 + n % 200), n, 0, 4);
}

static gboolean
flood_short (Hostile *self, guint64 n)
{
  static const guint8 bytes[PH_FRAME_HEADER_SIZE];

  return hostile_send (self, bytes, 1 + n % (PH_FRAME_HEADER_SIZE - 1));
}

static gboolean
flood_connect (Hostile *self, guint64 n)
{
  return send_simple (self, PH_EVENT_CONNECT, n, 0, 0);
}

static gboolean
flood_denied (Hostile *self, guint64 n)
{
  PhFrame frame = { .event = PH_EVENT_CONNECT, .name = hostile_name (self, n), .total_chunks = 1 };

  frame.name.dst.port = 1;
  return hostile_send_frame (self, &frame);
}

static gboolean
flood_names (Hostile *self, guint64 n)
{
  char text[64];
  PhFrame frame = { .event = PH_EVENT_CONNECT,
                    .name = hostile_name (self, n),
                    .total_chunks = 1,
                    .payload = (const guint8 *)text };

  memset (frame.name.dst.addr, 0, sizeof frame.name.dst.addr);
  frame.payload_size =
      (guint16)g_snprintf (text, sizeof text, "name=n%" G_GUINT64_FORMAT ".invalid", n);
  return hostile_send_frame (self, &frame);
}

static gboolean
flood_window (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return send_simple (self, PH_EVENT_WINDOW, 0, 0, 4);
}

static gboolean
flood_window_unknown (Hostile *self, guint64 n)
{
  return send_simple (self, PH_EVENT_WINDOW, n, 0, 4);
}

static gboolean
flood_eof (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return send_simple (self, PH_EVENT_EOF, 0, (guint16)n, 0);
}

static gboolean
flood_empty (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return send_simple (self, PH_EVENT_DATA, 0, (guint16)n, 0);
}

static gboolean
flood_tiny (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  if (self->credit == 0 || !send_simple (self, PH_EVENT_DATA, 0, (guint16)n, 1))
    return FALSE;
  self->credit--;
  return TRUE;
}

static gboolean
flood_closed (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return send_simple (self, n == 1 ? PH_EVENT_CLOSE : PH_EVENT_DATA, 0, (guint16)n, 100);
}

/* The same frame again and again: on a reliable channel nothing comes twice. */
static gboolean
flood_repeated (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return send_simple (self, PH_EVENT_DATA, 0, 1, n == 1 ? 1 : 0);
}

/* Opened and left */

static gboolean
early_data (Hostile *self, guint64 n)
{
  return send_simple (self, PH_EVENT_DATA, n, 1, BULK_BYTES);
}

static gboolean
early_crumbs (Hostile *self, guint64 n)
{
  return send_simple (self, PH_EVENT_DATA, n / 1000, (guint16)(1 + n % 1000), 1);
}

static gboolean
abandon (Hostile *self, guint64 n)
{
  if (n % 2 == 0)
    return send_simple (self, PH_EVENT_CONNECT, n / 2, 0, 0);
  return send_simple (self, PH_EVENT_CLOSE, n / 2, 1, 0);
}

/* Lies */

static gboolean
lie_about_size (Hostile *self, guint64 n)
{
  guint8 message[PH_FRAME_HEADER_SIZE + 100] = { 0 };
  const PhFrame frame = { .event = PH_EVENT_DATA,
                          .name = hostile_name (self, n),
                          .total_chunks = 1,
                          .payload_size = (guint16)(n % 2 == 0 ? 65000 : 3) };

  ph_frame_encode_header (&frame, message);
  return hostile_send (self, message, sizeof message);
}

static gboolean
lie_about_total (Hostile *self, guint64 n)
{
  static const guint16 lies[][2] = { { 0, 0 }, { 1, 1 }, { 65535, 2 } };

  return hostile_send_frame (self, &(PhFrame){ .event = PH_EVENT_DATA,
                                               .name = hostile_name (self, n),
                                               .chunk_index = lies[n % 3][0],
                                               .total_chunks = lies[n % 3][1],
                                               .payload_size = 100 });
}

/* Never the first fragment. */
static gboolean
never_complete (Hostile *self, guint64 n)
{
  gboolean ok;

  if (connect_once (self, n, &ok))
    return ok;
  return hostile_send_frame (self, &(PhFrame){ .event = PH_EVENT_DATA,
                                               .name = self->name,
                                               .chunk_id = 1,
                                               .chunk_index = (guint16)n,
                                               .total_chunks = 65535,
                                               .payload_size = 1 });
}

static gboolean
overrun_credit (Hostile *self, guint64 n)
{
  if (n % 8 == 0)
    return send_simple (self, PH_EVENT_CONNECT, n / 8, 0, 0);
  return send_simple (self, PH_EVENT_DATA, n / 8, (guint16)(n % 8), BULK_BYTES);
}

/* Far numbers: ahead of, behind and around the next one, as far as 16 bits go. */
static gboolean
jump (Hostile *self, guint64 n)
{
  static const guint16 jumps[] = { 32767, 32768, 65535, 32766, 2 };

  if (n % 6 == 0)
    return send_simple (self, PH_EVENT_CONNECT, n / 6, 0, 0);
  return send_simple (self, PH_EVENT_DATA, n / 6, jumps[n % 6 - 1], 100);
}

static gboolean
connect_again (Hostile *self, guint64 n)
{
  return send_simple (self, PH_EVENT_CONNECT, n / 2, (guint16)(n % 2), 0);
}

/* Takes nothing that it asks for: of connections, or of the whole association. */
static gboolean
take_nothing (Hostile *self, guint64 n)
{
  guint8 credit[4];
  PhFrame frame = { .event = PH_EVENT_WINDOW,
                    .name = hostile_name (self, n / 2),
                    .total_chunks = 1,
                    .payload_size = sizeof credit,
                    .payload = credit };

  ph_write_u32 (credit, G_MAXUINT32);
  if (n % 2 == 0)
    return send_simple (self, PH_EVENT_CONNECT, n / 2, 0, 0);
  return self->mode->is_deaf ? hostile_send_frame (self, &frame) : TRUE;
}

const HostileMode hostile_client_modes[] = {
  { "unknown-event", flood_unknown_event },
  { "short", flood_short },
  { "connect", flood_connect },
  { "denied", flood_denied },
  { "names", flood_names },
  { "window", flood_window },
  { "window-unknown", flood_window_unknown },
  { "eof", flood_eof },
  { "empty", flood_empty },
  { "tiny", flood_tiny, count_credit },
  { "closed", flood_closed },
  { "repeated", flood_repeated },
  { "early-data", early_data },
  { "early-crumbs", early_crumbs },
  { "abandon", abandon },
  { "size", lie_about_size },
  { "total", lie_about_total },
  { "incomplete", never_complete },
  { "overrun", overrun_credit },
  { "jump", jump },
  { "connect-again", connect_again },
  { "no-credit", take_nothing, .most = 400 },
  { "deaf", take_nothing, .most = 400, .is_deaf = TRUE },
  { NULL },
};
