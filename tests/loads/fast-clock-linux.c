/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded, it lets time run faster for a program: its clocks by FAST_CLOCK times (30), and what
 * it waits for in poll() as much shorter. All programs that see the same FAST_CLOCK_START, in
 * seconds of CLOCK_MONOTONIC, agree on the time. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll

static long long
read_number (const char *name, long long otherwise)
{
  const char *text = getenv (name);

  return text != NULL ? atoll (text) : otherwise;
}

static long long
read_clock_ns (clockid_t id)
{
  struct timespec now;

  syscall (SYS_clock_gettime, id, &now);
  return (long long)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static long long
speed (void)
{
  static long long times;

  if (times == 0)
    times = read_number ("FAST_CLOCK", 30);
  return times;
}

/* By how much every clock is ahead of the real one. */
static long long
ahead_ns (void)
{
  static long long start_ns;

  if (start_ns == 0)
    start_ns = read_number ("FAST_CLOCK_START", 0) * NS_PER_S;
  return (read_clock_ns (CLOCK_MONOTONIC) - start_ns) * (speed () - 1);
}

int
clock_gettime (clockid_t id, struct timespec *now)
{
  long long ns = read_clock_ns (id);

  if (id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
    ns += ahead_ns ();
  now->tv_sec = ns / NS_PER_S;
  now->tv_nsec = ns % NS_PER_S;
  return 0;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  long long ns = read_clock_ns (CLOCK_REALTIME) + ahead_ns ();

  now->tv_sec = ns / NS_PER_S;
  now->tv_usec = ns % NS_PER_S / 1000;
  return 0;
}

int
poll (struct pollfd *fds, nfds_t n, int timeout_ms)
{
  long long ns = timeout_ms * (NS_PER_S / 1000) / speed ();
  const struct timespec timeout = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

  return ppoll (fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}
