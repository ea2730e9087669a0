/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include <glib/gstdio.h>

#include "core/ph-limits.h"
#include "core/ph-listening-private.h"

/* What /proc says, as text of our own and as it is. Started as “NAME --listen ADDRESS” the program
 * is a service: it says where it listens, and ends with its standard input. */

#define HEADER                                                                                     \
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "    \
  "inode\n"
#define V4(local, state, inode)                                                                    \
  "   0: " local " 00000000:0000 " state                                                           \
  " 00000000:00000000 00:00000000 00000000  1000        0 " inode                                  \
  " 1 000000002dbb98ee 100 0 0 10 0\n"
#define V6(local, state, inode)                                                                    \
  "   0: " local " 00000000000000000000000000000000:0000 " state                                   \
  " 00000000:00000000 00:00000000 00000000  1000        0 " inode " 1 0000 100 0 0 10 0\n"

/* “ADDRESS inode, …” of what is found in @table. */
static char *
dup_parsed (const char *table)
{
  g_autoptr (GArray) sockets = ph_listening_sockets_new ();
  g_autoptr (GString) found = g_string_new (NULL);
  g_autofree char *text = g_strdup (table);

  ph_listening_parse_table (text, sockets);
  for (guint i = 0; i < sockets->len; i++)
    {
      const PhListeningSocket *socket = &g_array_index (sockets, PhListeningSocket, i);
      char address[PH_ENDPOINT_TEXT_SIZE];

      g_string_append_printf (found, "%s%s %" G_GUINT64_FORMAT, i > 0 ? ", " : "",
                              ph_endpoint_format (&socket->bound, address), socket->inode);
    }
  return g_string_free (g_steal_pointer (&found), FALSE);
}

/* Addresses as a machine of this byte order has them. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define LOOPBACK "0100007F"
#define NUMBER_1 "01000000"
#define MAPPED "FFFF0000"
#define FE80 "000080FE"
#else
#define LOOPBACK "7F000001"
#define NUMBER_1 "00000001"
#define MAPPED "0000FFFF"
#define FE80 "FE800000"
#endif
#define ZERO_8 "00000000"

static void
test_parse (void)
{
  static const struct
  {
    const char *table, *found;
  } cases[] = {
    { "", "" },
    { HEADER, "" },
    { HEADER V4 (LOOPBACK ":1F90", "0A", "123"), "127.0.0.1:8080 123" },
    { HEADER V4 (ZERO_8 ":0016", "0A", "18446744073709551615"), "0.0.0.0:22 18446744073709551615" },
    { HEADER V4 (LOOPBACK ":1F90", "01", "1") V4 (LOOPBACK ":1F91", "06", "2"), "" },
    { HEADER V4 (LOOPBACK ":1F90", "0A", "1") V4 (LOOPBACK ":1F91", "0A", "2"),
      "127.0.0.1:8080 1, 127.0.0.1:8081 2" },
    { V6 (ZERO_8 ZERO_8 ZERO_8 NUMBER_1 ":0050", "0A", "7"), "[::1]:80 7" },
    { V6 (ZERO_8 ZERO_8 ZERO_8 ZERO_8 ":0050", "0A", "7"), "[::]:80 7" },
    { V6 (ZERO_8 ZERO_8 MAPPED LOOPBACK ":0050", "0A", "7"), "127.0.0.1:80 7" },
    { V6 (FE80 ZERO_8 ZERO_8 NUMBER_1 ":0050", "0A", "7"), "[fe80::1]:80 7" },
    /* what is not as it should be */
    { V4 (LOOPBACK ":0000", "0A", "1"), "" },
    { V4 (LOOPBACK "0:0050", "0A", "1"), "" },
    { V4 (LOOPBACK ZERO_8 ZERO_8 ZERO_8 "0:0050", "0A", "1"), "" },
    { V4 ("7F:0050", "0A", "1"), "" },
    { V4 ("0100 07F:0050", "0A", "1"), "" },
    { V4 ("0100007G:0050", "0A", "1"), "" },
    { V4 (":0050", "0A", "1"), "" },
    { V4 (LOOPBACK ":-1", "0A", "1"), "" },
    { V4 (LOOPBACK ":12345", "0A", "1"), "" },
    { V4 (LOOPBACK ":0050", "", "1"), "" },
    { V4 (LOOPBACK ":0050", "0A", "x"), "" },
    { "\n\n\n:\n0:\n0: :\n0: 1:1 1:1 0A\n", "" },
    { "   0: " LOOPBACK ":0050 00000000:0000 0A 00000000:00000000 00:00000000 000", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *found = dup_parsed (cases[i].table);

      g_assert_cmpstr (found, ==, cases[i].found);
    }
}

