/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-store.h"

#include <string.h>

#define STRING_OVERHEAD 32
#define HALF_OVERHEAD 96

typedef struct _Entry Entry;

struct _Entry
{
  PhSignalSession *session; /* what is answered; of a multi parent with its undecided joins */
  Entry *parent;            /* of a child; else NULL */
  GPtrArray *children;      /* of a multi parent: Entry, borrowed */
  gboolean multi;
  gboolean host_locked;
  gboolean client_locked;
  char host_token[PH_TOKEN_SIZE];   /* a child has its parent's */
  char client_token[PH_TOKEN_SIZE]; /* once joined */
  PhSignalProof proof;              /* the join's, to know it again */
  gint64 seen_us;                   /* last poll that counts */
  gint64 joined_us;
  guint holds; /* polls held now that count */
};

struct _PhSignalStore
{
  PhSignalStoreOptions options;
  GHashTable *entries; /* session id -> Entry */
  gsize bytes;         /* of all offers and answers */
  PhSignalStoreChanged changed;
  gpointer user_data;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  ph_signal_session_free (entry->session);
  g_ptr_array_unref (entry->children);
  g_free (entry);
}

PhSignalStore *
ph_signal_store_new (const PhSignalStoreOptions *options,
                     PhSignalStoreChanged changed,
                     gpointer user_data)
{
  PhSignalStore *self = g_new0 (PhSignalStore, 1);

  self->options = *options;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->changed = changed;
  self->user_data = user_data;
  return self;
}

void
ph_signal_store_free (PhSignalStore *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

guint
ph_signal_store_count (PhSignalStore *self)
{
  return g_hash_table_size (self->entries);
}

/* ---- Room ---- */

/* What a half takes: its text, and for each string what an allocation costs besides. 0 for none. */
static gsize
count_bytes (const PhSignalHalf *half)
{
  gsize bytes = 0;

  if (half == NULL)
    return 0;
  bytes += strlen (half->sdp) + HALF_OVERHEAD;
  for (guint i = 0; half->candidates[i] != NULL; i++)
    bytes += strlen (half->candidates[i]) + STRING_OVERHEAD;
  return bytes;
}

static gboolean
has_room_for (PhSignalStore *self, const PhSignalHalf *half)
{
  return self->options.max_bytes == 0 ||
         self->bytes + count_bytes (half) <= self->options.max_bytes;
}

/* ---- Change ---- */

static void
bump (PhSignalStore *self, Entry *entry)
{
  entry->session->rev++;
  self->changed (entry->session->id, FALSE, self->user_data);
}

static void
set_status (Entry *entry, PhSignalStatus status)
{
  static const gboolean legal[4][4] = {
    [PH_SIGNAL_WAITING] = { [PH_SIGNAL_JOINED] = TRUE },
    [PH_SIGNAL_JOINED] = { [PH_SIGNAL_SIGNALING] = TRUE, [PH_SIGNAL_REJECTED] = TRUE },
    [PH_SIGNAL_SIGNALING] = { [PH_SIGNAL_REJECTED] = TRUE },
  };

  g_assert (legal[entry->session->status][status]);
  entry->session->status = status;
}

/* Takes a child off its parent's list of joins; TRUE if it was there. */
static gboolean
forget_join (Entry *child)
{
  GPtrArray *joins = child->parent->session->joins;

  for (guint i = 0; i < joins->len; i++)
    {
      const PhSignalJoin *join = joins->pdata[i];

      if (strcmp (join->id, child->session->id) == 0)
        {
          g_ptr_array_remove_index (joins, i);
          return TRUE;
        }
    }
  return FALSE;
}

/* Out of the table first, so that whoever is told of the change finds nothing there any more. */
static void
drop (PhSignalStore *self, Entry *entry)
{
  Entry *parent = entry->parent;

  g_hash_table_steal (self->entries, entry->session->id);
  self->changed (entry->session->id, TRUE, self->user_data);
  while (entry->children->len > 0)
    drop (self, entry->children->pdata[entry->children->len - 1]);
  if (parent != NULL)
    {
      g_ptr_array_remove_fast (parent->children, entry);
      if (forget_join (entry))
        bump (self, parent);
    }
  self->bytes -= count_bytes (entry->session->offer) + count_bytes (entry->session->answer);
  entry_free (entry);
}

/* ---- Time ---- */

static gboolean
is_past (gint64 now_us, gint64 since_us, guint limit_s)
{
  return limit_s > 0 && now_us - since_us > (gint64)limit_s * G_USEC_PER_SEC;
}

static gboolean
is_expired (PhSignalStore *self, const Entry *entry, gint64 now_us)
{
  if (entry->session->status == PH_SIGNAL_WAITING)
    return entry->holds == 0 && !(entry->multi && self->options.keep_multi) &&
           is_past (now_us, entry->seen_us, self->options.waiting_ttl_s);
  if (self->options.joined_ttl_s > 0 && is_past (now_us, entry->joined_us, PH_STORE_JOINED_MAX_S))
    return TRUE;
  return entry->holds == 0 && is_past (now_us, entry->seen_us, self->options.joined_ttl_s);
}

/* The session @id, or NULL if it is unknown or expired. */
static Entry *
look_up (PhSignalStore *self, const char *id, gint64 now_us)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  if (entry == NULL || !is_expired (self, entry, now_us))
    return entry;
  drop (self, entry);
  return NULL;
}

