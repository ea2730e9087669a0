/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-json.h"

#include <string.h>

#include "core/ph-error.h"
#include "ph-code.h"

/* ---- Reading ---- */

/* json-glib recurses for each bracket and has no limit of its own. It also takes comments and other
 * things that are no JSON, in which brackets and quotes would be counted wrongly; so no character
 * is let through that JSON does not have outside of strings, and nothing behind the first value. */
static const char *
find_fault (const char *json, gsize size)
{
  gboolean in_string = FALSE;
  gboolean ended = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++)
    {
      char c = json[i];

      if (ended && !g_ascii_isspace (c))
        return "this is not JSON";
      if (in_string && c == '\\')
        i++;
      else if (c == '"')
        in_string = !in_string;
      if (in_string || c == '"' || g_ascii_isspace (c))
        continue;
      if (!g_ascii_isalnum (c) && strchr ("{}[]:,.+-", c) == NULL)
        return "this is not JSON";
      if (c == '{' || c == '[')
        depth++;
      else if ((c == '}' || c == ']') && depth > 0)
        ended = --depth == 0;
      if (depth > PH_JSON_MAX_DEPTH)
        return "the JSON is nested too deep";
    }
  return NULL;
}

static gboolean
fail_text (GError **error, const char *what)
{
  g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL, what);
  return FALSE;
}

/* The object that @size bytes of JSON are; NULL with an error. */
static JsonObject *
parse (const char *json, gsize size, gsize max_size, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  const char *fault;
  JsonNode *root;

  if (size == 0)
    fail_text (error, "there is nothing where JSON should be");
  else if (size > max_size)
    fail_text (error, "the JSON is too large");
  else if (!g_utf8_validate_len (json, size, NULL))
    fail_text (error, "the JSON is not UTF-8");
  else if ((fault = find_fault (json, size)) != NULL)
    fail_text (error, fault);
  else if (!json_parser_load_from_data (parser, json, (gssize)size, NULL))
    fail_text (error, "this is not JSON");
  else if ((root = json_parser_get_root (parser)) == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    fail_text (error, "the JSON is not an object");
  else
    return json_object_ref (json_node_get_object (root));
  return NULL;
}

PhJsonReader
ph_json_read (const char *json, gsize size, gsize max_size, GError **error)
{
  PhJsonReader self = { .error = error };

  self.root = parse (json, size, max_size, error);
  self.object = self.root;
  self.has_failed = self.root == NULL;
  return self;
}

void
ph_json_reader_clear (PhJsonReader *self)
{
  g_clear_pointer (&self->root, json_object_unref);
}

void
ph_json_fail (PhJsonReader *self, const char *member, const char *what)
{
  if (!self->has_failed)
    g_set_error (self->error, PH_ERROR, PH_ERROR_PROTOCOL, "“%s” %s", member, what);
  self->has_failed = TRUE;
}

/* NULL where the member is missing or null, or something has failed before. */
static JsonNode *
get_member (PhJsonReader *self, const char *name)
{
  JsonNode *node = self->has_failed ? NULL : json_object_get_member (self->object, name);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

/* The string in @node; NULL if it is something else. An escape can spell what is not Unicode. */
static const char *
node_string (JsonNode *node)
{
  const char *text;

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  text = json_node_get_string (node);
  return g_utf8_validate (text, -1, NULL) ? text : NULL;
}

const char *
ph_json_find_string (PhJsonReader *self, const char *name)
{
  JsonNode *node = get_member (self, name);
  const char *text = node != NULL ? node_string (node) : NULL;

  if (node != NULL && text == NULL)
    ph_json_fail (self, name, "must be a string");
  return text;
}

const char *
ph_json_get_string (PhJsonReader *self, const char *name)
{
  const char *text = ph_json_find_string (self, name);

  if (text == NULL)
    ph_json_fail (self, name, "is missing");
  return text;
}

gboolean
ph_json_get_boolean (PhJsonReader *self, const char *name)
{
  JsonNode *node = get_member (self, name);

  if (node == NULL)
    return FALSE;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (node);
  ph_json_fail (self, name, "must be true or false");
  return FALSE;
}

gint64
ph_json_get_count (PhJsonReader *self, const char *name, gint64 max)
{
  JsonNode *node = get_member (self, name);

  if (node == NULL)
    ph_json_fail (self, name, "is missing");
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64 &&
           json_node_get_int (node) >= 1 && json_node_get_int (node) <= max)
    return json_node_get_int (node);
  ph_json_fail (self, name, "must be a whole number above zero");
  return 0;
}

gboolean
ph_json_get_bytes (PhJsonReader *self, const char *name, guint8 *ret_bytes, gsize size)
{
  const char *text = ph_json_find_string (self, name);
  g_autofree char *what = NULL;

  if (text == NULL)
    return FALSE;
  if (ph_base64url_decode (text, ret_bytes, size))
    return TRUE;
  what = g_strdup_printf ("must be %" G_GSIZE_FORMAT " bytes in base64url without padding", size);
  ph_json_fail (self, name, what);
  return FALSE;
}

gboolean
ph_json_enter (PhJsonReader *self, const char *name, JsonObject **ret_outer)
{
  JsonNode *node = get_member (self, name);

  if (node == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      ph_json_fail (self, name, "must be an object");
      return FALSE;
    }
  *ret_outer = self->object;
  self->object = json_node_get_object (node);
  return TRUE;
}

void
ph_json_leave (PhJsonReader *self, JsonObject *outer)
{
  self->object = outer;
}

/* NULL where it is missing. */
static JsonArray *
get_array (PhJsonReader *self, const char *name, guint max)
{
  JsonNode *node = get_member (self, name);
  g_autofree char *what = NULL;

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) <= max)
    return json_node_get_array (node);
  what = g_strdup_printf ("must be an array of at most %u elements", max);
  ph_json_fail (self, name, what);
  return NULL;
}

