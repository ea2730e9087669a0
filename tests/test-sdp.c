/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "transport/ph-sdp.h"

#define UPPER_HEX                                                                                  \
  "6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:"  \
  "08"
#define LOWER_HEX                                                                                  \
  "6b:8b:f0:65:5f:78:e2:51:3b:ac:6f:f3:3f:46:1b:35:dc:b8:5f:64:1a:24:c2:43:f0:a1:58:d0:a1:2c:19:"  \
  "08"
#define OTHER_HEX                                                                                  \
  "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"  \
  "01"
#define SHA1_HEX "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"
#define PWD "asd88fgpdd777uzjYhagZgqw"

static const char chrome_offer[] =
    "v=0\r\n"
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=group:BUNDLE 0\r\n"
    "a=extmap-allow-mixed\r\n"
    "a=msid-semantic: WMS\r\n"
    "m=application 54609 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    "c=IN IP4 203.0.113.141\r\n"
    "a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 "
    "network-id 1 network-cost 10\r\n"
    "a=candidate:435653019 1 tcp 1845501695 192.168.0.196 9 typ host tcptype active generation "
    "0\r\n"
    "a=candidate:1853887674 1 udp 1518280447 203.0.113.141 54609 typ srflx raddr 192.168.0.196 "
    "rport 46243 generation 0\r\n"
    "a=candidate:842163049 1 udp 2113937151 3e4b0a2e-3d1f-4f30-9b36-0b8d8fa5b0d9.local 51234 typ "
    "host generation 0\r\n"
    "a=ice-ufrag:CsxP\r\n"
    "a=ice-pwd:" PWD "\r\n"
    "a=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 " UPPER_HEX "\r\n"
    "a=setup:actpass\r\n"
    "a=mid:0\r\n"
    "a=sctp-port:5000\r\n"
    "a=max-message-size:262144\r\n";

static const char firefox_answer[] =
    "v=0\r\n"
    "o=mozilla...THIS_IS_SDPARTA-99.0 5286186371863186 0 IN IP4 0.0.0.0\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=fingerprint:sha-256 " UPPER_HEX "\r\n"
    "a=group:BUNDLE 0\r\n"
    "a=ice-options:trickle\r\n"
    "a=msid-semantic:WMS *\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=sendrecv\r\n"
    "a=ice-pwd:f6a2a8ddc7f0d84ee07b8a0d9ef6a3b1\r\n"
    "a=ice-ufrag:7b3a1c9d\r\n"
    "a=mid:0\r\n"
    "a=setup:active\r\n"
    "a=sctp-port:5000\r\n"
    "a=max-message-size:1073741823\r\n";

static const char our_offer[] = "v=0\r\n"
                                "o=- 1 2 IN IP4 127.0.0.1\r\n"
                                "s=-\r\n"
                                "t=0 0\r\n"
                                "a=group:BUNDLE 0\r\n"
                                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                "c=IN IP4 0.0.0.0\r\n"
                                "a=ice-ufrag:abcd\r\n"
                                "a=ice-pwd:" PWD "\r\n"
                                "a=ice-options:trickle\r\n"
                                "a=fingerprint:sha-256 " UPPER_HEX "\r\n"
                                "a=setup:actpass\r\n"
                                "a=mid:0\r\n"
                                "a=sctp-port:5000\r\n"
                                "a=max-message-size:262144\r\n";

/* @text with the one occurrence of @old replaced. */
static char *
replace (const char *text, const char *old, const char *new)
{
  g_auto (GStrv) parts = g_strsplit (text, old, -1);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  return g_strjoinv (new, parts);
}

static void
assert_fingerprint (const PhSdp *sdp)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < PH_SDP_FINGERPRINT_SIZE; i++)
    g_string_append_printf (hex, "%s%02X", i > 0 ? ":" : "", sdp->fingerprint[i]);
  g_assert_cmpstr (hex->str, ==, UPPER_HEX);
}

