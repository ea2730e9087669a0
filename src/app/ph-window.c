/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-window.h"

#include "core/ph-error.h"

#include "ph-keeper.h"
#include "ph-portable.h"
#include "ph-question-dialog.h"
#include "ph-session-page.h"
#include "ph-start-page.h"

#include <glib/gi18n.h>

#define UNDO_SECONDS 10 /* a keyboard takes longer to get there than a mouse */

struct _PhWindow
{
  AdwApplicationWindow parent_instance;

  char *name;
  PhPlan *plan;
  PhLive *live;          /* begun with `plan` */
  PhKeeper *keeper;      /* NULL: the session is not kept */
  GCancellable *opening; /* while settings and secrets are read; else NULL */
  GSimpleAction *keep;   /* whether the session is kept */
  gboolean is_awake;     /* suspend is held off */
  gboolean may_close;    /* the person has agreed to it */
  gboolean is_quitting;  /* the program is to end: nothing goes on without its window */
  gboolean is_asking;    /* one of the session's questions, in a dialog */

  AdwToastOverlay *toasts;
  GtkStack *pages;
  PhStartPage *start;
};

G_DEFINE_FINAL_TYPE (PhWindow, ph_window, ADW_TYPE_APPLICATION_WINDOW)

/* What was begun may end after the window has left its application. */
static PhApplication *
get_application (PhWindow *self)
{
  return PH_APPLICATION (g_application_get_default ());
}

static gboolean
is_running (PhWindow *self)
{
  return self->live != NULL && ph_live_get_state (self->live) != PH_SESSION_ENDED;
}

static gboolean
is_host (PhWindow *self)
{
  return self->live != NULL && ph_live_get_role (self->live) == PH_SESSION_HOST;
}

static void
set_awake (PhWindow *self, gboolean is_awake)
{
  PhAwake *awake = ph_application_get_awake (get_application (self));

  if (self->is_awake == is_awake)
    return;
  self->is_awake = is_awake;
  if (is_awake)
    ph_awake_hold (awake);
  else
    ph_awake_release (awake);
}

/* --- leaving a session ------------------------------------------------------------------------ */

static void
forget_session (PhWindow *self)
{
  if (self->live == NULL)
    return;
  g_signal_handlers_disconnect_by_data (ph_live_get_questions (self->live), self);
  g_signal_handlers_disconnect_by_data (self->live, self);
  ph_plan_follow (self->plan, self->live);
  g_clear_pointer (&self->keeper, ph_keeper_free);
  g_clear_object (&self->live);
}

static void
stop_opening (PhWindow *self)
{
  g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  gtk_widget_set_sensitive (GTK_WIDGET (self->start), TRUE);
}

/* All but the session's page, which goes with the window. */
static void
let_go (PhWindow *self)
{
  stop_opening (self);
  ph_notices_withdraw (ph_application_get_notices (get_application (self)), self->name);
  set_awake (self, FALSE);
  forget_session (self);
}

/* Back to the page to begin with. */
static void
leave_session (PhWindow *self)
{
  GtkWidget *page = gtk_stack_get_child_by_name (self->pages, "session");

  gtk_stack_set_visible_child_name (self->pages, "start");
  if (page != NULL)
    gtk_stack_remove (self->pages, page);
  let_go (self);
}

static void
on_start_page (GtkWidget *widget, const char *action, GVariant *parameter)
{
  leave_session (PH_WINDOW (widget));
}

/* Who ended it need not be told so; everybody else is told why on the session's page, for which a
 * window that was closed while it went on comes back. */
static void
on_ended (PhWindow *self)
{
  set_awake (self, FALSE);
  if (ph_live_get_error (self->live) != NULL)
    {
      if (!gtk_widget_get_visible (GTK_WIDGET (self)))
        gtk_window_present (GTK_WINDOW (self));
    }
  else if (gtk_widget_get_visible (GTK_WIDGET (self)))
    leave_session (self);
  else
    gtk_window_destroy (GTK_WINDOW (self));
}

/* What was agreed to may close the window before the dialog. */
static void
leave_window (GtkWindow *dialog)
{
  gtk_window_set_transient_for (dialog, NULL);
}

