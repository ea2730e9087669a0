/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mapping-dialog.h"

#include "ph-application.h"

#include <glib/gi18n.h>

#include <string.h>

#define PH_TYPE_MAPPING_DIALOG (ph_mapping_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PhMappingDialog, ph_mapping_dialog, PH, MAPPING_DIALOG, AdwWindow)

struct _PhMappingDialog
{
  AdwWindow parent_instance;

  PhLive *live;
  PhMappingItem *item; /* NULL: a new one */
  gboolean is_filling; /* what changes is not the person's doing */
  gboolean is_pasted;  /* more than a character has come at once */

  AdwEntryRow *host;
  AdwEntryRow *port;
  GtkLabel *remote_problem;
  GtkSwitch *same_port;
  AdwEntryRow *local_port;
  AdwEntryRow *bind;
  GtkSwitch *for_others;
  GtkLabel *local_problem;
  GtkWidget *warning;
  GtkButton *apply;
};

G_DEFINE_FINAL_TYPE (PhMappingDialog, ph_mapping_dialog, ADW_TYPE_WINDOW)

static void
ph_mapping_dialog_dispose (GObject *object)
{
  PhMappingDialog *self = PH_MAPPING_DIALOG (object);

  g_clear_object (&self->live);
  g_clear_object (&self->item);
  G_OBJECT_CLASS (ph_mapping_dialog_parent_class)->dispose (object);
}

/* --- what stands in the form ------------------------------------------------------------------ */

/* Without what surrounds it. Owned. */
static char *
dup_text (AdwEntryRow *row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));
}

/* As it stands between colons: IPv6 in brackets, which may be there already. Owned; NULL for what
 * is neither an address nor a name. */
static char *
dup_host (const char *text)
{
  gsize length = strlen (text);
  gboolean is_in_brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
  g_autofree char *inside = is_in_brackets ? g_strndup (text + 1, length - 2) : g_strdup (text);
  guint8 addr[16];

  if (!ph_address_parse (inside, addr))
    return is_in_brackets ? NULL : ph_host_name_normalise (text);
  return strchr (inside, ':') != NULL ? g_strdup_printf ("[%s]", inside) : g_strdup (inside);
}

static gboolean
is_address (const char *text)
{
  g_autofree char *host = dup_host (text);
  guint8 addr[16];

  return host != NULL && (*host == '[' || ph_address_parse (host, addr));
}

/* Whether it is left empty so far, which is no fault yet, or is a port. */
static gboolean
is_port (const char *text, gboolean may_be_empty)
{
  guint16 port;

  return *text == '\0' ? may_be_empty : ph_port_parse (text, &port) && port != 0;
}

static char *
dup_bad_port (const char *text)
{
  return g_strdup_printf (_ ("“%s” is not a port. Ports are numbers from 1 to 65535."), text);
}

/* What is wrong with it, or NULL. Owned. */
static char *
dup_remote_problem (const char *host, const char *port)
{
  g_autofree char *right = dup_host (host);

  if (right == NULL && *host != '\0' && strchr (host, ':') != NULL)
    return g_strdup_printf (_ ("“%s” is not an address. The port goes into the field below it."),
                            host);
  if (right == NULL && *host != '\0')
    return g_strdup_printf (_ ("“%s” is neither an address nor a name. Write it like 127.0.0.1, "
                               "192.168.1.20 or nas.lan."),
                            host);
  return is_port (port, TRUE) ? NULL : dup_bad_port (port);
}

static char *
dup_local_problem (const char *port, const char *bind)
{
  if (!is_port (port, TRUE))
    return dup_bad_port (port);
  if (is_address (bind))
    return NULL;
  return g_strdup_printf (_ ("“%s” is not an address of this computer. Write it like 127.0.0.1."),
                          bind);
}

static void
show_problem (GtkLabel *label, const char *problem)
{
  gtk_label_set_label (label, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (label), problem != NULL);
}

static void
mark (AdwEntryRow *row, gboolean is_right)
{
  if (is_right)
    gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (row), "error");
}

static gboolean
is_for_others (const char *bind)
{
  guint8 addr[16];

  return ph_address_parse (bind, addr) && ph_address_scope (addr) != PH_SCOPE_LOOPBACK;
}

