/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-engine.h"

#include "ph-entry.h"
#include "ph-event-log.h"
#include "ph-mapping-item.h"
#include "ph-question.h"
#include "ph-rule-item.h"

G_BEGIN_DECLS

/* A session that a window shows, over the engine's: what widgets need as properties and lists, kept
 * up to date in place. The window's thread; nothing blocks.
 *
 * Properties, read-only: `state` (a PhSessionState), `code`, `link` and `block` (strings or NULL).
 * Signals: `updated` (there is a new snapshot; ten times a second at most), `edited` (its person
 * has changed rules or mappings), `asked` (a PhQuestion), `question-over`, `joined` and `left` (a
 * peer's name) and `ended` (once). */
#define PH_TYPE_LIVE (ph_live_get_type ())
G_DECLARE_FINAL_TYPE (PhLive, ph_live, PH, LIVE, GObject)

/* Both begin at once. @rules, PhRuleItem, may be empty; @engine is borrowed for the session's life.
 * Errors: those of ph_engine_host and ph_engine_join. */
PhLive *ph_live_new_host (PhEngine *engine,
                          const PhHostOptions *options,
                          GListModel *rules,
                          GError **error);
PhLive *ph_live_new_client (PhEngine *engine,
                            const char *code_text,
                            const PhJoinOptions *options,
                            GError **error);

PhSessionRole ph_live_get_role (PhLive *live);
PhSessionState ph_live_get_state (PhLive *live);

/* Without a server: blocks are passed on by hand. */
gboolean ph_live_is_manual (PhLive *live);

/* Why it ended: NULL if a person on this side ended it, or it has not ended. Borrowed. */
const GError *ph_live_get_error (PhLive *live);

/* Borrowed until the main loop's next turn; never NULL. */
PhSnapshot *ph_live_get_snapshot (PhLive *live);

/* The one other side a Client has, or the only Client: NULL while there is none or are several. */
const PhSnapshotPeer *ph_live_get_only_peer (PhLive *live);

/* Open connections, of all peers. */
guint ph_live_get_n_connections (PhLive *live);

/* Borrowed lists, for the session's life. */
GListModel *ph_live_get_peers (PhLive *live); /* PhEntry of PhSnapshotPeer */
GListModel *
ph_live_get_connections (PhLive *live); /* PhEntry of PhSnapshotConnection; closed too */
PhEventLog *ph_live_get_events (PhLive *live);
GListModel *ph_live_get_questions (PhLive *live); /* PhQuestion, oldest first */

/* Host: PhRuleItem. Client: PhMappingItem. */
GListModel *ph_live_get_rules (PhLive *live);
GListModel *ph_live_get_mappings (PhLive *live);

void ph_live_answer (PhLive *live, PhQuestion *question, gboolean is_yes);

/* Whether @peer may join, for those who do not see the question itself; nothing happens if that is
 * not open. A number is not answered so, for it has to be seen. */
void ph_live_answer_peer (PhLive *live, const char *peer, gboolean is_yes);

/* Brings a dialog that was closed without an answer back, if @peer is still asking. */
void ph_live_ask_again (PhLive *live, const char *peer);

void ph_live_kick (PhLive *live, const char *client);

/* `ended` follows within two seconds. */
void ph_live_end (PhLive *live);

/* Without a server; @done as for the engine. */
void ph_live_offer (PhLive *live, PhEngineDone done, gpointer user_data);
void ph_live_paste (PhLive *live, const char *text, PhEngineDone done, gpointer user_data);

/* Rules. Errors: PH_ERROR_INVALID, for a text that is none and for one that is there already. */
PhRuleItem *ph_live_add_rule (PhLive *live, const char *text, GError **error); /* borrowed */
gboolean ph_live_edit_rule (PhLive *live, PhRuleItem *item, const char *text, GError **error);
void ph_live_remove_rule (PhLive *live, PhRuleItem *item);
void ph_live_set_rule_on (PhLive *live, PhRuleItem *item, gboolean is_on);

/* Host: whether a rule that is on lets Clients reach @remote, an address or a name with its port.
 * Of a name that only the addresses behind it would allow it is not known: FALSE. */
gboolean ph_live_allows (PhLive *live, const char *remote);

/* Puts an item back that was removed, where it was. */
void ph_live_restore_rule (PhLive *live, guint position, PhRuleItem *item);

/* Host: what Clients are told there is, instead of what the rules name; a reference is taken. */
void ph_live_set_services (PhLive *live, PhServices *services);

/* Mappings, as ph_mapping_parse takes them; @title may be NULL. Whether the port can be had shows
 * in the item's state; for local port 0 a free one is picked. Errors: PH_ERROR_INVALID, for a text
 * that is none and for a local port that is mapped already. */
PhMappingItem *ph_live_add_mapping (PhLive *live,
                                    const char *text,
                                    const char *title,
                                    GError **error); /* borrowed */
gboolean ph_live_edit_mapping (PhLive *live,
                               PhMappingItem *item,
                               const char *text,
                               PhMappingItem **ret_item,
                               GError **error);
void ph_live_remove_mapping (PhLive *live, PhMappingItem *item);
void ph_live_set_mapping_on (PhLive *live, PhMappingItem *item, gboolean is_on);

/* Puts an item back that was removed, switched on or off as it was. */
void ph_live_restore_mapping (PhLive *live, guint position, PhMappingItem *item);

/* The first port from @port on that can be listened on at 127.0.0.1 and is not mapped here; below
 * 1024 it is @port or the first from 8000 above it on. 0 if a hundred are taken. */
guint16 ph_live_find_free_port (PhLive *live, guint16 port);

G_END_DECLS