/* Dropping one may drop others, so what is expired is noted first and looked up again. */
void
ph_signal_store_sweep (PhSignalStore *self, gint64 now_us)
{
  g_autoptr (GPtrArray) expired = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;

      if (is_expired (self, entry, now_us))
        g_ptr_array_add (expired, g_strdup (entry->session->id));
    }
  for (guint i = 0; i < expired->len; i++)
    look_up (self, expired->pdata[i], now_us);
}

/* ---- Roles ---- */

static gboolean
is_token (const char *token, const char *expected)
{
  return token != NULL && strlen (token) == PH_TOKEN_SIZE - 1 &&
         ph_code_equal ((const guint8 *)token, (const guint8 *)expected, PH_TOKEN_SIZE - 1);
}

static gboolean
may_as_host (const Entry *entry, const char *token)
{
  return !entry->host_locked || is_token (token, entry->host_token);
}

/* Before somebody has joined there is no Client side that could be open. */
static gboolean
may_as_client (const Entry *entry, const char *token)
{
  if (entry->session->client == NULL)
    return !entry->host_locked;
  return !entry->client_locked || is_token (token, entry->client_token);
}

static gboolean
may_as_either (const Entry *entry, const char *token)
{
  return may_as_host (entry, token) || may_as_client (entry, token);
}

/* ---- Create ---- */

static Entry *
entry_new (const char *id, const char *host, gint64 now_us)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->session = ph_signal_session_new (id, host);
  entry->session->created_s = g_get_real_time () / G_USEC_PER_SEC;
  entry->session->rev = 1;
  entry->children = g_ptr_array_new ();
  entry->seen_us = now_us;
  return entry;
}

static gboolean
is_full (PhSignalStore *self)
{
  return self->options.max_sessions > 0 &&
         g_hash_table_size (self->entries) >= self->options.max_sessions;
}

static void
add (PhSignalStore *self, Entry *entry)
{
  g_hash_table_insert (self->entries, entry->session->id, entry);
}

static gboolean
is_undecided (const Entry *entry)
{
  return entry->session->status == PH_SIGNAL_WAITING || entry->session->status == PH_SIGNAL_JOINED;
}

/* Whether the session can go on as it is when its Host creates it again. */
static gboolean
can_stay (const Entry *entry, const PhSignalCreate *create)
{
  return entry->multi == create->multi && is_undecided (entry);
}

static void
create_again (PhSignalStore *self, Entry *entry, const PhSignalCreate *create, gint64 now_us)
{
  for (guint i = entry->children->len; i > 0; i--)
    {
      Entry *child = entry->children->pdata[i - 1];

      if (!is_undecided (child))
        drop (self, child);
      else
        child->host_locked = create->auth;
    }
  g_free (entry->session->host);
  entry->session->host = g_strdup (create->host);
  entry->host_locked = create->auth;
  entry->seen_us = now_us;
}

