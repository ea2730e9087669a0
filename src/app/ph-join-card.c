/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-join-card.h"

#include "core/ph-error.h"
#include "session/ph-join.h"
#include "session/ph-setup.h"

#include "ph-application.h"
#include "ph-code-box.h"
#include "ph-window.h"

#include <glib/gi18n.h>
#include <string.h>

#define SHOWN_OF_ID 6

struct _PhJoinCard
{
  AdwBin parent_instance;

  char *clipped;             /* what the clipboard has to join; NULL: nothing */
  GCancellable *cancellable; /* of reading the clipboard; NULL while in no window */

  GtkLabel *heading;
  GtkLabel *description;
  AdwEntryRow *code;
  AdwActionRow *clipboard_row;
  GtkLabel *hint;
  GtkWidget *join;
  GtkWidget *dismiss;
  GtkWidget *pair;
};

G_DEFINE_FINAL_TYPE (PhJoinCard, ph_join_card, ADW_TYPE_BIN)

enum
{
  JOIN,
  DISMISSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* NULL in no window of the program. */
static PhApplication *
get_application (PhJoinCard *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return PH_IS_WINDOW (root) ? PH_APPLICATION (gtk_window_get_application (GTK_WINDOW (root)))
                             : NULL;
}

/* --- what is typed ---------------------------------------------------------------------------- */

static const char *
get_typed (PhJoinCard *self)
{
  return gtk_editable_get_text (GTK_EDITABLE (self->code));
}

static void
show_hint (PhJoinCard *self, const char *text, gboolean is_problem)
{
  gtk_label_set_label (self->hint, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->hint), text != NULL);
  gtk_widget_set_css_classes (GTK_WIDGET (self->hint),
                              (const char *[]){ is_problem ? "error" : "dim-label", NULL });
  if (is_problem)
    gtk_widget_add_css_class (GTK_WIDGET (self->code), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->code), "error");
}

/* Whether a server is set that a code without one can be asked for at. One that is set wrongly is:
 * who joins is told what is wrong with it. */
static gboolean
has_server (PhJoinCard *self)
{
  GSettings *settings =
      ph_settings_get_gsettings (ph_application_get_settings (get_application (self)));
  g_autofree char *given = g_settings_get_string (settings, "signal");
  g_autofree char *server = NULL;

  return !ph_setup_signal (*given != '\0' ? given : NULL, &server, NULL) || server != NULL;
}

/* Owned; NULL with @error for what cannot be joined. */
static PhCode *
parse (PhJoinCard *self, GError **error)
{
  g_autoptr (PhCode) code = ph_code_parse (get_typed (self), error);

  if (code == NULL || code->server != NULL || has_server (self))
    return g_steal_pointer (&code);
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       _ ("A code does not say where its session is, and no signaling server is "
                          "set that could know. Ask for the link instead of the code, or set the "
                          "server of the person who shares in Preferences."));
  return NULL;
}

/* "example.com:8443"; borrowed from @code. */
static const char *
get_host (const PhCode *code)
{
  return strstr (code->server, "://") + strlen ("://");
}

/* What is known of a code before it is joined; owned, NULL if there is nothing to say. */
static char *
dup_hint (const PhCode *code)
{
  if (!code->has_secret)
    return g_strdup (_ ("There is no secret in this, so both of you will compare a number before "
                        "anything goes through."));
  if (code->server != NULL)
    return g_strdup_printf (_ ("A session at %s"), get_host (code));
  return NULL;
}

/* What is not finished yet is no mistake yet: only on_join calls it one. */
static void
update (PhJoinCard *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhCode) code = NULL;
  g_autofree char *hint = NULL;
  gboolean is_empty = *get_typed (self) == '\0';

  if (get_application (self) == NULL)
    return;
  code = is_empty ? NULL : parse (self, &error);
  if (code != NULL)
    hint = dup_hint (code);
  else if (error != NULL)
    hint = g_strdup (error->message);
  show_hint (self, hint, FALSE);
  gtk_widget_set_sensitive (self->join, !is_empty);
}

static void
on_join (PhJoinCard *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhCode) code = parse (self, &error);
  g_autofree char *text = NULL;

  if (code == NULL)
    {
      ph_join_card_show_problem (self, error->message);
      return;
    }
  text = g_strdup (get_typed (self));
  g_signal_emit (self, signals[JOIN], 0, text);
}

static void
on_pair (PhJoinCard *self)
{
  g_signal_emit (self, signals[JOIN], 0, NULL);
}

void
ph_join_card_show_problem (PhJoinCard *card, const char *message)
{
  show_hint (card, message, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (card->code));
}

void
ph_join_card_focus (PhJoinCard *card)
{
  gtk_widget_grab_focus (GTK_WIDGET (card->code));
}

/* --- what another program opened -------------------------------------------------------------- */

static void
show_offer (PhJoinCard *self, gboolean is_offer)
{
  gtk_label_set_label (self->heading, is_offer ? _ ("Join This Session?") : _ ("Join"));
  gtk_label_set_label (self->description,
                       is_offer ? _ ("Another program opened this link. Join only if you know who "
                                     "it is from.")
                                : _ ("Reach what somebody shares with you."));
  gtk_widget_set_visible (self->dismiss, is_offer);
  gtk_widget_set_visible (self->pair, !is_offer);
}

void
ph_join_card_offer (PhJoinCard *card, const char *text)
{
  show_offer (card, TRUE);
  gtk_editable_set_text (GTK_EDITABLE (card->code), text);
  update (card);
  gtk_widget_grab_focus (card->join);
}

void
ph_join_card_end_offer (PhJoinCard *card)
{
  show_offer (card, FALSE);
}

