/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-chart.h"

#include "ph-traffic.h"
#include "ph-words.h"

#include "core/ph-timer.h"

#include <glib/gi18n.h>
#include <math.h>

#define REDRAW_US (G_USEC_PER_SEC / 10)
#define DESCRIBE_US (5 * G_USEC_PER_SEC)
#define NOT_READING -1

#define GAP 6. /* pixels, as all lengths here */
#define SWATCH 24.
#define LINE 2.
#define DOT 4.
#define CORNER 6.f
#define SMALL 0.85 /* of the font's size */
#define FAINT 0.12
#define DIM 0.7

/* What a quiet session says to stay alive does not fill a chart. */
#define LOWEST_AXIS 10000

struct _PhChart
{
  GtkWidget parent_instance;

  PhChartPoints points;
  int reading; /* how many points before the newest, or NOT_READING */
  GSource *redraw;
  gint64 drawn_us; /* when points were last drawn */
  gint64 described_us;
  char *description;
};

G_DEFINE_FINAL_TYPE (PhChart, ph_chart, GTK_TYPE_WIDGET)

/* The part of the widget inside the axes, and what of a session it shows. */
typedef struct
{
  double x, y, width, height;
  guint64 step; /* between grid lines */
  guint n_steps;
  gboolean is_rtl; /* time runs to the left, the axis stands on the right */
} Plot;

typedef struct
{
  const char *name;
  const double *values;
  GdkRGBA color;
  gboolean is_dashed;
} Series;

/* --- where things are ------------------------------------------------------------------------- */

static PangoLayout *
make_text (PhChart *self, const char *text, double scale)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);

  pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  pango_attr_list_insert (attributes, pango_attr_font_features_new ("tnum=1"));
  pango_layout_set_attributes (layout, attributes);
  return layout;
}

static char *
dup_axis_text (const Plot *plot, guint i)
{
  return i == 0 ? g_strdup ("0") : ph_words_dup_rate (i * plot->step);
}

/* Of the widest words along the axis, and the height of any. */
static void
measure_axis_text (PhChart *self, const Plot *plot, int *ret_width, int *ret_height)
{
  *ret_width = 0;
  for (guint i = 0; i <= plot->n_steps; i++)
    {
      g_autofree char *text = dup_axis_text (plot, i);
      g_autoptr (PangoLayout) layout = make_text (self, text, SMALL);
      int width;

      pango_layout_get_pixel_size (layout, &width, ret_height);
      *ret_width = MAX (*ret_width, width);
    }
}

static int
line_height (PhChart *self)
{
  g_autoptr (PangoLayout) layout = make_text (self, "0", 1);
  int height;

  pango_layout_get_pixel_size (layout, NULL, &height);
  return height;
}

/* Below the legend, above the words for the time. */
static Plot
make_plot (PhChart *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  guint64 max = (guint64)ceil (ph_chart_points_max (&self->points)), end;
  int axis_width, axis_height;
  Plot plot;

  end = ph_traffic_get_axis (MAX (max, LOWEST_AXIS), &plot.step);
  plot.n_steps = (guint)(end / plot.step);
  plot.is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  measure_axis_text (self, &plot, &axis_width, &axis_height);
  plot.x = plot.is_rtl ? GAP : axis_width + 2 * GAP;
  plot.y = line_height (self) + axis_height / 2. + 2 * GAP;
  plot.width = MAX (gtk_widget_get_width (widget) - axis_width - 3 * GAP, 1);
  plot.height = MAX (gtk_widget_get_height (widget) - plot.y - axis_height - 2 * GAP, 1);
  return plot;
}

static double
x_of_age (const Plot *plot, double age_s)
{
  double age = age_s / PH_CHART_SECONDS * plot->width;

  return plot->is_rtl ? plot->x + age : plot->x + plot->width - age;
}

static double
age_of_x (const Plot *plot, double x)
{
  double age = plot->is_rtl ? x - plot->x : plot->x + plot->width - x;

  return age / plot->width * PH_CHART_SECONDS;
}

