/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "core/ph-text.h"
#include "ph-fuzz.h"
#include "signaling/ph-code.h"

/* What parses can be printed, and what was printed means the same. */
static void
try_code (const char *text)
{
  g_autoptr (PhCode) code = ph_code_parse (text, NULL);
  g_autoptr (PhCode) again = NULL;
  g_autofree char *printed = NULL;

  if (code == NULL)
    return;
  printed = code->server != NULL ? ph_code_dup_link (code) : ph_code_dup_code (code);
  again = ph_code_parse (printed, NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (again->id, ==, code->id);
  g_assert_cmpstr (again->server, ==, code->server);
  g_assert_cmpmem (again->secret, PH_SECRET_SIZE, code->secret, PH_SECRET_SIZE);
}

static void
try_server (const char *text)
{
  g_autofree char *url = ph_code_check_server (text, NULL);
  g_autofree char *again = url != NULL ? ph_code_check_server (url, NULL) : NULL;

  g_assert_cmpstr (url, ==, again);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *clean = ph_text_clean ((const char *)data, (gssize)size, PH_TEXT_MAX_NAME);

  try_code (text);
  try_server (text);
  g_assert_true (*clean == '\0' || ph_text_is_name (clean));
  return 0;
}
