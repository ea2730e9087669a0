/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-types.h"

#include "ph-client-view.h"
#include "ph-code-box.h"
#include "ph-connections-view.h"
#include "ph-ended-view.h"
#include "ph-events-view.h"
#include "ph-host-view.h"
#include "ph-pairing-view.h"
#include "ph-session-page.h"
#include "ph-start-page.h"
#include "ph-window.h"

void
ph_types_ensure (void)
{
  g_type_ensure (PH_TYPE_CLIENT_VIEW);
  g_type_ensure (PH_TYPE_CODE_BOX);
  g_type_ensure (PH_TYPE_CONNECTIONS_VIEW);
  g_type_ensure (PH_TYPE_ENDED_VIEW);
  g_type_ensure (PH_TYPE_EVENTS_VIEW);
  g_type_ensure (PH_TYPE_HOST_VIEW);
  g_type_ensure (PH_TYPE_PAIRING_VIEW);
  g_type_ensure (PH_TYPE_SESSION_PAGE);
  g_type_ensure (PH_TYPE_START_PAGE);
  g_type_ensure (PH_TYPE_WINDOW);
}