/* --- checking --------------------------------------------------------------------------------- */

/* Says at the fields what is wrong with them. */
static void
check (PhMappingDialog *self)
{
  g_autofree char *host = dup_text (self->host);
  g_autofree char *port = dup_text (self->port);
  g_autofree char *local = dup_text (self->local_port);
  g_autofree char *bind = dup_text (self->bind);
  g_autofree char *right = dup_host (host);
  g_autofree char *remote_problem = dup_remote_problem (host, port);
  g_autofree char *local_problem = dup_local_problem (local, bind);

  show_problem (self->remote_problem, remote_problem);
  show_problem (self->local_problem, local_problem);
  mark (self->host, right != NULL || *host == '\0');
  mark (self->port, is_port (port, TRUE));
  mark (self->local_port, is_port (local, TRUE));
  mark (self->bind, is_address (bind));
  gtk_widget_set_visible (self->warning, is_for_others (bind));
  gtk_switch_set_active (self->for_others, is_for_others (bind));
  gtk_widget_set_sensitive (GTK_WIDGET (self->apply), right != NULL && is_port (port, FALSE) &&
                                                          is_port (local, FALSE) &&
                                                          is_address (bind));
}

static void
fill_port (AdwEntryRow *row, guint16 port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);

  gtk_editable_set_text (GTK_EDITABLE (row), text);
}

static void
fill (PhMappingDialog *self, const PhMapping *mapping)
{
  const PhDestination *remote = &mapping->remote;
  guint16 local_port = mapping->local.port != 0 ? mapping->local.port : remote->endpoint.port;
  char buffer[PH_ENDPOINT_TEXT_SIZE];

  self->is_filling = TRUE;
  gtk_switch_set_active (self->same_port, local_port == remote->endpoint.port);
  gtk_editable_set_text (GTK_EDITABLE (self->host),
                         remote->name != NULL ? remote->name
                                              : ph_address_format (remote->endpoint.addr, buffer));
  fill_port (self->port, remote->endpoint.port);
  fill_port (self->local_port, local_port);
  gtk_editable_set_text (GTK_EDITABLE (self->bind),
                         ph_address_format (mapping->local.addr, buffer));
  self->is_filling = FALSE;
  check (self);
}

/* --- what a person does ----------------------------------------------------------------------- */

/* An address with its port: "[::1]:80", "nas.lan:80". */
static gboolean
take_remote (PhMappingDialog *self, const char *text)
{
  g_autofree char *with_port = g_strdup_printf ("0:%s", text);
  g_autoptr (PhMapping) mapping = ph_mapping_parse (with_port, NULL);
  g_autofree char *host = NULL;

  if (mapping == NULL || mapping->local.port != 0)
    return FALSE;
  host = g_strndup (text, (gsize)(strrchr (text, ':') - text));
  gtk_editable_set_text (GTK_EDITABLE (self->host), host);
  fill_port (self->port, mapping->remote.endpoint.port);
  return TRUE;
}

/* What people pass on, a whole mapping or an address with its port, goes into the right fields. Not
 * while it is typed: then it may be the beginning of something else. */
static void
take_pasted (PhMappingDialog *self, AdwEntryRow *row)
{
  g_autofree char *text = dup_text (row);
  g_autoptr (PhMapping) mapping = NULL;

  if (is_address (text) || strchr (text, ':') == NULL)
    return;
  if (row == self->host && take_remote (self, text))
    return;
  mapping = ph_mapping_parse (text, NULL);
  if (mapping != NULL)
    fill (self, mapping);
}

static void
on_inserted (PhMappingDialog *self, const char *text, int n_bytes)
{
  self->is_pasted = g_utf8_strlen (text, n_bytes) > 1;
}

static void
follow_port (PhMappingDialog *self)
{
  if (gtk_switch_get_active (self->same_port))
    gtk_editable_set_text (GTK_EDITABLE (self->local_port),
                           gtk_editable_get_text (GTK_EDITABLE (self->port)));
}

static void
on_changed (PhMappingDialog *self, AdwEntryRow *row)
{
  if (self->is_filling)
    return;
  if (self->is_pasted)
    {
      self->is_pasted = FALSE;
      take_pasted (self, row);
    }
  if (row == self->port)
    follow_port (self);
  check (self);
}

