/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-poll.h"

/* Built twice on Linux: over epoll and over the portable implementation. */

#define DEADLINE_US (20 * G_USEC_PER_SEC)

/* Two ends of one TCP connection; only `near` is watched. */
typedef struct
{
  GSocket *near;
  GSocket *far;
  PhPollWatch *watch;
  GIOCondition seen; /* all that was ever reported */
  guint calls;
  gpointer data;
} Pair;

typedef struct
{
  GMainContext *context;
  PhPoll *poll;
} Fixture;

static void
fixture_init (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  self->poll = ph_poll_new (self->context, &error);
  g_assert_no_error (error);
}

static void
fixture_clear (Fixture *self)
{
  g_clear_pointer (&self->poll, ph_poll_free);
  g_clear_pointer (&self->context, g_main_context_unref);
}

static GSocket *
new_tcp_socket (void)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  return socket;
}

static GSocket *
new_listener (void)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;
  GSocket *listener = new_tcp_socket ();

  g_socket_bind (listener, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (listener, &error);
  g_assert_no_error (error);
  return listener;
}

static void
pair_init (Pair *pair)
{
  g_autoptr (GSocket) listener = new_listener ();
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (listener, NULL);
  g_autoptr (GError) error = NULL;

  *pair = (Pair){ .near = new_tcp_socket () };
  g_socket_connect (pair->near, address, NULL, &error);
  g_assert_no_error (error);
  pair->far = g_socket_accept (listener, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (pair->near, FALSE);
}

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->watch, ph_poll_remove);
  g_clear_object (&pair->near);
  g_clear_object (&pair->far);
}

static void
pair_send (Pair *pair)
{
  g_assert_cmpint (g_socket_send (pair->far, "x", 1, NULL, NULL), ==, 1);
}

static void
pair_receive (Pair *pair)
{
  char byte;

  g_assert_cmpint (g_socket_receive (pair->near, &byte, 1, NULL, NULL), ==, 1);
}

static void
on_ready (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;

  pair->seen |= condition;
  pair->calls++;
}

static void
pair_watch (Fixture *self, Pair *pair, GIOCondition condition, PhPollFunc func)
{
  pair->watch = ph_poll_add (self->poll, pair->near, condition, func, pair);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_error ("waited in vain");
  return G_SOURCE_REMOVE;
}

/* Runs the context until @pair was called again. */
static void
wait_call (Fixture *self, Pair *pair)
{
  g_autoptr (GSource) deadline = g_timeout_source_new (DEADLINE_US / 1000);
  guint before = pair->calls;

  g_source_set_callback (deadline, on_deadline, NULL, NULL);
  g_source_attach (deadline, self->context);
  while (pair->calls == before)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (deadline);
}

/* Runs whole turns that a socket made ready just now would have been reported in. */
static void
run_turns (Fixture *self)
{
  Pair fence;

  pair_init (&fence);
  pair_watch (self, &fence, G_IO_IN, on_ready);
  pair_send (&fence);
  for (guint i = 0; i < 3; i++)
    wait_call (self, &fence);
  pair_clear (&fence);
}

static void
test_readable (void)
{
  Fixture self;
  Pair pair;

  fixture_init (&self);
  pair_init (&pair);
  pair_watch (&self, &pair, G_IO_IN, on_ready);
  run_turns (&self);
  g_assert_cmpuint (pair.calls, ==, 0);

  pair_send (&pair);
  wait_call (&self, &pair);
  wait_call (&self, &pair); /* level-triggered: it is still there */
  g_assert_cmpint (pair.seen, ==, G_IO_IN);

  pair_receive (&pair);
  pair.calls = 0;
  run_turns (&self);
  g_assert_cmpuint (pair.calls, ==, 0);
  pair_clear (&pair);
  fixture_clear (&self);
}

