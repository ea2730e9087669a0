/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-application.h"

G_BEGIN_DECLS

/* One STUN or TURN server of the settings: what is wrong with it, if anything is, and a button that
 * tries it and says in the row what came of it. Signal: `remove`. */
#define PH_TYPE_SERVER_ROW (ph_server_row_get_type ())
G_DECLARE_FINAL_TYPE (PhServerRow, ph_server_row, PH, SERVER_ROW, AdwActionRow)

/* @server: as it stands in the settings; copied. */
PhServerRow *ph_server_row_new (PhApplication *application, PhServerKind kind, const char *server);

const char *ph_server_row_get_server (PhServerRow *row); /* borrowed */

G_END_DECLS
