/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <nice/agent.h>

#include "ph-ice-servers.h"

G_BEGIN_DECLS

/* Keeps open what routers and relays would close while an agent waits for the other side, perhaps
 * for minutes. libnice refreshes its TURN allocations and nothing else: before there are pairs it
 * does not touch the STUN server again, its checks end within seconds, and a check that the other
 * side's agent has answered, although nobody there has told it of us yet, is not repeated, so that
 * in the end a relay's permission lapses too. */
typedef struct _PhIceHoles PhIceHoles;

/* RFC 8445 section 11 has Tr = 15 s; routers hold a hole for 30 s and longer. */
#define PH_ICE_HOLES_EVERY_MS 15000

/* From now on the public address that the STUN server sees stays the same. @agent and @config are
 * borrowed. @every_ms: PH_ICE_HOLES_EVERY_MS, but in tests. */
PhIceHoles *ph_ice_holes_new (GMainContext *context,
                              NiceAgent *agent,
                              guint stream,
                              const PhIceConfig *config,
                              guint every_ms);

/* From now on the checks towards these begin anew again and again, until one comes from there:
 * then @met is called, once. @candidates: of NiceCandidate. For the controlled side, which may do
 * so because nothing is decided before the other one has come. */
void ph_ice_holes_set_remote (PhIceHoles *holes,
                              const char *ufrag,
                              const char *pwd,
                              GSList *candidates,
                              void (*met) (gpointer user_data),
                              gpointer user_data);

void ph_ice_holes_free (PhIceHoles *holes);

G_END_DECLS
