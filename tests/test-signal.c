/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "signaling/ph-signal.h"

#define ID "abcdefghijklmnopqrstu"
#define SESSION_START "{\"id\":\"" ID "\",\"host\":\"anna\",\"rev\":3,\"status\":"

typedef gboolean (*Parses) (const char *json, gsize size, GError **error);

static gboolean
parses_session (const char *json, gsize size, GError **error)
{
  g_autoptr (PhSignalSession) session = ph_signal_session_parse (json, size, error);

  return session != NULL;
}

static gboolean
parses_create (const char *json, gsize size, GError **error)
{
  g_auto (PhSignalCreate) create = { 0 };

  return ph_signal_create_parse (json, size, &create, error);
}

static gboolean
parses_join (const char *json, gsize size, GError **error)
{
  g_auto (PhSignalJoinCall) call = { 0 };

  return ph_signal_join_call_parse (json, size, &call, error);
}

static gboolean
parses_message (const char *json, gsize size, GError **error)
{
  g_auto (PhSignalMessage) message = { 0 };

  return ph_signal_message_parse (json, size, &message, error);
}

static gboolean
parses_description (const char *json, gsize size, GError **error)
{
  g_autoptr (PhDescription) description = ph_description_parse (json, error);

  return description != NULL;
}

static gboolean
parses_candidate (const char *json, gsize size, GError **error)
{
  g_autofree char *candidate = ph_candidate_from_json (json, error);

  return candidate != NULL;
}

typedef struct
{
  Parses parses;
  const char *json;
  const char *fault; /* what the message must name; NULL: it is good */
} Case;

