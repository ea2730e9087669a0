/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-block-box.h"

#include "ph-application.h"
#include "ph-qr-code.h"

struct _PhBlockBox
{
  AdwBin parent_instance;

  char *text; /* NULL while there is none */

  GtkTextBuffer *buffer;
  PhQrCode *qr_code;
  GtkWidget *qr_button;
};

G_DEFINE_FINAL_TYPE (PhBlockBox, ph_block_box, ADW_TYPE_BIN)

static guint copied;

static void
on_copy (PhBlockBox *self)
{
  if (self->text == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->text);
  g_signal_emit (self, copied, 0);
}

static void
ph_block_box_dispose (GObject *object)
{
  PhBlockBox *self = PH_BLOCK_BOX (object);

  g_clear_pointer (&self->text, g_free);
  G_OBJECT_CLASS (ph_block_box_parent_class)->dispose (object);
}

static void
ph_block_box_class_init (PhBlockBoxClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_block_box_dispose;
  copied = g_signal_new ("copied", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                         NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-block-box.ui");
  gtk_widget_class_bind_template_child (widget_class, PhBlockBox, buffer);
  gtk_widget_class_bind_template_child (widget_class, PhBlockBox, qr_code);
  gtk_widget_class_bind_template_child (widget_class, PhBlockBox, qr_button);
  gtk_widget_class_bind_template_callback (widget_class, on_copy);
}

static void
ph_block_box_init (PhBlockBox *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_text_buffer_create_tag (self->buffer, "block", "insert-hyphens", FALSE, NULL);
}

const char *
ph_block_box_get_text (PhBlockBox *box)
{
  return box->text;
}

/* Where a line is broken to be seen, no hyphen is put: it would be copied by hand. */
static void
show (PhBlockBox *self, const char *text)
{
  GtkTextIter start, end;

  gtk_text_buffer_set_text (self->buffer, text, -1);
  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  gtk_text_buffer_apply_tag_by_name (self->buffer, "block", &start, &end);
}

void
ph_block_box_set_text (PhBlockBox *box, const char *text)
{
  if (g_strcmp0 (text, box->text) == 0)
    return;
  g_free (box->text);
  box->text = g_strdup (text);
  show (box, text != NULL ? text : "");
  ph_qr_code_set_text (box->qr_code, text);
  gtk_widget_set_visible (box->qr_button,
                          text != NULL && ph_qr_code_get_is_possible (box->qr_code));
}
