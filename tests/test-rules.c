/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-error.h"
#include "tunnel/ph-rules.h"

/* Parsing */

static const struct
{
  const char *text;
  const char *normal;
} good[] = {
  { "127.0.0.1:25565", "127.0.0.1:25565" },
  { "  127.0.0.1:80  ", "127.0.0.1:80" },
  { "192.168.*:*", "192.168.*:*" },
  { "192.168.*.*:1-65535", "192.168.*:*" },
  { "10.*.0.1:80", "10.*.0.1:80" },
  { "*.*:80", "*.*:80" },
  { "*.1.2.3:80", "*.1.2.3:80" },
  { "10.0.0.0/8:22", "10.*:22" },
  { "10.16.0.0/12:22", "10.16.0.0/12:22" },
  { "10.0.0.1/32:22", "10.0.0.1:22" },
  { "0.0.0.0/0:22", "*.*:22" },
  { "[::1]:*", "[::1]:*" },
  { "[0:0::1]:80", "[::1]:80" },
  { "[::ffff:10.0.0.1]:80", "10.0.0.1:80" },
  { "[::ffff:10.0.0.0]/104:80", "10.*:80" },
  { "[fd00::]/8:22", "[fd00::]/8:22" },
  { "[fd00::/8]:22", "[fd00::]/8:22" },
  { "[::]/0:22", "[::]/0:22" },
  { "*:443", "*:443" },
  { "localhost:80", "localhost:80" },
  { "LocalHost.:80", "localhost:80" },
  { "*.Example.com:443", "*.example.com:443" },
  { "b\303\274cher.example:80", "xn--bcher-kva.example:80" },
  { "host-1_a.test:8000-8010", "host-1_a.test:8000-8010" },
  { "h:8000-8000", "h:8000" },
};

static const char *const bad[] = {
  "",
  ":",
  "80",
  ":80",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:0",
  "127.0.0.1:65536",
  "127.0.0.1:80x",
  "127.0.0.1:-80",
  "127.0.0.1:80-",
  "127.0.0.1:90-80",
  "127.0.0.1:0-5",
  "127.0.0.1:1-2-3",
  "127.0.0.1: 80",
  "::1:80",
  "[::1]",
  "[::1:80",
  "[127.0.0.1]:80",
  "[]:80",
  "[::1]x:80",
  "[fe80::1%eth0]:80",
  "[::1]/129:80",
  "[fd00::/8]/8:80",
  "192.168:80",
  "192.168.1:80",
  "256.1.1.1:80",
  "1.2.3.4.5:80",
  "1.2.3.*.5:80",
  "01.2.3.4:80",
  "192.168.1*:80",
  "10.0.0.0/33:80",
  "10.0.0.1/8:80",
  "10.0.0.0/:80",
  "10.0.0.0/x:80",
  "/8:80",
  "1234:80",
  "0x7f.1:80",
  "0x7f000001:80",
  "a..b:80",
  "-a.b:80",
  "a-.b:80",
  ".a:80",
  "a b:80",
  "*a.b:80",
  "a.*.b:80",
  "**:80",
  "*.*.com:80",
  "host.1:80",
  "http://host:80",
  "host/8:80",
  "\377:80",
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (PhRules) rules = ph_rules_new ();
      g_autoptr (GError) error = NULL;

      ph_rules_add (rules, good[i].text, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (ph_rules_get_text (rules, 0), ==, good[i].normal);
      g_assert_true (ph_rules_add (rules, good[i].normal, &error)); /* means the same */
      g_assert_cmpuint (ph_rules_get_count (rules), ==, 1);
      g_assert_true (ph_rules_remove (rules, good[i].text, &error));
      g_assert_cmpuint (ph_rules_get_count (rules), ==, 0);
    }
}

static void
test_bad (void)
{
  g_autoptr (PhRules) rules = ph_rules_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (ph_rules_add (rules, bad[i], &error))
        g_error ("“%s” was taken", bad[i]);
      g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, "“"));
    }
  g_assert_cmpuint (ph_rules_get_count (rules), ==, 0);
}

