/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* One of a Host's Clients: who it is, how far it has come, and what its person can do about it. */
#define PH_TYPE_PEER_ROW (ph_peer_row_get_type ())
G_DECLARE_FINAL_TYPE (PhPeerRow, ph_peer_row, PH, PEER_ROW, AdwActionRow)

/* @entry: of a PhSnapshotPeer. References are taken. */
GtkWidget *ph_peer_row_new (PhLive *live, PhEntry *entry);

G_END_DECLS
