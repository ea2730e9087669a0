/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the owner of a session has its worker do: commands, given on the owner's thread and run on
 * the transport thread. */
#include "ph-engine-private.h"

#include <glib/gi18n-lib.h>

#include "core/ph-error.h"
#include "core/ph-timer.h"

struct _PhEngineCommand
{
  gint is_sent;
  PhEngineWorker *worker;
  PhEngineCommandFunc func;
  char *text;
  PhServices *services;
  gboolean is_approved;
  gboolean is_change; /* a person's, that may change what there is to see */
  PhEngineDone done;
  gpointer done_data;
};

static void
command_free (gpointer data)
{
  PhEngineCommand *command = data;

  g_free (command->text);
  g_clear_pointer (&command->services, ph_services_unref);
  g_free (command);
}

static gboolean
run_command (gpointer data)
{
  PhEngineCommand *command = data;
  PhEngineWorker *worker;
  GError *error = NULL;
  PhEngineMessage *message;

  ph_engine_take_over (&command->is_sent);
  worker = command->worker;
  ph_engine_assert_transport (worker->engine);
  command->func (worker, command, &error);
  if (command->is_change)
    {
      ph_recorder_touch (worker->recorder);
      ph_timer_arm (worker->turn, 0);
    }
  if (command->done == NULL)
    {
      g_clear_error (&error);
      return G_SOURCE_REMOVE;
    }
  message = ph_engine_message_new (PH_ENGINE_MESSAGE_RESULT, NULL, NULL);
  message->error = error;
  message->done = command->done;
  message->done_data = command->done_data;
  ph_engine_worker_push (worker, message);
  return G_SOURCE_REMOVE;
}

static PhEngineCommand *
command_new (PhEngineSession *session, PhEngineCommandFunc func, const char *text)
{
  PhEngineCommand *command = g_new0 (PhEngineCommand, 1);

  command->worker = session->worker;
  command->func = func;
  command->text = g_strdup (text);
  return command;
}

/* Takes @command. */
static void
command_send (PhEngineSession *session, PhEngineCommand *command)
{
  ph_engine_hand_over (&command->is_sent);
  g_main_context_invoke_full (session->engine->context, G_PRIORITY_DEFAULT, run_command, command,
                              command_free);
}

void
ph_engine_command_give (PhEngineSession *session, PhEngineCommandFunc func)
{
  command_send (session, command_new (session, func, NULL));
}

/* What they do, on the transport thread */

static gboolean
check_host (PhEngineWorker *self, GError **error)
{
  if (self->host != NULL && !self->has_ended)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       self->role == PH_SESSION_HOST
                           ? _ ("The session has ended")
                           : _ ("Only the Host of a session can do this"));
  return FALSE;
}

static gboolean
check_join (PhEngineWorker *self, GError **error)
{
  if (self->join != NULL && !self->has_ended)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID,
                       self->role == PH_SESSION_CLIENT
                           ? _ ("The session has ended")
                           : _ ("Only a Client of a session can do this"));
  return FALSE;
}

static gboolean
do_allow (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  return check_host (self, error) && ph_host_allow (self->host, command->text, error);
}

static gboolean
do_deny (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  return check_host (self, error) && ph_host_deny (self->host, command->text, error);
}

static gboolean
do_set_services (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  if (!check_host (self, error))
    return FALSE;
  ph_host_set_services (self->host, command->services);
  return TRUE;
}

static gboolean
do_kick (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  return check_host (self, error) && ph_host_kick (self->host, command->text, error);
}

static gboolean
do_map (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  return check_join (self, error) && ph_join_map (self->join, command->text, error);
}

/* What could not be listened on is only shown, and can be taken away all the same. */
static gboolean
do_unmap (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  if (!check_join (self, error))
    return FALSE;
  if (ph_recorder_unmap (self->recorder, command->text))
    {
      ph_join_unmap (self->join, command->text, NULL);
      return TRUE;
    }
  return ph_join_unmap (self->join, command->text, error);
}

