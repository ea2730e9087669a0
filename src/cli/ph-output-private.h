/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-output.h"
#include "ph-writer.h"

G_BEGIN_DECLS

/* What ph-output.c, ph-output-text.c, ph-output-json.c and ph-output-log.c share, and nobody else
 * sees. The tables of events have a PhOutput as their user_data. */
struct _PhOutput
{
  PhOutputRole role;
  const PhSessionEvents *shown; /* as text or as JSON */
  gboolean is_json;
  gboolean has_asked;    /* since ph_output_take_asked */
  gboolean is_prompting; /* the question stands at the end of the last line */
  char *compared;        /* whose number is being compared, unanswered; else NULL */
  gboolean has_dropped;  /* and said so */
  PhServices *services;  /* what people were told that the Host offers; NULL: nothing */
  GHashTable *mapped;    /* what mappings lead to, as text, that the hint is not given for */
  PhWriter *writer;
  void (*questions_changed) (gpointer user_data); /* NULL: nobody asks */
  void (*ended) (const GError *error, gpointer user_data);
  gpointer user_data;
};

/* Writes @line, which it takes, and ends it. A line that does not matter is the first to be dropped
 * where nobody reads. */
void ph_output_line (PhOutput *output, PhWriterStream stream, char *line, gboolean matters);

/* Somebody began or ceased to wait for an answer. */
void ph_output_note_question (PhOutput *output);

/* "porthole: @message" on standard error. */
void ph_output_complain (PhOutput *output, const char *message);

/* The same for people and programs: members of both tables. */
void ph_output_on_warning (const char *code, const char *message, gpointer user_data);
void ph_output_on_ended (const GError *error, gpointer user_data);

/* The log, before `shown` */
extern const PhSessionEvents ph_output_log_events;
void ph_output_log_trouble (const char *event, const char *code, const char *message);

/* Lines for people */
extern const PhSessionEvents ph_output_text_events;
void ph_output_text_clients (PhOutput *output, PhHost *host);
void ph_output_text_rules (PhOutput *output, const PhRules *rules);

/* One JSON object a line */
extern const PhSessionEvents ph_output_json_events;
void ph_output_json_clients (PhOutput *output, PhHost *host);
void ph_output_json_rules (PhOutput *output, const PhRules *rules);
void
ph_output_json_server (PhOutput *output, const char *server, gboolean works, const char *message);
void
ph_output_json_trouble (PhOutput *output, const char *event, const char *code, const char *message);

G_END_DECLS