static const struct
{
  const char *name;
  const char *text;
  const char *ufrag;
  PhSdpSetup setup;
  guint32 max_message_size;
  guint n_candidates;
} good_table[] = {
  { "chrome", chrome_offer, "CsxP", PH_SDP_SETUP_ACTPASS, 262144, 2 },
  { "firefox", firefox_answer, "7b3a1c9d", PH_SDP_SETUP_ACTIVE, 1073741823, 0 },
  { "ours", our_offer, "abcd", PH_SDP_SETUP_ACTPASS, 262144, 0 },
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good_table); i++)
    for (guint without_cr = 0; without_cr < 2; without_cr++)
      {
        g_autoptr (GError) error = NULL;
        g_auto (GStrv) lines = g_strsplit (good_table[i].text, "\r\n", -1);
        g_autofree char *text = g_strjoinv (without_cr ? "\n" : "\r\n", lines);
        g_autoptr (PhSdp) sdp = ph_sdp_parse (text, &error);

        g_test_message ("%s", good_table[i].name);
        g_assert_no_error (error);
        g_assert_cmpstr (sdp->ice_ufrag, ==, good_table[i].ufrag);
        g_assert_cmpint (sdp->setup, ==, good_table[i].setup);
        g_assert_cmpstr (sdp->mid, ==, "0");
        g_assert_cmpuint (sdp->sctp_port, ==, 5000);
        g_assert_cmpuint (sdp->max_message_size, ==, good_table[i].max_message_size);
        g_assert_cmpuint (sdp->candidates->len, ==, good_table[i].n_candidates);
        assert_fingerprint (sdp);
      }
}

/* Changes to our offer that leave it good. */
static const char *const harmless_table[][2] = {
  { UPPER_HEX, LOWER_HEX },
  { "sha-256 ", "SHA-256 " },
  /* several fingerprints: the strong one counts, wherever it stands; of two, the media's own */
  { "a=fingerprint", "a=fingerprint:sha-1 " SHA1_HEX "\r\na=fingerprint" },
  { UPPER_HEX, UPPER_HEX "\r\na=fingerprint:sha-1 " SHA1_HEX },
  { UPPER_HEX, UPPER_HEX "\r\na=fingerprint:sha-512 no" },
  { "a=group", "a=fingerprint:sha-256 " OTHER_HEX "\r\na=group" },
  { "a=sctp-port:5000\r\n", "" },
  { "a=max-message-size:262144\r\n", "" },
  { "max-message-size:262144", "max-message-size:0" },
  { "max-message-size:262144", "max-message-size:4294967295" },
  { "a=ice-options:trickle\r\n", "" },
  { "a=group:BUNDLE 0\r\n", "" },
  { "a=mid:0", "a=mid:data-1_.+!" },
  { "a=mid:0", "a=unknown\r\na=\r\na=:\r\n\r\nx\r\na=mid:0" },
  { "ufrag:abcd", "ufrag:ab+/" },
  { "a=mid:0", "a=mid:0 \t" },
  { "application 9", "application 65535" },
  { "a=mid:0", "a=candidate:junk\r\na=candidate\r\na=mid:0" },
};

static void
test_harmless (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (harmless_table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = replace (our_offer, harmless_table[i][0], harmless_table[i][1]);
      g_autoptr (PhSdp) sdp = ph_sdp_parse (text, &error);

      g_assert_no_error (error);
      assert_fingerprint (sdp);
    }
}

