/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>

#include "app/ph-plan.h"
#include "core/ph-error.h"
#include "ph-test-loop.h"

/* Sessions as widgets see them, over a real engine; no display. */

typedef struct
{
  PhEngine *engine;
  PhLive *host;
  PhLive *client;
  GSocketService *service; /* a service of this test's that keeps connections open */
  GPtrArray *taken;        /* its connections */
  guint16 port;
} Pair;

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Pair *pair = data;

  g_ptr_array_add (pair->taken, g_object_ref (connection));
  return TRUE;
}

static PhLive *
begin (Pair *pair, PhPlan *plan, gboolean approve_all)
{
  g_autoptr (PhPlan) owned = plan;
  g_autoptr (PhIceServers) servers = ph_ice_servers_new ();
  char host_name[] = "hanna", client_name[] = "anna";
  PhPreset preset = { .name = plan->role == PH_SESSION_HOST ? host_name : client_name,
                      .servers = servers,
                      .approve_all = approve_all };
  g_autoptr (GError) error = NULL;
  PhLive *live = ph_plan_begin (owned, pair->engine, &preset, &error);

  g_assert_no_error (error);
  return live;
}

static char *
dup_rule (Pair *pair)
{
  return g_strdup_printf ("127.0.0.1:%u", pair->port);
}

