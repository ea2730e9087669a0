/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-listening-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ph-error.h"
#include "ph-program-name.h"

/* /proc/net has the sockets, and their inodes; whose an inode is stands in /proc/PID/fd of the
 * processes that we may look into, which are mostly our own user's (proc(5)). */

#define MAX_SOCKETS 10000 /* some more may come with the last chunk */
#define CHUNK_BYTES 16384
#define MAX_STAT_BYTES 512
#define MAX_LINE_BYTES (64 * 1024)

/* Programs listen before they do much else, so that it is among the first of their descriptors, and
 * a process with thousands of connections need not be looked through; but Porthole, which listens
 * whenever it is told to, is. */
#define MAX_DESCRIPTORS 1000
#define MAX_DESCRIPTORS_IN_ALL 50000

#define TCP_STATE_LISTEN 0x0A

typedef struct
{
  GHashTable *by_inode; /* guint64 -> PhListeningSocket, both borrowed */
  int proc;             /* the folder */
  char self[16];        /* our own process, as it is called there */
  guint n_open;         /* sockets whose owner is not known yet */
  guint n_looked;       /* descriptors */
} Search;

/* A process that has one of the sockets. */
typedef struct
{
  char *program;
  gboolean is_ours;
} Owner;

/* At most @max bytes with a NUL behind them; NULL if there is no such file. Owned. */
static char *
dup_file (int folder, const char *path, gsize max, gsize *ret_size)
{
  int fd = openat (folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  GByteArray *bytes;
  guint8 chunk[16384];
  ssize_t n;

  if (fd < 0)
    return NULL;
  bytes = g_byte_array_new ();
  while (bytes->len < max && (n = read (fd, chunk, MIN (sizeof chunk, max - bytes->len))) > 0)
    g_byte_array_append (bytes, chunk, (guint)n);
  close (fd);
  *ret_size = bytes->len;
  g_byte_array_append (bytes, (const guint8 *)"", 1);
  return (char *)g_byte_array_free (bytes, FALSE);
}

/* The kernel prints an address as numbers of 32 bits in this machine's order. */
static gboolean
parse_address (const char *hex, guint8 ret_addr[16])
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  gsize size = strlen (hex) / 2;
  guint8 *at = ret_addr + 16 - size;
  guint32 word;

  if (strlen (hex) != 8 && strlen (hex) != 32)
    return FALSE;
  memcpy (ret_addr, mapped, sizeof mapped);
  for (; sscanf (hex, "%8x", &word) == 1; hex += 8, at += 4)
    memcpy (at, &word, sizeof word);
  return TRUE;
}

static gboolean
parse_line (const char *line, PhListeningSocket *ret_socket, unsigned *ret_state)
{
  char address[33];
  unsigned port;

  if (sscanf (line,
              "%*u: %32[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x %*s %*s %*s %*s %*s "
              "%" G_GUINT64_FORMAT,
              address, &port, ret_state, &ret_socket->inode) != 4)
    return FALSE;
  ret_socket->bound.port = (guint16)port;
  return port != 0 && port <= G_MAXUINT16 && parse_address (address, ret_socket->bound.addr);
}

guint
ph_listening_parse_table (char *text, GArray *sockets)
{
  guint n_others = 0;

  while (text != NULL)
    {
      char *line = text;
      PhListeningSocket socket = { 0 };
      unsigned state;

      text = strchr (text, '\n');
      if (text != NULL)
        *text++ = '\0';
      if (!parse_line (line, &socket, &state))
        continue;
      if (state == TCP_STATE_LISTEN)
        g_array_append_val (sockets, socket);
      else
        n_others++;
    }
  return n_others;
}

/* The kernel lists what listens before what is connected, which may be long and is left unread. */
void
ph_listening_read_table (int fd, GArray *sockets)
{
  char text[CHUNK_BYTES + 1];
  gsize kept = 0; /* bytes of a line that has not come to its end */
  ssize_t n;

  while (sockets->len < MAX_SOCKETS && (n = read (fd, text + kept, CHUNK_BYTES - kept)) > 0)
    {
      guint n_before = sockets->len;
      gsize size = kept + (gsize)n;
      char *end;

      text[size] = '\0';
      end = strrchr (text, '\n');
      kept = end != NULL ? size - (gsize)(end + 1 - text) : size % CHUNK_BYTES;
      if (end == NULL)
        continue;
      *end = '\0';
      if (ph_listening_parse_table (text, sockets) > 0 && sockets->len == n_before)
        break;
      memmove (text, end + 1, kept);
    }
}

