/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-ice-servers.h"

G_BEGIN_DECLS

/* Allocates a relay on one TURN server (RFC 8656 section 7) and gives it back: libnice says no more
 * of a server than that no relay came of it, and a person has to know why. One thread, the one that
 * runs the context. */
typedef struct _PhTurnProbe PhTurnProbe;

#define PH_TURN_PROBE_LIMIT_MS 5000

/* Called once, from the main loop; it may free the probe. @relay is where the server would relay,
 * or NULL with @error, in words: PH_ERROR_REFUSED (user or password, no room) or
 * PH_ERROR_FAILED (no answer, or none that makes sense). */
typedef void (*PhTurnProbeFunc) (const PhEndpoint *relay, const GError *error, gpointer user_data);

/* @server is borrowed for the probe's life. */
PhTurnProbe *ph_turn_probe_new (GMainContext *context,
                                const PhTurnServer *server,
                                PhTurnProbeFunc func,
                                gpointer user_data);
void ph_turn_probe_free (PhTurnProbe *probe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhTurnProbe, ph_turn_probe_free)

G_END_DECLS
