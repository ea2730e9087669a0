/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications by the thousand that talk to an echo: `load ADDRESS PORT` carries out a command a
 * line and answers each with "ok" and the seconds it took, or ends with "failed" and why.
 *
 *   open N                 N more connections, which are kept
 *   exchange BYTES         each that is kept sends so many more and gets the same back
 *   end                    each that is kept ends in order, and is ended in order
 *   reset                  each that is kept is reset
 *   row N BYTES AT_ONCE    N short connections: BYTES there and back, an end each way
 *   storm N BYTES AT_ONCE  N short connections that are reset as soon as they have sent BYTES
 *
 * LOAD_PATIENCE is how many seconds may pass in which nothing moves (60). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ph-limits.h"
#include "ph-pattern.h"

#define EVENTS_PER_TURN 256

typedef enum
{
  END_NOT,   /* it is kept */
  END_ORDER, /* this direction, then the other one */
  END_RESET, /* as soon as all is sent */
} End;

typedef struct
{
  int fd;
  guint32 number; /* of its stream of bytes */
  guint64 sent;
  guint64 received;
  guint64 wanted; /* bytes to have gone there and back */
  End end;
  gboolean is_connected;
  gboolean is_shut;
  gboolean is_done; /* with what is asked of it now */
} Conn;

static struct sockaddr_in target;
static int epoll_fd;
static int patience_ms;
static GPtrArray *kept; /* of Conn */
static guint32 next_number;
static guint n_busy;

G_GNUC_NORETURN static void
failed (const Conn *conn, const char *what)
{
  printf ("failed: connection %u, %" G_GUINT64_FORMAT " bytes sent, %" G_GUINT64_FORMAT
          " of %" G_GUINT64_FORMAT " back: %s\n",
          conn->number, conn->sent, conn->received, conn->wanted, what);
  exit (1);
}

/* One connection */

static Conn *
conn_new (guint64 wanted, End end)
{
  Conn *self = g_new0 (Conn, 1);
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = self };

  self->number = next_number++;
  self->wanted = wanted;
  self->end = end;
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->fd < 0 || (connect (self->fd, (const struct sockaddr *)&target, sizeof target) != 0 &&
                       errno != EINPROGRESS))
    failed (self, g_strerror (errno));
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, self->fd, &event);
  n_busy++;
  return self;
}

static void
conn_reset (Conn *self)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static void
conn_free (Conn *self)
{
  close (self->fd);
  g_free (self);
}

static void
send_more (Conn *self)
{
  while (self->sent < self->wanted)
    {
      gsize size = (gsize)MIN (PH_PATTERN_RUN_BYTES, self->wanted - self->sent);
      ssize_t n = send (self->fd, ph_pattern_get (self->number, self->sent), size, MSG_NOSIGNAL);

      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        failed (self, g_strerror (errno));
      self->sent += (guint64)n;
    }
  if (self->end != END_ORDER || self->is_shut)
    return;
  self->is_shut = TRUE;
  shutdown (self->fd, SHUT_WR);
}

static void
check (Conn *self, const guint8 *bytes, gsize size)
{
  if (memcmp (bytes, ph_pattern_get (self->number, self->received), size) != 0)
    failed (self, "the next bytes are others");
  self->received += size;
  if (self->received > self->sent)
    failed (self, "more came back than was sent");
}

/* TRUE at the end of what comes. */
static gboolean
receive_more (Conn *self)
{
  static guint8 bytes[PH_PATTERN_RUN_BYTES];

  for (;;)
    {
      ssize_t n = recv (self->fd, bytes, sizeof bytes, 0);

      if (n < 0 && errno == EAGAIN)
        return FALSE;
      if (n < 0)
        failed (self, g_strerror (errno));
      if (n == 0)
        return TRUE;
      check (self, bytes, (gsize)n);
    }
}

