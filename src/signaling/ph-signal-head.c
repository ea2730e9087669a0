/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal-head.h"

#include <string.h>

struct _PhSignalHead
{
  PhSignalHeadState state;
  GString *line; /* as far as it has come; NULL once the state is final */
  gsize bytes;
  guint fields;
  gboolean has_request_line;
  gboolean is_http_1_0;
  gboolean has_host;
  gboolean has_length;
  gboolean has_encoding;
};

PhSignalHead *
ph_signal_head_new (void)
{
  PhSignalHead *head = g_rc_box_new0 (PhSignalHead);

  head->line = g_string_new (NULL);
  return head;
}

PhSignalHead *
ph_signal_head_ref (PhSignalHead *head)
{
  return g_rc_box_acquire (head);
}

static void
head_clear (gpointer data)
{
  PhSignalHead *head = data;

  if (head->line != NULL)
    g_string_free (head->line, TRUE);
}

void
ph_signal_head_unref (PhSignalHead *head)
{
  g_rc_box_release_full (head, head_clear);
}

PhSignalHeadState
ph_signal_head_get_state (PhSignalHead *head)
{
  return head->state;
}

/* ---- Characters (RFC 9110, 5.6.2 and 5.5) ---- */

static gboolean
is_token_char (guint8 c)
{
  return g_ascii_isalnum ((char)c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_value_char (guint8 c)
{
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* How many characters of @text are of the kind. */
static gsize
span (const char *text, gsize size, gboolean (*is_of_kind) (guint8 c))
{
  gsize n = 0;

  while (n < size && is_of_kind ((guint8)text[n]))
    n++;
  return n;
}

static gboolean
is_target_char (guint8 c)
{
  return c > 0x20 && c < 0x7f;
}

static gboolean
is_digit (guint8 c)
{
  return g_ascii_isdigit ((char)c);
}

/* ---- Lines, without their CR LF ---- */

/* method SP target SP HTTP/1.x (RFC 9112, 3) */
static gboolean
read_request_line (PhSignalHead *head, const char *line, gsize size)
{
  gsize method = span (line, size, is_token_char);
  gsize target;
  const char *version;

  if (method == 0 || method == size || line[method] != ' ')
    return FALSE;
  target = span (line + method + 1, size - method - 1, is_target_char);
  version = line + method + 1 + target;
  if (target == 0 || size - (gsize)(version - line) != strlen (" HTTP/1.1") ||
      memcmp (version, " HTTP/1.", strlen (" HTTP/1.")) != 0)
    return FALSE;
  head->has_request_line = TRUE;
  head->is_http_1_0 = version[strlen (" HTTP/1.")] == '0';
  return head->is_http_1_0 || version[strlen (" HTTP/1.")] == '1';
}

static gboolean
first_time (gboolean *seen)
{
  gboolean is_first = !*seen;

  *seen = TRUE;
  return is_first;
}

/* 18 digits are less than 2^63. */
static gboolean
is_length (const char *value, gsize size)
{
  return size > 0 && size <= 18 && span (value, size, is_digit) == size;
}

/* A host and perhaps a port; with anything of a URL beside that, libsoup refuses it and forgets to
 * free the path. */
static gboolean
is_host (const char *value, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (strchr ("/?#@\\", value[i]) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_word (const char *text, gsize size, const char *word)
{
  return size == strlen (word) && g_ascii_strncasecmp (text, word, size) == 0;
}

/* What a field says about where the body ends, or for whom it is. */
static gboolean
read_framing (PhSignalHead *head,
              const char *name,
              gsize name_size,
              const char *value,
              gsize value_size)
{
  if (is_word (name, name_size, "Host"))
    return first_time (&head->has_host) && is_host (value, value_size);
  if (is_word (name, name_size, "Content-Length"))
    return first_time (&head->has_length) && is_length (value, value_size);
  if (is_word (name, name_size, "Transfer-Encoding"))
    return first_time (&head->has_encoding) && is_word (value, value_size, "chunked");
  return TRUE;
}

/* name ":" OWS value OWS (RFC 9112, 5) */
static gboolean
read_field (PhSignalHead *head, const char *line, gsize size)
{
  gsize name = span (line, size, is_token_char);
  const char *value = line + name + 1;
  gsize value_size;

  if (name == 0 || name == size || line[name] != ':')
    return FALSE;
  value_size = size - name - 1;
  if (span (value, value_size, is_value_char) != value_size)
    return FALSE;
  for (; value_size > 0 && (*value == ' ' || *value == '\t'); value_size--)
    value++;
  while (value_size > 0 && (value[value_size - 1] == ' ' || value[value_size - 1] == '\t'))
    value_size--;
  return read_framing (head, line, name, value, value_size);
}

static PhSignalHeadState
read_line (PhSignalHead *head, const char *line, gsize size)
{
  if (!head->has_request_line)
    return read_request_line (head, line, size) ? PH_SIGNAL_HEAD_MORE : PH_SIGNAL_HEAD_BAD;
  if (size == 0)
    return head->has_encoding && (head->has_length || head->is_http_1_0) ? PH_SIGNAL_HEAD_BAD
                                                                         : PH_SIGNAL_HEAD_DONE;
  if (++head->fields > PH_SIGNAL_HEAD_MAX_FIELDS)
    return PH_SIGNAL_HEAD_TOO_LARGE;
  return read_field (head, line, size) ? PH_SIGNAL_HEAD_MORE : PH_SIGNAL_HEAD_BAD;
}

/* ---- Bytes ---- */

static PhSignalHeadState
take_byte (PhSignalHead *head, char c)
{
  GString *line = head->line;
  PhSignalHeadState state;

  if (++head->bytes > PH_SIGNAL_HEAD_MAX)
    return PH_SIGNAL_HEAD_TOO_LARGE;
  if (c != '\n')
    {
      g_string_append_c (line, c);
      return PH_SIGNAL_HEAD_MORE;
    }
  if (line->len == 0 || line->str[line->len - 1] != '\r')
    return PH_SIGNAL_HEAD_BAD;
  state = read_line (head, line->str, line->len - 1);
  g_string_truncate (line, 0);
  return state;
}

static PhSignalHeadState
settle (PhSignalHead *head)
{
  if (head->state != PH_SIGNAL_HEAD_MORE && head->line != NULL)
    g_string_free (g_steal_pointer (&head->line), TRUE);
  return head->state;
}

PhSignalHeadState
ph_signal_head_take (PhSignalHead *head, const void *bytes, gsize size)
{
  const char *text = bytes;

  for (gsize i = 0; i < size && head->state == PH_SIGNAL_HEAD_MORE; i++)
    head->state = take_byte (head, text[i]);
  return settle (head);
}

PhSignalHeadState
ph_signal_head_end (PhSignalHead *head)
{
  if (head->state == PH_SIGNAL_HEAD_MORE && head->bytes > 0)
    head->state = PH_SIGNAL_HEAD_BAD;
  return settle (head);
}
