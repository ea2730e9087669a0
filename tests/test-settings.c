/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/ph-settings.h"
#include "core/ph-error.h"

#include "ph-desk.h"

static PhSettings *
make (void)
{
  g_autoptr (PhSecrets) secrets = ph_secrets_new (ph_test_folder (), FALSE);
  PhSettings *settings = ph_settings_new (secrets);

  ph_settings_reset (settings);
  return settings;
}

static PhPreset *
load (PhSettings *settings, GError **error)
{
  g_auto (PhAnswer) answer = { 0 };

  ph_settings_load_async (settings, NULL, ph_answer_take, &answer);
  return ph_settings_load_finish (settings, ph_answer_await (&answer), error);
}

static PhPreset *
load_well (PhSettings *settings)
{
  g_autoptr (GError) error = NULL;
  PhPreset *preset = load (settings, &error);

  g_assert_no_error (error);
  return preset;
}

static gboolean
add_turn (PhSettings *settings, const char *text, GError **error)
{
  g_auto (PhAnswer) answer = { 0 };

  ph_settings_add_turn_async (settings, text, NULL, ph_answer_take, &answer);
  return ph_settings_add_turn_finish (settings, ph_answer_await (&answer), error);
}

static void
set_list (PhSettings *settings, const char *key, const char *value)
{
  const char *list[] = { value, NULL };

  g_settings_set_strv (ph_settings_get_gsettings (settings), key, list);
}

static void
test_defaults (void)
{
  g_autoptr (PhSettings) settings = make ();
  g_autoptr (PhPreset) preset = load_well (settings);
  PhHostOptions host = { .max_clients = 3, .approve_all = TRUE };
  PhJoinOptions join = { .wait_limit_ms = 4 };

  g_assert_cmpstr (preset->name, ==, g_get_user_name ());
  g_assert_null (preset->warning);
  ph_preset_fill_host (preset, &host);
  ph_preset_fill_join (preset, &join);
  g_assert_null (host.signal);
  g_assert_false (host.approve_all);
  g_assert_false (host.allow_unverified);
  g_assert_cmpuint (host.max_clients, ==, 3);
  g_assert_cmpuint (join.wait_limit_ms, ==, 4);
  g_assert_true (join.servers == preset->servers && host.servers == preset->servers);
  g_assert_true (join.name == preset->name && host.name == preset->name);
}

static void
test_values (void)
{
  g_autoptr (PhSettings) settings = make ();
  GSettings *gsettings = ph_settings_get_gsettings (settings);
  g_autoptr (PhPreset) preset = NULL;
  PhHostOptions host = { 0 };
  PhJoinOptions join = { 0 };

  g_settings_set_string (gsettings, "name", " Ann\xe2\x80\xae ");
  g_settings_set_string (gsettings, "signal", "HTTPS://Example.org:443/");
  g_settings_set_boolean (gsettings, "ask-each-client", FALSE);
  g_settings_set_boolean (gsettings, "allow-unverified", TRUE);
  preset = load_well (settings);
  ph_preset_fill_host (preset, &host);
  ph_preset_fill_join (preset, &join);
  g_assert_cmpstr (host.name, ==, "Ann");
  g_assert_cmpstr (join.signal, ==, "https://example.org");
  g_assert_true (host.approve_all && host.allow_unverified && join.allow_unverified);
}

/* A name with nothing in it to be seen is no reason not to share. */
static void
test_invisible_name (void)
{
  g_autoptr (PhSettings) settings = make ();
  g_autoptr (PhPreset) preset = NULL;

  g_settings_set_string (ph_settings_get_gsettings (settings), "name", "\xe2\x80\xae");
  preset = load_well (settings);
  g_assert_cmpstr (preset->name, ==, g_get_user_name ());
}

static void
assert_wrong (PhSettings *settings, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (load (settings, &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, words));
  ph_settings_reset (settings);
}

static void
test_wrong (void)
{
  g_autoptr (PhSettings) settings = make ();
  GSettings *gsettings = ph_settings_get_gsettings (settings);

  g_settings_set_string (gsettings, "signal", "gopher://x");
  assert_wrong (settings, "gopher");
  set_list (settings, "stun", "a:b:c");
  assert_wrong (settings, "a:b:c");
  g_settings_set_boolean (gsettings, "relay-only", TRUE);
  assert_wrong (settings, "TURN");
  g_settings_set_boolean (gsettings, "relay-only", TRUE);
  set_list (settings, "turn", "turn:ann@example.org");
  assert_wrong (settings, "password");
}