/* Changes that break it, and what the error names. */
static const char *const broken_table[][3] = {
  { "v=0\r\n", "", "v=0" },
  { "v=0\r\n", "\r\nv=0\r\n", "v=0" },
  { "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "", "“m=application”" },
  { "a=ice-ufrag:abcd\r\n", "", "“a=ice-ufrag”" },
  { "a=ice-pwd:" PWD "\r\n", "", "“a=ice-pwd”" },
  { "a=fingerprint:sha-256 " UPPER_HEX "\r\n", "", "“a=fingerprint:sha-256”" },
  { "a=fingerprint:sha-256 " UPPER_HEX, "a=fingerprint:sha-1 " SHA1_HEX,
    "“a=fingerprint:sha-256”" },
  { "a=setup:actpass\r\n", "", "“a=setup”" },
  { "a=mid:0\r\n", "", "“a=mid”" },
  { "ufrag:abcd", "ufrag:abc", "Line 8" },
  { "ufrag:abcd", "ufrag:", "Line 8" },
  { "ufrag:abcd", "ufrag:abc d", "Line 8" },
  { "ufrag:abcd", "ufrag:abcé", "Line 8" },
  { "a=ice-ufrag:abcd", "a=ice-ufrag", "Line 8" },
  { PWD, "short", "Line 9" },
  { PWD, "asd88fgpdd777uzjYhagZ", "Line 9" },
  { PWD, PWD "%", "Line 9" },
  { UPPER_HEX, "", "“a=fingerprint:sha-256”" },
  { UPPER_HEX, "00", "Line 11" },
  { ":19:08", "", "Line 11" },
  { ":19:08", ":19:0", "Line 11" },
  { ":19:08", ":19:0G", "Line 11" },
  { ":19:08", ":19:08:", "Line 11" },
  { ":19:08", ":19:08:00", "Line 11" },
  { ":19:08", ":19-08", "Line 11" },
  { ":19:08", ":19:08 x", "Line 11" },
  { "setup:actpass", "setup:holdconn", "Line 12" },
  { "setup:actpass", "setup:", "Line 12" },
  { "setup:actpass", "setup:Active", "Line 12" },
  { "mid:0", "mid:", "Line 13" },
  { "mid:0", "mid:a b", "Line 13" },
  { "mid:0", "mid:\x01", "Line 13" },
  { "mid:0", "mid:01234567890123456789012345678901234567890123456789012345678901234", "Line 13" },
  { "sctp-port:5000", "sctp-port:0", "Line 14" },
  { "sctp-port:5000", "sctp-port:65536", "Line 14" },
  { "sctp-port:5000", "sctp-port:", "Line 14" },
  { "sctp-port:5000", "sctp-port:5000 x", "Line 14" },
  { "size:262144", "size:-1", "Line 15" },
  { "size:262144", "size:4294967296", "Line 15" },
  { "size:262144", "size:", "Line 15" },
  { "application 9", "application 0", "Line 6" },
  { "application 9", "application 65536", "Line 6" },
  { "application 9", "application", "Line 6" },
  { "m=application", "m=audio", "Line 6" },
  { "UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "Line 6" },
  { "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000", "Line 6" },
  { "webrtc-datachannel", "webrtc-datachannel x", "Line 6" },
  { "c=IN", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN", "Line 7" },
  { "c=IN", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN", "Line 7" },
};

static void
test_broken (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (broken_table); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = replace (our_offer, broken_table[i][0], broken_table[i][1]);

      g_test_message ("%s -> %s", broken_table[i][0], broken_table[i][1]);
      g_assert_null (ph_sdp_parse (text, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
      g_assert_nonnull (strstr (error->message, broken_table[i][2]));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_every_prefix (void)
{
  for (gsize length = 0; length + strlen ("a=sctp-port:5000\r\na=max-message-size:262144\r\n\r\n") <
                         strlen (our_offer);
       length++)
    {
      g_autofree char *text = g_strndup (our_offer, length);

      g_assert_null (ph_sdp_parse (text, NULL));
    }
}

static void
test_too_long (void)
{
  g_autofree char *filler = g_strnfill (PH_SDP_MAX_BYTES, 'x');
  g_autofree char *text = g_strconcat (our_offer, filler, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PhSdp) sdp = NULL;

  g_assert_null (ph_sdp_parse (text, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "65536"));
  text[PH_SDP_MAX_BYTES] = '\0';
  sdp = ph_sdp_parse (text, NULL);
  g_assert_nonnull (sdp);
}

static void
test_many_candidates (void)
{
  g_autoptr (GString) text = g_string_new (our_offer);
  g_autoptr (PhSdp) sdp = NULL;

  for (guint i = 0; i < 700; i++)
    g_string_append_printf (text, "a=candidate:1 1 udp %u 192.0.2.1 %u typ host\r\n", i + 1, i + 1);
  sdp = ph_sdp_parse (text->str, NULL);
  g_assert_nonnull (sdp);
  g_assert_cmpuint (sdp->candidates->len, >=, PH_SDP_MAX_CANDIDATES);
  g_assert_cmpuint (sdp->candidates->len, <=, 2 * PH_SDP_MAX_CANDIDATES);
}

static void
test_round_trip (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good_table); i++)
    {
      g_autoptr (PhSdp) sdp = ph_sdp_parse (good_table[i].text, NULL);
      g_autofree char *text = ph_sdp_print (sdp);
      g_autoptr (PhSdp) again = ph_sdp_parse (text, NULL);

      g_assert_nonnull (again);
      g_assert_cmpstr (again->ice_ufrag, ==, sdp->ice_ufrag);
      g_assert_cmpstr (again->ice_pwd, ==, sdp->ice_pwd);
      g_assert_cmpstr (again->mid, ==, sdp->mid);
      g_assert_cmpint (again->setup, ==, sdp->setup);
      g_assert_cmpuint (again->sctp_port, ==, sdp->sctp_port);
      g_assert_cmpuint (again->max_message_size, ==, sdp->max_message_size);
      g_assert_cmpmem (again->fingerprint, PH_SDP_FINGERPRINT_SIZE, sdp->fingerprint,
                       PH_SDP_FINGERPRINT_SIZE);
      g_assert_true (g_str_has_suffix (text, "\r\n"));
      g_assert_null (strstr (text, "\n\n"));
    }
}

/* Candidates */

static const struct
{
  const char *text;
  const char *printed; /* NULL: as it was read */
} good_candidates[] = {
  { "candidate:1 1 UDP 2122260223 192.168.0.196 46243 typ host", NULL },
  { "a=candidate:1 1 UDP 5 192.0.2.1 1 typ host", "candidate:1 1 UDP 5 192.0.2.1 1 typ host" },
  { "candidate:1 1 udp 5 192.0.2.1 1 typ host", "candidate:1 1 UDP 5 192.0.2.1 1 typ host" },
  { "candidate:a+/Z 1 UDP 1 2001:db8::1 65535 typ host", NULL },
  { "candidate:1 1 UDP 5 ::ffff:192.0.2.1 1 typ host", "candidate:1 1 UDP 5 192.0.2.1 1 typ host" },
  { "candidate:1 1 UDP 2147483647 192.0.2.1 1 typ prflx raddr 10.0.0.1 rport 9", NULL },
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx raddr 10.0.0.1 rport 9", NULL },
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ relay raddr fd00::1 rport 9", NULL },
  /* what hides the base says nothing */
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx raddr 0.0.0.0 rport 0",
    "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx" },
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx raddr x.local rport 9",
    "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx" },
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx raddr 10.0.0.1",
    "candidate:1 1 UDP 7 192.0.2.1 1 typ srflx" },
  { "candidate:1 1 UDP 7 192.0.2.1 1 typ host generation 0 ufrag abcd network-id 1 network-cost",
    "candidate:1 1 UDP 7 192.0.2.1 1 typ host" },
  { "candidate:12345678901234567890123456789012 1 UDP 7 127.0.0.1 1 typ host", NULL },
};

static void
test_good_candidates (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good_candidates); i++)
    {
      PhCandidate candidate;
      PhCandidate again;
      g_autofree char *printed = NULL;

      g_test_message ("%s", good_candidates[i].text);
      g_assert_true (ph_sdp_parse_candidate (good_candidates[i].text, &candidate));
      printed = ph_sdp_print_candidate (&candidate);
      g_assert_cmpstr (printed, ==,
                       good_candidates[i].printed != NULL ? good_candidates[i].printed
                                                          : good_candidates[i].text);
      g_assert_true (ph_sdp_parse_candidate (printed, &again));
      g_assert_cmpstr (again.foundation, ==, candidate.foundation);
      g_assert_cmpuint (again.priority, ==, candidate.priority);
      g_assert_cmpint (again.type, ==, candidate.type);
      g_assert_true (ph_endpoint_equal (&again.address, &candidate.address));
      g_assert_true (ph_endpoint_equal (&again.base, &candidate.base));
    }
}

