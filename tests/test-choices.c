/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/ph-choices.h"
#include "app/ph-rule-item.h"

typedef struct
{
  PhChoices *choices;
  GPtrArray *found; /* of PhListening, whose strings are static */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->choices = ph_choices_new ();
  self->found = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  ph_choices_free (self->choices);
  g_ptr_array_unref (self->found);
}

static void
run (Fixture *self, const char *address, const char *program, const char *title, gboolean is_system)
{
  PhListening *listening = g_new0 (PhListening, 1);

  g_assert_true (ph_endpoint_parse (address, &listening->address, NULL));
  listening->program = (char *)program;
  listening->title = title;
  listening->is_system = is_system;
  g_ptr_array_add (self->found, listening);
}

static void
search (Fixture *self)
{
  ph_choices_set_found (self->choices, self->found);
  g_ptr_array_set_size (self->found, 0);
}

/* Owned: the rules of a list with spaces between, those that are chosen with a star. */
static char *
dup_list (GListModel *model)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (PhChoice) choice = g_list_model_get_item (model, i);

      g_string_append_printf (text, "%s%s%s", i > 0 ? " " : "", ph_choice_get_rule (choice),
                              ph_choice_is_chosen (choice) ? "*" : "");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_found (Fixture *self, const char *expected)
{
  g_autofree char *text = dup_list (ph_choices_get_found (self->choices));

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_presets (Fixture *self, const char *expected)
{
  g_autofree char *text = dup_list (ph_choices_get_presets (self->choices));

  g_assert_cmpstr (text, ==, expected);
}

/* Owned. */
static PhChoice *
get (GListModel *model, const char *rule)
{
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (PhChoice) choice = g_list_model_get_item (model, i);

      if (g_str_equal (ph_choice_get_rule (choice), rule))
        return g_steal_pointer (&choice);
    }
  g_assert_not_reached ();
}

static void
assert_words (PhChoice *choice, const char *title, const char *detail)
{
  g_autofree char *its_title = ph_choice_dup_title (choice);
  g_autofree char *its_detail = ph_choice_dup_detail (choice);

  g_assert_cmpstr (its_title, ==, title);
  g_assert_cmpstr (its_detail, ==, detail);
}

static void
count (gpointer user_data)
{
  (*(guint *)user_data)++;
}

#define PRESETS_BELOW_MINECRAFT                                                                    \
  "127.0.0.1:22 127.0.0.1:3000 127.0.0.1:5173 127.0.0.1:5432 127.0.0.1:7777 127.0.0.1:8080 "       \
  "127.0.0.1:11434"

static void
test_words (Fixture *self, gconstpointer data)
{
  GListModel *found = ph_choices_get_found (self->choices);
  g_autoptr (PhChoice) both = NULL, program = NULL, port = NULL, preset = NULL;

  run (self, "127.0.0.1:8000", "nginx", "Web", FALSE);
  run (self, "[::1]:4711", "a.out", NULL, FALSE);
  run (self, "10.0.0.1:4712", NULL, NULL, FALSE);
  search (self);
  both = get (found, "127.0.0.1:8000");
  program = get (found, "[::1]:4711");
  port = get (found, "10.0.0.1:4712");
  preset = get (ph_choices_get_presets (self->choices), "127.0.0.1:25565");
  assert_words (both, "Web", "127.0.0.1:8000 · nginx");
  assert_words (program, "a.out", "[::1]:4711");
  assert_words (port, "Port 4712", "10.0.0.1:4712");
  assert_words (preset, "Minecraft", "127.0.0.1:25565 · Not running yet");
}

/* What comes and goes around a service leaves its item, and its row, where it is. */
static void
test_keeps (Fixture *self, gconstpointer data)
{
  GListModel *found = ph_choices_get_found (self->choices);
  g_autoptr (PhChoice) before = NULL, after = NULL;
  guint n = 0;

  run (self, "127.0.0.1:1000", "a", NULL, FALSE);
  run (self, "127.0.0.1:2000", "b", NULL, FALSE);
  search (self);
  before = get (found, "127.0.0.1:2000");
  ph_choice_set_chosen (before, TRUE);
  run (self, "127.0.0.1:500", "c", NULL, FALSE);
  run (self, "127.0.0.1:2000", "b", NULL, FALSE);
  run (self, "127.0.0.1:2000", "d", NULL, FALSE); /* dialled alike */
  search (self);
  assert_found (self, "127.0.0.1:500 127.0.0.1:2000*");
  after = get (found, "127.0.0.1:2000");
  g_assert_true (after == before);
  g_signal_connect_swapped (found, "items-changed", G_CALLBACK (count), &n);
  run (self, "127.0.0.1:500", "c", NULL, FALSE);
  run (self, "127.0.0.1:2000", "b", NULL, FALSE);
  search (self);
  g_assert_cmpuint (n, ==, 0);
}

/* What is chosen is not lost when it stops, or when nothing can be seen any more. */
static void
test_stopped (Fixture *self, gconstpointer data)
{
  g_autoptr (PhChoice) chosen = NULL;

  run (self, "127.0.0.1:1000", "a", NULL, FALSE);
  run (self, "127.0.0.1:2000", "b", NULL, FALSE);
  search (self);
  chosen = get (ph_choices_get_found (self->choices), "127.0.0.1:2000");
  ph_choice_set_chosen (chosen, TRUE);
  ph_choices_set_found (self->choices, NULL);
  assert_found (self, "127.0.0.1:2000*");
  assert_words (chosen, "b", "127.0.0.1:2000 · Not running any more");
  ph_choice_set_chosen (chosen, FALSE);
  search (self);
  assert_found (self, "");
}