static gboolean
read_table (int proc, const char *path, GArray *sockets)
{
  int fd = openat (proc, path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return FALSE;
  ph_listening_read_table (fd, sockets);
  close (fd);
  return TRUE;
}

/* The name and the state of @pid, from “123 (name) S …”, where the name may have anything in it. */
static char *
dup_command (int proc, const char *pid, char *ret_state)
{
  g_autofree char *path = g_strdup_printf ("%s/stat", pid);
  gsize size;
  g_autofree char *text = dup_file (proc, path, MAX_STAT_BYTES, &size);
  char *start = text != NULL ? strchr (text, '(') : NULL;
  char *end = start != NULL ? strrchr (start, ')') : NULL;

  if (end == NULL || end[1] != ' ')
    return NULL;
  *ret_state = end[2];
  return g_strndup (start + 1, (gsize)(end - start - 1));
}

/* To read its arguments is to wait for a process that changes its memory: never for one that hangs
 * while it does (D), and for others only where they tell more. */
static char *
dup_program (int proc, const char *pid, const char *command, char state)
{
  g_autofree char *path = g_strdup_printf ("%s/cmdline", pid);
  g_autofree char *line = NULL;
  gsize size = 0;

  if (state != 'D' && ph_program_wants_line (command))
    line = dup_file (proc, path, MAX_LINE_BYTES, &size);
  return ph_program_dup_name (command, line, size);
}

/* systemd is no owner: it listens in the place of services that it starts when they are needed. */
static Owner
owner_of (const Search *self, const char *pid)
{
  Owner owner = { 0 };
  char state = '\0';
  g_autofree char *command = dup_command (self->proc, pid, &state);

  if (command == NULL /* gone */ || g_str_equal (command, "systemd"))
    return owner;
  owner.program = dup_program (self->proc, pid, command, state);
  owner.is_ours = g_str_equal (pid, self->self) || g_str_equal (command, "porthole") ||
                  g_str_has_prefix (command, "porthole-");
  return owner;
}

/* A socket belongs to the first process that has it, which is the one that made the others. */
static void
take_owner (Search *self, PhListeningSocket *socket, const Owner *owner)
{
  if (owner->program == NULL || socket->program != NULL)
    return;
  socket->program = g_strdup (owner->program);
  socket->is_ours = owner->is_ours;
  self->n_open--;
}

/* The socket that we look for behind descriptor @name, or NULL. */
static PhListeningSocket *
find_socket (const Search *self, DIR *folder, const char *name)
{
  char target[64];
  ssize_t size = readlinkat (dirfd (folder), name, target, sizeof target - 1);
  guint64 inode;

  if (size <= 0)
    return NULL;
  target[size] = '\0';
  if (sscanf (target, "socket:[%" G_GUINT64_FORMAT "]", &inode) != 1)
    return NULL;
  return g_hash_table_lookup (self->by_inode, &inode);
}

static DIR *
open_descriptors (const Search *self, const char *pid)
{
  g_autofree char *path = g_strdup_printf ("%s/fd", pid);
  int fd = openat (self->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd >= 0 ? fdopendir (fd) : NULL;

  if (folder == NULL && fd >= 0)
    close (fd);
  return folder;
}

static void
look_into (Search *self, const char *pid)
{
  DIR *folder = open_descriptors (self, pid);
  const struct dirent *entry;
  Owner owner = { 0 };

  for (guint i = 0; folder != NULL && self->n_open > 0 && (entry = readdir (folder)) != NULL; i++)
    {
      PhListeningSocket *socket = find_socket (self, folder, entry->d_name);

      self->n_looked++;
      if (owner.program == NULL && (socket != NULL || i == MAX_DESCRIPTORS))
        owner = owner_of (self, pid);
      if (i >= MAX_DESCRIPTORS && !owner.is_ours)
        break;
      if (socket != NULL)
        take_owner (self, socket, &owner);
    }
  if (folder != NULL)
    closedir (folder);
  g_free (owner.program);
}

/* Looks into every process, in order of their numbers, until all owners are found. */
static void
find_owners (Search *self, DIR *processes, GCancellable *cancellable)
{
  const struct dirent *entry;

  while (self->n_open > 0 && self->n_looked < MAX_DESCRIPTORS_IN_ALL &&
         !g_cancellable_is_cancelled (cancellable) && (entry = readdir (processes)) != NULL)
    if (g_ascii_isdigit (entry->d_name[0]))
      look_into (self, entry->d_name);
}

static void
name_sockets (GArray *sockets, DIR *processes, GCancellable *cancellable)
{
  Search search = { .proc = dirfd (processes) };
  ssize_t size = readlinkat (search.proc, "self", search.self, sizeof search.self - 1);

  search.self[MAX (size, 0)] = '\0';
  search.by_inode = g_hash_table_new (g_int64_hash, g_int64_equal);
  for (guint i = 0; i < sockets->len; i++)
    {
      PhListeningSocket *socket = &g_array_index (sockets, PhListeningSocket, i);

      g_hash_table_insert (search.by_inode, &socket->inode, socket);
    }
  search.n_open = g_hash_table_size (search.by_inode);
  look_into (&search, search.self); /* whatever the others have */
  find_owners (&search, processes, cancellable);
  g_hash_table_unref (search.by_inode);
}

gboolean
ph_listening_read_sockets (GArray *sockets, GCancellable *cancellable, GError **error)
{
  DIR *processes = opendir ("/proc");
  gboolean has_ipv4 = processes != NULL && read_table (dirfd (processes), "net/tcp", sockets);
  gboolean has_ipv6 = processes != NULL && read_table (dirfd (processes), "net/tcp6", sockets);

  if (processes != NULL)
    {
      name_sockets (sockets, processes, cancellable);
      closedir (processes);
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (has_ipv4 || has_ipv6)
    return TRUE;
  g_set_error_literal (error, PH_ERROR, PH_ERROR_FAILED,
                       _ ("The system does not tell which services run (/proc/net/tcp cannot be "
                          "read); type the address of the one to share, such as 127.0.0.1:25565"));
  return FALSE;
}
