/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "session/ph-host.h"
#include "session/ph-join.h"

#include "ph-secrets.h"

G_BEGIN_DECLS

/* What a person has set, and what a session is begun with because of it. Settings stand in
 * GSettings, where nothing opens anything: the passwords of TURN servers stand in PhSecrets. The
 * main thread. */
#define PH_TYPE_SETTINGS (ph_settings_get_type ())
G_DECLARE_FINAL_TYPE (PhSettings, ph_settings, PH, SETTINGS, GObject)

/* Whether there is a schema for them all, without which GLib ends the program. Errors:
 * PH_ERROR_FAILED, in words that say what to do. */
gboolean ph_settings_check_installed (GError **error);

/* Only where they are installed. */
PhSettings *ph_settings_new (PhSecrets *secrets);

/* For binding to what shows and changes them. Borrowed. */
GSettings *ph_settings_get_gsettings (PhSettings *self);

/* What a session is begun with, either role's. */
typedef struct
{
  char *signal; /* NULL: the Host is its own server */
  char *name;
  PhIceServers *servers;
  gboolean approve_all;
  gboolean allow_unverified;
  char *warning; /* for a person: what had to be left out; NULL: nothing */
} PhPreset;

void ph_preset_free (PhPreset *preset);

/* Fill in what @preset knows of; the rest stays. What is filled in is borrowed from it. */
void ph_preset_fill_host (const PhPreset *preset, PhHostOptions *options);
void ph_preset_fill_join (const PhPreset *preset, PhJoinOptions *options);

/* Reads them all, the passwords too. A list or text that is empty means what the environment says,
 * or what was built in (session/ph-setup.h). A TURN server whose password cannot be had is left
 * out, with a warning. Owned. Errors: PH_ERROR_INVALID (a setting that is wrong, or only relays
 * without a TURN server), in words that say where to mend it; G_IO_ERROR_CANCELLED. */
void ph_settings_load_async (PhSettings *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
PhPreset *ph_settings_load_finish (PhSettings *self, GAsyncResult *result, GError **error);

/* "turn:USER:PASS@HOST…" => "turn:USER@HOST…", as it stands in the settings, and PASS, as it was
 * written; *@ret_password is NULL for a text that has none. Both owned. Errors: PH_ERROR_INVALID,
 * for what is no TURN server with a password or without. */
gboolean ph_turn_split (const char *text, char **ret_server, char **ret_password, GError **error);

/* Owned. @server as ph_turn_split returned it. */
char *ph_turn_join (const char *server, const char *password);

/* Keeps the password of "turn:USER:PASS@HOST…" and then puts the server into the settings, once.
 * Errors: PH_ERROR_INVALID, and those of ph_secrets_store_async. */
void ph_settings_add_turn_async (PhSettings *self,
                                 const char *text,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ph_settings_add_turn_finish (PhSettings *self, GAsyncResult *result, GError **error);

/* Takes @server out of the settings, and then deletes its password. Errors are those of
 * ph_secrets_delete_async. */
void ph_settings_remove_turn_async (PhSettings *self,
                                    const char *server,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean ph_settings_remove_turn_finish (PhSettings *self, GAsyncResult *result, GError **error);

/* "turn:USER@HOST…", as it stands in the settings => with its password, for trying it. Owned.
 * Errors: PH_ERROR_INVALID (its password is not known here), and those of ph_secrets_lookup_async.
 */
void ph_settings_complete_turn_async (PhSettings *self,
                                      const char *server,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
char *ph_settings_complete_turn_finish (PhSettings *self, GAsyncResult *result, GError **error);

/* As it was on the first day, but for the windows' size. Passwords of TURN servers go, too. */
void ph_settings_reset (PhSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhPreset, ph_preset_free)

G_END_DECLS
