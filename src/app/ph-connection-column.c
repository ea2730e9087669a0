/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-connection-column.h"

#include "core/ph-known-port.h"

#include "ph-reason.h"
#include "ph-words.h"

#include <glib/gi18n.h>
#include <string.h>

PhConnectionState
ph_connection_get_state (const PhSnapshotConnection *connection)
{
  if (connection->closed_us != 0)
    return PH_CONNECTION_CLOSED;
  return connection->is_open ? PH_CONNECTION_OPEN : PH_CONNECTION_OPENING;
}

const char *
ph_connection_column_title (PhConnectionColumn column)
{
  switch (column)
    {
    case PH_COLUMN_SERVICE:
      return _ ("Service");
    case PH_COLUMN_FROM:
      return _ ("From");
    case PH_COLUMN_STATE:
      return _ ("State");
    case PH_COLUMN_IN: /* Translators: bytes that came in */
      return _ ("In");
    case PH_COLUMN_OUT: /* Translators: bytes that went out */
      return _ ("Out");
    case PH_COLUMN_AGE:
      return _ ("Age");
    case PH_N_COLUMNS:
      break;
    }
  g_return_val_if_reached ("");
}

gboolean
ph_connection_column_is_moving (PhConnectionColumn column)
{
  return column == PH_COLUMN_STATE || column == PH_COLUMN_IN || column == PH_COLUMN_OUT;
}

/* --- words ------------------------------------------------------------------------------------ */

/* "127.0.0.1:22 · SSH" */
static char *
dup_service (const char *remote)
{
  const char *colon = strrchr (remote, ':');
  const PhKnownPort *known = NULL;
  guint16 port;

  if (colon != NULL && ph_port_parse (colon + 1, &port))
    known = ph_known_port_find (port);
  return known != NULL ? g_strdup_printf ("%s · %s", remote, ph_words_title (known->title))
                       : g_strdup (remote);
}

static char *
dup_source (const PhEndpoint *source)
{
  char text[PH_ENDPOINT_TEXT_SIZE];

  return g_strdup (source->port != 0 ? ph_endpoint_format (source, text) : "");
}

static const char *
get_state_words (const PhSnapshotConnection *connection)
{
  switch (ph_connection_get_state (connection))
    {
    case PH_CONNECTION_OPENING:
      return _ ("Opening…");
    case PH_CONNECTION_OPEN: /* Translators: state of a connection */
      return C_ ("connection", "Open");
    case PH_CONNECTION_CLOSED:
      return ph_reason_of_close (connection->reason);
    }
  g_return_val_if_reached ("");
}

char *
ph_connection_dup_text (const PhSnapshotConnection *connection,
                        PhConnectionColumn column,
                        PhSessionRole role,
                        gint64 now_us)
{
  switch (column)
    {
    case PH_COLUMN_SERVICE:
      return dup_service (connection->remote);
    case PH_COLUMN_FROM:
      return role == PH_SESSION_HOST ? g_strdup (connection->peer)
                                     : dup_source (&connection->source);
    case PH_COLUMN_STATE:
      return g_strdup (get_state_words (connection));
    case PH_COLUMN_IN:
      return ph_words_dup_size (connection->bytes_in);
    case PH_COLUMN_OUT:
      return ph_words_dup_size (connection->bytes_out);
    case PH_COLUMN_AGE:
      return ph_words_dup_age (now_us - connection->opened_us);
    case PH_N_COLUMNS:
      break;
    }
  g_return_val_if_reached (NULL);
}

/* --- order ------------------------------------------------------------------------------------ */

static int
compare_numbers (guint64 a, guint64 b)
{
  return (a > b) - (a < b);
}

/* Steps over the digits at *@text and over the zeros they begin with; returns how many digits are
 * left behind *@text. */
static gsize
skip_zeros (const char **text)
{
  while ((*text)[0] == '0' && g_ascii_isdigit ((*text)[1]))
    (*text)++;
  return strspn (*text, "0123456789");
}

/* As strcmp, but runs of digits by their value, however long they are. */
static int
compare_texts (const char *a, const char *b)
{
  while (*a != '\0' && *b != '\0')
    {
      gsize n_a = g_ascii_isdigit (*b) ? skip_zeros (&a) : 0;
      gsize n_b = n_a > 0 ? skip_zeros (&b) : 0;
      gsize n = MAX (n_a, 1);
      int order = n_a != n_b ? compare_numbers (n_a, n_b) : strncmp (a, b, n);

      if (order != 0)
        return order;
      a += n;
      b += n;
    }
  return (*a != '\0') - (*b != '\0');
}

static int
compare_sources (const PhEndpoint *a, const PhEndpoint *b)
{
  int order = memcmp (a->addr, b->addr, sizeof a->addr);

  return order != 0 ? order : compare_numbers (a->port, b->port);
}

static int
compare_states (const PhSnapshotConnection *a, const PhSnapshotConnection *b)
{
  int order = compare_numbers (ph_connection_get_state (a), ph_connection_get_state (b));

  if (order != 0 || a->closed_us == 0)
    return order;
  return compare_numbers (a->reason, b->reason);
}

static int
compare_column (const PhSnapshotConnection *a,
                const PhSnapshotConnection *b,
                PhConnectionColumn column,
                PhSessionRole role)
{
  switch (column)
    {
    case PH_COLUMN_SERVICE:
      return compare_texts (a->remote, b->remote);
    case PH_COLUMN_FROM:
      return role == PH_SESSION_HOST ? compare_texts (a->peer, b->peer)
                                     : compare_sources (&a->source, &b->source);
    case PH_COLUMN_STATE:
      return compare_states (a, b);
    case PH_COLUMN_IN:
      return compare_numbers (a->bytes_in, b->bytes_in);
    case PH_COLUMN_OUT:
      return compare_numbers (a->bytes_out, b->bytes_out);
    case PH_COLUMN_AGE:
    case PH_N_COLUMNS:
      break;
    }
  return a->opened_us < b->opened_us ? 1 : a->opened_us > b->opened_us ? -1 : 0;
}

int
ph_connection_compare (const PhSnapshotConnection *a,
                       const PhSnapshotConnection *b,
                       PhConnectionColumn column,
                       PhSessionRole role)
{
  int order = compare_column (a, b, column, role);

  return order != 0 ? order : compare_numbers (b->serial, a->serial);
}
