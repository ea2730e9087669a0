/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-question-dialog.h"

#include "ph-number-view.h"

#include <glib/gi18n.h>

/* A dialog comes when others want it to. What its person was typing or clicking just then is no
 * answer, and neither is the second click on what stood in its place before. */
#define LOOK_FIRST_MS 600

typedef struct
{
  PhLive *live;
  PhQuestion *question;
  guint timer;      /* 0: answers are taken */
  gboolean is_over; /* the dialog is closing */
} Asking;

static void
asking_free (Asking *asking)
{
  g_clear_handle_id (&asking->timer, g_source_remove);
  g_object_unref (asking->live);
  g_object_unref (asking->question);
  g_free (asking);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  Asking *asking = user_data;

  asking->is_over = TRUE;
  if (g_str_equal (response, "yes") || g_str_equal (response, "no"))
    ph_live_answer (asking->live, asking->question, g_str_equal (response, "yes"));
}

static void
take_answers (GtkWidget *dialog, gboolean is_taking)
{
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (dialog), "no", is_taking);
  adw_message_dialog_set_response_enabled (ADW_MESSAGE_DIALOG (dialog), "yes", is_taking);
}

static gboolean
on_looked (gpointer dialog)
{
  Asking *asking = g_object_get_data (dialog, "asking");

  asking->timer = 0;
  take_answers (dialog, TRUE);
  return G_SOURCE_REMOVE;
}

/* Somebody who asked may go again, and a notification can be answered, too. */
static void
on_questions_changed (GListModel *questions,
                      guint position,
                      guint removed,
                      guint added,
                      gpointer user_data)
{
  Asking *asking = g_object_get_data (user_data, "asking");

  if (!asking->is_over && !g_list_store_find (G_LIST_STORE (questions), asking->question, NULL))
    gtk_window_close (user_data);
}

/* The dialog of a request to join. */
static GtkWidget *
new_join_dialog (GtkWindow *parent, PhQuestion *question)
{
  g_autofree char *heading =
      g_strdup_printf (_ ("“%s” Wants to Join"), ph_question_get_peer (question));
  const char *body =
      ph_question_is_verified (question)
          ? _ ("They have your share code. If you approve, they can reach what your rules allow.")
          : _ ("They do not have the secret part of your code. If you approve, compare a number "
               "with them before anything is connected.");
  GtkWidget *dialog = adw_message_dialog_new (parent, heading, body);

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "no", _ ("_Reject"), "yes",
                                    _ ("_Approve"), NULL);
  return dialog;
}

/* The dialog that shows a number to compare. */
static GtkWidget *
new_number_dialog (GtkWindow *parent, PhQuestion *question)
{
  g_autofree char *body = g_strdup_printf (
      _ ("Read this number to “%s”, over the phone for example. If theirs differs, somebody is "
         "listening in between."),
      ph_question_get_peer (question));
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Is the Number the Same?"), body);
  GtkWidget *number = ph_number_view_new ();

  ph_number_view_set_number (PH_NUMBER_VIEW (number), ph_question_get_number (question));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), number);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "no", _ ("It _Differs"), "yes",
                                    _ ("It Is the _Same"), NULL);
  return dialog;
}

GtkWidget *
ph_question_dialog_new (GtkWindow *parent, PhLive *live, PhQuestion *question)
{
  Asking *asking = g_new0 (Asking, 1);
  GtkWidget *dialog = ph_question_get_number (question) != NULL
                          ? new_number_dialog (parent, question)
                          : new_join_dialog (parent, question);

  asking->live = g_object_ref (live);
  asking->question = g_object_ref (question);
  g_object_set_data_full (G_OBJECT (dialog), "asking", asking, (GDestroyNotify)asking_free);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "no",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "yes",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "later");
  take_answers (dialog, FALSE);
  asking->timer = g_timeout_add (LOOK_FIRST_MS, on_looked, dialog);
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), asking);
  g_signal_connect_object (ph_live_get_questions (live), "items-changed",
                           G_CALLBACK (on_questions_changed), dialog, 0);
  return dialog;
}