static Entry *
create_anew (PhSignalStore *self,
             const PhSignalCreate *create,
             const char *id,
             const char *token,
             gint64 now_us)
{
  Entry *entry = entry_new (id, create->host, now_us);

  entry->multi = create->multi;
  entry->host_locked = create->auth;
  g_strlcpy (entry->host_token, token, sizeof entry->host_token);
  add (self, entry);
  return entry;
}

PhStoreStatus
ph_signal_store_create (PhSignalStore *self,
                        const PhSignalCreate *create,
                        const char *token,
                        gint64 now_us,
                        const PhSignalSession **ret_session,
                        const char **ret_token)
{
  char drawn[PH_TOKEN_SIZE];
  char id[PH_ID_SIZE];
  Entry *entry;

  if (self->options.require_auth && !create->auth)
    return PH_STORE_AUTH_REQUIRED;
  ph_code_draw_token (drawn);
  if (!ph_code_id_from_token (token != NULL ? token : drawn, id))
    return PH_STORE_BAD_TOKEN;
  entry = look_up (self, id, now_us);
  if (entry != NULL && can_stay (entry, create))
    create_again (self, entry, create, now_us);
  else
    {
      if (entry != NULL)
        drop (self, entry);
      if (is_full (self))
        return PH_STORE_FULL;
      entry = create_anew (self, create, id, token != NULL ? token : drawn, now_us);
    }
  *ret_session = entry->session;
  *ret_token = entry->host_token;
  return PH_STORE_OK;
}

/* ---- Join ---- */

static void
become_joined (Entry *entry, const PhSignalJoinCall *call, gint64 now_us)
{
  entry->session->client = g_strdup (call->client);
  entry->client_locked = call->auth;
  entry->proof = call->proof;
  entry->joined_us = now_us;
  entry->seen_us = now_us;
  ph_code_draw_token (entry->client_token);
  set_status (entry, PH_SIGNAL_JOINED);
}

/* An id is 21 characters of base64url, the first a letter or digit: as tokens make them. */
static void
draw_id (char ret_id[PH_ID_SIZE])
{
  char token[PH_TOKEN_SIZE];

  ph_code_draw_token (token);
  ph_code_id_from_token (token, ret_id);
}

static Entry *
add_child (PhSignalStore *self, Entry *parent, const PhSignalJoinCall *call, gint64 now_us)
{
  char id[PH_ID_SIZE];
  Entry *child;

  draw_id (id);
  child = entry_new (id, parent->session->host, now_us);
  child->parent = parent;
  child->host_locked = parent->host_locked;
  memcpy (child->host_token, parent->host_token, sizeof child->host_token);
  become_joined (child, call, now_us);
  add (self, child);
  g_ptr_array_add (parent->children, child);
  g_ptr_array_add (parent->session->joins, ph_signal_join_new (id, call->client, &call->proof));
  return child;
}

static gboolean
has_nonce (const Entry *entry, const PhSignalProof *proof)
{
  return entry->session->client != NULL && entry->proof.has_nonce && proof->has_nonce &&
         memcmp (entry->proof.nonce, proof->nonce, PH_NONCE_SIZE) == 0;
}

/* The session that an earlier call with this nonce made. */
static Entry *
find_repeated (Entry *entry, const PhSignalProof *proof)
{
  if (has_nonce (entry, proof))
    return entry;
  for (guint i = 0; i < entry->children->len; i++)
    {
      if (has_nonce (entry->children->pdata[i], proof))
        return entry->children->pdata[i];
    }
  return NULL;
}

static gboolean
is_same_join (const Entry *entry, const PhSignalJoinCall *call)
{
  return strcmp (entry->session->client, call->client) == 0 && entry->client_locked == call->auth &&
         ph_signal_proof_equal (&entry->proof, &call->proof);
}