static void
find_whether_connected (Conn *self)
{
  int error = 0;
  socklen_t size = sizeof error;
  struct sockaddr_in peer;
  socklen_t peer_size = sizeof peer;

  getsockopt (self->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    failed (self, g_strerror (error));
  self->is_connected = getpeername (self->fd, (struct sockaddr *)&peer, &peer_size) == 0;
}

/* TRUE once it has done what it was asked to. */
static gboolean
conn_advance (Conn *self)
{
  gboolean has_ended;

  if (!self->is_connected)
    find_whether_connected (self);
  if (!self->is_connected)
    return FALSE;
  send_more (self);
  if (self->end == END_RESET)
    return self->sent == self->wanted;
  has_ended = receive_more (self);
  if (has_ended && (!self->is_shut || self->received < self->wanted))
    failed (self, "it ended early");
  return self->end == END_ORDER ? has_ended : self->received == self->wanted;
}

/* Frees it if it is not to be kept. */
static void
conn_step (Conn *self)
{
  if (self->is_done || !conn_advance (self))
    return;
  self->is_done = TRUE;
  n_busy--;
  if (self->end == END_RESET)
    conn_reset (self);
  if (self->end != END_NOT)
    conn_free (self);
}

/* Many */

static void
turn (void)
{
  struct epoll_event events[EVENTS_PER_TURN];
  int n = epoll_wait (epoll_fd, events, EVENTS_PER_TURN, patience_ms);

  if (n == 0)
    {
      printf ("failed: nothing moves, %u connections wait\n", n_busy);
      exit (1);
    }
  for (int i = 0; i < n; i++)
    conn_step (events[i].data.ptr);
}

static void
row (guint n, guint64 bytes, guint at_once, End end)
{
  while (n > 0 || n_busy > 0)
    {
      for (; n > 0 && n_busy < at_once; n--)
        conn_new (bytes, end);
      turn ();
    }
}

static void
open_more (guint n)
{
  while (n > 0 || n_busy > 0)
    {
      for (; n > 0 && n_busy < 1000; n--)
        g_ptr_array_add (kept, conn_new (0, END_NOT));
      turn ();
    }
}

/* Asks each that is kept for @bytes more, and then for @end. */
static void
ask_all (guint64 bytes, End end)
{
  for (guint i = 0; i < kept->len; i++)
    {
      Conn *conn = g_ptr_array_index (kept, i);

      conn->wanted += bytes;
      conn->end = end;
      conn->is_done = FALSE;
      n_busy++;
      conn_step (conn);
    }
  if (end != END_NOT)
    g_ptr_array_set_size (kept, 0);
  while (n_busy > 0)
    turn ();
}

static gboolean
carry_out (const char *line)
{
  char name[16] = "";
  guint64 numbers[3] = { 0 };
  int n = sscanf (line, "%15s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, name,
                  &numbers[0], &numbers[1], &numbers[2]);

  if (n == 2 && g_str_equal (name, "open"))
    open_more ((guint)numbers[0]);
  else if (n == 2 && g_str_equal (name, "exchange"))
    ask_all (numbers[0], END_NOT);
  else if (n == 1 && g_str_equal (name, "end"))
    ask_all (0, END_ORDER);
  else if (n == 1 && g_str_equal (name, "reset"))
    ask_all (0, END_RESET);
  else if (n == 4 && g_str_equal (name, "row"))
    row ((guint)numbers[0], numbers[1], (guint)numbers[2], END_ORDER);
  else if (n == 4 && g_str_equal (name, "storm"))
    row ((guint)numbers[0], numbers[1], (guint)numbers[2], END_RESET);
  else
    return FALSE;
  return TRUE;
}

static int
set_up (int argc, char **argv)
{
  const char *patience = g_getenv ("LOAD_PATIENCE");

  target.sin_family = AF_INET;
  if (argc != 3 || inet_pton (AF_INET, argv[1], &target.sin_addr) != 1)
    {
      fprintf (stderr, "load ADDRESS PORT\n");
      return 2;
    }
  target.sin_port = g_htons ((guint16)atoi (argv[2]));
  patience_ms = (patience != NULL ? atoi (patience) : 60) * 1000;
  ph_limits_raise_descriptors ();
  setvbuf (stdout, NULL, _IOLBF, 0);
  kept = g_ptr_array_new ();
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  return 0;
}

int
main (int argc, char **argv)
{
  char line[256];
  int status = set_up (argc, argv);

  while (status == 0 && fgets (line, sizeof line, stdin) != NULL)
    {
      gint64 began_us = g_get_monotonic_time ();

      if (carry_out (line))
        printf ("ok %.3f\n", (double)(g_get_monotonic_time () - began_us) / 1e6);
      else
        status = 2;
    }
  return status;
}
