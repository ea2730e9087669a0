/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-segments.h"

PhSegmentsStatus
ph_segments_send (GSocket *socket,
                  GSocketAddress *to,
                  const guint8 *bytes,
                  gsize size,
                  guint16 segment_size)
{
  return PH_SEGMENTS_IMPOSSIBLE;
}
