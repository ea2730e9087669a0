/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-error.h"
#include "core/ph-limits.h"
#include "ph-fixed-resolver.h"
#include "ph-pipe-channel.h"
#include "ph-stream.h"
#include "tunnel/ph-listener.h"
#include "tunnel/ph-mux.h"

/* Two muxes over a channel in memory, with real sockets at both ends: applications connect to a
 * listener of the Client, services accept on a port that the Host dials. */

typedef struct
{
  guint n_opened;
  guint n_closed;
  guint n_closed_by[PH_CLOSE_N_REASONS];
  guint64 bytes_in;
  guint64 bytes_out;
  char *last_text;
  PhFrameName last_name;
  GError *error;
} Seen;

typedef struct
{
  GMainContext *context;
  PhPoll *poll;
  PhPipe *pipe;
  PhRules *rules;
  PhMux *host;
  PhMux *client;
  PhListener *listener;
  Seen host_seen;
  Seen client_seen;

  GSocket *service;
  PhPollWatch *service_watch;
  guint16 service_port;
  PhStreamPlan service_plan;
  gboolean plan_by_index; /* services answer as the random plan of their index says */
  GPtrArray *services;
  GPtrArray *apps;
  guint n_accepted;
} World;

static void
on_opened (const PhConnectionInfo *info, gpointer user_data)
{
  ((Seen *)user_data)->n_opened++;
}

static void
on_closed (const PhConnectionInfo *info, gpointer user_data)
{
  Seen *seen = user_data;

  seen->n_closed++;
  seen->n_closed_by[info->reason]++;
  seen->bytes_in += info->bytes_in;
  seen->bytes_out += info->bytes_out;
  seen->last_name = info->name;
  g_free (seen->last_text);
  seen->last_text = g_strdup (info->text);
}

static void
on_failed (const GError *error, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_null (seen->error);
  seen->error = g_error_copy (error);
}

static const PhMuxEvents events = { on_opened, on_closed, on_failed };

static void
on_service (GIOCondition condition, gpointer user_data)
{
  World *world = user_data;
  GSocket *socket;

  while ((socket = g_socket_accept (world->service, NULL, NULL)) != NULL)
    {
      world->n_accepted++;
      g_ptr_array_add (world->services, ph_stream_new (world->poll, socket, &world->service_plan));
    }
}

static void
free_stream (gpointer stream)
{
  ph_stream_free (stream);
}

static const PhPipeOptions default_pipe = { .seed = 7,
                                            .reorder = 16,
                                            .capacity_bytes = 1 << 20,
                                            .messages_per_turn = 50 };

static void
map_to (World *world, const char *spec)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PhMapping) mapping = ph_mapping_parse (spec, &error);

  g_assert_no_error (error);
  if (world->listener != NULL)
    ph_listener_free (world->listener);
  world->listener = ph_listener_new (world->poll, mapping, &error);
  g_assert_no_error (error);
  ph_listener_set_mux (world->listener, world->client);
}

static void
world_init_on (World *world,
               PhExtensions host_extensions,
               PhExtensions client_extensions,
               const PhPipeOptions *pipe)
{
  g_autofree char *spec = NULL;
  PhExtensions both = host_extensions & client_extensions;

  *world = (World){ .context = g_main_context_default () };
  world->poll = ph_poll_new (world->context, NULL);
  world->pipe = ph_pipe_new (world->context, pipe);
  world->rules = ph_rules_new ();
  g_assert_true (ph_rules_add (world->rules, "127.0.0.1:*", NULL));
  world->host = ph_mux_new (PH_MUX_HOST, ph_pipe_get_channel (world->pipe, 0), world->poll,
                            world->rules, both, &events, &world->host_seen);
  world->client = ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (world->pipe, 1), world->poll,
                              NULL, both, &events, &world->client_seen);
  world->services = g_ptr_array_new_with_free_func (free_stream);
  world->apps = g_ptr_array_new_with_free_func (free_stream);
  world->service = ph_stream_listen (&world->service_port);
  world->service_watch = ph_poll_add (world->poll, world->service, G_IO_IN, on_service, world);
  spec = g_strdup_printf ("0:127.0.0.1:%u", world->service_port);
  map_to (world, spec);
}

static void
world_init (World *world)
{
  world_init_on (world, PH_EXTENSIONS_OURS, PH_EXTENSIONS_OURS, &default_pipe);
}

static void
seen_clear (Seen *seen)
{
  g_free (seen->last_text);
  g_clear_error (&seen->error);
}

