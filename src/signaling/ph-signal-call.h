/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ph-signal-accept.h"
#include "ph-signal-store.h"
#include "ph-signal-tally.h"

G_BEGIN_DECLS

/* One request to the server: its body as it arrives, who asks, and its answer. libsoup bounds none
 * of a body, so that is done here. A call lives as long as libsoup's message. */
typedef struct _PhSignalCall PhSignalCall;

/* Called once for each call: its answer is written, or nobody waits for it any more. */
typedef void (*PhSignalCallOver) (PhSignalCall *call, gpointer user_data);

/* For a message that libsoup begins to read. @tally is borrowed until the call is detached. */
PhSignalCall *ph_signal_call_new (SoupServerMessage *message,
                                  PhSignalTally *tally,
                                  PhSignalCallOver over,
                                  gpointer user_data);
PhSignalCall *ph_signal_call_from_message (SoupServerMessage *message);

/* It is over, and neither it nor handlers for @server on its message are called any more: the
 * message may outlive the server. */
void ph_signal_call_detach (PhSignalCall *call, gpointer server);

/* ---- The request ---- */

/* The connection it came on; NULL once that is closed. */
PhSignalConn *ph_signal_call_get_conn (PhSignalCall *call);

/* Who asks, for limits: the other end of the connection or, with @trust_forwarded, the address that
 * the proxy there saw. */
void ph_signal_call_read_address (PhSignalCall *call, gboolean trust_forwarded);
const guint8 *ph_signal_call_get_address (PhSignalCall *call);

/* The bearer token, borrowed; NULL without one. */
const char *ph_signal_call_get_token (PhSignalCall *call);
gboolean ph_signal_call_is_method (PhSignalCall *call, const char *method);

/* Whether its body is more than a request may have, or than there was room for; what was kept of it
 * is then good for nothing. */
gboolean ph_signal_call_is_too_large (PhSignalCall *call);

/* Borrowed; NULL where it is empty. */
const char *ph_signal_call_get_body (PhSignalCall *call, gsize *ret_size);

/* ---- The answer: one for each call, unless it is held until later ---- */

/* Until ph_signal_call_resume. */
void ph_signal_call_pause (PhSignalCall *call);
void ph_signal_call_resume (PhSignalCall *call);

/* Takes @body. */
void ph_signal_call_answer_text (PhSignalCall *call, char *body);

/* @token may be NULL. */
void ph_signal_call_answer_session (PhSignalCall *call,
                                    guint status,
                                    const PhSignalSession *session,
                                    const char *token);

/* What the store says, where it has no session to show: 204 for PH_STORE_OK. */
void ph_signal_call_answer_status (PhSignalCall *call, PhStoreStatus status);

void ph_signal_call_answer_error (PhSignalCall *call,
                                  guint status,
                                  const char *code,
                                  const char *message);
void ph_signal_call_answer_bad_request (PhSignalCall *call, const char *message);
void ph_signal_call_answer_too_large (PhSignalCall *call);
void ph_signal_call_answer_method (PhSignalCall *call, const char *allowed);

/* 429, and in how many seconds to come again. */
void ph_signal_call_answer_too_many (PhSignalCall *call, const char *message, guint retry_s);

G_END_DECLS
