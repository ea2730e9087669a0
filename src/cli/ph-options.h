/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "core/ph-command.h"
#include "transport/ph-ice-servers.h"

G_BEGIN_DECLS

/* The options that `host` and `join` share, and the environment variables that do what they do. */
typedef struct
{
  char *signal; /* checked; NULL: none is configured */
  char *name;
  char **stun;
  char **turn;
  gboolean relay_only;
  gboolean allow_unverified;
  gboolean is_json;
  gboolean is_manual; /* no signaling server at all */
  char *log_level;
  char *log_file;
  PhIceServers *servers; /* made by ph_options_finish */
} PhOptions;

void ph_options_clear (PhOptions *options);

/* Adds the options to @command, to be filled into @options. */
void ph_options_add (PhOptions *options, PhCommand *command);

/* The section about the environment. */
void ph_options_add_environment (PhCommand *command);

/* Fills in the environment and the defaults, checks everything, and then begins to log. Errors:
 * PH_ERROR_INVALID. */
gboolean ph_options_finish (PhOptions *options, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhOptions, ph_options_clear)

G_END_DECLS