static void
world_clear (World *world)
{
  ph_listener_free (world->listener);
  ph_mux_free (world->client);
  ph_mux_free (world->host);
  g_ptr_array_unref (world->apps);
  g_ptr_array_unref (world->services);
  ph_poll_remove (world->service_watch);
  g_socket_close (world->service, NULL);
  g_object_unref (world->service);
  ph_pipe_free (world->pipe);
  ph_rules_unref (world->rules);
  ph_poll_free (world->poll);
  seen_clear (&world->host_seen);
  seen_clear (&world->client_seen);
}

static PhStream *
add_app (World *world, const PhStreamPlan *plan)
{
  GSocket *socket = ph_stream_connect (ph_listener_get_local (world->listener)->port);
  PhStream *stream = ph_stream_new (world->poll, socket, plan);

  g_ptr_array_add (world->apps, stream);
  return stream;
}

static PhStream *
app (World *world, guint index)
{
  return g_ptr_array_index (world->apps, index);
}

static PhStream *
service (World *world, guint index)
{
  return g_ptr_array_index (world->services, index);
}

static gboolean
are_over (GPtrArray *streams)
{
  for (guint i = 0; i < streams->len; i++)
    {
      if (!ph_stream_is_over (g_ptr_array_index (streams, i)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
all_over (gpointer user_data)
{
  World *world = user_data;

  return world->client_seen.n_closed >= world->apps->len &&
         world->host_seen.n_closed >= world->services->len && are_over (world->apps) &&
         are_over (world->services);
}

static void
wait_until_over (World *world)
{
  ph_test_wait (world->context, all_over, world);
}

/* One connection, each way so many bytes */

typedef struct
{
  const char *name;
  guint64 up_bytes;
  guint64 down_bytes;
  gsize chunk_bytes;
  gboolean service_last; /* answers only when the application has shut down */
} Transfer;

static const Transfer transfers[] = {
  { "nothing", 0, 0, 0, FALSE },
  { "one-byte", 1, 1, 0, FALSE },
  { "up", 3000000, 0, 0, FALSE },
  { "down", 0, 3000000, 0, FALSE },
  { "both", 5000000, 5000000, 0, FALSE },
  { "half-close", 100000, 2000000, 0, TRUE },
  { "small-writes", 30000, 30000, 7, FALSE },
};

static void
test_transfer (gconstpointer data)
{
  const Transfer *transfer = data;
  World world;

  world_init (&world);
  world.service_plan = (PhStreamPlan){ .write_seed = 2,
                                       .read_seed = 1,
                                       .write_bytes = transfer->down_bytes,
                                       .chunk_bytes = transfer->chunk_bytes,
                                       .write_last = transfer->service_last };
  add_app (&world, &(PhStreamPlan){ .write_seed = 1,
                                    .read_seed = 2,
                                    .write_bytes = transfer->up_bytes,
                                    .chunk_bytes = transfer->chunk_bytes });
  wait_until_over (&world);
  g_assert_cmpuint (world.n_accepted, ==, 1);
  g_assert_cmpuint (service (&world, 0)->n_read, ==, transfer->up_bytes);
  g_assert_cmpuint (app (&world, 0)->n_read, ==, transfer->down_bytes);
  g_assert_false (service (&world, 0)->wrong || app (&world, 0)->wrong);
  g_assert_false (service (&world, 0)->was_reset || app (&world, 0)->was_reset);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_DONE], ==, 1);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_DONE], ==, 1);
  g_assert_cmpuint (world.client_seen.n_opened, ==, 1);
  g_assert_cmpuint (world.client_seen.bytes_out, ==, transfer->up_bytes);
  g_assert_cmpuint (world.client_seen.bytes_in, ==, transfer->down_bytes);
  g_assert_cmpuint (world.host_seen.bytes_in, ==, transfer->up_bytes);
  world_clear (&world);
}

/* Many random connections at once */

typedef struct
{
  const char *name;
  PhExtensions extensions;
  guint n_connections;
  guint n_at_once;
  PhPipeOptions pipe;
} Crowd;

static const Crowd crowds[] = {
  { "all", PH_EXTENSIONS_OURS, 2000, 150, { 1, 64, 1 << 20, 100 } },
  { "in-order", PH_EXTENSIONS_OURS, 300, 50, { 2, 1, 1 << 20, 0 } },
  { "narrow", PH_EXTENSIONS_OURS, 300, 100, { 3, 4, 70000, 1 } },
  { "wild", PH_EXTENSIONS_OURS, 500, 100, { 4, 2000, 8 << 20, 300 } },
  { "plain", PH_EXTENSIONS_NONE, 500, 100, { 5, 64, 1 << 20, 100 } },
  { "only-credit", PH_EXTENSION_CREDIT, 200, 50, { 6, 64, 1 << 20, 100 } },
  { "only-eof", PH_EXTENSION_EOF, 200, 50, { 7, 64, 1 << 20, 100 } },
  { "only-opened", PH_EXTENSION_OPENED, 200, 50, { 8, 64, 1 << 20, 100 } },
};