/* Joins @entry itself or, for a multi parent, a new child of it, which is returned in @ret. */
static PhStoreStatus
join_anew (PhSignalStore *self,
           Entry *entry,
           const PhSignalJoinCall *call,
           gint64 now_us,
           Entry **ret)
{
  if (entry->session->status != PH_SIGNAL_WAITING)
    return PH_STORE_NOT_FOUND;
  if (entry->multi && (is_full (self) || entry->session->joins->len >= PH_SIGNAL_MAX_JOINS))
    return PH_STORE_FULL;
  if (entry->multi)
    *ret = add_child (self, entry, call, now_us);
  else
    {
      become_joined (entry, call, now_us);
      *ret = entry;
    }
  bump (self, entry);
  return PH_STORE_OK;
}

PhStoreStatus
ph_signal_store_join (PhSignalStore *self,
                      const char *id,
                      const PhSignalJoinCall *call,
                      gint64 now_us,
                      const PhSignalSession **ret_session,
                      const char **ret_token)
{
  Entry *entry = look_up (self, id, now_us);
  PhStoreStatus status = PH_STORE_OK;
  Entry *joined;

  if (entry == NULL || entry->parent != NULL)
    return PH_STORE_NOT_FOUND;
  if (self->options.require_auth && !call->auth)
    return PH_STORE_AUTH_REQUIRED;
  joined = find_repeated (entry, &call->proof);
  if (joined == NULL)
    status = join_anew (self, entry, call, now_us, &joined);
  else if (!is_same_join (joined, call))
    status = PH_STORE_CONFLICT;
  if (status != PH_STORE_OK)
    return status;
  joined->seen_us = now_us;
  *ret_session = joined->session;
  *ret_token = joined->client_token;
  return PH_STORE_OK;
}

/* ---- Poll ---- */

static gboolean
may_poll (const Entry *entry, const char *token, PhStoreWait wait)
{
  switch (wait)
    {
    case PH_STORE_FOR_NOTHING:
    case PH_STORE_FOR_CHANGE:
      return may_as_either (entry, token);
    case PH_STORE_FOR_JOIN:
    case PH_STORE_FOR_ANSWER:
      return may_as_host (entry, token);
    case PH_STORE_FOR_OFFER:
      return may_as_client (entry, token);
    }
  return FALSE;
}

static gboolean
is_ready (const Entry *entry, PhStoreWait wait, guint64 since)
{
  const PhSignalSession *session = entry->session;

  switch (wait)
    {
    case PH_STORE_FOR_NOTHING:
      return TRUE;
    case PH_STORE_FOR_CHANGE:
      return session->rev > since;
    case PH_STORE_FOR_JOIN:
      return session->status != PH_SIGNAL_WAITING || session->joins->len > 0;
    case PH_STORE_FOR_OFFER:
      return session->offer != NULL || session->status == PH_SIGNAL_REJECTED;
    case PH_STORE_FOR_ANSWER:
      return session->answer != NULL || session->status == PH_SIGNAL_REJECTED;
    }
  return TRUE;
}

/* While a session waits it is its Host who keeps it; later, either side does. */
static gboolean
keeps (const Entry *entry, PhStoreWait wait)
{
  return entry->session->status != PH_SIGNAL_WAITING || wait != PH_STORE_FOR_OFFER;
}

PhStoreStatus
ph_signal_store_poll (PhSignalStore *self,
                      const char *id,
                      const char *token,
                      PhStoreWait wait,
                      guint64 since,
                      gint64 now_us,
                      const PhSignalSession **ret_session,
                      gboolean *ret_ready)
{
  Entry *entry = look_up (self, id, now_us);

  if (entry == NULL)
    return PH_STORE_NOT_FOUND;
  if (!may_poll (entry, token, wait))
    return PH_STORE_FORBIDDEN;
  if (keeps (entry, wait))
    entry->seen_us = now_us;
  *ret_session = entry->session;
  *ret_ready = is_ready (entry, wait, since);
  return PH_STORE_OK;
}

gboolean
ph_signal_store_hold (PhSignalStore *self, const char *id, PhStoreWait wait)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  if (entry == NULL || !keeps (entry, wait))
    return FALSE;
  entry->holds++;
  return TRUE;
}

void
ph_signal_store_release (PhSignalStore *self, const char *id, gint64 now_us)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  if (entry == NULL || entry->holds == 0)
    return;
  entry->holds--;
  entry->seen_us = now_us;
}

