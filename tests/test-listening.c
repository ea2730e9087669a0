/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-listening-private.h"

/* What sockets become, and searches on a thread. The sockets are those of a system of our own; they
 * and the entries are written as “ADDRESS PROGRAM”, with a “-” for a program that is not known and
 * a “!” behind one of ours. */

static GMutex lock; /* held: the system hangs */

static void
add_socket (GArray *sockets, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 2);
  PhListeningSocket socket = { .inode = sockets->len + 1 };

  g_assert_true (ph_endpoint_parse (words[0], &socket.bound, NULL));
  socket.is_ours = g_str_has_suffix (words[1], "!");
  socket.program = g_str_equal (words[1], "-") ? NULL : g_strdup (words[1]);
  g_array_append_val (sockets, socket);
}

/* In place of the real one. */
gboolean
ph_listening_read_sockets (GArray *sockets, GCancellable *cancellable, GError **error)
{
  g_mutex_lock (&lock);
  add_socket (sockets, "0.0.0.0:4711 a");
  g_mutex_unlock (&lock);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static GPtrArray *
entries_of (const char *texts)
{
  g_autoptr (GArray) sockets = ph_listening_sockets_new ();
  g_auto (GStrv) parts = g_strsplit (texts, ", ", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    add_socket (sockets, parts[i]);
  return ph_listening_from_sockets (sockets);
}

static char *
dup_text (const GPtrArray *entries)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      const PhListening *entry = entries->pdata[i];
      char address[PH_ENDPOINT_TEXT_SIZE];

      g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "",
                              ph_endpoint_format (&entry->address, address),
                              entry->program != NULL ? entry->program : "-");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_merge (void)
{
  static const struct
  {
    const char *sockets, *entries;
  } cases[] = {
    { "0.0.0.0:4711 a", "127.0.0.1:4711 a" },
    { "[::]:4711 a", "127.0.0.1:4711 a" },
    { "[::]:4711 a, 0.0.0.0:4711 a", "127.0.0.1:4711 a" },
    { "[::]:4711 -, 0.0.0.0:4711 -", "127.0.0.1:4711 -" },
    { "0.0.0.0:4711 a, 0.0.0.0:4711 a", "127.0.0.1:4711 a" },
    { "[::1]:4711 a, 127.0.0.1:4711 a", "127.0.0.1:4711 a" },
    { "[::1]:4711 a", "[::1]:4711 a" },
    { "[::ffff:127.0.0.1]:4711 a", "127.0.0.1:4711 a" },
    { "127.0.0.53:4711 a", "127.0.0.53:4711 a" },
    { "192.168.1.5:4711 a, [2001:db8::5]:4711 a", "192.168.1.5:4711 a" },
    { "192.168.1.5:4711 a, 127.0.0.1:4711 a", "127.0.0.1:4711 a" },
    { "[2001:db8::5]:4711 a", "[2001:db8::5]:4711 a" },
    { "[fe80::1]:4711 a", "" },
    { "[fe80::1]:4711 a, [::1]:4711 a", "[::1]:4711 a" },
    /* of several programs */
    { "127.0.0.1:4711 a, 192.168.1.5:4711 b", "127.0.0.1:4711 a, 192.168.1.5:4711 b" },
    { "[::]:4711 a, 0.0.0.0:4711 b", "127.0.0.1:4711 b, [::1]:4711 a" },
    { "0.0.0.0:4712 a, 0.0.0.0:4711 a", "127.0.0.1:4711 a, 127.0.0.1:4712 a" },
    /* ours */
    { "127.0.0.1:4711 porthole!", "" },
    { "127.0.0.1:4711 porthole!, [::]:4711 a", "[::1]:4711 a" },
    { "127.0.0.1:4711 porthole!, 192.168.1.5:4711 porthole", "192.168.1.5:4711 porthole" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) entries = entries_of (cases[i].sockets);
      g_autofree char *text = dup_text (entries);

      g_assert_cmpstr (text, ==, cases[i].entries);
    }
}

static void
test_none (void)
{
  g_autoptr (GArray) sockets = ph_listening_sockets_new ();
  g_autoptr (GPtrArray) entries = ph_listening_from_sockets (sockets);

  g_assert_cmpuint (entries->len, ==, 0);
}

/* The program says more than the port. */
static void
test_titles (void)
{
  static const struct
  {
    const char *socket, *title;
    PhKind kind;
  } cases[] = {
    { "127.0.0.1:25565 -", "Minecraft", PH_KIND_GAME },
    { "127.0.0.1:25565 some", "Minecraft", PH_KIND_GAME },
    { "127.0.0.1:25565 python3 -m http.server", "Web", PH_KIND_WEB },
    { "127.0.0.1:40123 minecraft_server.jar", "Minecraft", PH_KIND_GAME },
    { "127.0.0.1:4711 some", NULL, PH_KIND_OTHER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) entries = entries_of (cases[i].socket);
      const PhListening *entry = entries->pdata[0];

      g_assert_cmpstr (entry->title, ==, cases[i].title);
      g_assert_cmpint (entry->kind, ==, cases[i].kind);
      g_assert_false (entry->is_system);
    }
}

static void
test_system (void)
{
  static const struct
  {
    const char *socket;
    gboolean is_system;
  } cases[] = {
    { "127.0.0.1:631 -", TRUE },   { "127.0.0.53:53 systemd-resolve", TRUE },
    { "0.0.0.0:111 -", TRUE },     { "0.0.0.0:41234 rpc.statd", TRUE },
    { "0.0.0.0:6000 Xorg", TRUE }, { "127.0.0.1:6010 sshd", TRUE },
    { "127.0.0.1:6006 -", TRUE },  { "127.0.0.1:6006 python3 tensorboard", FALSE },
    { "0.0.0.0:22 sshd", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) entries = entries_of (cases[i].socket);

      g_assert_cmpint (((PhListening *)entries->pdata[0])->is_system, ==, cases[i].is_system);
    }
}

static void
test_order (void)
{
  g_autoptr (GPtrArray) entries = entries_of (
      "0.0.0.0:631 cupsd, 0.0.0.0:1234 a, 0.0.0.0:25565 b, 0.0.0.0:999 a, 0.0.0.0:22 sshd");
  g_autofree char *text = dup_text (entries);

  g_assert_cmpstr (text, ==,
                   "127.0.0.1:22 sshd, 127.0.0.1:25565 b, 127.0.0.1:999 a, 127.0.0.1:1234 a, "
                   "127.0.0.1:631 cupsd");
}

typedef struct
{
  gboolean is_done;
  GPtrArray *services;
  GError *error;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->services, g_ptr_array_unref);
  g_clear_error (&outcome->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  outcome->services = ph_listening_list_finish (result, &outcome->error);
  outcome->is_done = TRUE;
}

static void
wait_for (const Outcome *outcome)
{
  while (!outcome->is_done)
    g_main_context_iteration (NULL, TRUE);
}

/* The thread is free a moment after its system has gone on. */
static void
assert_works_again (void)
{
  gboolean works = FALSE;

  while (!works)
    {
      g_auto (Outcome) again = { 0 };

      ph_listening_list_async (NULL, on_listed, &again);
      wait_for (&again);
      works = again.services != NULL;
      g_assert_true (works || g_error_matches (again.error, G_IO_ERROR, G_IO_ERROR_PENDING));
    }
}

static void
test_async (void)
{
  g_auto (Outcome) outcome = { 0 };
  g_autofree char *text = NULL;

  ph_listening_list_async (NULL, on_listed, &outcome);
  g_assert_false (outcome.is_done);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  text = dup_text (outcome.services);
  g_assert_cmpstr (text, ==, "127.0.0.1:4711 a");
}

/* A system that hangs keeps one thread and no more, and a search that is cancelled ends at once. */
static void
test_hang (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Outcome) first = { 0 }, second = { 0 };

  g_mutex_lock (&lock);
  ph_listening_list_async (cancellable, on_listed, &first);
  ph_listening_list_async (NULL, on_listed, &second);
  wait_for (&second);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_false (first.is_done);
  g_cancellable_cancel (cancellable);
  wait_for (&first);
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_mutex_unlock (&lock);
  assert_works_again ();
}

static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Outcome) outcome = { 0 };

  g_cancellable_cancel (cancellable);
  ph_listening_list_async (cancellable, on_listed, &outcome);
  wait_for (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_works_again ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listening/merge", test_merge);
  g_test_add_func ("/listening/none", test_none);
  g_test_add_func ("/listening/titles", test_titles);
  g_test_add_func ("/listening/system", test_system);
  g_test_add_func ("/listening/order", test_order);
  g_test_add_func ("/listening/async", test_async);
  g_test_add_func ("/listening/hang", test_hang);
  g_test_add_func ("/listening/cancelled-before", test_cancelled_before);
  return g_test_run ();
}
