/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A message channel: what the tunnel sends frames over, and what the transport is. Messages are
 * whole, reliable and may overtake each other. One thread, the owner's; nothing blocks.
 *
 * An implementation puts PhChannel first in its struct, sets klass, and calls the events through
 * ph_channel_emit_*. Events are never emitted from inside send or receive. */
typedef struct _PhChannel PhChannel;

typedef enum
{
  PH_CHANNEL_OK,
  PH_CHANNEL_AGAIN,  /* nothing now: `writable` or `readable` will say when */
  PH_CHANNEL_CLOSED, /* never again: `closed` has been or will be emitted */
} PhChannelStatus;

typedef struct
{
  /* Sends one message, copied before it returns. On AGAIN and CLOSED nothing was taken. */
  PhChannelStatus (*send) (PhChannel *self, const guint8 *message, gsize size);

  /* Takes the next message; it is borrowed until the next receive or until the event returns. */
  PhChannelStatus (*receive) (PhChannel *self, const guint8 **ret_message, gsize *ret_size);
} PhChannelClass;

typedef struct
{
  void (*readable) (gpointer user_data); /* receive until AGAIN; until then it may come again */
  void (*writable) (gpointer user_data); /* after an AGAIN, once there is room */
  void (*closed) (gpointer user_data);   /* once; the owner may free the channel, not inside */
} PhChannelEvents;

struct _PhChannel
{
  const PhChannelClass *klass;
  const PhChannelEvents *events; /* NULL until somebody listens */
  gpointer user_data;
};

static inline PhChannelStatus
ph_channel_send (PhChannel *channel, const guint8 *message, gsize size)
{
  return channel->klass->send (channel, message, size);
}

static inline PhChannelStatus
ph_channel_receive (PhChannel *channel, const guint8 **ret_message, gsize *ret_size)
{
  return channel->klass->receive (channel, ret_message, ret_size);
}

/* Sets who hears of events; NULL ends it. @events is borrowed for as long. Messages that come while
 * nobody listens wait; whoever begins to listen receives once without being told. */
static inline void
ph_channel_set_events (PhChannel *channel, const PhChannelEvents *events, gpointer user_data)
{
  channel->events = events;
  channel->user_data = user_data;
}

static inline void
ph_channel_emit_readable (PhChannel *channel)
{
  if (channel->events != NULL)
    channel->events->readable (channel->user_data);
}

static inline void
ph_channel_emit_writable (PhChannel *channel)
{
  if (channel->events != NULL)
    channel->events->writable (channel->user_data);
}

static inline void
ph_channel_emit_closed (PhChannel *channel)
{
  if (channel->events != NULL)
    channel->events->closed (channel->user_data);
}

G_END_DECLS
