/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "ph-json.h"

#define TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

/* ---- Members that are more than their type ---- */

static gboolean
read_name (JsonObject *object,
           const char *name,
           gboolean required,
           const char **ret,
           GError **error)
{
  if (!ph_json_read_string (object, name, required, ret, error))
    return FALSE;
  if (*ret != NULL && !ph_text_is_name (*ret))
    return ph_json_fail (
        error, name,
        "must be a name of at most 64 bytes, not blank, without control or direction characters");
  return TRUE;
}

static gboolean
read_id (JsonObject *object, char ret_id[PH_ID_SIZE], GError **error)
{
  const char *id;

  if (!ph_json_read_string (object, "id", TRUE, &id, error))
    return FALSE;
  if (!ph_code_is_id (id))
    return ph_json_fail (error, "id", "must be 21 characters of A-Z a-z 0-9 _ -");
  g_strlcpy (ret_id, id, PH_ID_SIZE);
  return TRUE;
}

/* ---- Words ---- */

static const char *const status_names[] = {
  [PH_SIGNAL_WAITING] = "waiting",
  [PH_SIGNAL_JOINED] = "joined",
  [PH_SIGNAL_SIGNALING] = "signaling",
  [PH_SIGNAL_REJECTED] = "rejected",
};

static const char *const type_names[] = {
  [PH_SIGNAL_TYPE_OFFER] = "offer",
  [PH_SIGNAL_TYPE_ANSWER] = "answer",
  [PH_SIGNAL_TYPE_REJECT] = "reject",
};

static const char *const reason_names[] = {
  [PH_SIGNAL_REASON_DECLINED] = "declined",
  [PH_SIGNAL_REASON_NOT_VERIFIED] = "not-verified",
  [PH_SIGNAL_REASON_FULL] = "full",
};

const char *
ph_signal_reason_name (PhSignalReason reason)
{
  return reason_names[reason];
}

int
ph_signal_reason_error (PhSignalReason reason)
{
  switch (reason)
    {
    case PH_SIGNAL_REASON_DECLINED:
      return PH_ERROR_DECLINED;
    case PH_SIGNAL_REASON_NOT_VERIFIED:
      return PH_ERROR_NOT_VERIFIED;
    case PH_SIGNAL_REASON_FULL:
      return PH_ERROR_FULL;
    }
  return PH_ERROR_FAILED;
}

/* A required member that is one of @words; its place among them in @ret. */
static gboolean
read_word (JsonObject *object,
           const char *name,
           const char *const *words,
           guint n_words,
           guint *ret,
           GError **error)
{
  const char *text;

  if (!ph_json_read_string (object, name, TRUE, &text, error))
    return FALSE;
  for (guint i = 0; i < n_words; i++)
    {
      if (strcmp (words[i], text) == 0)
        {
          *ret = i;
          return TRUE;
        }
    }
  return ph_json_fail (error, name, "is none of the words known here");
}

/* ---- Halves, proofs, joins ---- */

PhSignalHalf *
ph_signal_half_new (const char *sdp, const char *const *candidates)
{
  PhSignalHalf *half = g_new0 (PhSignalHalf, 1);

  half->sdp = g_strdup (sdp);
  half->candidates = candidates != NULL ? g_strdupv ((char **)candidates) : g_new0 (char *, 1);
  return half;
}

PhSignalHalf *
ph_signal_half_copy (const PhSignalHalf *half)
{
  return half != NULL ? ph_signal_half_new (half->sdp, (const char *const *)half->candidates)
                      : NULL;
}

gboolean
ph_signal_half_equal (const PhSignalHalf *a, const PhSignalHalf *b)
{
  return strcmp (a->sdp, b->sdp) == 0 &&
         g_strv_equal ((const char *const *)a->candidates, (const char *const *)b->candidates);
}

void
ph_signal_half_free (PhSignalHalf *half)
{
  if (half == NULL)
    return;
  g_free (half->sdp);
  g_strfreev (half->candidates);
  g_free (half);
}

/* JSON and SDP need no others; JSON spells them in six bytes each. */
static gboolean
has_control_characters (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text) && strchr ("\t\r\n", *text) == NULL)
      return TRUE;
  return FALSE;
}

static gboolean
check_half (const char *sdp, char **candidates, GError **error)
{
  if (has_control_characters (sdp))
    return ph_json_fail (error, "sdp", "must have no control characters");
  for (gsize i = 0; candidates[i] != NULL; i++)
    if (has_control_characters (candidates[i]))
      return ph_json_fail (error, "candidate", "must have no control characters");
  return TRUE;
}

