/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-poll.h"
#include "ph-mapping.h"
#include "ph-mux.h"

G_BEGIN_DECLS

/* Client: one local port and the mapping it stands for. It listens from the first moment, and
 * accepts while it has a mux: until then connections wait in the system's backlog. One thread, the
 * poll's. */
typedef struct _PhListener PhListener;

/* Listens at once. @mapping is copied. Errors: PH_ERROR_LISTEN, with the address and what to do. */
PhListener *ph_listener_new (PhPoll *poll, const PhMapping *mapping, GError **error);

/* Closes the port. Connections go on, with an owner that is gone: to end them, call
 * ph_mux_close_owner (mux, listener, …) before. */
void ph_listener_free (PhListener *listener);

/* What it was made from. */
const PhMapping *ph_listener_get_mapping (const PhListener *listener);

/* Where it really listens: the port the system picked, if it was asked to. */
const PhEndpoint *ph_listener_get_local (const PhListener *listener);

/* Hands connections to @mux, with the listener as their owner; NULL lets them wait. @mux is
 * borrowed: set NULL before it is freed. */
void ph_listener_set_mux (PhListener *listener, PhMux *mux);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhListener, ph_listener_free)

G_END_DECLS
