/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Many sockets behind one GSource: epoll on Linux, one GSource a socket elsewhere. Level-triggered.
 * Everything happens on the thread that runs the context. */
typedef struct _PhPoll PhPoll;
typedef struct _PhPollWatch PhPollWatch;

/* @condition is what of the watched conditions holds, and G_IO_ERR and G_IO_HUP whether asked for
 * or not. G_IO_NVAL alone says that the system would not watch the socket (it is closed, or
 * a limit is reached): the watch has condition 0 now. The callback may add, change and remove any
 * watch, its own too. */
typedef void (*PhPollFunc) (GIOCondition condition, gpointer user_data);

/* Attaches to @context (NULL: the default one). Fails only where the system has no descriptors
 * left: errors are GIO's. */
PhPoll *ph_poll_new (GMainContext *context, GError **error);

/* All watches must have been removed. */
void ph_poll_free (PhPoll *poll);

GMainContext *ph_poll_get_context (PhPoll *poll);

/* Sockets that have a watch, whatever its condition. */
guint ph_poll_get_size (const PhPoll *poll);

/* Watches @socket, of which a reference is held. A watch with condition 0 reports nothing, not even
 * errors. Owned by @poll; ends with ph_poll_remove. */
PhPollWatch *ph_poll_add (PhPoll *poll,
                          GSocket *socket,
                          GIOCondition condition,
                          PhPollFunc func,
                          gpointer user_data);

void ph_poll_set_condition (PhPollWatch *watch, GIOCondition condition);

/* Ends the watch; its callback is not called any more. Do this before closing the socket. */
void ph_poll_remove (PhPollWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhPoll, ph_poll_free)

G_END_DECLS
