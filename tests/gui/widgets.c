/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-chart.h"
#include "app/ph-code-box.h"
#include "app/ph-number-view.h"
#include "app/ph-qr-code.h"

/* A window with every widget of ours in it, to look at and to test without a session:
 *
 *     widgets [WIDTH [rtl]] */

#define N_POINTS 61
#define CODE "V1StGXR8_Z5jdHi6B-myT.q83vEjRWeJCrze8SNFZ4mg"
#define LINK "porthole+http://192.168.1.34:8765/V1StGXR8_Z5jdHi6B-myT#q83vEjRWeJCrze8SNFZ4mg"

static const char *const more_links[] = {
  "porthole+http://10.0.0.5:8765/V1StGXR8_Z5jdHi6B-myT#q83vEjRWeJCrze8SNFZ4mg",
  "porthole+http://[fd00::1]:8765/V1StGXR8_Z5jdHi6B-myT#q83vEjRWeJCrze8SNFZ4mg",
  NULL,
};

static void
fill (PhChart *chart)
{
  double in[N_POINTS], out[N_POINTS];

  for (guint i = 0; i < N_POINTS; i++)
    {
      in[i] = 1e5 * ((i * 7919u) % 12) * (i > 15 ? 1 : 0.2);
      out[i] = 34e3 + 6e3 * ((i * 104729u) % 40);
    }
  ph_chart_set_points (chart, in, out, N_POINTS, 1);
}

static void
on_copied (PhCodeBox *box, const char *what, AdwToastOverlay *overlay)
{
  adw_toast_overlay_add_toast (overlay, adw_toast_new (what));
}

static GtkWidget *
make_content (AdwToastOverlay *overlay)
{
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, 24);
  GtkWidget *code_box = ph_code_box_new (), *number = ph_number_view_new ();
  GtkWidget *chart = ph_chart_new (), *qr_code = ph_qr_code_new ();

  ph_code_box_set_code (PH_CODE_BOX (code_box), CODE);
  ph_code_box_set_link (PH_CODE_BOX (code_box), LINK);
  ph_code_box_set_more_links (PH_CODE_BOX (code_box), more_links);
  g_signal_connect (code_box, "copied", G_CALLBACK (on_copied), overlay);
  ph_number_view_set_number (PH_NUMBER_VIEW (number), "123456789012");
  ph_qr_code_set_text (PH_QR_CODE (qr_code), LINK);
  fill (PH_CHART (chart));
  gtk_box_append (GTK_BOX (content), code_box);
  gtk_box_append (GTK_BOX (content), number);
  gtk_box_append (GTK_BOX (content), chart);
  gtk_box_append (GTK_BOX (content), qr_code);
  gtk_widget_set_margin_start (content, 18);
  gtk_widget_set_margin_end (content, 18);
  gtk_widget_set_margin_top (content, 18);
  gtk_widget_set_margin_bottom (content, 18);
  return content;
}

int
main (int argc, char **argv)
{
  GtkWidget *window, *overlay;

  g_set_prgname ("widgets");
  adw_init ();
  if (argc > 2 && g_str_equal (argv[2], "rtl"))
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  window = adw_window_new ();
  overlay = adw_toast_overlay_new ();
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (overlay),
                               make_content (ADW_TOAST_OVERLAY (overlay)));
  adw_window_set_content (ADW_WINDOW (window), overlay);
  gtk_window_set_title (GTK_WINDOW (window), "Widgets");
  gtk_window_set_default_size (GTK_WINDOW (window),
                               argc > 1 ? (int)g_ascii_strtoll (argv[1], NULL, 10) : 700, 760);
  gtk_window_present (GTK_WINDOW (window));
  while (g_list_model_get_n_items (gtk_window_get_toplevels ()) > 0)
    g_main_context_iteration (NULL, TRUE);
  return 0;
}
