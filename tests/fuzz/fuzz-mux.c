/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "../ph-fixed-resolver.h"
#include "../ph-pipe-channel.h"
#include "ph-apps.h"
#include "ph-fake-clock.h"
#include "ph-fuzz.h"
#include "ph-hostile-peer.h"
#include "ph-leaks.h"
#include "tunnel/ph-mux.h"
#include "tunnel/ph-socket.h"

/* A mux, Host or Client, between a hostile peer and applications: any frames in any order,
 * interleaved with what happens on this side: sockets are accepted, written, ended and reset, dials
 * succeed and fail, names resolve late, the channel fills, time passes, the person changes rules or
 * ends it all, if need be inside the mux's own events. Nothing may leak, and what the mux does is
 * checked at both its ends (ph-hostile-peer.h). */

#define N_NAMES 8
#define MAX_APPS 12
#define MAX_STEPS 400
#define N_LISTENERS 2 /* that a Client's connections come from */

typedef struct
{
  PhMuxRole role;
  PhExtensions extensions;
  PhPipe *pipe;
  PhPoll *poll;
  PhRules *rules;
  PhMux *mux; /* NULL once it was freed inside an event */
  PhHostilePeer peer;
  PhFrameName names[N_NAMES];
  guint16 next_id[N_NAMES];
  guint n_names;
  PhApp apps[MAX_APPS];
  guint n_apps;
  guint n_begun; /* Client: connections it was given */
  guint n_opened;
  guint n_closed;
  guint n_closed_open;
  guint n_failed;
  guint16 n_lists; /* of services that the peer sent */
  guint n_done;
  gboolean is_shut_down;
  guint event_action; /* what is done inside the event … */
  guint event_turn;   /* … when so many have come */
} World;

/* One for all runs: what is dialled at any address of 127.0.0.0/8 reaches the service; nobody
 * listens at the other port. */
static GSocket *service;
static guint16 service_port;
static guint16 closed_port;
static char listeners[N_LISTENERS];

static const PhFixedName known_names[] = { { "one.test", { "127.0.0.5" } },
                                           { "two.test", { "127.0.0.6", "127.0.0.7" } },
                                           { "far.test", { "127.0.9.9" } },
                                           { NULL, { NULL } } };

static void
set_up_once (void)
{
  if (service != NULL)
    return;
  service = ph_apps_bind (TRUE, &service_port);
  ph_apps_bind (FALSE, &closed_port); /* stays, so that nobody gets its port */
  ph_fixed_resolver_install (known_names);
}

/* Applications */

static PhApp *
add_app (World *world, GSocket *socket)
{
  PhApp *app = &world->apps[world->n_apps++];

  *app = (PhApp){ .socket = socket };
  g_socket_set_blocking (socket, FALSE);
  return app;
}

/* What the Host has dialled. */
static void
accept_all (World *world)
{
  GSocket *socket;

  while (world->role == PH_MUX_HOST && (socket = g_socket_accept (service, NULL, NULL)) != NULL)
    {
      g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
      PhEndpoint dialled = { 0 };
      PhApp *app;

      if (world->n_apps == MAX_APPS || local == NULL ||
          !ph_endpoint_from_socket_address (local, &dialled))
        {
          ph_socket_reset (socket);
          g_object_unref (socket);
          continue;
        }
      app = add_app (world, socket);
      for (guint i = 0; i < world->n_names; i++)
        if (ph_endpoint_equal (&world->names[i].dst, &dialled))
          app->name = world->names[i];
    }
}

/* What is known of the connection that @app is an end of; NULL, as where a Host has dialled what is
 * under no name. A Client numbers the names of connections that have no address. */
static PhNameRecord *
find_record (World *world, const PhApp *app)
{
  GHashTableIter iter;
  gpointer record;

  if (world->role == PH_MUX_HOST)
    return app->name.dst.port != 0 ? g_hash_table_lookup (world->peer.names, &app->name) : NULL;
  g_hash_table_iter_init (&iter, world->peer.names);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    {
      const PhFrameName *name = &((PhNameRecord *)record)->name;

      if (name->src.addr[0] == 0xfd && name->src.addr[15] == app - world->apps)
        return record;
    }
  return NULL;
}

