/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The head of an HTTP/1 request, read line by line before the HTTP library sees any of it. Taken is
 * what RFC 9112 allows a client to send and every reader understands in the same way; refused are
 *
 * - bare CR or LF, folded lines, NUL and other control characters, space before a colon;
 * - more than one Host, Content-Length or Transfer-Encoding; both of the latter; a length that is
 *   not digits; an encoding other than "chunked" (libsoup 3.2 leaks the path of such a request);
 * - more than PH_SIGNAL_HEAD_MAX bytes or PH_SIGNAL_HEAD_MAX_FIELDS fields, which in memory are
 * many times what they were on the wire.
 *
 * No sockets. Counted references, for the stream that reads and the connection that is asked about
 * it have ends of their own. */
typedef struct _PhSignalHead PhSignalHead;

#define PH_SIGNAL_HEAD_MAX 8192
#define PH_SIGNAL_HEAD_MAX_FIELDS 100

typedef enum
{
  PH_SIGNAL_HEAD_MORE,      /* so far, so good */
  PH_SIGNAL_HEAD_DONE,      /* whole and good: what follows is the body, and is not looked at */
  PH_SIGNAL_HEAD_BAD,       /* 400 */
  PH_SIGNAL_HEAD_TOO_LARGE, /* 431 (RFC 6585) */
} PhSignalHeadState;

PhSignalHead *ph_signal_head_new (void);
PhSignalHead *ph_signal_head_ref (PhSignalHead *head);
void ph_signal_head_unref (PhSignalHead *head);

/* The next @size bytes as they came, and where that leads. DONE, BAD and TOO_LARGE are final. */
PhSignalHeadState ph_signal_head_take (PhSignalHead *head, const void *bytes, gsize size);

/* No more bytes will come: what has begun and has no end is BAD (RFC 9112, 8). */
PhSignalHeadState ph_signal_head_end (PhSignalHead *head);

PhSignalHeadState ph_signal_head_get_state (PhSignalHead *head);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhSignalHead, ph_signal_head_unref)

G_END_DECLS
