/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-awake.h"

#include <glib/gi18n.h>

struct _PhAwake
{
  GObject parent_instance;
  GtkApplication *application; /* borrowed */
  guint sessions;
  guint cookie; /* 0: the desktop cannot be asked for it */
};

G_DEFINE_FINAL_TYPE (PhAwake, ph_awake, G_TYPE_OBJECT)

void
ph_awake_hold (PhAwake *self)
{
  if (self->sessions++ > 0)
    return;
  g_application_hold (G_APPLICATION (self->application));
  self->cookie = gtk_application_inhibit (
      self->application, gtk_application_get_active_window (self->application),
      GTK_APPLICATION_INHIBIT_SUSPEND, _ ("Somebody may be using what this computer shares"));
}

void
ph_awake_release (PhAwake *self)
{
  g_assert (self->sessions > 0);
  if (--self->sessions > 0)
    return;
  if (self->cookie != 0)
    gtk_application_uninhibit (self->application, self->cookie);
  self->cookie = 0;
  g_application_release (G_APPLICATION (self->application));
}

static void
ph_awake_dispose (GObject *object)
{
  PhAwake *self = PH_AWAKE (object);

  while (self->sessions > 0)
    ph_awake_release (self);
  G_OBJECT_CLASS (ph_awake_parent_class)->dispose (object);
}

static void
ph_awake_class_init (PhAwakeClass *class)
{
  G_OBJECT_CLASS (class)->dispose = ph_awake_dispose;
}

static void
ph_awake_init (PhAwake *self)
{
}

PhAwake *
ph_awake_new (GtkApplication *application)
{
  PhAwake *self = g_object_new (PH_TYPE_AWAKE, NULL);

  self->application = application;
  return self;
}
