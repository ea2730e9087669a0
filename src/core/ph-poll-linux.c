/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-poll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* epoll behind one GSource: the main loop polls one descriptor however many sockets there are. */

#define EVENTS_AT_ONCE 256
#define MOST_AT_ONCE 4 /* times in a turn; the system takes up where it ended */

typedef struct
{
  GSource base;
  PhPoll *poll;
} PollSource;

struct _PhPoll
{
  GMainContext *context;
  GSource *source;
  int epoll_fd;
  guint n_watches;
  GSList *removed; /* watches removed inside a dispatch; freed behind it */
  GSList *refused; /* watches that the system would not take, to be told so */
  gboolean dispatching;
};

struct _PhPollWatch
{
  PhPoll *poll;
  GSocket *socket;
  GIOCondition condition;
  PhPollFunc func;
  gpointer user_data;
};

static guint32
to_epoll (GIOCondition condition)
{
  return ((condition & G_IO_IN) ? EPOLLIN : 0) | ((condition & G_IO_OUT) ? EPOLLOUT : 0);
}

static GIOCondition
from_epoll (guint32 events)
{
  return (GIOCondition)(((events & EPOLLIN) ? G_IO_IN : 0) | ((events & EPOLLOUT) ? G_IO_OUT : 0) |
                        ((events & EPOLLERR) ? G_IO_ERR : 0) |
                        ((events & EPOLLHUP) ? G_IO_HUP : 0));
}

static void
watch_free (gpointer data)
{
  PhPollWatch *watch = data;

  g_object_unref (watch->socket);
  g_free (watch);
}

/* What was ready when the turn began may be unwanted by now: an earlier callback of the turn may
 * have changed or removed this watch. */
static void
watch_report (PhPollWatch *watch, GIOCondition ready)
{
  if (watch->condition == 0)
    return;
  ready &= watch->condition | G_IO_ERR | G_IO_HUP;
  if (ready != 0)
    watch->func (ready, watch->user_data);
}

static void
report_refused (PhPoll *self)
{
  while (self->refused != NULL)
    {
      PhPollWatch *watch = self->refused->data;

      self->refused = g_slist_delete_link (self->refused, self->refused);
      watch->func (G_IO_NVAL, watch->user_data);
    }
}

/* TRUE if there may be more. */
static gboolean
report_some (PhPoll *self)
{
  struct epoll_event events[EVENTS_AT_ONCE];
  int n = epoll_wait (self->epoll_fd, events, EVENTS_AT_ONCE, 0);

  for (int i = 0; i < n; i++)
    watch_report (events[i].data.ptr, from_epoll (events[i].events));
  return n == EVENTS_AT_ONCE;
}

static gboolean
poll_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PhPoll *self = ((PollSource *)source)->poll;

  g_source_set_ready_time (source, -1);
  self->dispatching = TRUE;
  report_refused (self);
  for (guint i = 0; i < MOST_AT_ONCE && report_some (self); i++)
    ;
  self->dispatching = FALSE;
  g_slist_free_full (g_steal_pointer (&self->removed), watch_free);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs poll_source_funcs = { .dispatch = poll_source_dispatch };

PhPoll *
ph_poll_new (GMainContext *context, GError **error)
{
  PhPoll *self;
  int fd = epoll_create1 (EPOLL_CLOEXEC);

  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "epoll: %s",
                   g_strerror (errno));
      return NULL;
    }
  self = g_new0 (PhPoll, 1);
  self->epoll_fd = fd;
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->source = g_source_new (&poll_source_funcs, sizeof (PollSource));
  ((PollSource *)self->source)->poll = self;
  g_source_set_static_name (self->source, "[porthole] sockets");
  g_source_add_unix_fd (self->source, fd, G_IO_IN);
  g_source_attach (self->source, self->context);
  return self;
}

void
ph_poll_free (PhPoll *self)
{
  g_return_if_fail (self->n_watches == 0 && !self->dispatching);

  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->epoll_fd);
  g_main_context_unref (self->context);
  g_free (self);
}

guint
ph_poll_get_size (const PhPoll *self)
{
  return self->n_watches;
}

GMainContext *
ph_poll_get_context (PhPoll *self)
{
  return self->context;
}

static gboolean
watch_control (PhPollWatch *watch, int operation)
{
  struct epoll_event event = { .events = to_epoll (watch->condition), .data.ptr = watch };

  return epoll_ctl (watch->poll->epoll_fd, operation, g_socket_get_fd (watch->socket), &event) == 0;
}

/* Told from the main loop: the caller may be in the middle of anything. */
static void
watch_refuse (PhPollWatch *watch)
{
  watch->condition = 0;
  watch_control (watch, EPOLL_CTL_DEL);
  watch->poll->refused = g_slist_prepend (watch->poll->refused, watch);
  g_source_set_ready_time (watch->poll->source, 0);
}

PhPollWatch *
ph_poll_add (PhPoll *self,
             GSocket *socket,
             GIOCondition condition,
             PhPollFunc func,
             gpointer user_data)
{
  PhPollWatch *watch = g_new0 (PhPollWatch, 1);

  watch->poll = self;
  watch->socket = g_object_ref (socket);
  watch->func = func;
  watch->user_data = user_data;
  self->n_watches++;
  ph_poll_set_condition (watch, condition);
  return watch;
}

/* epoll reports errors whatever is asked for, so a watch that wants nothing is taken out. */
void
ph_poll_set_condition (PhPollWatch *watch, GIOCondition condition)
{
  GIOCondition old = watch->condition;

  if (condition == old)
    return;
  watch->condition = condition;
  watch->poll->refused = g_slist_remove (watch->poll->refused, watch);
  if (condition == 0)
    watch_control (watch, EPOLL_CTL_DEL);
  else if (!watch_control (watch, old == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD))
    watch_refuse (watch);
}

void
ph_poll_remove (PhPollWatch *watch)
{
  PhPoll *self = watch->poll;

  ph_poll_set_condition (watch, 0);
  self->refused = g_slist_remove (self->refused, watch);
  self->n_watches--;
  if (self->dispatching)
    self->removed = g_slist_prepend (self->removed, watch);
  else
    watch_free (watch);
}
