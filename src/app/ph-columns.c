/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-columns.h"

/* Pixels. */
#define SPACING 24
#define COLUMN_MIN 320
#define COLUMN_NATURAL 420

struct _PhColumns
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (PhColumns, ph_columns, GTK_TYPE_WIDGET)

static GtkWidget *
next_shown (GtkWidget *child)
{
  while (child != NULL && !gtk_widget_should_layout (child))
    child = gtk_widget_get_next_sibling (child);
  return child;
}

static int
count_shown (GtkWidget *self)
{
  int n = 0;

  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (self)); child != NULL;
       child = next_shown (gtk_widget_get_next_sibling (child)))
    n++;
  return n;
}

static int
width_of (int n, int column)
{
  return n * column + MAX (n - 1, 0) * SPACING;
}

/* The width of one of @n children. */
static int
column_width (int n, int width)
{
  if (n < 2 || width < width_of (n, COLUMN_MIN))
    return width;
  return (width - (n - 1) * SPACING) / n;
}

static GtkSizeRequestMode
ph_columns_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure_width (GtkWidget *self, int *minimum, int *natural)
{
  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (self)); child != NULL;
       child = next_shown (gtk_widget_get_next_sibling (child)))
    {
      int child_minimum;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_minimum, NULL, NULL, NULL);
      *minimum = MAX (*minimum, child_minimum);
    }
  *natural = MAX (*minimum, width_of (count_shown (self), COLUMN_NATURAL));
}

/* Above each other, what is empty takes no room. */
static int
height_with_space (int height)
{
  return height > 0 ? height + SPACING : 0;
}

static void
measure_height (GtkWidget *self, int width, int *minimum, int *natural)
{
  int n = count_shown (self);
  int whole = width < 0 ? width_of (n, COLUMN_NATURAL) : width;
  int column = column_width (n, whole);
  gboolean is_stacked = column == whole;

  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (self)); child != NULL;
       child = next_shown (gtk_widget_get_next_sibling (child)))
    {
      int low, good;

      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, column, &low, &good, NULL, NULL);
      *minimum = is_stacked ? *minimum + height_with_space (low) : MAX (*minimum, low);
      *natural = is_stacked ? *natural + height_with_space (good) : MAX (*natural, good);
    }
  *minimum = MAX (*minimum - (is_stacked ? SPACING : 0), 0);
  *natural = MAX (*natural - (is_stacked ? SPACING : 0), 0);
}

static void
ph_columns_measure (GtkWidget *widget,
                    GtkOrientation orientation,
                    int for_size,
                    int *minimum,
                    int *natural,
                    int *minimum_baseline,
                    int *natural_baseline)
{
  *minimum = *natural = 0;
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    measure_width (widget, minimum, natural);
  else
    measure_height (widget, for_size, minimum, natural);
}

/* In the other direction where the language is written so. */
static void
ph_columns_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int column = column_width (count_shown (widget), width);
  GtkAllocation place = { .width = column, .height = height };

  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (widget)); child != NULL;
       child = next_shown (gtk_widget_get_next_sibling (child)))
    {
      GtkAllocation child_place = place;

      if (column == width)
        gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, column, NULL, &child_place.height,
                            NULL, NULL);
      if (is_rtl)
        child_place.x = width - column - place.x;
      gtk_widget_size_allocate (child, &child_place, -1);
      if (column == width)
        place.y += height_with_space (child_place.height);
      else
        place.x += column + SPACING;
    }
}

static void
ph_columns_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (ph_columns_parent_class)->dispose (object);
}

static void
ph_columns_class_init (PhColumnsClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_columns_dispose;
  widget_class->get_request_mode = ph_columns_get_request_mode;
  widget_class->measure = ph_columns_measure;
  widget_class->size_allocate = ph_columns_size_allocate;
}

static void
ph_columns_init (PhColumns *self)
{
}
