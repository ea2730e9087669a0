/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-fixed-resolver.h"
#include "ph-stream.h"
#include "tunnel/ph-dial.h"
#include "tunnel/ph-socket.h"

/* What a Host does with the names that a Client asks for. */

#define MAX_AT_ONCE 4

static const PhFixedName fixed_names[] = {
  { "inside.test", { "192.168.7.7" } },
  { "allowed.test", { "127.0.0.1" } },
  { NULL },
};

typedef struct
{
  PhPoll *poll;
  PhRules *rules;
  PhLookups *lookups;
  guint n_asked_before;
} Rig;

typedef struct
{
  PhDial *dial; /* NULL once it is over */
  gboolean connected;
  PhCloseReason reason;
  char *text;
} Attempt;

static void
rig_init (Rig *rig, const char *rule)
{
  rig->poll = ph_poll_new (NULL, NULL);
  rig->rules = ph_rules_new ();
  rig->lookups = ph_lookups_new (ph_poll_get_context (rig->poll), MAX_AT_ONCE);
  rig->n_asked_before = ph_fixed_resolver_count_asked ();
  if (rule != NULL)
    g_assert_true (ph_rules_add (rig->rules, rule, NULL));
}

static void
rig_clear (Rig *rig)
{
  ph_lookups_unref (rig->lookups);
  ph_rules_unref (rig->rules);
  ph_poll_free (rig->poll);
}

static guint
count_asked (const Rig *rig)
{
  return ph_fixed_resolver_count_asked () - rig->n_asked_before;
}

static void
on_dialled (GSocket *socket, PhCloseReason reason, const char *text, gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->connected = socket != NULL;
  attempt->reason = reason;
  attempt->text = g_strdup (text);
  g_clear_pointer (&attempt->dial, ph_dial_free);
}

static void
begin (Rig *rig, Attempt *attempt, const char *name, guint16 port)
{
  const PhDestination destination = { (char *)name, { .port = port } };

  *attempt = (Attempt){ 0 };
  attempt->dial =
      ph_dial_new (rig->poll, rig->rules, rig->lookups, &destination, on_dialled, attempt);
  ph_dial_start (attempt->dial);
}

static gboolean
is_over (gpointer user_data)
{
  return ((Attempt *)user_data)->dial == NULL;
}

/* What the Client learns about a name it may not reach is the same for all of them. */
static const struct
{
  const char *rule; /* NULL: none */
  const char *name;
  PhCloseReason reason;
  guint n_asked;
} answers[] = {
  { NULL, "inside.test", PH_CLOSE_NOT_ALLOWED, 0 },
  { NULL, "nowhere.test", PH_CLOSE_NOT_ALLOWED, 0 },
  { "*:81", "inside.test", PH_CLOSE_NOT_ALLOWED, 0 },
  { "other.test:80", "inside.test", PH_CLOSE_NOT_ALLOWED, 0 },
  { "10.0.0.0/8:80", "inside.test", PH_CLOSE_NOT_ALLOWED, 1 },
  { "10.0.0.0/8:80", "nowhere.test", PH_CLOSE_NOT_ALLOWED, 1 },
  { "nowhere.test:80", "nowhere.test", PH_CLOSE_NAME_NOT_FOUND, 1 },
  { "*.test:80", "nowhere.test", PH_CLOSE_NAME_NOT_FOUND, 1 },
};

static void
test_answers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      Attempt attempt;
      Rig rig;

      rig_init (&rig, answers[i].rule);
      begin (&rig, &attempt, answers[i].name, 80);
      ph_test_wait (NULL, is_over, &attempt);
      g_assert_cmpint (attempt.reason, ==, answers[i].reason);
      g_assert_cmpint (attempt.text != NULL, ==, answers[i].reason == PH_CLOSE_NAME_NOT_FOUND);
      g_assert_cmpuint (count_asked (&rig), ==, answers[i].n_asked);
      g_free (attempt.text);
      rig_clear (&rig);
    }
}

/* However often names are asked for and left again, the system looks up a few at once. */
static void
test_few_at_once (void)
{
  guint16 port;
  g_autoptr (GSocket) service = ph_stream_listen (&port);
  Attempt attempts[10];
  Rig rig;

  rig_init (&rig, "127.0.0.1:*");
  ph_fixed_resolver_set_held (TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    begin (&rig, &attempts[i], "allowed.test", port);
  g_assert_cmpuint (count_asked (&rig), ==, MAX_AT_ONCE);
  for (guint i = 0; i < G_N_ELEMENTS (attempts) - 1; i++) /* some asked for, some waiting */
    ph_dial_free (attempts[i].dial);
  g_assert_cmpuint (count_asked (&rig), ==, MAX_AT_ONCE);
  ph_fixed_resolver_set_held (FALSE);
  ph_test_wait (NULL, is_over, &attempts[9]);
  g_assert_true (attempts[9].connected);
  g_assert_cmpuint (count_asked (&rig), ==, MAX_AT_ONCE + 1);
  rig_clear (&rig);
}

/* An answer may come when everybody has gone. */
static void
test_answer_to_nobody (void)
{
  Attempt attempt;
  Rig rig;

  rig_init (&rig, "127.0.0.1:*");
  ph_fixed_resolver_set_held (TRUE);
  begin (&rig, &attempt, "allowed.test", 80);
  ph_dial_free (attempt.dial);
  rig_clear (&rig);
  ph_fixed_resolver_set_held (FALSE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_own_peer (void)
{
  guint16 port;
  g_autoptr (GSocket) service = ph_stream_listen (&port);
  g_autoptr (GSocket) other = ph_stream_connect (port);
  g_autoptr (GSocket) self =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_true (g_socket_bind (self, any, FALSE, NULL));
  g_assert_false (ph_socket_is_its_own_peer (self));
  bound = g_socket_get_local_address (self, NULL);
  if (!g_socket_connect (self, bound, NULL, NULL))
    g_test_skip ("this system lets no socket meet itself");
  else
    g_assert_true (ph_socket_is_its_own_peer (self));
  g_assert_false (ph_socket_is_its_own_peer (other));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ph_fixed_resolver_install (fixed_names);
  g_test_add_func ("/dial/answers", test_answers);
  g_test_add_func ("/dial/few-at-once", test_few_at_once);
  g_test_add_func ("/dial/answer-to-nobody", test_answer_to_nobody);
  g_test_add_func ("/dial/own-peer", test_own_peer);
  return g_test_run ();
}
