/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-paste-box.h"

#include "ph-application.h"

#include <glib/gi18n.h>

struct _PhPasteBox
{
  AdwBin parent_instance;

  PhBlockKind wanted;
  PhBlock *own; /* what this side sends; NULL: none */
  GCancellable *reading;

  GtkTextBuffer *buffer;
  GtkWidget *text;
  GtkLabel *judgement;
  GtkWidget *found;
  GtkButton *submit;
};

G_DEFINE_FINAL_TYPE (PhPasteBox, ph_paste_box, ADW_TYPE_BIN)

static guint submitted;

/* --- judging ---------------------------------------------------------------------------------- */

/* What somebody has pasted who was to paste the other kind. */
static const char *
describe_other (PhPasteBox *self, const PhBlock *other)
{
  if (self->own != NULL && ph_block_is_same_pairing (other, self->own))
    return _ ("That is your own text. Send it to the other person, and paste here what comes "
              "back.");
  if (other->kind == PH_BLOCK_OFFER)
    return _ ("That is an offer, which somebody joins with. What belongs here is the answer to "
              "yours.");
  return _ ("That is an answer, which belongs to the person who made the offer. What belongs here "
            "is an offer.");
}

/* In words; owned. *@ret_is_good: it can be submitted. */
static char *
judge (PhPasteBox *self, const char *text, gboolean *ret_is_good)
{
  PhBlockKind unwanted = self->wanted == PH_BLOCK_OFFER ? PH_BLOCK_ANSWER : PH_BLOCK_OFFER;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhBlock) block = ph_block_parse (text, self->wanted, &error);
  g_autoptr (PhBlock) other = block == NULL ? ph_block_parse (text, unwanted, NULL) : NULL;
  const char *name = block != NULL && *block->name != '\0' ? block->name : _ ("somebody");

  *ret_is_good =
      block != NULL && (self->wanted == PH_BLOCK_ANSWER ||
                        ph_block_check_age (block, g_get_real_time () / G_USEC_PER_SEC, &error));
  if (*ret_is_good && self->wanted == PH_BLOCK_OFFER)
    return g_strdup_printf (_ ("This is an offer from “%s”."), name);
  if (*ret_is_good)
    return g_strdup_printf (_ ("This is an answer from “%s”. With the button below you let them "
                               "in."),
                            name);
  return g_strdup (other != NULL ? describe_other (self, other) : error->message);
}

static char *
dup_text (PhPasteBox *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  return gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);
}

static void
show_judgement (PhPasteBox *self, const char *words, gboolean is_good)
{
  gtk_label_set_label (self->judgement, words);
  gtk_widget_set_visible (GTK_WIDGET (self->judgement), *words != '\0');
  gtk_widget_set_sensitive (GTK_WIDGET (self->submit), is_good);
  if (is_good || *words == '\0')
    gtk_widget_remove_css_class (GTK_WIDGET (self->judgement), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->judgement), "error");
}

static void
on_changed (PhPasteBox *self)
{
  g_autofree char *text = dup_text (self);
  g_autofree char *words = NULL;
  gboolean is_good = FALSE;

  if (*g_strstrip (text) != '\0')
    words = judge (self, text, &is_good);
  show_judgement (self, words != NULL ? words : "", is_good);
}

static void
on_submit (PhPasteBox *self)
{
  g_autofree char *text = dup_text (self);

  g_signal_emit (self, submitted, 0, text);
}

/* --- the clipboard ---------------------------------------------------------------------------- */

static void
on_pasted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhPasteBox) self = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  if (text == NULL)
    show_judgement (self, _ ("There is no text on the clipboard. Copy what the other person sent."),
                    FALSE);
  else
    gtk_text_buffer_set_text (self->buffer, text, -1);
  gtk_widget_grab_focus (GTK_WIDGET (text != NULL ? GTK_WIDGET (self->submit) : self->text));
}

static void
on_paste (PhPasteBox *self)
{
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self)), NULL, on_pasted,
                                 g_object_ref (self));
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhPasteBox) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, &error);
  g_autoptr (PhBlock) block = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (text != NULL)
    block = ph_block_parse (text, self->wanted, NULL);
  gtk_widget_set_visible (self->found, block != NULL);
}

static void
stop_looking (PhPasteBox *self)
{
  g_cancellable_cancel (self->reading);
  g_clear_object (&self->reading);
}

/* While this can be seen, whatever is copied is looked at, and nothing else is done with it. */
static void
look (PhPasteBox *self)
{
  stop_looking (self);
  self->reading = g_cancellable_new ();
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->reading,
                                 on_looked, g_object_ref (self));
}

static void
ph_paste_box_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (ph_paste_box_parent_class)->map (widget);
  g_signal_connect_object (gtk_widget_get_clipboard (widget), "changed", G_CALLBACK (look), widget,
                           G_CONNECT_SWAPPED);
  look (PH_PASTE_BOX (widget));
}

static void
ph_paste_box_unmap (GtkWidget *widget)
{
  g_signal_handlers_disconnect_by_func (gtk_widget_get_clipboard (widget), look, widget);
  stop_looking (PH_PASTE_BOX (widget));
  GTK_WIDGET_CLASS (ph_paste_box_parent_class)->unmap (widget);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_paste_box_dispose (GObject *object)
{
  PhPasteBox *self = PH_PASTE_BOX (object);

  stop_looking (self);
  g_clear_pointer (&self->own, ph_block_free);
  G_OBJECT_CLASS (ph_paste_box_parent_class)->dispose (object);
}

static void
ph_paste_box_class_init (PhPasteBoxClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_paste_box_dispose;
  widget_class->map = ph_paste_box_map;
  widget_class->unmap = ph_paste_box_unmap;
  submitted = g_signal_new ("submitted", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL,
                            NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-paste-box.ui");
  gtk_widget_class_bind_template_child (widget_class, PhPasteBox, buffer);
  gtk_widget_class_bind_template_child (widget_class, PhPasteBox, text);
  gtk_widget_class_bind_template_child (widget_class, PhPasteBox, judgement);
  gtk_widget_class_bind_template_child (widget_class, PhPasteBox, found);
  gtk_widget_class_bind_template_child (widget_class, PhPasteBox, submit);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_paste);
  gtk_widget_class_bind_template_callback (widget_class, on_submit);
}

static void
ph_paste_box_init (PhPasteBox *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_paste_box_set_wanted (PhPasteBox *box, PhBlockKind wanted, const char *button)
{
  box->wanted = wanted;
  gtk_button_set_label (box->submit, button);
}

void
ph_paste_box_set_own (PhPasteBox *box, const char *own)
{
  PhBlockKind kind = box->wanted == PH_BLOCK_OFFER ? PH_BLOCK_ANSWER : PH_BLOCK_OFFER;

  g_clear_pointer (&box->own, ph_block_free);
  if (own != NULL)
    box->own = ph_block_parse (own, kind, NULL);
}

void
ph_paste_box_show_problem (PhPasteBox *box, const char *message)
{
  show_judgement (box, message, FALSE);
}

void
ph_paste_box_clear (PhPasteBox *box)
{
  gtk_text_buffer_set_text (box->buffer, "", -1);
}
