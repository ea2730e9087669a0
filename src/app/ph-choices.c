/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ph-choices.h"

#include "session/ph-host.h"

#include "ph-rule-item.h"
#include "ph-words.h"

#include <glib/gi18n.h>

struct _PhChoice
{
  GObject parent_instance;

  PhEndpoint address;
  char rule[PH_ENDPOINT_TEXT_SIZE];
  const char *title; /* NULL: not known */
  char *program;     /* NULL: not known, or it does not run */
  PhKind kind;
  gboolean is_system;
  gboolean is_minor;
  gboolean is_preset; /* has not been seen running */
  gboolean is_running;
  gboolean is_chosen;
};

G_DEFINE_FINAL_TYPE (PhChoice, ph_choice, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

struct _PhChoices
{
  GListStore *found;
  GListStore *presets;
  PhRules *shared; /* NULL: nothing is left out */
};

/* --- a choice --------------------------------------------------------------------------------- */

static void
ph_choice_finalize (GObject *object)
{
  g_free (PH_CHOICE (object)->program);
  G_OBJECT_CLASS (ph_choice_parent_class)->finalize (object);
}

static void
ph_choice_class_init (PhChoiceClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ph_choice_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
ph_choice_init (PhChoice *self)
{
}

static PhChoice *
choice_new (const PhEndpoint *address)
{
  PhChoice *self = g_object_new (PH_TYPE_CHOICE, NULL);

  self->address = *address;
  ph_endpoint_format (address, self->rule);
  return self;
}

const char *
ph_choice_get_rule (PhChoice *choice)
{
  return choice->rule;
}

char *
ph_choice_dup_title (PhChoice *choice)
{
  if (choice->title != NULL)
    return g_strdup (ph_words_title (choice->title));
  if (choice->program != NULL)
    return g_strdup (choice->program);
  return g_strdup_printf (_ ("Port %u"), choice->address.port);
}

char *
ph_choice_dup_detail (PhChoice *choice)
{
  if (choice->is_preset)
    return g_strdup_printf (_ ("%s · Not running yet"), choice->rule);
  if (!choice->is_running)
    return g_strdup_printf (_ ("%s · Not running any more"), choice->rule);
  if (choice->title != NULL && choice->program != NULL)
    return g_strdup_printf ("%s · %s", choice->rule, choice->program);
  return g_strdup (choice->rule);
}

PhKind
ph_choice_get_kind (PhChoice *choice)
{
  return choice->kind;
}

gboolean
ph_choice_is_system (PhChoice *choice)
{
  return choice->is_system;
}

gboolean
ph_choice_is_minor (PhChoice *choice)
{
  return choice->is_minor;
}

gboolean
ph_choice_is_chosen (PhChoice *choice)
{
  return choice->is_chosen;
}

void
ph_choice_set_chosen (PhChoice *choice, gboolean is_chosen)
{
  if (choice->is_chosen == is_chosen)
    return;
  choice->is_chosen = is_chosen;
  g_signal_emit (choice, signals[CHANGED], 0);
}

static void
set_running (PhChoice *self, const PhListening *listening, guint position)
{
  gboolean is_same = self->is_running && g_strcmp0 (self->program, listening->program) == 0 &&
                     g_strcmp0 (self->title, listening->title) == 0;

  self->is_preset = FALSE;
  self->is_running = TRUE;
  self->is_system = listening->is_system;
  self->is_minor = listening->is_system || position >= PH_CHOICES_PROMINENT;
  self->title = listening->title;
  self->kind = listening->kind;
  g_free (self->program);
  self->program = g_strdup (listening->program);
  if (!is_same)
    g_signal_emit (self, signals[CHANGED], 0);
}

static void
set_stopped (PhChoice *self)
{
  if (!self->is_running)
    return;
  self->is_running = FALSE;
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- lists of them ---------------------------------------------------------------------------- */

/* Takes the item for @address out of @store, from @position on; owned, NULL if there is none. */
static PhChoice *
take (GListStore *store, guint position, const PhEndpoint *address)
{
  GListModel *model = G_LIST_MODEL (store);

  for (guint i = position; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (PhChoice) item = g_list_model_get_item (model, i);

      if (!ph_endpoint_equal (&item->address, address))
        continue;
      g_list_store_remove (store, i);
      return g_steal_pointer (&item);
    }
  return NULL;
}

static void
drop (GListStore *store, guint position, const PhEndpoint *address)
{
  g_autoptr (PhChoice) item = take (store, position, address);
}

/* The item at @position, borrowed; NULL behind the last one. */
static PhChoice *
peek (GListStore *store, guint position)
{
  g_autoptr (PhChoice) item = g_list_model_get_item (G_LIST_MODEL (store), position);

  return item;
}

/* One of the first @n items; borrowed, NULL if there is none. */
static PhChoice *
find (GListStore *store, guint n, const PhEndpoint *address)
{
  for (guint i = 0; i < n; i++)
    if (ph_endpoint_equal (&peek (store, i)->address, address))
      return peek (store, i);
  return NULL;
}

static gboolean
is_shared (PhChoices *self, const PhEndpoint *address)
{
  return self->shared != NULL && ph_rules_allow (self->shared, NULL, address);
}

/* Puts what runs at @position, as the item that it had: a row that stays where it is stays whole.
 */
static void
place_found (PhChoices *self, guint position, const PhListening *listening)
{
  PhChoice *there = peek (self->found, position);
  g_autoptr (PhChoice) item = NULL;

  if (there != NULL && ph_endpoint_equal (&there->address, &listening->address))
    {
      set_running (there, listening, position);
      return;
    }
  item = take (self->found, position, &listening->address);
  if (item == NULL)
    item = take (self->presets, 0, &listening->address);
  if (item == NULL)
    item = choice_new (&listening->address);
  set_running (item, listening, position);
  g_list_store_insert (self->found, position, item);
}

/* What does not run any more goes, unless it is chosen. */
static void
drop_stopped (PhChoices *self, guint position)
{
  PhChoice *item;

  while ((item = peek (self->found, position)) != NULL)
    if (item->is_chosen && !is_shared (self, &item->address))
      {
        set_stopped (item);
        position++;
      }
    else
      g_list_store_remove (self->found, position);
}

static gboolean
is_found_at_port (PhChoices *self, guint16 port)
{
  PhChoice *item;

  for (guint i = 0; (item = peek (self->found, i)) != NULL; i++)
    if (item->address.port == port)
      return TRUE;
  return FALSE;
}

static PhChoice *
preset_new (const PhEndpoint *address, const PhKnownPort *known)
{
  PhChoice *item = choice_new (address);

  item->title = known->title;
  item->kind = known->kind;
  item->is_preset = TRUE;
  return item;
}

/* Whether @known is offered as something that does not run yet; at @address, if so. */
static gboolean
offer_preset (PhChoices *self, const PhKnownPort *known, PhEndpoint *ret_address)
{
  PhEndpoint address = { .addr = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
                         .port = known->port };
  PhChoice *item =
      find (self->presets, g_list_model_get_n_items (G_LIST_MODEL (self->presets)), &address);
  gboolean is_chosen = item != NULL && item->is_chosen;

  *ret_address = address;
  return known->is_preset && !is_shared (self, &address) &&
         (is_chosen || !is_found_at_port (self, known->port));
}

static void
update_presets (PhChoices *self)
{
  guint n, position = 0;
  const PhKnownPort *known = ph_known_port_get_all (&n);

  for (guint i = 0; i < n; i++)
    {
      PhEndpoint address;
      PhChoice *there = peek (self->presets, position);

      if (!offer_preset (self, &known[i], &address))
        drop (self->presets, position, &address);
      else if (there != NULL && ph_endpoint_equal (&there->address, &address))
        position++;
      else
        {
          g_autoptr (PhChoice) item = preset_new (&address, &known[i]);

          g_list_store_insert (self->presets, position++, item);
        }
    }
}

void
ph_choices_set_found (PhChoices *choices, GPtrArray *found)
{
  guint position = 0;

  for (guint i = 0; found != NULL && i < found->len && position < PH_CHOICES_MAX_FOUND; i++)
    {
      const PhListening *listening = found->pdata[i];

      /* Two programs may be dialled alike. */
      if (!is_shared (choices, &listening->address) &&
          find (choices->found, position, &listening->address) == NULL)
        place_found (choices, position++, listening);
    }
  drop_stopped (choices, position);
  update_presets (choices);
}

void
ph_choices_leave_out (PhChoices *choices, GListModel *rules)
{
  g_clear_pointer (&choices->shared, ph_rules_unref);
  choices->shared = ph_rules_new ();
  for (guint i = 0; i < g_list_model_get_n_items (rules); i++)
    {
      g_autoptr (PhRuleItem) item = g_list_model_get_item (rules, i);

      ph_rules_add (choices->shared, ph_rule_item_get_text (item), NULL);
    }
  update_presets (choices);
}

static void
append_chosen (GListStore *rules, GListStore *choices)
{
  PhChoice *choice;

  for (guint i = 0; (choice = peek (choices, i)) != NULL; i++)
    if (choice->is_chosen)
      {
        g_autoptr (PhRuleItem) rule = ph_rule_item_new (choice->rule, TRUE);

        g_list_store_append (rules, rule);
      }
}

GListStore *
ph_choices_dup_rules (PhChoices *choices)
{
  GListStore *rules = g_list_store_new (PH_TYPE_RULE_ITEM);

  append_chosen (rules, choices->found);
  append_chosen (rules, choices->presets);
  return rules;
}

GListModel *
ph_choices_get_found (PhChoices *choices)
{
  return G_LIST_MODEL (choices->found);
}

GListModel *
ph_choices_get_presets (PhChoices *choices)
{
  return G_LIST_MODEL (choices->presets);
}

PhChoices *
ph_choices_new (void)
{
  PhChoices *self = g_new0 (PhChoices, 1);

  self->found = g_list_store_new (PH_TYPE_CHOICE);
  self->presets = g_list_store_new (PH_TYPE_CHOICE);
  update_presets (self);
  return self;
}

void
ph_choices_free (PhChoices *choices)
{
  g_object_unref (choices->found);
  g_object_unref (choices->presets);
  g_clear_pointer (&choices->shared, ph_rules_unref);
  g_free (choices);
}