/* Asks before connections are closed, else calls @done at once; it is called with the window. */
static void
confirm_end (PhWindow *self, void (*done) (PhWindow *self))
{
  guint n = is_running (self) ? ph_live_get_n_connections (self->live) : 0;
  g_autofree char *body = NULL;
  GtkWidget *dialog;

  if (n == 0)
    {
      done (self);
      return;
    }
  body = g_strdup_printf (ngettext ("%u connection is open and will be closed.",
                                    "%u connections are open and will be closed.", n),
                          n);
  dialog = adw_message_dialog_new (
      GTK_WINDOW (self), is_host (self) ? _ ("Stop Sharing?") : _ ("Leave the Session?"), body);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "end",
                                    is_host (self) ? _ ("_Stop Sharing") : _ ("_Leave"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "end",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response::end", G_CALLBACK (leave_window), NULL);
  g_signal_connect_object (dialog, "response::end", G_CALLBACK (done), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
end_session (PhWindow *self)
{
  if (self->live != NULL)
    ph_live_end (self->live);
}

static void
on_stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  confirm_end (PH_WINDOW (widget), end_session);
}

/* --- the session's page ----------------------------------------------------------------------- */

static void
on_view (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkWidget *page = gtk_stack_get_child_by_name (PH_WINDOW (widget)->pages, "session");

  if (page != NULL)
    ph_session_page_show_view (PH_SESSION_PAGE (page), g_variant_get_string (parameter, NULL));
}

static void
on_copy_link (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhWindow *self = PH_WINDOW (widget);
  const char *link = self->live != NULL ? ph_live_get_snapshot (self->live)->link : NULL;

  if (link == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), link);
  ph_window_toast (widget, _ ("Link copied"));
}

/* Made when it is wanted: a window that stays hidden is in the way of screen readers, which GTK 4.8
 * gives it to. */
static void
on_shortcuts (GtkWidget *widget, const char *action, GVariant *parameter)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource (PH_RESOURCES "ph-shortcuts.ui");
  GtkWindow *shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  gtk_application_window_set_help_overlay (GTK_APPLICATION_WINDOW (widget),
                                           GTK_SHORTCUTS_WINDOW (shortcuts));
  gtk_window_set_hide_on_close (shortcuts, FALSE);
  gtk_window_present (shortcuts);
}

/* --- closing ---------------------------------------------------------------------------------- */

static void
close_for_good (PhWindow *self)
{
  self->may_close = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

static void
save_size (PhWindow *self)
{
  GSettings *settings =
      ph_settings_get_gsettings (ph_application_get_settings (get_application (self)));
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set_int (settings, "window-width", width);
  g_settings_set_int (settings, "window-height", height);
  g_settings_set_boolean (settings, "window-maximized",
                          gtk_window_is_maximized (GTK_WINDOW (self)));
}

static gboolean
goes_on_without_window (PhWindow *self)
{
  GSettings *settings =
      ph_settings_get_gsettings (ph_application_get_settings (get_application (self)));

  return !self->may_close && !self->is_quitting && is_running (self) && is_host (self) &&
         g_settings_get_boolean (settings, "keep-sharing");
}

static gboolean
has_connections (PhWindow *self)
{
  return is_running (self) && ph_live_get_n_connections (self->live) > 0;
}

/* A session whose window goes says its goodbyes in the background. */
static gboolean
ph_window_close_request (GtkWindow *window)
{
  PhWindow *self = PH_WINDOW (window);

  save_size (self);
  if (goes_on_without_window (self))
    {
      gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
      ph_notices_goes_on (ph_application_get_notices (get_application (self)), self->name);
      return GDK_EVENT_STOP;
    }
  if (!self->may_close && has_connections (self))
    {
      confirm_end (self, close_for_good);
      return GDK_EVENT_STOP;
    }
  leave_session (self);
  return GTK_WINDOW_CLASS (ph_window_parent_class)->close_request (window);
}

/* However it went, and although an answer that is under way may still hold it. */
static void
on_removed (PhWindow *self, GtkWindow *window)
{
  if (window == GTK_WINDOW (self))
    let_go (self);
}

/* One that has never been shown cannot be closed. */
void
ph_window_quit (PhWindow *window)
{
  g_autoptr (PhWindow) self = g_object_ref (window);
  gboolean is_visible = gtk_widget_get_visible (GTK_WIDGET (self));

  if (!is_visible && !has_connections (self))
    {
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }
  if (!is_visible)
    gtk_window_present (GTK_WINDOW (self));
  self->is_quitting = TRUE;
  gtk_window_close (GTK_WINDOW (self));
  self->is_quitting = FALSE;
}

/* --- questions -------------------------------------------------------------------------------- */

static void ask_next (PhWindow *self);

static void
on_answered (PhWindow *self)
{
  self->is_asking = FALSE;
  if (self->live != NULL)
    ask_next (self);
}

/* One at a time, each once; whoever closed one without an answer finds it in the session's page. */
static void
ask_next (PhWindow *self)
{
  GListModel *questions = ph_live_get_questions (self->live);

  if (!gtk_widget_get_visible (GTK_WIDGET (self)))
    return; /* the desktop has been told */
  for (guint i = 0; i < g_list_model_get_n_items (questions) && !self->is_asking; i++)
    {
      g_autoptr (PhQuestion) question = g_list_model_get_item (questions, i);
      GtkWidget *dialog;

      if (!ph_question_take_turn (question))
        continue;
      dialog = ph_question_dialog_new (GTK_WINDOW (self), self->live, question);
      self->is_asking = TRUE;
      g_signal_connect_object (dialog, "destroy", G_CALLBACK (on_answered), self,
                               G_CONNECT_SWAPPED);
      gtk_window_present (GTK_WINDOW (dialog));
    }
}

/* At it or at one of its dialogs. One that was closed may still count as active. */
static gboolean
is_looked_at (PhWindow *self)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWindow) item = g_list_model_get_item (windows, i);
      GtkWindow *window = item;

      if (!gtk_window_is_active (window))
        continue;
      while (window != NULL && window != GTK_WINDOW (self))
        window = gtk_window_get_transient_for (window);
      if (window != NULL)
        return gtk_widget_get_visible (GTK_WIDGET (self));
    }
  return FALSE;
}

