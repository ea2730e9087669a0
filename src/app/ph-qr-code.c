/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-qr-code.h"

#include <glib/gi18n.h>
#include <qrcodegen/qrcodegen.h>

#define MARGIN 4 /* modules, as the standard wants */
#define NATURAL_MODULE 4
#define CORNER 12.f

struct _PhQrCode
{
  GtkWidget parent_instance;

  char *text;
  char *label;
  uint8_t code[qrcodegen_BUFFER_LEN_MAX];
  guint n_modules; /* of `code` with its margin; 0: there is none */
};

enum
{
  PROP_TEXT = 1,
  PROP_IS_POSSIBLE,
  PROP_LABEL,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (PhQrCode, ph_qr_code, GTK_TYPE_WIDGET)

/* The number of modules, margin included, or 0. */
static guint
encode (const char *text, uint8_t *code)
{
  uint8_t scratch[qrcodegen_BUFFER_LEN_MAX];

  if (text == NULL || *text == '\0' ||
      !qrcodegen_encodeText (text, scratch, code, qrcodegen_Ecc_MEDIUM, qrcodegen_VERSION_MIN,
                             qrcodegen_VERSION_MAX, qrcodegen_Mask_AUTO, true))
    return 0;
  return (guint)qrcodegen_getSize (code) + 2 * MARGIN;
}

guint
ph_qr_code_n_modules (const char *text)
{
  uint8_t code[qrcodegen_BUFFER_LEN_MAX];

  return encode (text, code);
}

static void
ph_qr_code_measure (GtkWidget *widget,
                    GtkOrientation orientation,
                    int for_size,
                    int *minimum,
                    int *natural,
                    int *minimum_baseline,
                    int *natural_baseline)
{
  PhQrCode *self = PH_QR_CODE (widget);

  *minimum = (int)MAX (PH_QR_CODE_MIN_SIZE, self->n_modules);
  *natural = (int)MAX (PH_QR_CODE_MIN_SIZE, self->n_modules * NATURAL_MODULE);
}

/* Dark modules that touch in a row are one rectangle. */
static void
trace_modules (PhQrCode *self, cairo_t *cr)
{
  int n = qrcodegen_getSize (self->code);

  for (int y = 0; y < n; y++)
    for (int x = 0, start; x < n; x++)
      {
        for (start = x; x < n && qrcodegen_getModule (self->code, x, y);)
          x++;
        if (x > start)
          cairo_rectangle (cr, start + MARGIN, y + MARGIN, x - start, 1);
      }
}

static void
ph_qr_code_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  PhQrCode *self = PH_QR_CODE (widget);
  int scale = gtk_widget_get_scale_factor (widget);
  int width = gtk_widget_get_width (widget) * scale;
  int height = gtk_widget_get_height (widget) * scale;
  int module, side; /* device pixels, as those above */
  graphene_rect_t bounds;
  GskRoundedRect outline;
  cairo_t *cr;

  if (self->n_modules == 0)
    return;
  module = MAX (MIN (width, height) / (int)self->n_modules, 1);
  side = module * (int)self->n_modules;
  graphene_rect_init (&bounds, (float)((width - side) / 2) / (float)scale,
                      (float)((height - side) / 2) / (float)scale, (float)side / (float)scale,
                      (float)side / (float)scale);
  gsk_rounded_rect_init_from_rect (&outline, &bounds, MIN (CORNER, bounds.size.width / 12));
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, &(GdkRGBA){ 1, 1, 1, 1 }, &bounds);
  cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  cairo_translate (cr, bounds.origin.x, bounds.origin.y);
  cairo_scale (cr, (double)module / scale, (double)module / scale);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  trace_modules (self, cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_fill (cr);
  cairo_destroy (cr);
  gtk_snapshot_pop (snapshot);
}

void
ph_qr_code_set_text (PhQrCode *self, const char *text)
{
  gboolean was_possible;

  g_return_if_fail (PH_IS_QR_CODE (self));
  if (g_strcmp0 (text, self->text) == 0)
    return;
  was_possible = ph_qr_code_get_is_possible (self);
  g_free (self->text);
  self->text = g_strdup (text);
  self->n_modules = encode (text, self->code);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TEXT]);
  if (ph_qr_code_get_is_possible (self) != was_possible)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_IS_POSSIBLE]);
}

const char *
ph_qr_code_get_text (PhQrCode *self)
{
  return self->text;
}

gboolean
ph_qr_code_get_is_possible (PhQrCode *self)
{
  return self->n_modules > 0 || self->text == NULL || *self->text == '\0';
}

void
ph_qr_code_set_label (PhQrCode *self, const char *label)
{
  g_return_if_fail (PH_IS_QR_CODE (self));
  g_return_if_fail (label != NULL);
  if (g_strcmp0 (label, self->label) == 0)
    return;
  g_free (self->label);
  self->label = g_strdup (label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LABEL]);
}

const char *
ph_qr_code_get_label (PhQrCode *self)
{
  return self->label;
}

static void
ph_qr_code_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PhQrCode *self = PH_QR_CODE (object);

  if (id == PROP_TEXT)
    g_value_set_string (value, self->text);
  else if (id == PROP_IS_POSSIBLE)
    g_value_set_boolean (value, ph_qr_code_get_is_possible (self));
  else if (id == PROP_LABEL)
    g_value_set_string (value, self->label);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_qr_code_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PhQrCode *self = PH_QR_CODE (object);

  if (id == PROP_TEXT)
    ph_qr_code_set_text (self, g_value_get_string (value));
  else if (id == PROP_LABEL)
    ph_qr_code_set_label (self, g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_qr_code_dispose (GObject *object)
{
  PhQrCode *self = PH_QR_CODE (object);

  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->label, g_free);
  self->n_modules = 0;
  G_OBJECT_CLASS (ph_qr_code_parent_class)->dispose (object);
}

static void
ph_qr_code_class_init (PhQrCodeClass *class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  object_class->dispose = ph_qr_code_dispose;
  object_class->get_property = ph_qr_code_get_property;
  object_class->set_property = ph_qr_code_set_property;
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  props[PROP_IS_POSSIBLE] =
      g_param_spec_boolean ("is-possible", NULL, NULL, TRUE,
                            G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  widget_class->measure = ph_qr_code_measure;
  widget_class->snapshot = ph_qr_code_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "qrcode");
}

static void
ph_qr_code_init (PhQrCode *self)
{
  ph_qr_code_set_label (self, _ ("QR code"));
}

GtkWidget *
ph_qr_code_new (void)
{
  return g_object_new (PH_TYPE_QR_CODE, NULL);
}