static double
y_of_value (const Plot *plot, double value)
{
  return plot->y + plot->height * (1 - value / (double)(plot->step * plot->n_steps));
}

/* The middle of the device pixel at @position, where a thin line is sharp. */
static double
sharp (double position)
{
  return floor (position) + 0.5;
}

/* --- colours ---------------------------------------------------------------------------------- */

static GdkRGBA
text_color (PhChart *self, double alpha)
{
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  color.alpha *= (float)alpha;
  return color;
}

static GdkRGBA
named_color (PhChart *self, const char *name)
{
  GdkRGBA color;

  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (GTK_WIDGET (self)), name,
                                       &color))
    color = text_color (self, 1);
  return color;
}

/* Light words mean a dark style, whoever chose it. */
static gboolean
is_dark (PhChart *self)
{
  GdkRGBA text = text_color (self, 1);

  return 0.299f * text.red + 0.587f * text.green + 0.114f * text.blue > 0.5f;
}

static void
get_series (PhChart *self, Series ret_series[2])
{
  ret_series[0] = (Series){ _ ("In"), self->points.in, named_color (self, "accent_color"), FALSE };
  ret_series[1] = (Series){ _ ("Out"), self->points.out,
                            named_color (self, is_dark (self) ? "orange_2" : "orange_5"), TRUE };
}

/* --- drawing ---------------------------------------------------------------------------------- */

static void
append_text (GtkSnapshot *snapshot, PangoLayout *layout, double x, double y, const GdkRGBA *color)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float)round (x), (float)round (y)));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

static void
set_line (cairo_t *cr, const Series *series)
{
  static const double dashes[] = { 5, 3 };

  gdk_cairo_set_source_rgba (cr, &series->color);
  cairo_set_line_width (cr, LINE);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash (cr, dashes, series->is_dashed ? G_N_ELEMENTS (dashes) : 0, 0);
}

/* Rounded between points, yet never above the higher nor below the lower of two. */
static void
trace_values (PhChart *self, const Plot *plot, const double *values, cairo_t *cr)
{
  double last_x = 0, last_y = 0;

  for (guint i = 0; i < self->points.n; i++)
    {
      double x = x_of_age (plot, ph_chart_points_age (&self->points, i));
      double y = y_of_value (plot, values[i]);

      if (i == 0)
        cairo_move_to (cr, x, y);
      else
        cairo_curve_to (cr, (last_x + x) / 2, last_y, (last_x + x) / 2, y, x, y);
      last_x = x;
      last_y = y;
    }
}

static void
draw_series (PhChart *self, const Plot *plot, const Series *series, cairo_t *cr)
{
  const PhChartPoints *points = &self->points;
  double base = plot->y + plot->height;

  if (points->n == 0)
    return;
  if (!series->is_dashed)
    {
      GdkRGBA fill = series->color;

      fill.alpha *= 0.25f;
      trace_values (self, plot, series->values, cr);
      cairo_line_to (cr, x_of_age (plot, 0), base);
      cairo_line_to (cr, x_of_age (plot, ph_chart_points_age (points, 0)), base);
      gdk_cairo_set_source_rgba (cr, &fill);
      cairo_fill (cr);
    }
  trace_values (self, plot, series->values, cr);
  set_line (cr, series);
  cairo_stroke (cr);
}

static void
draw_grid (PhChart *self, const Plot *plot, cairo_t *cr)
{
  GdkRGBA color = text_color (self, FAINT);

  gdk_cairo_set_source_rgba (cr, &color);
  cairo_set_line_width (cr, 1);
  for (guint i = 0; i <= plot->n_steps; i++)
    {
      double y = sharp (y_of_value (plot, (double)(i * plot->step)));

      cairo_move_to (cr, plot->x, y);
      cairo_line_to (cr, plot->x + plot->width, y);
    }
  cairo_stroke (cr);
}

static void
append_plot (PhChart *self, const Plot *plot, const Series *series, GtkSnapshot *snapshot)
{
  graphene_rect_t bounds =
      GRAPHENE_RECT_INIT ((float)plot->x, (float)(plot->y - LINE), (float)plot->width,
                          (float)(plot->height + 2 * LINE));
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &bounds);

  draw_grid (self, plot, cr);
  for (guint i = 0; i < 2; i++)
    draw_series (self, plot, &series[i], cr);
  cairo_destroy (cr);
}