typedef struct
{
  World world;
  const Crowd *crowd;
} CrowdRun;

static guint64
random_size (GRand *rand)
{
  static const gint32 limits[] = { 10, 3000, 70000, 400000 };

  return 4 + (guint64)g_rand_int_range (rand, 0, limits[g_rand_int_range (rand, 0, 4)]);
}

/* Both ends' plans follow from the connection's number. */
static void
plan_connection (const Crowd *crowd, guint32 identity, PhStreamPlan *app_plan, PhStreamPlan *plan)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (identity);
  gboolean half_close = crowd->extensions & PH_EXTENSION_EOF;
  gint32 kind = g_rand_int_range (rand, 0, 20);

  *app_plan = (PhStreamPlan){ .identity = identity,
                              .write_seed = identity,
                              .read_seed = ~identity,
                              .write_bytes = random_size (rand),
                              .reset_after = kind == 0 };
  *plan = (PhStreamPlan){ .write_seed = ~identity,
                          .read_seed = identity,
                          .write_bytes = random_size (rand),
                          .write_last = half_close && kind > 14,
                          .reset_after = kind == 1 };
  if (kind == 2)
    app_plan->chunk_bytes = plan->chunk_bytes = 1000;
  /* Without half-close a service that ends first cuts the application off. */
  if (!half_close && !app_plan->reset_after)
    plan->write_after = app_plan->write_bytes;
}

static void
identify_in_crowd (guint32 identity, PhStreamPlan *plan, gpointer user_data)
{
  PhStreamPlan app_plan;

  plan_connection (user_data, identity, &app_plan, plan);
}

static gboolean
crowd_is_over (gpointer user_data)
{
  CrowdRun *run = user_data;
  World *world = &run->world;
  PhStreamPlan app_plan;
  PhStreamPlan plan;

  while (world->apps->len < run->crowd->n_connections &&
         world->apps->len < world->client_seen.n_closed + run->crowd->n_at_once)
    {
      plan_connection (run->crowd, world->apps->len + 1, &app_plan, &plan);
      add_app (world, &app_plan);
    }
  return world->client_seen.n_closed == run->crowd->n_connections && all_over (world);
}

static guint32
get_identity (const PhStream *stream)
{
  const guint8 *id = stream->identity;

  return (guint32)(id[0] | id[1] << 8 | id[2] << 16 | id[3] << 24);
}

/* What ended as planned carried every byte; what was reset carried no wrong one. */
static void
check_crowd (World *world)
{
  guint n_whole = 0;

  for (guint i = 0; i < world->services->len; i++)
    {
      const PhStream *served = service (world, i);
      guint32 identity = get_identity (served);
      const PhStream *asked = identity > 0 ? app (world, identity - 1) : NULL;

      g_assert_false (served->wrong || (asked != NULL && asked->wrong));
      if (asked == NULL || asked->plan.reset_after || served->plan.reset_after)
        continue;
      g_assert_false (asked->was_reset || served->was_reset);
      g_assert_cmpuint (served->n_read, ==, asked->plan.write_bytes);
      g_assert_cmpuint (asked->n_read, ==, served->plan.write_bytes);
      n_whole++;
    }
  g_assert_cmpuint (n_whole, >, world->apps->len * 3 / 4);
}

