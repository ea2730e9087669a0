/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "app/ph-application.h"
#include "app/ph-types.h"

/* Makes one of each widget that has a template, and sees to it that GTK has nothing to say about
 * it: a warning ends the test. Needs a display. */

#define ICONS PH_RESOURCES "icons/scalable/actions"

/* Owned. */
static char *
dup_text (const char *name)
{
  g_autofree char *path = g_strconcat (PH_RESOURCES, name, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert_nonnull (bytes);
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* What stands between @before and the next quote, from *@text on, which goes there. Owned; NULL if
 * there is none. */
static char *
dup_next (const char **text, const char *before)
{
  const char *found = strstr (*text, before);

  if (found == NULL)
    return NULL;
  found += strlen (before);
  *text = found + strcspn (found, "\"");
  return g_strndup (found, (gsize)(*text - found));
}

/* A widget of ours that a template names has to be known before the template is read. */
static void
check_known (const char *text, const char *name)
{
  char *class;

  while ((class = dup_next (&text, "<object class=\"")) != NULL)
    {
      if (g_str_has_prefix (class, "Ph") && g_type_from_name (class) == G_TYPE_INVALID)
        g_error ("%s names %s, which src/app/ph-types.c does not make known", name, class);
      g_free (class);
    }
}

static void
let_go (GObject *object)
{
  if (GTK_IS_WINDOW (object))
    gtk_window_destroy (GTK_WINDOW (object));
  g_object_unref (object);
}

/* The class is found by the name of its _get_type (), which is why this program exports it. */
static void
test_template (gconstpointer data)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new ();
  GType type = gtk_builder_get_type_from_name (builder, data);

  g_assert_true (g_type_is_a (type, GTK_TYPE_WIDGET));
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
add_template (const char *name)
{
  g_autofree char *text = dup_text (name);
  const char *head = text;
  g_autofree char *class = dup_next (&head, "<template class=\"");
  g_autofree char *path = g_strconcat ("/templates/", class, NULL);

  check_known (text, name);
  if (class != NULL)
    g_test_add_data_func_full (path, g_steal_pointer (&class), test_template, g_free);
}

static void
add_templates (void)
{
  g_auto (GStrv) names =
      g_resources_enumerate_children (PH_RESOURCES, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert_nonnull (names);
  for (gsize i = 0; names[i] != NULL; i++)
    if (g_str_has_suffix (names[i], ".ui"))
      add_template (names[i]);
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
