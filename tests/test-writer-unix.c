/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "cli/ph-writer.h"

/* What a program says and the thread that writes it. Each test is a process of its own, whose
 * standard error is a pipe that it reads itself; what it has seen it tells by how it ends. Under
 * ThreadSanitizer this is also the proof that the two threads share nothing unordered. */

#define N_LINES 2000
#define PIECE_BYTES 8192

/* Standard error becomes a pipe; returns its other end. */
static int
read_own_errors (void)
{
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, NULL));
  g_assert_cmpint (dup2 (fds[1], STDERR_FILENO), ==, STDERR_FILENO);
  close (fds[1]);
  return fds[0];
}

/* Up to a full stop. */
static gpointer
read_all (gpointer fd)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  ssize_t n;

  while (!g_str_has_suffix (text->str, ".") &&
         (n = read (GPOINTER_TO_INT (fd), buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return text;
}

static void
assert_lines (const char *text, guint n)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", 0);

  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_ascii_strtoull (lines[i], NULL, 10), ==, i);
}

/* All lines come, in order, and the end waits for the last one. */
static void
write_in_order (void)
{
  int fd = read_own_errors ();
  GThread *reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fd));
  PhWriter *writer = ph_writer_new ();
  GString *text;

  for (guint i = 0; i < N_LINES; i++)
    g_assert_true (ph_writer_put (writer, PH_WRITER_ERR, g_strdup_printf ("%u\n", i), FALSE));
  g_assert_true (ph_writer_put (writer, PH_WRITER_ERR, g_strdup ("."), FALSE));
  ph_writer_free (writer);
  text = g_thread_join (reader);
  assert_lines (text->str, N_LINES);
  g_string_free (text, TRUE);
  close (fd);
}

/* With a reader that has stopped, what waits is bounded, what matters has room left, and the owner
 * may go at any time: the thread, which is stuck, finds its memory when the reader goes on. */
static void
write_to_nobody (void)
{
  int fd = read_own_errors ();
  PhWriter *writer = ph_writer_new ();
  guint n_taken = 0;
  GThread *reader;
  GString *text;

  while (ph_writer_put (writer, PH_WRITER_ERR, g_strnfill (PIECE_BYTES, 'x'), FALSE))
    n_taken++;
  g_assert_cmpuint (n_taken, >=, PH_WRITER_MAX_QUEUE / PIECE_BYTES);
  g_assert_cmpuint (n_taken, <=, PH_WRITER_MAX_QUEUE / PIECE_BYTES + 64); /* and the pipe's own */
  g_assert_true (ph_writer_put (writer, PH_WRITER_ERR, g_strdup ("what matters."), TRUE));
  ph_writer_free (writer);
  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fd));
  text = g_thread_join (reader);
  g_assert_cmpuint (strspn (text->str, "x"), ==, n_taken * PIECE_BYTES);
  g_assert_cmpstr (text->str + n_taken * PIECE_BYTES, ==, "what matters.");
  g_string_free (text, TRUE);
  close (fd);
}

static void
test_in_process (gconstpointer data)
{
  void (*const *func) (void) = data;

  if (g_test_subprocess ())
    {
      (*func) ();
      _exit (0); /* no other thread is waited for */
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  static void (*const order) (void) = write_in_order;
  static void (*const nobody) (void) = write_to_nobody;

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/writer/order", &order, test_in_process);
  g_test_add_data_func ("/writer/nobody-reads", &nobody, test_in_process);
  return g_test_run ();
}