/* Who does not look at the window is told by the desktop; a number has to be seen. */
static void
on_asked (PhWindow *self, PhQuestion *question)
{
  PhNotices *notices = ph_application_get_notices (get_application (self));

  if (ph_question_get_number (question) != NULL)
    gtk_window_present (GTK_WINDOW (self));
  else if (!is_looked_at (self))
    ph_notices_ask (notices, self->name, ph_question_get_peer (question),
                    ph_question_is_verified (question));
  ask_next (self);
}

/* It was closed while its session went on, and is there again. */
static void
on_shown (PhWindow *self)
{
  if (self->live == NULL)
    return;
  ph_notices_withdraw (ph_application_get_notices (get_application (self)), self->name);
  ask_next (self);
}

static void
on_question_over (PhWindow *self, const char *peer)
{
  ph_notices_answered (ph_application_get_notices (get_application (self)), self->name, peer);
}

void
ph_window_answer (PhWindow *window, const char *peer, gboolean is_yes)
{
  if (window->live != NULL)
    ph_live_answer_peer (window->live, peer, is_yes);
}

static void
on_joined (PhWindow *self, const char *peer)
{
  if (is_host (self) && !is_looked_at (self))
    ph_notices_joined (ph_application_get_notices (get_application (self)), self->name, peer);
}

static void
on_left (PhWindow *self, const char *peer)
{
  if (is_host (self) && !is_looked_at (self))
    ph_notices_left (ph_application_get_notices (get_application (self)), self->name, peer);
}

/* --- keeping a session ------------------------------------------------------------------------ */

/* A saved session whose secret is on its way. A keyring may take its time, for which nothing keeps
 * the window. */
typedef struct
{
  GWeakRef window;
  PhSavedSessions *sessions;
  PhSavedSession *saved;
} Lookup;

static Lookup *
lookup_new (PhWindow *window, PhSavedSession *saved)
{
  Lookup *lookup = g_new0 (Lookup, 1);

  g_weak_ref_init (&lookup->window, window);
  lookup->sessions = g_object_ref (ph_application_get_saved (get_application (window)));
  lookup->saved = g_object_ref (saved);
  return lookup;
}

static void
lookup_free (Lookup *lookup)
{
  g_weak_ref_clear (&lookup->window);
  g_object_unref (lookup->sessions);
  g_object_unref (lookup->saved);
  g_free (lookup);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lookup, lookup_free)