static void
pair_start (Pair *pair, gboolean approve_all)
{
  g_autoptr (GListStore) rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  g_autoptr (PhRuleItem) rule = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  pair->engine = ph_engine_new ();
  pair->taken = g_ptr_array_new_with_free_func (g_object_unref);
  pair->service = g_socket_service_new ();
  pair->port =
      g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (pair->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (pair->service, "incoming", G_CALLBACK (on_incoming), pair);
  text = dup_rule (pair);
  rule = ph_rule_item_new (text, TRUE);
  g_list_store_append (rules, rule);
  pair->host = begin (pair, ph_plan_new_host (G_LIST_MODEL (rules), FALSE), approve_all);
  ph_test_wait_for (ph_live_get_snapshot (pair->host)->link != NULL);
  pair->client = begin (pair, ph_plan_new_client (ph_live_get_snapshot (pair->host)->link), FALSE);
}

static void
pair_connect (Pair *pair)
{
  pair_start (pair, TRUE);
  ph_test_wait_for (ph_live_get_state (pair->client) == PH_SESSION_CONNECTED);
  ph_test_wait_for (ph_live_get_state (pair->host) == PH_SESSION_CONNECTED);
}

static void
pair_stop (Pair *pair)
{
  g_clear_object (&pair->client);
  g_clear_object (&pair->host);
  g_socket_service_stop (pair->service);
  g_socket_listener_close (G_SOCKET_LISTENER (pair->service));
  g_clear_object (&pair->service);
  g_ptr_array_unref (pair->taken);
  ph_engine_free (pair->engine);
}

/* Maps the service on a port of the system's choice, and opens a connection through it. */
static GSocketConnection *
open_connection (Pair *pair)
{
  guint16 port = ph_live_find_free_port (pair->client, 20000);
  g_autofree char *text = g_strdup_printf ("%u:127.0.0.1:%u", port, pair->port);
  g_autoptr (GError) error = NULL;
  PhMappingItem *item = ph_live_add_mapping (pair->client, text, "Something", &error);
  g_autoptr (GSocketClient) dialer = g_socket_client_new ();
  GSocketConnection *connection;

  g_assert_no_error (error);
  ph_test_wait_for (ph_mapping_item_get_state (item) == PH_MAPPING_ITEM_ON);
  connection = g_socket_client_connect_to_host (dialer, "127.0.0.1", port, NULL, &error);
  g_assert_no_error (error);
  ph_test_wait_for (pair->taken->len == 1);
  return connection;
}

static PhRuleItem *
get_rule (Pair *pair)
{
  g_autoptr (PhRuleItem) item = g_list_model_get_item (ph_live_get_rules (pair->host), 0);

  return item;
}

/* --- what is tested --------------------------------------------------------------------------- */

static void
test_rule_in_use (void)
{
  Pair pair = { 0 };
  g_autoptr (GSocketConnection) connection = NULL;

  pair_connect (&pair);
  connection = open_connection (&pair);
  ph_test_wait_for (ph_rule_item_get_n_connections (get_rule (&pair)) == 1);
  g_assert_cmpstr (ph_rule_item_get_users (get_rule (&pair)), ==, "anna");
  g_assert_cmpuint (ph_live_get_n_connections (pair.host), ==, 1);
  pair_stop (&pair);
}

static void
test_rule_off (void)
{
  Pair pair = { 0 };
  g_autoptr (GSocketConnection) connection = NULL;

  pair_connect (&pair);
  connection = open_connection (&pair);
  ph_live_set_rule_on (pair.host, get_rule (&pair), FALSE);
  ph_test_wait_for (ph_live_get_snapshot (pair.host)->n_closed == 1);
  g_assert_cmpint (ph_live_get_snapshot (pair.host)->closed[0].reason, ==, PH_CLOSE_NOT_ALLOWED);
  ph_test_wait_for (ph_rule_item_get_n_connections (get_rule (&pair)) == 0);
  pair_stop (&pair);
}

static void
test_rules (void)
{
  Pair pair = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PhRuleItem) item = NULL;
  GListModel *rules;
  PhRuleItem *added;

  pair_start (&pair, TRUE);
  rules = ph_live_get_rules (pair.host);
  g_assert_null (ph_live_add_rule (pair.host, "nonsense", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  added = ph_live_add_rule (pair.host, " LOCALHOST:25565 ", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ph_rule_item_get_text (added), ==, "localhost:25565");
  g_assert_cmpstr (ph_rule_item_get_title (added), ==, "Minecraft");
  g_assert_null (ph_live_add_rule (pair.host, "localhost:25565", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  item = g_object_ref (get_rule (&pair));
  ph_live_remove_rule (pair.host, item);
  g_assert_cmpuint (g_list_model_get_n_items (rules), ==, 1);
  ph_live_restore_rule (pair.host, 0, item);
  g_assert_true (get_rule (&pair) == item);
  g_assert_true (ph_live_edit_rule (pair.host, item, "[::1]:80", &error));
  g_assert_cmpstr (ph_rule_item_get_text (get_rule (&pair)), ==, "[::1]:80");
  ph_live_set_rule_on (pair.host, get_rule (&pair), FALSE);
  g_assert_true (ph_live_edit_rule (pair.host, get_rule (&pair), "[::1]:443", &error));
  g_assert_false (ph_rule_item_is_on (get_rule (&pair)));
  g_assert_true (ph_live_edit_rule (pair.host, get_rule (&pair), "[::1]:80", &error));
  ph_live_set_rule_on (pair.host, get_rule (&pair), TRUE);
  g_assert_cmpuint (g_list_model_get_n_items (rules), ==, 2);
  ph_test_wait_for (g_strcmp0 (ph_live_get_snapshot (pair.host)->rules[0], "localhost:25565") ==
                        0 &&
                    g_strcmp0 (ph_live_get_snapshot (pair.host)->rules[1], "[::1]:80") == 0);
  pair_stop (&pair);
}

static void
test_mappings (void)
{
  Pair pair = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PhMappingItem) item = NULL;
  g_autofree char *taken = NULL;
  PhMappingItem *failing;

  pair_start (&pair, TRUE);
  g_assert_null (ph_live_add_mapping (pair.client, "x", NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_error (&error);
  taken = g_strdup_printf ("%u", pair.port); /* the service has it */
  failing = ph_live_add_mapping (pair.client, taken, NULL, &error);
  g_assert_no_error (error);
  ph_test_wait_for (ph_mapping_item_get_state (failing) == PH_MAPPING_ITEM_FAILED);
  g_assert_nonnull (strstr (ph_mapping_item_get_message (failing), taken));
  g_assert_null (ph_live_add_mapping (pair.client, taken, NULL, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_cmpuint (ph_live_find_free_port (pair.client, pair.port), >, pair.port);
  item = g_object_ref (failing);
  ph_live_remove_mapping (pair.client, item);
  g_assert_cmpuint (g_list_model_get_n_items (ph_live_get_mappings (pair.client)), ==, 0);
  pair_stop (&pair);
}

/* A mapping that is put back after its port was given away says so, and takes nothing from the one
 * that has it. */
static void
test_restore (void)
{
  Pair pair = { 0 };
  g_autoptr (GSocketClient) dialer = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PhMappingItem) item = NULL;
  g_autofree char *text = NULL;
  PhMappingItem *other;
  guint16 port;

  pair_start (&pair, TRUE);
  item = g_object_ref (ph_live_add_mapping (pair.client, "0:127.0.0.1:20000", "A", &error));
  port = ph_mapping_item_get_mapping (item)->local.port;
  g_assert_cmpuint (port, >=, 20000);
  ph_test_wait_for (ph_mapping_item_get_state (item) == PH_MAPPING_ITEM_ON);
  ph_live_remove_mapping (pair.client, item);
  text = g_strdup_printf ("%u:127.0.0.1:9", port);
  other = ph_live_add_mapping (pair.client, text, "B", &error);
  ph_test_wait_for (ph_mapping_item_get_state (other) == PH_MAPPING_ITEM_ON);

  ph_live_restore_mapping (pair.client, 0, item);
  g_assert_cmpint (ph_mapping_item_get_state (item), ==, PH_MAPPING_ITEM_FAILED);
  ph_live_set_mapping_on (pair.client, item, FALSE);
  ph_live_set_mapping_on (pair.client, item, TRUE);
  g_assert_cmpint (ph_mapping_item_get_state (item), ==, PH_MAPPING_ITEM_FAILED);
  ph_live_remove_mapping (pair.client, item);
  g_assert_cmpint (ph_mapping_item_get_state (other), ==, PH_MAPPING_ITEM_ON);
  connection = g_socket_client_connect_to_host (dialer, "127.0.0.1", port, NULL, &error);
  g_assert_no_error (error);
  pair_stop (&pair);
}

/* The other side goes: nothing listens, and it is said. */
static void
test_end (void)
{
  Pair pair = { 0 };
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (PhMappingItem) item = NULL;

  pair_connect (&pair);
  connection = open_connection (&pair);
  item = g_list_model_get_item (ph_live_get_mappings (pair.client), 0);
  ph_live_end (pair.host);
  ph_test_wait_for (ph_live_get_state (pair.client) == PH_SESSION_ENDED);
  g_assert_error (ph_live_get_error (pair.client), PH_ERROR, PH_ERROR_PEER_ENDED);
  g_assert_cmpint (ph_mapping_item_get_state (item), ==, PH_MAPPING_ITEM_OFF);
  g_assert_nonnull (ph_mapping_item_get_message (item));
  ph_test_wait_for (ph_live_get_state (pair.host) == PH_SESSION_ENDED);
  g_assert_null (ph_live_get_error (pair.host));
  pair_stop (&pair);
}

static void
test_question (gconstpointer is_yes)
{
  Pair pair = { 0 };
  GListModel *questions;
  g_autoptr (PhQuestion) question = NULL;

  pair_start (&pair, FALSE);
  questions = ph_live_get_questions (pair.host);
  ph_test_wait_for (g_list_model_get_n_items (questions) == 1);
  question = g_list_model_get_item (questions, 0);
  g_assert_cmpstr (ph_question_get_peer (question), ==, "anna");
  g_assert_null (ph_question_get_number (question));
  g_assert_true (ph_question_is_verified (question));
  ph_live_answer (pair.host, question, is_yes != NULL);
  g_assert_cmpuint (g_list_model_get_n_items (questions), ==, 0);
  if (is_yes != NULL)
    ph_test_wait_for (ph_live_get_state (pair.client) == PH_SESSION_CONNECTED);
  else
    {
      ph_test_wait_for (ph_live_get_state (pair.client) == PH_SESSION_ENDED);
      g_assert_error (ph_live_get_error (pair.client), PH_ERROR, PH_ERROR_DECLINED);
    }
  pair_stop (&pair);
}

/* Who gives up while being asked about is not asked about any more. */
static void
test_question_withdrawn (void)
{
  Pair pair = { 0 };
  GListModel *questions;

  pair_start (&pair, FALSE);
  questions = ph_live_get_questions (pair.host);
  ph_test_wait_for (g_list_model_get_n_items (questions) == 1);
  g_clear_object (&pair.client);
  ph_test_wait_for (g_list_model_get_n_items (questions) == 0);
  pair_stop (&pair);
}

/* What is saved begins the same session again, under the same code. */
static void
test_plan (void)
{
  Pair pair = { .engine = ph_engine_new () };
  g_autoptr (GListStore) rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  g_autoptr (PhRuleItem) rule = ph_rule_item_new ("127.0.0.1:80", FALSE);
  g_autoptr (PhSavedSession) saved = ph_saved_session_new (PH_SESSION_HOST);
  g_autoptr (GError) error = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *code = NULL;
  PhPlan *plan;

  g_list_store_append (rules, rule);
  plan = ph_plan_new_host (G_LIST_MODEL (rules), FALSE);
  secret = ph_plan_dup_secret (plan);
  ph_plan_write (plan, saved);
  pair.host = begin (&pair, plan, FALSE);
  ph_test_wait_for (ph_live_get_snapshot (pair.host)->code != NULL);
  code = g_strdup (ph_live_get_snapshot (pair.host)->code);
  g_clear_object (&pair.host);

  plan = ph_plan_new_saved (saved, secret, &error);
  g_assert_no_error (error);
  pair.host = begin (&pair, plan, FALSE);
  ph_test_wait_for (ph_live_get_snapshot (pair.host)->code != NULL);
  g_assert_cmpstr (ph_live_get_snapshot (pair.host)->code, ==, code);
  g_assert_false (ph_rule_item_is_on (get_rule (&pair)));
  g_assert_null (ph_plan_new_saved (saved, "rubbish", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_clear_object (&pair.host);
  ph_engine_free (pair.engine);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/live/rules", test_rules);
  g_test_add_func ("/live/rule-in-use", test_rule_in_use);
  g_test_add_func ("/live/rule-off", test_rule_off);
  g_test_add_func ("/live/mappings", test_mappings);
  g_test_add_func ("/live/restore", test_restore);
  g_test_add_func ("/live/end", test_end);
  g_test_add_data_func ("/live/question/yes", "yes", test_question);
  g_test_add_data_func ("/live/question/no", NULL, test_question);
  g_test_add_func ("/live/question/withdrawn", test_question_withdrawn);
  g_test_add_func ("/live/plan", test_plan);
  return g_test_run ();
}
