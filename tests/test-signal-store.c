/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "signaling/ph-signal-store.h"

#define S G_TIME_SPAN_SECOND

/* A store, a clock that stands still until it is told otherwise, and whom was told of a change. */
typedef struct
{
  PhSignalStore *store;
  gint64 now_us;
  GPtrArray *changed;
  char id[PH_ID_SIZE]; /* the session that set_up created */
  char token[PH_TOKEN_SIZE];
} Fixture;

static void
on_changed (const char *id, gboolean is_gone, gpointer data)
{
  Fixture *f = data;

  g_ptr_array_add (f->changed, g_strdup (id));
}

static guint
count_changes (Fixture *f, const char *id)
{
  guint n = 0;

  for (guint i = 0; i < f->changed->len; i++)
    n += strcmp (f->changed->pdata[i], id) == 0;
  g_ptr_array_set_size (f->changed, 0);
  return n;
}

static PhStoreStatus
create (Fixture *f, const char *token, gboolean multi, gboolean auth)
{
  const PhSignalCreate body = { .host = (char *)"anna", .multi = multi, .auth = auth };
  const PhSignalSession *session;
  const char *answered;
  PhStoreStatus status =
      ph_signal_store_create (f->store, &body, token, f->now_us, &session, &answered);

  if (status != PH_STORE_OK)
    return status;
  g_strlcpy (f->id, session->id, sizeof f->id);
  g_strlcpy (f->token, answered, sizeof f->token);
  return status;
}

static void
set_up (Fixture *f, const PhSignalStoreOptions *options, gboolean multi)
{
  static const PhSignalStoreOptions usual = { .waiting_ttl_s = 120,
                                              .joined_ttl_s = 60,
                                              .max_sessions = 100 };

  f->now_us = 1000 * S;
  f->changed = g_ptr_array_new_with_free_func (g_free);
  f->store = ph_signal_store_new (options != NULL ? options : &usual, on_changed, f);
  g_assert_cmpint (create (f, NULL, multi, TRUE), ==, PH_STORE_OK);
}

static void
tear_down (Fixture *f)
{
  ph_signal_store_free (f->store);
  g_ptr_array_unref (f->changed);
}

typedef struct
{
  char id[PH_ID_SIZE];
  char token[PH_TOKEN_SIZE];
} Joined;

/* @nonce 0: none. */
static PhStoreStatus
join (Fixture *f, const char *client, guint8 nonce, gboolean auth, Joined *ret)
{
  PhSignalJoinCall call = { .client = (char *)client, .auth = auth };
  const PhSignalSession *session;
  const char *token;
  PhStoreStatus status;

  call.proof.has_nonce = nonce != 0;
  memset (call.proof.nonce, nonce, PH_NONCE_SIZE);
  status = ph_signal_store_join (f->store, f->id, &call, f->now_us, &session, &token);
  if (status != PH_STORE_OK)
    return status;
  g_strlcpy (ret->id, session->id, sizeof ret->id);
  g_strlcpy (ret->token, token, sizeof ret->token);
  return status;
}

static PhStoreStatus
put (Fixture *f, const char *id, const char *token, PhSignalType type, const char *text)
{
  PhSignalMessage message = { .type = type };
  PhStoreStatus status;

  if (type == PH_SIGNAL_TYPE_REJECT)
    message.reason = *text == 'd' ? PH_SIGNAL_REASON_DECLINED : PH_SIGNAL_REASON_NOT_VERIFIED;
  else
    message.half = ph_signal_half_new (text, NULL);
  status = ph_signal_store_signal (f->store, id, token, &message, f->now_us);
  ph_signal_message_clear (&message);
  return status;
}

static PhStoreStatus
poll (Fixture *f, const char *id, const char *token, PhStoreWait wait, gboolean *ret_ready)
{
  const PhSignalSession *session;
  gboolean ready;
  PhStoreStatus status =
      ph_signal_store_poll (f->store, id, token, wait, 1, f->now_us, &session, &ready);

  if (ret_ready != NULL)
    *ret_ready = status == PH_STORE_OK && ready;
  return status;
}

static const PhSignalSession *
look (Fixture *f, const char *id, const char *token)
{
  const PhSignalSession *session = NULL;
  gboolean ready;

  g_assert_cmpint (ph_signal_store_poll (f->store, id, token, PH_STORE_FOR_NOTHING, 0, f->now_us,
                                         &session, &ready),
                   ==, PH_STORE_OK);
  g_assert_true (ready);
  return session;
}

