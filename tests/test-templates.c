/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "app/ph-application.h"
#include "app/ph-types.h"

/* Makes one of each widget that has a template, and sees to it that GTK has nothing to say about
 * it: a warning ends the test. Needs a display. */

#define ICONS PH_RESOURCES "icons/scalable/actions"

/* The class of a template, between quotes behind `template class=`. Owned, NULL if it is none. */
static char *
dup_template_class (const char *name)
{
  static const char before[] = "<template class=\"";
  g_autofree char *path = g_strconcat (PH_RESOURCES, name, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *text = NULL;
  const char *class;

  g_assert_nonnull (bytes);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  class = strstr (text, before);
  if (class == NULL)
    return NULL;
  class += strlen (before);
  return g_strndup (class, strcspn (class, "\""));
}

static void
let_go (GObject *object)
{
  if (GTK_IS_WINDOW (object))
    gtk_window_destroy (GTK_WINDOW (object));
  g_object_unref (object);
}

static void
test_template (gconstpointer data)
{
  const char *class = data;
  GType type = g_type_from_name (class);

  if (type == G_TYPE_INVALID)
    {
      g_test_message ("src/app/ph-types.c does not make %s known", class);
      g_test_fail ();
      return;
    }
  if (!G_TYPE_IS_ABSTRACT (type))
    let_go (g_object_ref_sink (g_object_new (type, NULL)));
}

/* Through the theme, as a button finds them. */
static void
test_icons (void)
{
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gdk_display_get_default ());
  g_auto (GStrv) names = g_resources_enumerate_children (ICONS, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert_nonnull (names);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      *strrchr (names[i], '.') = '\0';
      if (!gtk_icon_theme_has_icon (theme, names[i]))
        g_error ("GTK does not find %s", names[i]);
    }
}

static void
add_templates (void)
{
  g_auto (GStrv) names =
      g_resources_enumerate_children (PH_RESOURCES, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert_nonnull (names);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autofree char *class =
          g_str_has_suffix (names[i], ".ui") ? dup_template_class (names[i]) : NULL;
      g_autofree char *path = g_strconcat ("/templates/", class, NULL);

      if (class != NULL)
        g_test_add_data_func_full (path, g_steal_pointer (&class), test_template, g_free);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (PhApplication) application = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("GTK_A11Y", "none", TRUE); /* nobody is there to listen */
  g_test_init (&argc, &argv, NULL);    /* from here on a warning is the end */
  if (!gtk_init_check ())
    {
      puts ("1..0 # SKIP there is no display");
      return 0;
    }
  application =
      g_object_new (PH_TYPE_APPLICATION, "application-id", PH_APP_ID, "resource-base-path",
                    "/io/github/porthole/Porthole", "flags", G_APPLICATION_NON_UNIQUE, NULL);
  if (!g_application_register (G_APPLICATION (application), NULL, &error))
    g_error ("%s", error->message);
  ph_types_ensure ();
  g_test_add_func ("/templates/icons", test_icons);
  add_templates ();
  return g_test_run ();
}