static const char *const bad_candidates[] = {
  "",
  "a=",
  "candidate",
  "candidate:",
  "Candidate:1 1 UDP 7 192.0.2.1 1 typ host",
  " candidate:1 1 UDP 7 192.0.2.1 1 typ host",
  "a=a=candidate:1 1 UDP 7 192.0.2.1 1 typ host",
  "candidate: 1 UDP 7 192.0.2.1 1 typ host",
  "candidate:- 1 UDP 7 192.0.2.1 1 typ host",
  "candidate:123456789012345678901234567890123 1 UDP 7 192.0.2.1 1 typ host",
  "candidate:1 2 UDP 7 192.0.2.1 1 typ host",
  "candidate:1 01 UDP 7 192.0.2.1 1 typ host",
  "candidate:1 0 UDP 7 192.0.2.1 1 typ host",
  "candidate:1 1 TCP 7 192.0.2.1 9 typ host tcptype active",
  "candidate:1 1 UDPX 7 192.0.2.1 1 typ host",
  "candidate:1 1 UDP 0 192.0.2.1 1 typ host",
  "candidate:1 1 UDP 2147483648 192.0.2.1 1 typ host",
  "candidate:1 1 UDP 4294967296 192.0.2.1 1 typ host",
  "candidate:1 1 UDP -7 192.0.2.1 1 typ host",
  "candidate:1 1 UDP 7x 192.0.2.1 1 typ host",
  "candidate:1 1 UDP  192.0.2.1 1 typ host",
  "candidate:1 1 UDP 7 0.0.0.0 1 typ host",
  "candidate:1 1 UDP 7 :: 1 typ host",
  "candidate:1 1 UDP 7 224.0.0.1 1 typ host",
  "candidate:1 1 UDP 7 ff02::1 1 typ host",
  "candidate:1 1 UDP 7 255.255.255.255 1 typ host",
  "candidate:1 1 UDP 7 [2001:db8::1] 1 typ host",
  "candidate:1 1 UDP 7 fe80::1%eth0 1 typ host",
  "candidate:1 1 UDP 7 192.0.2 1 typ host",
  "candidate:1 1 UDP 7 3e4b0a2e.local 1 typ host",
  "candidate:1 1 UDP 7 example.org 1 typ host",
  "candidate:1 1 UDP 7 192.0.2.1 0 typ host",
  "candidate:1 1 UDP 7 192.0.2.1 65536 typ host",
  "candidate:1 1 UDP 7 192.0.2.1 1 type host",
  "candidate:1 1 UDP 7 192.0.2.1 1 typ Host",
  "candidate:1 1 UDP 7 192.0.2.1 1 typ",
  "candidate:1 1 UDP 7 192.0.2.1 1 typ ",
  "candidate:1 1 UDP 7 192.0.2.1 1 typ host\r\n",
  "candidate:1  1 UDP 7 192.0.2.1 1 typ host",
};

