/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* Asks several STUN servers at once (RFC 8489 Binding) which of them answers first: libnice takes
 * one server only, and one that is down would cost every connection its public address. */
typedef struct _PhStunProbe PhStunProbe;

/* Called at most once, with the first server that answered and how it sees us: all zero where it
 * does not say. It may free the probe. */
typedef void (*PhStunProbeFunc) (const PhEndpoint *server,
                                 const PhEndpoint *seen,
                                 gpointer user_data);

/* It never reports failure: the owner has its own deadline and frees it then. */
PhStunProbe *ph_stun_probe_new (GMainContext *context, PhStunProbeFunc func, gpointer user_data);

/* Asks @server now, and again with all others 250 and 500 ms after the last one was added. */
void ph_stun_probe_add (PhStunProbe *probe, const PhEndpoint *server);
void ph_stun_probe_free (PhStunProbe *probe);

G_END_DECLS
