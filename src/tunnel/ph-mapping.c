/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-mapping.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"
#include "ph-rules.h"

#define RIGHT_FORMS "8000, 8000:127.0.0.1:80, 127.0.0.1:8000:example.com:80, 8000 => [::1]:80"

/* The longest text that makes sense is two addresses or names with their ports. */
#define MAX_TEXT_BYTES 1024

void
ph_destination_copy (const PhDestination *from, PhDestination *ret_to)
{
  *ret_to = (PhDestination){ g_strdup (from->name), from->endpoint };
}

void
ph_destination_clear (PhDestination *self)
{
  g_clear_pointer (&self->name, g_free);
}

char *
ph_destination_dup_text (const PhDestination *self)
{
  char buffer[PH_ENDPOINT_TEXT_SIZE];

  if (self->name != NULL)
    return g_strdup_printf ("%s:%u", self->name, self->endpoint.port);
  return g_strdup (ph_endpoint_format (&self->endpoint, buffer));
}

PhMapping *
ph_mapping_copy (const PhMapping *self)
{
  PhMapping *copy = g_new (PhMapping, 1);

  copy->local = self->local;
  ph_destination_copy (&self->remote, &copy->remote);
  return copy;
}

void
ph_mapping_free (PhMapping *self)
{
  if (self == NULL)
    return;
  ph_destination_clear (&self->remote);
  g_free (self);
}

char *
ph_mapping_dup_text (const PhMapping *self)
{
  g_autofree char *remote = ph_destination_dup_text (&self->remote);
  char local[PH_ENDPOINT_TEXT_SIZE];

  return g_strdup_printf ("%s => %s", ph_endpoint_format (&self->local, local), remote);
}

/* Splits at colons outside brackets. */
static GStrv
split (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *start = text;
  gboolean inside = FALSE;
  const char *c;

  for (c = text; *c != '\0'; c++)
    {
      inside = *c == '[' || (inside && *c != ']');
      if (*c == ':' && !inside)
        {
          g_autofree char *part = g_strndup (start, (gsize)(c - start));

          g_strv_builder_add (builder, part);
          start = c + 1;
        }
    }
  g_strv_builder_add (builder, start);
  return g_strv_builder_end (builder);
}

/* An address as it stands between colons: IPv6 in brackets, IPv4 without. */
static gboolean
parse_address (const char *text, guint8 ret_addr[16])
{
  gsize length = strlen (text);
  g_autofree char *inside = NULL;

  if (text[0] != '[')
    return strchr (text, ':') == NULL && ph_address_parse (text, ret_addr);
  if (length < 3 || text[length - 1] != ']')
    return FALSE;
  inside = g_strndup (text + 1, length - 2);
  return strchr (inside, ':') != NULL && ph_address_parse (inside, ret_addr);
}

static gboolean
fail (GError **error, const char *text, const char *part, const char *what)
{
  g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
               _ ("“%s” is not a mapping: “%s” %s; write it like %s"), text, part, what,
               RIGHT_FORMS);
  return FALSE;
}

static gboolean
parse_bind (PhMapping *self, const char *text, const char *part, GError **error)
{
  if (g_ascii_strcasecmp (part, "localhost") == 0)
    part = "127.0.0.1";
  return parse_address (part, self->local.addr) ||
         fail (error, text, part, _ ("is not an address of this computer (IPv6 goes in brackets)"));
}

static gboolean
parse_local_port (PhMapping *self, const char *text, const char *part, GError **error)
{
  return ph_port_parse (part, &self->local.port) ||
         fail (error, text, part, _ ("is not a port from 0 to 65535"));
}

static gboolean
parse_remote (PhMapping *self, const char *text, const char *host, const char *port, GError **error)
{
  PhEndpoint *endpoint = &self->remote.endpoint;

  if (!ph_port_parse (port, &endpoint->port) || endpoint->port == 0)
    return fail (error, text, port, _ ("is not a port from 1 to 65535"));
  if (parse_address (host, endpoint->addr))
    return TRUE;
  memset (endpoint->addr, 0, sizeof endpoint->addr);
  self->remote.name = ph_host_name_normalise (host);
  return self->remote.name != NULL ||
         fail (error, text, host, _ ("is neither an address nor a name (IPv6 goes in brackets)"));
}

/* @local is [BIND:]PORT in one or two parts, @remote HOST:HOSTPORT in two, or in none. */
static gboolean
parse_parts (PhMapping *self,
             const char *text,
             char *const *local,
             guint n_local,
             char *const *remote,
             GError **error)
{
  const char *bind = n_local == 2 ? local[0] : "127.0.0.1";

  if (!parse_bind (self, text, bind, error) ||
      !parse_local_port (self, text, local[n_local - 1], error))
    return FALSE;
  if (remote != NULL)
    return parse_remote (self, text, remote[0], remote[1], error);
  if (self->local.port == 0)
    return fail (error, text, "0", _ ("needs the port at the Host, as in 0:127.0.0.1:8000"));
  return parse_remote (self, text, "127.0.0.1", local[n_local - 1], error);
}

static gboolean
parse_arrow (PhMapping *self, const char *text, const char *arrow, GError **error)
{
  g_autofree char *left = g_strstrip (g_strndup (text, (gsize)(arrow - text)));
  g_autofree char *right = g_strstrip (g_strdup (arrow + strlen ("=>")));
  g_auto (GStrv) local = split (left);
  g_auto (GStrv) remote = split (right);
  guint n_local = g_strv_length (local);

  if (n_local > 2)
    return fail (error, text, left, _ ("is not [BIND:]PORT"));
  if (g_strv_length (remote) != 2)
    return fail (error, text, right, _ ("is not HOST:PORT"));
  return parse_parts (self, text, local, n_local, remote, error);
}

static gboolean
parse_colons (PhMapping *self, const char *text, GError **error)
{
  g_auto (GStrv) parts = split (text);
  guint n = g_strv_length (parts);

  if (n > 4)
    return fail (error, text, parts[4], _ ("is one part too many (IPv6 goes in brackets)"));
  if (n > 2)
    return parse_parts (self, text, parts, n - 2, parts + n - 2, error);
  return parse_parts (self, text, parts, n, NULL, error);
}

PhMapping *
ph_mapping_parse (const char *text, GError **error)
{
  g_autoptr (PhMapping) self = g_new0 (PhMapping, 1);
  g_autofree char *stripped = NULL;
  const char *arrow;
  gboolean parsed;

  if (strlen (text) > MAX_TEXT_BYTES)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   _ ("This is too long for a mapping; write it like %s"), RIGHT_FORMS);
      return NULL;
    }
  stripped = g_strstrip (g_strdup (text));
  arrow = strstr (stripped, "=>");
  parsed = arrow != NULL ? parse_arrow (self, stripped, arrow, error)
                         : parse_colons (self, stripped, error);
  return parsed ? g_steal_pointer (&self) : NULL;
}

gboolean
ph_mapping_check (const char *const *texts, GError **error)
{
  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      g_autoptr (PhMapping) mapping = ph_mapping_parse (texts[i], error);

      if (mapping == NULL)
        return FALSE;
    }
  return TRUE;
}
