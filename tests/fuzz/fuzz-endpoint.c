/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-endpoint.h"
#include "ph-fuzz.h"

/* What parses can be printed, and what was printed means the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  char formatted[PH_ENDPOINT_TEXT_SIZE];
  PhEndpoint endpoint, again;

  if (!ph_endpoint_parse (text, &endpoint, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }
  ph_endpoint_format (&endpoint, formatted);
  g_assert_true (ph_endpoint_parse (formatted, &again, NULL));
  g_assert_true (ph_endpoint_equal (&endpoint, &again));
  ph_address_scope (endpoint.addr);
  return 0;
}
