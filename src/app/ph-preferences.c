/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-preferences.h"

#include "session/ph-setup.h"

#include "ph-server-list.h"

#include <glib/gi18n.h>
#include <string.h>

struct _PhPreferences
{
  AdwPreferencesWindow parent_instance;

  PhApplication *application;
  GSettings *settings;   /* borrowed */
  GCancellable *open;    /* until it is closed */
  GCancellable *testing; /* of the signaling server; NULL: it is not being tested */
  gboolean is_adding_turn;

  AdwEntryRow *name;
  GtkLabel *name_words;
  GtkSwitch *ask_each_client;
  GtkSwitch *allow_unverified;
  GtkSwitch *notify;
  GtkSwitch *keep_sharing;
  AdwActionRow *keep_sharing_row;
  GtkSwitch *start_at_login;
  AdwActionRow *start_at_login_row;

  AdwEntryRow *signal;
  GtkWidget *signal_test;
  GtkLabel *signal_words;
  AdwEntryRow *stun;
  GtkLabel *stun_words;
  PhServerList *stun_list;
  AdwExpanderRow *turn_form;
  AdwEntryRow *turn_address;
  AdwEntryRow *turn_user;
  AdwPasswordEntryRow *turn_password;
  GtkSwitch *turn_tcp;
  GtkButton *turn_add;
  GtkLabel *turn_words;
  PhServerList *turn_list;
  AdwActionRow *relay_only_row;
  GtkSwitch *relay_only;
};

G_DEFINE_FINAL_TYPE (PhPreferences, ph_preferences, ADW_TYPE_PREFERENCES_WINDOW)

/* Words below a row; NULL: none. */
static void
say (GtkLabel *label, const char *words, gboolean is_wrong)
{
  gtk_label_set_label (label, words != NULL ? words : "");
  gtk_widget_set_visible (GTK_WIDGET (label), words != NULL);
  if (is_wrong)
    gtk_widget_add_css_class (GTK_WIDGET (label), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (label), "error");
}

static const char *
get_text (gpointer row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

/* --- the name --------------------------------------------------------------------------------- */

static void
on_name_changed (PhPreferences *self)
{
  const char *given = get_text (self->name);
  g_autofree char *shown = *given != '\0' ? ph_setup_name (given) : NULL;
  gboolean is_wrong = *given != '\0' && shown == NULL;
  g_autofree char *words = NULL;

  if (shown == NULL)
    shown = ph_setup_name (NULL);
  words = g_strdup_printf (is_wrong ? _ ("The name is blank; others see you as “%s”.")
                                    : _ ("Others see you as “%s”."),
                           shown != NULL ? shown : "?");
  say (self->name_words, words, is_wrong);
}

/* --- the signaling server --------------------------------------------------------------------- */

static void
stop_test (PhPreferences *self)
{
  g_cancellable_cancel (self->testing);
  g_clear_object (&self->testing);
}

static void
on_signal_changed (PhPreferences *self)
{
  g_autofree char *given = g_strstrip (g_strdup (get_text (self->signal)));
  g_autofree char *url = NULL;
  g_autoptr (GError) error = NULL;

  stop_test (self);
  ph_setup_signal (*given != '\0' ? given : NULL, &url, &error);
  gtk_widget_set_sensitive (self->signal_test, url != NULL);
  if (error != NULL)
    say (self->signal_words, error->message, TRUE);
  else if (url == NULL)
    say (self->signal_words,
         _ ("While it is empty, this computer is the server, for your own network only."), FALSE);
  else if (*given == '\0')
    {
      g_autofree char *words = g_strdup_printf (_ ("While it is empty, %s is used."), url);

      say (self->signal_words, words, FALSE);
    }
  else
    say (self->signal_words, NULL, FALSE);
}

static void
on_signal_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhPreferences) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *words = ph_engine_test_server_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  stop_test (self);
  gtk_widget_set_sensitive (self->signal_test, TRUE);
  say (self->signal_words, error != NULL ? error->message : words, error != NULL);
}

static void
on_signal_test (PhPreferences *self)
{
  g_autofree char *given = g_strstrip (g_strdup (get_text (self->signal)));
  g_autofree char *url = NULL;

  stop_test (self);
  if (!ph_setup_signal (*given != '\0' ? given : NULL, &url, NULL) || url == NULL)
    return;
  self->testing = g_cancellable_new ();
  gtk_widget_set_sensitive (self->signal_test, FALSE);
  say (self->signal_words, _ ("Testing…"), FALSE);
  ph_engine_test_server_async (ph_application_get_engine (self->application), PH_SERVER_SIGNAL, url,
                               self->testing, on_signal_tested, g_object_ref (self));
}

/* --- STUN and TURN servers -------------------------------------------------------------------- */

