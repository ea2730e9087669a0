/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-connection-column.h"
#include "ph-entry.h"

G_BEGIN_DECLS

/* A sortable table of connections, made for a thousand of them changing ten times a second: only
 * cells that are seen are written anew, rows change places once a second at most, and the selected
 * row and the place scrolled to stay what they are. Where there is little room it shows less.
 *
 * Signal: `selection-changed`. Needs in one of the widgets above it the actions "connections.allow"
 * (a string: the address) and "connections.copy", and offers them where they make sense. */
#define PH_TYPE_CONNECTION_TABLE (ph_connection_table_get_type ())
G_DECLARE_FINAL_TYPE (PhConnectionTable, ph_connection_table, PH, CONNECTION_TABLE, AdwBin)

/* Whether a person can allow @remote, which was refused to a Client, with one click. */
typedef gboolean (*PhCanAllow) (const char *remote, gpointer user_data);

/* Once. @connections: PhEntry, a reference is taken. @can_allow: NULL on a Client's side. */
void ph_connection_table_set_connections (PhConnectionTable *table,
                                          GListModel *connections,
                                          PhSessionRole role,
                                          PhCanAllow can_allow,
                                          gpointer user_data);

/* After the entries have changed, and each second for what is counted in time. */
void ph_connection_table_refresh (PhConnectionTable *table);

void ph_connection_table_set_shows_closed (PhConnectionTable *table, gboolean shows_closed);

/* Those that are closed now are not shown again. */
void ph_connection_table_clear_closed (PhConnectionTable *table);

guint ph_connection_table_get_n_rows (PhConnectionTable *table);

/* Borrowed; NULL while no row is selected. */
PhEntry *ph_connection_table_get_selected (PhConnectionTable *table);

G_END_DECLS
