/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* CRC32C (RFC 9260 appendix A) of @size bytes, with the CPU's own instruction where it has one. The
 * value is in host order; SCTP carries it little-endian. Pure; any thread. */
guint32 ph_crc32c (const guint8 *bytes, gsize size);

/* The same by table on any CPU; here for the test that compares the two. */
guint32 ph_crc32c_by_table (const guint8 *bytes, gsize size);

G_END_DECLS
