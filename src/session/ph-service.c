/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-service.h"

#include <string.h>

#include "core/ph-text.h"
#include "signaling/ph-json.h"

/* Bytes of JSON around all services, and around what one says. */
#define FRAME_BYTES 64
#define SERVICE_BYTES 64

struct _PhServices
{
  gint refs; /* atomic */
  GArray *services;
  GStringChunk *strings;
};

static PhServices *
services_new (void)
{
  PhServices *self = g_new0 (PhServices, 1);

  self->refs = 1;
  self->services = g_array_new (FALSE, FALSE, sizeof (PhService));
  self->strings = g_string_chunk_new (256);
  return self;
}

PhServices *
ph_services_ref (PhServices *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
ph_services_unref (PhServices *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  g_array_unref (self->services);
  g_string_chunk_free (self->strings);
  g_free (self);
}

const PhService *
ph_services_get (const PhServices *self, guint *ret_n)
{
  *ret_n = self != NULL ? self->services->len : 0;
  return self != NULL ? (const PhService *)(gconstpointer)self->services->data : NULL;
}

char *
ph_service_dup_text (const PhService *service)
{
  gboolean is_v6 = strchr (service->address, ':') != NULL;

  return g_strdup_printf ("%s%s%s:%u", is_v6 ? "[" : "", service->address, is_v6 ? "]" : "",
                          service->port);
}

gboolean
ph_services_has (const PhServices *self, const char *address, guint16 port)
{
  guint n;
  const PhService *services = ph_services_get (self, &n);

  for (guint i = 0; i < n; i++)
    if (services[i].port == port && strcmp (services[i].address, address) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
service_equal (const PhService *a, const PhService *b)
{
  return a->port == b->port && a->kind == b->kind && strcmp (a->address, b->address) == 0 &&
         strcmp (a->title, b->title) == 0;
}

gboolean
ph_services_equal (const PhServices *a, const PhServices *b)
{
  guint n_a;
  guint n_b;
  const PhService *of_a = ph_services_get (a, &n_a);
  const PhService *of_b = ph_services_get (b, &n_b);

  if (n_a != n_b)
    return FALSE;
  for (guint i = 0; i < n_a; i++)
    if (!service_equal (&of_a[i], &of_b[i]))
      return FALSE;
  return TRUE;
}

/* Making lists */

/* NULL for what is neither an address nor a name. Owned. */
static char *
dup_address (const char *text)
{
  char buffer[PH_ENDPOINT_TEXT_SIZE];
  guint8 addr[16];

  if (ph_address_parse (text, addr))
    return g_strdup (ph_address_format (addr, buffer));
  return ph_host_name_normalise (text);
}

/* FALSE if it is none. */
static gboolean
add (PhServices *self, const PhService *service)
{
  g_autofree char *title = ph_text_clean (service->title, -1, PH_TEXT_MAX_NAME);
  g_autofree char *address = dup_address (service->address);
  PhService added = { .port = service->port, .kind = service->kind };

  if (address == NULL || service->port == 0)
    return FALSE;
  if (self->services->len == PH_SERVICES_MAX || ph_services_has (self, address, service->port))
    return TRUE;
  added.title = g_string_chunk_insert (self->strings, title);
  added.address = g_string_chunk_insert (self->strings, address);
  g_array_append_val (self->services, added);
  return TRUE;
}

PhServices *
ph_services_new (const PhService *services, guint n)
{
  PhServices *self = services_new ();

  for (guint i = 0; i < n; i++)
    add (self, &services[i]);
  return self;
}

/* A rule of one computer and one port is written as an endpoint is; what stands for several of
 * either is no address, no name or no port. */
static void
add_rule (PhServices *self, const char *rule)
{
  const char *colon = strrchr (rule, ':');
  gboolean is_bracketed = rule[0] == '[' && colon[-1] == ']';
  g_autofree char *address = is_bracketed ? g_strndup (rule + 1, (gsize)(colon - rule) - 2)
                                          : g_strndup (rule, (gsize)(colon - rule));
  PhService service = { .title = "", .address = address };
  const PhKnownPort *known;

  if (!ph_port_parse (colon + 1, &service.port))
    return;
  known = ph_known_port_find (service.port);
  if (known != NULL)
    {
      service.title = known->title;
      service.kind = known->kind;
    }
  add (self, &service);
}

PhServices *
ph_services_new_from_rules (const PhRules *rules)
{
  PhServices *self = services_new ();

  for (guint i = 0; i < ph_rules_get_count (rules); i++)
    add_rule (self, ph_rules_get_text (rules, i));
  return self;
}

/* What a name leads to is not looked up for this, but for the one that leads here. */
static gboolean
is_allowed (const PhService *service, const PhRules *rules)
{
  PhEndpoint endpoint = { .port = service->port };

  if (ph_address_parse (service->address, endpoint.addr))
    return ph_rules_allow (rules, NULL, &endpoint);
  switch (ph_rules_may_allow (rules, service->address, service->port))
    {
    case PH_RULES_BY_NAME:
      return TRUE;
    case PH_RULES_BY_ADDRESS:
      return strcmp (service->address, "localhost") == 0 &&
             ph_address_parse ("127.0.0.1", endpoint.addr) &&
             ph_rules_allow (rules, NULL, &endpoint);
    case PH_RULES_NEVER:
      break;
    }
  return FALSE;
}

PhServices *
ph_services_dup_allowed (const PhServices *services, const PhRules *rules)
{
  PhServices *self = services_new ();
  guint n;
  const PhService *all = ph_services_get (services, &n);

  for (guint i = 0; i < n; i++)
    if (is_allowed (&all[i], rules))
      add (self, &all[i]);
  return self;
}

/* The codec */

static void
print_service (JsonBuilder *builder, const PhService *service)
{
  json_builder_begin_object (builder);
  if (service->title[0] != '\0')
    ph_json_add_string (builder, "title", service->title);
  ph_json_add_string (builder, "address", service->address);
  ph_json_add_int (builder, "port", service->port);
  ph_json_add_string (builder, "kind", ph_kind_word (service->kind));
  json_builder_end_object (builder);
}

/* At most: a quote takes two bytes. */
static gsize
get_printed_size (const PhService *service)
{
  return SERVICE_BYTES + 2 * strlen (service->title) + strlen (service->address);
}

GBytes *
ph_services_print (const PhServices *services)
{
  JsonBuilder *builder = ph_json_begin ();
  gsize left = PH_MUX_MAX_SERVICES_BYTES - FRAME_BYTES;
  guint n;
  const PhService *all = ph_services_get (services, &n);
  char *json;

  json_builder_set_member_name (builder, "services");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n && get_printed_size (&all[i]) <= left; i++)
    {
      left -= get_printed_size (&all[i]);
      print_service (builder, &all[i]);
    }
  json_builder_end_array (builder);
  json = ph_json_end (builder);
  return g_bytes_new_take (json, strlen (json));
}

static void
read_service (PhJsonReader *reader, gpointer user_data)
{
  const char *title = ph_json_find_string (reader, "title");
  const PhService service = { .title = title != NULL ? title : "",
                              .address = ph_json_get_string (reader, "address"),
                              .port = (guint16)ph_json_get_count (reader, "port", G_MAXUINT16),
                              .kind = ph_kind_from_word (ph_json_find_string (reader, "kind")) };

  if (!reader->has_failed && !add (user_data, &service))
    ph_json_fail (reader, "address", "is neither an IP address nor a name");
}

PhServices *
ph_services_parse (const guint8 *json, gsize size, GError **error)
{
  g_autoptr (PhServices) self = services_new ();
  g_auto (PhJsonReader) reader =
      ph_json_read ((const char *)json, size, PH_MUX_MAX_SERVICES_BYTES, error);

  ph_json_foreach (&reader, "services", PH_SERVICES_MAX, read_service, self);
  return reader.has_failed ? NULL : g_steal_pointer (&self);
}