/* Cut anywhere, and with any byte of it changed, there is no more than there was. */
static void
test_parse_any_text (void)
{
  const char table[] = HEADER V4 (LOOPBACK ":1F90", "0A", "123") V4 (LOOPBACK ":1F91", "0A", "124");

  for (gsize i = 0; i < sizeof table - 1; i++)
    for (int c = 0; c < 256; c += 5)
      {
        g_autofree char *text = g_strdup (table);
        g_autoptr (GArray) sockets = ph_listening_sockets_new ();

        text[i] = (char)c;
        ph_listening_parse_table (text, sockets);
        g_assert_cmpuint (sockets->len, <=, 2);
      }
}

typedef struct
{
  char *folder;
  GPtrArray *paths; /* of programs, in it */
  GPtrArray *services;
} Fixture;

static void
stop_service (gpointer data)
{
  g_subprocess_force_exit (data);
  g_subprocess_wait (data, NULL, NULL);
  g_object_unref (data);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("porthole-listening-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->services = g_ptr_array_new_with_free_func (stop_service);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_ptr_array_unref (self->services);
  for (guint i = 0; i < self->paths->len; i++)
    g_unlink (self->paths->pdata[i]);
  g_ptr_array_unref (self->paths);
  g_rmdir (self->folder);
  g_free (self->folder);
}

/* @table, read from a file. */
static guint
count_read (Fixture *self, const char *table)
{
  g_autoptr (GArray) sockets = ph_listening_sockets_new ();
  char *path = g_build_filename (self->folder, "table", NULL);
  int fd;

  g_ptr_array_add (self->paths, path);
  g_assert_true (g_file_set_contents (path, table, -1, NULL));
  fd = g_open (path, O_RDONLY, 0);
  g_assert_cmpint (fd, >=, 0);
  ph_listening_read_table (fd, sockets);
  g_close (fd, NULL);
  return sockets->len;
}

static void
append_lines (GString *table, guint n, const char *line)
{
  for (guint i = 0; i < n; i++)
    g_string_append (table, line);
}

/* It comes in pieces that are cut anywhere; what is connected is not read to its end. */
static void
test_read (Fixture *self, gconstpointer data)
{
  static const char listens[] = V4 (LOOPBACK ":1F90", "0A", "123");
  static const char connected[] = V4 (LOOPBACK ":1F90", "01", "123");
  g_autoptr (GString) table = g_string_new (HEADER);

  g_assert_cmpuint (count_read (self, ""), ==, 0);
  append_lines (table, 1000, listens);
  g_assert_cmpuint (count_read (self, table->str), ==, 1000);
  append_lines (table, 1000, connected);
  append_lines (table, 1, listens);
  g_assert_cmpuint (count_read (self, table->str), ==, 1000);
  g_string_truncate (table, 0);
  append_lines (table, 50000, "x");
  append_lines (table, 1, "\n");
  append_lines (table, 20000, listens);
  g_assert_cmpuint (count_read (self, table->str), >=, 10000);
  g_assert_cmpuint (count_read (self, table->str), <, 10200);
}

/* Services */

/* A program called @name that listens on @address. NULL: it cannot. Borrowed. */
static GSubprocess *
start_service (Fixture *self, const char *name, const char *address, guint16 *ret_port)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GFile) link = g_file_new_for_path (path);
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;
  GSubprocess *service;

  g_ptr_array_add (self->paths, path);
  g_assert_true (g_file_make_symbolic_link (link, program, NULL, NULL));
  service = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL,
                              path, "--listen", address, NULL);
  g_assert_nonnull (service);
  g_ptr_array_add (self->services, service);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (service));
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  return line != NULL && ph_port_parse (line, ret_port) ? service : NULL;
}

static int
listen_until_the_end (const char *text)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (text);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (inet, 0);
  g_autoptr (GSocket) socket = g_socket_new (g_inet_address_get_family (inet), G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) local = NULL;

  if (socket == NULL || !g_socket_bind (socket, address, FALSE, NULL) ||
      !g_socket_listen (socket, NULL))
    return 1;
  local = g_socket_get_local_address (socket, NULL);
  g_print ("%u\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)));
  return getchar () == EOF ? 0 : 1;
}