static void
on_same_port (PhMappingDialog *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->local_port),
                            !gtk_switch_get_active (self->same_port));
  if (!self->is_filling)
    follow_port (self);
}

static void
on_for_others (PhMappingDialog *self)
{
  g_autofree char *bind = dup_text (self->bind);
  gboolean is_on = gtk_switch_get_active (self->for_others);

  if (is_on != is_for_others (bind))
    gtk_editable_set_text (GTK_EDITABLE (self->bind), is_on ? "0.0.0.0" : "127.0.0.1");
}

/* Owned. */
static char *
dup_mapping (PhMappingDialog *self)
{
  g_autofree char *bind = dup_text (self->bind);
  g_autofree char *bind_address = dup_host (bind);
  g_autofree char *local_port = dup_text (self->local_port);
  g_autofree char *host = dup_text (self->host);
  g_autofree char *host_address = dup_host (host);
  g_autofree char *port = dup_text (self->port);

  return g_strdup_printf ("%s:%s:%s:%s", bind_address, local_port, host_address, port);
}

static GSettings *
get_gsettings (PhMappingDialog *self)
{
  GtkWindow *parent = gtk_window_get_transient_for (GTK_WINDOW (self));
  PhApplication *application = PH_APPLICATION (gtk_window_get_application (parent));

  return ph_settings_get_gsettings (ph_application_get_settings (application));
}

static void
on_apply (PhMappingDialog *self)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_done;

  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->apply)))
    return;
  text = dup_mapping (self);
  is_done = self->item != NULL ? ph_live_edit_mapping (self->live, self->item, text, NULL, &error)
                               : ph_live_add_mapping (self->live, text, NULL, &error) != NULL;
  if (!is_done)
    {
      show_problem (self->local_problem, error != NULL ? error->message : _ ("It is gone."));
      mark (self->local_port, FALSE);
      return;
    }
  if (self->item == NULL)
    g_settings_set_boolean (get_gsettings (self), "same-port",
                            gtk_switch_get_active (self->same_port));
  gtk_window_close (GTK_WINDOW (self));
}

static void
bind_children (GtkWidgetClass *class)
{
  gtk_widget_class_bind_template_child (class, PhMappingDialog, host);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, port);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, remote_problem);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, same_port);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, local_port);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, bind);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, for_others);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, local_problem);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, warning);
  gtk_widget_class_bind_template_child (class, PhMappingDialog, apply);
}

static void
ph_mapping_dialog_class_init (PhMappingDialogClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_mapping_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-mapping-dialog.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_same_port);
  gtk_widget_class_bind_template_callback (widget_class, on_for_others);
  gtk_widget_class_bind_template_callback (widget_class, on_apply);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
ph_mapping_dialog_init (PhMappingDialog *self)
{
  AdwEntryRow *rows[4];

  gtk_widget_init_template (GTK_WIDGET (self));
  rows[0] = self->host;
  rows[1] = self->port;
  rows[2] = self->local_port;
  rows[3] = self->bind;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_signal_connect_object (gtk_editable_get_delegate (GTK_EDITABLE (rows[i])), "insert-text",
                             G_CALLBACK (on_inserted), self, G_CONNECT_SWAPPED);
}

void
ph_mapping_dialog_present (GtkWindow *parent, PhLive *live, PhMappingItem *item)
{
  PhMappingDialog *self = g_object_new (PH_TYPE_MAPPING_DIALOG, "transient-for", parent, NULL);

  self->live = g_object_ref (live);
  g_signal_connect_object (live, "ended", G_CALLBACK (gtk_window_destroy), self, G_CONNECT_SWAPPED);
  if (item != NULL)
    {
      self->item = g_object_ref (item);
      gtk_window_set_title (GTK_WINDOW (self), _ ("Edit Mapping"));
      gtk_button_set_label (self->apply, _ ("_Change"));
      fill (self, ph_mapping_item_get_mapping (item));
    }
  else
    {
      gtk_switch_set_active (self->same_port,
                             g_settings_get_boolean (get_gsettings (self), "same-port"));
      check (self);
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->port));
  gtk_window_present (GTK_WINDOW (self));
}