static PhSignalHalf *
read_half (JsonObject *object, GError **error)
{
  g_auto (GStrv) candidates = NULL;
  const char *sdp;

  if (!ph_json_read_string (object, "sdp", TRUE, &sdp, error))
    return NULL;
  candidates = ph_json_read_strings (object, "candidate", PH_SIGNAL_MAX_CANDIDATES,
                                     PH_SIGNAL_MAX_CANDIDATE_BYTES, error);
  if (candidates == NULL || !check_half (sdp, candidates, error))
    return NULL;
  return ph_signal_half_new (sdp, (const char *const *)candidates);
}

static void
add_half_members (JsonBuilder *builder, const PhSignalHalf *half)
{
  ph_json_add_string (builder, "sdp", half->sdp);
  ph_json_add_strings (builder, "candidate", half->candidates);
}

static void
add_half (JsonBuilder *builder, const char *name, const PhSignalHalf *half)
{
  if (half == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  add_half_members (builder, half);
  json_builder_end_object (builder);
}

gboolean
ph_signal_proof_equal (const PhSignalProof *a, const PhSignalProof *b)
{
  return a->has_nonce == b->has_nonce && a->has_mac == b->has_mac &&
         a->has_commit == b->has_commit &&
         (!a->has_nonce || memcmp (a->nonce, b->nonce, sizeof a->nonce) == 0) &&
         (!a->has_mac || memcmp (a->mac, b->mac, sizeof a->mac) == 0) &&
         (!a->has_commit || memcmp (a->commit, b->commit, sizeof a->commit) == 0);
}

static gboolean
read_proof (JsonObject *object, PhSignalProof *ret, GError **error)
{
  return ph_json_read_bytes (object, "nonce", &ret->has_nonce, ret->nonce, sizeof ret->nonce,
                             error) &&
         ph_json_read_bytes (object, "mac", &ret->has_mac, ret->mac, sizeof ret->mac, error) &&
         ph_json_read_bytes (object, "commit", &ret->has_commit, ret->commit, sizeof ret->commit,
                             error);
}

static void
add_proof (JsonBuilder *builder, const PhSignalProof *proof)
{
  ph_json_add_bytes (builder, "nonce", proof->has_nonce, proof->nonce, sizeof proof->nonce);
  ph_json_add_bytes (builder, "mac", proof->has_mac, proof->mac, sizeof proof->mac);
  ph_json_add_bytes (builder, "commit", proof->has_commit, proof->commit, sizeof proof->commit);
}

PhSignalJoin *
ph_signal_join_new (const char *id, const char *client, const PhSignalProof *proof)
{
  PhSignalJoin *join = g_new0 (PhSignalJoin, 1);

  g_strlcpy (join->id, id, sizeof join->id);
  join->client = g_strdup (client);
  if (proof != NULL)
    join->proof = *proof;
  return join;
}

void
ph_signal_join_free (PhSignalJoin *join)
{
  if (join == NULL)
    return;
  g_free (join->client);
  g_free (join);
}

static PhSignalJoin *
read_join (JsonNode *node, GError **error)
{
  g_autoptr (PhSignalJoin) join = g_new0 (PhSignalJoin, 1);
  JsonObject *object;
  const char *client;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      ph_json_fail (error, "joins", "must hold objects");
      return NULL;
    }
  object = json_node_get_object (node);
  if (!read_id (object, join->id, error) || !read_name (object, "client", TRUE, &client, error) ||
      !read_proof (object, &join->proof, error))
    return NULL;
  join->client = g_strdup (client);
  return g_steal_pointer (&join);
}

/* ---- The session ---- */

PhSignalSession *
ph_signal_session_new (const char *id, const char *host)
{
  PhSignalSession *session = g_new0 (PhSignalSession, 1);

  g_strlcpy (session->id, id, sizeof session->id);
  session->host = g_strdup (host);
  session->joins = g_ptr_array_new_with_free_func ((GDestroyNotify)ph_signal_join_free);
  return session;
}

void
ph_signal_session_free (PhSignalSession *session)
{
  if (session == NULL)
    return;
  g_free (session->host);
  g_free (session->client);
  ph_signal_half_free (session->offer);
  ph_signal_half_free (session->answer);
  g_ptr_array_unref (session->joins);
  g_free (session->token);
  g_free (session);
}

