/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-number-view.h"

#define GROUP 4
#define FONT_SCALE 1.8 /* in one line where a dialog is as wide as it likes */

struct _PhNumberView
{
  AdwBin parent_instance;

  GtkLabel *label;
  char *number;
};

enum
{
  PROP_NUMBER = 1,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (PhNumberView, ph_number_view, ADW_TYPE_BIN)

static char *
join_digits (const char *number, const char *between_digits, const char *between_groups)
{
  GString *joined = g_string_new (NULL);
  guint n = 0;

  for (; number != NULL && *number != '\0'; number++)
    if (g_ascii_isdigit (*number))
      {
        if (n > 0)
          g_string_append (joined, n % GROUP == 0 ? between_groups : between_digits);
        g_string_append_c (joined, *number);
        n++;
      }
  return g_string_free (joined, FALSE);
}

char *
ph_number_view_dup_shown (const char *number)
{
  return join_digits (number, "", " ");
}

char *
ph_number_view_dup_spoken (const char *number)
{
  return join_digits (number, " ", ", ");
}

void
ph_number_view_set_number (PhNumberView *self, const char *number)
{
  g_autofree char *shown = ph_number_view_dup_shown (number);
  g_autofree char *spoken = ph_number_view_dup_spoken (number);

  g_return_if_fail (PH_IS_NUMBER_VIEW (self));
  if (g_strcmp0 (number, self->number) == 0)
    return;
  g_free (self->number);
  self->number = g_strdup (number);
  gtk_label_set_text (self->label, shown);
  /* After the text, which a label makes its own accessible name. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->label), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  spoken, -1);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NUMBER]);
}

const char *
ph_number_view_get_number (PhNumberView *self)
{
  return self->number;
}

static void
ph_number_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_NUMBER)
    g_value_set_string (value, PH_NUMBER_VIEW (object)->number);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_number_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_NUMBER)
    ph_number_view_set_number (PH_NUMBER_VIEW (object), g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_number_view_dispose (GObject *object)
{
  PhNumberView *self = PH_NUMBER_VIEW (object);

  self->label = NULL; /* the parent's child */
  g_clear_pointer (&self->number, g_free);
  G_OBJECT_CLASS (ph_number_view_parent_class)->dispose (object);
}

static void
ph_number_view_class_init (PhNumberViewClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = ph_number_view_dispose;
  object_class->get_property = ph_number_view_get_property;
  object_class->set_property = ph_number_view_set_property;
  props[PROP_NUMBER] =
      g_param_spec_string ("number", NULL, NULL, NULL,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
ph_number_view_init (PhNumberView *self)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (FONT_SCALE));
  pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  self->label = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_attributes (self->label, attributes);
  gtk_label_set_wrap (self->label, TRUE);
  gtk_label_set_justify (self->label, GTK_JUSTIFY_CENTER);
  gtk_label_set_selectable (self->label, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->label), "monospace");
  gtk_widget_set_direction (GTK_WIDGET (self->label), GTK_TEXT_DIR_LTR);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->label));
}

GtkWidget *
ph_number_view_new (void)
{
  return g_object_new (PH_TYPE_NUMBER_VIEW, NULL);
}