static void
on_stun_changed (PhPreferences *self)
{
  say (self->stun_words, NULL, FALSE);
}

static void
on_stun_apply (PhPreferences *self)
{
  g_autoptr (GError) error = NULL;

  if (*get_text (self->stun) == '\0')
    return;
  if (ph_server_list_add_stun (self->stun_list, get_text (self->stun), &error))
    gtk_editable_set_text (GTK_EDITABLE (self->stun), "");
  else
    say (self->stun_words, error->message, TRUE);
}

static void
on_turn_changed (PhPreferences *self)
{
  say (self->turn_words, NULL, FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->turn_add),
                            !self->is_adding_turn && *get_text (self->turn_address) != '\0');
}

/* "turn:USER:PASSWORD@HOST…" from what stands in the form; whoever has got all of it in one text
 * may have pasted it as the address. Owned. */
static char *
dup_turn (PhPreferences *self)
{
  g_autofree char *given = g_strstrip (g_strdup (get_text (self->turn_address)));
  const char *address = g_str_has_prefix (given, "turn:") ? given + strlen ("turn:") : given;
  g_autofree char *user = g_uri_escape_string (get_text (self->turn_user), NULL, TRUE);
  g_autofree char *password = g_uri_escape_string (get_text (self->turn_password), NULL, TRUE);
  const char *end = gtk_switch_get_active (self->turn_tcp) && strchr (address, '?') == NULL
                        ? "?transport=tcp"
                        : "";

  if (strchr (address, '@') != NULL)
    return g_strconcat ("turn:", address, end, NULL);
  return g_strdup_printf ("turn:%s:%s@%s%s", user, password, address, end);
}

static void
clear_turn_form (PhPreferences *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->turn_address), "");
  gtk_editable_set_text (GTK_EDITABLE (self->turn_user), "");
  gtk_editable_set_text (GTK_EDITABLE (self->turn_password), "");
  gtk_switch_set_active (self->turn_tcp, FALSE);
  adw_expander_row_set_expanded (self->turn_form, FALSE);
}

static void
on_turn_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhPreferences) self = user_data;
  g_autoptr (GError) error = NULL;

  self->is_adding_turn = FALSE;
  if (ph_settings_add_turn_finish (PH_SETTINGS (source), result, &error))
    clear_turn_form (self);
  on_turn_changed (self);
  if (error != NULL)
    say (self->turn_words, error->message, TRUE);
}

static void
on_turn_add (PhPreferences *self)
{
  gboolean has_login = strchr (get_text (self->turn_address), '@') != NULL;
  g_autofree char *text = NULL;

  if (self->is_adding_turn || *get_text (self->turn_address) == '\0')
    return;
  if (!has_login &&
      (*get_text (self->turn_user) == '\0' || *get_text (self->turn_password) == '\0'))
    {
      say (self->turn_words,
           _ ("A TURN server wants a user and a password. Whoever runs it can tell you both."),
           TRUE);
      return;
    }
  text = dup_turn (self);
  self->is_adding_turn = TRUE;
  on_turn_changed (self);
  ph_settings_add_turn_async (ph_application_get_settings (self->application), text, NULL,
                              on_turn_added, g_object_ref (self));
}

/* --- relays only ------------------------------------------------------------------------------ */

/* In the settings, or else in the environment. */
static gboolean
has_turn (PhPreferences *self)
{
  g_auto (GStrv) turn = g_settings_get_strv (self->settings, "turn");
  g_autoptr (PhIceServers) servers = NULL;

  if (*turn != NULL)
    return TRUE;
  servers = ph_setup_servers (NULL, NULL, NULL);
  return servers != NULL && ph_ice_servers_has_turn (servers);
}

/* What is on can be switched off, even where it does no good. */
static void
update_relay_only (PhPreferences *self)
{
  gboolean has_relay = has_turn (self);
  gboolean is_on = g_settings_get_boolean (self->settings, "relay-only");
  const char *words = _ ("The other side never sees the address of this computer. Slower.");

  if (!has_relay && is_on)
    words = _ ("There is no TURN server to relay, so no session can begin. Add one above, or "
               "switch this off.");
  else if (!has_relay)
    words = _ ("There is no TURN server to relay. Add one above first.");
  adw_action_row_set_subtitle (self->relay_only_row, words);
  gtk_widget_set_sensitive (GTK_WIDGET (self->relay_only_row), has_relay || is_on);
}

/* --- in the background ------------------------------------------------------------------------ */

static const char *
describe_keep_sharing (void)
{
  return _ ("The session goes on in the background, until you stop it.");
}

static const char *
describe_start_at_login (void)
{
  return _ ("The kept session that you shared last is shared again, without a window.");
}