/* ---- Signal ---- */

static void
decided (Entry *entry)
{
  if (entry->parent != NULL)
    forget_join (entry);
}

/* Write-once: the same again is fine. */
static PhStoreStatus
put_half (PhSignalStore *self, Entry *entry, PhSignalHalf **slot, const PhSignalHalf *half)
{
  if (*slot != NULL)
    return ph_signal_half_equal (*slot, half) ? PH_STORE_OK : PH_STORE_CONFLICT;
  if (entry->session->status == PH_SIGNAL_REJECTED)
    return PH_STORE_CONFLICT;
  if (!has_room_for (self, half))
    return PH_STORE_FULL;
  *slot = ph_signal_half_copy (half);
  self->bytes += count_bytes (half);
  bump (self, entry);
  return PH_STORE_OK;
}

static PhStoreStatus
put_offer (PhSignalStore *self, Entry *entry, const PhSignalHalf *offer)
{
  if (entry->session->status == PH_SIGNAL_WAITING)
    return PH_STORE_CONFLICT;
  if (entry->session->status == PH_SIGNAL_JOINED)
    {
      if (!has_room_for (self, offer))
        return PH_STORE_FULL;
      set_status (entry, PH_SIGNAL_SIGNALING);
      decided (entry);
    }
  return put_half (self, entry, &entry->session->offer, offer);
}

static PhStoreStatus
put_answer (PhSignalStore *self, Entry *entry, const PhSignalHalf *answer)
{
  if (entry->session->offer == NULL)
    return PH_STORE_CONFLICT;
  return put_half (self, entry, &entry->session->answer, answer);
}

static PhStoreStatus
reject (PhSignalStore *self, Entry *entry, PhSignalReason reason)
{
  if (entry->session->status == PH_SIGNAL_WAITING)
    return PH_STORE_CONFLICT;
  if (entry->session->status == PH_SIGNAL_REJECTED)
    return entry->session->reason == reason ? PH_STORE_OK : PH_STORE_CONFLICT;
  set_status (entry, PH_SIGNAL_REJECTED);
  entry->session->reason = reason;
  decided (entry);
  bump (self, entry);
  return PH_STORE_OK;
}

PhStoreStatus
ph_signal_store_may_signal (PhSignalStore *self, const char *id, const char *token, gint64 now_us)
{
  Entry *entry = look_up (self, id, now_us);

  if (entry == NULL)
    return PH_STORE_NOT_FOUND;
  return may_as_either (entry, token) ? PH_STORE_OK : PH_STORE_FORBIDDEN;
}

PhStoreStatus
ph_signal_store_signal (PhSignalStore *self,
                        const char *id,
                        const char *token,
                        const PhSignalMessage *message,
                        gint64 now_us)
{
  Entry *entry = look_up (self, id, now_us);

  if (entry == NULL)
    return PH_STORE_NOT_FOUND;
  if (entry->session->status != PH_SIGNAL_WAITING)
    entry->seen_us = now_us;
  switch (message->type)
    {
    case PH_SIGNAL_TYPE_OFFER:
      return may_as_host (entry, token) ? put_offer (self, entry, message->half)
                                        : PH_STORE_FORBIDDEN;
    case PH_SIGNAL_TYPE_ANSWER:
      return may_as_client (entry, token) ? put_answer (self, entry, message->half)
                                          : PH_STORE_FORBIDDEN;
    case PH_SIGNAL_TYPE_REJECT:
      return may_as_either (entry, token) ? reject (self, entry, message->reason)
                                          : PH_STORE_FORBIDDEN;
    }
  return PH_STORE_CONFLICT;
}

PhStoreStatus
ph_signal_store_delete (PhSignalStore *self, const char *id, const char *token, gint64 now_us)
{
  Entry *entry = look_up (self, id, now_us);

  if (entry == NULL)
    return PH_STORE_NOT_FOUND;
  if (!may_as_either (entry, token))
    return PH_STORE_FORBIDDEN;
  drop (self, entry);
  return PH_STORE_OK;
}
