/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "tunnel/ph-protocol.h"

static void
test_reasons (void)
{
  PhCloseReason reason = PH_CLOSE_RESET;

  for (guint i = 0; i < PH_CLOSE_N_REASONS; i++)
    {
      g_assert_true (
          ph_close_reason_from_word (ph_close_reason_to_word ((PhCloseReason)i), &reason));
      g_assert_cmpint (reason, ==, i);
    }
  g_assert_cmpstr (ph_close_reason_to_word (PH_CLOSE_NAME_NOT_FOUND), ==, "name-not-found");
  g_assert_false (ph_close_reason_from_word ("Done", &reason));
  g_assert_false (ph_close_reason_from_word ("", &reason));
  g_assert_cmpint (reason, ==, PH_CLOSE_SESSION_ENDING); /* untouched */
}

static void
test_extensions (void)
{
  const char *const words[] = { "eof", "telepathy", "credit", "eof", "", NULL };
  g_auto (GStrv) all = ph_extensions_dup_words (PH_EXTENSIONS_OURS);
  g_auto (GStrv) none = ph_extensions_dup_words (PH_EXTENSIONS_NONE);
  g_autofree char *joined = g_strjoinv (",", all);

  g_assert_cmpstr (joined, ==, "credit,eof,opened,name,services");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  g_assert_cmpint (ph_extensions_from_words (words), ==, PH_EXTENSION_EOF | PH_EXTENSION_CREDIT);
  g_assert_cmpint (ph_extensions_from_words ((const char *const *)all), ==, PH_EXTENSIONS_OURS);
  g_assert_cmpint (ph_extensions_from_words (NULL), ==, PH_EXTENSIONS_NONE);
}

static const struct
{
  const char *bytes;
  gsize size;
  const char *clean;
} texts[] = {
  { "", 0, NULL },
  { "Connection refused", 18, "Connection refused" },
  { "\33[31mred\n", 9, "[31mred" },
  { "\1\2\177", 3, NULL },
  { "a\0b", 3, "a\357\277\275b" },
  { "a\342\200\256b", 5, "ab" },  /* right-to-left override */
  { "a\342\200\250b", 5, "a b" }, /* line separator */
  { "b\343\205\244", 4, "b" },    /* a letter that draws nothing */
  { "\377a", 2, "\357\277\275a" },
  { "gr\303\274n", 5, "gr\303\274n" },
};

static void
test_text (void)
{
  g_autofree guint8 *invalid = g_malloc (300);
  g_autofree char *cleaned = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *clean = ph_close_text_clean ((const guint8 *)texts[i].bytes, texts[i].size);

      g_assert_cmpstr (clean, ==, texts[i].clean);
    }
  memset (invalid, 0xff, 300); /* replacing lengthens */
  cleaned = ph_close_text_clean (invalid, 300);
  g_assert_cmpuint (strlen (cleaned), <=, PH_CLOSE_TEXT_MAX_BYTES);
  g_assert_true (g_utf8_validate (cleaned, -1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/protocol/reasons", test_reasons);
  g_test_add_func ("/protocol/extensions", test_extensions);
  g_test_add_func ("/protocol/text", test_text);
  return g_test_run ();
}