static void
read_app (World *world, PhApp *app, gsize size)
{
  static guint8 buffer[65536];
  gsize n;
  PhNameRecord *record = find_record (world, app);

  if (ph_socket_read (app->socket, buffer, MIN (size, sizeof buffer), &n) == PH_SOCKET_OK &&
      record != NULL)
    ph_order_check (&app->order, record, buffer, n);
}

/* An application connects to a Client's port. */
static void
open_app (World *world, PhFuzz *input)
{
  guint8 what = ph_fuzz_take_u8 (input);
  PhDestination remote = { .endpoint.port = (guint16)(what % 2 == 0 ? 80 : 0) };
  gconstpointer owner = &listeners[what / 2 % N_LISTENERS];
  GSocket *socket;
  g_autoptr (GSocket) accepted = NULL;

  if (world->role != PH_MUX_CLIENT || world->n_apps == MAX_APPS)
    return;
  accepted = ph_apps_connect (&socket);
  add_app (world, socket);
  if (what & 4)
    remote.name = (char *)(what & 8 ? "localhost" : "one.test");
  else
    remote.endpoint.addr[15] = what;
  world->n_begun++;
  (what >= 240 ? ph_mux_refuse : ph_mux_open) (world->mux, accepted, &remote, owner);
}

/* The mux's events */

static void on_done (gpointer user_data);

static void
shut_down (World *world, PhCloseReason reason)
{
  if (world->is_shut_down)
    return;
  world->is_shut_down = TRUE;
  ph_mux_shutdown (world->mux, reason, on_done, world);
}

static void
close_some (World *world)
{
  if (world->role == PH_MUX_CLIENT)
    {
      ph_mux_close_owner (world->mux, &listeners[0], PH_CLOSE_DONE);
      return;
    }
  if (!ph_rules_remove (world->rules, "127.0.0.*:*", NULL))
    g_assert_true (ph_rules_add (world->rules, "127.0.0.*:*", NULL));
  ph_mux_recheck_rules (world->mux);
}

/* What a session might do on hearing of something. */
static void
act_inside (World *world)
{
  PhFuzz nothing = { NULL, 0 };

  if (world->event_turn == 0 || --world->event_turn > 0)
    return;
  switch (world->event_action % 5)
    {
    case 0:
      g_clear_pointer (&world->mux, ph_mux_free);
      break;
    case 1:
      shut_down (world, PH_CLOSE_SESSION_ENDING);
      break;
    case 2:
      close_some (world);
      break;
    case 3:
      open_app (world, &nothing);
      break;
    default:
      ph_mux_set_held (world->mux, TRUE);
      break;
    }
}

static void
on_opened (const PhConnectionInfo *info, gpointer user_data)
{
  World *world = user_data;

  g_assert_nonnull (world->mux);
  g_assert_true (info->is_open);
  world->n_opened++;
  act_inside (world);
}

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  World *world = user_data;

  g_assert_nonnull (world->mux);
  g_assert_cmpuint (info->reason, <, PH_CLOSE_N_REASONS);
  world->n_closed++;
  world->n_closed_open += info->is_open;
  act_inside (world);
}

static void
on_failed (const GError *error, gpointer user_data)
{
  World *world = user_data;

  g_assert_nonnull (world->mux);
  g_assert_nonnull (error);
  g_assert_false (world->is_shut_down);
  world->n_failed++;
  act_inside (world);
}

static void
on_services (const guint8 *list, gsize size, gpointer user_data)
{
  World *world = user_data;

  g_assert_true (world->mux != NULL && world->role == PH_MUX_CLIENT);
  g_assert_true (world->extensions & PH_EXTENSION_SERVICES);
  g_assert_cmpuint (size, <=, PH_MUX_MAX_SERVICES_BYTES);
  act_inside (world);
}

static const PhMuxEvents events = { on_opened, on_closed, on_failed, on_services };

static void
on_done (gpointer user_data)
{
  World *world = user_data;

  g_assert_true (world->mux != NULL && world->is_shut_down);
  world->n_done++;
}

static void
run_loop (World *world, guint turns)
{
  for (guint i = 0; i < turns; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      accept_all (world);
    }
}

static void
add_up (const PhConnectionInfo *info, gpointer n)
{
  ++*(guint *)n;
}

