/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ph-command.h"

G_BEGIN_DECLS

/* The program porthole-signal: reads its options, serves until SIGINT or SIGTERM, returns its exit
 * status: 0 ended in order, 1 could not listen, 2 bad options. Runs on the default context. */
int ph_daemon_main (int argc, char **argv);

/* What is told of it. Owned. */
PhCommand *ph_daemon_describe (void);

G_END_DECLS
