/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ph-saved-session.h"
#include "ph-secrets.h"

G_BEGIN_DECLS

/* The sessions that a person saved, a GListModel of PhSavedSession with the one used last first.
 * They stand in `sessions.ini`, which only its owner reads; what opens one stands in PhSecrets.
 * The main thread. */
#define PH_TYPE_SAVED_SESSIONS (ph_saved_sessions_get_type ())
G_DECLARE_FINAL_TYPE (PhSavedSessions, ph_saved_sessions, PH, SAVED_SESSIONS, GObject)

#define PH_SAVED_SESSIONS_MAX 100

/* Empty until loaded. */
PhSavedSessions *ph_saved_sessions_new (const char *folder, PhSecrets *secrets);

/* Once, before all else. What can be understood is there afterwards even when it fails: a file with
 * anything else in it is kept under another name beside it, which @error says (PH_ERROR_INVALID).
 * One that can neither be read nor moved stays, and nothing is written (PH_ERROR_FAILED). */
gboolean ph_saved_sessions_load (PhSavedSessions *self, GError **error);

/* Adds @session, or writes down what has changed in it. Errors: PH_ERROR_FULL, PH_ERROR_FAILED; a
 * new session has not been added then. */
gboolean ph_saved_sessions_save (PhSavedSessions *self, PhSavedSession *session, GError **error);

/* What opens @session, any text: a Client's share code or link; what a Host needs to open its own
 * again. Errors are those of ph_secrets_store_async. */
void ph_saved_sessions_store_secret_async (PhSavedSessions *self,
                                           PhSavedSession *session,
                                           const char *secret,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
gboolean
ph_saved_sessions_store_secret_finish (PhSavedSessions *self, GAsyncResult *result, GError **error);

/* Owned; NULL without an error where none is stored. */
void ph_saved_sessions_lookup_secret_async (PhSavedSessions *self,
                                            PhSavedSession *session,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);
char *ph_saved_sessions_lookup_secret_finish (PhSavedSessions *self,
                                              GAsyncResult *result,
                                              GError **error);

/* Deletes what opens @session, then takes it off the list and emits `forgotten` with it, for those
 * who would write it down once more; as it was where the first fails. Errors: those of
 * ph_secrets_delete_async, PH_ERROR_FAILED. */
void ph_saved_sessions_forget_async (PhSavedSessions *self,
                                     PhSavedSession *session,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean
ph_saved_sessions_forget_finish (PhSavedSessions *self, GAsyncResult *result, GError **error);

G_END_DECLS
