/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

struct _PhWindow
{
  AdwApplicationWindow parent_instance;
};

G_DEFINE_FINAL_TYPE (PhWindow, ph_window, ADW_TYPE_APPLICATION_WINDOW)

static void
ph_window_class_init (PhWindowClass *class)
{
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-window.ui");
}

static void
ph_window_init (PhWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PhWindow *
ph_window_new (PhApplication *application)
{
  return g_object_new (PH_TYPE_WINDOW, "application", application, NULL);
}
