/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-code-box.h"

#include "ph-application.h"
#include "ph-qr-code.h"
#include "ph-words.h"

#include <glib/gi18n.h>
#include <string.h>

struct _PhCodeBox
{
  AdwBin parent_instance;

  GtkLabel *code_label;
  GtkWidget *code_button;
  GtkWidget *link_buttons;
  GtkMenuButton *more_button;
  GtkWidget *qr_button;
  PhQrCode *qr_code;
  GtkLabel *help_label;

  char *code;
  char *link;
  char **more_links;
};

enum
{
  PROP_CODE = 1,
  PROP_LINK,
  PROP_MORE_LINKS,
  N_PROPS,
};

enum
{
  COPIED,
  N_SIGNALS,
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PhCodeBox, ph_code_box, ADW_TYPE_BIN)

char *
ph_code_box_dup_address (const char *link)
{
  const char *start = strstr (link, "://");

  if (start == NULL || start[3] == '/' || start[3] == '\0')
    return g_strdup (link);
  return g_strndup (start + 3, strcspn (start + 3, "/#"));
}

static void
copy (PhCodeBox *self, const char *text, const char *what)
{
  if (text == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  g_signal_emit (self, signals[COPIED], 0, what);
}

static void
copy_code (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhCodeBox *self = PH_CODE_BOX (widget);

  copy (self, self->code, _ ("Code copied"));
}

static void
copy_link (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhCodeBox *self = PH_CODE_BOX (widget);

  copy (self, self->link, _ ("Link copied"));
}

static void
copy_more (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *link = g_variant_get_string (parameter, NULL);
  g_autofree char *address = ph_code_box_dup_address (link);
  g_autofree char *what = g_strdup_printf (_ ("Link with %s copied"), address);

  copy (PH_CODE_BOX (widget), link, what);
}

static void
show_code (PhCodeBox *self)
{
  const char *shown = self->code != NULL ? self->code : self->link;

  gtk_label_set_text (self->code_label, shown != NULL ? shown : "");
  gtk_widget_set_visible (self->code_button, self->code != NULL);
}

void
ph_code_box_set_code (PhCodeBox *self, const char *code)
{
  g_return_if_fail (PH_IS_CODE_BOX (self));
  if (g_strcmp0 (code, self->code) == 0)
    return;
  g_free (self->code);
  self->code = g_strdup (code);
  show_code (self);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "code-box.copy-code", code != NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CODE]);
}

const char *
ph_code_box_get_code (PhCodeBox *self)
{
  return self->code;
}

/* What there is to do with a link, or without one. */
static void
show_link (PhCodeBox *self)
{
  gboolean has_link = self->link != NULL;

  ph_qr_code_set_text (self->qr_code, self->link);
  gtk_widget_set_visible (self->link_buttons, has_link);
  gtk_widget_set_visible (self->qr_button, has_link && ph_qr_code_get_is_possible (self->qr_code));
  gtk_label_set_text (self->help_label,
                      has_link ? _ ("Anyone who has this link can ask to join. Send it to a person "
                                    "you trust.")
                               : _ ("Anyone who has this code can ask to join. Send it to a person "
                                    "you trust."));
}

void
ph_code_box_set_link (PhCodeBox *self, const char *link)
{
  g_return_if_fail (PH_IS_CODE_BOX (self));
  if (g_strcmp0 (link, self->link) == 0)
    return;
  g_free (self->link);
  self->link = g_strdup (link);
  show_code (self);
  show_link (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LINK]);
}

const char *
ph_code_box_get_link (PhCodeBox *self)
{
  return self->link;
}

static void
append_link (GMenu *menu, const char *link)
{
  g_autofree char *address = ph_code_box_dup_address (link);
  g_autofree char *label = ph_words_dup_menu_label (address);
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "code-box.copy-more", "s", link);
  g_menu_append_item (menu, item);
}

