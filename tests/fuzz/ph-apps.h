/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/ph-frame.h"
#include "ph-hostile-peer.h"

G_BEGIN_DECLS

/* An application's or a service's end of a connection. */
typedef struct
{
  GSocket *socket;
  PhFrameName name; /* all 0 where it is not known */
  guint8 next_byte;
  PhOrderCheck order;
} PhApp;

/* Writes @size bytes, at most 65536, or what fits. They count up. */
void ph_app_write (PhApp *app, gsize size);

/* Binds a port on all interfaces; nobody can connect unless it @listens. Small buffers. */
GSocket *ph_apps_bind (gboolean listens, guint16 *ret_port);

/* Two ends of a connection of this process, the returned one as if it had been accepted. */
GSocket *ph_apps_connect (GSocket **ret_app);

G_END_DECLS
