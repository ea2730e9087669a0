/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "signaling/ph-code.h"

#define ID "abcdefghijklmnopqrstu"
#define SECRET "AAECAwQFBgcICQoLDA0ODw" /* 00 01 02 … 0f */

static const guint8 secret[PH_SECRET_SIZE] = {
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
};

typedef struct
{
  const char *text;
  gboolean has_secret;
  const char *server;
  const char *code;
  const char *link;
} Good;

static const Good good[] = {
  { ID "." SECRET, TRUE, NULL, ID "." SECRET, NULL },
  { " \t" ID "." SECRET "\r\n", TRUE, NULL, ID "." SECRET, NULL },
  { ID, FALSE, NULL, ID, NULL },
  { "0_-defghijklmnopqrstu", FALSE, NULL, "0_-defghijklmnopqrstu", NULL },
  { "porthole://example.com/" ID "#" SECRET, TRUE, "https://example.com", ID "." SECRET,
    "porthole://example.com/" ID "#" SECRET },
  { "PORTHOLE://Example.com:8443/" ID "#" SECRET, TRUE, "https://example.com:8443", ID "." SECRET,
    "porthole://example.com:8443/" ID "#" SECRET },
  { "porthole+http://[::1]:8080/" ID "#" SECRET, TRUE, "http://[::1]:8080", ID "." SECRET,
    "porthole+http://[::1]:8080/" ID "#" SECRET },
  { "porthole://example.com/" ID "%23" SECRET, TRUE, "https://example.com", ID "." SECRET,
    "porthole://example.com/" ID "#" SECRET },
  { "porthole+http://192.168.1.2:80/" ID, FALSE, "http://192.168.1.2", ID,
    "porthole+http://192.168.1.2/" ID },
};

static void
test_parse (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PhCode) parsed = ph_code_parse (good[i].text, &error);
      g_autofree char *code = NULL;
      g_autofree char *link = NULL;

      g_assert_no_error (error);
      code = ph_code_dup_code (parsed);
      link = ph_code_dup_link (parsed);
      g_assert_cmpint (parsed->has_secret, ==, good[i].has_secret);
      if (parsed->has_secret)
        g_assert_cmpmem (parsed->secret, PH_SECRET_SIZE, secret, PH_SECRET_SIZE);
      g_assert_cmpstr (parsed->server, ==, good[i].server);
      g_assert_cmpstr (code, ==, good[i].code);
      g_assert_cmpstr (link, ==, good[i].link);
    }
}

static const char *const bad[] = {
  "",
  " ",
  ".",
  "abc",
  "_bcdefghijklmnopqrstu",
  "-bcdefghijklmnopqrstu",
  "abcdefghijklmnopqrst+",
  "abcdefghijklmnopqrstuv",
  "abcdefghij klmnopqrst",
  "abcdefghijklmnopqrst\xc3\xab",
  ID ".",
  ID ".AAECAwQFBgcICQoLDA0OD",   /* one short */
  ID ".AAECAwQFBgcICQoLDA0ODwA", /* one more */
  ID ".AAECAwQFBgcICQoLDA0ODx",  /* bits that nothing spells */
  ID ".AAECAwQFBgcICQoLDA0OD=",
  ID ".AAECAwQFBgcICQoLDA0O.w",
  ID "#" SECRET,
  "http://example.com/" ID "#" SECRET,
  "porthole:" ID,
  "porthole://",
  "porthole://example.com",
  "porthole:///" ID,
  "porthole://example.com/",
  "porthole://example.com/" ID "." SECRET,
  "porthole://example.com/x/" ID "#" SECRET,
  "porthole://user@example.com/" ID "#" SECRET,
  "porthole://example.com:99999/" ID "#" SECRET,
  "porthole://example.com:0/" ID "#" SECRET,
  "porthole://exa mple.com/" ID "#" SECRET,
  "porthole://[::1/" ID "#" SECRET,
  "porthole://[fe80::1%25eth0]/" ID "#" SECRET,
  "porthole://?x/" ID "#" SECRET,
};