static void
test_crowd (gconstpointer data)
{
  CrowdRun run = { .crowd = data };
  World *world = &run.world;
  PhMuxCounters counters;

  world_init_on (world, run.crowd->extensions, PH_EXTENSIONS_OURS, &run.crowd->pipe);
  world->service_plan =
      (PhStreamPlan){ .identify = identify_in_crowd, .user_data = (gpointer)run.crowd };
  ph_test_wait (world->context, crowd_is_over, &run);
  check_crowd (world);
  ph_mux_get_counters (world->host, &counters);
  g_assert_cmpuint (counters.connections, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  g_assert_cmpuint (counters.malformed, ==, 0);
  ph_mux_get_counters (world->client, &counters);
  g_assert_cmpuint (counters.connections, ==, 0);
  g_assert_cmpuint (counters.held_bytes, ==, 0);
  g_assert_cmpuint (counters.malformed, ==, 0);
  world_clear (world);
}

/* A reader that stands still */

static gboolean
is_second_over (gpointer user_data)
{
  World *world = user_data;

  return world->apps->len == 2 && ph_stream_is_over (app (world, 1));
}

static gboolean
has_accepted (gpointer user_data)
{
  World *world = user_data;

  return world->n_accepted == world->apps->len;
}

static void
test_slow_reader (void)
{
  const PhStreamPlan plan = { .write_seed = 1, .read_seed = 2, .write_bytes = 100 };
  PhMuxCounters counters;
  World world;

  world_init (&world);
  world.service_plan =
      (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_bytes = 40 * 1000 * 1000 };
  ph_stream_set_paused (add_app (&world, &plan), TRUE);
  ph_test_wait (world.context, has_accepted, &world);
  world.service_plan.write_bytes = 20 * 1000 * 1000;
  add_app (&world, &plan);
  ph_test_wait (world.context, is_second_over, &world);

  g_assert_cmpuint (app (&world, 1)->n_read, ==, 20 * 1000 * 1000);
  g_assert_cmpuint (app (&world, 0)->n_read, ==, 0);
  ph_mux_get_counters (world.client, &counters);
  g_assert_cmpuint (counters.held_bytes, <=, PH_MUX_MAX_WINDOW_BYTES);
  ph_stream_set_paused (app (&world, 0), FALSE);
  wait_until_over (&world);
  g_assert_cmpuint (app (&world, 0)->n_read, ==, 40 * 1000 * 1000);
  g_assert_false (app (&world, 0)->wrong || app (&world, 1)->wrong);
  world_clear (&world);
}

static gboolean
both_have_closed (gpointer user_data)
{
  World *world = user_data;

  return world->host_seen.n_closed > 0 && world->client_seen.n_closed > 0;
}

/* While one of many connections is served, the others are too. */
static gboolean
is_any_over (gpointer user_data)
{
  World *world = user_data;

  for (guint i = 0; i < world->apps->len; i++)
    {
      if (ph_stream_is_over (app (world, i)))
        return TRUE;
    }
  return FALSE;
}

static void
test_fair (gconstpointer data)
{
  const PhPipeOptions narrow = { 1, 4, 200000, 2 };
  PhExtensions extensions = (PhExtensions)GPOINTER_TO_UINT (data);
  World world;

  world_init_on (&world, extensions, PH_EXTENSIONS_OURS, &narrow);
  world.service_plan = (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_bytes = 8000000 };
  for (guint i = 0; i < 8; i++)
    add_app (&world, &(PhStreamPlan){ .write_seed = 1, .read_seed = 2, .write_bytes = 0 });
  ph_test_wait (world.context, is_any_over, &world);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpuint (app (&world, i)->n_read, >, 8000000 / 2);
  wait_until_over (&world);
  world_clear (&world);
}

static gboolean
is_behind (gpointer user_data)
{
  PhMuxCounters counters;

  ph_mux_get_counters (((World *)user_data)->client, &counters);
  return counters.held_bytes > PH_MUX_PLAIN_PAUSE_BYTES;
}

/* Without credit a reader that is behind holds the channel up, and loses nothing. */
static void
test_behind (void)
{
  World world;

  world_init_on (&world, PH_EXTENSIONS_NONE, PH_EXTENSIONS_OURS, &default_pipe);
  world.service_plan =
      (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_bytes = 40 * 1000 * 1000 };
  ph_stream_set_paused (add_app (&world, &(PhStreamPlan){ .write_seed = 1, .read_seed = 2 }), TRUE);
  ph_test_wait (world.context, is_behind, &world);
  ph_stream_set_paused (app (&world, 0), FALSE);
  wait_until_over (&world);
  g_assert_cmpuint (app (&world, 0)->n_read, ==, 40 * 1000 * 1000);
  g_assert_false (app (&world, 0)->wrong || app (&world, 0)->was_reset);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_DONE], ==, 1);
  world_clear (&world);
}

static gboolean
has_all (gpointer user_data)
{
  World *world = user_data;

  return world->n_accepted > 0 && service (world, 0)->n_read == 40 * 1000 * 1000;
}

static gboolean
is_host_behind (gpointer user_data)
{
  PhMuxCounters counters;

  ph_mux_get_counters (((World *)user_data)->host, &counters);
  return counters.held_bytes > PH_MUX_PLAIN_PAUSE_BYTES;
}

/* Nor does one that has first to wait. */
static void
test_behind_before_open (void)
{
  World world;

  world_init_on (&world, PH_EXTENSIONS_NONE, PH_EXTENSIONS_OURS, &default_pipe);
  ph_mux_set_held (world.host, TRUE);
  world.service_plan = (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_last = TRUE };
  add_app (&world, &(PhStreamPlan){ .write_seed = 1, .write_bytes = 40 * 1000 * 1000 });
  ph_test_wait (world.context, is_host_behind, &world);
  for (guint i = 0; i < 2000; i++)
    g_main_context_iteration (world.context, FALSE);
  ph_mux_set_held (world.host, FALSE);
  ph_test_wait (world.context, has_all, &world);
  world_clear (&world);
}

