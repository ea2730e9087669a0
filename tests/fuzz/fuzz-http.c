/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <gio/gio.h>
#include <gio/gnetworking.h>

#include "ph-leaks.h"
#include "ph-fake-clock.h"
#include "ph-fuzz.h"
#include "signaling/ph-signal-server.h"
#include "signaling/ph-signal.h"

/* A signaling server and whoever reaches its port: up to six connections that send whole requests,
 * pieces of requests and anything else, hang up in between, and let time pass. IDs and tokens that
 * the server has given out can be used again, so that sessions are created, joined and signalled
 * in. In the end nothing may be left of what was sent, and the server must still answer. */

#define MAX_WIRES 6
#define MAX_STEPS 64
#define MAX_REQUEST (96 * 1024)
#define MAX_KEPT 4096 /* of an answer */

typedef struct
{
  GSocket *socket;
  GString *received; /* its beginning */
  gboolean ended;
} Wire;

typedef struct
{
  PhSignalServer *server;
  GSocketAddress *address;
  Wire wires[MAX_WIRES];
  guint n_wires;
  GString *id;    /* the last one that came in an answer */
  GString *token; /* likewise */
  gboolean is_stopped;
} World;

/* A Host's own tokens, and the IDs that follow from them. */
static const char *const tokens[] = { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                      "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE" };
static char ids[2][PH_ID_SIZE];

/* Wires */

static void
open_wire (World *world)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket;
  Wire *wire = &world->wires[world->n_wires];

  if (world->n_wires == MAX_WIRES)
    return;
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_connect (socket, world->address, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  *wire = (Wire){ .socket = socket, .received = g_string_new (NULL) };
  world->n_wires++;
}

/* What stands behind @name in the JSON of an answer. */
static void
learn (const char *answer, const char *name, GString *value)
{
  const char *found = strstr (answer, name);

  if (found == NULL)
    return;
  found += strlen (name);
  g_string_truncate (value, 0);
  g_string_append_len (value, found, (gssize)strcspn (found, "\""));
}

static void
check_session (const char *body)
{
  g_autoptr (PhSignalSession) session = ph_signal_session_parse (body, strlen (body), NULL);

  g_assert_nonnull (session);
}

static void
check_error (const char *body)
{
  g_autofree char *message = ph_signal_error_parse (body, strlen (body));

  g_assert_nonnull (message);
}

/* A whole answer is one of those that the API has. */
static void
check_answer (World *world, const char *answer)
{
  const char *body = strstr (answer, "\r\n\r\n");
  guint64 status;

  g_assert_true (g_str_has_prefix (answer, "HTTP/1."));
  status = g_ascii_strtoull (answer + strlen ("HTTP/1.1 "), NULL, 10);
  g_assert_cmpuint (status, >=, 100);
  g_assert_cmpuint (status, !=, 500);
  learn (answer, "\"id\":\"", world->id);
  learn (answer, "\"token\":\"", world->token);
  if (body == NULL || strstr (answer, "application/json") == NULL || strlen (body) < 5 ||
      strlen (answer) >= MAX_KEPT)
    return;
  if (status < 300)
    check_session (body + 4);
  else
    check_error (body + 4);
}

static void
read_wire (World *world, Wire *wire)
{
  char buffer[8192];
  gssize n = g_socket_receive (wire->socket, buffer, sizeof buffer, NULL, NULL);

  if (n > 0)
    g_string_append_len (wire->received, buffer, MIN (n, MAX_KEPT - (gssize)wire->received->len));
  if (n != 0 || wire->ended)
    return;
  wire->ended = TRUE;
  if (wire->received->len > 0)
    check_answer (world, wire->received->str);
}

/* With a reset, after which no port stays taken. */
static void
close_wire (Wire *wire)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (g_socket_get_fd (wire->socket), SOL_SOCKET, SO_LINGER, (const void *)&at_once,
              sizeof at_once);
  g_socket_close (wire->socket, NULL);
  g_object_unref (wire->socket);
  g_string_free (wire->received, TRUE);
}

static void
run_loop (World *world, guint turns)
{
  for (guint i = 0; i < turns; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      for (guint j = 0; j < world->n_wires; j++)
        read_wire (world, &world->wires[j]);
    }
}

/* Text */

/* Bytes from the input, of which a few stand for what the server knows. */
static void
append (World *world, GString *text, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      if (bytes[i] == 0x80)
        g_string_append (text, world->id->str);
      else if (bytes[i] == 0x81)
        g_string_append (text, world->token->str);
      else if (bytes[i] == 0x82 || bytes[i] == 0x83)
        g_string_append (text, ids[bytes[i] & 1]);
      else if (bytes[i] == 0x84 || bytes[i] == 0x85)
        g_string_append (text, tokens[bytes[i] & 1]);
      else if (bytes[i] == 0x86)
        g_string_append (text, "\r\n");
      else if (bytes[i] == 0x87) /* a lot of nothing */
        for (guint n = 0; n < 1000; n++)
          g_string_append_c (text, bytes[(i + 1) % size] & 0x7f);
      else
        g_string_append_c (text, (char)bytes[i]);
      if (text->len > MAX_REQUEST)
        return;
    }
}