static const struct
{
  const char *text;
  const char *server; /* NULL: it is none */
  const char *password;
} splits[] = {
  { "turn:ann:pw@example.org", "turn:ann@example.org", "pw" },
  { "turn:ann:p:w@h@example.org:1?transport=tcp", "turn:ann@example.org:1?transport=tcp", "p:w@h" },
  { "turn:ann@[::1]:3478", "turn:ann@[::1]:3478", NULL },
  { "turn:a%3Ab:p%40w@example.org", "turn:a%3Ab@example.org", "p%40w" },
  { "turn::pw@example.org", NULL, NULL },
  { "turn:ann:@example.org", NULL, NULL },
  { "turn:@example.org", NULL, NULL },
  { "turn:example.org", NULL, NULL },
  { "turn:ann:pw@", NULL, NULL },
  { "turns:ann:pw@example.org", NULL, NULL },
  { "ann@example.org", NULL, NULL },
  { "@", NULL, NULL },
  { "", NULL, NULL },
  { "none", NULL, NULL },
};

static void
test_turn_split (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (splits); i++)
    {
      g_autofree char *server = NULL;
      g_autofree char *password = NULL;
      g_autofree char *joined = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", splits[i].text);
      g_assert_cmpint (ph_turn_split (splits[i].text, &server, &password, &error), ==,
                       splits[i].server != NULL);
      g_assert_cmpstr (server, ==, splits[i].server);
      g_assert_cmpstr (password, ==, splits[i].password);
      if (splits[i].server == NULL)
        g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
      else if (password != NULL)
        {
          joined = ph_turn_join (server, password);
          g_assert_cmpstr (joined, ==, splits[i].text);
        }
    }
}

static void
test_turn (void)
{
  g_autoptr (PhSettings) settings = make ();
  GSettings *gsettings = ph_settings_get_gsettings (settings);
  g_autoptr (PhPreset) preset = NULL;
  g_autoptr (PhPreset) without = NULL;
  g_auto (GStrv) list = NULL;
  g_auto (GStrv) rest = NULL;
  g_auto (PhAnswer) answer = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (add_turn (settings, "turn:ann:secret@example.org", &error));
  g_assert_true (add_turn (settings, "turn:ann:other@example.org", &error));
  g_assert_true (add_turn (settings, "turn:bob:third@example.org", &error));
  list = g_settings_get_strv (gsettings, "turn");
  g_assert_cmpuint (g_strv_length (list), ==, 2);
  g_assert_cmpstr (list[0], ==, "turn:ann@example.org");
  g_settings_set_boolean (gsettings, "relay-only", TRUE);
  preset = load_well (settings);
  g_assert_null (preset->warning);
  g_assert_true (ph_ice_servers_has_turn (preset->servers));

  ph_settings_remove_turn_async (settings, list[0], NULL, ph_answer_take, &answer);
  g_assert_true (ph_settings_remove_turn_finish (settings, ph_answer_await (&answer), &error));
  rest = g_settings_get_strv (gsettings, "turn");
  g_assert_cmpuint (g_strv_length (rest), ==, 1);
  set_list (settings, "turn", "turn:ann@example.org");
  g_settings_set_boolean (gsettings, "relay-only", FALSE);
  without = load_well (settings);
  g_assert_nonnull (strstr (without->warning, "turn:ann@example.org"));
  g_assert_false (ph_ice_servers_has_turn (without->servers));
  g_assert_no_error (error);
}

static void
test_turn_without_password (void)
{
  g_autoptr (PhSettings) settings = make ();
  g_autoptr (GError) error = NULL;

  g_assert_false (add_turn (settings, "turn:ann@example.org", &error));
  g_assert_error (error, PH_ERROR, PH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "PASSWORD"));
}

/* What is wrong may be a password that was misplaced. */
static void
test_turn_wrong_is_not_repeated (void)
{
  g_autoptr (PhSettings) settings = make ();
  g_autoptr (PhPreset) preset = NULL;

  set_list (settings, "turn", "turn:ann:topsecret@example.org:x");
  preset = load_well (settings);
  g_assert_nonnull (strstr (preset->warning, "example.org:x"));
  g_assert_null (strstr (preset->warning, "topsecret"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("PORTHOLE_SIGNAL");
  g_unsetenv ("PORTHOLE_STUN");
  g_unsetenv ("PORTHOLE_TURN");
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/values", test_values);
  g_test_add_func ("/settings/invisible-name", test_invisible_name);
  g_test_add_func ("/settings/wrong", test_wrong);
  g_test_add_func ("/settings/turn-split", test_turn_split);
  g_test_add_func ("/settings/turn", test_turn);
  g_test_add_func ("/settings/turn-without-password", test_turn_without_password);
  g_test_add_func ("/settings/turn-wrong-is-not-repeated", test_turn_wrong_is_not_repeated);
  return ph_test_run ();
}
