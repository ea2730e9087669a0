/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "signaling/ph-signal-client.h"
#include "signaling/ph-signal-server.h"

#include "ph-host-client.h"
#include "ph-host.h"

G_BEGIN_DECLS

/* What the parts of a Host share, and nobody else sees. */

typedef enum
{
  PH_HOST_STARTING, /* servers are looked up, the session is being created */
  PH_HOST_SERVING,
  PH_HOST_ENDING, /* clients say goodbye, the session is deleted */
  PH_HOST_ENDED,
  PH_HOST_N_STATES
} PhHostState;

struct _PhHost
{
  PhHostState state;
  GMainContext *context;
  PhPoll *poll;
  PhRules *rules;
  PhCert *cert;
  PhIceConfig *ice;       /* NULL until looked up */
  PhSignalServer *server; /* NULL where another one is used */
  PhSignalClient *signal;
  PhSignalWatch *watch;
  GCancellable *cancellable;
  GSource *create_timer; /* the session is gone and could not be created again */
  GSource *end_timer;    /* 0 ms: look whether all is over; END_LIMIT_MS: cut calls short */
  gint64 end_limit_us;
  gint64 create_us;       /* when the session was last created */
  gboolean is_creating;   /* … which is under way */
  gboolean has_withdrawn; /* a question went away since somebody was last asked */
  GError *end_error;
  char *name;
  char token[PH_TOKEN_SIZE];
  guint8 secret[PH_SECRET_SIZE];
  guint8 key[PH_KEY_SIZE];
  char id[PH_ID_SIZE];
  guint16 lost_port;        /* not 0: was to be listened on, and is taken; to be told */
  PhSignalSession *created; /* the server's answer, until the ICE servers are known too */
  guint max_clients;
  guint answer_limit_ms;
  guint n_told; /* requests that were turned away, since: */
  gint64 told_since_us;
  gboolean allow_unverified;
  gboolean approve_all;
  gboolean decline_all;
  gboolean is_deleting;
  gboolean is_deleted;
  gboolean is_server_stopping;
  GPtrArray *clients; /* of PhHostClient, that of the open offer among them */
  gboolean is_manual;
  guint offer_life_s;
  GSource *offer_life;
  PhHostClient *offer;  /* borrowed: whose offer is open, or being made; NULL if none is */
  GHashTable *seen;     /* ids of child sessions that are being dealt with */
  GHashTable *nonces;   /* GBytes -> the id of the child it came with */
  PhServices *services; /* as they were set; NULL: what the rules name */
  PhServices *offered;  /* … and allowed; NULL: nothing yet */
  GSource *services_timer;
  gint64 services_us; /* before which Clients are not told again */
  const PhSessionEvents *events;
  gpointer user_data;
};

/* ph-host.c: Clients, what a person does, life */

/* From the first thing that can be joined on. */
void ph_host_serve (PhHost *self);

/* Takes @error; the first one counts. */
void ph_host_end_with (PhHost *self, GError *error);

/* Something that the end waits for may be over. */
void ph_host_look_whether_over (PhHost *self);

/* How the Client that calls itself @name is shown: "anna", and while she is there "anna (2)".
 * Owned. */
char *ph_host_dup_unique_name (PhHost *self, const char *name);

guint ph_host_count_staying (PhHost *self);
guint ph_host_count_questions (PhHost *self);

/* What a new Client is lent. */
PhHostClientEnv ph_host_get_env (PhHost *self);

/* ph-host-session.c: the session on the signaling server, and who joins it */

/* @url NULL: the server runs here. @kept may be NULL. Errors: PH_ERROR_INVALID, PH_ERROR_LISTEN,
 * PH_ERROR_FAILED. */
gboolean ph_host_session_open (PhHost *self, const char *url, const PhKept *kept, GError **error);
void ph_host_session_create (PhHost *self);

/* Once both are there: the session, and the servers that help Clients to connect. */
void ph_host_session_serve_if_ready (PhHost *self);

/* Takes the next step towards the end of it that is due; TRUE when all are done. */
gboolean ph_host_session_continue_ending (PhHost *self);

/* Nothing is heard of it after this. */
void ph_host_session_close (PhHost *self);

/* ph-host-services.c: what Clients are told that is offered */

void ph_host_services_open (PhHost *self);
void ph_host_services_close (PhHost *self);

/* A Client is connected. */
void ph_host_services_greet (PhHost *self, PhHostClient *client);

/* The rules, or what a person has set. */
void ph_host_services_changed (PhHost *self);

/* ph-host-manual.c: the same without a server */

void ph_host_manual_open (PhHost *self, guint offer_life_s);

/* The servers that help Clients to connect are known. */
void ph_host_manual_serve (PhHost *self);

/* See PhHostClientEnv. */
void ph_host_manual_on_offered (PhHostClient *client, const char *text, gpointer user_data);

G_END_DECLS
