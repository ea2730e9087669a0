/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "transport/ph-no-path.h"

/* What an end may have offered. */
#define NOTHING                                                                                    \
  {                                                                                                \
    0                                                                                              \
  }
#define LOCAL                                                                                      \
  {                                                                                                \
    .has_any = TRUE, .has_ipv4 = TRUE                                                              \
  }
#define LOCAL6                                                                                     \
  {                                                                                                \
    .has_any = TRUE, .has_ipv6 = TRUE                                                              \
  }
#define PUBLIC                                                                                     \
  {                                                                                                \
    .has_any = TRUE, .has_ipv4 = TRUE, .has_public = TRUE                                          \
  }
#define PUBLIC6                                                                                    \
  {                                                                                                \
    .has_any = TRUE, .has_ipv6 = TRUE, .has_public = TRUE                                          \
  }
#define RELAYED                                                                                    \
  {                                                                                                \
    .has_any = TRUE, .has_ipv4 = TRUE, .has_relayed = TRUE                                         \
  }
#define BOTH6                                                                                      \
  {                                                                                                \
    .has_any = TRUE, .has_ipv4 = TRUE, .has_ipv6 = TRUE, .has_public = TRUE                        \
  }

static const struct
{
  const char *name;
  PhNoPathFacts facts;
  const char *says;
  const char *helps;
} cases[] = {
  { "pair", { PUBLIC, PUBLIC, .has_pair = TRUE, .n_turn = 1 }, "was lost", "Try again" },
  { "relay-only",
    { NOTHING, PUBLIC, .relay_only = TRUE, .n_turn = 1 },
    "Only relayed",
    "Check its address, user and password" },
  { "relay-only-why",
    { NOTHING, PUBLIC, .relay_only = TRUE, .n_turn = 1, .turn_error = "Wrong password" },
    "Only relayed",
    "Wrong password." },
  { "offline", { NOTHING, PUBLIC }, "no network address", "Check its network" },
  { "other-offline", { PUBLIC, NOTHING }, "offered no address", "TURN server" },
  { "only-6", { PUBLIC6, PUBLIC }, "IPv6 addresses only, and the other one IPv4", "has both" },
  { "only-4", { PUBLIC, LOCAL6 }, "IPv4 addresses only, and the other one IPv6", "has both" },
  { "relay", { RELAYED, PUBLIC, .n_turn = 1 }, "through the TURN server", "Another" },
  { "other-relay", { PUBLIC, RELAYED }, "through the TURN server", "Another" },
  { "udp", { LOCAL, PUBLIC, .n_stun = 2 }, "may block UDP", "transport=tcp" },
  { "no-stun", { LOCAL, LOCAL }, "Both offered only", "STUN server on both sides" },
  { "no-stun-here", { LOCAL, PUBLIC }, "This computer offered only", "Name a STUN server" },
  { "no-stun-there",
    { PUBLIC, LOCAL, .n_stun = 1, .has_stun = TRUE },
    "The other computer offered only",
    "TURN server on either side" },
  { "no-answer-but-public", { PUBLIC, PUBLIC, .n_stun = 1 }, "symmetric NAT", "TURN server" },
  { "nat", { PUBLIC, PUBLIC, .n_stun = 1, .has_stun = TRUE }, "symmetric NAT", "TURN server" },
  { "nat-6", { BOTH6, PUBLIC6, .n_stun = 1, .has_stun = TRUE }, "symmetric NAT", "TURN server" },
  { "turn-down",
    { PUBLIC, PUBLIC, .n_stun = 1, .has_stun = TRUE, .n_turn = 1, .turn_error = "It is full" },
    "symmetric NAT",
    "No relay came from this side’s TURN server. It is full." },
};

static void
test_words (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autofree char *words = ph_no_path_dup_words (&cases[i].facts);

  g_test_message ("%s", words);
  g_assert_true (g_str_has_prefix (words, "The two computers found no way"));
  g_assert_true (g_str_has_suffix (words, "."));
  g_assert_nonnull (strstr (words, cases[i].says));
  g_assert_nonnull (strstr (words, cases[i].helps));
}

/* Whatever the facts, there is an answer, and it speaks of no relay that is there. */
static void
test_all (void)
{
  for (guint bits = 0; bits < 1u << 13; bits++)
    {
      const PhOffered ours = { TRUE, bits & 1, bits & 2, bits & 4, bits & 8 };
      const PhOffered theirs = { bits & 16, bits & 32, bits & 64, bits & 128, bits & 256 };
      const PhNoPathFacts facts = { ours,
                                    theirs,
                                    .has_pair = (bits & 512) != 0,
                                    .relay_only = (bits & 1024) != 0,
                                    .n_stun = bits & 2048 ? 1 : 0,
                                    .n_turn = bits & 4096 ? 1 : 0 };
      g_autofree char *words = ph_no_path_dup_words (&facts);

      g_assert_true (g_str_has_suffix (words, "."));
      if (ours.has_relayed)
        g_assert_null (strstr (words, "No relay came"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/no-path/", cases[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_words);
    }
  g_test_add_func ("/no-path/all", test_all);
  return g_test_run ();
}
