/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-question.h"

struct _PhQuestion
{
  GObject parent_instance;

  char *peer;
  char *number;
  gboolean is_verified;
  gboolean had_turn;
};

G_DEFINE_FINAL_TYPE (PhQuestion, ph_question, G_TYPE_OBJECT)

static void
ph_question_finalize (GObject *object)
{
  PhQuestion *self = PH_QUESTION (object);

  g_free (self->peer);
  g_free (self->number);
  G_OBJECT_CLASS (ph_question_parent_class)->finalize (object);
}

static void
ph_question_class_init (PhQuestionClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_question_finalize;
}

static void
ph_question_init (PhQuestion *self)
{
}

PhQuestion *
ph_question_new (const char *peer, const char *number, gboolean is_verified)
{
  PhQuestion *self = g_object_new (PH_TYPE_QUESTION, NULL);

  self->peer = g_strdup (peer);
  self->number = g_strdup (number);
  self->is_verified = is_verified;
  return self;
}

const char *
ph_question_get_peer (PhQuestion *question)
{
  return question->peer;
}

const char *
ph_question_get_number (PhQuestion *question)
{
  return question->number;
}

gboolean
ph_question_is_verified (PhQuestion *question)
{
  return question->is_verified;
}

gboolean
ph_question_take_turn (PhQuestion *question)
{
  gboolean is_first = !question->had_turn;

  question->had_turn = TRUE;
  return is_first;
}