/* One that takes nothing for a while is given up. */
static void
test_too_slow (void)
{
  World world;

  world_init_on (&world, PH_EXTENSIONS_NONE, PH_EXTENSIONS_OURS, &default_pipe);
  world.service_plan =
      (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_bytes = 60 * 1000 * 1000 };
  ph_stream_set_paused (add_app (&world, &(PhStreamPlan){ .keep_open = TRUE }), TRUE);
  ph_test_wait (world.context, has_accepted, &world);
  ph_test_wait (world.context, both_have_closed, &world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_TOO_SLOW], ==, 1);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_TOO_SLOW], ==, 1);
  ph_stream_set_paused (app (&world, 0), FALSE);
  wait_until_over (&world);
  g_assert_true (app (&world, 0)->was_reset && service (&world, 0)->was_reset);
  world_clear (&world);
}

/* What cannot be reached */

typedef struct
{
  const char *name;
  const char *spec; /* %u: the service's port */
  const char *rule; /* beside 127.0.0.1:* */
  PhExtensions extensions;
  PhCloseReason reason;
} Failure;

static const Failure failures[] = {
  { "not-allowed", "0:127.0.0.2:%u", NULL, PH_EXTENSIONS_OURS, PH_CLOSE_NOT_ALLOWED },
  { "not-allowed-plain", "0:127.0.0.2:%u", NULL, PH_EXTENSIONS_NONE, PH_CLOSE_NOT_ALLOWED },
  { "unspecified", "0:0.0.0.0:%u", "*:*", PH_EXTENSIONS_OURS, PH_CLOSE_NOT_ALLOWED },
  { "metadata", "0:169.254.169.254:80", "169.254.*:*", PH_EXTENSIONS_OURS, PH_CLOSE_NOT_ALLOWED },
  { "refused", "0:127.0.0.3:1", "127.0.0.3:1", PH_EXTENSIONS_OURS, PH_CLOSE_REFUSED },
  { "refused-plain", "0:127.0.0.3:1", "127.0.0.3:1", PH_EXTENSIONS_NONE, PH_CLOSE_REFUSED },
  { "name-refused", "0:mixed.test:1", "127.0.0.9:*", PH_EXTENSIONS_OURS, PH_CLOSE_REFUSED },
  { "no-such-name", "0:nowhere.invalid:80", "*:*", PH_EXTENSIONS_OURS, PH_CLOSE_NAME_NOT_FOUND },
  { "name-plain", "0:nowhere.invalid:80", "*:*", PH_EXTENSIONS_NONE, PH_CLOSE_NAME_NOT_FOUND },
};

static void
test_failure (gconstpointer data)
{
  const Failure *failure = data;
  g_autoptr (GString) spec = g_string_new (failure->spec);
  g_autofree char *port = NULL;
  World world;

  world_init_on (&world, failure->extensions, PH_EXTENSIONS_OURS, &default_pipe);
  port = g_strdup_printf ("%u", world.service_port);
  g_string_replace (spec, "%u", port, 0);
  map_to (&world, spec->str);
  if (failure->rule != NULL)
    g_assert_true (ph_rules_add (world.rules, failure->rule, NULL));
  add_app (&world, &(PhStreamPlan){ .write_seed = 1, .write_bytes = 1000, .keep_open = TRUE });
  wait_until_over (&world);
  g_assert_true (app (&world, 0)->was_reset);
  g_assert_cmpuint (world.client_seen.n_closed_by[failure->reason], ==, 1);
  g_assert_cmpuint (world.n_accepted, ==, 0);
  world_clear (&world);
}

static const PhFixedName fixed_names[] = {
  { "second.test", { "127.0.0.9", "127.0.0.1" } }, /* nothing listens on the first */
  { "mixed.test", { "127.0.0.2", "127.0.0.1" } },
  { NULL },
};

typedef struct
{
  const char *name;
  const char *host;
  const char *rule;
  PhExtensions extensions;
} Name;

static const Name names[] = {
  { "localhost", "LocalHost", "localhost:*", PH_EXTENSIONS_OURS },
  { "localhost-plain", "localhost", "localhost:*", PH_EXTENSIONS_NONE },
  { "second-address", "second.test", "*.test:*", PH_EXTENSIONS_OURS },
  { "only-allowed-address", "mixed.test", "127.0.0.1:*", PH_EXTENSIONS_OURS },
};