static void
test_parse_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ph_code_parse (bad[i], &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "“"));
      g_assert_null (strstr (error->message, "AAECAwQ"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_parse_random (void)
{
  static const char alphabet[] = "abAB01_-.#:/%[]@?& porthole+http";

  for (guint round = 0; round < 20000; round++)
    {
      char text[64] = { 0 };
      gsize length = (gsize)g_test_rand_int_range (0, sizeof text);

      for (gsize i = 0; i < length; i++)
        text[i] = g_test_rand_int_range (0, 20) == 0
                      ? (char)g_test_rand_int_range (1, 256)
                      : alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];
      ph_code_free (ph_code_parse (text, NULL));
    }
}

typedef struct
{
  const char *url;
  const char *checked; /* NULL: refused */
} Url;

static const Url urls[] = {
  { "http://127.0.0.1:8080", "http://127.0.0.1:8080" },
  { "https://Example.COM/", "https://example.com" },
  { "https://example.com:443", "https://example.com" },
  { "http://example.com:443", "http://example.com:443" },
  { "http://[0:0::1]:1/", "http://[::1]:1" },
  { "http://b\xc3\xbc"
    "cher.example",
    "http://xn--bcher-kva.example" },
  { "example.com", NULL },
  { "ftp://example.com", NULL },
  { "https://", NULL },
  { "https://example.com/path", NULL },
  { "https://example.com/?q", NULL },
  { "https://example.com#f", NULL },
  { "https://me@example.com", NULL },
  { "https://example.com:0", NULL },
  { "https://example.com:65536", NULL },
  { "https://exa\tmple.com", NULL },
  { "https://a\nb", NULL },
  { "", NULL },
};

static void
test_server_url (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *checked = ph_code_check_server (urls[i].url, &error);

      g_assert_cmpstr (checked, ==, urls[i].checked);
      if (checked == NULL)
        g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
    }
}

static void
test_base64url (void)
{
  const guint8 bytes[] = { 0xfb, 0xef, 0xff, 0x00 };
  guint8 again[4] = { 0 };
  g_autofree char *text = ph_base64url_encode (bytes, sizeof bytes);

  g_assert_cmpstr (text, ==, "--__AA");
  g_assert_true (ph_base64url_decode (text, again, sizeof again));
  g_assert_cmpmem (bytes, sizeof bytes, again, sizeof again);
  g_assert_false (ph_base64url_decode ("++//AA", again, 4)); /* the other alphabet */
  g_assert_false (ph_base64url_decode ("--__AB", again, 4)); /* bits too many */
  g_assert_false (ph_base64url_decode ("--__A", again, 4));
  g_assert_false (ph_base64url_decode ("--__AA=", again, 4));
  g_assert_false (ph_base64url_decode ("--_ AA", again, 4));
}

static void
test_token (void)
{
  char token[PH_TOKEN_SIZE];
  char id[PH_ID_SIZE] = "untouched";

  g_assert_true (ph_code_id_from_token ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", id));
  g_assert_cmpstr (id, ==, "Yw3NKWbEM2aRElRIu7JbT");
  g_assert_false (ph_code_id_from_token ("BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU", id));
  g_assert_false (ph_code_id_from_token ("short", id));
  g_assert_cmpstr (id, ==, "Yw3NKWbEM2aRElRIu7JbT");
  for (guint i = 0; i < 200; i++)
    {
      ph_code_draw_token (token);
      g_assert_cmpuint (strlen (token), ==, PH_TOKEN_SIZE - 1);
      g_assert_true (ph_code_id_from_token (token, id));
      g_assert_true (ph_code_is_id (id));
    }
}

static void
assert_hex (const guint8 *bytes, gsize size, const char *expected)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hex, "%02x", bytes[i]);
  g_assert_cmpstr (hex->str, ==, expected);
}