static void
test_remove_unknown (void)
{
  g_autoptr (PhRules) rules = ph_rules_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (ph_rules_add (rules, "127.0.0.1:80", NULL));
  g_assert_false (ph_rules_remove (rules, "127.0.0.1:81", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_cmpuint (ph_rules_get_count (rules), ==, 1);
}

/* Matching */

static const struct
{
  const char *rule;
  const char *name; /* NULL: asked for by address */
  const char *endpoint;
  gboolean allowed;
} matches[] = {
  { "127.0.0.1:80", NULL, "127.0.0.1:80", TRUE },
  { "127.0.0.1:80", NULL, "127.0.0.1:81", FALSE },
  { "127.0.0.1:80", NULL, "127.0.0.2:80", FALSE },
  { "127.0.0.1:80", NULL, "[::ffff:127.0.0.1]:80", TRUE },
  { "[::ffff:127.0.0.1]:80", NULL, "127.0.0.1:80", TRUE },
  { "127.0.0.1:80-90", NULL, "127.0.0.1:90", TRUE },
  { "127.0.0.1:80-90", NULL, "127.0.0.1:91", FALSE },
  { "127.0.0.1:*", NULL, "127.0.0.1:0", FALSE },
  { "192.168.*:80", NULL, "192.168.255.1:80", TRUE },
  { "192.168.*:80", NULL, "192.169.0.1:80", FALSE },
  { "10.*.0.1:80", NULL, "10.77.0.1:80", TRUE },
  { "10.*.0.1:80", NULL, "10.77.1.1:80", FALSE },
  { "10.0.0.0/8:22", NULL, "10.255.255.255:22", TRUE },
  { "10.0.0.0/8:22", NULL, "11.0.0.0:22", FALSE },
  { "172.16.0.0/12:22", NULL, "172.31.0.1:22", TRUE },
  { "172.16.0.0/12:22", NULL, "172.32.0.1:22", FALSE },
  { "[fd00::]/8:22", NULL, "[fd12::1]:22", TRUE },
  { "[fd00::]/8:22", NULL, "[fc12::1]:22", FALSE },
  { "[::]/0:22", NULL, "[2001:db8::1]:22", TRUE },
  { "[::]/0:22", NULL, "10.0.0.1:22", FALSE },
  { "0.0.0.0/0:22", NULL, "10.0.0.1:22", TRUE },
  { "0.0.0.0/0:22", NULL, "[2001:db8::1]:22", FALSE },
  { "*:443", NULL, "10.0.0.1:443", TRUE },
  { "*:443", NULL, "[2001:db8::1]:443", TRUE },
  { "*:443", NULL, "127.0.0.1:443", TRUE },
  { "*:443", "any.test", "10.0.0.1:443", TRUE },

  /* What no wildcard means */
  { "*:*", NULL, "0.0.0.0:80", FALSE },
  { "*:*", NULL, "0.1.2.3:80", FALSE },
  { "*:*", NULL, "[::]:80", FALSE },
  { "*:*", NULL, "169.254.1.1:80", FALSE },
  { "*:*", NULL, "[fe80::1]:80", FALSE },
  { "*:*", NULL, "224.0.0.1:80", FALSE },
  { "*:*", NULL, "255.255.255.255:80", FALSE },
  { "*:*", NULL, "[ff02::1]:80", FALSE },
  { "*:*", NULL, "169.254.169.254:80", FALSE },
  { "*:*", NULL, "[::ffff:169.254.169.254]:80", FALSE },
  { "*:*", NULL, "[fd00:ec2::254]:80", FALSE },
  { "*:*", NULL, "[fd20:ce::254]:80", FALSE },
  { "*:*", NULL, "100.100.100.200:80", FALSE },
  { "*:*", NULL, "100.100.100.201:80", TRUE },
  { "100.*:*", NULL, "100.100.100.200:80", FALSE },
  { "*:*", NULL, "168.63.129.16:80", FALSE },
  { "*:*", NULL, "[64:ff9b::169.254.169.254]:80", FALSE },
  { "*:*", NULL, "[64:ff9b::168.63.129.16]:80", FALSE },
  { "*:*", NULL, "[64:ff9b::169.254.1.1]:80", FALSE },
  { "*:*", NULL, "[64:ff9b::0.0.0.0]:80", FALSE },
  { "*:*", NULL, "[64:ff9b::10.0.0.1]:80", TRUE },
  { "[64:ff9b::]/96:*", NULL, "[64:ff9b::169.254.169.254]:80", FALSE },
  { "*:*", "evil.test", "169.254.169.254:80", FALSE },
  { "*.test:*", "evil.test", "169.254.169.254:80", FALSE },
  { "*.test:*", "evil.test", "0.0.0.0:80", FALSE },
  { "0.0.0.0/0:*", NULL, "169.254.1.1:80", FALSE },
  { "169.*:*", NULL, "169.254.1.1:80", FALSE },
  { "*.254.1.1:*", NULL, "169.254.1.1:80", FALSE },
  { "[::]/0:*", NULL, "[fe80::1]:80", FALSE },
  { "[fd00::]/8:*", NULL, "[fd00:ec2::254]:80", FALSE },
  { "0.*:*", NULL, "0.0.0.0:80", FALSE },
  /* … unless it is written out */
  { "0.0.0.0:80", NULL, "0.0.0.0:80", TRUE },
  { "[::]:80", NULL, "[::]:80", TRUE },
  { "169.254.*:80", NULL, "169.254.1.1:80", TRUE },
  { "169.254.*:80", NULL, "169.254.169.254:80", FALSE },
  { "169.254.169.254:80", NULL, "169.254.169.254:80", TRUE },
  { "[fd00:ec2::254]:80", NULL, "[fd00:ec2::254]:80", TRUE },
  { "168.63.129.16:80", NULL, "168.63.129.16:80", TRUE },
  { "[64:ff9b::a9fe:a9fe]:80", NULL, "[64:ff9b::169.254.169.254]:80", TRUE },
  { "[fe80::]/10:80", NULL, "[fe80::1]:80", TRUE },
  { "224.0.0.0/4:80", NULL, "224.0.0.1:80", TRUE },
  { "[ff00::]/8:80", NULL, "[ff02::1]:80", TRUE },
  { "224.0.0.0/3:80", NULL, "255.255.255.255:80", FALSE },

  /* Names */
  { "localhost:80", "localhost", "127.0.0.1:80", TRUE },
  { "localhost:80", "localhost", "[::1]:80", TRUE },
  { "localhost:80", NULL, "127.0.0.1:80", TRUE },
  { "localhost:80", NULL, "[::1]:80", TRUE },
  { "localhost:80", NULL, "127.0.0.2:80", FALSE },
  { "localhost:80", NULL, "127.0.1.1:80", FALSE },
  { "localhost:80", NULL, "[::ffff:127.0.0.1]:80", TRUE },
  { "localhost:80", NULL, "10.0.0.1:80", FALSE },
  { "localhost:80", "other.test", "127.0.0.1:80", FALSE },
  { "host.test:80", "host.test", "10.0.0.1:80", TRUE },
  { "host.test:80", NULL, "10.0.0.1:80", FALSE },
  { "host.test:80", "host.test", "10.0.0.1:81", FALSE },
  { "host.test:80", "a.host.test", "10.0.0.1:80", FALSE },
  { "*.host.test:80", "a.host.test", "10.0.0.1:80", TRUE },
  { "*.host.test:80", "a.b.host.test", "10.0.0.1:80", TRUE },
  { "*.host.test:80", "host.test", "10.0.0.1:80", FALSE },
  { "*.host.test:80", "ahost.test", "10.0.0.1:80", FALSE },
  { "10.0.0.1:80", "any.test", "10.0.0.1:80", TRUE },
  { "10.0.0.1:80", "any.test", "10.0.0.2:80", FALSE },
};

static void
test_matches (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++)
    {
      g_autoptr (PhRules) rules = ph_rules_new ();
      g_autoptr (GError) error = NULL;
      PhEndpoint endpoint;

      ph_rules_add (rules, matches[i].rule, &error);
      g_assert_no_error (error);
      ph_endpoint_parse (matches[i].endpoint, &endpoint, &error);
      g_assert_no_error (error);
      if (ph_rules_allow (rules, matches[i].name, &endpoint) != matches[i].allowed)
        g_error ("“%s” for %s %s: should be %d", matches[i].rule, matches[i].name,
                 matches[i].endpoint, matches[i].allowed);
    }
}

static const struct
{
  const char *rule; /* NULL: none */
  const char *name;
  PhRulesScope scope;
} scopes[] = {
  { NULL, "any.test", PH_RULES_NEVER },
  { "*:80", "any.test", PH_RULES_BY_NAME },
  { "*:81", "any.test", PH_RULES_NEVER },
  { "any.test:80", "any.test", PH_RULES_BY_NAME },
  { "any.test:81-90", "any.test", PH_RULES_NEVER },
  { "other.test:80", "any.test", PH_RULES_NEVER },
  { "*.test:80", "any.test", PH_RULES_BY_NAME },
  { "*.any.test:80", "any.test", PH_RULES_NEVER },
  { "10.0.0.0/8:80", "any.test", PH_RULES_BY_ADDRESS },
  { "10.0.0.0/8:1-79", "any.test", PH_RULES_NEVER },
};

static void
test_may_allow (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    {
      g_autoptr (PhRules) rules = ph_rules_new ();

      g_assert_true (ph_rules_add (rules, "other.invalid:80", NULL));
      if (scopes[i].rule != NULL)
        g_assert_true (ph_rules_add (rules, scopes[i].rule, NULL));
      g_assert_cmpint (ph_rules_may_allow (rules, scopes[i].name, 80), ==, scopes[i].scope);
    }
}

static void
test_list (void)
{
  g_autoptr (PhRules) rules = ph_rules_new ();
  g_autoptr (PhRules) same = ph_rules_ref (rules);
  PhEndpoint endpoint;

  g_assert_true (ph_endpoint_parse ("127.0.0.1:80", &endpoint, NULL));
  g_assert_false (ph_rules_allow (rules, NULL, &endpoint)); /* nothing by default */
  g_assert_true (ph_rules_add (rules, "10.*:*", NULL));
  g_assert_true (ph_rules_add (rules, "127.*:80", NULL));
  g_assert_true (ph_rules_add (rules, "*:80", NULL));
  g_assert_cmpstr (ph_rules_get_text (same, 1), ==, "127.*:80");
  g_assert_true (ph_rules_allow (same, NULL, &endpoint));
  g_assert_true (ph_rules_remove (rules, "127.0.0.0/8:80", NULL));
  g_assert_true (ph_rules_allow (same, NULL, &endpoint));
  g_assert_true (ph_rules_remove (rules, "*:80", NULL));
  g_assert_false (ph_rules_allow (same, NULL, &endpoint));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/good", test_good);
  g_test_add_func ("/rules/bad", test_bad);
  g_test_add_func ("/rules/remove-unknown", test_remove_unknown);
  g_test_add_func ("/rules/matches", test_matches);
  g_test_add_func ("/rules/may-allow", test_may_allow);
  g_test_add_func ("/rules/list", test_list);
  return g_test_run ();
}
