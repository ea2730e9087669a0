/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-no-path.h"

#include <glib/gi18n-lib.h>

static gboolean
lacks_common_family (const PhNoPathFacts *facts)
{
  const PhOffered *a = &facts->ours;
  const PhOffered *b = &facts->theirs;

  return !(a->has_ipv4 && b->has_ipv4) && !(a->has_ipv6 && b->has_ipv6);
}

static const char *
explain_families (const PhNoPathFacts *facts)
{
  return facts->ours.has_ipv6
             ? _ ("This computer offered IPv6 addresses only, and the other one IPv4 "
                  "addresses only. A TURN server that has both helps.")
             : _ ("This computer offered IPv4 addresses only, and the other one IPv6 "
                  "addresses only. A TURN server that has both helps.");
}

/* Where each side stood; the first that fits says most. */
static const char *
explain (const PhNoPathFacts *facts)
{
  const PhOffered *ours = &facts->ours;
  const PhOffered *theirs = &facts->theirs;

  if (facts->has_pair)
    return _ (
        "A way was found, but it was lost before the connection was up. Try again; where that "
        "happens again, a TURN server on either side helps.");
  if (facts->relay_only && !ours->has_relayed)
    return _ (
        "Only relayed paths are allowed here, and there is no relay. Check the TURN server, or "
        "allow direct paths.");
  if (!ours->has_any)
    return _ ("This computer has no network address to connect from. Check its network.");
  if (!theirs->has_any)
    return _ (
        "The other computer offered no address: it may be offline, or allow relayed paths only "
        "and have no relay. Its person can check its network and its TURN server.");
  if (lacks_common_family (facts))
    return explain_families (facts);
  if (ours->has_relayed || theirs->has_relayed)
    return _ (
        "Not even through the TURN server did they meet: a firewall may keep it from one of the "
        "two. Another TURN server, or one on the other side, may help.");
  if (facts->n_stun > 0 && !facts->has_stun && !ours->has_public)
    return _ ("No STUN server answers this computer, so its network may block UDP. "
              "A TURN server reached by TCP (“?transport=tcp”) helps.");
  if (!ours->has_public && !theirs->has_public)
    return _ (
        "Both offered only addresses of their own networks, which works within one network. For "
        "two, name a STUN server on both sides.");
  if (!ours->has_public)
    return _ (
        "This computer offered only addresses of its own network. Name a STUN server, so that "
        "its public address is known.");
  if (!theirs->has_public)
    return _ (
        "The other computer offered only addresses of its own network: it has no STUN server, "
        "or its network blocks UDP. A TURN server on either side helps.");
  return _ (
      "Both have public addresses, but nothing came through: a firewall may block UDP, or both "
      "routers choose a new port for each connection (symmetric NAT). "
      "A TURN server on either side helps.");
}

char *
ph_no_path_dup_words (const PhNoPathFacts *facts)
{
  GString *words = g_string_new (_ ("The two computers found no way to reach each other."));

  g_string_append_printf (words, " %s", explain (facts));
  if (facts->n_turn > 0 && !facts->ours.has_relayed && !facts->has_pair)
    {
      g_string_append_c (words, ' ');
      g_string_append_printf (words, _ ("No relay came from this side’s TURN server. %s."),
                              facts->turn_error != NULL
                                  ? facts->turn_error
                                  : _ ("Check its address, user and password"));
    }
  return g_string_free (words, FALSE);
}
