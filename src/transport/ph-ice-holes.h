/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <nice/agent.h>

#include "ph-ice-servers.h"

G_BEGIN_DECLS

/* Keeps open what routers would close while an agent waits for the other side, perhaps for minutes:
 * the public address a STUN server has seen, and the way for the other side's checks to come in.
 * libnice does neither before there are pairs to check (its timer for the former starts with
 * the first pair), and its checks end within seconds; TURN allocations it does refresh. */
typedef struct _PhIceHoles PhIceHoles;

/* @agent and @config are borrowed. It begins once the agent has gathered. */
PhIceHoles *
ph_ice_holes_new (GMainContext *context, NiceAgent *agent, guint stream, const PhIceConfig *config);

/* From here on towards @remote, too. */
void ph_ice_holes_add (PhIceHoles *holes, const PhEndpoint *remote);

void ph_ice_holes_free (PhIceHoles *holes);

G_END_DECLS
