/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-fuzz.h"
#include "signaling/ph-signal.h"

/* A session that parses can be printed, and what was printed means the same. */
static void
try_session (const char *json, gsize size)
{
  g_autoptr (PhSignalSession) session = ph_signal_session_parse (json, size, NULL);
  g_autoptr (PhSignalSession) again = NULL;
  g_autofree char *printed = NULL;

  if (session == NULL)
    return;
  printed = ph_signal_session_to_json (session);
  again = ph_signal_session_parse (printed, strlen (printed), NULL);
  /* Escapes may make it longer than an answer can be. */
  g_assert_true (again != NULL || strlen (printed) > PH_SIGNAL_MAX_ANSWER);
  g_assert_true (again == NULL || again->rev == session->rev);
}

static void
try_create (const char *json, gsize size)
{
  g_auto (PhSignalCreate) create = { 0 };
  g_auto (PhSignalCreate) again = { 0 };
  g_autofree char *printed = NULL;

  if (!ph_signal_create_parse (json, size, &create, NULL))
    return;
  printed = ph_signal_create_to_json (&create);
  g_assert_true (ph_signal_create_parse (printed, strlen (printed), &again, NULL));
  g_assert_cmpstr (again.host, ==, create.host);
  g_assert_cmpint (again.multi, ==, create.multi);
  g_assert_cmpint (again.auth, ==, create.auth);
}

static void
try_join (const char *json, gsize size)
{
  g_auto (PhSignalJoinCall) join = { 0 };
  g_auto (PhSignalJoinCall) again = { 0 };
  g_autofree char *printed = NULL;

  if (!ph_signal_join_call_parse (json, size, &join, NULL))
    return;
  printed = ph_signal_join_call_to_json (&join);
  g_assert_true (ph_signal_join_call_parse (printed, strlen (printed), &again, NULL));
  g_assert_cmpstr (again.client, ==, join.client);
  g_assert_true (ph_signal_proof_equal (&again.proof, &join.proof));
}

/* The JSON inside strings. */

static void
try_candidate (const char *json)
{
  g_autofree char *candidate = ph_candidate_from_json (json, NULL);
  g_autofree char *printed = NULL;
  g_autofree char *again = NULL;

  if (candidate == NULL)
    return;
  printed = ph_candidate_to_json (candidate, "0");
  again = ph_candidate_from_json (printed, NULL);
  g_assert_cmpstr (again, ==, candidate);
}

static void
try_description (const char *json)
{
  g_autoptr (PhDescription) description = ph_description_parse (json, NULL);
  g_autoptr (PhDescription) again = NULL;
  g_autofree char *printed = NULL;

  if (description == NULL)
    return;
  g_assert_cmpuint (g_strv_length (description->extensions), <=, PH_SIGNAL_MAX_EXTENSIONS);
  printed = ph_description_to_json (description);
  again = ph_description_parse (printed, NULL);
  if (again == NULL) /* escapes may make it longer than it may be */
    return;
  g_assert_cmpstr (again->sdp, ==, description->sdp);
  g_assert_cmpint (again->ours, ==, description->ours);
  g_assert_true (g_strv_equal ((const char *const *)again->extensions,
                               (const char *const *)description->extensions));
  g_assert_cmpint (again->has_mac, ==, description->has_mac);
  g_assert_cmpint (again->has_r, ==, description->has_r);
}

static void
try_half (const PhSignalHalf *half)
{
  try_description (half->sdp);
  g_assert_cmpuint (g_strv_length (half->candidates), <=, PH_SIGNAL_MAX_CANDIDATES);
  for (guint i = 0; half->candidates[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (half->candidates[i]), <=, PH_SIGNAL_MAX_CANDIDATE_BYTES);
      try_candidate (half->candidates[i]);
    }
}

static void
try_message (const char *json, gsize size)
{
  g_auto (PhSignalMessage) message = { 0 };
  g_auto (PhSignalMessage) again = { 0 };
  g_autofree char *printed = NULL;

  if (!ph_signal_message_parse (json, size, &message, NULL))
    return;
  if (message.half != NULL)
    try_half (message.half);
  printed = ph_signal_message_to_json (&message);
  if (!ph_signal_message_parse (printed, strlen (printed), &again, NULL))
    {
      g_assert_cmpuint (strlen (printed), >, PH_SIGNAL_MAX_BODY);
      return;
    }
  g_assert_cmpint (again.type, ==, message.type);
  g_assert_true (message.half == NULL || ph_signal_half_equal (again.half, message.half));
}

static void
try_error (const char *json, gsize size)
{
  g_autofree char *message = ph_signal_error_parse (json, size);

  g_assert_true (message == NULL || g_utf8_validate (message, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);

  try_session ((const char *)data, size);
  try_create ((const char *)data, size);
  try_join ((const char *)data, size);
  try_message ((const char *)data, size);
  try_error ((const char *)data, size);
  try_candidate (text);
  try_description (text);
  return 0;
}