static void
add_joins (JsonBuilder *builder, const GPtrArray *joins)
{
  if (joins->len == 0)
    return;
  json_builder_set_member_name (builder, "joins");
  json_builder_begin_array (builder);
  for (guint i = 0; i < joins->len; i++)
    {
      const PhSignalJoin *join = joins->pdata[i];

      json_builder_begin_object (builder);
      ph_json_add_string (builder, "id", join->id);
      ph_json_add_string (builder, "client", join->client);
      add_proof (builder, &join->proof);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_signal (JsonBuilder *builder, const PhSignalSession *session)
{
  json_builder_set_member_name (builder, "signal");
  json_builder_begin_object (builder);
  add_half (builder, "offer", session->offer);
  add_half (builder, "answer", session->answer);
  json_builder_end_object (builder);
}

char *
ph_signal_session_to_json (const PhSignalSession *session)
{
  g_autoptr (GDateTime) created = g_date_time_new_from_unix_utc (session->created_s);
  g_autofree char *created_text = g_date_time_format_iso8601 (created);
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "id", session->id);
  ph_json_add_string (builder, "host", session->host);
  json_builder_set_member_name (builder, "client");
  if (session->client != NULL)
    json_builder_add_string_value (builder, session->client);
  else
    json_builder_add_null_value (builder);
  ph_json_add_string (builder, "status", status_names[session->status]);
  ph_json_add_string (builder, "createdAt", created_text);
  ph_json_add_int (builder, "rev", (gint64)session->rev);
  add_signal (builder, session);
  if (session->status == PH_SIGNAL_REJECTED)
    ph_json_add_string (builder, "reason", reason_names[session->reason]);
  add_joins (builder, session->joins);
  if (session->token != NULL)
    ph_json_add_string (builder, "token", session->token);
  return ph_json_end (builder);
}

static gboolean
read_created (JsonObject *object, gint64 *ret_s, GError **error)
{
  g_autoptr (GDateTime) created = NULL;
  const char *text;

  if (!ph_json_read_string (object, "createdAt", FALSE, &text, error))
    return FALSE;
  if (text != NULL)
    created = g_date_time_new_from_iso8601 (text, NULL);
  *ret_s = created != NULL ? g_date_time_to_unix (created) : 0;
  return TRUE;
}

static gboolean
read_session_half (JsonObject *signal, const char *name, PhSignalHalf **ret, GError **error)
{
  JsonObject *object;

  if (!ph_json_read_object (signal, name, &object, error))
    return FALSE;
  if (object != NULL)
    *ret = read_half (object, error);
  return object == NULL || *ret != NULL;
}

static gboolean
read_signal (JsonObject *object, PhSignalSession *session, GError **error)
{
  JsonObject *signal;

  if (!ph_json_read_object (object, "signal", &signal, error))
    return FALSE;
  return signal == NULL || (read_session_half (signal, "offer", &session->offer, error) &&
                            read_session_half (signal, "answer", &session->answer, error));
}

static gboolean
read_joins (JsonObject *object, GPtrArray *joins, GError **error)
{
  JsonArray *array;

  if (!ph_json_read_array (object, "joins", PH_SIGNAL_MAX_JOINS, &array, error))
    return FALSE;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      PhSignalJoin *join = read_join (json_array_get_element (array, i), error);

      if (join == NULL)
        return FALSE;
      g_ptr_array_add (joins, join);
    }
  return TRUE;
}

static gboolean
read_status (JsonObject *object, PhSignalSession *session, GError **error)
{
  guint status = 0;
  guint reason = 0;

  if (!read_word (object, "status", status_names, G_N_ELEMENTS (status_names), &status, error))
    return FALSE;
  if (status == PH_SIGNAL_REJECTED &&
      !read_word (object, "reason", reason_names, G_N_ELEMENTS (reason_names), &reason, error))
    return FALSE;
  session->status = (PhSignalStatus)status;
  session->reason = (PhSignalReason)reason;
  return TRUE;
}

/* It goes into a header of later requests, so nothing else may be in it (RFC 6750 section 2.1). */
static gboolean
read_token (JsonObject *object, const char **ret, GError **error)
{
  if (!ph_json_read_string (object, "token", FALSE, ret, error))
    return FALSE;
  if (*ret != NULL && (strlen (*ret) >= PH_TOKEN_SIZE || **ret == '\0' ||
                       (*ret)[strspn (*ret, TOKEN_CHARACTERS)] != '\0'))
    return ph_json_fail (error, "token", "must be at most 43 letters, digits and -._~+/=");
  return TRUE;
}

