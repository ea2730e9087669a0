/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "signaling/ph-signal.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

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
try_bodies (const char *json, gsize size)
{
  g_auto (PhSignalCreate) create = { 0 };
  g_auto (PhSignalJoinCall) join = { 0 };
  g_auto (PhSignalMessage) message = { 0 };

  ph_signal_create_parse (json, size, &create, NULL);
  ph_signal_join_call_parse (json, size, &join, NULL);
  ph_signal_message_parse (json, size, &message, NULL);
  g_free (ph_signal_error_parse (json, size));
}

/* The JSON inside strings. */
static void
try_inner (const char *json)
{
  g_autoptr (PhDescription) description = ph_description_parse (json, NULL);

  if (description != NULL)
    g_free (ph_description_to_json (description));
  g_free (ph_candidate_from_json (json, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);

  try_session ((const char *)data, size);
  try_bodies ((const char *)data, size);
  try_inner (text);
  return 0;
}