static const Case cases[] = {
  { parses_create, "{\"host\":\"anna\"}", NULL },
  { parses_create, "{\"host\":\"anna\",\"multi\":true,\"auth\":false,\"more\":[1]}", NULL },
  { parses_create, "{\"host\":\"anna\",\"multi\":null}", NULL },
  { parses_create, "", "nothing" },
  { parses_create, "{", "not JSON" },
  { parses_create, "{\"host\":\"a\"} {}", "not JSON" },
  { parses_create, "{\"host\":\"a\"} \"b\"", "not JSON" },
  { parses_create, "{\"host\":/* */\"a\"}", "not JSON" },
  { parses_create, "{\"host\":\"a\"} // b", "not JSON" },
  { parses_create, "{'host':'a'}", "not JSON" },
  { parses_create, "[]", "object" },
  { parses_create, "null", "object" },
  { parses_create, "\"x\"", "object" },
  { parses_create, "{}", "“host” is missing" },
  { parses_create, "{\"host\":1}", "“host” must be a string" },
  { parses_create, "{\"host\":[\"x\"]}", "“host” must be a string" },
  { parses_create, "{\"host\":{}}", "“host” must be a string" },
  { parses_create, "{\"host\":\"a\\nb\"}", "“host” must be a name" },
  { parses_create, "{\"host\":\"a\\u202eb\"}", "“host” must be a name" },
  { parses_create, "{\"host\":\"a\\ud800b\"}", "“host”" },
  { parses_create, "{\"host\":\"a\xff\"}", "UTF-8" },
  { parses_create, "{\"host\":\"a\",\"multi\":1}", "“multi” must be true or false" },
  { parses_create, "{\"host\":\"a\",\"auth\":\"true\"}", "“auth” must be true or false" },

  { parses_join, "{\"client\":\"bob\"}", NULL },
  { parses_join, "{\"client\":\"bob\",\"nonce\":\"AAECAwQFBgcICQoLDA0ODw\"}", NULL },
  { parses_join, "{\"host\":\"bob\"}", "“client” is missing" },
  { parses_join, "{\"client\":\"bob\",\"nonce\":\"AAECAwQFBgcICQoLDA0OD\"}", "“nonce” must be 16" },
  { parses_join, "{\"client\":\"bob\",\"nonce\":7}", "“nonce” must be a string" },
  { parses_join, "{\"client\":\"bob\",\"mac\":\"AAECAwQFBgcICQoLDA0ODw\"}", "“mac” must be 32" },
  { parses_join, "{\"client\":\"bob\",\"commit\":\"\"}", "“commit” must be 32" },

  { parses_message, "{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":[\"a\",\"\"]}", NULL },
  { parses_message, "{\"type\":\"answer\",\"sdp\":\"x\"}", NULL },
  { parses_message, "{\"type\":\"reject\",\"reason\":\"not-verified\"}", NULL },
  { parses_message, "{\"type\":\"reject\"}", "“reason” is missing" },
  { parses_message, "{\"type\":\"reject\",\"reason\":\"ugly\"}", "“reason”" },
  { parses_message, "{\"type\":\"hello\",\"sdp\":\"x\"}", "“type”" },
  { parses_message, "{\"type\":\"offer\"}", "“sdp” is missing" },
  { parses_message, "{\"type\":\"offer\",\"sdp\":{}}", "“sdp” must be a string" },
  { parses_message, "{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":\"a\"}", "“candidate”" },
  { parses_message, "{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":[1]}", "“candidate”" },
  { parses_message, "{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":[null]}", "“candidate”" },
  { parses_message, "{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":[[\"a\"]]}", "“candidate”" },

  { parses_session, SESSION_START "\"waiting\"}", NULL },
  { parses_session, SESSION_START "\"waiting\",\"client\":null,\"signal\":{},\"joins\":[]}", NULL },
  { parses_session, SESSION_START "\"rejected\",\"reason\":\"full\"}", NULL },
  { parses_session, SESSION_START "\"waiting\",\"createdAt\":\"yesterday\"}", NULL },
  { parses_session, SESSION_START "\"rejected\"}", "“reason” is missing" },
  { parses_session, SESSION_START "\"sleeping\"}", "“status”" },
  { parses_session, SESSION_START "7}", "“status” must be a string" },
  { parses_session, SESSION_START "\"waiting\",\"signal\":[]}", "“signal” must be an object" },
  { parses_session, SESSION_START "\"waiting\",\"signal\":{\"offer\":\"x\"}}", "“offer”" },
  { parses_session, SESSION_START "\"waiting\",\"signal\":{\"answer\":{}}}", "“sdp” is missing" },
  { parses_session, SESSION_START "\"waiting\",\"joins\":{}}", "“joins” must be an array" },
  { parses_session, SESSION_START "\"waiting\",\"joins\":[7]}", "“joins” must hold objects" },
  { parses_session, SESSION_START "\"waiting\",\"joins\":[{\"id\":\"x\",\"client\":\"b\"}]}",
    "“id”" },
  { parses_session, SESSION_START "\"waiting\",\"token\":\"a\\r\\nX: y\"}", "“token”" },
  { parses_session, SESSION_START "\"waiting\",\"token\":\"\"}", "“token”" },
  { parses_session, SESSION_START "\"waiting\",\"createdAt\":7}", "“createdAt” must be a string" },
  { parses_session, "{\"id\":\"../etc/passwd__________\",\"host\":\"a\",\"rev\":1}", "“id”" },
  { parses_session, "{\"id\":\"" ID "\",\"host\":\"a\",\"status\":\"waiting\"}",
    "“rev” is missing" },
  { parses_session, "{\"id\":\"" ID "\",\"host\":\"a\",\"rev\":-1}", "“rev”" },
  { parses_session, "{\"id\":\"" ID "\",\"host\":\"a\",\"rev\":1.5}", "“rev”" },
  { parses_session, "{\"id\":\"" ID "\",\"host\":\"a\",\"rev\":\"1\"}", "“rev”" },

  { parses_description, "{\"type\":\"offer\",\"sdp\":\"v=0\"}", NULL },
  { parses_description, "{\"type\":\"answer\",\"sdp\":\"v=0\",\"porthole\":{\"v\":1,\"ext\":[]}}",
    NULL },
  { parses_description, "{\"type\":\"reject\",\"sdp\":\"v=0\"}", "“type”" },
  { parses_description, "{\"type\":\"offer\"}", "“sdp” is missing" },
  { parses_description, "v=0", "not JSON" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":1}", "“porthole”" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{}}", "“v” is missing" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{\"v\":0}}", "“v”" },
  { parses_description,
    "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{\"v\":1,\"ext\":[\"a,b\"]}}", "“ext”" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{\"v\":1,\"ext\":[\"\"]}}",
    "“ext”" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{\"v\":1,\"mac\":\"x\"}}",
    "“mac”" },
  { parses_description, "{\"type\":\"offer\",\"sdp\":\"\",\"porthole\":{\"v\":1,\"r\":[]}}",
    "“r”" },

  { parses_candidate, "{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}",
    NULL },
  { parses_candidate, "{\"candidate\":\"\",\"sdpMid\":null}", NULL },
  { parses_candidate, "{\"candidate\":null}", "“candidate” is missing" },
  { parses_candidate, "{\"candidate\":1}", "“candidate” must be a string" },
  { parses_candidate, "candidate:1", "not JSON" },
};

static void
test_cases (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean parsed = cases[i].parses (cases[i].json, strlen (cases[i].json), &error);

      if (cases[i].fault == NULL)
        g_assert_no_error (error);
      else
        {
          g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
          if (strstr (error->message, cases[i].fault) == NULL)
            g_error ("%s: “%s” does not name “%s”", cases[i].json, error->message, cases[i].fault);
        }
      g_assert_true (parsed == (cases[i].fault == NULL));
    }
}

static const Parses parsers[] = { parses_session, parses_create,      parses_join,
                                  parses_message, parses_description, parses_candidate };

static void
assert_refused (const char *json, gsize size)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parsers); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (parsers[i](json, size, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
    }
}

/* Deep enough to end a process whose parser recurses. */
static void
test_depth (void)
{
  g_autofree char *arrays = g_strnfill (50000, '[');
  g_autofree char *seventeen =
      g_strdup_printf ("{\"host\":\"a\",\"x\":%.*s%.*s}", 16, arrays, 16, "]]]]]]]]]]]]]]]]");
  g_autofree char *sixteen =
      g_strdup_printf ("{\"host\":\"a\",\"x\":%.*s%.*s}", 15, arrays, 15, "]]]]]]]]]]]]]]]");
  g_autofree char *commented = g_strdup_printf ("{\"host\":/* \" */%s", arrays);
  g_autofree char *quoted = g_strdup_printf ("{\"host\":'\"',\"x\":%s", arrays);
  const char *in_string = "{\"host\":\"[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[\"}";

  assert_refused (arrays, strlen (arrays));
  assert_refused (commented, strlen (commented)); /* where a naive count sees a string */
  assert_refused (quoted, strlen (quoted));
  g_assert_false (parses_create (seventeen, strlen (seventeen), NULL));
  g_assert_true (parses_create (sixteen, strlen (sixteen), NULL));
  g_assert_true (parses_create (in_string, strlen (in_string), NULL));
}

static void
test_limits (void)
{
  g_autofree char *text = g_strnfill (PH_SIGNAL_MAX_ANSWER, 'x');
  g_autofree char *huge = g_strconcat ("{\"candidate\":\"", text, "\"}", NULL);
  g_autofree char *item = g_strnfill (PH_SIGNAL_MAX_CANDIDATE_BYTES, 'c');
  g_autoptr (GString) many = g_string_new ("{\"type\":\"offer\",\"sdp\":\"x\",\"candidate\":[");

  assert_refused (huge, strlen (huge));
  for (guint i = 0; i < PH_SIGNAL_MAX_CANDIDATES; i++)
    g_string_append_printf (many, "%s\"%s\"", i > 0 ? "," : "", item);
  g_string_append (many, "]}");
  g_assert_true (parses_message (many->str, many->len, NULL));
  g_string_truncate (many, many->len - 2);
  g_string_append (many, ",\"one more\"]}");
  g_assert_false (parses_message (many->str, many->len, NULL));
}

/* Any change of any byte: an error or a struct, never a crash. */
static void
test_mutations (void)
{
  for (guint round = 0; round < 30000; round++)
    {
      const Case *picked = &cases[g_test_rand_int_range (0, G_N_ELEMENTS (cases))];
      gsize size = strlen (picked->json);
      g_autofree char *json = g_strdup (picked->json);

      for (int i = g_test_rand_int_range (1, 4); i > 0 && size > 0; i--)
        json[g_test_rand_int_range (0, (gint32)size)] = (char)g_test_rand_int_range (1, 256);
      picked->parses (json, size, NULL);
    }
}

static void
test_session_round_trip (void)
{
  const char *const candidates[] = { "{\"candidate\":\"c\"}", NULL };
  PhSignalProof proof = { .has_nonce = TRUE, .has_commit = TRUE };
  g_autoptr (PhSignalSession) session = ph_signal_session_new (ID, "Anna “the” \"Host\"");
  g_autoptr (PhSignalSession) again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *json = NULL;
  const PhSignalJoin *join;

  memset (proof.nonce, 7, sizeof proof.nonce);
  memset (proof.commit, 8, sizeof proof.commit);
  session->client = g_strdup ("bob");
  session->status = PH_SIGNAL_REJECTED;
  session->reason = PH_SIGNAL_REASON_NOT_VERIFIED;
  session->created_s = 1700000000;
  session->rev = 42;
  session->offer = ph_signal_half_new ("{\"sdp\":\"v=0\\r\\n\"}", candidates);
  session->token = g_strdup ("token");
  g_ptr_array_add (session->joins, ph_signal_join_new (ID, "carol", &proof));
  json = ph_signal_session_to_json (session);
  g_assert_nonnull (strstr (json, "\"createdAt\":\"2023-11-14T22:13:20Z\""));

  again = ph_signal_session_parse (json, strlen (json), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->id, ==, ID);
  g_assert_cmpstr (again->host, ==, session->host);
  g_assert_cmpstr (again->client, ==, "bob");
  g_assert_cmpint (again->status, ==, PH_SIGNAL_REJECTED);
  g_assert_cmpint (again->reason, ==, PH_SIGNAL_REASON_NOT_VERIFIED);
  g_assert_cmpint (again->created_s, ==, 1700000000);
  g_assert_cmpuint (again->rev, ==, 42);
  g_assert_true (ph_signal_half_equal (again->offer, session->offer));
  g_assert_null (again->answer);
  g_assert_cmpstr (again->token, ==, "token");
  g_assert_cmpuint (again->joins->len, ==, 1);
  join = again->joins->pdata[0];
  g_assert_cmpstr (join->client, ==, "carol");
  g_assert_true (ph_signal_proof_equal (&join->proof, &proof));
}

static void
test_description_round_trip (void)
{
  const char *const extensions[] = { "credit", "eof", NULL };
  g_autoptr (PhDescription) description =
      ph_description_new (PH_SIGNAL_TYPE_ANSWER, "v=0\r\n", extensions);
  g_autoptr (PhDescription) again = NULL;
  g_autofree char *json = NULL;

  description->has_mac = TRUE;
  memset (description->mac, 9, PH_MAC_SIZE);
  json = ph_description_to_json (description);
  again = ph_description_parse (json, NULL);
  g_assert_nonnull (again);
  g_assert_true (again->ours && again->version == 1 && again->has_mac && !again->has_r);
  g_assert_cmpint (again->type, ==, PH_SIGNAL_TYPE_ANSWER);
  g_assert_cmpstr (again->sdp, ==, "v=0\r\n");
  g_assert_cmpstrv (again->extensions, extensions);
  g_assert_cmpmem (again->mac, PH_MAC_SIZE, description->mac, PH_MAC_SIZE);
}

static void
test_plain_description (void)
{
  g_autoptr (PhDescription) plain =
      ph_description_parse ("{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}", NULL);

  g_assert_nonnull (plain);
  g_assert_true (!plain->ours && plain->version == 0 && !plain->has_mac && !plain->has_r);
  g_assert_cmpuint (g_strv_length (plain->extensions), ==, 0);
}

static void
test_candidate_round_trip (void)
{
  g_autofree char *json = ph_candidate_to_json ("candidate:1 1 UDP 5 ::1 9 typ host", "0");
  g_autofree char *candidate = ph_candidate_from_json (json, NULL);

  g_assert_cmpstr (json, ==,
                   "{\"candidate\":\"candidate:1 1 UDP 5 ::1 9 typ host\",\"sdpMid\":\"0\","
                   "\"sdpMLineIndex\":0}");
  g_assert_cmpstr (candidate, ==, "candidate:1 1 UDP 5 ::1 9 typ host");
}

static void
test_error (void)
{
  g_autofree char *json = ph_signal_error_to_json ("not-found", "no\x1bne");
  g_autofree char *message = ph_signal_error_parse (json, strlen (json));

  g_assert_cmpstr (message, ==, "none");
  g_assert_null (ph_signal_error_parse ("{}", 2));
  g_assert_null (ph_signal_error_parse ("{\"error\":7}", 11));
  g_assert_null (ph_signal_error_parse ("<html>", 6));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal/cases", test_cases);
  g_test_add_func ("/signal/depth", test_depth);
  g_test_add_func ("/signal/limits", test_limits);
  g_test_add_func ("/signal/mutations", test_mutations);
  g_test_add_func ("/signal/session-round-trip", test_session_round_trip);
  g_test_add_func ("/signal/description-round-trip", test_description_round_trip);
  g_test_add_func ("/signal/plain-description", test_plain_description);
  g_test_add_func ("/signal/candidate-round-trip", test_candidate_round_trip);
  g_test_add_func ("/signal/error", test_error);
  return g_test_run ();
}
