/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-chart.h"
#include "app/ph-code-box.h"
#include "app/ph-number-view.h"
#include "app/ph-qr-code.h"

#include <string.h>

/* The widgets that know nothing of sessions, each in a window of its own. Needs a display. */

#define PATIENCE_US (30 * G_USEC_PER_SEC)
#define NBSP "\u00a0"

/* Until @is_done says so; a test that waits too long fails. */
#define WAIT_UNTIL(is_done)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gint64 deadline = g_get_monotonic_time () + PATIENCE_US;                                       \
    while (!(is_done))                                                                             \
      {                                                                                            \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);                                    \
        g_main_context_iteration (NULL, FALSE);                                                    \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

static GtkWidget *
show (GtkWidget *widget)
{
  GtkWidget *window = gtk_window_new ();

  gtk_window_set_child (GTK_WINDOW (window), widget);
  gtk_window_present (GTK_WINDOW (window));
  WAIT_UNTIL (gtk_widget_get_mapped (widget) && gtk_widget_get_width (widget) > 0);
  return window;
}

/* --- QR code ---------------------------------------------------------------------------------- */

static void
count (gpointer user_data)
{
  (*(guint *)user_data)++;
}

static void
test_qr_is_possible (void)
{
  g_autoptr (PhQrCode) code = g_object_ref_sink (PH_QR_CODE (ph_qr_code_new ()));
  g_autofree char *long_text = g_strnfill (5000, 'a');
  guint n = 0;

  g_signal_connect_swapped (code, "notify::is-possible", G_CALLBACK (count), &n);
  g_assert_true (ph_qr_code_get_is_possible (code));
  ph_qr_code_set_text (code, "short");
  g_assert_true (ph_qr_code_get_is_possible (code));
  ph_qr_code_set_text (code, long_text);
  g_assert_false (ph_qr_code_get_is_possible (code));
  ph_qr_code_set_text (code, NULL);
  g_assert_true (ph_qr_code_get_is_possible (code));
  g_assert_cmpuint (n, ==, 2);
}

/* What @widget, of @size pixels, looks like. Owned: one word a pixel, row by row. */
static guint32 *
draw (GtkWidget *widget, int size)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, size, size);
  guint32 *pixels = g_new (guint32, size * size);
  GskRenderNode *node;
  cairo_t *cr;

  gdk_paintable_snapshot (paintable, snapshot, size, size);
  node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
  cr = cairo_create (surface);
  gsk_render_node_draw (node, cr);
  cairo_destroy (cr);
  gsk_render_node_unref (node);
  cairo_surface_flush (surface);
  for (int y = 0; y < size; y++)
    memcpy (pixels + y * size,
            cairo_image_surface_get_data (surface) + y * cairo_image_surface_get_stride (surface),
            size * sizeof *pixels);
  cairo_surface_destroy (surface);
  return pixels;
}

/* Nothing but black and white, white around, and the corner's pattern where it belongs. */
static void
test_qr_picture (void)
{
  const char *const pattern[] = { "1111111", "1000001", "1011101", "1011101",
                                  "1011101", "1000001", "1111111" };
  GtkWidget *code = ph_qr_code_new ();
  int size = 5 * (21 + 8), margin = 4 * 5;
  g_autofree guint32 *pixels = NULL;
  GtkWidget *window;

  ph_qr_code_set_text (PH_QR_CODE (code), "fourteen bytes");
  gtk_widget_set_size_request (code, size, size);
  gtk_widget_set_halign (code, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (code, GTK_ALIGN_CENTER);
  window = show (code);
  WAIT_UNTIL (gtk_widget_get_width (code) == size);
  pixels = draw (code, size);
  for (int y = margin; y < size - margin; y++)
    for (int x = margin; x < size - margin; x++)
      g_assert_true (pixels[y * size + x] == 0xff000000 || pixels[y * size + x] == 0xffffffff);
  g_assert_cmphex (pixels[size / 2], ==, 0xffffffff); /* from edge to edge */
  for (int i = margin; i < size - margin; i++)
    g_assert_cmphex (pixels[(margin - 1) * size + i], ==, 0xffffffff);
  for (int y = 0; y < 7 * 5; y++)
    for (int x = 0; x < 7 * 5; x++)
      g_assert_cmphex (pixels[(margin + y) * size + margin + x], ==,
                       pattern[y / 5][x / 5] == '1' ? 0xff000000 : 0xffffffff);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* --- number ----------------------------------------------------------------------------------- */

static void
test_number (void)
{
  GtkWidget *view = ph_number_view_new ();
  GtkWidget *window = show (view);
  GtkAccessible *label = GTK_ACCESSIBLE (adw_bin_get_child (ADW_BIN (view)));

  ph_number_view_set_number (PH_NUMBER_VIEW (view), "123456789012");
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, "1234 5678 9012");
  gtk_test_accessible_assert_property (label, GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "1 2 3 4, 5 6 7 8, 9 0 1 2");
  gtk_window_destroy (GTK_WINDOW (window));
}

/* --- share code ------------------------------------------------------------------------------- */

typedef struct
{
  char *text;
  gboolean is_done;
} Clipping;

static void
on_text (GObject *clipboard, GAsyncResult *result, gpointer user_data)
{
  Clipping *clipping = user_data;

  clipping->text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (clipboard), result, NULL);
  clipping->is_done = TRUE;
}