static void
append_taken (World *world, GString *text, PhFuzz *input, gsize size)
{
  const guint8 *bytes = ph_fuzz_take (input, size, &size);

  append (world, text, bytes, size);
}

static void
send_text (World *world, PhFuzz *input, const GString *text)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  Wire *wire;
  gsize sent = 0;

  if (choice / 8 % 2 == 0 || world->n_wires == 0)
    open_wire (world);
  if (world->n_wires == 0)
    return;
  wire = &world->wires[choice / 8 % 2 == 0 ? world->n_wires - 1 : choice % world->n_wires];
  for (guint i = 0; i < 32 && sent < text->len; i++)
    {
      gssize n = g_socket_send (wire->socket, text->str + sent, text->len - sent, NULL, NULL);

      sent += (gsize)MAX (n, 0);
      run_loop (world, 1);
    }
  run_loop (world, choice / 16);
}

/* Steps */

static const char *
choose (const char *const *words, guint n_words, guint8 choice)
{
  return words[choice % n_words];
}

#define CHOOSE(words, choice) choose (words, G_N_ELEMENTS (words), choice)

static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS" };
static const char *const paths[] = {
  "/session/\x80",        "/session/\x82", "/session", "/session/\x80/signal",
  "/session/\x82/signal", "/healthz",      "/metrics", "/session/\x83"
};
static const char *const queries[] = {
  "", "?for=join", "?for=offer", "?for=answer", "?since=1", "?since=2&wait=30", "?for=join&wait=0"
};
static const char *const bodies[] = {
  "",
  "{\"host\":\"anna\",\"multi\":true,\"auth\":true}",
  "{\"host\":\"anna\"}",
  "{\"client\":\"bob\",\"auth\":true,\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\"}",
  "{\"client\":\"bob\"}",
  "{\"type\":\"offer\",\"sdp\":\"o\",\"candidate\":[\"c\"]}",
  "{\"type\":\"answer\",\"sdp\":\"a\"}",
  "{\"type\":\"reject\",\"reason\":\"declined\"}",
};
static const char *const bearers[] = { "", "Authorization: Bearer \x84\x86",
                                       "Authorization: Bearer \x81\x86",
                                       "Authorization: Bearer \x85\x86" };

static void
append_word (World *world, GString *text, const char *word)
{
  append (world, text, (const guint8 *)word, strlen (word));
}

/* The body as one chunk, or two, or with its length before it. */
static void
append_body (World *world, GString *text, const char *body, guint8 form)
{
  gsize size = strlen (body);

  if (form % 4 == 0)
    g_string_append_printf (text, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
                            (guint)size, body);
  else if (form % 4 == 1 && size > 2)
    g_string_append_printf (text,
                            "Transfer-Encoding: chunked\r\n\r\n2\r\n%.2s\r\n%x\r\n%s\r\n0\r\n\r\n",
                            body, (guint)size - 2, body + 2);
  else
    g_string_append_printf (text, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s", size, body);
}

/* A call as the API has it, or nearly so. */
static void
say_call (World *world, PhFuzz *input)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) body = g_string_new (NULL);
  guint8 extra;

  g_string_append (text, CHOOSE (methods, ph_fuzz_take_u8 (input)));
  g_string_append_c (text, ' ');
  append_word (world, text, CHOOSE (paths, ph_fuzz_take_u8 (input)));
  g_string_append (text, CHOOSE (queries, ph_fuzz_take_u8 (input)));
  g_string_append (text, " HTTP/1.1\r\nHost: x\r\n");
  append_word (world, text, CHOOSE (bearers, ph_fuzz_take_u8 (input)));
  append_word (world, body, CHOOSE (bodies, ph_fuzz_take_u8 (input)));
  extra = ph_fuzz_take_u8 (input);
  if (extra >= 192) /* one more header, of the input's own */
    append_taken (world, text, input, extra - 192u);
  if (extra >= 128 && extra < 192) /* more of a body */
    append_taken (world, body, input, extra - 128u);
  append_body (world, text, body->str, extra);
  send_text (world, input, text);
}

static void
say_create (World *world, PhFuzz *input)
{
  g_autoptr (GString) text = g_string_new ("POST /session HTTP/1.1\r\nHost: x\r\n");
  guint8 choice = ph_fuzz_take_u8 (input);

  append_word (world, text, CHOOSE (bearers, choice));
  append_body (world, text, bodies[1 + choice / 4 % 2], choice / 8);
  send_text (world, input, text);
}

static void
say_bytes (World *world, PhFuzz *input)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_taken (world, text, input, ph_fuzz_take_u8 (input));
  send_text (world, input, text);
}

