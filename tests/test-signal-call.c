/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ph-test-loop.h"
#include "signaling/ph-signal-call.h"

#define PLENTY (G_MAXUINT32 / 2) /* more bytes than all calls together may keep */

typedef struct
{
  PhSignalTally tally;
  guint over;
  gboolean asked;
  gboolean too_large;
  gsize size;
} Server;

static void
on_over (PhSignalCall *call, gpointer data)
{
  ((Server *)data)->over++;
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  ((Server *)data)->tally.buffered_bytes = 0; /* others were done just then */
}

static void
on_started (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  ph_signal_call_new (message, &((Server *)data)->tally, on_over, data);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), data);
}

static void
on_request (SoupServer *soup,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer data)
{
  Server *server = data;
  PhSignalCall *call = ph_signal_call_from_message (message);

  server->asked = TRUE;
  server->too_large = ph_signal_call_is_too_large (call);
  ph_signal_call_get_body (call, &server->size);
  ph_signal_call_answer_too_large (call);
}

/* Sends @request to @server; its answer is of no interest. */
static void
ask (Server *server, const char *request)
{
  g_autoptr (SoupServer) soup = soup_server_new (NULL, NULL);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  GSList *uris;

  soup_server_add_handler (soup, NULL, on_request, server, NULL);
  g_signal_connect (soup, "request-started", G_CALLBACK (on_started), server);
  soup_server_listen_local (soup, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (soup);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1",
                                                (guint16)g_uri_get_port (uris->data), NULL, &error);
  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                             strlen (request), NULL, NULL, &error);
  g_assert_no_error (error);
  ph_test_wait_for (server->over > 0);
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
}

#define HEAD "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

static void
test_body (void)
{
  Server server = { 0 };

  ask (&server, HEAD "2\r\n{\"\r\n4\r\n\":1}\r\n0\r\n\r\n");
  g_assert_true (server.asked && !server.too_large);
  g_assert_cmpuint (server.size, ==, 6);
}

/* Where a part found no room, the parts behind it make no body. */
static void
test_no_body_with_a_hole (void)
{
  Server server = { .tally.buffered_bytes = PLENTY };

  ask (&server, HEAD "2\r\n  \r\n2\r\n{}\r\n0\r\n\r\n");
  g_assert_true (server.asked && server.too_large);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-call/body", test_body);
  g_test_add_func ("/signal-call/no-body-with-a-hole", test_no_body_with_a_hole);
  return g_test_run ();
}
