/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-quit.h"

/* The system ends the process by itself. */
struct _PhQuit
{
  int unused;
};

PhQuit *
ph_quit_new (GMainContext *context, void (*func) (gpointer user_data), gpointer user_data)
{
  return g_new0 (PhQuit, 1);
}

void
ph_quit_free (PhQuit *self)
{
  g_free (self);
}
