/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-program-name.h"

#include <string.h>

#include "ph-text.h"

#define MAX_ARGUMENTS 64 /* that are looked at */

/* Names begin with the word, in any case; the port stands for the product. */
static const struct
{
  const char *word;
  guint16 port;
} known[] = {
  { "apache2", 80 },
  { "caddy", 80 },
  { "cockpit-ws", 9090 },
  { "fabric-server", 25565 },
  { "forge-", 25565 },
  { "gnome-remote-desktop", 3389 },
  { "httpd", 80 },
  { "jellyfin", 8096 },
  { "jupyter", 8888 },
  { "mariadbd", 3306 },
  { "minecraft", 25565 },
  { "mongod", 27017 },
  { "mysqld", 3306 },
  { "net.minecraft.", 25565 },
  { "nginx", 80 },
  { "node vite", 5173 },
  { "ollama", 11434 },
  { "paper-", 25565 },
  { "php -S", 80 },
  { "Plex Media", 32400 },
  { "postgres", 5432 },
  { "python -m http.server", 80 },
  { "python3 -m http.server", 80 },
  { "redis-server", 6379 },
  { "smbd", 445 },
  { "spigot-", 25565 },
  { "sshd", 22 },
  { "TerrariaServer", 7777 },
  { "vite", 5173 },
  { "wayvnc", 5900 },
  { "x0vncserver", 5900 },
  { "x11vnc", 5900 },
};

static const char *const of_system[] = {
  "avahi-daemon", "chronyd",         "cups-browsed",     "cupsd",    "dnsmasq", "exim4",
  "kdeconnectd",  "rpc.mountd",      "rpc.statd",        "rpcbind",  "systemd", "unbound",
  "Xorg",         "systemd-resolve", "systemd-resolved", "Xwayland", NULL,
};

/* Their first argument that is no option is what they run. */
static const char *const interpreters[] = { "bun",  "deno", "dotnet", "lua",  "mono",
                                            "node", "perl", "php",    "ruby", NULL };

static const char *
base_of (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}

/* “python” for “python3.11”. */
static char *
dup_family (const char *name)
{
  gsize size = strlen (name);

  while (size > 0 && (g_ascii_isdigit (name[size - 1]) || name[size - 1] == '.'))
    size--;
  return g_strndup (name, size);
}

/* At most MAX_ARGUMENTS of them, each ended by a NUL whatever @line ends in. */
static GPtrArray *
split_line (const char *line, gsize size)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);

  while (size > 0 && arguments->len < MAX_ARGUMENTS)
    {
      const char *end = memchr (line, '\0', size);
      gsize length = end != NULL ? (gsize)(end - line) : size;

      g_ptr_array_add (arguments, g_strndup (line, length));
      line += MIN (length + 1, size);
      size -= MIN (length + 1, size);
    }
  return arguments;
}

static const char *
argument (const GPtrArray *arguments, guint index)
{
  return index < arguments->len ? arguments->pdata[index] : "";
}

/* “server.jar”, or the class's whole name. */
static char *
dup_java (const GPtrArray *arguments)
{
  static const char *const with_value[] = { "-cp",         "-classpath",    "--class-path",
                                            "-p",          "--module-path", "--add-modules",
                                            "--add-opens", "--add-exports", "--add-reads",
                                            NULL };

  for (guint i = 1; i < arguments->len; i++)
    {
      const char *option = argument (arguments, i);

      if (g_str_equal (option, "-jar"))
        return g_strdup (base_of (argument (arguments, i + 1)));
      if (g_strv_contains (with_value, option))
        i++;
      else if (*option != '-' && *option != '@')
        return g_strdup (base_of (option));
    }
  return NULL;
}

/* “python3 -m http.server”, “python3 app.py”; a command that is a script, by its own name. */
static char *
dup_python (const char *name, const GPtrArray *arguments)
{
  for (guint i = 1; i < arguments->len; i++)
    {
      const char *option = argument (arguments, i);

      if (g_str_equal (option, "-m") && *argument (arguments, i + 1) != '\0')
        return g_strdup_printf ("%s -m %s", name, argument (arguments, i + 1));
      if (g_str_equal (option, "-W") || g_str_equal (option, "-X"))
        i++;
      else if (*option != '-')
        return g_strdup_printf ("%s %s", name, base_of (option));
      else if (g_str_equal (option, "-c") || g_str_equal (option, "-"))
        break; /* what follows is not its name */
    }
  return NULL;
}

static char *
dup_script (const char *family, const char *name, const GPtrArray *arguments)
{
  const char *first = argument (arguments, 1);

  if (g_str_equal (family, "php") && g_str_equal (first, "-S"))
    return g_strdup ("php -S");
  if (*first == '-' || *base_of (first) == '\0')
    return NULL;
  return g_strdup_printf ("%s %s", name, base_of (first));
}

/* NULL: no more than its name is to be said. */
static char *
dup_interpreted (const char *name, const GPtrArray *arguments)
{
  g_autofree char *family = dup_family (name);

  if (g_str_equal (family, "java"))
    return dup_java (arguments);
  if (g_str_equal (family, "python"))
    return dup_python (name, arguments);
  if (g_strv_contains (interpreters, family))
    return dup_script (family, name, arguments);
  return NULL;
}

static gboolean
is_interpreter (const char *name)
{
  g_autofree char *family = dup_family (name);

  return g_str_equal (family, "java") || g_str_equal (family, "python") ||
         g_strv_contains (interpreters, family);
}

/* Threads of node give their names to the process. */
static gboolean
is_thread (const char *command)
{
  return g_str_equal (command, "MainThread") || g_str_equal (command, "node-MainThread");
}

static gboolean
is_cut (const char *command)
{
  return strlen (command) == PH_PROGRAM_MAX_COMMAND;
}

gboolean
ph_program_wants_line (const char *command)
{
  return is_interpreter (command) || is_thread (command) || is_cut (command);
}

/* A script that is run by its own name has the interpreter for its first argument; a program may
 * have written over its arguments, as servers do that tell their state there. */
static char *
dup_uncut (const char *command, const GPtrArray *arguments)
{
  const char *base = base_of (argument (arguments, 0));
  const char *script = base_of (argument (arguments, 1));

  if (is_thread (command) && is_interpreter (base))
    return g_strdup (base);
  if (is_cut (command) && is_interpreter (base) && g_str_has_prefix (script, command))
    return g_strdup (script);
  if (is_cut (command) && g_str_has_prefix (base, command))
    return g_strdup (base);
  return g_strdup (command);
}

char *
ph_program_dup_name (const char *command, const char *line, gsize size)
{
  g_autoptr (GPtrArray) arguments = split_line (line, size);
  g_autofree char *name = dup_uncut (command, arguments);
  g_autofree char *more = dup_interpreted (name, arguments);
  char *clean =
      ph_text_clean (more != NULL && *more != '\0' ? more : name, -1, PH_PROGRAM_MAX_NAME);

  if (*clean == '\0')
    g_clear_pointer (&clean, g_free);
  return clean;
}

const PhKnownPort *
ph_program_find_known (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strncasecmp (name, known[i].word, strlen (known[i].word)) == 0)
      return ph_known_port_find (known[i].port);
  return NULL;
}

gboolean
ph_program_is_system (const char *name)
{
  return g_strv_contains (of_system, name);
}