/* ---- One Host, one Client ---- */

static void
test_single (void)
{
  Fixture f;
  Joined bob;
  Joined carol;
  gboolean ready;

  set_up (&f, NULL, FALSE);
  g_assert_cmpint (poll (&f, f.id, f.token, PH_STORE_FOR_JOIN, &ready), ==, PH_STORE_OK);
  g_assert_false (ready);
  g_assert_cmpint (put (&f, f.id, f.token, PH_SIGNAL_TYPE_OFFER, "o"), ==, PH_STORE_CONFLICT);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &bob), ==, PH_STORE_OK);
  g_assert_cmpstr (bob.id, ==, f.id);
  g_assert_cmpuint (count_changes (&f, f.id), ==, 1);
  poll (&f, f.id, f.token, PH_STORE_FOR_JOIN, &ready);
  g_assert_true (ready);
  g_assert_cmpint (join (&f, "carol", 2, TRUE, &carol), ==, PH_STORE_NOT_FOUND);

  g_assert_cmpint (put (&f, f.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "a"), ==, PH_STORE_CONFLICT);
  g_assert_cmpint (put (&f, f.id, f.token, PH_SIGNAL_TYPE_OFFER, "o"), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, f.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "a"), ==, PH_STORE_OK);
  g_assert_cmpuint (look (&f, f.id, bob.token)->rev, ==, 4);
  g_assert_cmpstr (look (&f, f.id, bob.token)->offer->sdp, ==, "o");
  g_assert_cmpstr (look (&f, f.id, f.token)->answer->sdp, ==, "a");
  g_assert_cmpint (look (&f, f.id, f.token)->status, ==, PH_SIGNAL_SIGNALING);
  tear_down (&f);
}

/* Lost answers: the same call again gets the same answer; another one does not. */
static void
test_repeats (void)
{
  Fixture f;
  Joined bob;
  Joined again;
  Joined other;

  set_up (&f, NULL, TRUE);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &bob), ==, PH_STORE_OK);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &again), ==, PH_STORE_OK);
  g_assert_cmpstr (bob.id, ==, again.id);
  g_assert_cmpstr (bob.token, ==, again.token);
  g_assert_cmpint (join (&f, "mallory", 1, TRUE, &again), ==, PH_STORE_CONFLICT);
  g_assert_cmpint (join (&f, "bob", 2, TRUE, &other), ==, PH_STORE_OK);
  g_assert_cmpstr (bob.id, !=, other.id);
  g_assert_cmpint (join (&f, "bob", 0, TRUE, &other), ==, PH_STORE_OK);
  g_assert_cmpuint (look (&f, f.id, f.token)->joins->len, ==, 3);

  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "o"), ==, PH_STORE_OK);
  count_changes (&f, bob.id);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "o"), ==, PH_STORE_OK);
  g_assert_cmpuint (count_changes (&f, bob.id), ==, 0);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "p"), ==, PH_STORE_CONFLICT);
  g_assert_cmpint (put (&f, bob.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "a"), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "a"), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "b"), ==, PH_STORE_CONFLICT);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_REJECT, "n"), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_REJECT, "n"), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_REJECT, "d"), ==, PH_STORE_CONFLICT);
  tear_down (&f);
}

/* ---- Who may do what ---- */

typedef enum
{
  NOBODY,
  HOST,
  CLIENT,
  OTHER_CLIENT,
} Who;

typedef struct
{
  const char *what;
  gboolean allowed[4]; /* by Who */
} Right;

static PhStoreStatus
attempt (Fixture *f, const char *what, const char *id, const char *token)
{
  if (strcmp (what, "for=join") == 0)
    return poll (f, id, token, PH_STORE_FOR_JOIN, NULL);
  if (strcmp (what, "for=offer") == 0)
    return poll (f, id, token, PH_STORE_FOR_OFFER, NULL);
  if (strcmp (what, "for=answer") == 0)
    return poll (f, id, token, PH_STORE_FOR_ANSWER, NULL);
  if (strcmp (what, "since") == 0)
    return poll (f, id, token, PH_STORE_FOR_CHANGE, NULL);
  if (strcmp (what, "offer") == 0)
    return put (f, id, token, PH_SIGNAL_TYPE_OFFER, "o");
  if (strcmp (what, "answer") == 0)
    return put (f, id, token, PH_SIGNAL_TYPE_ANSWER, "a");
  if (strcmp (what, "reject") == 0)
    return put (f, id, token, PH_SIGNAL_TYPE_REJECT, "d");
  g_assert_cmpstr (what, ==, "delete");
  return ph_signal_store_delete (f->store, id, token, f->now_us);
}