void
ph_json_foreach (PhJsonReader *self,
                 const char *name,
                 guint max,
                 PhJsonElementFunc func,
                 gpointer user_data)
{
  JsonArray *array = get_array (self, name, max);
  guint length = array != NULL ? json_array_get_length (array) : 0;
  JsonObject *outer = self->object;

  for (guint i = 0; i < length && !self->has_failed; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          self->object = json_node_get_object (node);
          func (self, user_data);
        }
      else
        ph_json_fail (self, name, "must hold objects");
    }
  self->object = outer;
}

char **
ph_json_dup_strings (PhJsonReader *self, const char *name, guint max, gsize max_bytes)
{
  g_autoptr (GStrvBuilder) strings = g_strv_builder_new ();
  JsonArray *array = get_array (self, name, max);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      const char *text = node_string (json_array_get_element (array, i));

      if (text == NULL || strlen (text) > max_bytes)
        {
          g_autofree char *what =
              g_strdup_printf ("must hold strings of at most %" G_GSIZE_FORMAT " bytes", max_bytes);

          ph_json_fail (self, name, what);
          break;
        }
      g_strv_builder_add (strings, text);
    }
  return g_strv_builder_end (strings);
}

/* ---- Printing ---- */

JsonBuilder *
ph_json_begin (void)
{
  JsonBuilder *builder = json_builder_new_immutable ();

  json_builder_begin_object (builder);
  return builder;
}

char *
ph_json_end (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  g_object_unref (builder);
  return json_to_string (root, FALSE);
}

void
ph_json_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

void
ph_json_add_true (JsonBuilder *builder, const char *name, gboolean value)
{
  if (!value)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, TRUE);
}

void
ph_json_add_int (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
ph_json_add_bytes (JsonBuilder *builder,
                   const char *name,
                   gboolean has,
                   const guint8 *bytes,
                   gsize size)
{
  g_autofree char *text = NULL;

  if (!has)
    return;
  text = ph_base64url_encode (bytes, size);
  ph_json_add_string (builder, name, text);
}

void
ph_json_add_strings (JsonBuilder *builder, const char *name, char **strings)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (gsize i = 0; strings[i] != NULL; i++)
    json_builder_add_string_value (builder, strings[i]);
  json_builder_end_array (builder);
}
