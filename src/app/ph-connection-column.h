/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-snapshot.h"

G_BEGIN_DECLS

/* The columns of a table of connections: what stands in them, and how they are ordered. */
typedef enum
{
  PH_COLUMN_SERVICE, /* what the Client asked for */
  PH_COLUMN_FROM,    /* Host: the Client's name; Client: the local application */
  PH_COLUMN_STATE,
  PH_COLUMN_IN,
  PH_COLUMN_OUT,
  PH_COLUMN_AGE, /* since it was begun */
  PH_N_COLUMNS
} PhConnectionColumn;

typedef enum
{
  PH_CONNECTION_OPENING,
  PH_CONNECTION_OPEN,
  PH_CONNECTION_CLOSED,
} PhConnectionState;

PhConnectionState ph_connection_get_state (const PhSnapshotConnection *connection);

/* Static, translated. */
const char *ph_connection_column_title (PhConnectionColumn column);

/* Whether what it is ordered by changes while a connection lives. */
gboolean ph_connection_column_is_moving (PhConnectionColumn column);

/* What stands in the cell; @now_us is monotonic. Owned. */
char *ph_connection_dup_text (const PhSnapshotConnection *connection,
                              PhConnectionColumn column,
                              PhSessionRole role,
                              gint64 now_us);

/* Below, at or above 0 as of strcmp: a total order, for what is alike otherwise goes by age, the
 * latest first, so that nothing moves that has not changed. Numbers in text count as numbers. */
int ph_connection_compare (const PhSnapshotConnection *a,
                           const PhSnapshotConnection *b,
                           PhConnectionColumn column,
                           PhSessionRole role);

G_END_DECLS
