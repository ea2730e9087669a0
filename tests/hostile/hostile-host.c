/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile.h"

#include <string.h>

/* What a Host can do to a Client with frames. Most of it waits for the Client's first connection,
 * whose name it then uses. */

static void
take_connect (Hostile *self, const PhFrame *frame)
{
  if (frame->event != PH_EVENT_CONNECT || self->has_name)
    return;
  self->name = frame->name;
  self->has_name = TRUE;
}

static gboolean
send_to (Hostile *self, PhEvent event, guint16 id, guint16 size)
{
  return hostile_send_frame (self, &(PhFrame){ .event = event,
                                               .name = self->name,
                                               .chunk_id = id,
                                               .total_chunks = 1,
                                               .payload_size = size });
}

static gboolean
answer_nobody (Hostile *self, guint64 n)
{
  static const PhEvent events[] = { PH_EVENT_OPENED, PH_EVENT_DATA, PH_EVENT_CLOSE, PH_EVENT_WINDOW,
                                    PH_EVENT_EOF };

  return hostile_send_frame (self, &(PhFrame){ .event = events[n % G_N_ELEMENTS (events)],
                                               .name = hostile_name (self, n),
                                               .total_chunks = 1,
                                               .payload_size = 4 });
}

static gboolean
open_twice (Hostile *self, guint64 n)
{
  return send_to (self, PH_EVENT_OPENED, (guint16)n, 0);
}

static gboolean
data_first (Hostile *self, guint64 n)
{
  return send_to (self, PH_EVENT_DATA, (guint16)n, 1000);
}

static gboolean
overrun_credit (Hostile *self, guint64 n)
{
  return send_to (self, PH_EVENT_DATA, (guint16)n, 65000);
}

static gboolean
send_services (Hostile *self, guint64 n)
{
  return hostile_send_frame (self, &(PhFrame){ .event = PH_EVENT_SERVICES,
                                               .total_chunks = 1,
                                               .payload_size = (guint16)(n * 997 % 65000) });
}

static gboolean
send_list (Hostile *self, guint64 id, const char *json, gsize size)
{
  return hostile_send_frame (self, &(PhFrame){ .event = PH_EVENT_SERVICES,
                                               .chunk_id = (guint16)id,
                                               .total_chunks = 1,
                                               .payload_size = (guint16)size,
                                               .payload = (const guint8 *)json });
}

/* @fill again and again, up to the largest size there may be, between @begin and @end. */
static gboolean
send_large_list (Hostile *self, guint64 id, const char *begin, const char *fill, const char *end)
{
  g_autoptr (GString) json = g_string_new (begin);

  while (json->len + strlen (fill) + strlen (end) <= PH_MUX_MAX_SERVICES_BYTES)
    g_string_append (json, fill);
  g_string_append (json, end);
  return send_list (self, id, json->str, json->len);
}

/* All of them good, and each another one. */
static gboolean
flood_services (Hostile *self, guint64 n)
{
  g_autoptr (GString) json = g_string_new (NULL);

  g_string_append (json, "{\"services\":[");
  for (guint i = 0; i < 256; i++)
    g_string_append_printf (
        json, "%s{\"title\":\"%u %.40s\",\"address\":\"127.0.0.1\",\"port\":%u}", i > 0 ? "," : "",
        (guint)(n % 10000), "much ado about next to nothing, many times", i + 1);
  g_string_append (json, "]}");
  return send_list (self, n, json->str, json->len);
}

static gboolean
misname_services (Hostile *self, guint64 n)
{
  PhFrame frame = { .event = PH_EVENT_SERVICES, .total_chunks = 1, .payload_size = 2 };

  frame.payload = (const guint8 *)"{}";
  frame.name.src.port = n % 4 == 0;
  frame.name.dst.addr[0] = n % 4 == 1;
  frame.name.dst.port = n % 4 == 2;
  frame.total_chunks = n % 4 == 3 ? 2 : 1;
  return hostile_send_frame (self, &frame);
}

/* Nothing that can be read, or what takes long to read. */
static gboolean
send_rubbish_services (Hostile *self, guint64 n)
{
  switch (n % 5)
    {
    case 0:
      return send_large_list (self, n, "", "\xff\x00{", "");
    case 1:
      return send_large_list (self, n, "{\"services\":", "[", "");
    case 2:
      return send_large_list (self, n, "{\"a\":[", "[[[[[[[[[[]]]]]]]]]],", "1]}");
    case 3:
      return send_large_list (self, n, "{\"services\":[", "{},", "1]}");
    default:
      return send_large_list (self, n, "{", "\"a\":1,", "\"a\":1}");
    }
}

/* The newest first, then older ones for longer than the Client waits between two that it reads, and
 * at last one that is newer. */
static gboolean
send_old_services (Hostile *self, guint64 n)
{
  static gint64 begin_us = 0;
  gint64 now_us = g_get_monotonic_time ();
  guint serial = (guint)(n % 9 + 1);
  g_autofree char *json = NULL;

  if (n == 0)
    {
      begin_us = now_us;
      serial = 10;
    }
  else if (now_us - begin_us > 2 * G_USEC_PER_SEC)
    serial = 11;
  json = g_strdup_printf ("{\"services\":[{\"address\":\"a\",\"port\":%u}]}", serial);
  return send_list (self, serial, json, strlen (json));
}

static gboolean
send_connect (Hostile *self, guint64 n)
{
  return hostile_send_frame (
      self,
      &(PhFrame){ .event = PH_EVENT_CONNECT, .name = hostile_name (self, n), .total_chunks = 1 });
}

static gboolean
send_crumbs (Hostile *self, guint64 n)
{
  return send_to (self, PH_EVENT_DATA, (guint16)(n + 2), 0);
}

const HostileMode hostile_host_modes[] = {
  { "nobody", answer_nobody },
  { "open-twice", open_twice, take_connect, .is_late = TRUE },
  { "data-first", data_first, take_connect, .is_late = TRUE },
  { "overrun", overrun_credit, take_connect, .is_late = TRUE },
  { "services", send_services },
  { "services-flood", flood_services },
  { "services-misnamed", misname_services },
  { "services-rubbish", send_rubbish_services },
  { "services-old", send_old_services },
  { "connect", send_connect },
  { "crumbs", send_crumbs, take_connect, .is_late = TRUE },
  { NULL },
};
