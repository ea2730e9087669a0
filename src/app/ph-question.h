/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Something a person is asked about the other side: may it join, or is the number the same. Goes
 * out of its session's list once it is answered or has lost its meaning. */
#define PH_TYPE_QUESTION (ph_question_get_type ())
G_DECLARE_FINAL_TYPE (PhQuestion, ph_question, PH, QUESTION, GObject)

/* @number: twelve digits to compare, or NULL where the question is whether to let @peer in. */
PhQuestion *ph_question_new (const char *peer, const char *number, gboolean is_verified);

/* Borrowed. */
const char *ph_question_get_peer (PhQuestion *question);
const char *ph_question_get_number (PhQuestion *question);

/* By the share code. */
gboolean ph_question_is_verified (PhQuestion *question);

/* TRUE the first time: a dialog asks once, and not again when it was closed without an answer. */
gboolean ph_question_take_turn (PhQuestion *question);

G_END_DECLS
