/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-pipe-channel.h"
#include "ph-stream.h"
#include "tunnel/ph-mux.h"

G_BEGIN_DECLS

/* For tests: one mux, and frames made by hand at the other end of its channel: what other programs
 * may ph_rig_send, and what nobody should. */

typedef struct
{
  GMainContext *context;
  PhPoll *poll;
  PhPipe *pipe;
  PhChannel *peer; /* our end */
  PhRules *rules;
  PhMux *mux;
  GSocket *service; /* listens; on the Host it is dialled, on a Client it stands for a listener */
  guint16 port;
  GSocket *dialled;    /* the connection that the Host made, or the application's end */
  GPtrArray *received; /* GBytes of frames */
  PhCloseReason reason;
  guint n_opened;
  guint n_closed;
  guint n_lists;                  /* of services that were told */
  GBytes *list;                   /* … the last one */
  void (*on_list) (gpointer rig); /* called inside, or NULL */
  GError *error;
} PhRig;

void ph_rig_init (PhRig *rig, PhMuxRole role, PhExtensions extensions);
void ph_rig_clear (PhRig *rig);

/* Sending */

PhFrameName ph_rig_get_name (const PhRig *rig);

typedef struct
{
  PhEvent event;
  guint16 id;
  guint16 index;
  guint16 total;       /* 0 stands for 1 */
  const char *payload; /* NULL: none */
} PhLine;

void ph_rig_send_raw (PhRig *rig, const guint8 *bytes, gsize size);
void ph_rig_send_bytes (PhRig *rig, const PhLine *line, const guint8 *payload, gsize size);
void ph_rig_send_line (PhRig *rig, const PhLine *line);
void ph_rig_send (PhRig *rig, PhEvent event, guint16 id, const char *payload);

/* Seeing what came */

/* The @nth frame of an event; FALSE if there are fewer. */
gboolean ph_rig_find_frame (const PhRig *rig, PhEvent event, guint nth, PhFrame *ret_frame);
PhCloseReason ph_rig_get_close_reason (const PhRig *rig);

/* For ph_test_wait, with a rig. */
gboolean ph_rig_has_close (gpointer user_data);
gboolean ph_rig_is_dialled (gpointer user_data);
gboolean ph_rig_has_closed (gpointer user_data);
gboolean ph_rig_has_failed (gpointer user_data);

/* Lets everything under way arrive. */
void ph_rig_settle (PhRig *rig);

/* Reads the socket's other end until @size bytes have come or it ends. */
typedef struct
{
  PhRig *rig;
  GString *text;
  gsize wanted;
  gboolean ended;
  gboolean was_reset;
} PhReading;

gboolean ph_rig_has_read (gpointer user_data);
void ph_rig_assert_reads (PhRig *rig, const char *expected);
void ph_rig_assert_ends (PhRig *rig, gboolean with_reset);

G_END_DECLS