static void
on_copied (PhCodeBox *box, const char *what, char **said)
{
  g_free (*said);
  *said = g_strdup (what);
}

static void
assert_copies (GtkWidget *box, const char *action, const char *text, const char *said)
{
  g_autofree char *is_said = NULL;
  gulong handler = g_signal_connect (box, "copied", G_CALLBACK (on_copied), &is_said);
  Clipping clipping = { NULL, FALSE };

  g_assert_true (gtk_widget_activate_action_variant (
      box, action, g_str_has_suffix (action, "more") ? g_variant_new_string (text) : NULL));
  g_assert_cmpstr (is_said, ==, said);
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (box), NULL, on_text, &clipping);
  WAIT_UNTIL (clipping.is_done);
  g_assert_cmpstr (clipping.text, ==, text);
  g_free (clipping.text);
  g_signal_handler_disconnect (box, handler);
}

static void
test_code_box_copies (void)
{
  GtkWidget *box = ph_code_box_new ();
  GtkWidget *window = show (box);

  g_object_set (box, "code", "id.secret", "link", "porthole://example.com/id#secret", NULL);
  assert_copies (box, "code-box.copy-code", "id.secret", "Code copied");
  assert_copies (box, "code-box.copy-link", "porthole://example.com/id#secret", "Link copied");
  assert_copies (box, "code-box.copy-more", "porthole+http://10.0.0.5:8765/id#secret",
                 "Link with 10.0.0.5:8765 copied");
  gtk_window_destroy (GTK_WINDOW (window));
}

/* How many buttons below @widget can be seen. */
static guint
count_buttons (GtkWidget *widget)
{
  guint n = GTK_IS_BUTTON (widget) || GTK_IS_MENU_BUTTON (widget);

  if (!gtk_widget_get_mapped (widget))
    return 0;
  if (n > 0)
    return n;
  for (widget = gtk_widget_get_first_child (widget); widget != NULL;
       widget = gtk_widget_get_next_sibling (widget))
    n += count_buttons (widget);
  return n;
}

static void
test_code_box_buttons (void)
{
  const char *const links[] = { "porthole://10.0.0.5/id#secret", NULL };
  g_autofree char *long_link = g_strnfill (5000, 'a');
  GtkWidget *widget = ph_code_box_new ();
  GtkWidget *window = show (widget);
  PhCodeBox *box = PH_CODE_BOX (widget);

  ph_code_box_set_code (box, "id.secret");
  g_assert_cmpuint (count_buttons (widget), ==, 1);
  ph_code_box_set_link (box, "porthole://example.com/id#secret");
  g_assert_cmpuint (count_buttons (widget), ==, 3);
  ph_code_box_set_more_links (box, links);
  g_assert_cmpuint (count_buttons (widget), ==, 4);
  ph_code_box_set_link (box, long_link); /* too long for a QR code */
  g_assert_cmpuint (count_buttons (widget), ==, 3);
  ph_code_box_set_more_links (box, NULL);
  ph_code_box_set_link (box, NULL);
  g_assert_cmpuint (count_buttons (widget), ==, 1);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* --- chart ------------------------------------------------------------------------------------ */

static const double in[] = { 1e6, 2e6, 3e6 }, out[] = { 1e3, 2e3, 3e3 };

static gboolean
press (GtkWidget *chart, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (chart);
  gboolean is_handled = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GObject) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
        g_signal_emit_by_name (controller, "key-pressed", key, 0, 0, &is_handled);
    }
  return is_handled;
}

static void
assert_says (GtkWidget *chart, const char *words)
{
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (chart), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       words);
}

#define NOW "Now: incoming 3" NBSP "MB/s, outgoing 3" NBSP "kB/s"
#define ONE_S "1 second ago: incoming 2" NBSP "MB/s, outgoing 2" NBSP "kB/s"
#define TWO_S "2 seconds ago: incoming 1" NBSP "MB/s, outgoing 1" NBSP "kB/s"
#define SUMMARY                                                                                    \
  "Incoming 3" NBSP "MB/s, outgoing 3" NBSP "kB/s; in the last minute at most 3" NBSP "MB/s"

