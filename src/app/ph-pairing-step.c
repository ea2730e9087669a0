/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-pairing-step.h"

#include "ph-application.h"

#include <glib/gi18n.h>

struct _PhPairingStep
{
  GtkBox parent_instance;

  GtkWidget *head;
  GtkLabel *title;
  GtkLabel *word;
};

G_DEFINE_FINAL_TYPE (PhPairingStep, ph_pairing_step, GTK_TYPE_BOX)

static void
ph_pairing_step_class_init (PhPairingStepClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-pairing-step.ui");
  gtk_widget_class_bind_template_child (widget_class, PhPairingStep, head);
  gtk_widget_class_bind_template_child (widget_class, PhPairingStep, title);
  gtk_widget_class_bind_template_child (widget_class, PhPairingStep, word);
}

static void
ph_pairing_step_init (PhPairingStep *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_pairing_step_set_title (PhPairingStep *step, guint number, const char *title)
{
  g_autofree char *text = g_strdup_printf ("%u. %s", number, title);

  gtk_label_set_label (step->title, text);
}

static void
set_class (GtkWidget *widget, const char *name, gboolean is_set)
{
  if (is_set)
    gtk_widget_add_css_class (widget, name);
  else
    gtk_widget_remove_css_class (widget, name);
}

static const char *const words[] = {
  [PH_PROGRESS_LATER] = "",
  [PH_PROGRESS_NOW] = N_ ("Now"),
  [PH_PROGRESS_DONE] = N_ ("Done"),
};

void
ph_pairing_step_set_progress (PhPairingStep *step, PhProgress progress, gboolean is_open)
{
  GtkWidget *child = step->head;

  gtk_label_set_label (step->word, progress != PH_PROGRESS_LATER ? _ (words[progress]) : "");
  set_class (GTK_WIDGET (step->word), "accent", progress == PH_PROGRESS_NOW);
  set_class (GTK_WIDGET (step->word), "success", progress == PH_PROGRESS_DONE);
  set_class (step->head, "dim-label", progress == PH_PROGRESS_LATER);
  while ((child = gtk_widget_get_next_sibling (child)) != NULL)
    gtk_widget_set_visible (child, is_open);
}
