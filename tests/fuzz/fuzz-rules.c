/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-fuzz.h"
#include "tunnel/ph-mapping.h"
#include "tunnel/ph-protocol.h"
#include "tunnel/ph-rules.h"

/* Any text as a rule and as a mapping: what is taken has one normal form, and no wildcard reaches
 * what must be written out. */

static void
check_written_out (const PhRules *rules, const char *endpoint_text, const char *prefix)
{
  PhEndpoint endpoint;

  g_assert_true (ph_endpoint_parse (endpoint_text, &endpoint, NULL));
  if (ph_rules_allow (rules, NULL, &endpoint))
    g_assert_true (g_str_has_prefix (ph_rules_get_text (rules, 0), prefix));
}

static void
try_rule (const char *text)
{
  g_autoptr (PhRules) rules = ph_rules_new ();
  g_autoptr (GError) error = NULL;

  if (!ph_rules_add (rules, text, &error))
    {
      g_assert_nonnull (error);
      return;
    }
  g_assert_true (ph_rules_add (rules, ph_rules_get_text (rules, 0), NULL));
  g_assert_cmpuint (ph_rules_get_count (rules), ==, 1);
  check_written_out (rules, "169.254.169.254:80", "169.254.169.254:");
  check_written_out (rules, "[fd00:ec2::254]:80", "[fd00:ec2::254]:");
  check_written_out (rules, "0.0.0.0:80", "0.0.0.0:");
  check_written_out (rules, "[::]:80", "[::]:");
  check_written_out (rules, "169.254.1.1:80", "169.254.");
  g_assert_true (ph_rules_remove (rules, text, NULL));
  g_assert_cmpuint (ph_rules_get_count (rules), ==, 0);
}

static void
try_mapping (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhMapping) mapping = ph_mapping_parse (text, &error);
  g_autoptr (PhMapping) again = NULL;
  g_autofree char *normal = NULL;
  g_autofree char *normal_again = NULL;

  g_assert_true ((mapping == NULL) == (error != NULL));
  if (mapping == NULL)
    return;
  normal = ph_mapping_dup_text (mapping);
  again = ph_mapping_parse (normal, NULL);
  g_assert_nonnull (again);
  normal_again = ph_mapping_dup_text (again);
  g_assert_cmpstr (normal, ==, normal_again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *clean = ph_close_text_clean (data, size);
  g_autofree char *name = ph_host_name_normalise (text);
  g_autofree char *name_again = name != NULL ? ph_host_name_normalise (name) : NULL;

  g_assert_cmpstr (name, ==, name_again);
  g_assert_true (clean == NULL || strlen (clean) <= PH_CLOSE_TEXT_MAX_BYTES);
  try_rule (text);
  try_mapping (text);
  return 0;
}