PhSignalSession *
ph_signal_session_parse (const char *json, gsize size, GError **error)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, size, PH_SIGNAL_MAX_ANSWER, error);
  g_autoptr (PhSignalSession) session = ph_signal_session_new ("", NULL);
  const char *host;
  const char *client;
  const char *token;
  gint64 rev;

  if (object == NULL || !read_id (object, session->id, error) ||
      !read_name (object, "host", TRUE, &host, error) ||
      !read_name (object, "client", FALSE, &client, error) || !read_token (object, &token, error) ||
      !ph_json_read_count (object, "rev", G_MAXINT64, &rev, error) ||
      !read_status (object, session, error) || !read_created (object, &session->created_s, error) ||
      !read_signal (object, session, error) || !read_joins (object, session->joins, error))
    return NULL;
  session->host = g_strdup (host);
  session->client = g_strdup (client);
  session->token = g_strdup (token);
  session->rev = (guint64)rev;
  return g_steal_pointer (&session);
}

/* ---- Bodies of calls ---- */

void
ph_signal_create_clear (PhSignalCreate *create)
{
  g_free (create->host);
  *create = (PhSignalCreate){ 0 };
}

char *
ph_signal_create_to_json (const PhSignalCreate *create)
{
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "host", create->host);
  ph_json_add_true (builder, "multi", create->multi);
  ph_json_add_true (builder, "auth", create->auth);
  return ph_json_end (builder);
}

gboolean
ph_signal_create_parse (const char *json, gsize size, PhSignalCreate *ret, GError **error)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, size, PH_SIGNAL_MAX_BODY, error);
  PhSignalCreate create = { 0 };
  const char *host;

  if (object == NULL || !read_name (object, "host", TRUE, &host, error) ||
      !ph_json_read_boolean (object, "multi", &create.multi, error) ||
      !ph_json_read_boolean (object, "auth", &create.auth, error))
    return FALSE;
  create.host = g_strdup (host);
  *ret = create;
  return TRUE;
}

void
ph_signal_join_call_clear (PhSignalJoinCall *call)
{
  g_free (call->client);
  *call = (PhSignalJoinCall){ 0 };
}

char *
ph_signal_join_call_to_json (const PhSignalJoinCall *call)
{
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "client", call->client);
  add_proof (builder, &call->proof);
  ph_json_add_true (builder, "auth", call->auth);
  return ph_json_end (builder);
}

gboolean
ph_signal_join_call_parse (const char *json, gsize size, PhSignalJoinCall *ret, GError **error)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, size, PH_SIGNAL_MAX_BODY, error);
  PhSignalJoinCall call = { 0 };
  const char *client;

  if (object == NULL || !read_name (object, "client", TRUE, &client, error) ||
      !read_proof (object, &call.proof, error) ||
      !ph_json_read_boolean (object, "auth", &call.auth, error))
    return FALSE;
  call.client = g_strdup (client);
  *ret = call;
  return TRUE;
}

void
ph_signal_message_clear (PhSignalMessage *message)
{
  ph_signal_half_free (message->half);
  *message = (PhSignalMessage){ 0 };
}

char *
ph_signal_message_to_json (const PhSignalMessage *message)
{
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "type", type_names[message->type]);
  if (message->type == PH_SIGNAL_TYPE_REJECT)
    ph_json_add_string (builder, "reason", reason_names[message->reason]);
  else
    add_half_members (builder, message->half);
  return ph_json_end (builder);
}

gboolean
ph_signal_message_parse (const char *json, gsize size, PhSignalMessage *ret, GError **error)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, size, PH_SIGNAL_MAX_BODY, error);
  PhSignalHalf *half = NULL;
  guint reason = 0;
  guint type = 0;

  if (object == NULL ||
      !read_word (object, "type", type_names, G_N_ELEMENTS (type_names), &type, error))
    return FALSE;
  if (type == PH_SIGNAL_TYPE_REJECT &&
      !read_word (object, "reason", reason_names, G_N_ELEMENTS (reason_names), &reason, error))
    return FALSE;
  if (type != PH_SIGNAL_TYPE_REJECT && (half = read_half (object, error)) == NULL)
    return FALSE;
  *ret = (PhSignalMessage){ .type = (PhSignalType)type,
                            .half = half,
                            .reason = (PhSignalReason)reason };
  return TRUE;
}

/* ---- Errors ---- */

char *
ph_signal_error_to_json (const char *code, const char *message)
{
  JsonBuilder *builder = ph_json_begin ();

  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  ph_json_add_string (builder, "code", code);
  ph_json_add_string (builder, "message", message);
  json_builder_end_object (builder);
  return ph_json_end (builder);
}