static void
append_axis_texts (PhChart *self, const Plot *plot, GtkSnapshot *snapshot)
{
  GdkRGBA color = text_color (self, DIM);

  for (guint i = 0; i <= plot->n_steps; i++)
    {
      g_autofree char *text = dup_axis_text (plot, i);
      g_autoptr (PangoLayout) layout = make_text (self, text, SMALL);
      int width, height;

      pango_layout_get_pixel_size (layout, &width, &height);
      append_text (snapshot, layout,
                   plot->is_rtl ? plot->x + plot->width + GAP : plot->x - GAP - width,
                   y_of_value (plot, (double)(i * plot->step)) - height / 2., &color);
    }
}

static void
append_time_texts (PhChart *self, const Plot *plot, GtkSnapshot *snapshot)
{
  GdkRGBA color = text_color (self, DIM);

  for (int age_s = PH_CHART_SECONDS; age_s >= 0; age_s -= PH_CHART_SECONDS / 2)
    {
      g_autofree char *text =
          age_s == 0 ? g_strdup (_ ("now")) : g_strdup_printf (_ ("%d\u00a0s"), age_s);
      g_autoptr (PangoLayout) layout = make_text (self, text, SMALL);
      int width, height;
      double x;

      pango_layout_get_pixel_size (layout, &width, &height);
      x = x_of_age (plot, age_s) - width / 2.;
      append_text (snapshot, layout, CLAMP (x, plot->x, plot->x + plot->width - width),
                   plot->y + plot->height + GAP, &color);
    }
}

/* A piece of the line, its name and its current value, after @offset pixels; how far it reaches. */
static double
append_legend (PhChart *self,
               const Plot *plot,
               const Series *series,
               double offset,
               GtkSnapshot *snapshot)
{
  guint n = self->points.n;
  GdkRGBA color = text_color (self, 1);
  g_autofree char *rate = ph_words_dup_rate (n > 0 ? (guint64)series->values[n - 1] : 0);
  g_autofree char *text = g_strdup_printf ("%s\u2002%s", series->name, rate);
  g_autoptr (PangoLayout) layout = make_text (self, text, 1);
  int width, height, total = gtk_widget_get_width (GTK_WIDGET (self));
  graphene_rect_t bounds;
  double x;
  cairo_t *cr;

  pango_layout_get_pixel_size (layout, &width, &height);
  x = plot->is_rtl ? total - offset - SWATCH : offset;
  bounds = GRAPHENE_RECT_INIT ((float)x, (float)GAP, SWATCH, (float)height);
  cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  cairo_move_to (cr, x, GAP + height / 2);
  cairo_line_to (cr, x + SWATCH, GAP + height / 2);
  set_line (cr, series);
  cairo_stroke (cr);
  cairo_destroy (cr);
  append_text (snapshot, layout, plot->is_rtl ? x - GAP - width : x + SWATCH + GAP, GAP, &color);
  return offset + SWATCH + GAP + width;
}

static void
draw_reading_point (PhChart *self,
                    const Plot *plot,
                    const Series *series,
                    double x,
                    guint i,
                    cairo_t *cr)
{
  GdkRGBA color = text_color (self, DIM);

  gdk_cairo_set_source_rgba (cr, &color);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, sharp (x), plot->y);
  cairo_line_to (cr, sharp (x), plot->y + plot->height);
  cairo_stroke (cr);
  for (guint s = 0; s < 2; s++)
    {
      cairo_arc (cr, x, y_of_value (plot, series[s].values[i]), DOT, 0, 2 * G_PI);
      gdk_cairo_set_source_rgba (cr, &series[s].color);
      cairo_fill (cr);
    }
}

