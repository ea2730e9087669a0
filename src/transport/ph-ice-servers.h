/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* The STUN (RFC 8489) and TURN (RFC 8656) servers a person has named, and what became of them:
 * names are looked up here, because a lookup that hangs inside libnice leaves its gathering
 * hanging, and of several STUN servers the first that answers is the one that is used. One thread.
 */

typedef enum
{
  PH_TURN_UDP,
  PH_TURN_TCP,
} PhTurnTransport;

typedef struct
{
  PhEndpoint address;
  PhTurnTransport transport;
  char *user;
  char *password;
} PhTurnServer;

/* Addresses only, ready for gathering. Shared by reference; immutable. */
typedef struct
{
  gatomicrefcount refs;
  guint n_stun; /* servers that were asked; with has_stun one has answered */
  gboolean has_stun;
  PhEndpoint stun;
  PhEndpoint seen; /* this computer as the STUN server sees it; all zero: it does not say */
  guint n_turn;    /* that are named, whether found or not */
  GPtrArray *turn; /* of PhTurnServer */
  gboolean relay_only;
  GPtrArray *warnings; /* of char *: what did not work, in words for a person */
} PhIceConfig;

PhIceConfig *ph_ice_config_ref (PhIceConfig *config);
void ph_ice_config_unref (PhIceConfig *config);

typedef struct _PhIceServers PhIceServers;

PhIceServers *ph_ice_servers_new (void);
PhIceServers *ph_ice_servers_ref (PhIceServers *servers);
void ph_ice_servers_unref (PhIceServers *servers);

/* The same servers, for another thread. Owned. */
PhIceServers *ph_ice_servers_copy (const PhIceServers *servers);

/* "HOST[:PORT]", with or without "stun:" in front; an IPv6 address in brackets. Errors:
 * PH_ERROR_INVALID. */
gboolean ph_ice_servers_add_stun (PhIceServers *servers, const char *text, GError **error);

/* "turn:USER:PASS@HOST[:PORT][?transport=udp|tcp]"; USER and PASS may be percent-encoded. Errors:
 * PH_ERROR_INVALID, for turns: too. */
gboolean ph_ice_servers_add_turn (PhIceServers *servers, const char *text, GError **error);

/* Only relayed paths. */
void ph_ice_servers_set_relay_only (PhIceServers *servers, gboolean relay_only);
gboolean ph_ice_servers_has_turn (const PhIceServers *servers);

/* Whether there is any way to connect: relayed paths only need a TURN server. Errors:
 * PH_ERROR_INVALID. */
gboolean ph_ice_servers_check (const PhIceServers *servers, GError **error);

/* Looks up and tries all servers, for at most PH_ICE_SERVERS_LIMIT_MS; @servers may go
 * meanwhile. Servers that fail end up in warnings; the result is never an error but for
 * cancellation, which ends it at once. */
#define PH_ICE_SERVERS_LIMIT_MS 1500
void ph_ice_servers_resolve_async (PhIceServers *servers,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
PhIceConfig *ph_ice_servers_resolve_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhIceServers, ph_ice_servers_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhIceConfig, ph_ice_config_unref)

G_END_DECLS
