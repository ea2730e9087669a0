/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-host.h"

#include "ph-input.h"

G_BEGIN_DECLS

/* What the `porthole` command tells: plain lines for people, or one JSON object a line and nothing
 * else on standard output. Prompts and errors go to standard error. Where nobody reads, the program
 * does not wait: what is too much is dropped, and a warning says so once. */
typedef struct _PhOutput PhOutput;

typedef enum
{
  PH_OUTPUT_HOST,
  PH_OUTPUT_JOIN,
} PhOutputRole;

PhOutput *ph_output_new (PhOutputRole role, gboolean is_json);

/* Waits until everything is written, at most half a second. */
void ph_output_free (PhOutput *output);

/* Tells whenever somebody begins or ceases to wait for an answer; @user_data as for
 * ph_output_set_ended. */
void ph_output_set_questions_changed (PhOutput *output, void (*func) (gpointer user_data));

/* A question, on standard error, with the answer to be typed behind it. */
void ph_output_ask (PhOutput *output, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Whether something was asked since the last call. */
gboolean ph_output_take_asked (PhOutput *output);

/* Prints every event of a session; its user_data is @output. `ended` calls @ended, set here, once
 * it has printed. The table is complete and static. */
const PhSessionEvents *ph_output_get_events (PhOutput *output);
void ph_output_set_ended (PhOutput *output,
                          void (*ended) (const GError *error, gpointer user_data),
                          gpointer user_data);

/* A line for people only. */
void ph_output_say (PhOutput *output, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Something is wrong: "porthole: …" on standard error, and an error event. */
void ph_output_error (PhOutput *output, const GError *error);
void ph_output_warn (PhOutput *output, const char *code, const char *message);

/* An input line was not taken. */
void ph_output_line_too_long (PhOutput *output);

/* Tells what @commands there are if @line asks for that. */
gboolean ph_output_help (PhOutput *output, const PhInputCommand *commands, const char *line);

/* What became of trying @server. */
void ph_output_server (PhOutput *output, const char *server, gboolean works, const char *message);

/* The answer to `clients`. */
void ph_output_clients (PhOutput *output, PhHost *host);

/* The answer to `rules`. */
void ph_output_rules (PhOutput *output, const PhRules *rules);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhOutput, ph_output_free)

G_END_DECLS
