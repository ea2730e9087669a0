/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-rules.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "core/ph-error.h"

#define V4_OFFSET 12 /* of the IPv4 address in an IPv4-mapped one */
#define V4_BITS (V4_OFFSET * 8)

#define RIGHT_FORMS "127.0.0.1:8000, 192.168.*:80, 10.0.0.0/8:22, [::1]:*, localhost:80, *:443"

typedef enum
{
  HOST_ANY,
  HOST_ADDRESS,
  HOST_NAME,
  HOST_BELOW_NAME, /* "*.example.com" */
} HostKind;

typedef struct
{
  HostKind kind;
  char *name;      /* HOST_NAME; HOST_BELOW_NAME: ".example.com" */
  guint8 addr[16]; /* HOST_ADDRESS: what the bits of the mask must be */
  guint8 mask[16];
  guint16 first_port;
  guint16 last_port;
  char *text;
} Rule;

struct _PhRules
{
  gatomicrefcount ref_count;
  GPtrArray *rules;
};

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_free (rule->name);
  g_free (rule->text);
  g_free (rule);
}

PhRules *
ph_rules_new (void)
{
  PhRules *self = g_new0 (PhRules, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->rules = g_ptr_array_new_with_free_func (rule_free);
  return self;
}

PhRules *
ph_rules_ref (PhRules *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
ph_rules_unref (PhRules *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->rules);
  g_free (self);
}

/* Names */

static gboolean
is_label (const char *label)
{
  gsize length = strlen (label);

  return length > 0 && length <= 63 && label[0] != '-' && label[length - 1] != '-' &&
         strspn (label, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

/* What a system may read as an IPv4 address in disguise: "1", "0x7f", "010". */
static gboolean
is_number (const char *label)
{
  gsize length = strlen (label);

  return strspn (label, "0123456789") == length ||
         (g_str_has_prefix (label, "0x") && strspn (label + 2, "0123456789abcdef") == length - 2);
}

static gboolean
is_name (const char *text)
{
  g_auto (GStrv) labels = g_strsplit (text, ".", -1);
  guint n = g_strv_length (labels);

  for (guint i = 0; i < n; i++)
    {
      if (!is_label (labels[i]))
        return FALSE;
    }
  return n > 0 && strlen (text) <= 253 && !is_number (labels[n - 1]);
}

char *
ph_host_name_normalise (const char *text)
{
  g_autofree char *ascii = NULL;
  g_autofree char *lower = NULL;
  gsize length;

  if (strlen (text) > 1024 || !g_utf8_validate (text, -1, NULL))
    return NULL;
  ascii = g_hostname_is_non_ascii (text) ? g_hostname_to_ascii (text) : g_strdup (text);
  if (ascii == NULL)
    return NULL;
  lower = g_ascii_strdown (ascii, -1);
  length = strlen (lower);
  if (length > 1 && lower[length - 1] == '.')
    lower[length - 1] = '\0';
  return is_name (lower) ? g_steal_pointer (&lower) : NULL;
}

/* Parsing; the rule is filled as it is read, and thrown away if it comes to nothing */

static void
set_mask_bits (guint8 mask[16], guint bits)
{
  for (guint i = 0; i < 16; i++)
    {
      guint here = bits > i * 8 ? MIN (bits - i * 8, 8) : 0;

      mask[i] = (guint8)(0xff00 >> here);
    }
}

static gboolean
parse_octet (const char *text, guint8 *ret_octet)
{
  guint16 value;

  if (strlen (text) > 3 || (text[0] == '0' && text[1] != '\0') || !ph_port_parse (text, &value) ||
      value > 255)
    return FALSE;
  *ret_octet = (guint8)value;
  return TRUE;
}

/* "192.168.*", "10.*.0.1". */
static gboolean
parse_pattern (Rule *rule, const char *host)
{
  g_auto (GStrv) parts = g_strsplit (host, ".", 5);
  guint n = g_strv_length (parts);

  ph_address_parse ("0.0.0.0", rule->addr);
  set_mask_bits (rule->mask, V4_BITS);
  if (n < 2 || n > 4 || (n < 4 && strcmp (parts[n - 1], "*") != 0))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      if (strcmp (parts[i], "*") == 0)
        continue;
      if (!parse_octet (parts[i], &rule->addr[V4_OFFSET + i]))
        return FALSE;
      rule->mask[V4_OFFSET + i] = 0xff;
    }
  return TRUE;
}

/* "10.0.0.0" or "fd00::", with the length of its prefix or NULL for all of it. */
static gboolean
parse_network (Rule *rule, const char *address, const char *length, GError **error)
{
  guint16 bits = 128;

  if (!ph_address_parse (address, rule->addr))
    return FALSE;
  if (length != NULL)
    {
      gboolean is_v4 = strchr (address, ':') == NULL;

      if (!ph_port_parse (length, &bits) || bits > (is_v4 ? 32 : 128))
        return FALSE;
      bits = (guint16)(bits + (is_v4 ? V4_BITS : 0));
    }
  set_mask_bits (rule->mask, bits);
  for (guint i = 0; i < 16; i++)
    {
      if (rule->addr[i] & ~rule->mask[i])
        {
          g_set_error (
              error, PH_ERROR, PH_ERROR_INVALID,
              _ ("“%s/%s” names a single address and a network at once: the bits after the "
                 "first %s must be zero"),
              address, length, length);
          return FALSE;
        }
    }
  return TRUE;
}

/* "[::1]", "[fd00::]/8" or "[fd00::/8]". */
static gboolean
parse_bracketed (Rule *rule, const char *host, GError **error)
{
  const char *end = strchr (host, ']');
  g_autofree char *inside = end != NULL ? g_strndup (host + 1, (gsize)(end - host - 1)) : NULL;
  char *slash = inside != NULL ? strchr (inside, '/') : NULL;

  if (inside == NULL || strchr (inside, ':') == NULL)
    return FALSE;
  if (slash != NULL && end[1] == '\0')
    {
      *slash = '\0';
      return parse_network (rule, inside, slash + 1, error);
    }
  if (slash != NULL || (end[1] != '\0' && end[1] != '/'))
    return FALSE;
  return parse_network (rule, inside, end[1] == '/' ? end + 2 : NULL, error);
}

static gboolean
parse_name (Rule *rule, const char *host)
{
  gboolean below = g_str_has_prefix (host, "*.");
  g_autofree char *name = ph_host_name_normalise (below ? host + 2 : host);

  if (name == NULL)
    return FALSE;
  rule->kind = below ? HOST_BELOW_NAME : HOST_NAME;
  rule->name = below ? g_strconcat (".", name, NULL) : g_steal_pointer (&name);
  return TRUE;
}

/* FALSE may come without an error: then the general one fits. */
static gboolean
parse_host (Rule *rule, const char *host, GError **error)
{
  const char *slash = strchr (host, '/');

  rule->kind = HOST_ADDRESS;
  if (strcmp (host, "*") == 0)
    {
      rule->kind = HOST_ANY;
      return TRUE;
    }
  if (host[0] == '[')
    return parse_bracketed (rule, host, error);
  if (strchr (host, ':') != NULL)
    return FALSE;
  if (slash != NULL)
    {
      g_autofree char *address = g_strndup (host, (gsize)(slash - host));

      return parse_network (rule, address, slash + 1, error);
    }
  return parse_pattern (rule, host) || parse_name (rule, host);
}

static gboolean
parse_ports (Rule *rule, const char *text)
{
  const char *dash = strchr (text, '-');
  g_autofree char *first = dash != NULL ? g_strndup (text, (gsize)(dash - text)) : g_strdup (text);

  rule->first_port = 1;
  rule->last_port = G_MAXUINT16;
  if (strcmp (text, "*") == 0)
    return TRUE;
  return ph_port_parse (first, &rule->first_port) &&
         ph_port_parse (dash != NULL ? dash + 1 : text, &rule->last_port) && rule->first_port > 0 &&
         rule->first_port <= rule->last_port;
}

/* Normalised text */

static void
append_address (GString *text, const Rule *rule)
{
  char buffer[PH_ENDPOINT_TEXT_SIZE];
  guint bits = 0;

  while (bits < 128 && (rule->mask[bits / 8] & (0x80 >> bits % 8)))
    bits++;
  ph_address_format (rule->addr, buffer);
  if (bits < V4_BITS || !ph_address_is_ipv4 (rule->addr))
    {
      g_string_append_printf (text, "[%s]", buffer);
      if (bits < 128)
        g_string_append_printf (text, "/%u", bits);
    }
  else
    {
      g_string_append (text, buffer);
      if (bits < 128)
        g_string_append_printf (text, "/%u", bits - V4_BITS);
    }
}

/* Whether the mask is one of whole IPv4 numbers, of which some are left open. */
static gboolean
is_pattern (const Rule *rule)
{
  guint n_open = 0;

  if (!ph_address_is_ipv4 (rule->addr) || rule->mask[V4_OFFSET - 1] != 0xff)
    return FALSE;
  for (guint i = V4_OFFSET; i < 16; i++)
    {
      if (rule->mask[i] != 0 && rule->mask[i] != 0xff)
        return FALSE;
      n_open += rule->mask[i] == 0;
    }
  return n_open > 0;
}

/* The open numbers at the end are cut short to one `*`. */
static void
append_pattern (GString *text, const Rule *rule)
{
  guint last = 15;

  while (last > V4_OFFSET + 1 && rule->mask[last] == 0 && rule->mask[last - 1] == 0)
    last--;
  for (guint i = V4_OFFSET; i <= last; i++)
    {
      if (i > V4_OFFSET)
        g_string_append_c (text, '.');
      if (rule->mask[i] == 0)
        g_string_append_c (text, '*');
      else
        g_string_append_printf (text, "%u", rule->addr[i]);
    }
}

static char *
rule_dup_text (const Rule *rule)
{
  GString *text = g_string_new (NULL);

  switch (rule->kind)
    {
    case HOST_ANY:
      g_string_append_c (text, '*');
      break;
    case HOST_ADDRESS:
      if (is_pattern (rule))
        append_pattern (text, rule);
      else
        append_address (text, rule);
      break;
    case HOST_NAME:
      g_string_append (text, rule->name);
      break;
    case HOST_BELOW_NAME:
      g_string_append_printf (text, "*%s", rule->name);
      break;
    }
  if (rule->first_port == rule->last_port)
    g_string_append_printf (text, ":%u", rule->first_port);
  else if (rule->first_port == 1 && rule->last_port == G_MAXUINT16)
    g_string_append (text, ":*");
  else
    g_string_append_printf (text, ":%u-%u", rule->first_port, rule->last_port);
  return g_string_free (text, FALSE);
}

static Rule *
rule_parse (const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  char *colon = strrchr (stripped, ':');
  g_autoptr (GError) local_error = NULL;
  guint16 port;
  Rule *rule;

  if (ph_port_parse (stripped, &port))
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                   _ ("“%s” does not say on which computer; to share that port of this one, write "
                      "127.0.0.1:%u"),
                   stripped, port);
      return NULL;
    }
  if (colon == NULL || colon == stripped || colon[1] == '\0' || strchr (colon, ']') != NULL)
    {
      g_set_error (error, PH_ERROR, PH_ERROR_INVALID, _ ("“%s” has no port; write a rule like %s"),
                   stripped, RIGHT_FORMS);
      return NULL;
    }
  *colon = '\0';
  rule = g_new0 (Rule, 1);
  if (!parse_ports (rule, colon + 1))
    g_set_error (
        &local_error, PH_ERROR, PH_ERROR_INVALID,
        _ ("“%s” is not a port; write a number from 1 to 65535, a range like 8000-8010, or * "
           "for any"),
        colon + 1);
  else if (!parse_host (rule, stripped, &local_error) && local_error == NULL)
    g_set_error (
        &local_error, PH_ERROR, PH_ERROR_INVALID,
        _ ("“%s” is not an address, a network (up to /32, or /128 for IPv6) or a name; write "
           "a rule like %s"),
        stripped, RIGHT_FORMS);
  if (local_error != NULL)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local_error), _ ("“%s” is no rule: "),
                                  text);
      rule_free (rule);
      return NULL;
    }
  rule->text = rule_dup_text (rule);
  return rule;
}

