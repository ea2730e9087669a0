/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-error.h"
#include "ph-fuzz.h"
#include "transport/ph-ice-servers.h"

/* Any text as a STUN and as a TURN server: of what is refused nothing is kept. */

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  g_autoptr (PhIceServers) copy = NULL;
  g_autoptr (GError) stun_error = NULL;
  g_autoptr (GError) turn_error = NULL;
  gboolean has_turn;

  if (!ph_ice_servers_add_stun (servers, text, &stun_error))
    g_assert_error (stun_error, PH_ERROR, PH_ERROR_INVALID);
  has_turn = ph_ice_servers_add_turn (servers, text, &turn_error);
  if (!has_turn)
    g_assert_error (turn_error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_cmpint (ph_ice_servers_has_turn (servers), ==, has_turn);
  copy = ph_ice_servers_copy (servers);
  g_assert_cmpint (ph_ice_servers_has_turn (copy), ==, has_turn);
  return 0;
}