static gboolean
do_offer (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  return check_host (self, error) && ph_host_offer (self->host, error);
}

static gboolean
do_paste (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  if (self->role == PH_SESSION_HOST)
    return check_host (self, error) && ph_host_paste (self->host, command->text, error);
  return check_join (self, error) && ph_join_paste (self->join, command->text, error);
}

static gboolean
answer_host (PhEngineWorker *self, const PhEngineCommand *command)
{
  if (command->text == NULL)
    return ph_host_answer (self->host, command->is_approved);
  return ph_host_answer_client (self->host, command->text, command->is_approved);
}

static gboolean
do_answer (PhEngineWorker *self, const PhEngineCommand *command, GError **error)
{
  if (self->role == PH_SESSION_HOST ? !check_host (self, error) : !check_join (self, error))
    return FALSE;
  if (self->role == PH_SESSION_HOST ? answer_host (self, command)
                                    : ph_join_answer (self->join, command->is_approved))
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_INVALID, _ ("Nobody is waiting for this answer"));
  return FALSE;
}

/* How they are given, on the owner's thread */

static PhEngineCommand *
person_command_new (PhEngineSession *self,
                    PhEngineCommandFunc func,
                    const char *text,
                    PhEngineDone done,
                    gpointer user_data)
{
  PhEngineCommand *command = command_new (self, func, text);

  ph_engine_session_assert_owner (self);
  command->is_change = TRUE;
  command->done = done;
  command->done_data = user_data;
  return command;
}

static void
give_command (PhEngineSession *self,
              PhEngineCommandFunc func,
              const char *text,
              PhEngineDone done,
              gpointer user_data)
{
  command_send (self, person_command_new (self, func, text, done, user_data));
}

void
ph_engine_session_allow (PhEngineSession *self,
                         const char *rule,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_allow, rule, done, user_data);
}

void
ph_engine_session_deny (PhEngineSession *self,
                        const char *rule,
                        PhEngineDone done,
                        gpointer user_data)
{
  give_command (self, do_deny, rule, done, user_data);
}

void
ph_engine_session_set_services (PhEngineSession *self,
                                PhServices *services,
                                PhEngineDone done,
                                gpointer user_data)
{
  PhEngineCommand *command = person_command_new (self, do_set_services, NULL, done, user_data);

  command->services = services != NULL ? ph_services_ref (services) : NULL;
  command_send (self, command);
}

void
ph_engine_session_kick (PhEngineSession *self,
                        const char *client,
                        PhEngineDone done,
                        gpointer user_data)
{
  give_command (self, do_kick, client, done, user_data);
}

void
ph_engine_session_map (PhEngineSession *self,
                       const char *mapping,
                       PhEngineDone done,
                       gpointer user_data)
{
  give_command (self, do_map, mapping, done, user_data);
}

void
ph_engine_session_unmap (PhEngineSession *self,
                         const char *port,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_unmap, port, done, user_data);
}

void
ph_engine_session_offer (PhEngineSession *self, PhEngineDone done, gpointer user_data)
{
  give_command (self, do_offer, NULL, done, user_data);
}

void
ph_engine_session_paste (PhEngineSession *self,
                         const char *text,
                         PhEngineDone done,
                         gpointer user_data)
{
  give_command (self, do_paste, text, done, user_data);
}

void
ph_engine_session_answer (PhEngineSession *self,
                          const char *peer,
                          gboolean is_approved,
                          PhEngineDone done,
                          gpointer user_data)
{
  PhEngineCommand *command = person_command_new (self, do_answer, peer, done, user_data);

  command->is_approved = is_approved;
  command_send (self, command);
}

void
ph_engine_session_end (PhEngineSession *self)
{
  give_command (self, ph_engine_worker_end, NULL, NULL, NULL);
}