/* Once nothing is left to be reported. */
static void
check_sums (World *world)
{
  PhMuxCounters counters;
  guint n_listed = 0;

  if (world->mux == NULL)
    return;
  ph_mux_get_counters (world->mux, &counters);
  ph_mux_foreach (world->mux, add_up, &n_listed);
  g_assert_cmpuint (counters.connections, ==, n_listed);
  g_assert_cmpuint (counters.held_bytes, <=, PH_MUX_BUDGET_BYTES);
  g_assert_cmpuint (counters.malformed, <=, PH_MUX_MAX_MALFORMED);
  g_assert_cmpuint (world->n_opened - world->n_closed_open, <=, counters.connections);
  if (world->role == PH_MUX_CLIENT)
    g_assert_cmpuint (world->n_closed + counters.connections, ==, world->n_begun);
  g_assert_cmpuint (world->n_failed, <=, 1);
}

/* What the peer says */

/* The name of a Client's connection is known from what the mux sends. */
static guint
choose_name (World *world, guint choice)
{
  GHashTableIter iter;
  gpointer name;

  if (world->role == PH_MUX_CLIENT)
    {
      world->n_names = 0;
      g_hash_table_iter_init (&iter, world->peer.names);
      while (g_hash_table_iter_next (&iter, &name, NULL) && world->n_names < N_NAMES)
        {
          const PhFrameName *found = name;

          world->names[found->src.addr[15] % N_NAMES] = *found;
          world->n_names++;
        }
    }
  return choice % N_NAMES;
}

/* A legal frame whose turn it is or nearly so, as the choice says. */
static void
say_in_turn (World *world, PhFuzz *input, PhEvent event)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  guint index = choose_name (world, choice);
  guint ahead = choice / 8 % 4;
  PhFrame frame = { .event = event,
                    .name = world->names[index],
                    .chunk_id = (guint16)(world->next_id[index] + ahead),
                    .chunk_index = choice / 32 % 2,
                    .total_chunks = 1 };
  guint8 reason[2] = { 0, choice / 32 };

  if (event == PH_EVENT_DATA)
    ph_hostile_peer_fill (&frame);
  if (event == PH_EVENT_CLOSE && reason[1] != 0)
    {
      frame.payload = reason;
      frame.payload_size = sizeof reason;
    }
  if (frame.chunk_index >= frame.total_chunks)
    frame.chunk_index = 0;
  if (event == PH_EVENT_DATA)
    ph_hostile_peer_fill (&frame);
  ph_hostile_peer_send_frame (&world->peer, &frame);
  if (ahead == 0 && frame.chunk_index + 1 == frame.total_chunks)
    world->next_id[index]++;
}

static void
say_data (World *world, PhFuzz *input)
{
  say_in_turn (world, input, PH_EVENT_DATA);
}

static void
say_close (World *world, PhFuzz *input)
{
  say_in_turn (world, input, PH_EVENT_CLOSE);
}

static void
say_eof (World *world, PhFuzz *input)
{
  say_in_turn (world, input, PH_EVENT_EOF);
}

/* The Host's CONNECT begins its numbers where the Client likes; a Client's OPENED stands for it. */
static void
say_connect (World *world, PhFuzz *input)
{
  static const char *const texts[] = { "name=one.test", "name=two.test", "name=none.test",
                                       "name=far.test" };
  guint8 choice = ph_fuzz_take_u8 (input);
  guint index = choice % N_NAMES;
  PhFrame frame = { .event = PH_EVENT_CONNECT, .name = world->names[index], .total_chunks = 1 };
  gboolean is_named = frame.name.dst.addr[15] == 0;

  if (world->role == PH_MUX_CLIENT)
    {
      say_in_turn (world, input, PH_EVENT_OPENED);
      return;
    }
  if (choice >= 128)
    world->next_id[index] = ph_fuzz_take_u16 (input);
  frame.chunk_id = world->next_id[index]++;
  frame.payload = (const guint8 *)texts[choice / N_NAMES % G_N_ELEMENTS (texts)];
  frame.payload_size = is_named ? (guint16)strlen ((const char *)frame.payload) : 0;
  ph_hostile_peer_send_frame (&world->peer, &frame);
}

static void
say_window (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  guint8 payload[4];
  PhFrame frame = { .event = PH_EVENT_WINDOW,
                    .name = world->names[choose_name (world, choice)],
                    .total_chunks = 1,
                    .payload_size = sizeof payload,
                    .payload = payload };

  ph_write_u32 (payload, choice >= 248 ? G_MAXUINT32 : choice * 1000u);
  ph_hostile_peer_send_frame (&world->peer, &frame);
}

