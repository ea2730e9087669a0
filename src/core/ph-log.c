/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-log.h"

#include <string.h>

#include <gio/gio.h>

#include "ph-error.h"
#include "ph-stdio.h"

#define STANDARD_ERROR 2 /* the descriptor */

#define MAX_FIELDS 16
#define DOMAIN_PREFIX "porthole"
#define FIELD_PREFIX "PORTHOLE_"

/* Set before there is a second thread, but for the sink. */
static struct
{
  PhLogLevel level;
  gboolean is_journal;
  GMutex mutex;        /* for what follows */
  GOutputStream *file; /* NULL: the journal or standard error */
  gboolean has_failed; /* a line was lost, and that has been said */
  gboolean is_torn;    /* … and its beginning stands in the file */
  void (*sink) (const char *line, gpointer user_data);
  gpointer user_data;
} log_state;

static const struct
{
  const char *name;
  GLogLevelFlags flags;
  const char *priority; /* syslog's */
} levels[] = {
  [PH_LOG_OFF] = { "off", 0, NULL },
  [PH_LOG_ERROR] = { "error", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL, "3" },
  [PH_LOG_WARNING] = { "warning", G_LOG_LEVEL_WARNING, "4" },
  [PH_LOG_INFO] = { "info", G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE, "6" },
  [PH_LOG_DEBUG] = { "debug", G_LOG_LEVEL_DEBUG, "7" },
};

static PhLogLevel
level_of (GLogLevelFlags flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if ((flags & levels[i].flags) != 0)
      return (PhLogLevel)i;
  return PH_LOG_DEBUG;
}

gboolean
ph_log_wants (PhLogLevel level)
{
  return level <= log_state.level;
}

static const char *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, key))
      return fields[i].value;
  return NULL;
}

static void
append_quoted (GString *line, const char *value)
{
  g_string_append_c (line, '"');
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '"' || *c == '\\')
      g_string_append_printf (line, "\\%c", *c);
    else if ((guchar)*c < ' ' || *c == 0x7f)
      g_string_append_printf (line, "\\x%02x", (guchar)*c);
    else
      g_string_append_c (line, *c);
  g_string_append_c (line, '"');
}

/* " name=value", in quotes where a reader would not find its end otherwise. */
static void
append_pair (GString *line, const char *name, const char *value)
{
  gboolean is_word = *value != '\0';

  for (const char *c = value; *c != '\0'; c++)
    is_word &= (guchar)*c > ' ' && *c != '"' && *c != '=' && *c != '\\' && *c != 0x7f;
  g_string_append_printf (line, "%s%s=", line->len > 0 ? " " : "", name);
  if (is_word)
    g_string_append (line, value);
  else
    append_quoted (line, value);
}

static char *
dup_line (PhLogLevel level, const GLogField *fields, gsize n_fields)
{
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  const char *message = find_field (fields, n_fields, "MESSAGE");
  GString *line = g_string_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");

  append_pair (line, "time", time);
  append_pair (line, "level", levels[level].name);
  if (find_field (fields, n_fields, FIELD_PREFIX "EVENT") != NULL)
    g_string_append_printf (line, " %s", message); /* ph_log () made it of the pairs */
  else
    {
      append_pair (line, "domain", domain != NULL ? domain : "");
      append_pair (line, "message", message != NULL ? message : "");
    }
  g_string_append_c (line, '\n');
  return g_string_free (line, FALSE);
}

/* With the lock held, as those that follow. */
static void
write_to_person (const char *line)
{
  if (log_state.sink != NULL)
    log_state.sink (line, log_state.user_data);
  else
    ph_stdio_write (STANDARD_ERROR, line, strlen (line));
}

static gboolean
write_to_file (const char *text, GError **error)
{
  gsize written = 0;
  gboolean is_whole =
      g_output_stream_write_all (log_state.file, text, strlen (text), &written, NULL, error);

  log_state.is_torn = !is_whole && (log_state.is_torn || written > 0);
  return is_whole;
}

/* What is lost is lost, as on a disk that is full; but it is said once, and later lines stand by
 * themselves. */
static void
write_or_say (const char *line)
{
  g_autofree char *whole = g_strconcat (log_state.is_torn ? "\n" : "", line, NULL);
  g_autofree char *words = NULL;
  g_autoptr (GError) error = NULL;

  if (write_to_file (whole, &error) || log_state.has_failed)
    return;
  log_state.has_failed = TRUE;
  words = g_strdup_printf ("porthole: the log file takes no more: %s. What does not fit is left "
                           "out\n",
                           error->message);
  write_to_person (words);
}

static void
write_line (const char *line)
{
  g_mutex_lock (&log_state.mutex);
  if (log_state.file != NULL)
    write_or_say (line);
  else
    write_to_person (line);
  g_mutex_unlock (&log_state.mutex);
}