void
ph_code_box_set_more_links (PhCodeBox *self, const char *const *links)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  g_autoptr (GMenu) section = g_menu_new ();
  const char *const none[] = { NULL };

  g_return_if_fail (PH_IS_CODE_BOX (self));
  links = links != NULL ? links : none;
  if (g_strv_equal (links, (const char *const *)self->more_links))
    return;
  g_strfreev (self->more_links);
  self->more_links = g_strdupv ((char **)links);
  for (; *links != NULL; links++)
    append_link (section, *links);
  g_menu_append_section (menu, _ ("Copy Link With Another Address"), G_MENU_MODEL (section));
  gtk_menu_button_set_menu_model (self->more_button, G_MENU_MODEL (menu));
  gtk_widget_set_visible (GTK_WIDGET (self->more_button), *self->more_links != NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MORE_LINKS]);
}

const char *const *
ph_code_box_get_more_links (PhCodeBox *self)
{
  return (const char *const *)self->more_links;
}

static void
ph_code_box_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PhCodeBox *self = PH_CODE_BOX (object);

  if (id == PROP_CODE)
    g_value_set_string (value, self->code);
  else if (id == PROP_LINK)
    g_value_set_string (value, self->link);
  else if (id == PROP_MORE_LINKS)
    g_value_set_boxed (value, self->more_links);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_code_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PhCodeBox *self = PH_CODE_BOX (object);

  if (id == PROP_CODE)
    ph_code_box_set_code (self, g_value_get_string (value));
  else if (id == PROP_LINK)
    ph_code_box_set_link (self, g_value_get_string (value));
  else if (id == PROP_MORE_LINKS)
    ph_code_box_set_more_links (self, g_value_get_boxed (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
ph_code_box_dispose (GObject *object)
{
  PhCodeBox *self = PH_CODE_BOX (object);

  g_clear_pointer (&self->code, g_free);
  g_clear_pointer (&self->link, g_free);
  g_clear_pointer (&self->more_links, g_strfreev);
  G_OBJECT_CLASS (ph_code_box_parent_class)->dispose (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  props[PROP_CODE] = g_param_spec_string ("code", NULL, NULL, NULL, flags);
  props[PROP_LINK] = g_param_spec_string ("link", NULL, NULL, NULL, flags);
  props[PROP_MORE_LINKS] = g_param_spec_boxed ("more-links", NULL, NULL, G_TYPE_STRV, flags);
  g_object_class_install_properties (class, N_PROPS, props);
  signals[COPIED] = g_signal_new ("copied", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
bind_template (GtkWidgetClass *class)
{
  gtk_widget_class_set_template_from_resource (class, PH_RESOURCES "ph-code-box.ui");
  gtk_widget_class_bind_template_child (class, PhCodeBox, code_label);
  gtk_widget_class_bind_template_child (class, PhCodeBox, code_button);
  gtk_widget_class_bind_template_child (class, PhCodeBox, link_buttons);
  gtk_widget_class_bind_template_child (class, PhCodeBox, more_button);
  gtk_widget_class_bind_template_child (class, PhCodeBox, qr_button);
  gtk_widget_class_bind_template_child (class, PhCodeBox, qr_code);
  gtk_widget_class_bind_template_child (class, PhCodeBox, help_label);
  gtk_widget_class_install_action (class, "code-box.copy-code", NULL, copy_code);
  gtk_widget_class_install_action (class, "code-box.copy-link", NULL, copy_link);
  gtk_widget_class_install_action (class, "code-box.copy-more", "s", copy_more);
}

static void
ph_code_box_class_init (PhCodeBoxClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = ph_code_box_dispose;
  object_class->get_property = ph_code_box_get_property;
  object_class->set_property = ph_code_box_set_property;
  install_properties (object_class);
  bind_template (GTK_WIDGET_CLASS (class));
}

static void
ph_code_box_init (PhCodeBox *self)
{
  self->more_links = g_new0 (char *, 1);
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "code-box.copy-code", FALSE);
  show_link (self);
}

GtkWidget *
ph_code_box_new (void)
{
  return g_object_new (PH_TYPE_CODE_BOX, NULL);
}