static void
on_dismiss (PhJoinCard *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->code), "");
  g_signal_emit (self, signals[DISMISSED], 0);
}

/* --- what is on the clipboard ----------------------------------------------------------------- */

static gboolean
is_hosted_here (PhJoinCard *self, const PhCode *code)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (get_application (self)));

  for (GList *l = windows; l != NULL; l = l->next)
    {
      PhLive *live = PH_IS_WINDOW (l->data) ? ph_window_get_live (l->data) : NULL;

      if (live != NULL && ph_live_get_role (live) == PH_SESSION_HOST &&
          g_strcmp0 (ph_live_get_snapshot (live)->id, code->id) == 0)
        return TRUE;
    }
  return FALSE;
}

/* An id alone could be any word. */
static gboolean
is_worth_offering (PhJoinCard *self, const PhCode *code, const char *text)
{
  return (code->has_secret || code->server != NULL) && !is_hosted_here (self, code) &&
         !g_str_equal (text, get_typed (self));
}

/* Offers @text, if it is something to join; takes it. */
static void
offer_clipped (PhJoinCard *self, char *text)
{
  g_autoptr (PhCode) code = text != NULL ? ph_code_parse (g_strstrip (text), NULL) : NULL;
  gboolean is_offered = code != NULL && is_worth_offering (self, code, text);
  g_autofree char *title = NULL;

  g_free (self->clipped);
  self->clipped = text;
  gtk_widget_set_visible (GTK_WIDGET (self->clipboard_row), is_offered);
  if (!is_offered)
    return;
  title = g_strdup_printf (_ ("Join “%.*s…”"), SHOWN_OF_ID, code->id);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->clipboard_row), title);
}

static void
on_text (GObject *clipboard, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhJoinCard) self = user_data;
  g_autoptr (GError) error = NULL;
  char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (clipboard), result, &error);

  if (self->cancellable == NULL || get_application (self) == NULL)
    g_free (text);
  else
    offer_clipped (self, text);
}

/* Only while the person is here: programs that read the clipboard all the time are not trusted. */
static void
read_clipboard (PhJoinCard *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)) || !gtk_window_is_active (GTK_WINDOW (root)) ||
      get_application (self) == NULL)
    return;
  if (gdk_clipboard_is_local (clipboard))
    offer_clipped (self, NULL);
  else
    gdk_clipboard_read_text_async (clipboard, self->cancellable, on_text, g_object_ref (self));
}

static void
on_clipboard_row (PhJoinCard *self)
{
  g_autofree char *text = g_steal_pointer (&self->clipped);

  if (text == NULL)
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->code), text);
  gtk_widget_set_visible (GTK_WIDGET (self->clipboard_row), FALSE);
  on_join (self);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_join_card_root (GtkWidget *widget)
{
  PhJoinCard *self = PH_JOIN_CARD (widget);

  GTK_WIDGET_CLASS (ph_join_card_parent_class)->root (widget);
  self->cancellable = g_cancellable_new ();
  g_signal_connect_object (gtk_widget_get_root (widget), "notify::is-active",
                           G_CALLBACK (read_clipboard), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_widget_get_clipboard (widget), "changed",
                           G_CALLBACK (read_clipboard), self, G_CONNECT_SWAPPED);
}

static void
ph_join_card_unroot (GtkWidget *widget)
{
  PhJoinCard *self = PH_JOIN_CARD (widget);

  g_signal_handlers_disconnect_by_data (gtk_widget_get_root (widget), self);
  g_signal_handlers_disconnect_by_data (gtk_widget_get_clipboard (widget), self);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  GTK_WIDGET_CLASS (ph_join_card_parent_class)->unroot (widget);
}

/* A server may have been set since. */
static void
ph_join_card_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (ph_join_card_parent_class)->map (widget);
  if (!gtk_widget_has_css_class (GTK_WIDGET (PH_JOIN_CARD (widget)->code), "error"))
    update (PH_JOIN_CARD (widget));
  read_clipboard (PH_JOIN_CARD (widget));
}

static void
ph_join_card_finalize (GObject *object)
{
  g_free (PH_JOIN_CARD (object)->clipped);
  G_OBJECT_CLASS (ph_join_card_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *class)
{
  gtk_widget_class_set_template_from_resource (class, PH_RESOURCES "ph-join-card.ui");
  gtk_widget_class_bind_template_child (class, PhJoinCard, heading);
  gtk_widget_class_bind_template_child (class, PhJoinCard, description);
  gtk_widget_class_bind_template_child (class, PhJoinCard, code);
  gtk_widget_class_bind_template_child (class, PhJoinCard, clipboard_row);
  gtk_widget_class_bind_template_child (class, PhJoinCard, hint);
  gtk_widget_class_bind_template_child (class, PhJoinCard, join);
  gtk_widget_class_bind_template_child (class, PhJoinCard, dismiss);
  gtk_widget_class_bind_template_child (class, PhJoinCard, pair);
  gtk_widget_class_bind_template_callback (class, update);
  gtk_widget_class_bind_template_callback (class, on_join);
  gtk_widget_class_bind_template_callback (class, on_pair);
  gtk_widget_class_bind_template_callback (class, on_dismiss);
  gtk_widget_class_bind_template_callback (class, on_clipboard_row);
}

static void
ph_join_card_class_init (PhJoinCardClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = ph_join_card_finalize;
  widget_class->root = ph_join_card_root;
  widget_class->unroot = ph_join_card_unroot;
  widget_class->map = ph_join_card_map;
  bind_template (widget_class);
  signals[JOIN] = g_signal_new ("join", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[DISMISSED] = g_signal_new ("dismissed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ph_join_card_init (PhJoinCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