/* One of the two switches, while the desktop is asked. */
typedef struct
{
  PhPreferences *self;
  const char *key;
  gboolean is_on;
  GtkSwitch *toggle;
  AdwActionRow *row;
} Wish;

static void
wish_free (Wish *wish)
{
  g_object_unref (wish->self);
  g_free (wish);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wish, wish_free)

static void
on_background_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Wish) wish = user_data;
  g_autoptr (GError) error = NULL;

  ph_background_request_finish (PH_BACKGROUND (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (wish->row), TRUE);
  if (error == NULL)
    g_settings_set_boolean (wish->self->settings, wish->key, wish->is_on);
  else
    adw_action_row_set_subtitle (wish->row, error->message);
  gtk_switch_set_active (wish->toggle, g_settings_get_boolean (wish->self->settings, wish->key));
  gtk_switch_set_state (wish->toggle, gtk_switch_get_active (wish->toggle));
}

static void
ask_background (Wish *wish)
{
  PhPreferences *self = wish->self;
  gboolean starts = g_str_equal (wish->key, "start-at-login")
                        ? wish->is_on
                        : g_settings_get_boolean (self->settings, "start-at-login");

  gtk_widget_set_sensitive (GTK_WIDGET (wish->row), FALSE);
  ph_background_request_async (ph_application_get_background (self->application), "",
                               _ ("Porthole shares a service while its window is closed."), starts,
                               self->open, on_background_answer, wish);
}

/* The switch waits for the desktop's answer. */
static gboolean
on_wish (PhPreferences *self,
         const char *key,
         GtkSwitch *toggle,
         gboolean is_on,
         AdwActionRow *row,
         const char *words)
{
  Wish *wish;

  if (is_on == g_settings_get_boolean (self->settings, key))
    {
      gtk_switch_set_state (toggle, is_on);
      return TRUE;
    }
  adw_action_row_set_subtitle (row, words);
  wish = g_new0 (Wish, 1);
  wish->self = g_object_ref (self);
  wish->key = key;
  wish->is_on = is_on;
  wish->toggle = toggle;
  wish->row = row;
  ask_background (wish);
  return TRUE;
}

static gboolean
on_keep_sharing (PhPreferences *self, gboolean is_on, GtkSwitch *toggle)
{
  return on_wish (self, "keep-sharing", toggle, is_on, self->keep_sharing_row,
                  describe_keep_sharing ());
}

static gboolean
on_start_at_login (PhPreferences *self, gboolean is_on, GtkSwitch *toggle)
{
  return on_wish (self, "start-at-login", toggle, is_on, self->start_at_login_row,
                  describe_start_at_login ());
}

/* As the settings say, also when they were changed from elsewhere. */
static void
update_background (PhPreferences *self)
{
  gtk_switch_set_active (self->keep_sharing,
                         g_settings_get_boolean (self->settings, "keep-sharing"));
  gtk_switch_set_active (self->start_at_login,
                         g_settings_get_boolean (self->settings, "start-at-login"));
}

/* --- reset ------------------------------------------------------------------------------------ */

static void
on_reset_confirmed (PhPreferences *self)
{
  if (g_settings_get_boolean (self->settings, "start-at-login"))
    ph_background_request_async (ph_application_get_background (self->application), "",
                                 _ ("Porthole does not start at login any more."), FALSE, NULL,
                                 NULL, NULL);
  ph_settings_reset (ph_application_get_settings (self->application));
  clear_turn_form (self);
  gtk_editable_set_text (GTK_EDITABLE (self->stun), "");
  adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (self),
                                    adw_toast_new (_ ("All settings were reset")));
}