/* Each attempt on fresh sessions. */
static void
check_rights (const Right *rights, gsize n, gboolean on_parent, gboolean client_auth)
{
  for (gsize i = 0; i < n * 4; i++)
    {
      const Right *right = &rights[i / 4];
      Fixture f;
      Joined bob;
      Joined carol;
      const char *tokens[4];
      PhStoreStatus status;

      set_up (&f, NULL, TRUE);
      g_assert_cmpint (join (&f, "bob", 1, client_auth, &bob), ==, PH_STORE_OK);
      g_assert_cmpint (join (&f, "carol", 2, TRUE, &carol), ==, PH_STORE_OK);
      tokens[NOBODY] = NULL;
      tokens[HOST] = f.token;
      tokens[CLIENT] = bob.token;
      tokens[OTHER_CLIENT] = carol.token;
      if (strcmp (right->what, "answer") == 0)
        put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "o");
      status = attempt (&f, right->what, on_parent ? f.id : bob.id, tokens[i % 4]);
      if ((status != PH_STORE_FORBIDDEN) != right->allowed[i % 4])
        g_error ("%s by %d: %d", right->what, (int)(i % 4), status);
      tear_down (&f);
    }
}

static void
test_rights_on_child (void)
{
  static const Right locked[] = {
    { "for=join", { FALSE, TRUE, FALSE, FALSE } },  { "for=answer", { FALSE, TRUE, FALSE, FALSE } },
    { "for=offer", { FALSE, FALSE, TRUE, FALSE } }, { "since", { FALSE, TRUE, TRUE, FALSE } },
    { "offer", { FALSE, TRUE, FALSE, FALSE } },     { "answer", { FALSE, FALSE, TRUE, FALSE } },
    { "reject", { FALSE, TRUE, TRUE, FALSE } },     { "delete", { FALSE, TRUE, TRUE, FALSE } },
  };
  static const Right client_open[] = {
    { "for=join", { FALSE, TRUE, FALSE, FALSE } }, { "for=offer", { TRUE, TRUE, TRUE, TRUE } },
    { "offer", { FALSE, TRUE, FALSE, FALSE } },    { "answer", { TRUE, TRUE, TRUE, TRUE } },
    { "since", { TRUE, TRUE, TRUE, TRUE } },
  };

  check_rights (locked, G_N_ELEMENTS (locked), FALSE, TRUE);
  check_rights (client_open, G_N_ELEMENTS (client_open), FALSE, FALSE);
}

static void
test_rights_on_parent (void)
{
  static const Right rights[] = {
    { "for=join", { FALSE, TRUE, FALSE, FALSE } }, { "for=offer", { FALSE, FALSE, FALSE, FALSE } },
    { "since", { FALSE, TRUE, FALSE, FALSE } },    { "reject", { FALSE, TRUE, FALSE, FALSE } },
    { "delete", { FALSE, TRUE, FALSE, FALSE } },
  };

  check_rights (rights, G_N_ELEMENTS (rights), TRUE, FALSE);
}

static void
test_require_auth (void)
{
  const PhSignalStoreOptions options = { .require_auth = TRUE };
  Fixture f;
  Joined bob;

  set_up (&f, &options, TRUE);
  g_assert_cmpint (join (&f, "bob", 1, FALSE, &bob), ==, PH_STORE_AUTH_REQUIRED);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &bob), ==, PH_STORE_OK);
  g_assert_cmpint (create (&f, NULL, TRUE, FALSE), ==, PH_STORE_AUTH_REQUIRED);
  tear_down (&f);
}

/* ---- Children ---- */

