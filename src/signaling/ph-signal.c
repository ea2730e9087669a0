/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-signal.h"

#include <string.h>

#include "core/ph-error.h"
#include "core/ph-text.h"
#include "ph-json.h"

#define TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

/* ---- Members that are more than their type ---- */

/* @name may be NULL: it is missing, which the reader has said or allows. */
static char *
check_name (PhJsonReader *reader, const char *member, const char *name)
{
  if (name != NULL && !ph_text_is_name (name))
    ph_json_fail (reader, member,
                  "must be a name of at most 64 bytes, not blank, without control or direction "
                  "characters");
  return g_strdup (name);
}

static char *
read_name (PhJsonReader *reader, const char *member)
{
  return check_name (reader, member, ph_json_get_string (reader, member));
}

static void
read_id (PhJsonReader *reader, char ret_id[PH_ID_SIZE])
{
  const char *id = ph_json_get_string (reader, "id");

  if (id != NULL && ph_code_is_id (id))
    g_strlcpy (ret_id, id, PH_ID_SIZE);
  else
    ph_json_fail (reader, "id", "must be 21 characters of A-Z a-z 0-9 _ -");
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

/* A required member that is one of @words: its place among them, 0 on failure. */
static guint
read_word (PhJsonReader *reader, const char *name, const char *const *words, guint n_words)
{
  const char *text = ph_json_get_string (reader, name);

  for (guint i = 0; text != NULL && i < n_words; i++)
    if (strcmp (words[i], text) == 0)
      return i;
  ph_json_fail (reader, name, "is none of the words known here");
  return 0;
}

static PhSignalReason
read_reason (PhJsonReader *reader)
{
  return (PhSignalReason)read_word (reader, "reason", reason_names, G_N_ELEMENTS (reason_names));
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

/* NULL on failure. */
static PhSignalHalf *
read_half (PhJsonReader *reader)
{
  g_autoptr (PhSignalHalf) half = g_new0 (PhSignalHalf, 1);

  half->sdp = g_strdup (ph_json_get_string (reader, "sdp"));
  half->candidates = ph_json_dup_strings (reader, "candidate", PH_SIGNAL_MAX_CANDIDATES,
                                          PH_SIGNAL_MAX_CANDIDATE_BYTES);
  if (half->sdp != NULL && has_control_characters (half->sdp))
    ph_json_fail (reader, "sdp", "must have no control characters");
  for (gsize i = 0; half->candidates[i] != NULL; i++)
    if (has_control_characters (half->candidates[i]))
      ph_json_fail (reader, "candidate", "must have no control characters");
  return reader->has_failed ? NULL : g_steal_pointer (&half);
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

static void
read_proof (PhJsonReader *reader, PhSignalProof *ret)
{
  ret->has_nonce = ph_json_get_bytes (reader, "nonce", ret->nonce, sizeof ret->nonce);
  ret->has_mac = ph_json_get_bytes (reader, "mac", ret->mac, sizeof ret->mac);
  ret->has_commit = ph_json_get_bytes (reader, "commit", ret->commit, sizeof ret->commit);
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

static void
read_join (PhJsonReader *reader, gpointer joins)
{
  PhSignalJoin *join = g_new0 (PhSignalJoin, 1);

  g_ptr_array_add (joins, join);
  read_id (reader, join->id);
  join->client = read_name (reader, "client");
  read_proof (reader, &join->proof);
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

/* Only for show, so what cannot be understood is no fault. */
static gint64
read_created (PhJsonReader *reader)
{
  const char *text = ph_json_find_string (reader, "createdAt");
  g_autoptr (GDateTime) created = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return created != NULL ? g_date_time_to_unix (created) : 0;
}

static PhSignalHalf *
read_session_half (PhJsonReader *reader, const char *name)
{
  PhSignalHalf *half;
  JsonObject *outer;

  if (!ph_json_enter (reader, name, &outer))
    return NULL;
  half = read_half (reader);
  ph_json_leave (reader, outer);
  return half;
}

static void
read_signal (PhJsonReader *reader, PhSignalSession *session)
{
  JsonObject *outer;

  if (!ph_json_enter (reader, "signal", &outer))
    return;
  session->offer = read_session_half (reader, "offer");
  session->answer = read_session_half (reader, "answer");
  ph_json_leave (reader, outer);
}

static void
read_status (PhJsonReader *reader, PhSignalSession *session)
{
  session->status =
      (PhSignalStatus)read_word (reader, "status", status_names, G_N_ELEMENTS (status_names));
  if (session->status == PH_SIGNAL_REJECTED)
    session->reason = read_reason (reader);
}

/* It goes into a header of later requests, so nothing else may be in it (RFC 6750 section 2.1). */
static char *
read_token (PhJsonReader *reader)
{
  const char *token = ph_json_find_string (reader, "token");

  if (token != NULL && (strlen (token) >= PH_TOKEN_SIZE || *token == '\0' ||
                        token[strspn (token, TOKEN_CHARACTERS)] != '\0'))
    ph_json_fail (reader, "token", "must be at most 43 letters, digits and -._~+/=");
  return g_strdup (token);
}

PhSignalSession *
ph_signal_session_parse (const char *json, gsize size, GError **error)
{
  g_auto (PhJsonReader) reader = ph_json_read (json, size, PH_SIGNAL_MAX_ANSWER, error);
  g_autoptr (PhSignalSession) session = ph_signal_session_new ("", NULL);

  read_id (&reader, session->id);
  session->host = read_name (&reader, "host");
  session->client = check_name (&reader, "client", ph_json_find_string (&reader, "client"));
  session->token = read_token (&reader);
  session->rev = (guint64)ph_json_get_count (&reader, "rev", G_MAXINT64);
  read_status (&reader, session);
  session->created_s = read_created (&reader);
  read_signal (&reader, session);
  ph_json_foreach (&reader, "joins", PH_SIGNAL_MAX_JOINS, read_join, session->joins);
  return reader.has_failed ? NULL : g_steal_pointer (&session);
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
  g_auto (PhJsonReader) reader = ph_json_read (json, size, PH_SIGNAL_MAX_BODY, error);
  g_auto (PhSignalCreate) create = { 0 };

  create.host = read_name (&reader, "host");
  create.multi = ph_json_get_boolean (&reader, "multi");
  create.auth = ph_json_get_boolean (&reader, "auth");
  if (reader.has_failed)
    return FALSE;
  *ret = create;
  create.host = NULL;
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
  g_auto (PhJsonReader) reader = ph_json_read (json, size, PH_SIGNAL_MAX_BODY, error);
  g_auto (PhSignalJoinCall) call = { 0 };

  call.client = read_name (&reader, "client");
  read_proof (&reader, &call.proof);
  call.auth = ph_json_get_boolean (&reader, "auth");
  if (reader.has_failed)
    return FALSE;
  *ret = call;
  call.client = NULL;
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
  g_auto (PhJsonReader) reader = ph_json_read (json, size, PH_SIGNAL_MAX_BODY, error);
  g_auto (PhSignalMessage) message = { 0 };

  message.type = (PhSignalType)read_word (&reader, "type", type_names, G_N_ELEMENTS (type_names));
  if (message.type == PH_SIGNAL_TYPE_REJECT)
    message.reason = read_reason (&reader);
  else
    message.half = read_half (&reader);
  if (reader.has_failed)
    return FALSE;
  *ret = message;
  message.half = NULL;
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
  g_auto (PhJsonReader) reader = ph_json_read (json, size, PH_SIGNAL_MAX_BODY, NULL);
  JsonObject *outer;
  const char *message;

  if (!ph_json_enter (&reader, "error", &outer))
    return NULL;
  message = ph_json_get_string (&reader, "message");
  return message != NULL ? ph_text_clean (message, -1, PH_TEXT_MAX_REASON) : NULL;
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
is_extension (const char *name)
{
  return *name != '\0' && name[strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void
read_porthole (PhJsonReader *reader, PhDescription *ret)
{
  ret->version = (guint)ph_json_get_count (reader, "v", G_MAXINT32);
  ret->has_mac = ph_json_get_bytes (reader, "mac", ret->mac, sizeof ret->mac);
  ret->has_r = ph_json_get_bytes (reader, "r", ret->r, sizeof ret->r);
  ret->extensions = ph_json_dup_strings (reader, "ext", PH_SIGNAL_MAX_EXTENSIONS, 32);
  for (gsize i = 0; ret->extensions[i] != NULL; i++)
    if (!is_extension (ret->extensions[i]))
      ph_json_fail (reader, "ext", "must hold names made of a-z 0-9 -");
}

PhDescription *
ph_description_parse (const char *json, GError **error)
{
  g_auto (PhJsonReader) reader = ph_json_read (json, strlen (json), PH_SIGNAL_MAX_BODY, error);
  g_autoptr (PhDescription) description = g_new0 (PhDescription, 1);
  JsonObject *outer;

  description->type = (PhSignalType)read_word (&reader, "type", type_names, PH_SIGNAL_TYPE_REJECT);
  description->sdp = g_strdup (ph_json_get_string (&reader, "sdp"));
  description->ours = ph_json_enter (&reader, "porthole", &outer);
  if (description->ours)
    read_porthole (&reader, description);
  else
    description->extensions = g_new0 (char *, 1);
  return reader.has_failed ? NULL : g_steal_pointer (&description);
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
  g_auto (PhJsonReader) reader =
      ph_json_read (json, strlen (json), PH_SIGNAL_MAX_CANDIDATE_BYTES, error);
  const char *candidate = ph_json_get_string (&reader, "candidate");

  ph_json_find_string (&reader, "sdpMid");
  return reader.has_failed ? NULL : g_strdup (candidate);
}
