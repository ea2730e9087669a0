/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ph-signal-head.h"

G_BEGIN_DECLS

/* A stream like @stream (plain or TLS) whose reader sees a request's bytes only as long as @head
 * takes them: at the first that it does not, or where the head breaks off, 400 or 431 is answered
 * and reading fails. It also fails where a request has no end, and lets others have their turn
 * while one pours. Both are referenced; @stream is closed when this one goes. */
GIOStream *ph_signal_guard_new (GIOStream *stream, PhSignalHead *head);

/* What it answered: 400, 431 or 0. */
guint ph_signal_guard_status (PhSignalHead *head);

G_END_DECLS
