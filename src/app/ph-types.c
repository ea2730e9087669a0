/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-types.h"

#include "ph-block-box.h"
#include "ph-chart.h"
#include "ph-code-box.h"
#include "ph-columns.h"
#include "ph-connection-table.h"
#include "ph-connections-view.h"
#include "ph-events-view.h"
#include "ph-join-card.h"
#include "ph-main-menu.h"
#include "ph-pairing-step.h"
#include "ph-paste-box.h"
#include "ph-qr-code.h"
#include "ph-server-list.h"
#include "ph-service-picker.h"
#include "ph-start-page.h"

void
ph_types_ensure (void)
{
  g_type_ensure (PH_TYPE_BLOCK_BOX);
  g_type_ensure (PH_TYPE_CHART);
  g_type_ensure (PH_TYPE_CODE_BOX);
  g_type_ensure (PH_TYPE_COLUMNS);
  g_type_ensure (PH_TYPE_CONNECTIONS_VIEW);
  g_type_ensure (PH_TYPE_CONNECTION_TABLE);
  g_type_ensure (PH_TYPE_EVENTS_VIEW);
  g_type_ensure (PH_TYPE_JOIN_CARD);
  g_type_ensure (PH_TYPE_MAIN_MENU);
  g_type_ensure (PH_TYPE_PAIRING_STEP);
  g_type_ensure (PH_TYPE_PASTE_BOX);
  g_type_ensure (PH_TYPE_QR_CODE);
  g_type_ensure (PH_TYPE_SERVER_LIST);
  g_type_ensure (PH_TYPE_SERVICE_PICKER);
  g_type_ensure (PH_TYPE_START_PAGE);
}
