/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-poll.h"
#include "ph-lookup.h"
#include "ph-mapping.h"
#include "ph-protocol.h"
#include "ph-rules.h"

G_BEGIN_DECLS

/* Host: reaches one destination. A name that some rule may allow is resolved; each address is
 * checked against the rules just before it is dialled; where one fails the next is tried. One
 * thread, the poll's. */
typedef struct _PhDial PhDial;

/* The owner keeps the time: it calls ph_dial_step each time PH_DIAL_STEP_US have passed, and the
 * dial gives up at the last of PH_DIAL_STEPS, after 15 s. */
#define PH_DIAL_STEP_US (5 * G_USEC_PER_SEC)
#define PH_DIAL_STEPS 3

/* @socket is connected and borrowed, or NULL: then @reason says why, and @text, if not NULL, in the
 * system's words. Called once; it must free the dial. */
typedef void (*PhDialFunc) (GSocket *socket,
                            PhCloseReason reason,
                            const char *text,
                            gpointer user_data);

/* Does nothing yet. @destination is copied, @lookups is borrowed. */
PhDial *ph_dial_new (PhPoll *poll,
                     PhRules *rules,
                     PhLookups *lookups,
                     const PhDestination *destination,
                     PhDialFunc func,
                     gpointer user_data);

/* May call the function before it returns. */
void ph_dial_start (PhDial *dial);

/* Leaves an address that does not answer for the next one. May call the function. */
void ph_dial_step (PhDial *dial);

/* The address being dialled, or dialled last; FALSE before there is one. */
gboolean ph_dial_get_endpoint (const PhDial *dial, PhEndpoint *ret_endpoint);

/* Gives up; the function is not called any more. */
void ph_dial_free (PhDial *dial);

G_END_DECLS
