/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-program-name.h"

/* Arguments are written with a “|” for each NUL. */
static char *
dup_name (const char *command, const char *line)
{
  g_autofree char *bytes = g_strdup (line);

  g_strdelimit (bytes, "|", '\0');
  return ph_program_dup_name (command, bytes, strlen (line));
}

static void
test_names (void)
{
  static const struct
  {
    const char *command, *line, *name;
  } cases[] = {
    { "nginx", "", "nginx" },
    { "nginx", "nginx: master process nginx -g daemon off;|", "nginx" },
    { "java", "java|-Xmx4G|-jar|/srv/minecraft_server.jar|nogui|", "minecraft_server.jar" },
    { "java", "java|-cp|a.jar:b.jar|-Dtoken=x|net.minecraft.client.main.Main|--accessToken|s|",
      "net.minecraft.client.main.Main" },
    { "java", "java|-jar|", "java" },
    { "java", "java|-cp|", "java" },
    { "java", "java|@args|-version|", "java" },
    { "java", "", "java" },
    { "python3", "python3|-m|http.server|8000|", "python3 -m http.server" },
    { "python3", "python3|-u|-X|dev|/home/anna/app.py|--password|s|", "python3 app.py" },
    { "python3.11", "/usr/bin/python3.11|app.py|", "python3.11 app.py" },
    { "python3", "python3|-c|import secret|", "python3" },
    { "python3", "python3|-m|", "python3" },
    { "python3", "python3|", "python3" },
    { "gunicorn", "/usr/bin/python3|/usr/bin/gunicorn|app:app|", "gunicorn" },
    { "home-assistant-", "/usr/bin/python3|/opt/home-assistant-core|", "home-assistant-core" },
    { "node", "node|/srv/app/server.js|", "node server.js" },
    { "node", "node|--inspect|server.js|", "node" },
    { "node-MainThread", "/usr/bin/node|/p/node_modules/.bin/vite|", "node vite" },
    { "MainThread", "node|dir/|", "node" },
    { "MainThread", "", "MainThread" },
    { "php", "php|-S|localhost:8000|", "php -S" },
    { "dotnet", "dotnet|Web.dll|", "dotnet Web.dll" },
    { "Plex Media Serv", "/usr/lib/plex/Plex Media Server|", "Plex Media Server" },
    { "gnome-remote-de", "/usr/libexec/gnome-remote-desktop-daemon|",
      "gnome-remote-desktop-daemon" },
    { "gnome-remote-de", "something else|", "gnome-remote-de" },
    { "gnome-remote-de", "", "gnome-remote-de" },
    { "a\033[2Jb\342\200\256c", "", "a[2Jbc" },
    { "\001", "", NULL },
    { "", "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = dup_name (cases[i].command, cases[i].line);

      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

/* Whatever the bytes are: arguments without an end, only NULs, thousands, one of 64 KiB. */
static void
test_any_bytes (void)
{
  g_autofree char *zeros = g_malloc0 (65536);
  g_autofree char *letters = g_strnfill (65536, 'a');
  g_autofree char *name = ph_program_dup_name ("python3", "python3\0-m\0http.server", 22);
  g_autofree char *none = ph_program_dup_name ("java", zeros, 65536);
  g_autofree char *one = ph_program_dup_name ("aaaaaaaaaaaaaaa", letters, 65536);

  g_assert_cmpstr (name, ==, "python3 -m http.server");
  g_assert_cmpstr (none, ==, "java");
  g_assert_cmpuint (strlen (one), ==, PH_PROGRAM_MAX_NAME);
  for (guint i = 0; i < 2000; i++)
    {
      char bytes[64];
      g_autofree char *any = NULL;

      for (guint j = 0; j < sizeof bytes; j++)
        bytes[j] = "\0-mjar /\377cpython\n"[g_test_rand_int_range (0, 16)];
      any = ph_program_dup_name (i % 2 == 0 ? "java" : "python3", bytes, sizeof bytes);
      g_assert_true (any == NULL || g_utf8_validate (any, -1, NULL));
    }
}

static void
test_wants_line (void)
{
  g_assert_true (ph_program_wants_line ("java"));
  g_assert_true (ph_program_wants_line ("python3.12"));
  g_assert_true (ph_program_wants_line ("gnome-remote-de"));
  g_assert_false (ph_program_wants_line ("nginx"));
}

static void
test_known (void)
{
  static const char *const names[] = { "minecraft_server.1.21.jar", "Minecraft",
                                       "net.minecraft.client.main.Main", "paper-1.21-130.jar" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (ph_program_find_known (names[i])->title, ==, "Minecraft");
  g_assert_cmpint (ph_program_find_known ("python3 -m http.server")->kind, ==, PH_KIND_WEB);
  g_assert_null (ph_program_find_known ("python3 app.py"));
  g_assert_null (ph_program_find_known (""));
  g_assert_true (ph_program_is_system ("cupsd"));
  g_assert_false (ph_program_is_system ("sshd"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/program-name/names", test_names);
  g_test_add_func ("/program-name/any-bytes", test_any_bytes);
  g_test_add_func ("/program-name/wants-line", test_wants_line);
  g_test_add_func ("/program-name/known", test_known);
  return g_test_run ();
}
