/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-signal.h"

G_BEGIN_DECLS

/* Sessions, their children, tokens, roles and time limits; no HTTP and no clock: every call is told
 * the monotonic time. What is expired is gone for every call, whether or not it was swept yet.
 *
 * A session starts as waiting. A join makes it joined or, with "multi", makes a joined child with
 * an id of its own. An offer makes it signaling; a rejection ends it. */
typedef struct _PhSignalStore PhSignalStore;

typedef enum
{
  PH_STORE_OK,
  PH_STORE_NOT_FOUND, /* unknown, expired, or already joined: these look alike */
  PH_STORE_FORBIDDEN, /* the role is locked, and this is not its token */
  PH_STORE_CONFLICT,  /* already set otherwise, or its turn has not come */
  PH_STORE_FULL,
  PH_STORE_BAD_TOKEN,     /* leads to no legal id */
  PH_STORE_AUTH_REQUIRED, /* this store takes only sides that lock their role */
} PhStoreStatus;

typedef struct
{
  guint waiting_ttl_s; /* past the Host's last poll; 0: no limit */
  guint joined_ttl_s;  /* past the last poll of either side; 0: no limit */
  guint max_sessions;  /* children count; 0: no limit */
  gsize max_bytes;     /* of all offers and answers together; 0: no limit */
  gboolean keep_multi; /* "multi" sessions do not expire */
  gboolean require_auth;
} PhSignalStoreOptions;

/* Whatever a session has been joined for, or is in all. */
#define PH_STORE_JOINED_MAX_S 600

/* The session @id has a higher rev, or is gone. Called inside the store's calls: look, do not
 * touch. */
typedef void (*PhSignalStoreChanged) (const char *id, gboolean is_gone, gpointer user_data);

PhSignalStore *ph_signal_store_new (const PhSignalStoreOptions *options,
                                    PhSignalStoreChanged changed,
                                    gpointer user_data);
void ph_signal_store_free (PhSignalStore *store);

guint ph_signal_store_count (PhSignalStore *store);

/* Drops what is expired. */
void ph_signal_store_sweep (PhSignalStore *store, gint64 now_us);

/* Sessions and tokens that calls return are borrowed, until the next call. */

/* Creates a session; with the @token of one that is there, creates it again: children with neither
 * an offer nor a rejection stay, the others go. Without @token one is drawn. */
PhStoreStatus ph_signal_store_create (PhSignalStore *store,
                                      const PhSignalCreate *create,
                                      const char *token,
                                      gint64 now_us,
                                      const PhSignalSession **ret_session,
                                      const char **ret_token);

/* A repeated call with the same nonce gets the same session and token again. */
PhStoreStatus ph_signal_store_join (PhSignalStore *store,
                                    const char *id,
                                    const PhSignalJoinCall *call,
                                    gint64 now_us,
                                    const PhSignalSession **ret_session,
                                    const char **ret_token);

typedef enum
{
  PH_STORE_FOR_NOTHING, /* either side; ready at once */
  PH_STORE_FOR_CHANGE,  /* either side; ready when rev > since */
  PH_STORE_FOR_JOIN,    /* the Host */
  PH_STORE_FOR_OFFER,   /* the Client */
  PH_STORE_FOR_ANSWER,  /* the Host */
} PhStoreWait;

/* Looks at a session; *@ret_ready says whether what is waited for is there. Counts as a poll. */
PhStoreStatus ph_signal_store_poll (PhSignalStore *store,
                                    const char *id,
                                    const char *token,
                                    PhStoreWait wait,
                                    guint64 since,
                                    gint64 now_us,
                                    const PhSignalSession **ret_session,
                                    gboolean *ret_ready);

/* Keeps @id from expiring, if a poll of this kind does, until released; FALSE if it does not. */
gboolean ph_signal_store_hold (PhSignalStore *store, const char *id, PhStoreWait wait);
void ph_signal_store_release (PhSignalStore *store, const char *id, gint64 now_us);

/* Whether any signal would be taken from @token, before one is read. */
PhStoreStatus
ph_signal_store_may_signal (PhSignalStore *store, const char *id, const char *token, gint64 now_us);

/* Offer and answer are write-once; a repeated call with the same content is OK again. */
PhStoreStatus ph_signal_store_signal (PhSignalStore *store,
                                      const char *id,
                                      const char *token,
                                      const PhSignalMessage *message,
                                      gint64 now_us);

/* With its children. */
PhStoreStatus
ph_signal_store_delete (PhSignalStore *store, const char *id, const char *token, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalStore, ph_signal_store_free)

G_END_DECLS