static void
test_children (void)
{
  Fixture f;
  Joined bob;
  Joined carol;
  Joined dave;
  Joined no;
  guint64 rev;

  set_up (&f, NULL, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  join (&f, "carol", 2, TRUE, &carol);
  join (&f, "dave", 3, TRUE, &dave);
  rev = look (&f, f.id, f.token)->rev;
  g_assert_cmpuint (rev, ==, 4);
  g_assert_cmpint (look (&f, f.id, f.token)->status, ==, PH_SIGNAL_WAITING);

  put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "o");
  put (&f, carol.id, f.token, PH_SIGNAL_TYPE_REJECT, "d");
  g_assert_cmpuint (look (&f, f.id, f.token)->joins->len, ==, 1);
  count_changes (&f, f.id);
  g_assert_cmpint (ph_signal_store_delete (f.store, dave.id, dave.token, f.now_us), ==,
                   PH_STORE_OK);
  g_assert_cmpuint (count_changes (&f, f.id), ==, 1);
  g_assert_cmpuint (look (&f, f.id, f.token)->joins->len, ==, 0);
  g_assert_cmpuint (look (&f, f.id, f.token)->rev, >, rev);

  g_strlcpy (f.id, bob.id, sizeof f.id); /* a child cannot be joined */
  g_assert_cmpint (join (&f, "eve", 4, TRUE, &no), ==, PH_STORE_NOT_FOUND);
  tear_down (&f);
}

static void
test_delete_takes_children (void)
{
  Fixture f;
  Joined bob;
  Joined carol;

  set_up (&f, NULL, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  join (&f, "carol", 2, TRUE, &carol);
  put (&f, carol.id, f.token, PH_SIGNAL_TYPE_OFFER, "o");
  g_ptr_array_set_size (f.changed, 0);
  g_assert_cmpint (ph_signal_store_delete (f.store, f.id, f.token, f.now_us), ==, PH_STORE_OK);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 0);
  g_assert_cmpint (poll (&f, bob.id, bob.token, PH_STORE_FOR_OFFER, NULL), ==, PH_STORE_NOT_FOUND);
  g_assert_cmpuint (count_changes (&f, bob.id), ==, 1);
  tear_down (&f);
}

/* A Host that comes back, here or on a daemon that knows nothing. */
static void
test_create_again (void)
{
  Fixture f;
  Joined bob;
  Joined carol;
  char id[PH_ID_SIZE];
  char token[PH_TOKEN_SIZE];

  set_up (&f, NULL, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  join (&f, "carol", 2, TRUE, &carol);
  put (&f, carol.id, f.token, PH_SIGNAL_TYPE_OFFER, "o");
  g_strlcpy (id, f.id, sizeof id);
  g_strlcpy (token, f.token, sizeof token);
  g_assert_cmpint (create (&f, token, TRUE, TRUE), ==, PH_STORE_OK);
  g_assert_cmpstr (f.id, ==, id);
  g_assert_cmpuint (look (&f, id, token)->joins->len, ==, 1);
  g_assert_cmpint (poll (&f, carol.id, carol.token, PH_STORE_FOR_OFFER, NULL), ==,
                   PH_STORE_NOT_FOUND);
  g_assert_cmpint (poll (&f, bob.id, bob.token, PH_STORE_FOR_OFFER, NULL), ==, PH_STORE_OK);
  tear_down (&f);

  set_up (&f, NULL, TRUE);
  g_assert_cmpint (create (&f, token, TRUE, TRUE), ==, PH_STORE_OK);
  g_assert_cmpstr (f.id, ==, id);
  tear_down (&f);
}

static void
test_bad_token (void)
{
  static const char *const tokens[] = { "", "short", "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
                                        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A" };
  Fixture f;

  set_up (&f, NULL, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    g_assert_cmpint (create (&f, tokens[i], TRUE, TRUE), ==, PH_STORE_BAD_TOKEN);
  tear_down (&f);
}

static void
test_full (void)
{
  const PhSignalStoreOptions options = { .max_sessions = 3 };
  Fixture f;
  Joined joined;

  set_up (&f, &options, TRUE);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &joined), ==, PH_STORE_OK);
  g_assert_cmpint (join (&f, "bob", 2, TRUE, &joined), ==, PH_STORE_OK);
  g_assert_cmpint (join (&f, "bob", 3, TRUE, &joined), ==, PH_STORE_FULL);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &joined), ==, PH_STORE_OK); /* again */
  g_assert_cmpint (create (&f, NULL, TRUE, TRUE), ==, PH_STORE_FULL);
  g_assert_cmpint (create (&f, f.token, TRUE, TRUE), ==, PH_STORE_OK); /* again */
  tear_down (&f);
}

