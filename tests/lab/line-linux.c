/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A line between two network namespaces: each end is a TUN device, and what the kernel sends into
 * one comes out of the other as ph-line.h decides.
 *
 *   line NETNS-A NETNS-B DEVICE-A DEVICE-B SEED
 *
 * NETNS-… are files that name namespaces, such as /run/netns/x or /proc/PID/ns/net. Commands
 * (ph-line-command.h) come on standard input, answers go to standard output; the first line there
 * is "ready". The line ends with its standard input, and the devices vanish with the process. */

#define _GNU_SOURCE /* setns, ppoll */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ph-line-command.h"

#define DEVICE_QUEUE_PACKETS 20000 /* so that nothing is lost that we did not lose */
#define MAX_PACKET_BYTES 65536
#define PACKETS_A_TURN 64 /* from one side, before the other has its turn */
#define MAX_COMMAND_BYTES 4096

typedef struct
{
  int tuns[2];      /* a, b */
  PhLine *lines[2]; /* a to b, b to a */
  GString *input;   /* a command's beginning */
} Cable;

static gint64
now_us (void)
{
  return g_get_monotonic_time ();
}

static gboolean
enter (const char *namespace)
{
  int fd = open (namespace, O_RDONLY | O_CLOEXEC);
  gboolean is_inside = fd >= 0 && setns (fd, CLONE_NEWNET) == 0;

  if (fd >= 0)
    close (fd);
  return is_inside;
}

static gboolean
set_up_device (int tun, const char *name)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
  int control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean is_up = FALSE;

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (control >= 0 && ioctl (tun, TUNSETIFF, &request) == 0)
    {
      request.ifr_qlen = DEVICE_QUEUE_PACKETS;
      is_up = ioctl (control, SIOCSIFTXQLEN, &request) == 0;
      request.ifr_flags = IFF_UP | IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
      is_up = is_up && ioctl (control, SIOCSIFFLAGS, &request) == 0;
    }
  if (control >= 0)
    close (control);
  return is_up;
}

/* A device belongs to the namespace that its file was opened in. Returns -1 on failure. */
static int
open_device (const char *namespace, const char *name)
{
  int tun = enter (namespace) ? open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;

  if (tun >= 0 && set_up_device (tun, name))
    return tun;
  fprintf (stderr, "line: “%s” cannot be made in %s: %s\n", name, namespace, g_strerror (errno));
  if (tun >= 0)
    close (tun);
  return -1;
}

static void
take_packets (Cable *self, guint side)
{
  static guint8 packet[MAX_PACKET_BYTES];

  for (guint i = 0; i < PACKETS_A_TURN; i++)
    {
      ssize_t n = read (self->tuns[side], packet, sizeof packet);

      if (n <= 0)
        return;
      ph_line_take (self->lines[side], now_us (), packet, (gsize)n);
    }
}

static void
give_packets (Cable *self, guint side)
{
  const guint8 *packet;
  gsize size;

  while ((packet = ph_line_give (self->lines[side], now_us (), &size)) != NULL)
    if (write (self->tuns[!side], packet, size) < 0 && errno != EIO) /* EIO: it is set down */
      fprintf (stderr, "line: a packet of %zu bytes was refused: %s\n", size, g_strerror (errno));
}

/* Returns FALSE at the end of the input. */
static gboolean
read_commands (Cable *self)
{
  char bytes[MAX_COMMAND_BYTES];
  const char *end;
  ssize_t n = read (STDIN_FILENO, bytes, sizeof bytes);

  if (n <= 0 || self->input->len > MAX_COMMAND_BYTES)
    return FALSE;
  g_string_append_len (self->input, bytes, n);
  while ((end = memchr (self->input->str, '\n', self->input->len)) != NULL)
    {
      g_autofree char *command = g_strndup (self->input->str, (gsize)(end - self->input->str));
      g_autofree char *answer = ph_line_dup_answer (self->lines, command);

      printf ("%s\n", answer);
      fflush (stdout);
      g_string_erase (self->input, 0, end - self->input->str + 1);
    }
  return TRUE;
}

static struct timespec
time_left (Cable *self)
{
  gint64 next_us = MIN (ph_line_next_us (self->lines[0]), ph_line_next_us (self->lines[1]));
  gint64 left_us = next_us - now_us ();

  left_us = CLAMP (left_us, 0, G_USEC_PER_SEC);
  return (struct timespec){ .tv_sec = left_us / G_USEC_PER_SEC,
                            .tv_nsec = left_us % G_USEC_PER_SEC * 1000 };
}

static void
run (Cable *self)
{
  struct pollfd polls[3] = { { .fd = self->tuns[0], .events = POLLIN },
                             { .fd = self->tuns[1], .events = POLLIN },
                             { .fd = STDIN_FILENO, .events = POLLIN } };

  for (;;)
    {
      struct timespec left = time_left (self);

      if (ppoll (polls, G_N_ELEMENTS (polls), &left, NULL) < 0)
        g_error ("ppoll: %s", g_strerror (errno));
      for (guint side = 0; side < 2; side++)
        {
          take_packets (self, side);
          give_packets (self, side);
        }
      if (polls[2].revents != 0 && !read_commands (self))
        return;
    }
}

int
main (int argc, char **argv)
{
  Cable cable = { .tuns = { -1, -1 } };

  if (argc != 6)
    {
      fprintf (stderr, "usage: line NETNS-A NETNS-B DEVICE-A DEVICE-B SEED\n");
      return 2;
    }
  for (guint side = 0; side < 2; side++)
    {
      cable.tuns[side] = open_device (argv[1 + side], argv[3 + side]);
      if (cable.tuns[side] < 0)
        return 1;
      cable.lines[side] = ph_line_new (g_ascii_strtoull (argv[5], NULL, 10) * 2 + side);
    }
  cable.input = g_string_new (NULL);
  /* A line does not wait for a processor. Where this is not allowed, it does. */
  (void)setpriority (PRIO_PROCESS, 0, -15);
  (void)prctl (PR_SET_TIMERSLACK, 1000, 0, 0, 0);
  printf ("ready\n");
  fflush (stdout);
  run (&cable);
  for (guint side = 0; side < 2; side++)
    {
      ph_line_free (cable.lines[side]);
      close (cable.tuns[side]);
    }
  g_string_free (cable.input, TRUE);
  return 0;
}