/* Here, or in another window: nothing writes it down any more. */
static void
on_forgotten (PhWindow *self, PhSavedSession *saved)
{
  if (self->plan == NULL || self->plan->saved != saved)
    return;
  g_clear_object (&self->plan->saved);
  g_clear_pointer (&self->keeper, ph_keeper_free);
  g_simple_action_set_state (self->keep, g_variant_new_boolean (FALSE));
}

static void
on_forget_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Lookup) lookup = user_data;
  g_autoptr (PhWindow) self = g_weak_ref_get (&lookup->window);
  g_autoptr (GError) error = NULL;

  if (!ph_saved_sessions_forget_finish (lookup->sessions, result, &error) && self != NULL)
    ph_window_toast (GTK_WIDGET (self), error->message);
}

static void
forget (Lookup *lookup)
{
  ph_saved_sessions_forget_async (lookup->sessions, lookup->saved, NULL, on_forget_done, lookup);
}

/* Without its secret a saved session is of no use. */
static void
on_secret_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Lookup) lookup = user_data;
  g_autoptr (PhWindow) self = g_weak_ref_get (&lookup->window);
  g_autoptr (GError) error = NULL;

  if (ph_saved_sessions_store_secret_finish (lookup->sessions, result, &error))
    return;
  if (self != NULL)
    {
      ph_window_toast (GTK_WIDGET (self), error->message);
      on_forgotten (self, lookup->saved);
    }
  forget (g_steal_pointer (&lookup));
}

/* What tells it from others in a list: what is shared first, or who the Host is. */
static const char *
get_title (PhWindow *self)
{
  g_autoptr (PhRuleItem) rule = g_list_model_get_item (ph_live_get_rules (self->live), 0);
  const PhSnapshotPeer *peer = ph_live_get_only_peer (self->live);

  if (!is_host (self))
    return peer != NULL ? peer->name : _ ("My Session");
  return rule != NULL ? ph_rule_item_get_title (rule) : _ ("My Session");
}

static PhSavedSession *
new_saved (PhWindow *self)
{
  PhSavedSession *saved = ph_saved_session_new (self->plan->role);
  PhSnapshot *snapshot = ph_live_get_snapshot (self->live);

  g_object_set (saved, "title", get_title (self), "session-id",
                snapshot->id != NULL ? snapshot->id : "", "signal",
                snapshot->signal != NULL ? snapshot->signal : "", NULL);
  return saved;
}

static void
keep_session (PhWindow *self)
{
  PhSavedSessions *sessions = ph_application_get_saved (get_application (self));
  g_autofree char *secret = ph_plan_dup_secret (self->plan);
  g_autoptr (PhSavedSession) saved = new_saved (self);
  g_autoptr (GError) error = NULL;

  if (!ph_saved_sessions_save (sessions, saved, &error))
    {
      ph_window_toast (GTK_WIDGET (self), error->message);
      return;
    }
  self->plan->saved = g_steal_pointer (&saved);
  self->keeper = ph_keeper_new (sessions, self->plan, self->live);
  ph_saved_sessions_store_secret_async (sessions, self->plan->saved, secret, NULL, on_secret_stored,
                                        lookup_new (self, self->plan->saved));
  g_simple_action_set_state (self->keep, g_variant_new_boolean (TRUE));
}

static void
on_keep (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  PhWindow *self = user_data;
  Lookup *lookup;

  if (self->live == NULL)
    return;
  if (g_variant_get_boolean (state) && self->plan->saved == NULL)
    keep_session (self);
  else if (!g_variant_get_boolean (state) && self->plan->saved != NULL)
    {
      lookup = lookup_new (self, self->plan->saved);
      on_forgotten (self, lookup->saved);
      forget (lookup);
    }
}

/* --- beginning a session ---------------------------------------------------------------------- */