static void
test_too_many_joins (void)
{
  const PhSignalStoreOptions options = { 0 };
  Fixture f;
  Joined joined;

  set_up (&f, &options, TRUE);
  for (guint i = 0; i < PH_SIGNAL_MAX_JOINS; i++)
    g_assert_cmpint (join (&f, "bob", 0, TRUE, &joined), ==, PH_STORE_OK);
  g_assert_cmpint (join (&f, "bob", 0, TRUE, &joined), ==, PH_STORE_FULL);
  put (&f, joined.id, f.token, PH_SIGNAL_TYPE_REJECT, "d");
  g_assert_cmpint (join (&f, "bob", 0, TRUE, &joined), ==, PH_STORE_OK);
  tear_down (&f);
}

/* Offers and answers of all sessions share so many bytes, and give them back. */
static void
test_too_many_bytes (void)
{
  const PhSignalStoreOptions options = { .max_bytes = 3000 };
  g_autofree char *large = g_strnfill (2000, 'o');
  Fixture f;
  Joined bob;
  Joined carol;

  set_up (&f, &options, TRUE);
  g_assert_cmpint (join (&f, "bob", 1, TRUE, &bob), ==, PH_STORE_OK);
  g_assert_cmpint (join (&f, "carol", 2, TRUE, &carol), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, large), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, large), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, carol.id, f.token, PH_SIGNAL_TYPE_OFFER, large), ==, PH_STORE_FULL);
  g_assert_cmpint (look (&f, carol.id, f.token)->status, ==, PH_SIGNAL_JOINED);
  g_assert_cmpint (put (&f, bob.id, bob.token, PH_SIGNAL_TYPE_ANSWER, large), ==, PH_STORE_FULL);
  g_assert_cmpint (put (&f, bob.id, bob.token, PH_SIGNAL_TYPE_ANSWER, "a"), ==, PH_STORE_OK);
  g_assert_cmpint (ph_signal_store_delete (f.store, bob.id, bob.token, f.now_us), ==, PH_STORE_OK);
  g_assert_cmpint (put (&f, carol.id, f.token, PH_SIGNAL_TYPE_OFFER, large), ==, PH_STORE_OK);
  tear_down (&f);
}

/* ---- Time ---- */

static void
test_waiting_expires (void)
{
  Fixture f;

  set_up (&f, NULL, TRUE);
  for (guint i = 0; i < 5; i++)
    {
      f.now_us += 119 * S;
      g_assert_cmpint (poll (&f, f.id, f.token, PH_STORE_FOR_JOIN, NULL), ==, PH_STORE_OK);
    }
  f.now_us += 121 * S;
  ph_signal_store_sweep (f.store, f.now_us);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 0);
  g_assert_cmpuint (count_changes (&f, f.id), ==, 1);
  tear_down (&f);
}

/* Strangers do not keep a session alive, and what is expired is gone before it is swept. */
static void
test_strangers_do_not_keep (void)
{
  Fixture f;

  set_up (&f, NULL, TRUE);
  f.now_us += 100 * S;
  g_assert_cmpint (poll (&f, f.id, NULL, PH_STORE_FOR_JOIN, NULL), ==, PH_STORE_FORBIDDEN);
  f.now_us += 21 * S;
  g_assert_cmpint (poll (&f, f.id, f.token, PH_STORE_FOR_JOIN, NULL), ==, PH_STORE_NOT_FOUND);
  tear_down (&f);
}

static void
test_hold_keeps (void)
{
  Fixture f;

  set_up (&f, NULL, TRUE);
  g_assert_true (ph_signal_store_hold (f.store, f.id, PH_STORE_FOR_JOIN));
  f.now_us += 500 * S;
  ph_signal_store_sweep (f.store, f.now_us);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 1);
  ph_signal_store_release (f.store, f.id, f.now_us);
  f.now_us += 121 * S;
  ph_signal_store_sweep (f.store, f.now_us);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 0);
  ph_signal_store_release (f.store, f.id, f.now_us); /* of one that is gone */
  g_assert_false (ph_signal_store_hold (f.store, f.id, PH_STORE_FOR_JOIN));
  tear_down (&f);
}