static void
do_hang_up (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  Wire *wire;

  if (world->n_wires == 0)
    return;
  wire = &world->wires[choice % world->n_wires];
  if (choice >= 128)
    {
      g_socket_shutdown (wire->socket, FALSE, TRUE, NULL);
      return;
    }
  close_wire (wire);
  *wire = world->wires[--world->n_wires];
}

static void
do_turns (World *world, PhFuzz *input)
{
  run_loop (world, 1 + ph_fuzz_take_u8 (input) % 16);
}

static void
do_time (World *world, PhFuzz *input)
{
  static const guint steps_ms[] = { 200, 1001, 5001, 16000, 31000, 61000, 121000 };

  ph_fake_clock_pass (steps_ms[ph_fuzz_take_u8 (input) % G_N_ELEMENTS (steps_ms)]);
  run_loop (world, 3);
}

typedef void (*Step) (World *world, PhFuzz *input);

static const Step steps[] = { say_call, say_call,   say_create, say_bytes,
                              do_turns, do_hang_up, do_time,    say_call };

/* A run */

/* Ports stay taken for a while after their connections; so each run has an address of its own. */
static void
choose_address (PhEndpoint *ret_endpoint)
{
  static guint n_runs;

  g_assert_true (ph_endpoint_parse ("127.0.0.1:0", ret_endpoint, NULL));
  ret_endpoint->addr[13] = (guint8)(1 + n_runs / 256 % 250);
  ret_endpoint->addr[14] = (guint8)(n_runs++ % 256);
}

static void
set_up (World *world, PhFuzz *input)
{
  guint8 choice = ph_fuzz_take_u8 (input);
  PhSignalServerOptions options = PH_SIGNAL_SERVER_OPTIONS_INIT;
  g_autoptr (GError) error = NULL;
  PhEndpoint endpoint;

  g_assert_true (ph_code_id_from_token (tokens[0], ids[0]));
  g_assert_true (ph_code_id_from_token (tokens[1], ids[1]));
  if (choice & 1)
    options.only_id = ids[0];
  if (choice & 2)
    options.max_sessions = 3;
  options.require_auth = (choice & 4) != 0;
  options.trust_forwarded = (choice & 8) != 0;
  options.keep_multi = (choice & 16) != 0;
  options.polls_per_address = choice & 32 ? 2 : 64;
  world->server = ph_signal_server_new (&options);
  choose_address (&endpoint);
  ph_signal_server_listen (world->server, &endpoint, &error);
  g_assert_no_error (error);
  endpoint.port = ph_signal_server_get_port (world->server);
  world->address = ph_endpoint_dup_socket_address (&endpoint);
  world->id = g_string_new (ids[0]);
  world->token = g_string_new (tokens[0]);
}

static void
hang_up_all (World *world)
{
  for (guint i = 0; i < world->n_wires; i++)
    close_wire (&world->wires[i]);
  world->n_wires = 0;
  run_loop (world, 8);
}

/* Nobody is there any more, and the server knows. */
static void
check_rest (World *world)
{
  static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  const char *answer;

  hang_up_all (world);
  ph_fake_clock_pass (31000); /* who was slow to say what he wanted, too */
  run_loop (world, 8);
  open_wire (world);
  g_assert_cmpuint (world->n_wires, ==, 1);
  g_socket_send (world->wires[0].socket, request, strlen (request), NULL, NULL);
  for (guint i = 0; i < 100 && !world->wires[0].ended; i++)
    run_loop (world, 1);
  answer = world->wires[0].received->str;
  g_assert_true (world->wires[0].ended);
  g_assert_nonnull (strstr (answer, "\nporthole_held_polls 0\n"));
  g_assert_nonnull (strstr (answer, "\nporthole_connections 1\n"));
}

static void
on_stopped (gpointer is_stopped)
{
  g_assert_false (*(gboolean *)is_stopped);
  *(gboolean *)is_stopped = TRUE;
}

static void
stop (World *world)
{
  ph_signal_server_stop (world->server, on_stopped, &world->is_stopped);
  run_loop (world, 4);
  ph_fake_clock_pass (501);
  run_loop (world, 4);
  g_assert_true (world->is_stopped);
}

static void
tear_down (World *world)
{
  ph_signal_server_free (world->server);
  hang_up_all (world);
  g_object_unref (world->address);
  g_string_free (world->id, TRUE);
  g_string_free (world->token, TRUE);
  ph_fake_clock_pass (0);
  for (guint i = 0; i < 100 && g_main_context_iteration (NULL, FALSE); i++)
    ;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PhFuzz input = { data, size };
  World world = { 0 };
  guint8 end;

  set_up (&world, &input);
  end = ph_fuzz_take_u8 (&input);
  for (guint i = 0; i < MAX_STEPS && input.size > 0; i++)
    steps[ph_fuzz_take_u8 (&input) % G_N_ELEMENTS (steps)](&world, &input);
  if (end % 4 == 0)
    stop (&world);
  else if (end % 4 != 1)
    check_rest (&world);
  tear_down (&world);
  ph_leaks_check ();
  return 0;
}
