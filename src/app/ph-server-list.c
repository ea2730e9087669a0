/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-server-list.h"

#include "core/ph-error.h"
#include "session/ph-setup.h"

#include "ph-server-row.h"

#include <glib/gi18n.h>

#define UNDO_S 10

struct _PhServerList
{
  AdwBin parent_instance;

  PhApplication *application;
  PhServerKind kind;
  GtkStringList *model;

  GtkListBox *rows;
};

G_DEFINE_FINAL_TYPE (PhServerList, ph_server_list, ADW_TYPE_BIN)

static GSettings *
get_settings (PhServerList *self)
{
  return ph_settings_get_gsettings (ph_application_get_settings (self->application));
}

static const char *
get_key (PhServerList *self)
{
  return self->kind == PH_SERVER_TURN ? "turn" : "stun";
}

static char **
dup_servers (PhServerList *self)
{
  return g_settings_get_strv (get_settings (self), get_key (self));
}

static void
set_servers (PhServerList *self, char **servers)
{
  g_settings_set_strv (get_settings (self), get_key (self), (const char *const *)servers);
}

/* --- removing --------------------------------------------------------------------------------- */

/* A server that has been removed, for as long as that can be undone. */
typedef struct
{
  PhServerList *list;
  PhSettings *settings;
  char *server;
  char **before; /* all there were */
} Removal;

/* It cannot be undone any more, or was: the password of a server that is not there has no use. */
static void
removal_free (gpointer data, GClosure *closure)
{
  Removal *removal = data;
  g_auto (GStrv) servers =
      g_settings_get_strv (ph_settings_get_gsettings (removal->settings), "turn");

  if (removal->list->kind == PH_SERVER_TURN &&
      !g_strv_contains ((const char *const *)servers, removal->server))
    ph_settings_remove_turn_async (removal->settings, removal->server, NULL, NULL, NULL);
  g_object_unref (removal->list);
  g_object_unref (removal->settings);
  g_free (removal->server);
  g_strfreev (removal->before);
  g_free (removal);
}

static void
on_undo (Removal *removal)
{
  set_servers (removal->list, removal->before);
}

static void
offer_undo (PhServerList *self, Removal *removal)
{
  g_autofree char *text = g_strdup_printf (_ ("%s removed"), removal->server);
  g_autofree char *escaped = g_markup_escape_text (text, -1);
  AdwToast *toast = adw_toast_new (escaped);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  adw_toast_set_button_label (toast, _ ("_Undo"));
  adw_toast_set_timeout (toast, UNDO_S);
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (on_undo), removal, removal_free,
                         G_CONNECT_SWAPPED);
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (root), toast);
}

static void
on_remove (PhServerRow *row, PhServerList *self)
{
  g_autoptr (GStrvBuilder) rest = g_strv_builder_new ();
  Removal *removal = g_new0 (Removal, 1);
  g_auto (GStrv) servers = NULL;

  removal->list = g_object_ref (self);
  removal->settings = g_object_ref (ph_application_get_settings (self->application));
  removal->server = g_strdup (ph_server_row_get_server (row));
  removal->before = dup_servers (self);
  for (gsize i = 0; removal->before[i] != NULL; i++)
    if (!g_str_equal (removal->before[i], removal->server))
      g_strv_builder_add (rest, removal->before[i]);
  servers = g_strv_builder_end (rest);
  set_servers (self, servers);
  offer_undo (self, removal);
}

/* --- adding ----------------------------------------------------------------------------------- */

static gboolean
check_stun (PhServerList *self, const char *text, char **servers, GError **error)
{
  const char *const one[] = { text, NULL };
  g_autoptr (PhIceServers) scratch = ph_setup_servers (one, NULL, error);

  if (scratch == NULL)
    return FALSE;
  if (!g_strv_contains ((const char *const *)servers, text))
    return TRUE;
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("“%s” is in the list already."), text);
  return FALSE;
}

gboolean
ph_server_list_add_stun (PhServerList *list, const char *text, GError **error)
{
  g_auto (GStrv) servers = dup_servers (list);
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GStrvBuilder) longer = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (!check_stun (list, stripped, servers, error))
    return FALSE;
  g_strv_builder_addv (longer, (const char **)servers);
  g_strv_builder_add (longer, stripped);
  all = g_strv_builder_end (longer);
  set_servers (list, all);
  return TRUE;
}

/* --- showing ---------------------------------------------------------------------------------- */

/* Only rows that change are made anew: the others may have something to say. */
static void
update (PhServerList *self)
{
  g_auto (GStrv) servers = dup_servers (self);
  guint n_old = g_list_model_get_n_items (G_LIST_MODEL (self->model));
  guint n_new = g_strv_length (servers);
  guint same = 0;

  while (same < n_old && same < n_new &&
         g_str_equal (gtk_string_list_get_string (self->model, same), servers[same]))
    same++;
  gtk_string_list_splice (self->model, same, n_old - same, (const char *const *)servers + same);
  gtk_widget_set_visible (GTK_WIDGET (self), n_new > 0);
}

static GtkWidget *
new_row (gpointer item, gpointer user_data)
{
  PhServerList *self = user_data;
  PhServerRow *row =
      ph_server_row_new (self->application, self->kind, gtk_string_object_get_string (item));

  g_signal_connect_object (row, "remove", G_CALLBACK (on_remove), self, 0);
  return GTK_WIDGET (row);
}

static void
ph_server_list_dispose (GObject *object)
{
  g_clear_object (&PH_SERVER_LIST (object)->model);
  G_OBJECT_CLASS (ph_server_list_parent_class)->dispose (object);
}

static void
ph_server_list_class_init (PhServerListClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_server_list_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-server-list.ui");
  gtk_widget_class_bind_template_child (widget_class, PhServerList, rows);
}

static void
ph_server_list_init (PhServerList *self)
{
  self->model = gtk_string_list_new (NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ph_server_list_set_up (PhServerList *list, PhApplication *application, PhServerKind kind)
{
  g_autofree char *changed = NULL;

  list->application = application;
  list->kind = kind;
  changed = g_strconcat ("changed::", get_key (list), NULL);
  gtk_list_box_bind_model (list->rows, G_LIST_MODEL (list->model), new_row, list, NULL);
  g_signal_connect_object (get_settings (list), changed, G_CALLBACK (update), list,
                           G_CONNECT_SWAPPED);
  update (list);
}