static void
test_conditions (void)
{
  static const struct
  {
    GIOCondition asked, expected;
  } rows[] = {
    { G_IO_OUT, G_IO_OUT },
    { G_IO_IN, G_IO_IN },
    { G_IO_IN | G_IO_OUT, G_IO_IN | G_IO_OUT },
    { 0, 0 },
    { G_IO_OUT, G_IO_OUT },
    { 0, 0 },
    { G_IO_IN, G_IO_IN },
  };
  Fixture self;
  Pair pair;

  fixture_init (&self);
  pair_init (&pair);
  pair_send (&pair);
  pair_watch (&self, &pair, 0, on_ready);
  run_turns (&self);
  g_assert_cmpuint (pair.calls, ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      pair.seen = 0;
      ph_poll_set_condition (pair.watch, rows[i].asked);
      run_turns (&self);
      g_assert_cmpint (pair.seen, ==, rows[i].expected);
    }
  pair_clear (&pair);
  fixture_clear (&self);
}

/* A connection that the other end reset. */
static void
reset_by_far (Pair *pair)
{
  GError *error = NULL;

  pair_send (pair); /* unread bytes at the near end do not matter; unread ones at the far end do */
  g_assert_cmpint (g_socket_send (pair->near, "y", 1, NULL, NULL), ==, 1);
  g_socket_condition_wait (pair->far, G_IO_IN, NULL, &error);
  g_assert_no_error (error);
  g_socket_close (pair->far, &error);
  g_assert_no_error (error);
}

/* Errors are reported whatever is asked for, but not to a watch that asks for nothing. */
static void
test_errors (void)
{
  Fixture self;
  Pair pair;

  fixture_init (&self);
  pair_init (&pair);
  pair_watch (&self, &pair, 0, on_ready);
  reset_by_far (&pair);
  run_turns (&self);
  g_assert_cmpuint (pair.calls, ==, 0);

  ph_poll_set_condition (pair.watch, G_IO_OUT);
  wait_call (&self, &pair);
  g_assert_true (pair.seen & (G_IO_ERR | G_IO_HUP));
  g_assert_false (pair.seen & G_IO_IN);
  pair_clear (&pair);
  fixture_clear (&self);
}

static void
remove_self (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;

  on_ready (condition, pair);
  g_clear_pointer (&pair->watch, ph_poll_remove);
}

static void
test_remove_inside (void)
{
  Fixture self;
  Pair pair;

  fixture_init (&self);
  pair_init (&pair);
  pair_send (&pair);
  pair_watch (&self, &pair, G_IO_IN, remove_self);
  wait_call (&self, &pair);
  run_turns (&self);
  g_assert_cmpuint (pair.calls, ==, 1);

  pair_watch (&self, &pair, G_IO_IN, on_ready); /* the same socket may be watched again */
  wait_call (&self, &pair);
  pair_clear (&pair);
  fixture_clear (&self);
}

static void
remove_other (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;
  Pair *other = pair->data;

  on_ready (condition, pair);
  g_clear_pointer (&other->watch, ph_poll_remove);
}

static void
quiet_other (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;
  Pair *other = pair->data;

  on_ready (condition, pair);
  ph_poll_set_condition (other->watch, 0);
}

static void
turn_other (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;
  Pair *other = pair->data;

  on_ready (condition, pair);
  ph_poll_set_condition (other->watch, G_IO_OUT);
}

/* Two watches are ready at once and each is to change the other. */
static void
crossed_init (Fixture *self, Pair *a, Pair *b, PhPollFunc func)
{
  fixture_init (self);
  pair_init (a);
  pair_init (b);
  a->data = b;
  b->data = a;
  pair_send (a);
  pair_send (b);
  pair_watch (self, a, G_IO_IN, func);
  pair_watch (self, b, G_IO_IN, func);
  run_turns (self);
}

static void
crossed_clear (Fixture *self, Pair *a, Pair *b)
{
  pair_clear (a);
  pair_clear (b);
  fixture_clear (self);
}

static void
test_remove_other (void)
{
  Fixture self;
  Pair a, b;

  crossed_init (&self, &a, &b, remove_other);
  g_assert_true ((a.calls == 0) != (b.calls == 0));
  crossed_clear (&self, &a, &b);
}

