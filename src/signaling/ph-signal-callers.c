/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-callers.h"

#include <string.h>

#include "core/ph-endpoint.h"

#define PREFIX 8 /* bytes of an IPv6 address that count */

typedef struct
{
  guint8 address[16];
  guint polls;
  guint connections;
  guint sessions;
  gint64 free_at_us; /* when the bucket of sessions is full again: behind now by what was used */
} Caller;

struct _PhSignalCallers
{
  PhSignalCallerLimits limits;
  GHashTable *callers; /* Caller, keyed by its address */
};

static guint
address_hash (gconstpointer key)
{
  const guint8 *address = key;
  guint hash = 5381;

  for (gsize i = 0; i < 16; i++)
    hash = hash * 33 + address[i];
  return hash;
}

static gboolean
address_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, 16) == 0;
}

PhSignalCallers *
ph_signal_callers_new (const PhSignalCallerLimits *limits)
{
  PhSignalCallers *self = g_new0 (PhSignalCallers, 1);

  self->limits = *limits;
  self->callers = g_hash_table_new_full (address_hash, address_equal, NULL, g_free);
  return self;
}

void
ph_signal_callers_free (PhSignalCallers *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->callers);
  g_free (self);
}

guint
ph_signal_callers_count (PhSignalCallers *self)
{
  return g_hash_table_size (self->callers);
}

static void
get_key (const guint8 address[16], guint8 ret_key[16])
{
  memcpy (ret_key, address, 16);
  if (!ph_address_is_ipv4 (address))
    memset (ret_key + PREFIX, 0, 16 - PREFIX);
}

static Caller *
look_up (PhSignalCallers *self, const guint8 address[16])
{
  guint8 key[16];

  get_key (address, key);
  return g_hash_table_lookup (self->callers, key);
}

static Caller *
ensure (PhSignalCallers *self, const guint8 address[16])
{
  Caller *caller = look_up (self, address);

  if (caller != NULL)
    return caller;
  caller = g_new0 (Caller, 1);
  get_key (address, caller->address);
  g_hash_table_insert (self->callers, caller->address, caller);
  return caller;
}

/* Each session takes a minute's part of time; a minute's worth may be taken in advance. */
gboolean
ph_signal_callers_take_create (PhSignalCallers *self,
                               const guint8 address[16],
                               gint64 now_us,
                               guint *ret_retry_s)
{
  const gint64 minute_us = 60 * G_USEC_PER_SEC;
  gint64 cost_us;
  Caller *caller;

  if (self->limits.create_per_minute == 0)
    return TRUE;
  cost_us = minute_us / self->limits.create_per_minute;
  caller = ensure (self, address);
  caller->free_at_us = MAX (caller->free_at_us, now_us);
  if (caller->free_at_us + cost_us > now_us + minute_us)
    {
      gint64 wait_us = caller->free_at_us + cost_us - now_us - minute_us;

      *ret_retry_s = (guint)(wait_us / G_USEC_PER_SEC) + 1;
      return FALSE;
    }
  caller->free_at_us += cost_us;
  return TRUE;
}

static gboolean
begin (guint *count, guint limit)
{
  if (limit > 0 && *count >= limit)
    return FALSE;
  (*count)++;
  return TRUE;
}

gboolean
ph_signal_callers_begin_poll (PhSignalCallers *self, const guint8 address[16])
{
  return begin (&ensure (self, address)->polls, self->limits.polls);
}

void
ph_signal_callers_end_poll (PhSignalCallers *self, const guint8 address[16])
{
  look_up (self, address)->polls--;
}

gboolean
ph_signal_callers_begin_connection (PhSignalCallers *self, const guint8 address[16])
{
  return begin (&ensure (self, address)->connections, self->limits.connections);
}

void
ph_signal_callers_end_connection (PhSignalCallers *self, const guint8 address[16])
{
  look_up (self, address)->connections--;
}

gboolean
ph_signal_callers_may_begin_session (PhSignalCallers *self, const guint8 address[16])
{
  const Caller *caller = look_up (self, address);

  return caller == NULL || self->limits.sessions == 0 || caller->sessions < self->limits.sessions;
}

void
ph_signal_callers_begin_session (PhSignalCallers *self, const guint8 address[16])
{
  ensure (self, address)->sessions++;
}

void
ph_signal_callers_end_session (PhSignalCallers *self, const guint8 address[16])
{
  look_up (self, address)->sessions--;
}

void
ph_signal_callers_sweep (PhSignalCallers *self, gint64 now_us)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->callers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Caller *caller = value;

      if (caller->polls == 0 && caller->connections == 0 && caller->sessions == 0 &&
          caller->free_at_us <= now_us)
        g_hash_table_iter_remove (&iter);
    }
}