/* A preset that is started goes among what runs, with its tick; and back. */
static void
test_presets (Fixture *self, gconstpointer data)
{
  g_autoptr (PhChoice) minecraft = NULL;

  assert_presets (self, PRESETS_BELOW_MINECRAFT " 127.0.0.1:25565");
  minecraft = get (ph_choices_get_presets (self->choices), "127.0.0.1:25565");
  ph_choice_set_chosen (minecraft, TRUE);
  run (self, "127.0.0.1:25565", "java", "Minecraft", FALSE);
  search (self);
  assert_presets (self, PRESETS_BELOW_MINECRAFT);
  assert_found (self, "127.0.0.1:25565*");
  assert_words (minecraft, "Minecraft", "127.0.0.1:25565 · java");
  ph_choice_set_chosen (minecraft, FALSE);
  search (self);
  assert_found (self, "");
  assert_presets (self, PRESETS_BELOW_MINECRAFT " 127.0.0.1:25565");
}

/* The same port elsewhere takes the place of a preset, but not of one that has been chosen. */
static void
test_preset_elsewhere (Fixture *self, gconstpointer data)
{
  g_autoptr (PhChoice) minecraft = NULL;

  run (self, "[::1]:25565", "java", "Minecraft", FALSE);
  search (self);
  assert_presets (self, PRESETS_BELOW_MINECRAFT);
  search (self);
  minecraft = get (ph_choices_get_presets (self->choices), "127.0.0.1:25565");
  ph_choice_set_chosen (minecraft, TRUE);
  run (self, "[::1]:25565", "java", "Minecraft", FALSE);
  search (self);
  assert_presets (self, PRESETS_BELOW_MINECRAFT " 127.0.0.1:25565*");
}

/* A computer with thousands of ports does not bring the window to a halt; what was chosen stays. */
static void
test_many (Fixture *self, gconstpointer data)
{
  GListModel *model = ph_choices_get_found (self->choices);
  g_autoptr (PhChoice) last = NULL;

  run (self, "127.0.0.1:60000", NULL, NULL, FALSE);
  search (self);
  last = g_list_model_get_item (model, 0);
  ph_choice_set_chosen (last, TRUE);
  for (guint port = 1; port <= 60000; port++)
    {
      g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", port);

      run (self, address, NULL, NULL, FALSE);
    }
  search (self);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, PH_CHOICES_MAX_FOUND + 1);
  g_assert_true (ph_choice_is_chosen (last));
}

static void
test_leave_out (Fixture *self, gconstpointer data)
{
  g_autoptr (GListStore) rules = g_list_store_new (PH_TYPE_RULE_ITEM);
  g_autoptr (PhRuleItem) one = ph_rule_item_new ("127.0.0.1:25565", TRUE);
  g_autoptr (PhRuleItem) many = ph_rule_item_new ("10.0.0.*:*", FALSE);

  g_list_store_append (rules, one);
  g_list_store_append (rules, many);
  ph_choices_leave_out (self->choices, G_LIST_MODEL (rules));
  assert_presets (self, PRESETS_BELOW_MINECRAFT);
  run (self, "127.0.0.1:25565", "java", "Minecraft", FALSE);
  run (self, "127.0.0.1:8000", "nginx", "Web", FALSE);
  run (self, "10.0.0.1:4712", NULL, NULL, FALSE);
  search (self);
  assert_found (self, "127.0.0.1:8000");
}

static void
test_minor (Fixture *self, gconstpointer data)
{
  GListModel *found = ph_choices_get_found (self->choices);

  for (guint port = 1001; port <= 1000 + PH_CHOICES_PROMINENT + 1; port++)
    {
      g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", port);

      run (self, address, "many", NULL, port == 1002);
    }
  search (self);
  for (guint i = 0; i <= PH_CHOICES_PROMINENT; i++)
    {
      g_autoptr (PhChoice) choice = g_list_model_get_item (found, i);

      g_assert_cmpint (ph_choice_is_system (choice), ==, i == 1);
      g_assert_cmpint (ph_choice_is_minor (choice), ==, i == 1 || i == PH_CHOICES_PROMINENT);
    }
}

static void
test_rules (Fixture *self, gconstpointer data)
{
  g_autoptr (PhChoice) found = NULL, preset = NULL;
  g_autoptr (GListStore) rules = NULL;
  g_autoptr (PhRuleItem) first = NULL, second = NULL;

  run (self, "[::1]:4711", "a", NULL, FALSE);
  run (self, "127.0.0.1:4712", "b", NULL, FALSE);
  search (self);
  found = get (ph_choices_get_found (self->choices), "[::1]:4711");
  preset = get (ph_choices_get_presets (self->choices), "127.0.0.1:22");
  ph_choice_set_chosen (found, TRUE);
  ph_choice_set_chosen (preset, TRUE);
  rules = ph_choices_dup_rules (self->choices);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (rules)), ==, 2);
  first = g_list_model_get_item (G_LIST_MODEL (rules), 0);
  second = g_list_model_get_item (G_LIST_MODEL (rules), 1);
  g_assert_cmpstr (ph_rule_item_get_text (first), ==, "[::1]:4711");
  g_assert_cmpstr (ph_rule_item_get_text (second), ==, "127.0.0.1:22");
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/choices/words", test_words);
  ADD ("/choices/keeps", test_keeps);
  ADD ("/choices/stopped", test_stopped);
  ADD ("/choices/presets", test_presets);
  ADD ("/choices/preset-elsewhere", test_preset_elsewhere);
  ADD ("/choices/leave-out", test_leave_out);
  ADD ("/choices/many", test_many);
  ADD ("/choices/minor", test_minor);
  ADD ("/choices/rules", test_rules);
  return g_test_run ();
}
