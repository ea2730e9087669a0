/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-endpoint.h"

G_BEGIN_DECLS

/* What a Host allows to be dialled: an ordered list of rules, any match allows, nothing is allowed
 * by default. One list is shared by all sessions of a Host. One thread, the owner's.
 *
 * A rule is HOST:PORT. HOST is
 *   127.0.0.1  192.168.*  10.*.0.1   IPv4; a `*` stands for one number, the last one for the rest
 *   10.0.0.0/8  [fd00::]/8           a network
 *   [::1]                            IPv6
 *   localhost  *.example.com         a name, or every name below one
 *   *                                any host
 * and PORT is a number, a range (8000-8010) or `*`.
 *
 * Addresses are compared in binary form, an IPv4-mapped one as IPv4. A wildcard or a network means
 * the unspecified address and the clouds' metadata addresses never, link-local and multicast ones
 * only where the rule lies wholly among them: those are written out. A name rule allows the
 * addresses that a matching name resolves to; a name that no name rule matches needs a rule for the
 * address. `localhost` also allows 127.0.0.1 and ::1, which it means everywhere. */
typedef struct _PhRules PhRules;

PhRules *ph_rules_new (void);
PhRules *ph_rules_ref (PhRules *rules);
void ph_rules_unref (PhRules *rules);

/* Appends a rule; one that is already there changes nothing. Errors: PH_ERROR_INVALID. */
gboolean ph_rules_add (PhRules *rules, const char *text, GError **error);

/* Whether each of @texts, NULL-terminated or NULL, is a rule. Errors: PH_ERROR_INVALID. */
gboolean ph_rules_check (const char *const *texts, GError **error);

/* Takes away the rule that means the same as @text. Errors: PH_ERROR_INVALID, for a text that is no
 * rule and for a rule that is not there. Connections end with ph_mux_recheck_rules. */
gboolean ph_rules_remove (PhRules *rules, const char *text, GError **error);

guint ph_rules_get_count (const PhRules *rules);

/* The rule's normalised text, borrowed until the list changes. */
const char *ph_rules_get_text (const PhRules *rules, guint index);

/* Whether @endpoint may be dialled. @name is the name it was resolved from, normalised with
 * ph_host_name_normalise, or NULL if the Client asked for the address. */
gboolean ph_rules_allow (const PhRules *rules, const char *name, const PhEndpoint *endpoint);

typedef enum
{
  PH_RULES_NEVER,      /* no rule matches, whatever the name resolves to */
  PH_RULES_BY_ADDRESS, /* it depends on the address */
  PH_RULES_BY_NAME,    /* a rule matches the name itself; `*` matches all of them */
} PhRulesScope;

/* Whether it is worth resolving @name, normalised, to dial @port. */
PhRulesScope ph_rules_may_allow (const PhRules *rules, const char *name, guint16 port);

/* The one form of a host name: lower case, ASCII (IDNA), no dot at the end. Owned; NULL for what is
 * no name, which all that ends in a number is. */
char *ph_host_name_normalise (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhRules, ph_rules_unref)

G_END_DECLS
