/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* What is opened gets the lowest number that is free: those that are closed, one after the other.
 * A file that may not grow any more is an error of its own, and no end of the program. */
void
ph_stdio_open_closed (void)
{
  int fd;

  signal (SIGXFSZ, SIG_IGN);
  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO)
    close (fd);
}

gboolean
ph_stdio_may_read (void)
{
  pid_t foreground;

  signal (SIGTTIN, SIG_IGN); /* it may become another's between asking and reading */
  if (!isatty (STDIN_FILENO))
    return TRUE;
  foreground = tcgetpgrp (STDIN_FILENO);
  return foreground < 0 || foreground == getpgrp ();
}

/* Flags belong to what open () makes, so it is opened once more. What another user started may not
 * be; "/dev/tty" may, and is the same if it controls us. */
int
ph_stdio_open_input (void)
{
  static const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const char *name = isatty (STDIN_FILENO) ? ttyname (STDIN_FILENO) : NULL;
  int fd = name != NULL ? open (name, flags) : -1;

  if (fd < 0 && tcgetpgrp (STDIN_FILENO) >= 0)
    fd = open ("/dev/tty", flags);
  return fd >= 0 ? fd : STDIN_FILENO;
}

gboolean
ph_stdio_write (int fd, const char *bytes, gsize size)
{
  while (size > 0)
    {
      GPollFD room = { .fd = fd, .events = G_IO_OUT };
      gssize n = write (fd, bytes, size);

      if (n < 0 && errno == EAGAIN)
        g_poll (&room, 1, -1); /* somebody else's O_NONBLOCK on a terminal or pipe we share */
      else if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          bytes += n;
          size -= (gsize)n;
        }
    }
  return TRUE;
}

gboolean
ph_stdio_has_room (int fd)
{
  GPollFD room = { .fd = fd, .events = G_IO_OUT };

  return g_poll (&room, 1, 0) > 0;
}