/* The expected values were computed by another program, from the protocol's words. */
static void
test_known_answers (void)
{
  const char *const candidates[] = { "{\"candidate\":\"candidate:1 1 UDP 1 127.0.0.1 9 typ host\"}",
                                     "", NULL };
  const char *const none[] = { NULL };
  const char *const extensions[] = { "credit", "eof", NULL };
  const PhMacHalf offer = { "v=0\r\n", candidates, extensions };
  const PhMacHalf answer = { "v=0\r\na\r\n", none, none };
  guint8 nonce[PH_NONCE_SIZE];
  guint8 key[PH_KEY_SIZE];
  guint8 mac[PH_MAC_SIZE];
  guint8 answer_mac[PH_MAC_SIZE];

  for (guint i = 0; i < sizeof nonce; i++)
    nonce[i] = (guint8)(0x40 + i);
  ph_code_derive_key (secret, key);
  assert_hex (key, sizeof key, "163aaceb9b541c239bcb4f46620b1dbf3f96d8ed0b0db6999703fe57e3330b0a");
  ph_code_mac_join (key, ID, nonce, "Zo\xc3\xab", mac);
  assert_hex (mac, sizeof mac, "ac18e7c98eec7de34e521e50d57a421ffd2a3ef546dfcdebd678dc9265435bb5");
  ph_code_mac_offer (key, ID, "Zbcdefghijklmnopqrst_", nonce, "Anna", &offer, mac);
  assert_hex (mac, sizeof mac, "2d33ad269c614d44823e86fff928bab2aa90a8fa1fdc128eac604435aeca63c4");
  ph_code_mac_answer (key, mac, &answer, answer_mac);
  assert_hex (answer_mac, sizeof answer_mac,
              "e1a3e7591fb418c5192352ea3e882f63803f365506d5835c0bf2e390c740388c");
}

static void
test_number (void)
{
  guint8 host[PH_FINGERPRINT_SIZE];
  guint8 client[PH_FINGERPRINT_SIZE];
  guint8 client_random[PH_RANDOM_SIZE];
  guint8 zero[PH_RANDOM_SIZE] = { 0 };
  guint8 commit[PH_COMMIT_SIZE];
  char number[PH_NUMBER_SIZE];

  memset (host, 0xaa, sizeof host);
  memset (client, 0xbb, sizeof client);
  for (guint i = 0; i < sizeof client_random; i++)
    client_random[i] = (guint8)(16 + i);
  ph_code_commit (client, client_random, commit);
  assert_hex (commit, sizeof commit,
              "28ee316457954f8cd364b866ec4d47983c426e64ea790005ecd46d758428848b");
  ph_code_number (host, client, secret, client_random, number);
  g_assert_cmpstr (number, ==, "321443455323");
  ph_code_number (host, client, secret, zero, number);
  g_assert_cmpstr (number, ==, "070029909668");
}

/* Somebody in between, who has committed to a random value towards the Host, sees a number there
 * and tries values towards the Client. None is right, nor does a number come twice. */
static void
test_number_many_tries (void)
{
  guint8 host[PH_FINGERPRINT_SIZE] = { 1 };
  guint8 middle[PH_FINGERPRINT_SIZE] = { 2 };
  guint8 client[PH_FINGERPRINT_SIZE] = { 3 };
  guint8 host_random[PH_RANDOM_SIZE] = { 4 };
  guint8 client_random[PH_RANDOM_SIZE] = { 5 };
  guint8 tried[PH_RANDOM_SIZE] = { 6 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  char number[PH_NUMBER_SIZE];

  ph_code_number (host, middle, host_random, tried, number);
  g_hash_table_add (seen, g_strdup (number));
  for (guint32 i = 0; i < 20000; i++)
    {
      memcpy (tried, &i, sizeof i);
      ph_code_number (middle, client, tried, client_random, number);
      g_assert_true (g_hash_table_add (seen, g_strdup (number)));
    }
}

static void
test_equal (void)
{
  g_assert_true (ph_code_equal ((const guint8 *)"abc", (const guint8 *)"abc", 3));
  g_assert_false (ph_code_equal ((const guint8 *)"abc", (const guint8 *)"abd", 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/code/parse", test_parse);
  g_test_add_func ("/code/parse-bad", test_parse_bad);
  g_test_add_func ("/code/parse-random", test_parse_random);
  g_test_add_func ("/code/server-url", test_server_url);
  g_test_add_func ("/code/base64url", test_base64url);
  g_test_add_func ("/code/token", test_token);
  g_test_add_func ("/code/known-answers", test_known_answers);
  g_test_add_func ("/code/number", test_number);
  g_test_add_func ("/code/number-many-tries", test_number_many_tries);
  g_test_add_func ("/code/equal", test_equal);
  return g_test_run ();
}
