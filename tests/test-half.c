/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-error.h"
#include "session/ph-half.h"

#define SDP "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"
#define LINE_A "candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host"
#define LINE_B "candidate:2 1 UDP 2130706430 ::1 50001 typ host"

static const char *const lines[] = { LINE_A, LINE_B, NULL };

static void
test_round_trip (void)
{
  const PhSignalType types[] = { PH_SIGNAL_TYPE_OFFER, PH_SIGNAL_TYPE_ANSWER };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (PhHalf) half = ph_half_new (types[i], SDP, lines, "0", PH_EXTENSIONS_OURS);
      g_autoptr (PhSignalHalf) signal = NULL;
      g_autoptr (PhHalf) parsed = NULL;
      g_auto (GStrv) parsed_lines = NULL;
      g_autoptr (GError) error = NULL;

      half->description->has_mac = TRUE;
      memset (half->description->mac, 0x5a, PH_MAC_SIZE);
      half->description->has_r = TRUE;
      memset (half->description->r, 0xa5, PH_RANDOM_SIZE);
      signal = ph_half_to_signal (half);
      parsed = ph_half_parse (signal, types[i], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (parsed->description->sdp, ==, SDP);
      g_assert_true (parsed->description->has_mac && parsed->description->has_r);
      g_assert_cmpmem (parsed->description->mac, PH_MAC_SIZE, half->description->mac, PH_MAC_SIZE);
      g_assert_cmpmem (parsed->description->r, PH_RANDOM_SIZE, half->description->r,
                       PH_RANDOM_SIZE);
      g_assert_cmpint (ph_half_get_extensions (parsed), ==, PH_EXTENSIONS_OURS);
      parsed_lines = ph_half_dup_lines (parsed);
      g_assert_true (g_strv_equal ((const char *const *)parsed_lines, lines));
    }
}

/* What a MAC covers is what travels, byte for byte, on either side. */
static void
test_mac_half (void)
{
  g_autoptr (PhHalf) half =
      ph_half_new (PH_SIGNAL_TYPE_OFFER, SDP, lines, "0", PH_EXTENSION_CREDIT | PH_EXTENSION_EOF);
  g_autoptr (PhSignalHalf) signal = ph_half_to_signal (half);
  g_autoptr (PhHalf) parsed = ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, NULL);
  PhMacHalf ours = ph_half_get_mac_half (half);
  PhMacHalf theirs;

  g_assert_nonnull (parsed);
  theirs = ph_half_get_mac_half (parsed);
  g_assert_cmpstr (ours.sdp, ==, theirs.sdp);
  g_assert_true (g_strv_equal (ours.candidates, theirs.candidates));
  g_assert_true (g_strv_equal (ours.candidates, (const char *const *)signal->candidates));
  g_assert_true (g_strv_equal (ours.extensions, theirs.extensions));
  g_assert_cmpuint (g_strv_length ((char **)theirs.extensions), ==, 2);
}

/* A browser's description has no member of ours. */
static void
test_plain (void)
{
  g_autoptr (PhSignalHalf) signal =
      ph_signal_half_new ("{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PhHalf) half = ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, &error);
  g_auto (GStrv) no_lines = NULL;

  g_assert_no_error (error);
  g_assert_false (half->description->ours || half->description->has_mac ||
                  half->description->has_r);
  g_assert_cmpint (ph_half_get_extensions (half), ==, PH_EXTENSIONS_NONE);
  no_lines = ph_half_dup_lines (half);
  g_assert_cmpuint (g_strv_length (no_lines), ==, 0);
}

/* Extensions nobody here speaks are the other side's alone. */
static void
test_extensions (void)
{
  g_autoptr (PhSignalHalf) signal = ph_signal_half_new (
      "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\",\"porthole\":{\"v\":7,\"ext\":[\"credit\","
      "\"levitation\",\"teleport\"]}}",
      NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PhHalf) half = ph_half_parse (signal, PH_SIGNAL_TYPE_ANSWER, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ph_half_get_extensions (half), ==, PH_EXTENSION_CREDIT);
}

static void
test_bad_descriptions (void)
{
  const char *const bad[] = {
    "",
    "offer",
    "[]",
    "{}",
    "{\"type\":\"offer\"}",
    "{\"sdp\":\"v=0\"}",
    "{\"type\":\"answer\",\"sdp\":\"v=0\"}", /* an offer is expected */
    "{\"type\":\"pranswer\",\"sdp\":\"v=0\"}",
    "{\"type\":\"offer\",\"sdp\":1}",
    "{\"type\":\"offer\",\"sdp\":\"v=0\",\"porthole\":[]}",
    "{\"type\":\"offer\",\"sdp\":\"v=0\",\"porthole\":{\"v\":1,\"mac\":\"short\"}}",
    "{\"type\":\"offer\",\"sdp\":\"v=0\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (PhSignalHalf) signal = ph_signal_half_new (bad[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (PhHalf) half = ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, &error);

      g_test_message ("“%s”", bad[i]);
      g_assert_null (half);
      g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
    }
}

/* What is no candidate does not keep the others from being used, but stays under the MAC. */
static void
test_bad_candidates (void)
{
  const char *const candidates[] = {
    "",
    "nonsense",
    "{\"candidate\":1}",
    "{\"candidate\":\"" LINE_A "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}",
    "{}",
    NULL,
  };
  g_autoptr (PhSignalHalf) signal =
      ph_signal_half_new ("{\"type\":\"offer\",\"sdp\":\"v=0\"}", candidates);
  g_autoptr (PhHalf) half = ph_half_parse (signal, PH_SIGNAL_TYPE_OFFER, NULL);
  g_auto (GStrv) parsed_lines = NULL;

  g_assert_nonnull (half);
  parsed_lines = ph_half_dup_lines (half);
  g_assert_cmpuint (g_strv_length (parsed_lines), ==, 1);
  g_assert_cmpstr (parsed_lines[0], ==, LINE_A);
  g_assert_cmpuint (g_strv_length ((char **)ph_half_get_mac_half (half).candidates), ==, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/half/round-trip", test_round_trip);
  g_test_add_func ("/half/mac-half", test_mac_half);
  g_test_add_func ("/half/plain", test_plain);
  g_test_add_func ("/half/extensions", test_extensions);
  g_test_add_func ("/half/bad-descriptions", test_bad_descriptions);
  g_test_add_func ("/half/bad-candidates", test_bad_candidates);
  return g_test_run ();
}
