/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "session/ph-engine.h"

#include "ph-awake.h"
#include "ph-background.h"
#include "ph-notices.h"
#include "ph-saved-sessions.h"
#include "ph-settings.h"

G_BEGIN_DECLS

#define PH_APP_ID "io.github.porthole.Porthole"
#define PH_RESOURCES "/io/github/porthole/Porthole/"

#define PH_TYPE_APPLICATION (ph_application_get_type ())
G_DECLARE_FINAL_TYPE (PhApplication, ph_application, PH, APPLICATION, AdwApplication)

/* What all windows share; borrowed. */
PhEngine *ph_application_get_engine (PhApplication *application);
PhSettings *ph_application_get_settings (PhApplication *application);
PhSavedSessions *ph_application_get_saved (PhApplication *application);
PhNotices *ph_application_get_notices (PhApplication *application);
PhAwake *ph_application_get_awake (PhApplication *application);
PhBackground *ph_application_get_background (PhApplication *application);

/* The whole program; returns its exit status. */
int ph_application_main (int argc, char **argv);

G_END_DECLS