static void
on_reset (PhPreferences *self)
{
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (self), _ ("Reset All Settings?"),
      _ ("Your name, all servers and their passwords are forgotten. Kept sessions stay."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "reset",
                                    _ ("_Reset"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "reset",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response::reset", G_CALLBACK (on_reset_confirmed), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* --- life ------------------------------------------------------------------------------------- */

/* Whatever is asked or tested for it has nobody to tell any more. */
static void
ph_preferences_unmap (GtkWidget *widget)
{
  PhPreferences *self = PH_PREFERENCES (widget);

  g_cancellable_cancel (self->open);
  stop_test (self);
  GTK_WIDGET_CLASS (ph_preferences_parent_class)->unmap (widget);
}

static void
ph_preferences_dispose (GObject *object)
{
  PhPreferences *self = PH_PREFERENCES (object);

  stop_test (self);
  g_clear_object (&self->open);
  G_OBJECT_CLASS (ph_preferences_parent_class)->dispose (object);
}

static void
bind_general (GtkWidgetClass *class)
{
  gtk_widget_class_bind_template_child (class, PhPreferences, name);
  gtk_widget_class_bind_template_child (class, PhPreferences, name_words);
  gtk_widget_class_bind_template_child (class, PhPreferences, ask_each_client);
  gtk_widget_class_bind_template_child (class, PhPreferences, allow_unverified);
  gtk_widget_class_bind_template_child (class, PhPreferences, notify);
  gtk_widget_class_bind_template_child (class, PhPreferences, keep_sharing);
  gtk_widget_class_bind_template_child (class, PhPreferences, keep_sharing_row);
  gtk_widget_class_bind_template_child (class, PhPreferences, start_at_login);
  gtk_widget_class_bind_template_child (class, PhPreferences, start_at_login_row);
  gtk_widget_class_bind_template_callback (class, on_name_changed);
  gtk_widget_class_bind_template_callback (class, on_keep_sharing);
  gtk_widget_class_bind_template_callback (class, on_start_at_login);
  gtk_widget_class_bind_template_callback (class, on_reset);
}

static void
bind_network (GtkWidgetClass *class)
{
  gtk_widget_class_bind_template_child (class, PhPreferences, signal);
  gtk_widget_class_bind_template_child (class, PhPreferences, signal_test);
  gtk_widget_class_bind_template_child (class, PhPreferences, signal_words);
  gtk_widget_class_bind_template_child (class, PhPreferences, stun);
  gtk_widget_class_bind_template_child (class, PhPreferences, stun_words);
  gtk_widget_class_bind_template_child (class, PhPreferences, stun_list);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_form);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_address);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_user);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_password);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_tcp);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_add);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_words);
  gtk_widget_class_bind_template_child (class, PhPreferences, turn_list);
  gtk_widget_class_bind_template_child (class, PhPreferences, relay_only_row);
  gtk_widget_class_bind_template_child (class, PhPreferences, relay_only);
  gtk_widget_class_bind_template_callback (class, on_signal_changed);
  gtk_widget_class_bind_template_callback (class, on_signal_test);
  gtk_widget_class_bind_template_callback (class, on_stun_changed);
  gtk_widget_class_bind_template_callback (class, on_stun_apply);
  gtk_widget_class_bind_template_callback (class, on_turn_changed);
  gtk_widget_class_bind_template_callback (class, on_turn_add);
}

static void
ph_preferences_class_init (PhPreferencesClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_preferences_dispose;
  widget_class->unmap = ph_preferences_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-preferences.ui");
  bind_general (widget_class);
  bind_network (widget_class);
}

static void
ph_preferences_init (PhPreferences *self)
{
  self->open = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
bind_settings (PhPreferences *self)
{
  const struct
  {
    const char *key;
    gpointer widget;
    const char *property;
  } bindings[] = {
    { "name", self->name, "text" },
    { "signal", self->signal, "text" },
    { "ask-each-client", self->ask_each_client, "active" },
    { "allow-unverified", self->allow_unverified, "active" },
    { "notify", self->notify, "active" },
    { "relay-only", self->relay_only, "active" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bindings); i++)
    g_settings_bind (self->settings, bindings[i].key, bindings[i].widget, bindings[i].property,
                     G_SETTINGS_BIND_DEFAULT);
}

static void
follow_settings (PhPreferences *self)
{
  static const char *const background[] = { "changed::keep-sharing", "changed::start-at-login" };
  static const char *const relays[] = { "changed::turn", "changed::relay-only" };

  for (guint i = 0; i < G_N_ELEMENTS (background); i++)
    g_signal_connect_object (self->settings, background[i], G_CALLBACK (update_background), self,
                             G_CONNECT_SWAPPED);
  for (guint i = 0; i < G_N_ELEMENTS (relays); i++)
    g_signal_connect_object (self->settings, relays[i], G_CALLBACK (update_relay_only), self,
                             G_CONNECT_SWAPPED);
}

GtkWindow *
ph_preferences_new (PhApplication *application, GtkWindow *parent)
{
  PhPreferences *self =
      g_object_new (PH_TYPE_PREFERENCES, "transient-for", parent, "modal", parent != NULL, NULL);

  self->application = application;
  self->settings = ph_settings_get_gsettings (ph_application_get_settings (application));
  adw_action_row_set_subtitle (self->keep_sharing_row, describe_keep_sharing ());
  adw_action_row_set_subtitle (self->start_at_login_row, describe_start_at_login ());
  ph_server_list_set_up (self->stun_list, application, PH_SERVER_STUN);
  ph_server_list_set_up (self->turn_list, application, PH_SERVER_TURN);
  bind_settings (self);
  follow_settings (self);
  update_background (self);
  update_relay_only (self);
  on_name_changed (self);
  on_signal_changed (self);
  return GTK_WINDOW (self);
}
