/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Asks for a new mapping of @live, or for changes to @item, unless it is NULL. */
void ph_mapping_dialog_present (GtkWindow *parent, PhLive *live, PhMappingItem *item);

G_END_DECLS
