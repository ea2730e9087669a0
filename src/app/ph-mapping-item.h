/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-known-port.h"
#include "session/ph-session.h"

G_BEGIN_DECLS

/* One of a Client's mappings as its person sees it. Emits `changed`. */
#define PH_TYPE_MAPPING_ITEM (ph_mapping_item_get_type ())
G_DECLARE_FINAL_TYPE (PhMappingItem, ph_mapping_item, PH, MAPPING_ITEM, GObject)

typedef enum
{
  PH_MAPPING_ITEM_OFF,  /* by the person, or with the session's end */
  PH_MAPPING_ITEM_BUSY, /* the engine has been asked */
  PH_MAPPING_ITEM_ON,   /* it listens */
  PH_MAPPING_ITEM_FAILED,
} PhMappingItemState;

/* @title: what the Host calls the service, or NULL. @mapping is copied. */
PhMappingItem *ph_mapping_item_new (const PhMapping *mapping, const char *title);

/* Borrowed. */
const PhMapping *ph_mapping_item_get_mapping (PhMappingItem *item);
const char *ph_mapping_item_get_local (PhMappingItem *item);  /* "127.0.0.1:8000" */
const char *ph_mapping_item_get_remote (PhMappingItem *item); /* "example.com:80" */
const char *ph_mapping_item_get_title (PhMappingItem *item);  /* may be NULL */

/* What programs on this computer reach it at: "localhost:8000". Owned. */
char *ph_mapping_item_dup_address (PhMappingItem *item);

/* What answers there, as the Host says, or else as the port lets one guess. */
PhKind ph_mapping_item_get_kind (PhMappingItem *item);

/* Its URL: NULL for what does not answer in a browser. Owned. */
char *ph_mapping_item_dup_url (PhMappingItem *item);

/* What the Host calls it. @title may be empty, which changes nothing about the one it has. */
void ph_mapping_item_set_service (PhMappingItem *item, const char *title, PhKind kind);

PhMappingItemState ph_mapping_item_get_state (PhMappingItem *item);

/* What is wrong, or NULL; borrowed. */
const char *ph_mapping_item_get_message (PhMappingItem *item);

void ph_mapping_item_set_state (PhMappingItem *item, PhMappingItemState state, const char *message);

/* Open connections through it. */
guint ph_mapping_item_get_n_connections (PhMappingItem *item);
void ph_mapping_item_set_n_connections (PhMappingItem *item, guint n_connections);

/* Why its last connection did not reach the service; NULL if it did, or there was none. Borrowed.
 */
const char *ph_mapping_item_get_trouble (PhMappingItem *item);

/* What became of the connection @serial, which is higher for later ones: @trouble is NULL if it
 * reached the service. What is older than what is known already changes nothing. */
void ph_mapping_item_note_connection (PhMappingItem *item, guint64 serial, const char *trouble);

G_END_DECLS
