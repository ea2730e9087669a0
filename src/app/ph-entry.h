/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-snapshot.h"

G_BEGIN_DECLS

/* A Client, the Host or a connection as list widgets want it: an object that stays the same while
 * what it stands for changes, so that selection and scroll place stay, too. It reads from the
 * session's latest snapshot and copies nothing. Emits `changed` where a new one says something
 * else about it. The window's thread. */
#define PH_TYPE_ENTRY (ph_entry_get_type ())
G_DECLARE_FINAL_TYPE (PhEntry, ph_entry, PH, ENTRY, GObject)

/* Borrowed until the main loop's next turn. The caller knows which of the two the list is of. */
const PhSnapshotPeer *ph_entry_get_peer (PhEntry *entry);
const PhSnapshotConnection *ph_entry_get_connection (PhEntry *entry);

/* A list of them: a GListModel, in order of coming. */
#define PH_TYPE_ENTRY_LIST (ph_entry_list_get_type ())
G_DECLARE_FINAL_TYPE (PhEntryList, ph_entry_list, PH, ENTRY_LIST, GObject)

PhEntryList *ph_entry_list_new (void);

/* Bring the list to what @snapshot says: those that are gone go, the others stay the same objects,
 * new ones are appended. */
void ph_entry_list_set_peers (PhEntryList *list, PhSnapshot *snapshot);
void ph_entry_list_set_connections (PhEntryList *list, PhSnapshot *snapshot);

G_END_DECLS
