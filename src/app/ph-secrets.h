/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What only its owner may read: TURN passwords, and what opens a saved session. Kept by the
 * desktop's Secret Service; where there is none, or it does not answer, or in portable mode, in a
 * file only its owner reads. A secret has a kind, a word, and within it an id, any text.
 *
 * Nothing here blocks but the reading and writing of that one small file. A Secret Service that has
 * not answered in time, waiting for a person to unlock it perhaps, is left alone for as long as the
 * program runs. The main thread. */
#define PH_TYPE_SECRETS (ph_secrets_get_type ())
G_DECLARE_FINAL_TYPE (PhSecrets, ph_secrets, PH, SECRETS, GObject)

#define PH_SECRETS_LIMIT_MS 25000 /* time for a person to type a password */
#define PH_SECRETS_MAX_BYTES 4096 /* of an id, or of a secret */

/* The file is @folder's `secrets.ini`. */
PhSecrets *ph_secrets_new (const char *folder, gboolean use_service);

/* For tests: how long the service may take. */
void ph_secrets_set_limit (PhSecrets *self, guint limit_ms);

/* @label: what the desktop's own password manager shows, translated. Errors: PH_ERROR_INVALID (too
 * long, or no UTF-8), PH_ERROR_REFUSED (the keyring stayed locked), PH_ERROR_FAILED;
 * G_IO_ERROR_CANCELLED. */
void ph_secrets_store_async (PhSecrets *self,
                             const char *kind,
                             const char *id,
                             const char *label,
                             const char *secret,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ph_secrets_store_finish (PhSecrets *self, GAsyncResult *result, GError **error);

/* Owned; NULL without an error where there is no such secret, which is not said of one that may be
 * in a keyring that is locked or silent: that is PH_ERROR_REFUSED. Other errors as above. */
void ph_secrets_lookup_async (PhSecrets *self,
                              const char *kind,
                              const char *id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
char *ph_secrets_lookup_finish (PhSecrets *self, GAsyncResult *result, GError **error);

/* It is no error if there is none, which again is not said of a keyring that is locked or silent.
 * Errors as above. */
void ph_secrets_delete_async (PhSecrets *self,
                              const char *kind,
                              const char *id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean ph_secrets_delete_finish (PhSecrets *self, GAsyncResult *result, GError **error);

G_END_DECLS
