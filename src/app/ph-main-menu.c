/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-main-menu.h"

#include "ph-application.h"

struct _PhMainMenu
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (PhMainMenu, ph_main_menu, ADW_TYPE_BIN)

static void
ph_main_menu_class_init (PhMainMenuClass *class)
{
  gtk_widget_class_set_template_from_resource (GTK_WIDGET_CLASS (class),
                                               PH_RESOURCES "ph-main-menu.ui");
}

static void
ph_main_menu_init (PhMainMenu *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
