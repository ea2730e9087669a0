/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-server-test.h"
#include "ph-snapshot.h"

G_BEGIN_DECLS

/* The transport thread, and sessions by handle. A program with a window must not wait for a network
 * and the network must not wait for a window: so everything networked lives on one thread of its
 * own, commands go in, and events and snapshots come out. One engine serves all sessions of a
 * process, and there is one at a time.
 *
 * A session belongs to the thread it was made on: only that thread calls it, and hears of it in the
 * GMainContext that was its thread-default one then. Nothing here blocks but ph_engine_free. */
typedef struct _PhEngine PhEngine;
typedef struct _PhEngineSession PhEngineSession;

/* Starts the thread. */
PhEngine *ph_engine_new (void);

/* On the thread that made it, after all its sessions have been freed. Waits until those that were
 * still going on have said goodbye, for two seconds at most, and ends the thread. */
void ph_engine_free (PhEngine *engine);

/* What became of a command; @error is NULL if it was done. Not called after the session was freed.
 */
typedef void (*PhEngineDone) (const GError *error, gpointer user_data);

/* @events: as on PhSessionEvents says, but
 * - `connection` does not come and may be NULL: there can be thousands a second, and snapshots show
 *   them, those that were closed lately as well;
 * - `services` may be NULL, too, for snapshots show the same; of lists only the newest waits for a
 *   thread that is busy with something else;
 * - of `warning`, the oldest are left out where more than PH_ENGINE_MAX_WARNINGS wait for a thread
 *   that is busy with something else; everything else comes, in order, but for what is said below;
 * - the session may be freed in any of them, and after `ended`. */
#define PH_ENGINE_MAX_WARNINGS 32

/* Owned by the caller. @options and @rules (NULL-terminated or NULL) are copied. Whoever may want
 * to keep the session's code draws @options->kept itself, so that no secret ever comes back from
 * here; what is to be added to it is the `own_port` of the snapshot. Fails at once for a rule that
 * is none, and for servers that leave no way to connect: PH_ERROR_INVALID. All else that fails is
 * told by `ended`. @events is borrowed until the session is freed. */
PhEngineSession *ph_engine_host (PhEngine *engine,
                                 const PhHostOptions *options,
                                 const char *const *rules,
                                 const PhSessionEvents *events,
                                 gpointer user_data,
                                 GError **error);

/* The same for joining with @code_text, a share code, a link or a bare id; the `code` of @options
 * is not looked at. Without a server (`is_manual`) it is the Host's offer, or NULL where that is to
 * be pasted later. Fails at once for a code, an offer or a mapping that is none, and for servers
 * that leave no way to connect: PH_ERROR_INVALID. */
PhEngineSession *ph_engine_join (PhEngine *engine,
                                 const char *code_text,
                                 const PhJoinOptions *options,
                                 const char *const *mappings,
                                 const PhSessionEvents *events,
                                 gpointer user_data,
                                 GError **error);

/* At any time, inside events as well. Nothing is heard of the session any more; if it has not
 * ended, it is ended in the background. */
void ph_engine_session_free (PhEngineSession *session);

/* Called when there is a new snapshot: at most ten times a second and once more at the end, only
 * when something has changed, before the events of the same moment. NULL: not called. */
void ph_engine_session_set_snapshot_func (PhEngineSession *session,
                                          void (*func) (PhSnapshot *snapshot, gpointer user_data));

/* The latest one; borrowed until the next. Never NULL. */
PhSnapshot *ph_engine_session_get_snapshot (PhEngineSession *session);

/* Commands, in order. @done may be NULL; @user_data is for it. Errors are those of the functions of
 * PhHost and PhJoin with the same names, and PH_ERROR_INVALID for what the other role does, and for
 * everything once the session has ended. */
void ph_engine_session_allow (PhEngineSession *session,
                              const char *rule,
                              PhEngineDone done,
                              gpointer user_data);
void ph_engine_session_deny (PhEngineSession *session,
                             const char *rule,
                             PhEngineDone done,
                             gpointer user_data);

/* As ph_host_set_services; a reference is taken, NULL as there. */
void ph_engine_session_set_services (PhEngineSession *session,
                                     PhServices *services,
                                     PhEngineDone done,
                                     gpointer user_data);
void ph_engine_session_kick (PhEngineSession *session,
                             const char *client,
                             PhEngineDone done,
                             gpointer user_data);
void ph_engine_session_map (PhEngineSession *session,
                            const char *mapping,
                            PhEngineDone done,
                            gpointer user_data);
void ph_engine_session_unmap (PhEngineSession *session,
                              const char *port,
                              PhEngineDone done,
                              gpointer user_data);

/* Without a server. A Host's offers come by `block`, the first one by itself; its person pastes the
 * answer to one. A Client's person pastes an offer, and passes on the answer that comes by `block`.
 */
void ph_engine_session_offer (PhEngineSession *session, PhEngineDone done, gpointer user_data);
void ph_engine_session_paste (PhEngineSession *session,
                              const char *text,
                              PhEngineDone done,
                              gpointer user_data);

/* Answers the open question of @peer (NULL: the oldest, whoever asks): whether it may join, or
 * whether the number is the same. */
void ph_engine_session_answer (PhEngineSession *session,
                               const char *peer,
                               gboolean is_approved,
                               PhEngineDone done,
                               gpointer user_data);

/* `ended` follows within two seconds. */
void ph_engine_session_end (PhEngineSession *session);

/* As ph_server_test_async, on the transport thread; @callback is called on this one, in its
 * thread-default GMainContext. Ends with G_IO_ERROR_CANCELLED when the engine is freed. */
void ph_engine_test_server_async (PhEngine *engine,
                                  PhServerKind kind,
                                  const char *text,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
char *ph_engine_test_server_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhEngine, ph_engine_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhEngineSession, ph_engine_session_free)

G_END_DECLS
