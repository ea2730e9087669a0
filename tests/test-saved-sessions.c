/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "app/ph-saved-sessions.h"
#include "core/ph-error.h"

#include "ph-desk.h"

#define UUID "123e4567-e89b-42d3-a456-426614174000"

static const char *const rules[] = { "127.0.0.1:25565", "[::1]:*", "a;b", NULL };
static const char *const off[] = { "[::1]:*", NULL };
static const char *const mappings[] = { "127.0.0.1:8000 => example.com:80", NULL };

static char *
dup_path (void)
{
  return g_build_filename (ph_test_folder (), "sessions.ini", NULL);
}

static PhSavedSessions *
make (void)
{
  g_autoptr (PhSecrets) secrets = ph_secrets_new (ph_test_folder (), FALSE);

  return ph_saved_sessions_new (ph_test_folder (), secrets);
}

static PhSavedSessions *
load (void)
{
  PhSavedSessions *sessions = make ();
  g_autoptr (GError) error = NULL;

  ph_saved_sessions_load (sessions, &error);
  g_assert_no_error (error);
  return sessions;
}

static void
save (PhSavedSessions *sessions, PhSavedSession *session)
{
  g_autoptr (GError) error = NULL;

  ph_saved_sessions_save (sessions, session, &error);
  g_assert_no_error (error);
}

static guint
count (PhSavedSessions *sessions)
{
  return g_list_model_get_n_items (G_LIST_MODEL (sessions));
}

/* Borrowed. */
static PhSavedSession *
get (PhSavedSessions *sessions, guint position)
{
  g_autoptr (PhSavedSession) session = g_list_model_get_item (G_LIST_MODEL (sessions), position);

  g_assert_nonnull (session);
  return session;
}

static PhSavedSession *
make_session (PhSessionRole role, const char *title, gint64 last_used)
{
  PhSavedSession *session = ph_saved_session_new (role);

  g_object_set (session, "title", title, "last-used", last_used, NULL);
  return session;
}

static void
test_round_trip (void)
{
  g_autoptr (PhSavedSessions) sessions = load ();
  g_autoptr (PhSavedSessions) again = NULL;
  g_autoptr (PhSavedSession) host = make_session (PH_SESSION_HOST, "門 = [x]; \\n", 5);
  g_autoptr (PhSavedSession) client = make_session (PH_SESSION_CLIENT, "Ann", 7);
  g_autofree char *path = dup_path ();
  GStatBuf status;

  g_object_set (host, "rules", rules, "rules-off", off, "session-id", "abc", "signal",
                "https://example.org", "own-port", (gint64)65535, NULL);
  g_object_set (client, "mappings", mappings, NULL);
  save (sessions, host);
  save (sessions, client);

  again = load ();
  g_assert_cmpuint (count (again), ==, 2);
  client = (g_object_unref (client), g_object_ref (get (again, 0)));
  g_assert_cmpint (ph_saved_session_get_role (client), ==, PH_SESSION_CLIENT);
  g_assert_cmpstr (ph_saved_session_get_title (client), ==, "Ann");
  g_assert_cmpstrv (ph_saved_session_get_mappings (client), mappings);
  g_assert_cmpint (ph_saved_session_get_last_used (client), ==, 7);
  g_assert_cmpstr (ph_saved_session_get_uuid (get (again, 1)), ==,
                   ph_saved_session_get_uuid (host));
  g_assert_cmpstr (ph_saved_session_get_title (get (again, 1)), ==, "門 = [x]; \\n");
  g_assert_cmpstr (ph_saved_session_get_session_id (get (again, 1)), ==, "abc");
  g_assert_cmpstr (ph_saved_session_get_signal (get (again, 1)), ==, "https://example.org");
  g_assert_cmpstrv (ph_saved_session_get_rules (get (again, 1)), rules);
  g_assert_cmpstrv (ph_saved_session_get_rules_off (get (again, 1)), off);
  g_assert_cmpuint (ph_saved_session_get_own_port (get (again, 1)), ==, 65535);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
#ifndef G_OS_WIN32
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
#endif
}

