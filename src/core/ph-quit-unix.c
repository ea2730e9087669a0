/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-quit.h"

#include <glib-unix.h>
#include <signal.h>

struct _PhQuit
{
  void (*func) (gpointer user_data);
  gpointer user_data;
  GSource *interrupt;
  GSource *terminate;
  GSource *hang_up; /* the terminal's window was closed */
};

static gboolean
on_signal (gpointer data)
{
  PhQuit *self = data;

  self->func (self->user_data);
  return G_SOURCE_CONTINUE;
}

static GSource *
attach (PhQuit *self, int signal_number, GMainContext *context)
{
  GSource *source = g_unix_signal_source_new (signal_number);

  g_source_set_callback (source, on_signal, self, NULL);
  g_source_attach (source, context);
  return source;
}

/* As nohup wants it. */
static gboolean
is_ignored (int signal_number)
{
  struct sigaction action;

  return sigaction (signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

PhQuit *
ph_quit_new (GMainContext *context, void (*func) (gpointer user_data), gpointer user_data)
{
  PhQuit *self = g_new0 (PhQuit, 1);

  self->func = func;
  self->user_data = user_data;
  self->interrupt = attach (self, SIGINT, context);
  self->terminate = attach (self, SIGTERM, context);
  if (!is_ignored (SIGHUP))
    self->hang_up = attach (self, SIGHUP, context);
  return self;
}

/* With the last reference to its source GLib makes a signal kill again. So they stay: whoever asks
 * once more while the process ends changes nothing. */
void
ph_quit_free (PhQuit *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->interrupt);
  g_source_destroy (self->terminate);
  if (self->hang_up != NULL)
    g_source_destroy (self->hang_up);
  g_free (self);
}
