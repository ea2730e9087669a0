/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes to standard output and error on a thread of its own, in the order given: a reader that
 * stops reading stops nothing else. What waits is bounded. */
typedef struct _PhWriter PhWriter;

#define PH_WRITER_MAX_QUEUE (1024 * 1024) /* bytes that may wait */
#define PH_WRITER_RESERVE (256 * 1024)    /* above it, for what matters */

typedef enum
{
  PH_WRITER_OUT = 1, /* the numbers of the descriptors */
  PH_WRITER_ERR = 2,
} PhWriterStream;

PhWriter *ph_writer_new (void);

/* Waits until all is written, at most half a second for a reader that has stopped; what is left
 * then is lost. */
void ph_writer_free (PhWriter *writer);

/* Takes @text. FALSE: there is no room, it was dropped. The reserve is for what @matters. */
gboolean ph_writer_put (PhWriter *writer, PhWriterStream stream, char *text, gboolean matters);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PhWriter, ph_writer_free)

G_END_DECLS