static void
test_name (gconstpointer data)
{
  const Name *name = data;
  g_autofree char *spec = NULL;
  World world;

  world_init_on (&world, name->extensions, PH_EXTENSIONS_OURS, &default_pipe);
  g_assert_true (ph_rules_remove (world.rules, "127.0.0.1:*", NULL));
  g_assert_true (ph_rules_add (world.rules, name->rule, NULL));
  spec = g_strdup_printf ("0:%s:%u", name->host, world.service_port);
  map_to (&world, spec);
  world.service_plan = (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .write_bytes = 3000 };
  add_app (&world, &(PhStreamPlan){ .write_seed = 1, .read_seed = 2, .write_bytes = 0 });
  wait_until_over (&world);
  g_assert_cmpuint (app (&world, 0)->n_read, ==, 3000);
  world_clear (&world);
}

/* What the session does while bytes flow */

static const PhStreamPlan open_plan = { .write_seed = 1,
                                        .read_seed = 2,
                                        .write_bytes = 5000,
                                        .keep_open = TRUE };
static const PhStreamPlan open_service_plan = { .write_seed = 2,
                                                .read_seed = 1,
                                                .write_bytes = 5000,
                                                .keep_open = TRUE };

static gboolean
all_exchanged (gpointer user_data)
{
  World *world = user_data;

  for (guint i = 0; i < world->apps->len; i++)
    {
      if (app (world, i)->n_read < 5000)
        return FALSE;
    }
  return has_accepted (world);
}

static void
open_some (World *world, guint n)
{
  world->service_plan = open_service_plan;
  for (guint i = 0; i < n; i++)
    add_app (world, &open_plan);
  ph_test_wait (world->context, all_exchanged, world);
}

static void
assert_all_reset (World *world)
{
  for (guint i = 0; i < world->apps->len; i++)
    g_assert_true (app (world, i)->was_reset && service (world, i)->was_reset);
}

/* A reset at one end is one at the other. */
static void
test_reset (gconstpointer data)
{
  gboolean by_app = GPOINTER_TO_INT (data);
  World world;

  world_init (&world);
  open_some (&world, 2);
  ph_stream_reset (by_app ? app (&world, 0) : service (&world, 0));
  for (guint i = 0; i < 2; i++) /* which service is whose is not known */
    {
      ph_stream_finish (app (&world, i));
      ph_stream_finish (service (&world, i));
    }
  wait_until_over (&world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_RESET], ==, 1);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_RESET], ==, 1);
  world_clear (&world);
}

static gboolean
host_has_closed (gpointer user_data)
{
  return ((World *)user_data)->host_seen.n_closed > 0;
}

/* A reset is noticed even while nothing is read because the other side gives no credit. */
static void
test_reset_while_waiting (void)
{
  World world;

  world_init (&world);
  world.service_plan = (PhStreamPlan){ .write_seed = 2, .read_seed = 1, .keep_open = TRUE };
  add_app (&world, &(PhStreamPlan){ .write_seed = 1, .write_bytes = 100 << 20 });
  ph_test_wait (world.context, has_accepted, &world);
  ph_stream_set_paused (service (&world, 0), TRUE);
  for (guint i = 0; i < 3000; i++)
    g_main_context_iteration (world.context, FALSE);
  g_assert_cmpuint (app (&world, 0)->n_written, <, 100 << 20);
  ph_stream_reset (app (&world, 0));
  ph_test_wait (world.context, host_has_closed, &world);
  ph_stream_set_paused (service (&world, 0), FALSE);
  wait_until_over (&world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_RESET], ==, 1);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_RESET], ==, 1);
  world_clear (&world);
}

static void
test_rule_taken_away (void)
{
  World world;

  world_init (&world);
  open_some (&world, 5);
  g_assert_true (ph_rules_add (world.rules, "*:*", NULL));
  g_assert_true (ph_rules_remove (world.rules, "127.0.0.1:*", NULL));
  ph_mux_recheck_rules (world.host); /* the other rule still allows them */
  g_assert_cmpuint (world.host_seen.n_closed, ==, 0);
  g_assert_true (ph_rules_remove (world.rules, "*:*", NULL));
  ph_mux_recheck_rules (world.host);
  wait_until_over (&world);
  assert_all_reset (&world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_NOT_ALLOWED], ==, 5);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_NOT_ALLOWED], ==, 5);
  world_clear (&world);
}

static void
test_unmap (void)
{
  World world;

  world_init (&world);
  open_some (&world, 3);
  ph_mux_close_owner (world.client, &world, PH_CLOSE_SESSION_ENDING); /* nobody's */
  ph_mux_close_owner (world.client, world.listener, PH_CLOSE_SESSION_ENDING);
  wait_until_over (&world);
  assert_all_reset (&world);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_SESSION_ENDING], ==, 3);
  world_clear (&world);
}

