/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ph-endpoint.h"
#include "ph-known-port.h"

G_BEGIN_DECLS

/* The services of this computer that could be shared: the TCP sockets that listen here, put into a
 * form to choose from. Nothing is connected to. What the system does not let us see is left open:
 * of other users' programs, and from inside a sandbox, there are ports and no names.
 *
 * One service is one entry, whatever it listens on: 0.0.0.0 and :: are one, and so are addresses of
 * the same port and program. Sockets of Porthole itself are left out where it can be seen whose
 * they are: what a mapping brings here is not offered again. */
typedef struct
{
  PhEndpoint address; /* to be dialled from here: 127.0.0.1 where that reaches it, else ::1, else
                         the address it listens on */
  char *program;      /* "nginx", "python3 -m http.server"; NULL: not known. Safe to show */
  const char *title;  /* "Minecraft", by the program or else by the port: a guess. NULL: none */
  PhKind kind;        /* of that guess */
  gboolean is_system; /* part of the system, such as printing; rarely worth sharing */
} PhListening;

/* Finds them: those with a title first, what is of the system last, each by port. Takes a few
 * milliseconds, of which programs that hang may make more: a window uses the form below. Owned,
 * elements are PhListening and die with it; may be empty. Errors: PH_ERROR_FAILED, with what to do
 * instead, where this system does not tell; G_IO_ERROR_CANCELLED. Any thread. */
GPtrArray *ph_listening_list (GCancellable *cancellable, GError **error);

/* The same on a thread of its own; @callback is called in the caller's thread-default context, at
 * once when it is cancelled. While a search that was begun before still runs, another one fails
 * with G_IO_ERROR_PENDING, so that one that hangs is the only one. */
void ph_listening_list_async (GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
GPtrArray *ph_listening_list_finish (GAsyncResult *result, GError **error);

G_END_DECLS
