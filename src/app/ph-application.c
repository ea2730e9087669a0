/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-application.h"

#include "ph-types.h"
#include "ph-window.h"

struct _PhApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (PhApplication, ph_application, ADW_TYPE_APPLICATION)

static void
ph_application_activate (GApplication *application)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (application));

  if (window == NULL)
    window = GTK_WINDOW (ph_window_new (PH_APPLICATION (application)));
  gtk_window_present (window);
}

static void
ph_application_class_init (PhApplicationClass *class)
{
  G_APPLICATION_CLASS (class)->activate = ph_application_activate;
}

static void
ph_application_init (PhApplication *self)
{
}

int
ph_application_main (int argc, char **argv)
{
  g_autoptr (PhApplication) application =
      g_object_new (PH_TYPE_APPLICATION, "application-id", PH_APP_ID, "resource-base-path",
                    "/io/github/porthole/Porthole", NULL);

  ph_types_ensure ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