/* The list */

static gboolean
find (const PhRules *self, const char *text, guint *ret_index)
{
  for (guint i = 0; i < self->rules->len; i++)
    {
      if (strcmp (ph_rules_get_text (self, i), text) == 0)
        {
          *ret_index = i;
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
ph_rules_add (PhRules *self, const char *text, GError **error)
{
  Rule *rule = rule_parse (text, error);
  guint index;

  if (rule == NULL)
    return FALSE;
  if (find (self, rule->text, &index))
    rule_free (rule);
  else
    g_ptr_array_add (self->rules, rule);
  return TRUE;
}

gboolean
ph_rules_check (const char *const *texts, GError **error)
{
  g_autoptr (PhRules) rules = ph_rules_new ();

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    if (!ph_rules_add (rules, texts[i], error))
      return FALSE;
  return TRUE;
}

gboolean
ph_rules_remove (PhRules *self, const char *text, GError **error)
{
  Rule *rule = rule_parse (text, error);
  gboolean found;
  guint index;

  if (rule == NULL)
    return FALSE;
  found = find (self, rule->text, &index);
  if (found)
    g_ptr_array_remove_index (self->rules, index);
  else
    g_set_error (error, PH_ERROR, PH_ERROR_INVALID,
                 _ ("There is no rule “%s”; only a rule that was given can be taken away"),
                 rule->text);
  rule_free (rule);
  return found;
}

guint
ph_rules_get_count (const PhRules *self)
{
  return self->rules->len;
}

const char *
ph_rules_get_text (const PhRules *self, guint index)
{
  return ((const Rule *)g_ptr_array_index (self->rules, index))->text;
}

/* Matching */

static gboolean
is_metadata_service (const guint8 addr[16])
{
  static const guint8 services[][16] = {
    { [10] = 0xff, 0xff, 169, 254, 169, 254 },     { [10] = 0xff, 0xff, 100, 100, 100, 200 },
    { [10] = 0xff, 0xff, 168, 63, 129, 16 },       { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 },
    { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    {
      if (memcmp (addr, services[i], sizeof services[i]) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Where a translator stands between, 64:ff9b::a.b.c.d is a.b.c.d (RFC 6052). */
static void
translate (const guint8 addr[16], guint8 ret_addr[16])
{
  static const guint8 translated[V4_OFFSET] = { 0x00, 0x64, 0xff, 0x9b };
  static const guint8 mapped[V4_OFFSET] = { [10] = 0xff, 0xff };

  memcpy (ret_addr, addr, 16);
  if (memcmp (addr, translated, sizeof translated) == 0)
    memcpy (ret_addr, mapped, sizeof mapped);
}

/* Bits at the front of the mask that a rule must have to lie wholly where @addr's scope does; 0
 * where any wildcard will do. */
static guint
get_bits_to_write_out (const guint8 written_addr[16])
{
  guint8 addr[16];
  gboolean is_v4;

  translate (written_addr, addr);
  is_v4 = ph_address_is_ipv4 (addr);
  if (is_metadata_service (addr))
    return 128;
  switch (ph_address_scope (addr))
    {
    case PH_SCOPE_UNSPECIFIED:
      return 128;
    case PH_SCOPE_LINK_LOCAL:
      return is_v4 ? V4_BITS + 16 : 10;
    case PH_SCOPE_MULTICAST:
      if (!is_v4)
        return 8;
      return addr[V4_OFFSET] == 255 ? 128 : V4_BITS + 4;
    case PH_SCOPE_LOOPBACK:
    case PH_SCOPE_PRIVATE:
    case PH_SCOPE_PUBLIC:
      break;
    }
  return 0;
}

static gboolean
is_written_out (const Rule *rule, const guint8 addr[16])
{
  guint8 needed[16];

  set_mask_bits (needed, get_bits_to_write_out (addr));
  for (guint i = 0; i < 16; i++)
    {
      if (needed[i] & ~rule->mask[i])
        return FALSE;
    }
  return TRUE;
}

static gboolean
matches_address (const Rule *rule, const guint8 addr[16])
{
  /* ::/0 and the like mean IPv6, not the IPv4 addresses that are held in its form. */
  if (ph_address_is_ipv4 (addr) != (ph_address_is_ipv4 (rule->addr) && rule->mask[V4_OFFSET - 1]))
    return FALSE;
  for (guint i = 0; i < 16; i++)
    {
      if ((addr[i] & rule->mask[i]) != rule->addr[i])
        return FALSE;
    }
  return is_written_out (rule, addr);
}

static gboolean
is_localhost (const guint8 addr[16])
{
  static const guint8 v4[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
  static const guint8 v6[16] = { [15] = 1 };

  return memcmp (addr, v4, sizeof v4) == 0 || memcmp (addr, v6, sizeof v6) == 0;
}

static gboolean
matches (const Rule *rule, const char *name, const guint8 addr[16])
{
  switch (rule->kind)
    {
    case HOST_ANY:
      return is_written_out (rule, addr);
    case HOST_ADDRESS:
      return matches_address (rule, addr);
    case HOST_NAME:
      if (name != NULL)
        return strcmp (name, rule->name) == 0;
      return strcmp (rule->name, "localhost") == 0 && is_localhost (addr);
    case HOST_BELOW_NAME:
      return name != NULL && g_str_has_suffix (name, rule->name) && is_written_out (rule, addr);
    }
  return FALSE;
}

static gboolean
has_port (const Rule *rule, guint16 port)
{
  return rule->first_port <= port && port <= rule->last_port;
}

static PhRulesScope
name_scope (const Rule *rule, const char *name)
{
  switch (rule->kind)
    {
    case HOST_ANY:
      return PH_RULES_BY_NAME;
    case HOST_ADDRESS:
      return PH_RULES_BY_ADDRESS;
    case HOST_NAME:
      return strcmp (name, rule->name) == 0 ? PH_RULES_BY_NAME : PH_RULES_NEVER;
    case HOST_BELOW_NAME:
      return g_str_has_suffix (name, rule->name) ? PH_RULES_BY_NAME : PH_RULES_NEVER;
    }
  return PH_RULES_NEVER;
}

PhRulesScope
ph_rules_may_allow (const PhRules *self, const char *name, guint16 port)
{
  PhRulesScope scope = PH_RULES_NEVER;

  for (guint i = 0; i < self->rules->len; i++)
    {
      const Rule *rule = g_ptr_array_index (self->rules, i);

      if (has_port (rule, port))
        scope = MAX (scope, name_scope (rule, name));
    }
  return scope;
}

gboolean
ph_rules_allow (const PhRules *self, const char *name, const PhEndpoint *endpoint)
{
  for (guint i = 0; i < self->rules->len; i++)
    {
      const Rule *rule = g_ptr_array_index (self->rules, i);

      if (has_port (rule, endpoint->port) && matches (rule, name, endpoint->addr))
        return TRUE;
    }
  return FALSE;
}
