/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* JSON of other people, read member by member: nothing is believed before its type was looked at.
 * The functions return FALSE or NULL with PH_ERROR_PROTOCOL and a message that names the member;
 * outputs are borrowed from the object unless it says otherwise, and mean nothing on failure. A
 * member that is null is missing; where one may be missing, the output is NULL or FALSE then. */
#define PH_JSON_MAX_DEPTH 16 /* nested objects and arrays */

/* Sets “@member” @what; returns FALSE. */
gboolean ph_json_fail (GError **error, const char *member, const char *what);

/* The object that @size bytes of JSON are. Size, encoding and depth are checked before the JSON
 * library sees a byte. Owned. */
JsonObject *ph_json_parse (const char *json, gsize size, gsize max_size, GError **error);

gboolean ph_json_read_string (JsonObject *object,
                              const char *name,
                              gboolean required,
                              const char **ret,
                              GError **error);
gboolean ph_json_read_boolean (JsonObject *object, const char *name, gboolean *ret, GError **error);

/* A whole number, 1 to @max; required. */
gboolean
ph_json_read_count (JsonObject *object, const char *name, gint64 max, gint64 *ret, GError **error);

/* @size bytes in base64url; may be missing. */
gboolean ph_json_read_bytes (JsonObject *object,
                             const char *name,
                             gboolean *ret_has,
                             guint8 *ret_bytes,
                             gsize size,
                             GError **error);
gboolean
ph_json_read_object (JsonObject *object, const char *name, JsonObject **ret, GError **error);
gboolean ph_json_read_array (JsonObject *object,
                             const char *name,
                             guint max,
                             JsonArray **ret,
                             GError **error);

/* An array of at most @max strings of at most @max_bytes each; a missing one is empty. Owned,
 * NULL-terminated; NULL on failure. */
char **ph_json_read_strings (JsonObject *object,
                             const char *name,
                             guint max,
                             gsize max_bytes,
                             GError **error);

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

G_END_DECLS