static void
test_joined_expires (void)
{
  Fixture f;
  Joined bob;
  Joined carol;
  guint polls = 0;

  set_up (&f, NULL, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  join (&f, "carol", 2, TRUE, &carol);
  for (guint i = 0; i < 30; i++)
    {
      f.now_us += 59 * S;
      poll (&f, f.id, f.token, PH_STORE_FOR_JOIN, NULL);
      polls += poll (&f, bob.id, bob.token, PH_STORE_FOR_OFFER, NULL) == PH_STORE_OK;
      if (i == 1)
        g_assert_cmpint (poll (&f, carol.id, carol.token, PH_STORE_FOR_OFFER, NULL), ==,
                         PH_STORE_NOT_FOUND);
    }
  g_assert_cmpuint (polls, ==, 10); /* ten minutes in all */
  g_assert_cmpuint (look (&f, f.id, f.token)->joins->len, ==, 0);
  tear_down (&f);
}

static void
test_no_limits (void)
{
  const PhSignalStoreOptions options = { 0 };
  const PhSignalStoreOptions keep = { .waiting_ttl_s = 1, .joined_ttl_s = 1, .keep_multi = TRUE };
  Fixture f;
  Joined bob;

  set_up (&f, &options, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  f.now_us += G_GINT64_CONSTANT (1000000) * S;
  ph_signal_store_sweep (f.store, f.now_us);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 2);
  tear_down (&f);

  set_up (&f, &keep, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  f.now_us += 1000 * S;
  ph_signal_store_sweep (f.store, f.now_us);
  g_assert_cmpuint (ph_signal_store_count (f.store), ==, 1);
  tear_down (&f);
}

/* ---- Readiness ---- */

static void
test_rejection_ends_polls (void)
{
  Fixture f;
  Joined bob;
  gboolean ready;

  set_up (&f, NULL, TRUE);
  join (&f, "bob", 1, TRUE, &bob);
  poll (&f, bob.id, bob.token, PH_STORE_FOR_OFFER, &ready);
  g_assert_false (ready);
  poll (&f, bob.id, bob.token, PH_STORE_FOR_CHANGE, &ready);
  g_assert_false (ready);
  put (&f, bob.id, f.token, PH_SIGNAL_TYPE_REJECT, "d");
  poll (&f, bob.id, bob.token, PH_STORE_FOR_OFFER, &ready);
  g_assert_true (ready);
  poll (&f, bob.id, f.token, PH_STORE_FOR_ANSWER, &ready);
  g_assert_true (ready);
  poll (&f, bob.id, bob.token, PH_STORE_FOR_CHANGE, &ready);
  g_assert_true (ready);
  g_assert_cmpint (put (&f, bob.id, f.token, PH_SIGNAL_TYPE_OFFER, "o"), ==, PH_STORE_CONFLICT);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-store/single", test_single);
  g_test_add_func ("/signal-store/repeats", test_repeats);
  g_test_add_func ("/signal-store/rights-on-child", test_rights_on_child);
  g_test_add_func ("/signal-store/rights-on-parent", test_rights_on_parent);
  g_test_add_func ("/signal-store/require-auth", test_require_auth);
  g_test_add_func ("/signal-store/children", test_children);
  g_test_add_func ("/signal-store/delete-takes-children", test_delete_takes_children);
  g_test_add_func ("/signal-store/create-again", test_create_again);
  g_test_add_func ("/signal-store/bad-token", test_bad_token);
  g_test_add_func ("/signal-store/full", test_full);
  g_test_add_func ("/signal-store/too-many-joins", test_too_many_joins);
  g_test_add_func ("/signal-store/too-many-bytes", test_too_many_bytes);
  g_test_add_func ("/signal-store/waiting-expires", test_waiting_expires);
  g_test_add_func ("/signal-store/strangers-do-not-keep", test_strangers_do_not_keep);
  g_test_add_func ("/signal-store/hold-keeps", test_hold_keeps);
  g_test_add_func ("/signal-store/joined-expires", test_joined_expires);
  g_test_add_func ("/signal-store/no-limits", test_no_limits);
  g_test_add_func ("/signal-store/rejection-ends-polls", test_rejection_ends_polls);
  return g_test_run ();
}
