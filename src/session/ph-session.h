/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "transport/ph-ice.h"
#include "tunnel/ph-mux.h"

#include "ph-service.h"

G_BEGIN_DECLS

/* What Host and Client tell whoever shows a session. */

typedef enum
{
  PH_SESSION_HOST,
  PH_SESSION_CLIENT,
} PhSessionRole;

typedef enum
{
  PH_SESSION_STARTING,   /* the signaling server is being asked, or an offer is to be pasted */
  PH_SESSION_WAITING,    /* Host: for Clients; Client: for the Host to let it in */
  PH_SESSION_CONNECTING, /* looking for a path */
  PH_SESSION_CONNECTED,  /* Host: somebody is */
  PH_SESSION_ENDED,
} PhSessionState;

/* How far the other side has come. */
typedef enum
{
  PH_STAGE_ASKING, /* a person is asked whether to let it in */
  PH_STAGE_CONNECTING,
  PH_STAGE_CONNECTED,
  PH_STAGE_LEAVING,
} PhPeerStage;

/* A Host's session, for passing on. */
typedef struct
{
  const char *id;
  const char *code;
  const char *link;
  const char *signal;            /* the signaling server's URL */
  guint16 own_port;              /* not 0: the server is the Host's own, on this port */
  const char *const *more_links; /* through this machine's other addresses; NULL-terminated */
} PhSessionInfo;

typedef enum
{
  PH_MAPPING_LISTENING,
  PH_MAPPING_FAILED,
  PH_MAPPING_REMOVED,
} PhMappingState;

/* All strings are borrowed for the call; names and words of other people are safe to show. Every
 * entry must be set. A session's owner may call back into it from any of them, but frees it only
 * after `ended`, and not inside. */
typedef struct
{
  /* Host: the session is there, or there again at a new place. */
  void (*session) (const PhSessionInfo *info, gpointer user_data);

  /* Without a server: text to be passed on to the other person, a Host's offer or a Client's
   * answer; NULL once it is of no use any more, being answered, too old or replaced. */
  void (*block) (const char *text, gpointer user_data);

  /* Host: somebody asks to join, verified by the share code or not. */
  void (*join_request) (const char *client, gboolean is_verified, gpointer user_data);

  /* Twelve digits for two people to compare, where no share code vouches for the other side. */
  void (*verify) (const char *peer, const char *number, gpointer user_data);

  void (*connected) (const char *peer, const PhPath *path, gpointer user_data);

  /* Client: what became of a mapping. @message says what is wrong, or is NULL. */
  void (*mapping) (const char *local,
                   const char *remote,
                   PhMappingState state,
                   const char *message,
                   gpointer user_data);

  /* Client: what the Host offers, all of it, whenever that has changed. At first it is nothing, and
   * so it stays with one that does not say. Twice a second at most. */
  void (*services) (PhServices *services, gpointer user_data);

  /* A TCP connection was opened, or closed. @peer: whose. */
  void (*connection) (const char *peer,
                      const PhConnectionInfo *info,
                      gboolean is_open,
                      gpointer user_data);

  /* Once for each `connected`, and for each join request that led to nothing. @reason is a word:
   * "ended", "kicked", "declined", "left" (it went before it was connected), or an error's name. */
  void (*disconnected) (const char *peer, const char *reason, gpointer user_data);

  /* Something a person should know; the session goes on. @code is a word. */
  void (*warning) (const char *code, const char *message, gpointer user_data);

  /* The last that is heard, once. NULL: it was ended by a person on this side. */
  void (*ended) (const GError *error, gpointer user_data);
} PhSessionEvents;

G_END_DECLS