static void
deliver (PhLogLevel level, const GLogField *fields, gsize n_fields)
{
  g_autofree char *line = NULL;

  if (log_state.is_journal)
    {
      g_log_writer_journald (levels[level].flags, fields, n_fields, NULL);
      return;
    }
  line = dup_line (level, fields, n_fields);
  write_line (line);
}

/* For all that comes through GLib. What a library is alarmed about is said on standard error as
 * well, as it is without a log; what others babble is left out. */
static GLogWriterOutput
write_entry (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  PhLogLevel level = level_of (flags);
  const char *domain = find_field (fields, n_fields, "GLIB_DOMAIN");
  gboolean is_ours = domain != NULL && g_str_has_prefix (domain, DOMAIN_PREFIX);

  if (level <= PH_LOG_WARNING && !log_state.is_journal)
    g_log_writer_default (flags, fields, n_fields, NULL);
  if (ph_log_wants (level) && (level <= PH_LOG_WARNING || is_ours))
    deliver (level, fields, n_fields);
  return G_LOG_WRITER_HANDLED;
}

static gboolean
read_level (const char *text, PhLogLevel *ret, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_str_equal (text, levels[i].name))
      {
        *ret = (PhLogLevel)i;
        return TRUE;
      }
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               "--log-level “%s” is not known; it is one of off, error, warning, info, debug",
               text);
  return FALSE;
}

/* What a log tells of people is for its owner. Pipes and devices are not written to: they wait for
 * whoever reads them, and all of the program with them. */
static gboolean
open_file (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) failure = NULL;

  if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL) == G_FILE_TYPE_SPECIAL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   "--log-file “%s” is a pipe or a device; name a file, or give --log-level alone "
                   "to log to standard error",
                   path);
      return FALSE;
    }
  log_state.file = G_OUTPUT_STREAM (g_file_append_to (file, G_FILE_CREATE_PRIVATE, NULL, &failure));
  if (log_state.file == NULL)
    g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                 "--log-file “%s” cannot be written: %s; name a file in a folder that is yours",
                 path, failure->message);
  return log_state.file != NULL;
}

gboolean
ph_log_start (const char *level, const char *file, GError **error)
{
  PhLogLevel wanted = file != NULL ? PH_LOG_INFO : PH_LOG_OFF;

  if (level != NULL && !read_level (level, &wanted, error))
    return FALSE;
  if (file != NULL && !open_file (file, error))
    return FALSE;
  if (wanted == PH_LOG_OFF)
    return TRUE;
  log_state.level = wanted;
  log_state.is_journal = file == NULL && g_log_writer_is_journald (STANDARD_ERROR);
  g_log_set_writer_func (write_entry, NULL, NULL);
  return TRUE;
}

void
ph_log_set_sink (void (*sink) (const char *line, gpointer user_data), gpointer user_data)
{
  g_mutex_lock (&log_state.mutex);
  log_state.sink = sink;
  log_state.user_data = user_data;
  g_mutex_unlock (&log_state.mutex);
}

/* An event on its way to the journal, which wants "PORTHOLE_PEER" for "peer". */
typedef struct
{
  GLogField fields[MAX_FIELDS];
  char *keys[MAX_FIELDS]; /* owned */
  gsize n;
  GString *message;
} Entry;

static void
add_field (Entry *entry, const char *key, const char *value)
{
  g_assert (entry->n < MAX_FIELDS);
  entry->fields[entry->n++] = (GLogField){ key, value, -1 };
}

static void
add_pair (Entry *entry, const char *name, const char *value)
{
  g_autofree char *upper = g_ascii_strup (name, -1);
  char *key = g_strconcat (FIELD_PREFIX, g_strdelimit (upper, "-", '_'), NULL);

  append_pair (entry->message, name, value);
  entry->keys[entry->n] = key;
  add_field (entry, key, value);
}

static void
add_pairs (Entry *entry, va_list args)
{
  const char *name;

  while ((name = va_arg (args, const char *)) != NULL)
    {
      const char *value = va_arg (args, const char *);

      if (value != NULL)
        add_pair (entry, name, value);
    }
}

void
ph_log (PhLogLevel level, const char *event, ...)
{
  Entry entry = { .n = 0 };
  va_list args;

  if (!ph_log_wants (level))
    return;
  entry.message = g_string_new (NULL);
  add_pair (&entry, "event", event);
  va_start (args, event);
  add_pairs (&entry, args);
  va_end (args);
  add_field (&entry, "MESSAGE", entry.message->str);
  add_field (&entry, "PRIORITY", levels[level].priority);
  add_field (&entry, "GLIB_DOMAIN", DOMAIN_PREFIX);
  deliver (level, entry.fields, entry.n);
  for (gsize i = 0; i < entry.n; i++)
    g_free (entry.keys[i]);
  g_string_free (entry.message, TRUE);
}
