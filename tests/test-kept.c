/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "session/ph-kept.h"

static void
test_round_trip (void)
{
  const guint16 ports[] = { 0, 1, 65535 };

  for (gsize i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;
      PhKept kept;
      PhKept parsed;

      ph_kept_draw (&kept);
      g_assert_cmpuint (kept.port, ==, 0);
      kept.port = ports[i];
      text = ph_kept_dup_text (&kept);
      g_assert_true (ph_kept_parse (text, &parsed, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (parsed.token, ==, kept.token);
      g_assert_cmpmem (parsed.secret, sizeof parsed.secret, kept.secret, sizeof kept.secret);
      g_assert_cmpuint (parsed.port, ==, kept.port);
    }
}

/* Whatever part is not right is named, nothing is repeated, and nothing is given out. */
static void
test_damaged (void)
{
  static const char token[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  static const char secret[] = "AAAAAAAAAAAAAAAAAAAAAA";
  static const struct
  {
    const char *text; /* T and S stand for a token and a secret */
    const char *part;
  } cases[] = {
    { "", "token" },
    { "nonsense", "session" },
    { "token=T\nsecret=S\nport=1", "session" },
    { "[session]\nsecret=S\nport=1", "token" },
    { "[other]\ntoken=T\nsecret=S\nport=1", "token" },
    { "[session]\ntoken=\nsecret=S\nport=1", "token" },
    { "[session]\ntoken=TA\nsecret=S\nport=1", "token" },
    { "[session]\ntoken=S\nsecret=S\nport=1", "token" },
    { "[session]\ntoken=T\nport=1", "secret" },
    { "[session]\ntoken=T\nsecret=SA\nport=1", "secret" },
    { "[session]\ntoken=T\nsecret=T\nport=1", "secret" },
    { "[session]\ntoken=T\nsecret=S", "port" },
    { "[session]\ntoken=T\nsecret=S\nport=", "port" },
    { "[session]\ntoken=T\nsecret=S\nport=65536", "port" },
    { "[session]\ntoken=T\nsecret=S\nport=-1", "port" },
    { "[session]\ntoken=T\nsecret=S\nport=1 2", "port" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) text = g_string_new (cases[i].text);
      g_autoptr (GError) error = NULL;
      PhKept kept = { .port = 7 };

      g_string_replace (text, "T", token, 0);
      g_string_replace (text, "S", secret, 0);
      g_test_message ("%s", cases[i].text);
      g_assert_false (ph_kept_parse (text->str, &kept, &error));
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, cases[i].part));
      g_assert_null (strstr (error->message, secret));
      g_assert_cmpuint (kept.port, ==, 7);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kept/round-trip", test_round_trip);
  g_test_add_func ("/kept/damaged", test_damaged);
  return g_test_run ();
}