static void
test_order (void)
{
  g_autoptr (PhSavedSessions) sessions = load ();
  g_autoptr (PhSavedSession) a = make_session (PH_SESSION_HOST, "a", 1);
  g_autoptr (PhSavedSession) b = make_session (PH_SESSION_HOST, "b", 3);
  g_autoptr (PhSavedSession) c = make_session (PH_SESSION_HOST, "c", 2);

  save (sessions, a);
  save (sessions, b);
  save (sessions, c);
  g_assert_true (get (sessions, 0) == b && get (sessions, 1) == c && get (sessions, 2) == a);
  ph_saved_session_touch (a);
  save (sessions, a);
  g_assert_true (get (sessions, 0) == a && get (sessions, 1) == b && get (sessions, 2) == c);
  g_assert_cmpuint (count (sessions), ==, 3);
}

static void
test_secret_and_forget (void)
{
  g_autoptr (PhSavedSessions) sessions = load ();
  g_autoptr (PhSavedSessions) again = NULL;
  g_autoptr (PhSavedSession) session = make_session (PH_SESSION_CLIENT, "Ann", 1);
  g_auto (PhAnswer) answer = { 0 };
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *gone = NULL;
  g_autoptr (GError) error = NULL;

  save (sessions, session);
  ph_saved_sessions_store_secret_async (sessions, session, "id.topsecret", NULL, ph_answer_take,
                                        &answer);
  ph_saved_sessions_store_secret_finish (sessions, ph_answer_await (&answer), &error);
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_null (strstr (text, "topsecret"));
  ph_saved_sessions_lookup_secret_async (sessions, session, NULL, ph_answer_take, &answer);
  secret = ph_saved_sessions_lookup_secret_finish (sessions, ph_answer_await (&answer), &error);
  g_assert_cmpstr (secret, ==, "id.topsecret");

  ph_saved_sessions_forget_async (sessions, session, NULL, ph_answer_take, &answer);
  g_assert_true (ph_saved_sessions_forget_finish (sessions, ph_answer_await (&answer), &error));
  g_assert_cmpuint (count (sessions), ==, 0);
  ph_saved_sessions_lookup_secret_async (sessions, session, NULL, ph_answer_take, &answer);
  gone = ph_saved_sessions_lookup_secret_finish (sessions, ph_answer_await (&answer), &error);
  g_assert_null (gone);
  g_assert_no_error (error);
  again = load ();
  g_assert_cmpuint (count (again), ==, 0);
}

static void
test_full (void)
{
  g_autoptr (PhSavedSessions) sessions = load ();
  g_autoptr (PhSavedSession) one_more = make_session (PH_SESSION_HOST, "one more", 1);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < PH_SAVED_SESSIONS_MAX; i++)
    {
      g_autoptr (PhSavedSession) session = make_session (PH_SESSION_HOST, "x", i);

      save (sessions, session);
    }
  g_assert_false (ph_saved_sessions_save (sessions, one_more, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FULL);
  save (sessions, get (sessions, 5));
  g_assert_cmpuint (count (sessions), ==, PH_SAVED_SESSIONS_MAX);
}

/* What there is of the properties is bounded, and fit to be shown. */
static void
test_bounds (void)
{
  g_autoptr (PhSavedSession) session = ph_saved_session_new (PH_SESSION_CLIENT);
  g_autofree char *longest = g_strnfill (PH_SAVED_SESSION_MAX_BYTES + 1, 'x');
  const char *many[PH_SAVED_SESSION_MAX_LIST + 3] = { longest, "\xff" };

  for (guint i = 2; i < PH_SAVED_SESSION_MAX_LIST + 2; i++)
    many[i] = "x";
  g_object_set (session, "title", "a\nb\xe2\x80\xae", "rules", many, "signal", longest, NULL);
  g_assert_cmpstr (ph_saved_session_get_title (session), ==, "a b");
  g_assert_cmpuint (g_strv_length ((char **)ph_saved_session_get_rules (session)), ==,
                    PH_SAVED_SESSION_MAX_LIST);
  g_assert_cmpuint (strlen (ph_saved_session_get_signal (session)), ==, PH_SAVED_SESSION_MAX_BYTES);
}

