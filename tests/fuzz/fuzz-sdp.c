/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-fuzz.h"
#include "transport/ph-sdp.h"

/* What parses can be printed, and what was printed means the same. */

static void
check_best (const GArray *candidates)
{
  g_assert_cmpuint (candidates->len, <=, PH_SDP_MAX_CANDIDATES);
  for (guint i = 1; i < candidates->len; i++)
    g_assert_cmpuint (g_array_index (candidates, PhCandidate, i - 1).priority, >=,
                      g_array_index (candidates, PhCandidate, i).priority);
}

static void
try_sdp (const char *text)
{
  g_autoptr (PhSdp) sdp = ph_sdp_parse (text, NULL);
  g_autoptr (PhSdp) again = NULL;
  g_autofree char *printed = NULL;

  if (sdp == NULL)
    return;
  ph_candidates_keep_best (sdp->candidates);
  check_best (sdp->candidates);
  printed = ph_sdp_print (sdp);
  again = ph_sdp_parse (printed, NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (again->ice_ufrag, ==, sdp->ice_ufrag);
  g_assert_cmpstr (again->ice_pwd, ==, sdp->ice_pwd);
  g_assert_cmpstr (again->mid, ==, sdp->mid);
  g_assert_cmpint (again->setup, ==, sdp->setup);
  g_assert_true (memcmp (again->fingerprint, sdp->fingerprint, sizeof sdp->fingerprint) == 0);
}

static void
try_candidate (const char *text)
{
  PhCandidate candidate;
  PhCandidate again;
  g_autofree char *printed = NULL;

  if (!ph_sdp_parse_candidate (text, &candidate))
    return;
  printed = ph_sdp_print_candidate (&candidate);
  g_assert_true (ph_sdp_parse_candidate (printed, &again));
  g_assert_true (ph_endpoint_equal (&again.address, &candidate.address));
  g_assert_true (ph_endpoint_equal (&again.base, &candidate.base));
  g_assert_cmpstr (again.foundation, ==, candidate.foundation);
  g_assert_cmpuint (again.priority, ==, candidate.priority);
  g_assert_cmpint (again.type, ==, candidate.type);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);

  try_sdp (text);
  try_candidate (text);
  return 0;
}
