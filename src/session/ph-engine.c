/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine itself: its thread, and what is done there that is no session. */
#include "ph-engine-private.h"

#include "core/ph-error.h"

#define DRAIN_TURNS 1000

/* Once there is nothing left that the thread would have to do. */
void
ph_engine_stop_if_idle (PhEngine *engine)
{
  if (engine->is_stopping && engine->n_workers == 0 && g_hash_table_size (engine->tests) == 0)
    g_main_loop_quit (engine->loop);
}

/* Servers to be tried: the task is the owner's, and gets its result from the transport thread */

typedef struct
{
  gint is_sent; /* there, and back with the result */
  PhEngine *engine;
  PhServerKind kind;
  char *text;
  GCancellable *stop; /* the owner's cancellable and the engine's end both end in it */
  gulong cancelled_id;
} ServerTest;

static void
server_test_free (gpointer data)
{
  ServerTest *test = data;

  g_free (test->text);
  g_object_unref (test->stop);
  g_free (test);
}

static void
on_owner_cancelled (GCancellable *cancellable, gpointer stop)
{
  g_cancellable_cancel (stop);
}

static void
on_server_tested (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ServerTest *test = g_task_get_task_data (task);
  GError *error = NULL;
  char *words = ph_server_test_finish (result, &error);

  if (test->cancelled_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (task), test->cancelled_id);
  g_hash_table_remove (test->engine->tests, test);
  ph_engine_stop_if_idle (test->engine);
  ph_engine_hand_over (&test->is_sent);
  if (words != NULL)
    g_task_return_pointer (task, words, g_free);
  else
    g_task_return_error (task, error);
}

static gboolean
begin_server_test (gpointer data)
{
  GTask *task = data;
  ServerTest *test = g_task_get_task_data (task);

  ph_engine_take_over (&test->is_sent);
  ph_engine_assert_transport (test->engine);
  g_atomic_int_set (&test->is_sent, FALSE);
  g_hash_table_add (test->engine->tests, test);
  if (g_task_get_cancellable (task) != NULL)
    test->cancelled_id = g_cancellable_connect (g_task_get_cancellable (task),
                                                G_CALLBACK (on_owner_cancelled), test->stop, NULL);
  ph_server_test_async (test->kind, test->text, test->stop, on_server_tested, task);
  return G_SOURCE_REMOVE;
}

static void
cancel_tests (PhEngine *self)
{
  g_autoptr (GList) tests = g_hash_table_get_keys (self->tests);

  for (GList *l = tests; l != NULL; l = l->next)
    g_cancellable_cancel (((ServerTest *)l->data)->stop);
}

void
ph_engine_test_server_async (PhEngine *self,
                             PhServerKind kind,
                             const char *text,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  ServerTest *test = g_new0 (ServerTest, 1);

  g_task_set_source_tag (task, ph_engine_test_server_async);
  test->engine = self;
  test->kind = kind;
  test->text = g_strdup (text);
  test->stop = g_cancellable_new ();
  g_task_set_task_data (task, test, server_test_free);
  ph_engine_hand_over (&test->is_sent);
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, begin_server_test, task, NULL);
}

char *
ph_engine_test_server_finish (GAsyncResult *result, GError **error)
{
  ServerTest *test = g_task_get_task_data (G_TASK (result));

  ph_engine_take_over (&test->is_sent);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The thread */

static gpointer
run (gpointer data)
{
  PhEngine *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  for (guint i = 0; i < DRAIN_TURNS && g_main_context_iteration (self->context, FALSE); i++)
    ; /* what was cancelled comes home */
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

PhEngine *
ph_engine_new (void)
{
  PhEngine *self = g_new0 (PhEngine, 1);

  (void)PH_ERROR; /* its number is drawn once, and now there is only one thread to do it */
  self->owner = g_thread_self ();
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->tests = g_hash_table_new (NULL, NULL);
  self->thread = g_thread_new ("porthole-net", run, self);
  return self;
}

static gboolean
on_stop (gpointer data)
{
  PhEngine *self = data;

  ph_engine_assert_transport (self);
  self->is_stopping = TRUE;
  cancel_tests (self);
  ph_engine_stop_if_idle (self);
  return G_SOURCE_REMOVE;
}

void
ph_engine_free (PhEngine *self)
{
  g_assert (g_thread_self () == self->owner);
  g_assert (g_atomic_int_get (&self->n_sessions) == 0);

  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, on_stop, self, NULL);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_hash_table_unref (self->tests);
  g_main_context_unref (self->context);
  g_free (self);
}