static void
set_true (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static gboolean
is_true (gpointer user_data)
{
  return *(gboolean *)user_data;
}

static void
test_shutdown (gconstpointer data)
{
  gboolean by_host = GPOINTER_TO_INT (data);
  gboolean done = FALSE;
  World world;

  world_init (&world);
  open_some (&world, 5);
  ph_mux_shutdown (by_host ? world.host : world.client, PH_CLOSE_SESSION_ENDING, set_true, &done);
  g_assert_false (done);
  ph_test_wait (world.context, is_true, &done);
  wait_until_over (&world);
  assert_all_reset (&world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_SESSION_ENDING], ==, 5);
  g_assert_cmpuint (world.host_seen.n_closed_by[PH_CLOSE_SESSION_ENDING], ==, 5);
  g_assert_null (world.host_seen.error);
  world_clear (&world);
}

/* A channel without room does not hold the end up for ever. */
static void
test_shutdown_stuck (void)
{
  const PhPipeOptions narrow = { 1, 1, 200, 0 };
  gboolean done = FALSE;
  World world;

  world_init_on (&world, PH_EXTENSIONS_OURS, PH_EXTENSIONS_OURS, &narrow);
  open_some (&world, 20);
  ph_pipe_set_paused (world.pipe, TRUE);
  ph_mux_shutdown (world.host, PH_CLOSE_SESSION_ENDING, set_true, &done);
  ph_test_wait (world.context, is_true, &done);
  g_assert_cmpuint (world.host_seen.n_closed, ==, 20);
  world_clear (&world);
}

static gboolean
both_failed (gpointer user_data)
{
  World *world = user_data;

  return world->host_seen.error != NULL && world->client_seen.error != NULL && all_over (world);
}

static void
test_channel_lost (void)
{
  World world;

  world_init (&world);
  open_some (&world, 5);
  ph_pipe_close (world.pipe);
  ph_test_wait (world.context, both_failed, &world);
  g_assert_error (world.host_seen.error, PH_ERROR, PH_ERROR_PEER_LOST);
  g_assert_error (world.client_seen.error, PH_ERROR, PH_ERROR_PEER_LOST);
  assert_all_reset (&world);
  g_assert_cmpuint (world.client_seen.n_closed_by[PH_CLOSE_SESSION_ENDING], ==, 5);
  world_clear (&world);
}

static gboolean
host_holds_three (gpointer user_data)
{
  World *world = user_data;
  PhMuxCounters counters;

  ph_mux_get_counters (world->host, &counters);
  return counters.connections == 3;
}

static gboolean
client_holds_three (gpointer user_data)
{
  World *world = user_data;
  PhMuxCounters counters;

  ph_mux_get_counters (world->client, &counters);
  return counters.connections == 3;
}

static void
test_held (void)
{
  World world;

  world_init (&world);
  world.service_plan = open_service_plan;
  ph_mux_set_held (world.host, TRUE);
  ph_mux_set_held (world.client, TRUE);
  for (guint i = 0; i < 3; i++)
    add_app (&world, &open_plan);
  ph_test_wait (world.context, client_holds_three, &world);
  g_assert_false (host_holds_three (&world));
  ph_mux_set_held (world.client, FALSE);
  ph_test_wait (world.context, host_holds_three, &world);
  g_assert_cmpuint (world.n_accepted, ==, 0);
  ph_mux_set_held (world.host, FALSE);
  ph_test_wait (world.context, all_exchanged, &world);
  g_assert_cmpuint (world.n_accepted, ==, 3);
  world_clear (&world);
}

/* Freed in the middle of everything, from outside and from inside an event. */
static void
test_free_while_busy (void)
{
  World world;

  world_init (&world);
  open_some (&world, 5);
  for (guint i = 0; i < 5; i++)
    add_app (&world, &(PhStreamPlan){ .write_seed = 1, .write_bytes = 1 << 20 });
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (world.context, FALSE);
  ph_listener_set_mux (world.listener, NULL);
  g_clear_pointer (&world.host, ph_mux_free);
  g_clear_pointer (&world.client, ph_mux_free);
  g_assert_null (world.host_seen.error);
  world_clear (&world);
}

static void
free_client (const PhConnectionInfo *info, gpointer user_data)
{
  World *world = user_data;

  ph_listener_set_mux (world->listener, NULL);
  g_clear_pointer (&world->client, ph_mux_free);
}

static gboolean
has_no_client (gpointer user_data)
{
  return ((World *)user_data)->client == NULL;
}

static void
test_free_inside_event (gconstpointer data)
{
  static const PhMuxEvents on_open = { .opened = free_client };
  static const PhMuxEvents on_close = { .closed = free_client };
  gboolean at_close = GPOINTER_TO_INT (data);
  World world;

  world_init (&world);
  ph_mux_free (world.client);
  world.client = ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (world.pipe, 1), world.poll, NULL,
                             PH_EXTENSIONS_OURS, at_close ? &on_close : &on_open, &world);
  ph_listener_set_mux (world.listener, world.client);
  for (guint i = 0; i < 4; i++)
    add_app (&world,
             &(PhStreamPlan){ .write_seed = 1, .write_bytes = 100, .reset_after = at_close });
  ph_test_wait (world.context, has_no_client, &world);
  world_clear (&world);
}

