/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "tunnel/ph-mapping.h"

static const struct
{
  const char *text;
  const char *normal;
} good[] = {
  { "8000", "127.0.0.1:8000 => 127.0.0.1:8000" },
  { " 8000 ", "127.0.0.1:8000 => 127.0.0.1:8000" },
  { "0.0.0.0:8000", "0.0.0.0:8000 => 127.0.0.1:8000" },
  { "[::1]:8000", "[::1]:8000 => 127.0.0.1:8000" },
  { "localhost:8000", "127.0.0.1:8000 => 127.0.0.1:8000" },
  { "8000:example.com:80", "127.0.0.1:8000 => example.com:80" },
  { "8000:Example.COM.:80", "127.0.0.1:8000 => example.com:80" },
  { "8000:localhost:80", "127.0.0.1:8000 => localhost:80" },
  { "8000:10.0.0.1:80", "127.0.0.1:8000 => 10.0.0.1:80" },
  { "8000:[fd00::1]:80", "127.0.0.1:8000 => [fd00::1]:80" },
  { "[::1]:8000:[::1]:80", "[::1]:8000 => [::1]:80" },
  { "127.0.0.2:8000:0.0.0.0:80", "127.0.0.2:8000 => 0.0.0.0:80" },
  { "0:127.0.0.1:80", "127.0.0.1:0 => 127.0.0.1:80" },
  { "8000 => example.com:80", "127.0.0.1:8000 => example.com:80" },
  { "127.0.0.1:8000=>[::1]:80", "127.0.0.1:8000 => [::1]:80" },
  { "8000:[::ffff:10.0.0.1]:80", "127.0.0.1:8000 => 10.0.0.1:80" },
};

static const char *const bad[] = {
  "",
  ":",
  "x",
  "-1",
  "65536",
  "0",
  "127.0.0.1:0",
  "8000:80",
  "8000:",
  ":8000",
  "::1:8000",
  "8000:::1:80",
  "8000:[::1]",
  "8000:[::1]:0",
  "8000:host:0",
  "8000:host:65536",
  "8000:host:",
  "8000::80",
  "8000:1.2.3:80",
  "8000:1.2.3.4.5:80",
  "8000:a b:80",
  "8000:0x7f.1:80",
  "8000:[10.0.0.1]:80",
  "8000:[::1:80",
  "[::1%lo]:8000",
  "host:8000",
  "a:1:b:2:c",
  "a:1:b:2:c:3",
  "8000 =>",
  "=> host:80",
  "8000 => host",
  "8000 => 80",
  "1:2:3 => host:80",
  "8000 => host:80 => x:1",
  "8000 => ::1:80",
  "8 000",
  "8000:*.example.com:80",
  "*:8000",
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PhMapping) mapping = ph_mapping_parse (good[i].text, &error);
      g_autoptr (PhMapping) again = NULL;
      g_autoptr (PhMapping) copy = NULL;
      g_autofree char *text = NULL;
      g_autofree char *text_again = NULL;

      g_assert_no_error (error);
      text = ph_mapping_dup_text (mapping);
      g_assert_cmpstr (text, ==, good[i].normal);
      again = ph_mapping_parse (text, &error);
      g_assert_no_error (error);
      copy = ph_mapping_copy (again);
      text_again = ph_mapping_dup_text (copy);
      g_assert_cmpstr (text_again, ==, text);
    }
}

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PhMapping) mapping = ph_mapping_parse (bad[i], &error);

      if (mapping != NULL)
        g_error ("“%s” was taken", bad[i]);
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "write it like"));
    }
}

static void
test_too_long (void)
{
  g_autofree char *text = g_strnfill (100000, '8');
  g_autoptr (GError) error = NULL;

  g_assert_null (ph_mapping_parse (text, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_cmpuint (strlen (error->message), <, 500);
}

static void
test_destination (void)
{
  g_autoptr (PhMapping) mapping = ph_mapping_parse ("8000:example.com:80", NULL);
  static const guint8 zero[16];
  g_autofree char *text = ph_destination_dup_text (&mapping->remote);

  g_assert_cmpstr (text, ==, "example.com:80");
  g_assert_cmpstr (mapping->remote.name, ==, "example.com");
  g_assert_cmpmem (mapping->remote.endpoint.addr, 16, zero, 16);
  g_assert_cmpuint (mapping->remote.endpoint.port, ==, 80);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mapping/good", test_good);
  g_test_add_func ("/mapping/bad", test_bad);
  g_test_add_func ("/mapping/too-long", test_too_long);
  g_test_add_func ("/mapping/destination", test_destination);
  return g_test_run ();
}
