/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Looks at a request's head on its way to libsoup. Up to 3.2.3 libsoup forgets to free the path of
 * a request whose Content-Length, Transfer-Encoding or Host it refuses: whoever can connect could
 * use up all memory. So what it would refuse there, and what other readers of HTTP could understand
 * otherwise (lines that go on in the next, a length twice), comes to it as a head that it refuses
 * before it has looked at the path: 400.
 *
 * Returns a stream that stands for @stream, of which a reference is taken. Owned. For one request.
 */
GIOStream *ph_signal_head_wrap (GIOStream *stream);

G_END_DECLS