char *
ph_signal_error_parse (const char *json, gsize size)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, size, PH_SIGNAL_MAX_BODY, NULL);
  JsonObject *inner = NULL;
  const char *message;

  if (object == NULL || !ph_json_read_object (object, "error", &inner, NULL) || inner == NULL ||
      !ph_json_read_string (inner, "message", TRUE, &message, NULL))
    return NULL;
  return ph_text_clean (message, -1, PH_TEXT_MAX_REASON);
}

/* ---- JSON inside strings: descriptions and candidates ---- */

PhDescription *
ph_description_new (PhSignalType type, const char *sdp, const char *const *extensions)
{
  PhDescription *description = g_new0 (PhDescription, 1);

  description->type = type;
  description->sdp = g_strdup (sdp);
  description->ours = TRUE;
  description->version = 1;
  description->extensions = g_strdupv ((char **)extensions);
  return description;
}

void
ph_description_free (PhDescription *description)
{
  if (description == NULL)
    return;
  g_free (description->sdp);
  g_strfreev (description->extensions);
  g_free (description);
}

char *
ph_description_to_json (const PhDescription *description)
{
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "type", type_names[description->type]);
  ph_json_add_string (builder, "sdp", description->sdp);
  if (description->ours)
    {
      json_builder_set_member_name (builder, "porthole");
      json_builder_begin_object (builder);
      ph_json_add_int (builder, "v", description->version);
      ph_json_add_strings (builder, "ext", description->extensions);
      ph_json_add_bytes (builder, "mac", description->has_mac, description->mac,
                         sizeof description->mac);
      ph_json_add_bytes (builder, "r", description->has_r, description->r, sizeof description->r);
      json_builder_end_object (builder);
    }
  return ph_json_end (builder);
}

/* A comma in a name would make two lists read the same to the MAC. */
static gboolean
check_extensions (char **extensions, GError **error)
{
  for (gsize i = 0; extensions[i] != NULL; i++)
    {
      if (*extensions[i] == '\0' ||
          extensions[i][strspn (extensions[i], "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return ph_json_fail (error, "ext", "must hold names made of a-z 0-9 -");
    }
  return TRUE;
}

static gboolean
read_porthole (JsonObject *object, PhDescription *ret, GError **error)
{
  gint64 version;

  if (!ph_json_read_count (object, "v", G_MAXINT32, &version, error) ||
      !ph_json_read_bytes (object, "mac", &ret->has_mac, ret->mac, sizeof ret->mac, error) ||
      !ph_json_read_bytes (object, "r", &ret->has_r, ret->r, sizeof ret->r, error))
    return FALSE;
  ret->ours = TRUE;
  ret->version = (guint)version;
  ret->extensions = ph_json_read_strings (object, "ext", PH_SIGNAL_MAX_EXTENSIONS, 32, error);
  return ret->extensions != NULL && check_extensions (ret->extensions, error);
}

PhDescription *
ph_description_parse (const char *json, GError **error)
{
  g_autoptr (JsonObject) object = ph_json_parse (json, strlen (json), PH_SIGNAL_MAX_BODY, error);
  g_autoptr (PhDescription) description = g_new0 (PhDescription, 1);
  JsonObject *porthole;
  const char *sdp;
  guint type = 0;

  if (object == NULL ||
      !read_word (object, "type", type_names, PH_SIGNAL_TYPE_REJECT, &type, error) ||
      !ph_json_read_string (object, "sdp", TRUE, &sdp, error) ||
      !ph_json_read_object (object, "porthole", &porthole, error) ||
      (porthole != NULL && !read_porthole (porthole, description, error)))
    return NULL;
  if (description->extensions == NULL)
    description->extensions = g_new0 (char *, 1);
  description->type = (PhSignalType)type;
  description->sdp = g_strdup (sdp);
  return g_steal_pointer (&description);
}

char *
ph_candidate_to_json (const char *candidate, const char *mid)
{
  JsonBuilder *builder = ph_json_begin ();

  ph_json_add_string (builder, "candidate", candidate);
  ph_json_add_string (builder, "sdpMid", mid);
  ph_json_add_int (builder, "sdpMLineIndex", 0);
  return ph_json_end (builder);
}

/* sdpMid and sdpMLineIndex are not needed where there is one m= section: only their types matter.
 */
char *
ph_candidate_from_json (const char *json, GError **error)
{
  g_autoptr (JsonObject) object =
      ph_json_parse (json, strlen (json), PH_SIGNAL_MAX_CANDIDATE_BYTES, error);
  const char *candidate;
  const char *mid;

  if (object == NULL || !ph_json_read_string (object, "candidate", TRUE, &candidate, error) ||
      !ph_json_read_string (object, "sdpMid", FALSE, &mid, error))
    return NULL;
  return g_strdup (candidate);
}
