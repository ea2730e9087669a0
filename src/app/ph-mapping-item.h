/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

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

PhMappingItemState ph_mapping_item_get_state (PhMappingItem *item);

/* What is wrong, or NULL; borrowed. */
const char *ph_mapping_item_get_message (PhMappingItem *item);

void ph_mapping_item_set_state (PhMappingItem *item, PhMappingItemState state, const char *message);

/* Open connections through it. */
guint ph_mapping_item_get_n_connections (PhMappingItem *item);
void ph_mapping_item_set_n_connections (PhMappingItem *item, guint n_connections);

G_END_DECLS
