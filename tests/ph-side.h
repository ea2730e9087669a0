/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "session/ph-session.h"

G_BEGIN_DECLS

/* For tests: what one side of a session has heard. Fails the test for anything heard after `ended`.
 */
typedef enum
{
  PH_SIDE_NOWHERE,
  PH_SIDE_SESSION,
  PH_SIDE_BLOCK, /* one to be passed on */
  PH_SIDE_JOIN_REQUEST,
  PH_SIDE_VERIFY,
  PH_SIDE_CONNECTED,
  PH_SIDE_MAPPING,
  PH_SIDE_SERVICES,
  PH_SIDE_CONNECTION,
  PH_SIDE_DISCONNECTED,
  PH_SIDE_WARNING,
  PH_SIDE_ENDED,
  PH_SIDE_N_EVENTS
} PhSideEvent;

typedef struct
{
  guint n[PH_SIDE_N_EVENTS]; /* how often each was heard */
  char *id;
  char *code;
  char *signal; /* the server's URL, through 127.0.0.1 */
  char *block;  /* the one to be passed on now, or NULL */
  char *requested;
  gboolean is_verified;
  char *number;
  char *connected;
  PhPath path;
  char *local; /* of the last mapping */
  PhMappingState mapping_state;
  PhServices *services; /* the last that came */
  guint n_opened;
  guint n_closed;
  PhCloseReason close_reason;
  char *disconnected;
  char *reason;
  char *warning;
  GError *error;

  PhSideEvent hook_at; /* `hook` is called inside of this one */
  void (*hook) (gpointer data);
  gpointer hook_data;
} PhSide;

const PhSessionEvents *ph_side_get_events (void);
void ph_side_clear (PhSide *side);

/* The port of the last mapping. */
guint16 ph_side_get_port (const PhSide *side);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhSide, ph_side_clear)

/* A service that sends back what it gets, in the thread-default context. */
typedef struct
{
  GSocketService *service;
  guint16 port;
  guint n_accepted;
} PhEcho;

void ph_echo_start (PhEcho *echo);
void ph_echo_stop (PhEcho *echo); /* a second time is fine */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhEcho, ph_echo_stop)

/* An application that says "hello" and reads what comes back; one at a time in the default context.
 */
typedef struct
{
  GSocketConnection *connection; /* NULL: not connected */
  char heard[16];
  gboolean has_heard; /* "hello" came back */
  gboolean is_over;   /* ended or failed */
} PhTalk;

/* To 127.0.0.1. */
void ph_talk_start (PhTalk *talk, guint16 port);

/* Hangs up and waits until nothing is under way any more. */
void ph_talk_stop (PhTalk *talk);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhTalk, ph_talk_stop)

/* Lets come home what is due. */
void ph_test_drain (void);

G_END_DECLS