typedef struct
{
  PhMux *mux;
  guint n_closed;
  gboolean has_failed;
  gboolean is_done;
} Ending;

static void
end_at_close (const PhConnectionInfo *info, gpointer user_data)
{
  Ending *ending = user_data;

  if (ending->n_closed++ == 0)
    ph_mux_shutdown (ending->mux, PH_CLOSE_SESSION_ENDING, set_true, &ending->is_done);
}

static void
note_failure (const GError *error, gpointer user_data)
{
  ((Ending *)user_data)->has_failed = TRUE;
}

/* Who ends a session on hearing that its connections end is not told that it failed. */
static void
test_shutdown_inside_event (void)
{
  static const PhMuxEvents ending_events = { .closed = end_at_close, .failed = note_failure };
  Ending ending = { 0 };
  World world;

  world_init (&world);
  ph_mux_free (world.client);
  world.client = ending.mux =
      ph_mux_new (PH_MUX_CLIENT, ph_pipe_get_channel (world.pipe, 1), world.poll, NULL,
                  PH_EXTENSIONS_OURS, &ending_events, &ending);
  ph_listener_set_mux (world.listener, world.client);
  open_some (&world, 3);
  ph_pipe_close (world.pipe);
  ph_test_wait (world.context, is_true, &ending.is_done);
  g_assert_cmpuint (ending.n_closed, ==, 3);
  g_assert_false (ending.has_failed);
  world_clear (&world);
}

static void
test_descriptors_return (void)
{
  guint before = ph_test_count_descriptors ();
  World world;

  if (before == 0)
    {
      g_test_skip ("this system does not tell how many descriptors are open");
      return;
    }
  world_init (&world);
  open_some (&world, 100);
  world_clear (&world);
  g_assert_cmpuint (ph_test_count_descriptors (), ==, before);
}

static void
add_tables (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux/transfer/%s", transfers[i].name);

      g_test_add_data_func (path, &transfers[i], test_transfer);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (crowds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux/crowd/%s", crowds[i].name);

      g_test_add_data_func (path, &crowds[i], test_crowd);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux/failure/%s", failures[i].name);

      g_test_add_data_func (path, &failures[i], test_failure);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux/name/%s", names[i].name);

      g_test_add_data_func (path, &names[i], test_name);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ph_limits_raise_descriptors (); /* as the programs do: a crowd is more than 1024 */
  ph_fixed_resolver_install (fixed_names);
  add_tables ();
  g_test_add_func ("/mux/slow-reader", test_slow_reader);
  g_test_add_func ("/mux/behind", test_behind);
  g_test_add_func ("/mux/behind-before-open", test_behind_before_open);
  g_test_add_func ("/mux/too-slow", test_too_slow);
  g_test_add_data_func ("/mux/fair/credit", GUINT_TO_POINTER (PH_EXTENSIONS_OURS), test_fair);
  g_test_add_data_func ("/mux/fair/plain", GUINT_TO_POINTER (PH_EXTENSIONS_NONE), test_fair);
  g_test_add_data_func ("/mux/reset/app", GINT_TO_POINTER (TRUE), test_reset);
  g_test_add_data_func ("/mux/reset/service", GINT_TO_POINTER (FALSE), test_reset);
  g_test_add_func ("/mux/reset/while-waiting", test_reset_while_waiting);
  g_test_add_func ("/mux/rule-taken-away", test_rule_taken_away);
  g_test_add_func ("/mux/unmap", test_unmap);
  g_test_add_data_func ("/mux/shutdown/host", GINT_TO_POINTER (TRUE), test_shutdown);
  g_test_add_data_func ("/mux/shutdown/client", GINT_TO_POINTER (FALSE), test_shutdown);
  g_test_add_func ("/mux/shutdown/stuck", test_shutdown_stuck);
  g_test_add_func ("/mux/channel-lost", test_channel_lost);
  g_test_add_func ("/mux/held", test_held);
  g_test_add_func ("/mux/free-while-busy", test_free_while_busy);
  g_test_add_func ("/mux/shutdown/inside-event", test_shutdown_inside_event);
  g_test_add_data_func ("/mux/free-inside/opened", GINT_TO_POINTER (FALSE), test_free_inside_event);
  g_test_add_data_func ("/mux/free-inside/closed", GINT_TO_POINTER (TRUE), test_free_inside_event);
  g_test_add_func ("/mux/descriptors-return", test_descriptors_return);
  return g_test_run ();
}
