/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-text.h"

typedef struct
{
  const char *dirty;
  gsize max_bytes;
  const char *clean;
} Case;

static const Case cases[] = {
  { "", 64, "" },
  { "anna", 64, "anna" },
  { "  anna\t ", 64, "anna" },
  { "a\nb\r\nc", 64, "a b  c" },
  { "a\x1b[31mb", 64, "a[31mb" }, /* the escape itself goes */
  { "a\x7f\xc2\x9b"
    "b",
    64, "ab" }, /* DEL, and CSI of C1 */
  { "a\xe2\x80\xae"
    "b",
    64, "ab" }, /* U+202E right-to-left override */
  { "a\xe2\x81\xa6"
    "b",
    64, "ab" }, /* U+2066 isolate */
  { "a\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf"
    "b",
    64, "ab" }, /* zero-width */
  { "a\xe2\x80\xa8"
    "b",
    64, "a b" },                          /* U+2028 line separator */
  { "\xe3\x85\xa4\xe2\xa0\x80", 64, "" }, /* Hangul filler, blank Braille */
  { "\xf3\xa0\x81\x81"
    "a",
    64, "a" }, /* a tag character */
  { "a\xff"
    "b",
    64,
    "a\xef\xbf\xbd"
    "b" },                                                          /* not UTF-8 */
  { "a\xed\xa0\x80", 64, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
  { "\xc3\xab\xc3\xab\xc3\xab", 5, "\xc3\xab\xc3\xab" },            /* cut between characters */
  { "\xf0\x9f\x98\x80", 3, "" },
  { "ab c", 3, "ab" }, /* trimmed again behind the cut */
  { "abc", 3, "abc" },
  { "abc", 0, "" },
};

static void
test_clean (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *clean = ph_text_clean (cases[i].dirty, -1, cases[i].max_bytes);
      g_autofree char *again = ph_text_clean (clean, -1, cases[i].max_bytes);

      g_assert_cmpstr (clean, ==, cases[i].clean);
      g_assert_cmpstr (again, ==, clean);
      g_assert_true (ph_text_is_name (clean) == (*clean != '\0'));
    }
}

static void
test_clean_sized (void)
{
  g_autofree char *with_nul = ph_text_clean ("a\0b", 3, 64);
  g_autofree char *part = ph_text_clean ("abc", 2, 64);

  g_assert_cmpstr (with_nul, ==,
                   "a\xef\xbf\xbd"
                   "b");
  g_assert_cmpstr (part, ==, "ab");
}

/* Whatever the bytes, what comes out is short and legal. */
static void
test_clean_random (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      char bytes[200];
      g_autofree char *clean = NULL;

      for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)g_test_rand_int_range (0, 256);
      clean = ph_text_clean (bytes, sizeof bytes, PH_TEXT_MAX_NAME);
      g_assert_true (ph_text_is_name (clean) == (*clean != '\0'));
    }
}

static void
test_is_name (void)
{
  g_autofree char *longest = g_strnfill (PH_TEXT_MAX_NAME, 'x');
  g_autofree char *longer = g_strnfill (PH_TEXT_MAX_NAME + 1, 'x');

  g_assert_true (ph_text_is_name ("Zo\xc3\xab (2)"));
  g_assert_true (ph_text_is_name (longest));
  g_assert_false (ph_text_is_name (longer));
  g_assert_false (ph_text_is_name (""));
  g_assert_false (ph_text_is_name (" \xc2\xa0\xe3\x80\x80")); /* no-break and wide spaces */
  g_assert_false (ph_text_is_name ("a\nb"));
  g_assert_false (ph_text_is_name ("a\xe2\x80\xae"
                                   "b"));
  g_assert_false (ph_text_is_name ("a\xff"));
}

typedef struct
{
  const char *text;
  const char *shown;
} Login;

static const Login logins[] = {
  { "", "" },
  { "turn:example.com", "turn:example.com" },
  { "turn:user:pass@example.com", "turn:…@example.com" },
  { "https://user:p@ss/word@example.com", "https://…@example.com" },
  { "password@example.com", "…@example.com" },
  { "@", "…@" },
  { "a@b:c", "…@b:c" },
};

static void
test_hide_login (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (logins); i++)
    {
      g_autofree char *shown = ph_text_hide_login (logins[i].text);

      g_assert_cmpstr (shown, ==, logins[i].shown);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/clean", test_clean);
  g_test_add_func ("/text/clean-sized", test_clean_sized);
  g_test_add_func ("/text/clean-random", test_clean_random);
  g_test_add_func ("/text/is-name", test_is_name);
  g_test_add_func ("/text/hide-login", test_hide_login);
  return g_test_run ();
}
