/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-client-private.h"

#include "core/ph-timer.h"

/* One poll after the other. */

#define HOLD_S 30
#define POLL_TIMEOUT_MS ((HOLD_S + 10) * 1000)
#define POLL_PAUSE_MS 100 /* between an answer and the next poll */
/* News is followed by the next poll at once, because each step of joining waits for one; but not by
 * more of them than this in a second, whatever the server says is new. */
#define MAX_NEWS_A_SECOND 5
#define MAX_NONSENSE 5 /* answers in a row that make no sense: it is not a portal in between */

struct _PhSignalWatch
{
  guint refs; /* the owner's, and that of the poll under way */
  PhSignalClient *client;
  char *id;
  char *token;
  guint64 rev;
  const PhSignalWatchEvents *events; /* NULL: freed, or at its end */
  gpointer user_data;
  gboolean in_trouble;
  guint n_nonsense; /* answers in a row */
  guint n_news;     /* changes since news_since_us */
  gint64 news_since_us;
  guint backoff_ms;
  GCancellable *stop;
  GSource *pause;
};

static void
watch_unref (PhSignalWatch *self)
{
  if (--self->refs > 0)
    return;
  ph_signal_client_unref (self->client);
  g_free (self->id);
  g_free (self->token);
  g_object_unref (self->stop);
  g_free (self);
}

static void watch_poll (PhSignalWatch *self);

static gboolean
on_watch_pause_over (gpointer data)
{
  watch_poll (data);
  return G_SOURCE_CONTINUE;
}

/* Each of these may free the watch: then events is NULL behind it. */
static void
tell_changed (PhSignalWatch *self, const PhSignalSession *session)
{
  if (self->events != NULL && self->events->changed != NULL)
    self->events->changed (session, self->user_data);
}

static void
tell_trouble (PhSignalWatch *self, const GError *error)
{
  gboolean in_trouble = error != NULL;

  if (self->events == NULL || self->in_trouble == in_trouble)
    return;
  self->in_trouble = in_trouble;
  if (self->events->trouble != NULL)
    self->events->trouble (error, self->user_data);
}

static void
tell_failed (PhSignalWatch *self, const GError *error)
{
  const PhSignalWatchEvents *events = g_steal_pointer (&self->events);

  if (events != NULL && events->failed != NULL)
    events->failed (error, self->user_data);
}

static void
watch_retry (PhSignalWatch *self, const PhSignalHttpAnswer *answer, const GError *error)
{
  self->backoff_ms = ph_signal_client_next_backoff_ms (self->backoff_ms);
  tell_trouble (self, error);
  if (self->events != NULL)
    ph_timer_arm (self->pause, ph_signal_client_pause_ms (self->backoff_ms, answer));
}

/* Where the way out of a network asks for a login first, its page answers for every server. */
static void
watch_nonsense (PhSignalWatch *self, const PhSignalHttpAnswer *answer, const GError *error)
{
  self->n_nonsense++;
  if (self->n_nonsense < MAX_NONSENSE)
    watch_retry (self, answer, error);
  else
    tell_failed (self, error);
}

static guint
pause_after (PhSignalWatch *self, gboolean is_new)
{
  gint64 now_us = g_get_monotonic_time ();

  if (!is_new)
    return POLL_PAUSE_MS;
  if (now_us - self->news_since_us > G_USEC_PER_SEC)
    {
      self->news_since_us = now_us;
      self->n_news = 0;
    }
  return ++self->n_news <= MAX_NEWS_A_SECOND ? 0 : POLL_PAUSE_MS;
}

/* Another rev, not only a higher one: a server that began anew counts from the start. */
static void
watch_good (PhSignalWatch *self, const PhSignalHttpAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalSession) session =
      ph_signal_client_read_session (self->client, answer, &error);
  gboolean is_new;

  if (session == NULL)
    {
      watch_nonsense (self, answer, error);
      return;
    }
  is_new = session->rev != self->rev;
  self->rev = session->rev;
  self->backoff_ms = 0;
  self->n_nonsense = 0;
  tell_trouble (self, NULL);
  if (is_new)
    tell_changed (self, session);
  if (self->events != NULL)
    ph_timer_arm (self->pause, pause_after (self, is_new));
}

static void
on_watch_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  PhSignalWatch *self = data;
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSignalHttpAnswer) answer = ph_signal_http_send_finish (result, &failure);

  if (self->events != NULL)
    {
      switch (ph_signal_client_judge (self->client, answer, failure, &error))
        {
        case PH_VERDICT_GOOD:
          watch_good (self, answer);
          break;
        case PH_VERDICT_RETRY:
          watch_retry (self, answer, error);
          break;
        case PH_VERDICT_FINAL:
          tell_failed (self, error);
          break;
        }
    }
  watch_unref (self);
}

static void
watch_poll (PhSignalWatch *self)
{
  g_autofree char *query =
      g_strdup_printf ("?since=%" G_GUINT64_FORMAT "&wait=%d", self->rev, HOLD_S);
  g_autofree char *url = ph_signal_client_dup_url (self->client, self->id, query);

  self->refs++;
  ph_signal_http_send_async (self->client->session, "GET", url, self->token, NULL, POLL_TIMEOUT_MS,
                             self->stop, on_watch_answer, self);
}

PhSignalWatch *
ph_signal_watch_new (PhSignalClient *client,
                     const char *id,
                     const char *token,
                     guint64 rev,
                     const PhSignalWatchEvents *events,
                     gpointer user_data)
{
  PhSignalWatch *self = g_new0 (PhSignalWatch, 1);

  self->refs = 1;
  self->client = ph_signal_client_ref (client);
  self->id = g_strdup (id);
  self->token = g_strdup (token);
  self->rev = rev;
  self->events = events;
  self->user_data = user_data;
  self->stop = g_cancellable_new ();
  self->pause = ph_timer_new (client->context, "[porthole] watch", on_watch_pause_over, self);
  watch_poll (self);
  return self;
}

void
ph_signal_watch_free (PhSignalWatch *self)
{
  if (self == NULL)
    return;
  self->events = NULL;
  ph_timer_clear (&self->pause);
  g_cancellable_cancel (self->stop);
  watch_unref (self);
}