/* Loads @text, of which @n_good sessions can be used; the rest is kept aside as it was. */
static void
assert_damaged (const char *text, guint n_good)
{
  g_autoptr (PhSavedSessions) sessions = make ();
  g_autoptr (PhSavedSessions) again = NULL;
  g_autofree char *path = dup_path ();
  g_autofree char *aside = g_strconcat (path, ".damaged-1", NULL);
  g_autofree char *kept = NULL;
  g_autoptr (GError) error = NULL;

  ph_put_file (path, text);
  g_assert_false (ph_saved_sessions_load (sessions, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, aside));
  g_assert_true (g_file_get_contents (aside, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, text);
  g_assert_cmpuint (count (sessions), ==, n_good);
  again = load ();
  g_assert_cmpuint (count (again), ==, n_good);
  g_assert_cmpint (g_remove (aside), ==, 0);
}

static void
test_damaged (void)
{
  g_autofree char *good = g_strdup ("[" UUID "]\nrole=host\ntitle=x\n");
  g_autofree char *large = g_strnfill (5 * 1024 * 1024, '#');
  g_autofree char *with_garbage = g_strconcat (good, "[x]\nrole=host\n", NULL);

  assert_damaged ("no key file", 0);
  assert_damaged ("[" UUID "]\nrole=guest\n", 0);
  assert_damaged ("[" UUID "]\nrole=host\nown-port=70000\n", 0);
  assert_damaged ("[" UUID "]\nrole=host\nlast-used=soon\n", 0);
  assert_damaged ("[" UUID "]\nrole=host\ntitle=\\q\n", 0);
  assert_damaged (with_garbage, 1);
  assert_damaged (large, 0);
}

/* What a later version has written is still there after this one has. */
static void
test_unknown_keys_stay (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;
  g_autoptr (PhSavedSessions) sessions = NULL;

  ph_put_file (path, "[" UUID "]\nrole=host\ncolour=red\n");
  sessions = load ();
  ph_saved_session_touch (get (sessions, 0));
  save (sessions, get (sessions, 0));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "colour=red"));
}

static void
test_unwritable (void)
{
  g_autofree char *blocked = g_build_filename (ph_test_folder (), "file", NULL);
  g_autofree char *folder = g_build_filename (blocked, "folder", NULL);
  g_autoptr (PhSecrets) secrets = ph_secrets_new (folder, FALSE);
  g_autoptr (PhSavedSessions) sessions = ph_saved_sessions_new (folder, secrets);
  g_autoptr (PhSavedSession) session = make_session (PH_SESSION_HOST, "x", 1);
  g_autoptr (GError) error = NULL;

  ph_put_file (blocked, "");
  ph_saved_sessions_load (sessions, NULL);
  g_assert_false (ph_saved_sessions_save (sessions, session, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_FAILED);
  g_assert_cmpuint (count (sessions), ==, 0);
}

/* Two processes, each of which read the file before the other one wrote it. */
static void
test_two_processes (void)
{
  g_autoptr (PhSavedSessions) one = load ();
  g_autoptr (PhSavedSessions) other = load ();
  g_autoptr (PhSavedSessions) again = NULL;
  g_autoptr (PhSavedSession) first = make_session (PH_SESSION_HOST, "first", 1);
  g_autoptr (PhSavedSession) second = make_session (PH_SESSION_HOST, "second", 2);
  g_auto (PhAnswer) answer = { 0 };
  g_autoptr (GError) error = NULL;

  save (one, first);
  save (other, second);
  again = load ();
  g_assert_cmpuint (count (again), ==, 2);
  g_clear_object (&again);

  ph_saved_sessions_forget_async (one, first, NULL, ph_answer_take, &answer);
  g_assert_true (ph_saved_sessions_forget_finish (one, ph_answer_await (&answer), &error));
  g_assert_no_error (error);
  again = load ();
  g_assert_cmpuint (count (again), ==, 1);
  g_assert_cmpstr (ph_saved_session_get_title (get (again, 0)), ==, "second");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/saved-sessions/round-trip", test_round_trip);
  g_test_add_func ("/saved-sessions/order", test_order);
  g_test_add_func ("/saved-sessions/secret-and-forget", test_secret_and_forget);
  g_test_add_func ("/saved-sessions/full", test_full);
  g_test_add_func ("/saved-sessions/bounds", test_bounds);
  g_test_add_func ("/saved-sessions/damaged", test_damaged);
  g_test_add_func ("/saved-sessions/unknown-keys-stay", test_unknown_keys_stay);
  g_test_add_func ("/saved-sessions/unwritable", test_unwritable);
  g_test_add_func ("/saved-sessions/two-processes", test_two_processes);
  return ph_test_run ();
}
