/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-poll.h"

/* One GSource a socket: for systems without epoll. The contract is the header's. */

struct _PhPoll
{
  GMainContext *context;
  guint n_watches;
};

struct _PhPollWatch
{
  PhPoll *poll;
  GSocket *socket;
  GIOCondition condition;
  GSource *source; /* NULL while nothing is watched */
  PhPollFunc func;
  gpointer user_data;
};

PhPoll *
ph_poll_new (GMainContext *context, GError **error)
{
  PhPoll *self = g_new0 (PhPoll, 1);

  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  return self;
}

void
ph_poll_free (PhPoll *self)
{
  g_return_if_fail (self->n_watches == 0);

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
on_ready (GSocket *socket, GIOCondition condition, gpointer data)
{
  PhPollWatch *watch = data;

  watch->func (condition, watch->user_data);
  return G_SOURCE_CONTINUE;
}

static void
drop_source (PhPollWatch *watch)
{
  if (watch->source == NULL)
    return;
  g_source_destroy (watch->source);
  g_clear_pointer (&watch->source, g_source_unref);
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

void
ph_poll_set_condition (PhPollWatch *watch, GIOCondition condition)
{
  if (condition == watch->condition)
    return;
  watch->condition = condition;
  drop_source (watch);
  if (condition == 0)
    return;
  watch->source = g_socket_create_source (watch->socket, condition, NULL);
  g_source_set_callback (watch->source, G_SOURCE_FUNC (on_ready), watch, NULL);
  g_source_attach (watch->source, watch->poll->context);
}

void
ph_poll_remove (PhPollWatch *watch)
{
  drop_source (watch);
  watch->poll->n_watches--;
  g_object_unref (watch->socket);
  g_free (watch);
}
