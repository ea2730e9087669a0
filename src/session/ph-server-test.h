/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tries one server that a person has named, as a session would use it, and says in words whether it
 * works and, if not, why. */

typedef enum
{
  PH_SERVER_STUN,   /* text as for ph_ice_servers_add_stun */
  PH_SERVER_TURN,   /* text as for ph_ice_servers_add_turn */
  PH_SERVER_SIGNAL, /* an http:// or https:// URL */
} PhServerKind;

/* What @text, which says so by its beginning, is meant to be. */
PhServerKind ph_server_kind_of (const char *text);

/* In the thread-default GMainContext, for 7 s at most. STUN: whether it answers, and as what it
 * sees this computer; TURN: a relay is allocated, and given back; signaling: whether it is one. */
void ph_server_test_async (PhServerKind kind,
                           const char *text,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);

/* A sentence that says what works; owned. NULL with an error that says what does not, and what may
 * help: PH_ERROR_INVALID for a text that names no such server; PH_ERROR_REFUSED, _FAILED,
 * _SIGNAL_UNREACHABLE and what else ph_signal_client_probe_finish may say; G_IO_ERROR_CANCELLED.
 * Neither has a password in it. */
char *ph_server_test_finish (GAsyncResult *result, GError **error);

G_END_DECLS
