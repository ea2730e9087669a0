/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "session/ph-engine.h"

G_BEGIN_DECLS

#define PH_APP_ID "io.github.porthole.Porthole"
#define PH_RESOURCES "/io/github/porthole/Porthole/"

#define PH_TYPE_APPLICATION (ph_application_get_type ())
G_DECLARE_FINAL_TYPE (PhApplication, ph_application, PH, APPLICATION, AdwApplication)

/* Borrowed. */
PhEngine *ph_application_get_engine (PhApplication *application);

/* The whole program; returns its exit status. */
int ph_application_main (int argc, char **argv);

G_END_DECLS
