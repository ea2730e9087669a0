/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile.h"

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
  { "connect", send_connect },
  { "crumbs", send_crumbs, take_connect, .is_late = TRUE },
  { NULL },
};