/* The words in a box like a tooltip's, beside the line as far as there is room. */
static void
append_reading_text (PhChart *self, const Plot *plot, double x, guint i, GtkSnapshot *snapshot)
{
  const GdkRGBA ground = { 0, 0, 0, 1 }, white = { 1, 1, 1, 1 };
  g_autofree char *text = ph_chart_points_dup_reading (&self->points, i);
  g_autoptr (PangoLayout) layout = make_text (self, text, 1);
  int width, height;
  double left, total = gtk_widget_get_width (GTK_WIDGET (self));
  graphene_rect_t box;
  GskRoundedRect outline;

  pango_layout_get_pixel_size (layout, &width, &height);
  left = x - width / 2. - GAP;
  left = round (MAX (MIN (left, total - width - 2 * GAP), 0));
  box = GRAPHENE_RECT_INIT ((float)left, 0, (float)(width + 2 * GAP), (float)(height + 2 * GAP));
  gsk_rounded_rect_init_from_rect (&outline, &box, CORNER);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, &ground, &box);
  append_text (snapshot, layout, left + GAP, GAP, &white);
  gtk_snapshot_pop (snapshot);
}

/* Which point is read, or -1. */
static int
reading_point (PhChart *self)
{
  return self->reading == NOT_READING ? -1 : (int)self->points.n - 1 - self->reading;
}

static void
append_reading (PhChart *self, const Plot *plot, const Series *series, GtkSnapshot *snapshot)
{
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, (float)(plot->y - DOT),
                                               (float)gtk_widget_get_width (GTK_WIDGET (self)),
                                               (float)(plot->height + 2 * DOT));
  int i = reading_point (self);
  cairo_t *cr;
  double x;

  if (i < 0)
    return;
  x = x_of_age (plot, ph_chart_points_age (&self->points, (guint)i));
  cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  draw_reading_point (self, plot, series, x, (guint)i, cr);
  cairo_destroy (cr);
  append_reading_text (self, plot, x, (guint)i, snapshot);
}

static void
append_focus (PhChart *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GdkRGBA color = named_color (self, "accent_color");
  GskRoundedRect outline;

  if (!gtk_widget_has_visible_focus (widget))
    return;
  color.alpha *= 0.5f;
  gsk_rounded_rect_init_from_rect (&outline,
                                   &GRAPHENE_RECT_INIT (0, 0, (float)gtk_widget_get_width (widget),
                                                        (float)gtk_widget_get_height (widget)),
                                   CORNER);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 2, 2, 2, 2 },
                              (GdkRGBA[4]){ color, color, color, color });
}

static void
ph_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PhChart *self = PH_CHART (widget);
  Plot plot = make_plot (self);
  Series series[2];
  double offset;

  get_series (self, series);
  append_plot (self, &plot, series, snapshot);
  append_axis_texts (self, &plot, snapshot);
  append_time_texts (self, &plot, snapshot);
  offset = append_legend (self, &plot, &series[0], GAP, snapshot);
  append_legend (self, &plot, &series[1], offset + 3 * GAP, snapshot);
  append_reading (self, &plot, series, snapshot);
  append_focus (self, snapshot);
}

static void
ph_chart_measure (GtkWidget *widget,
                  GtkOrientation orientation,
                  int for_size,
                  int *minimum,
                  int *natural,
                  int *minimum_baseline,
                  int *natural_baseline)
{
  int line = line_height (PH_CHART (widget));

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = 16 * line;
      *natural = 30 * line;
    }
  else
    {
      *minimum = 8 * line;
      *natural = 12 * line;
    }
}

/* --- what is heard and read ------------------------------------------------------------------- */

static void
describe (PhChart *self, gint64 now_us)
{
  int i = reading_point (self);
  g_autofree char *text = i < 0 ? ph_chart_points_dup_summary (&self->points)
                                : ph_chart_points_dup_spoken (&self->points, (guint)i);

  self->described_us = now_us;
  if (g_strcmp0 (text, self->description) == 0)
    return;
  g_free (self->description);
  self->description = g_steal_pointer (&text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  self->description, -1);
}

/* Reads @reading points before the newest, as far as there are any. */
static void
set_reading (PhChart *self, int reading)
{
  int n = (int)self->points.n;

  reading = reading == NOT_READING || n == 0 ? NOT_READING : CLAMP (reading, 0, n - 1);
  if (reading == self->reading)
    return;
  self->reading = reading;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  describe (self, g_get_monotonic_time ());
}

