/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* What a Client sets: a local address and port, and where its connections come out at the Host. */

/* Where to: an address, or a name for the Host to resolve. */
typedef struct
{
  char *name;          /* normalised; NULL for an address */
  PhEndpoint endpoint; /* addr is all zero with a name */
} PhDestination;

typedef struct
{
  PhEndpoint local; /* port 0: the system picks one */
  PhDestination remote;
} PhMapping;

/* Parses `[BIND:]PORT[:HOST:HOSTPORT]` or `[BIND:]PORT => HOST:HOSTPORT`. Without BIND it is
 * 127.0.0.1, without HOST 127.0.0.1 with the same port. IPv6 is bracketed. BIND is an address or
 * `localhost`; HOST may be a name. PORT 0 needs a HOSTPORT. Owned, free with ph_mapping_free.
 * Errors: PH_ERROR_INVALID, with what would be right. */
PhMapping *ph_mapping_parse (const char *text, GError **error);

/* Whether each of @texts, NULL-terminated or NULL, is a mapping. Errors: PH_ERROR_INVALID. */
gboolean ph_mapping_check (const char *const *texts, GError **error);

PhMapping *ph_mapping_copy (const PhMapping *mapping);
void ph_mapping_free (PhMapping *mapping);

/* "127.0.0.1:8000 => example.com:80"; parses back to the same. Owned. */
char *ph_mapping_dup_text (const PhMapping *mapping);

/* "example.com:80" or "[::1]:80". Owned. */
char *ph_destination_dup_text (const PhDestination *destination);

void ph_destination_copy (const PhDestination *from, PhDestination *ret_to);
void ph_destination_clear (PhDestination *destination);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhMapping, ph_mapping_free)

G_END_DECLS
