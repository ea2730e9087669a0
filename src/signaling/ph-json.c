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

gboolean
ph_json_fail (GError **error, const char *member, const char *what)
{
  g_set_error (error, PH_ERROR, PH_ERROR_PROTOCOL, "“%s” %s", member, what);
  return FALSE;
}

static gboolean
fail_text (GError **error, const char *what)
{
  g_set_error_literal (error, PH_ERROR, PH_ERROR_PROTOCOL, what);
  return FALSE;
}

JsonObject *
ph_json_parse (const char *json, gsize size, gsize max_size, GError **error)
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

/* NULL where the member is missing or null. */
static JsonNode *
get_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

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

gboolean
ph_json_read_string (JsonObject *object,
                     const char *name,
                     gboolean required,
                     const char **ret,
                     GError **error)
{
  JsonNode *node = get_member (object, name);

  *ret = node != NULL ? node_string (node) : NULL;
  if (node != NULL && *ret == NULL)
    return ph_json_fail (error, name, "must be a string");
  if (node == NULL && required)
    return ph_json_fail (error, name, "is missing");
  return TRUE;
}

gboolean
ph_json_read_boolean (JsonObject *object, const char *name, gboolean *ret, GError **error)
{
  JsonNode *node = get_member (object, name);

  *ret = FALSE;
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return ph_json_fail (error, name, "must be true or false");
  *ret = json_node_get_boolean (node);
  return TRUE;
}

gboolean
ph_json_read_count (JsonObject *object, const char *name, gint64 max, gint64 *ret, GError **error)
{
  JsonNode *node = get_member (object, name);

  if (node == NULL)
    return ph_json_fail (error, name, "is missing");
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64 ||
      json_node_get_int (node) < 1 || json_node_get_int (node) > max)
    return ph_json_fail (error, name, "must be a whole number above zero");
  *ret = json_node_get_int (node);
  return TRUE;
}

gboolean
ph_json_read_bytes (JsonObject *object,
                    const char *name,
                    gboolean *ret_has,
                    guint8 *ret_bytes,
                    gsize size,
                    GError **error)
{
  const char *text;

  *ret_has = FALSE;
  if (!ph_json_read_string (object, name, FALSE, &text, error))
    return FALSE;
  if (text != NULL && !ph_base64url_decode (text, ret_bytes, size))
    {
      g_autofree char *what =
          g_strdup_printf ("must be %" G_GSIZE_FORMAT " bytes in base64url without padding", size);

      return ph_json_fail (error, name, what);
    }
  *ret_has = text != NULL;
  return TRUE;
}

gboolean
ph_json_read_object (JsonObject *object, const char *name, JsonObject **ret, GError **error)
{
  JsonNode *node = get_member (object, name);

  *ret = NULL;
  if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
    return ph_json_fail (error, name, "must be an object");
  if (node != NULL)
    *ret = json_node_get_object (node);
  return TRUE;
}

gboolean
ph_json_read_array (JsonObject *object,
                    const char *name,
                    guint max,
                    JsonArray **ret,
                    GError **error)
{
  JsonNode *node = get_member (object, name);

  *ret = NULL;
  if (node != NULL && !JSON_NODE_HOLDS_ARRAY (node))
    return ph_json_fail (error, name, "must be an array");
  if (node != NULL && json_array_get_length (json_node_get_array (node)) > max)
    {
      g_autofree char *what = g_strdup_printf ("must have at most %u elements", max);

      return ph_json_fail (error, name, what);
    }
  if (node != NULL)
    *ret = json_node_get_array (node);
  return TRUE;
}

char **
ph_json_read_strings (JsonObject *object,
                      const char *name,
                      guint max,
                      gsize max_bytes,
                      GError **error)
{
  g_autoptr (GStrvBuilder) strings = g_strv_builder_new ();
  JsonArray *array;

  if (!ph_json_read_array (object, name, max, &array, error))
    return NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      const char *text = node_string (json_array_get_element (array, i));

      if (text == NULL || strlen (text) > max_bytes)
        {
          g_autofree char *what =
              g_strdup_printf ("must hold strings of at most %" G_GSIZE_FORMAT " bytes", max_bytes);

          ph_json_fail (error, name, what);
          return NULL;
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