static void
read_at (PhChart *self, double x)
{
  Plot plot = make_plot (self);
  int i = ph_chart_points_find (&self->points, age_of_x (&plot, x));

  set_reading (self, i < 0 ? NOT_READING : (int)self->points.n - 1 - i);
}

static void
on_motion (PhChart *self, double x, double y)
{
  read_at (self, x);
}

static void
on_leave (PhChart *self)
{
  set_reading (self, NOT_READING);
}

/* Touch has no pointer that hovers. */
static void
on_pressed (PhChart *self, int n_press, double x, double y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  read_at (self, x);
}

static gboolean
on_key (PhChart *self, guint key, guint code, GdkModifierType state)
{
  gboolean is_rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gboolean is_left = key == GDK_KEY_Left || key == GDK_KEY_KP_Left;
  gboolean is_right = key == GDK_KEY_Right || key == GDK_KEY_KP_Right;

  if ((state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  if (is_left || is_right)
    {
      if (self->reading == NOT_READING)
        set_reading (self, 0);
      else
        set_reading (self, MAX (self->reading + (is_left != is_rtl ? 1 : -1), 0));
    }
  else if (key == GDK_KEY_Home || key == GDK_KEY_KP_Home)
    set_reading (self, PH_CHART_MAX_POINTS);
  else if (key == GDK_KEY_End || key == GDK_KEY_KP_End)
    set_reading (self, 0);
  else if (key == GDK_KEY_Escape && self->reading != NOT_READING)
    set_reading (self, NOT_READING);
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

/* --- new points ------------------------------------------------------------------------------- */

static gboolean
on_redraw (gpointer user_data)
{
  PhChart *self = user_data;
  gint64 now_us = g_get_monotonic_time ();

  self->drawn_us = now_us;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (now_us - self->described_us >= DESCRIBE_US)
    describe (self, now_us);
  return G_SOURCE_CONTINUE;
}

void
ph_chart_set_points (PhChart *self, const double *in, const double *out, guint n, double interval_s)
{
  g_return_if_fail (PH_IS_CHART (self));
  ph_chart_points_set (&self->points, in, out, n, interval_s);
  if (self->reading >= (int)self->points.n)
    set_reading (self, NOT_READING);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    ph_timer_arm_at (self->redraw, self->drawn_us + REDRAW_US);
}

static void
ph_chart_map (GtkWidget *widget)
{
  PhChart *self = PH_CHART (widget);

  GTK_WIDGET_CLASS (ph_chart_parent_class)->map (widget);
  ph_timer_arm (self->redraw, 0);
}

static void
ph_chart_unmap (GtkWidget *widget)
{
  ph_timer_disarm (PH_CHART (widget)->redraw);
  GTK_WIDGET_CLASS (ph_chart_parent_class)->unmap (widget);
}

static void
ph_chart_dispose (GObject *object)
{
  PhChart *self = PH_CHART (object);

  G_OBJECT_CLASS (ph_chart_parent_class)->dispose (object);
  ph_timer_clear (&self->redraw); /* after what is unmapped there */
  g_clear_pointer (&self->description, g_free);
}

static void
ph_chart_class_init (PhChartClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_chart_dispose;
  widget_class->measure = ph_chart_measure;
  widget_class->snapshot = ph_chart_snapshot;
  widget_class->map = ph_chart_map;
  widget_class->unmap = ph_chart_unmap;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "chart");
}

static void
ph_chart_init (PhChart *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->reading = NOT_READING;
  self->redraw = ph_timer_new (NULL, "porthole chart", on_redraw, self);
  gtk_widget_set_focusable (widget, TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Traffic in the last minute"), -1);
  describe (self, 0);
  g_signal_connect_swapped (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect_swapped (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, key);
  gtk_widget_add_controller (widget, focus);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
}

GtkWidget *
ph_chart_new (void)
{
  return g_object_new (PH_TYPE_CHART, NULL);
}