/* A Host's list, of any size, or nearly one. */
static void
say_services (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  PhFrame frame = { .event = PH_EVENT_SERVICES,
                    .chunk_id = world->n_lists += choice == 253 ? G_MAXUINT16 : 1,
                    .total_chunks = choice == 254 ? 2 : 1,
                    .payload_size = (guint16)(choice * 140) };

  if (choice == 252)
    frame.name = world->names[0];
  ph_hostile_peer_send_frame (&world->peer, &frame);
}

/* Every field from the input, on a name that is known. */
static void
say_anything (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  guint index = choose_name (world, choice);
  gsize size;
  PhFrame frame = { .event = (PhEvent)(choice / 8 % 8), .name = world->names[index] };

  frame.chunk_id = (guint16)(world->next_id[index] + (gint8)ph_fuzz_take_u8 (input));
  frame.chunk_index = ph_fuzz_take_u8 (input) % 8;
  frame.total_chunks = ph_fuzz_take_u8 (input) % 8;
  frame.payload = ph_fuzz_take (input, ph_fuzz_take_u8 (input), &size);
  frame.payload_size = (guint16)size;
  ph_hostile_peer_send_frame (&world->peer, &frame);
}

/* Not even a frame. */
static void
say_bytes (World *world, PhFuzz *input)
{
  gsize size = ph_fuzz_take_u8 (input);
  const guint8 *bytes = ph_fuzz_take (input, size, &size);

  if (size > 0)
    ph_hostile_peer_send (&world->peer, bytes, size);
}

/* More than a socket takes in. */
static void
say_much (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  guint index = choose_name (world, choice);

  for (guint i = 0; i < 32; i++)
    {
      PhFrame frame = { .event = PH_EVENT_DATA,
                        .name = world->names[index],
                        .chunk_id = world->next_id[index] };

      ph_hostile_peer_fill (&frame);
      for (; frame.chunk_index < frame.total_chunks; frame.chunk_index++)
        {
          ph_hostile_peer_fill (&frame);
          ph_hostile_peer_send_frame (&world->peer, &frame);
        }
      world->next_id[index]++;
    }
}

/* What happens on this side */

static PhApp *
choose_app (World *world, guint8 choice)
{
  return world->n_apps > 0 ? &world->apps[choice % world->n_apps] : NULL;
}

static void
do_write (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  PhApp *app = choose_app (world, choice);

  if (app != NULL)
    ph_app_write (app, choice >= 192 ? 65536 : choice);
}

static void
do_read (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  PhApp *app = choose_app (world, choice);

  if (app != NULL)
    read_app (world, app, choice >= 128 ? 65536 : choice);
}

static void
do_end (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  PhApp *app = choose_app (world, choice % 16);

  if (app == NULL)
    return;
  if (choice < 128)
    g_socket_shutdown (app->socket, FALSE, TRUE, NULL);
  else if (choice < 192)
    g_socket_close (app->socket, NULL);
  else
    ph_socket_reset (app->socket);
}

static void
do_channel (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);

  if (choice == 255)
    ph_pipe_close (world->pipe);
  else if (choice & 1)
    ph_pipe_set_full (world->pipe, 0, (choice & 2) != 0);
  else
    ph_pipe_set_paused (world->pipe, (choice & 2) != 0);
}

static void
do_time (World *world, PhFuzz *input)
{
  static const guint steps_ms[] = { 1, 100, 1100, 5100, 15000, 61000 };

  ph_fake_clock_pass (steps_ms[ph_fuzz_take_u8 (input) % G_N_ELEMENTS (steps_ms)]);
  run_loop (world, 2);
}

static void
offer (World *world, guint8 choice)
{
  g_autofree char *text = g_strnfill (choice == 254 ? PH_MUX_MAX_SERVICES_BYTES : choice, 'x');
  g_autoptr (GBytes) list = g_bytes_new (text, strlen (text));

  ph_mux_send_services (world->mux, list);
}

static void
do_person (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);

  if (choice == 255)
    shut_down (world, PH_CLOSE_SESSION_ENDING);
  else if (choice < 64)
    ph_mux_set_held (world->mux, choice & 1);
  else if (choice < 128)
    ph_fixed_resolver_set_held (choice & 1);
  else if (choice >= 192 && world->role == PH_MUX_HOST)
    offer (world, choice);
  else
    close_some (world);
}