/* @live was begun with the plan; taken. */
static void
show_session (PhWindow *self, PhLive *live)
{
  self->live = live;
  gtk_stack_add_named (self->pages, GTK_WIDGET (ph_session_page_new (live)), "session");
  gtk_stack_set_visible_child_name (self->pages, "session");
  g_signal_connect_object (live, "ended", G_CALLBACK (on_ended), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (live, "asked", G_CALLBACK (on_asked), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "question-over", G_CALLBACK (on_question_over), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "joined", G_CALLBACK (on_joined), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (live, "left", G_CALLBACK (on_left), self, G_CONNECT_SWAPPED);
  set_awake (self, is_host (self));
  g_simple_action_set_enabled (self->keep, !self->plan->is_manual);
  g_simple_action_set_state (self->keep, g_variant_new_boolean (self->plan->saved != NULL));
  if (self->plan->saved != NULL)
    self->keeper =
        ph_keeper_new (ph_application_get_saved (get_application (self)), self->plan, live);
}

/* Also where there was to be no window: nobody would know otherwise. */
static void
show_problem (PhWindow *self, const GError *error)
{
  leave_session (self);
  gtk_window_present (GTK_WINDOW (self));
  ph_start_page_show_problem (self->start, self->plan != NULL ? self->plan->role : PH_SESSION_HOST,
                              error->message);
}

static void
on_settings_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (PhWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhPreset) preset = ph_settings_load_finish (PH_SETTINGS (source), result, &error);
  PhLive *live = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  stop_opening (self);
  if (preset != NULL)
    live = ph_plan_begin (self->plan, ph_application_get_engine (get_application (self)), preset,
                          &error);
  if (live == NULL)
    {
      show_problem (self, error);
      return;
    }
  show_session (self, live);
  if (preset->warning != NULL)
    ph_window_toast (GTK_WIDGET (self), preset->warning);
}

static GCancellable *
start_opening (PhWindow *self)
{
  leave_session (self);
  gtk_widget_set_sensitive (GTK_WIDGET (self->start), FALSE);
  self->opening = g_cancellable_new ();
  return self->opening;
}

void
ph_window_begin (PhWindow *window, PhPlan *plan)
{
  GCancellable *cancellable = start_opening (window);

  if (plan != window->plan)
    g_clear_pointer (&window->plan, ph_plan_free);
  window->plan = plan;
  ph_settings_load_async (ph_application_get_settings (get_application (window)), cancellable,
                          on_settings_loaded, g_object_ref (window));
}

static void
on_retry (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PhWindow *self = PH_WINDOW (widget);

  if (self->plan != NULL)
    ph_window_begin (self, self->plan);
}

static void
on_secret_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Lookup) lookup = user_data;
  g_autoptr (PhWindow) self = g_weak_ref_get (&lookup->window);
  g_autoptr (GError) error = NULL;
  g_autofree char *secret =
      ph_saved_sessions_lookup_secret_finish (lookup->sessions, result, &error);
  PhPlan *plan = NULL;

  if (self == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (secret == NULL && error == NULL)
    g_set_error_literal (&error, PH_ERROR, PH_ERROR_INVALID,
                         _ ("What opens this session is not in the keyring any more. Forget it, "
                            "and begin a new one."));
  if (error == NULL)
    plan = ph_plan_new_saved (lookup->saved, secret, &error);
  if (plan != NULL)
    ph_window_begin (self, plan);
  else
    show_problem (self, error);
}

/* The window that has it; borrowed, NULL if none. */
static PhWindow *
find_opened (PhWindow *self, PhSavedSession *saved)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (get_application (self)));

  for (GList *l = windows; l != NULL; l = l->next)
    if (PH_IS_WINDOW (l->data) && is_running (l->data) && PH_WINDOW (l->data)->plan->saved == saved)
      return l->data;
  return NULL;
}

void
ph_window_open_saved (PhWindow *window, PhSavedSession *saved)
{
  PhWindow *opened = find_opened (window, saved);

  if (opened != NULL)
    {
      gtk_window_present (GTK_WINDOW (opened));
      return;
    }
  ph_saved_sessions_lookup_secret_async (ph_application_get_saved (get_application (window)), saved,
                                         start_opening (window), on_secret_found,
                                         lookup_new (window, saved));
}

void
ph_window_offer_code (PhWindow *window, const char *code)
{
  ph_start_page_offer_code (window->start, code);
}

gboolean
ph_window_is_idle (PhWindow *window)
{
  return window->live == NULL && window->opening == NULL;
}

PhLive *
ph_window_get_live (PhWindow *window)
{
  return window->live;
}

const char *
ph_window_get_name (PhWindow *window)
{
  return window->name;
}