static void
test_bad_candidates (void)
{
  static const char good[] = "candidate:1 1 UDP 7 192.0.2.1 1 typ host x ";
  g_autofree char *filler = g_strnfill (512 - strlen (good), 'x');
  g_autofree char *longest = g_strconcat (good, filler, NULL);
  g_autofree char *too_long = g_strconcat (longest, "x", NULL);
  PhCandidate candidate = { .priority = 4711 };

  for (gsize i = 0; i < G_N_ELEMENTS (bad_candidates); i++)
    {
      g_test_message ("%s", bad_candidates[i]);
      g_assert_false (ph_sdp_parse_candidate (bad_candidates[i], &candidate));
      g_assert_cmpuint (candidate.priority, ==, 4711);
    }
  g_assert_false (ph_sdp_parse_candidate (too_long, &candidate));
  g_assert_true (ph_sdp_parse_candidate (longest, &candidate));
}

/* The best come first, and those that are equal stay in their order. */
static void
test_keep_best (void)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (PhCandidate));

  for (guint i = 0; i < 60; i++)
    {
      PhCandidate candidate = { .priority = i * 37 % 60 / 2 + 1, .address.port = (guint16)i };

      g_array_append_val (candidates, candidate);
    }
  ph_candidates_keep_best (candidates);
  g_assert_cmpuint (candidates->len, ==, PH_SDP_MAX_CANDIDATES);
  for (guint i = 0; i < candidates->len; i++)
    {
      const PhCandidate *here = &g_array_index (candidates, PhCandidate, i);

      g_assert_cmpuint (here->priority, ==, 30 - i / 2);
      g_assert_true (i % 2 == 0 || here->address.port > here[-1].address.port);
    }
  g_array_set_size (candidates, 0);
  ph_candidates_keep_best (candidates);
  g_assert_cmpuint (candidates->len, ==, 0);
}

/* Those that are named twice take no room from others, of which a relay is the last. */
static void
test_keep_each_once (void)
{
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (PhCandidate));

  for (guint i = 0; i < 2 * PH_SDP_MAX_CANDIDATES; i++)
    {
      guint n = i % PH_SDP_MAX_CANDIDATES;
      PhCandidate candidate = { .priority = 100 - n, .address.port = (guint16)n };

      g_array_append_val (candidates, candidate);
    }
  ph_candidates_keep_best (candidates);
  g_assert_cmpuint (candidates->len, ==, PH_SDP_MAX_CANDIDATES);
  for (guint i = 0; i < candidates->len; i++)
    g_assert_cmpuint (g_array_index (candidates, PhCandidate, i).address.port, ==, i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/good", test_good);
  g_test_add_func ("/sdp/harmless", test_harmless);
  g_test_add_func ("/sdp/broken", test_broken);
  g_test_add_func ("/sdp/every-prefix", test_every_prefix);
  g_test_add_func ("/sdp/too-long", test_too_long);
  g_test_add_func ("/sdp/many-candidates", test_many_candidates);
  g_test_add_func ("/sdp/round-trip", test_round_trip);
  g_test_add_func ("/candidate/good", test_good_candidates);
  g_test_add_func ("/candidate/bad", test_bad_candidates);
  g_test_add_func ("/candidate/keep-best", test_keep_best);
  g_test_add_func ("/candidate/keep-each-once", test_keep_each_once);
  return g_test_run ();
}
