/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The server's side of TLS 1.2 and 1.3, with nothing that blocks: GIO's own does its handshakes in
 * a few threads of their own, where a few callers who never finish theirs keep everybody out. */
typedef struct _PhSignalTls PhSignalTls;

/* From PEM files. Errors: PH_ERROR_INVALID, which names both files; also where the key is not the
 * certificate's. */
PhSignalTls *ph_signal_tls_new (const char *certificate_path, const char *key_path, GError **error);
PhSignalTls *ph_signal_tls_ref (PhSignalTls *tls);
void ph_signal_tls_unref (PhSignalTls *tls);

/* A stream over @connection, which it references and closes when it goes. Its streams are pollable
 * and only that: they have no calls that wait. The handshake happens with the first read. NULL
 * without memory. */
GIOStream *ph_signal_tls_wrap (PhSignalTls *tls, GSocketConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalTls, ph_signal_tls_unref)

G_END_DECLS
