/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ph-live.h"

G_BEGIN_DECLS

/* Asks what @question asks, before @parent, once it is presented. It can be closed without an
 * answer, takes one only after it has been there for a moment, and closes by itself once the
 * question has gone out of @live's list. */
GtkWidget *ph_question_dialog_new (GtkWindow *parent, PhLive *live, PhQuestion *question);

G_END_DECLS