static void
test_quiet_other (void)
{
  Fixture self;
  Pair a, b;

  crossed_init (&self, &a, &b, quiet_other);
  g_assert_true ((a.calls == 0) != (b.calls == 0));
  crossed_clear (&self, &a, &b);
}

/* Whichever comes first, the second hears only of what it wants by then: one has seen what it came
 * for, the other never does. */
static void
test_turn_other (void)
{
  Fixture self;
  Pair a, b;

  crossed_init (&self, &a, &b, turn_other);
  g_assert_cmpint ((a.seen | b.seen) & G_IO_IN, ==, G_IO_IN);
  g_assert_cmpint (a.seen & b.seen & G_IO_IN, ==, 0);
  crossed_clear (&self, &a, &b);
}

typedef struct
{
  Fixture fixture;
  Pair added;
} Adder;

static void
add_another (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;
  Adder *adder = pair->data;

  on_ready (condition, pair);
  if (adder->added.watch == NULL)
    pair_watch (&adder->fixture, &adder->added, G_IO_IN, on_ready);
}

static void
test_add_inside (void)
{
  Adder adder;
  Pair pair;

  fixture_init (&adder.fixture);
  pair_init (&pair);
  pair_init (&adder.added);
  pair.data = &adder;
  pair_send (&pair);
  pair_send (&adder.added);
  pair_watch (&adder.fixture, &pair, G_IO_IN, add_another);
  wait_call (&adder.fixture, &adder.added);
  pair_clear (&pair);
  pair_clear (&adder.added);
  fixture_clear (&adder.fixture);
}

/* More ready sockets than one turn takes: all are reported. */
static void
test_many (void)
{
  enum
  {
    N_PAIRS = 300
  };
  g_autofree Pair *pairs = g_new0 (Pair, N_PAIRS);
  Fixture self;

  fixture_init (&self);
  for (guint i = 0; i < N_PAIRS; i++)
    {
      pair_init (&pairs[i]);
      pair_send (&pairs[i]);
      pair_watch (&self, &pairs[i], G_IO_IN, remove_self);
    }
  for (guint i = 0; i < N_PAIRS; i++)
    if (pairs[i].calls == 0)
      wait_call (&self, &pairs[i]);
  for (guint i = 0; i < N_PAIRS; i++)
    {
      g_assert_cmpuint (pairs[i].calls, ==, 1);
      pair_clear (&pairs[i]);
    }
  fixture_clear (&self);
}

/* The socket is kept for as long as it is watched, and no longer. */
static void
test_reference (void)
{
  Fixture self;
  Pair pair;
  gpointer weak;

  fixture_init (&self);
  pair_init (&pair);
  weak = pair.near;
  g_object_add_weak_pointer (weak, &weak);
  pair_send (&pair);
  pair_watch (&self, &pair, G_IO_IN, on_ready);
  g_clear_object (&pair.near);
  wait_call (&self, &pair);
  g_assert_nonnull (weak);
  g_clear_pointer (&pair.watch, ph_poll_remove);
  run_turns (&self);
  g_assert_null (weak);
  pair_clear (&pair);
  fixture_clear (&self);
}

static void
test_context (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhPoll) poll = ph_poll_new (NULL, &error);
  Fixture self;

  g_assert_no_error (error);
  g_assert_true (ph_poll_get_context (poll) == g_main_context_default ());
  fixture_init (&self);
  g_assert_true (ph_poll_get_context (self.poll) == self.context);
  fixture_clear (&self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/poll/readable", test_readable);
  g_test_add_func ("/poll/conditions", test_conditions);
  g_test_add_func ("/poll/errors", test_errors);
  g_test_add_func ("/poll/remove-inside", test_remove_inside);
  g_test_add_func ("/poll/remove-other", test_remove_other);
  g_test_add_func ("/poll/quiet-other", test_quiet_other);
  g_test_add_func ("/poll/turn-other", test_turn_other);
  g_test_add_func ("/poll/add-inside", test_add_inside);
  g_test_add_func ("/poll/many", test_many);
  g_test_add_func ("/poll/reference", test_reference);
  g_test_add_func ("/poll/context", test_context);
  return g_test_run ();
}