/* --- life ------------------------------------------------------------------------------------- */

static void
ph_window_dispose (GObject *object)
{
  PhWindow *self = PH_WINDOW (object);

  g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  forget_session (self);
  g_clear_pointer (&self->plan, ph_plan_free);
  g_clear_object (&self->keep);
  G_OBJECT_CLASS (ph_window_parent_class)->dispose (object);
}

static void
ph_window_finalize (GObject *object)
{
  g_free (PH_WINDOW (object)->name);
  G_OBJECT_CLASS (ph_window_parent_class)->finalize (object);
}

static void
ph_window_class_init (PhWindowClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = ph_window_dispose;
  G_OBJECT_CLASS (class)->finalize = ph_window_finalize;
  GTK_WINDOW_CLASS (class)->close_request = ph_window_close_request;
  gtk_widget_class_set_template_from_resource (widget_class, PH_RESOURCES "ph-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PhWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, PhWindow, start);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, on_stop);
  gtk_widget_class_install_action (widget_class, "win.start-page", NULL, on_start_page);
  gtk_widget_class_install_action (widget_class, "win.retry", NULL, on_retry);
  gtk_widget_class_install_action (widget_class, "win.show-help-overlay", NULL, on_shortcuts);
  gtk_widget_class_install_action (widget_class, "win.view", "s", on_view);
  gtk_widget_class_install_action (widget_class, "win.copy-link", NULL, on_copy_link);
}

static void
ph_window_init (PhWindow *self)
{
  static guint n_windows;

  self->name = g_strdup_printf ("%u", ++n_windows);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->keep = g_simple_action_new_stateful ("keep", NULL, g_variant_new_boolean (FALSE));
  g_signal_connect (self->keep, "change-state", G_CALLBACK (on_keep), self);
  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (self->keep));
  g_signal_connect (self, "show", G_CALLBACK (on_shown), NULL);
}

PhWindow *
ph_window_new (PhApplication *application)
{
  PhWindow *self = g_object_new (PH_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = ph_settings_get_gsettings (ph_application_get_settings (application));

  g_signal_connect_object (ph_application_get_saved (application), "forgotten",
                           G_CALLBACK (on_forgotten), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (application, "window-removed", G_CALLBACK (on_removed), self,
                           G_CONNECT_SWAPPED);
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "window-maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  return self;
}

/* --- feedback --------------------------------------------------------------------------------- */

/* Texts may hold words of other people, which are never markup. */
static AdwToast *
new_toast (const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  return adw_toast_new (escaped);
}

static void
show_toast (GtkWidget *widget, AdwToast *toast)
{
  GtkRoot *root = gtk_widget_get_root (widget);

  if (PH_IS_WINDOW (root))
    adw_toast_overlay_add_toast (PH_WINDOW (root)->toasts, toast);
  else
    g_object_unref (toast);
}

void
ph_window_toast (GtkWidget *widget, const char *text)
{
  show_toast (widget, new_toast (text));
}

void
ph_window_toast_undo (GtkWidget *widget,
                      const char *text,
                      GCallback undo,
                      gpointer data,
                      GClosureNotify free_data)
{
  AdwToast *toast = new_toast (text);

  adw_toast_set_timeout (toast, UNDO_SECONDS);
  adw_toast_set_button_label (toast, _ ("_Undo"));
  g_signal_connect_data (toast, "button-clicked", undo, data, free_data, G_CONNECT_SWAPPED);
  show_toast (widget, toast);
}

static void
on_launched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) widget = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (g_app_info_launch_default_for_uri_finish (result, &error))
    return;
  text = g_strdup_printf (_ ("No browser could be opened: %s"), error->message);
  ph_window_toast (widget, text);
}

void
ph_window_show_uri (GtkWidget *widget, const char *uri)
{
  GdkDisplay *display = gtk_widget_get_display (widget);
  g_autoptr (GdkAppLaunchContext) context = gdk_display_get_app_launch_context (display);

  if (ph_portable_open (uri))
    return;
  ph_portable_prepare_launch (G_APP_LAUNCH_CONTEXT (context));
  g_app_info_launch_default_for_uri_async (uri, G_APP_LAUNCH_CONTEXT (context), NULL, on_launched,
                                           g_object_ref (widget));
}
