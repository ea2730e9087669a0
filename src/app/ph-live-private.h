/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-live.h"
#include "ph-offering.h"

G_BEGIN_DECLS

/* What the parts of PhLive share: ph-live.c owns it, ph-live-rules.c and ph-live-mappings.c do what
 * one role needs. */
struct _PhLive
{
  GObject parent_instance;

  PhEngineSession *session;
  PhSessionRole role;
  PhSessionState state;
  gboolean is_manual;
  gboolean approve_all; /* Host: nobody is asked */
  GError *error;
  char *code; /* these three as the latest snapshot has them */
  char *link;
  char *block;

  PhEntryList *peers;
  PhEntryList *connections;
  PhEventLog *events;
  GListStore *questions;
  GListStore *rules;
  GListStore *mappings;

  PhOffering *offering; /* Host */

  guint64 n_closed_told; /* of closed connections, in the log */
};

/* Emits `edited`. */
void ph_live_emit_edited (PhLive *live);

/* After each snapshot: who uses which rule, or mapping. */
void ph_live_count_rules (PhLive *live);
void ph_live_count_mappings (PhLive *live);

/* What has become of a mapping, as PhSessionEvents.mapping tells. */
void ph_live_note_mapping (PhLive *live,
                           const char *local,
                           const char *remote,
                           PhMappingState state,
                           const char *message);

/* What became of a connection, for the mappings it may have come through. */
void ph_live_note_connection (PhLive *live, const PhSnapshotConnection *connection);

/* Nothing listens any more: those that did, and only they, have a message that says so. */
void ph_live_switch_mappings_off (PhLive *live);

G_END_DECLS
