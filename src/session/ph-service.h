/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-known-port.h"
#include "tunnel/ph-mux.h"
#include "tunnel/ph-rules.h"

G_BEGIN_DECLS

/* What a Host offers, by name: so that a Client shows “Minecraft” where it would have to ask for an
 * address and a port. It says nothing of what is allowed; that is for rules alone. */

#define PH_SERVICES_MAX 256

typedef struct
{
  const char *title;   /* safe to show, at most PH_TEXT_MAX_NAME bytes; empty where there is none */
  const char *address; /* as the Host sees it: "127.0.0.1", "::1" or a normalised name */
  guint16 port;        /* not 0 */
  PhKind kind;
} PhService;

/* A list of them, in order, no address and port twice. Immutable: read, referenced and freed on any
 * thread. NULL stands for an empty list where that is read. */
typedef struct _PhServices PhServices;

/* Titles are cleaned and addresses brought into their one form; what has no address or no port, or
 * is too much, is left out. Owned. */
PhServices *ph_services_new (const PhService *services, guint n);

/* A service for every rule that names one port of one computer, titled after the port where that is
 * known. Owned. */
PhServices *ph_services_new_from_rules (const PhRules *rules);

/* Of @services those that @rules would let a Client reach now. Owned. */
PhServices *ph_services_dup_allowed (const PhServices *services, const PhRules *rules);

PhServices *ph_services_ref (PhServices *services);
void ph_services_unref (PhServices *services);

/* Borrowed; *@ret_n says how many. */
const PhService *ph_services_get (const PhServices *services, guint *ret_n);

/* "127.0.0.1:80", "[::1]:80" or "example.com:80", as a mapping's remote end is written. Owned. */
char *ph_service_dup_text (const PhService *service);

/* Whether @services has one at that address and port. */
gboolean ph_services_has (const PhServices *services, const char *address, guint16 port);

gboolean ph_services_equal (const PhServices *a, const PhServices *b);

/* As it travels, JSON:
 *
 *   {"services":[{"title":"Minecraft","address":"127.0.0.1","port":25565,"kind":"game"}]}
 *
 * `title` and `kind` may be missing; a kind that is not known is "other", and members that are not
 * known are skipped. At most PH_MUX_MAX_SERVICES_BYTES, for which the last ones are left out.
 * Owned. */
GBytes *ph_services_print (const PhServices *services);

/* Any bytes are legal input. Owned. Errors: PH_ERROR_PROTOCOL. */
PhServices *ph_services_parse (const guint8 *json, gsize size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhServices, ph_services_unref)

G_END_DECLS
