/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Runs the default main context until *@condition is TRUE; fails the test if that takes long. */
void ph_await (const gboolean *condition);

/* For an asynchronous function whose result is waited for. Clear with ph_answer_clear. */
typedef struct
{
  gboolean is_here;
  GAsyncResult *result;
} PhAnswer;

/* A GAsyncReadyCallback; @answer is a PhAnswer. */
void ph_answer_take (GObject *source, GAsyncResult *result, gpointer answer);

/* Waits for the next result and lends it. */
GAsyncResult *ph_answer_await (PhAnswer *answer);
void ph_answer_clear (PhAnswer *answer);

/* Writes @text to a file, whose folder is made. */
void ph_put_file (const char *path, const char *text);

/* A file, or a folder with all that is in it. */
void ph_remove_all (const char *path);

/* A folder for the test that runs now, empty at first. Borrowed. */
const char *ph_test_folder (void);

/* g_test_run, after which that folder is gone. */
int ph_test_run (void);

/* A connection of its own to the session bus, that owns @name; the other end of what is tested. */
GDBusConnection *ph_fake_bus_new (const char *name);

/* Exports @xml's one interface at @path. */
void ph_fake_bus_export (GDBusConnection *bus,
                         const char *path,
                         const char *xml,
                         GDBusInterfaceMethodCallFunc on_call,
                         gpointer user_data);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhAnswer, ph_answer_clear)

G_END_DECLS
