/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/ph-error.h"
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
      g_ptr_array_add (world->services,
                       ph_stream_new (world->poll, socket, &world->service_plan));
    }
}

static void
free_stream (gpointer stream)
{
  ph_stream_free (stream);
}

static const PhPipeOptions default_pipe
    = { .seed = 7, .reorder = 16, .capacity_bytes = 1 << 20, .messages_per_turn = 50 };

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
  world->service_watch
      = ph_poll_add (world->poll, world->service, G_IO_IN, on_service, world);
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

  return world->client_seen.n_closed >= world->apps->len
         && world->host_seen.n_closed >= world->services->len && are_over (world->apps)
         && are_over (world->services);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *path = g_strdup_printf ("/mux/transfer/%s", transfers[i].name);

      g_test_add_data_func (path, &transfers[i], test_transfer);
    }
  return g_test_run ();
}