static void
do_turns (World *world, PhFuzz *input)
{
  run_loop (world, 1 + ph_fuzz_take_u8 (input) % 8);
}

static void
do_check (World *world, PhFuzz *input)
{
  run_loop (world, 12);
  check_sums (world);
}

typedef void (*Step) (World *world, PhFuzz *input);

static const Step steps[] = {
  do_turns,   say_connect, say_data,     say_services, say_close, say_eof,
  say_window, say_much,    say_anything, say_bytes,    open_app,  do_write,
  do_read,    do_end,      do_channel,   do_time,      do_person, do_check,
};

/* A run */

static void
set_up_names (World *world)
{
  for (guint i = 0; i < N_NAMES && world->role == PH_MUX_HOST; i++)
    {
      PhFrameName *name = &world->names[i];

      name->src.port = (guint16)(1000 + i);
      name->dst.port = i == 5 ? closed_port : service_port;
      if (i < 6)
        g_assert_true (ph_address_parse ("127.0.0.1", name->dst.addr));
      name->dst.addr[15] = (guint8)(i < 5 ? i + 1 : i == 5 ? 1 : 0);
    }
  world->n_names = N_NAMES;
}

static PhExtensions
choose_extensions (guint8 choice)
{
  guint off = (choice / 16 == 15 ? 0 : choice / 16) | (choice & 8 ? PH_EXTENSION_SERVICES : 0);

  return (PhExtensions)(off ^ PH_EXTENSIONS_OURS);
}

static void
set_up (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  const PhPipeOptions options = { 1, 1, choice & 4 ? 70000 : 4 << 20, 0 };

  ph_fixed_resolver_set_held (FALSE);
  world->role = choice & 1 ? PH_MUX_CLIENT : PH_MUX_HOST;
  world->extensions = choose_extensions (choice);
  world->event_turn = ph_fuzz_take_u8 (input);
  world->event_action = ph_fuzz_take_u8 (input);
  world->poll = ph_poll_new (NULL, NULL);
  world->pipe = ph_pipe_new (NULL, &options);
  world->rules = ph_rules_new ();
  g_assert_true (ph_rules_add (world->rules, "127.0.0.*:*", NULL));
  g_assert_true (ph_rules_add (world->rules, "one.test:*", NULL));
  world->mux = ph_mux_new (world->role, ph_pipe_get_channel (world->pipe, 0), world->poll,
                           world->role == PH_MUX_HOST ? world->rules : NULL, world->extensions,
                           &events, world);
  ph_hostile_peer_init (&world->peer, ph_pipe_get_channel (world->pipe, 1), world->role,
                        world->extensions);
  set_up_names (world);
}

/* However it stood, a shutdown comes to its end. */
static void
finish (World *world)
{
  if (world->mux == NULL)
    return;
  shut_down (world, PH_CLOSE_SESSION_ENDING);
  run_loop (world, 4);
  ph_fake_clock_pass (1100);
  run_loop (world, 12);
  if (world->mux == NULL)
    return;
  g_assert_cmpuint (world->n_done, ==, 1);
  check_sums (world);
}

static void
tear_down (World *world)
{
  g_clear_pointer (&world->mux, ph_mux_free);
  run_loop (world, 2);
  for (guint i = 0; i < world->n_apps; i++)
    {
      ph_socket_reset (world->apps[i].socket);
      g_object_unref (world->apps[i].socket);
    }
  ph_hostile_peer_clear (&world->peer);
  ph_rules_unref (world->rules);
  ph_pipe_free (world->pipe);
  ph_poll_free (world->poll);
  ph_fixed_resolver_set_held (FALSE);
  ph_fake_clock_pass (0);
  for (guint i = 0; i < 100 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PhFuzz input = { data, size };
  World world = { 0 };
  gboolean ends_in_order;

  set_up_once ();
  set_up (&world, &input);
  ends_in_order = ph_fuzz_take_u8 (&input) & 1;
  for (guint i = 0; i < MAX_STEPS && input.size > 0 && world.mux != NULL; i++)
    steps[ph_fuzz_take_u8 (&input) % G_N_ELEMENTS (steps)](&world, &input);
  if (ends_in_order)
    finish (&world);
  tear_down (&world);
  ph_leaks_check ();
  return 0;
}