/* “ADDRESS program” of the one with @port, the port as PORT; NULL: there is none. */
static char *
dup_listed (guint16 port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) services = ph_listening_list (NULL, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < services->len; i++)
    {
      const PhListening *service = services->pdata[i];
      char address[PH_ENDPOINT_TEXT_SIZE];

      ph_address_format (service->address.addr, address);
      if (service->address.port == port)
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", address,
                                service->program);
    }
  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static void
test_real (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name, *address, *listed;
  } cases[] = {
    { "chosen-name", "127.0.0.1", "127.0.0.1 chosen-name" },
    { "everywhere", "0.0.0.0", "127.0.0.1 everywhere" },
    { "another-loop", "127.0.0.9", "127.0.0.9 another-loop" },
    { "a-name-of-more-than-fifteen-bytes", "127.0.0.1",
      "127.0.0.1 a-name-of-more-than-fifteen-bytes" },
    { "porthole", "127.0.0.1", NULL },
    { "porthole-gtk", "127.0.0.1", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint16 port;
      g_autofree char *listed = NULL;

      g_assert_nonnull (start_service (self, cases[i].name, cases[i].address, &port));
      listed = dup_listed (port);
      g_assert_cmpstr (listed, ==, cases[i].listed);
    }
}

static void
test_real_ipv6 (Fixture *self, gconstpointer data)
{
  guint16 port, any;
  g_autofree char *listed = NULL, *listed_any = NULL;

  if (start_service (self, "only-ipv6", "::1", &port) == NULL)
    {
      g_test_skip ("no IPv6 here");
      return;
    }
  g_assert_nonnull (start_service (self, "both", "::", &any));
  listed = dup_listed (port);
  listed_any = dup_listed (any);
  g_assert_cmpstr (listed, ==, "::1 only-ipv6");
  g_assert_cmpstr (listed_any, ==, "127.0.0.1 both");
}

/* What this process listens on is never offered. */
static void
test_own (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_autofree char *listed = NULL;

  g_assert_no_error (error);
  listed = dup_listed (port);
  g_assert_null (listed);
}

/* Nor is what it has come to listen on late, with thousands of connections. */
static void
test_own_late (void)
{
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));

  ph_limits_raise_descriptors ();
  for (guint i = 0; i < MIN (2000, ph_limits_get_descriptors () - 100); i++)
    {
      int fd = g_open ("/dev/null", O_RDONLY | O_CLOEXEC, 0);

      g_assert_cmpint (fd, >=, 0);
      g_array_append_val (fds, fd);
    }
  test_own ();
  for (guint i = 0; i < fds->len; i++)
    g_close (g_array_index (fds, int, i), NULL);
  g_array_unref (fds);
}

/* Who stands still is listed like anybody. */
static void
test_stopped (Fixture *self, gconstpointer data)
{
  guint16 port;
  GSubprocess *service = start_service (self, "a-service-that-stands-still", "127.0.0.1", &port);
  g_autofree char *listed = NULL;

  g_assert_nonnull (service);
  g_subprocess_send_signal (service, SIGSTOP);
  listed = dup_listed (port);
  g_assert_cmpstr (listed, ==, "127.0.0.1 a-service-that-stands-still");
}

static void
test_gone (Fixture *self, gconstpointer data)
{
  guint16 port;
  GSubprocess *service = start_service (self, "soon-gone", "127.0.0.1", &port);
  g_autofree char *listed = NULL;

  g_assert_nonnull (service);
  g_subprocess_force_exit (service);
  g_subprocess_wait (service, NULL, NULL);
  listed = dup_listed (port);
  g_assert_null (listed);
}

static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (ph_listening_list (cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--listen"))
    return listen_until_the_end (argv[2]);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listening-linux/parse", test_parse);
  g_test_add_func ("/listening-linux/parse-any-text", test_parse_any_text);
  ADD ("/listening-linux/read", test_read);
  ADD ("/listening-linux/real", test_real);
  ADD ("/listening-linux/real-ipv6", test_real_ipv6);
  g_test_add_func ("/listening-linux/own", test_own);
  g_test_add_func ("/listening-linux/own-late", test_own_late);
  ADD ("/listening-linux/stopped", test_stopped);
  ADD ("/listening-linux/gone", test_gone);
  g_test_add_func ("/listening-linux/cancelled", test_cancelled);
  return g_test_run ();
}