static void
check_reading (GtkTextDirection direction, guint older, guint newer)
{
  GtkWidget *chart = ph_chart_new ();
  GtkWidget *window = show (chart);

  gtk_widget_set_direction (chart, direction);
  g_assert_true (press (chart, older)); /* there is nothing yet to be read */
  g_assert_false (press (chart, GDK_KEY_Escape));
  ph_chart_set_points (PH_CHART (chart), in, out, G_N_ELEMENTS (in), 1);
  press (chart, older);
  assert_says (chart, NOW);
  press (chart, older);
  assert_says (chart, ONE_S);
  for (guint i = 0; i < 5; i++)
    press (chart, older);
  assert_says (chart, TWO_S);
  press (chart, newer);
  assert_says (chart, ONE_S);
  press (chart, GDK_KEY_End);
  assert_says (chart, NOW);
  press (chart, newer);
  assert_says (chart, NOW);
  press (chart, GDK_KEY_Home);
  assert_says (chart, TWO_S);
  g_assert_true (press (chart, GDK_KEY_Escape));
  assert_says (chart, SUMMARY);
  g_assert_false (press (chart, GDK_KEY_Escape)); /* whatever it closes elsewhere */
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_chart_reading (void)
{
  check_reading (GTK_TEXT_DIR_LTR, GDK_KEY_Left, GDK_KEY_Right);
  check_reading (GTK_TEXT_DIR_RTL, GDK_KEY_Right, GDK_KEY_Left);
}

/* Points that are gone are read no more. */
static void
test_chart_fewer (void)
{
  GtkWidget *chart = ph_chart_new ();
  GtkWidget *window = show (chart);

  ph_chart_set_points (PH_CHART (chart), in, out, G_N_ELEMENTS (in), 1);
  press (chart, GDK_KEY_Home);
  ph_chart_set_points (PH_CHART (chart), in + 2, out + 2, 1, 1);
  assert_says (chart, SUMMARY);
  ph_chart_set_points (PH_CHART (chart), NULL, NULL, 0, 0);
  press (chart, GDK_KEY_Home);
  g_assert_false (press (chart, GDK_KEY_Escape));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* As many pictures as the time that passes allows, and a few for the new window, however many
 * points come. */
static void
test_chart_pictures (void)
{
  GtkWidget *chart = ph_chart_new ();
  GtkWidget *window = show (chart);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (chart);
  gint64 begin_us = g_get_monotonic_time ();
  guint n = 0;

  g_signal_connect_swapped (paintable, "invalidate-contents", G_CALLBACK (count), &n);
  while (n < 10)
    {
      g_assert_cmpint (g_get_monotonic_time () - begin_us, <, PATIENCE_US);
      ph_chart_set_points (PH_CHART (chart), in, out, G_N_ELEMENTS (in), 1);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpint (g_get_monotonic_time () - begin_us, >=, 5 * G_USEC_PER_SEC / 10);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Let go of while it is shown, and told of points when it is not. */
static void
test_chart_unseen (void)
{
  g_autoptr (PhChart) chart = g_object_ref_sink (PH_CHART (ph_chart_new ()));
  GtkWidget *window;

  ph_chart_set_points (chart, in, out, G_N_ELEMENTS (in), 1);
  window = show (GTK_WIDGET (chart));
  press (GTK_WIDGET (chart), GDK_KEY_Home);
  gtk_window_destroy (GTK_WINDOW (window));
  g_assert_false (press (GTK_WIDGET (chart), GDK_KEY_Escape));
  ph_chart_set_points (chart, in, out, G_N_ELEMENTS (in), 1);
  assert_says (GTK_WIDGET (chart), SUMMARY);
}

int
main (int argc, char **argv)
{
  g_setenv ("GTK_A11Y", "test", TRUE);
  g_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add_func ("/qr-code/is-possible", test_qr_is_possible);
  g_test_add_func ("/qr-code/picture", test_qr_picture);
  g_test_add_func ("/number-view/number", test_number);
  g_test_add_func ("/code-box/copies", test_code_box_copies);
  g_test_add_func ("/code-box/buttons", test_code_box_buttons);
  g_test_add_func ("/chart/reading", test_chart_reading);
  g_test_add_func ("/chart/fewer", test_chart_fewer);
  g_test_add_func ("/chart/pictures", test_chart_pictures);
  g_test_add_func ("/chart/unseen", test_chart_unseen);
  return g_test_run ();
}
