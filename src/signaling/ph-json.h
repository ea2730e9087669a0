/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define PH_JSON_MAX_DEPTH 16 /* nested objects and arrays */

/* JSON of other people, read member by member: nothing is believed before its type was looked at.
 *
 * The first thing that is wrong is set as PH_ERROR_PROTOCOL, with a message that names the member,
 * and stays: everything read after it is NULL, FALSE or 0. So members are read one after the other,
 * and `has_failed` is looked at once at the end. A member that is null is missing. What is returned
 * is borrowed, until the reader is cleared, unless it says otherwise. */
typedef struct
{
  JsonObject *root;
  JsonObject *object; /* whose members are read now */
  GError **error;
  gboolean has_failed;
} PhJsonReader;

/* Size, encoding and depth are checked before the JSON library sees a byte; it must be an object.
 * End it with ph_json_reader_clear, failed or not. */
PhJsonReader ph_json_read (const char *json, gsize size, gsize max_size, GError **error);
void ph_json_reader_clear (PhJsonReader *reader);

/* Something is wrong with @member that only the caller knows: “@member” @what. */
void ph_json_fail (PhJsonReader *reader, const char *member, const char *what);

/* A string that may be missing (NULL), and one that must be there. */
const char *ph_json_find_string (PhJsonReader *reader, const char *name);
const char *ph_json_get_string (PhJsonReader *reader, const char *name);

/* FALSE where it is missing. */
gboolean ph_json_get_boolean (PhJsonReader *reader, const char *name);

/* A whole number, 1 to @max, that must be there. */
gint64 ph_json_get_count (PhJsonReader *reader, const char *name, gint64 max);

/* @size bytes in base64url; FALSE where they are missing. */
gboolean ph_json_get_bytes (PhJsonReader *reader, const char *name, guint8 *ret_bytes, gsize size);

/* Goes into the object @name; FALSE where it is missing. What was entered is left again with the
 * object that it returned. */
gboolean ph_json_enter (PhJsonReader *reader, const char *name, JsonObject **ret_outer);
void ph_json_leave (PhJsonReader *reader, JsonObject *outer);

/* Goes into each object of an array of at most @max; a missing one is empty. */
typedef void (*PhJsonElementFunc) (PhJsonReader *reader, gpointer user_data);
void ph_json_foreach (PhJsonReader *reader,
                      const char *name,
                      guint max,
                      PhJsonElementFunc func,
                      gpointer user_data);

/* An array of at most @max strings of at most @max_bytes each; a missing one is empty. Owned,
 * NULL-terminated, never NULL. */
char **ph_json_dup_strings (PhJsonReader *reader, const char *name, guint max, gsize max_bytes);

/* Printing: begin an object, add members, end it. The end frees the builder and returns the text.
 */
JsonBuilder *ph_json_begin (void);
char *ph_json_end (JsonBuilder *builder);
void ph_json_add_string (JsonBuilder *builder, const char *name, const char *value);
void ph_json_add_int (JsonBuilder *builder, const char *name, gint64 value);
void ph_json_add_strings (JsonBuilder *builder, const char *name, char **strings);

/* Adds nothing if it is not so. */
void ph_json_add_true (JsonBuilder *builder, const char *name, gboolean value);
void ph_json_add_bytes (JsonBuilder *builder,
                        const char *name,
                        gboolean has,
                        const guint8 *bytes,
                        gsize size);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PhJsonReader, ph_json_reader_clear)

G_END_DECLS
