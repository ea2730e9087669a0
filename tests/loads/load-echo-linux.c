/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* accept4 */
/* A service that echoes, for thousands of connections at once: `load-echo` prints the port of
 * 127.0.0.1 that it listens on; for every line it is given it prints how many connections are open,
 * how many ever came, and how many were reset. It ends at the end of its input. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ph-limits.h"

#define EVENTS_PER_TURN 256
#define BACKLOG 4096

typedef struct
{
  int fd;
  gsize n_kept; /* read, and not taken back yet */
  gsize kept_at;
  guint8 *kept;
} Conn;

static int epoll_fd;
static int listen_fd;
static guint n_open;
static guint n_accepted;
static guint n_reset;

/* What epoll says of the two descriptors that are no connection. */
static Conn listener;
static Conn input;

static void
watch (int fd, guint32 events, Conn *conn)
{
  struct epoll_event event = { .events = events, .data.ptr = conn };

  if (epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    g_error ("epoll: %s", g_strerror (errno));
}

static void
listen_on_loopback (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;

  listen_fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind (listen_fd, (const struct sockaddr *)&address, size) != 0 ||
      listen (listen_fd, BACKLOG) != 0 ||
      getsockname (listen_fd, (struct sockaddr *)&address, &size) != 0)
    g_error ("cannot listen: %s", g_strerror (errno));
  watch (listen_fd, EPOLLIN, &listener);
  printf ("%u\n", g_ntohs (address.sin_port));
}

static void
accept_all (void)
{
  int fd;

  while ((fd = accept4 (listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      Conn *conn = g_new0 (Conn, 1);

      conn->fd = fd;
      n_open++;
      n_accepted++;
      watch (fd, EPOLLIN | EPOLLOUT | EPOLLET, conn);
    }
}

static void
conn_close (Conn *conn)
{
  close (conn->fd);
  g_free (conn->kept);
  g_free (conn);
  n_open--;
}

/* FALSE if it cannot be written now, or never again. */
static gboolean
write_kept (Conn *conn)
{
  while (conn->kept_at < conn->n_kept)
    {
      ssize_t n =
          send (conn->fd, conn->kept + conn->kept_at, conn->n_kept - conn->kept_at, MSG_NOSIGNAL);

      if (n < 0)
        return FALSE;
      conn->kept_at += (gsize)n;
    }
  g_clear_pointer (&conn->kept, g_free);
  conn->n_kept = conn->kept_at = 0;
  return TRUE;
}

static gboolean
keep (Conn *conn, const guint8 *bytes, gsize size)
{
  conn->kept = g_memdup2 (bytes, size);
  conn->n_kept = size;
  return write_kept (conn);
}

/* Everything that can be done now: edge-triggered, so until the system says EAGAIN. */
static void
serve (Conn *conn)
{
  static guint8 bytes[256 * 1024];
  ssize_t n = 1;

  errno = 0;
  while (n > 0 && write_kept (conn))
    {
      n = recv (conn->fd, bytes, sizeof bytes, 0);
      if (n > 0 && !keep (conn, bytes, (gsize)n))
        break;
    }
  if (n != 0 && errno == EAGAIN)
    return;
  n_reset += n != 0 ? 1 : 0;
  conn_close (conn);
}

/* FALSE at the end of the input. */
static gboolean
answer (void)
{
  char line[256];

  if (read (STDIN_FILENO, line, sizeof line) <= 0)
    return FALSE;
  printf ("open %u accepted %u reset %u\n", n_open, n_accepted, n_reset);
  return TRUE;
}

static gboolean
take (Conn *conn)
{
  if (conn == &input)
    return answer ();
  if (conn == &listener)
    accept_all ();
  else
    serve (conn);
  return TRUE;
}

int
main (void)
{
  struct epoll_event events[EVENTS_PER_TURN];
  gboolean goes_on = TRUE;

  ph_limits_raise_descriptors ();
  setvbuf (stdout, NULL, _IOLBF, 0);
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  listen_on_loopback ();
  watch (STDIN_FILENO, EPOLLIN, &input);
  while (goes_on)
    {
      int n = epoll_wait (epoll_fd, events, EVENTS_PER_TURN, -1);

      for (int i = 0; i < n && goes_on; i++)
        goes_on = take (events[i].data.ptr);
    }
  return 0;
}
